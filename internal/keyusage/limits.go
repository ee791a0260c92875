package keyusage

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/internal/certificate"
)

//go:embed limits.json
var limitsJSON []byte

// limits is limits.json: the dates and numbers of the forums and vendors,
// apart from the rules that use them.
var limits = readLimits()

type limitFile struct {
	Validity []validityLimit
	RSA      []struct {
		Rule, Source string
		Bits         int
	}
	Curves struct {
		Names  []string
		Source string
	}
	Dates []struct {
		Rule, Source string
		From         day
	}
	PublicPolicies struct{ OIDs, Prefixes []string }
}

// A validityLimit bounds the validity of certificates issued from From until
// before Before (zero: no bound), of those with one of Policies if there are
// any. The first that fits counts.
type validityLimit struct {
	Rule, Source string
	From, Before day
	Policies     []string
	Days, Months int
}

// A day is a date, UTC.
type day struct{ at time.Time }

func (d *day) UnmarshalText(text []byte) (err error) {
	d.at, err = time.Parse(time.DateOnly, string(text))
	return err
}

func readLimits() limitFile {
	var f limitFile
	if err := json.Unmarshal(limitsJSON, &f); err != nil {
		panic("keyusage: limits.json: " + err.Error()) // embedded: a test reads it
	}
	return f
}

// exceeds returns the limit that c's validity is over, in words, and its
// source; "" when it is within.
func exceeds(rule string, c *certificate.Certificate) (limit, source string) {
	policies := c.Policies()
	for _, l := range limits.Validity {
		switch {
		case l.Rule != rule, !l.From.at.IsZero() && c.NotBefore.Before(l.From.at), !l.Before.at.IsZero() && !c.NotBefore.Before(l.Before.at):
			continue
		case l.Policies != nil && !slices.ContainsFunc(policies, func(p string) bool { return slices.Contains(l.Policies, p) }):
			continue
		}
		last := c.NotBefore.Add(time.Duration(l.Days) * 24 * time.Hour)
		words := fmt.Sprintf("%d days", l.Days)
		if l.Months > 0 {
			last, words = c.NotBefore.AddDate(0, l.Months, 0), fmt.Sprintf("%d months", l.Months)
		}
		if c.NotAfter.Before(last) { // notAfter itself still counts: 4.1.2.5 "inclusive"
			return "", ""
		}
		return words, l.Source
	}
	return "", ""
}

// smallRSA returns the bits a rule wants of an RSA key if c has fewer, else 0.
func smallRSA(rule string, c *certificate.Certificate) (bits int, source string) {
	have := c.RSABits()
	for _, l := range limits.RSA {
		if l.Rule == rule && have > 0 && have < l.Bits {
			return l.Bits, l.Source
		}
	}
	return 0, ""
}

// oddCurve reports whether c has an EC key on another than the usual curves.
func oddCurve(c *certificate.Certificate) bool {
	return c.KeyFamily() == certificate.EC && !slices.Contains(limits.Curves.Names, strings.TrimPrefix(c.KeyType(), "EC "))
}

// since reports whether c was issued when a dated rule was in force, and the
// rule's source.
func since(rule string, c *certificate.Certificate) (source string, ok bool) {
	for _, d := range limits.Dates {
		if d.Rule == rule {
			return d.Source, !c.NotBefore.Before(d.From.at)
		}
	}
	panic("keyusage: no date for " + rule)
}

// ClaimsPublic reports whether c names a policy of the CA/Browser Forum, as
// only publicly trusted CAs may.
func ClaimsPublic(c *certificate.Certificate) bool {
	return slices.ContainsFunc(c.Policies(), func(p string) bool {
		return slices.Contains(limits.PublicPolicies.OIDs, p) ||
			slices.ContainsFunc(limits.PublicPolicies.Prefixes, func(x string) bool { return strings.HasPrefix(p, x) })
	})
}
