package csr

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Profile says what a CA or a target system takes. Profiles are data, in
// profiles.json.
type Profile struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Text     string    `json:"text"`               // who it is for
	Keys     []KeyType `json:"keys"`               // allowed, the first is the default
	KeysWhy  string    `json:"keysWhy,omitempty"`  // why no others
	Purposes []Purpose `json:"purposes,omitempty"` // allowed; none means all
	Default  Purpose   `json:"default"`
	Require  []string  `json:"require,omitempty"` // "country", "organization", "commonName", "dns", "email"
	NoUnit   string    `json:"noUnit,omitempty"`  // why there is to be no organizational unit, "" if there may be one
	Source   string    `json:"source"`
}

//go:embed profiles.json
var profilesJSON []byte

// Profiles lists the profiles in the order they are offered.
var Profiles = func() []Profile {
	var ps []Profile
	if err := json.Unmarshal(profilesJSON, &ps); err != nil {
		panic("profiles.json: " + err.Error()) // it is compiled in, and a test reads it
	}
	return ps
}()

// FindProfile returns the profile with an id.
func FindProfile(id string) (Profile, error) {
	var ids []string
	for _, p := range Profiles {
		if strings.EqualFold(p.ID, id) {
			return p, nil
		}
		ids = append(ids, p.ID)
	}
	return Profile{}, fmt.Errorf("profile %q: there are %s", id, strings.Join(ids, ", "))
}

// A Forbidden is something that a profile does not allow.
type Forbidden struct {
	Profile string // its title
	What    string
	Why     string
}

// Error says what is forbidden by what, and why.
func (f *Forbidden) Error() string {
	s := fmt.Sprintf("profile %q: %s", f.Profile, f.What)
	if f.Why != "" {
		s += ": " + f.Why
	}
	return s
}

// Check returns a [*Forbidden] for the first thing in s that p does not allow,
// nil if it allows everything.
func (p Profile) Check(s Spec) error {
	no := func(why, format string, args ...any) error {
		return &Forbidden{p.Title, fmt.Sprintf(format, args...), why}
	}
	if !slices.Contains(p.Keys, s.Key) {
		names := make([]string, len(p.Keys))
		for i, k := range p.Keys {
			names[i] = string(k)
		}
		return no(p.KeysWhy, "%s keys are not allowed, only %s", s.Key, strings.Join(names, ", "))
	}
	for _, purpose := range s.Purposes {
		if len(p.Purposes) > 0 && !slices.Contains(p.Purposes, purpose) {
			return no("", "the purpose %s is not for it, only %s", purpose, join(p.Purposes))
		}
	}
	if p.NoUnit != "" && s.Subject.Unit != "" {
		return no(p.NoUnit, "there may be no organizational unit")
	}
	if s.RawSubject != nil {
		return nil // of a certificate that was issued before
	}
	for _, r := range p.Require {
		missing := map[string]bool{
			"country": s.Subject.Country == "", "organization": s.Subject.Organization == "", "commonName": s.Subject.CommonName == "",
			"dns": len(s.Names.DNS)+len(s.Names.IP) == 0, "email": len(s.Names.Email) == 0,
		}[r]
		if missing {
			return no("", "%s is missing", words[r])
		}
	}
	return nil
}

// Requires says what has to be filled in, in words.
func (p Profile) Requires() []string {
	var out []string
	for _, r := range p.Require {
		out = append(out, words[r])
	}
	return out
}

// words of what a profile may require.
var words = map[string]string{"country": "the country (C)", "organization": "the organization (O)", "commonName": "the common name (CN)",
	"dns": "a DNS name or IP address among the alternative names", "email": "a mail address among the alternative names"}

func join(ps []Purpose) string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p))
	}
	return strings.Join(out, ", ")
}
