// Package check judges one certificate for a purpose, with all that is known
// on this computer: the certificate itself, its key, where it stands, its
// chain, and the file it came from.
package check

import (
	"bytes"
	"slices"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
)

// A Subject is what is judged.
type Subject struct {
	Certificate *certificate.Certificate
	Row         *inventory.Row             // where it stands; nil for a file
	PFX         bool                       // it came from a PKCS#12 file, so its key is expected there
	HasKey      bool                       // the file holds its key
	Key         *certfile.Key              // what the file says of that key; nil if it holds none
	WrongKey    bool                       // the file pairs it with a key of another certificate
	Extra       []*certificate.Certificate // the other certificates of the file
}

// Elsewhere reports whether s is somebody else's certificate, such as a
// partner's in Other People: that its key is not here is as it should be,
// unless somebody wants to use it from here.
func (s Subject) Elsewhere() bool {
	return s.Row != nil && s.Row.Key == certstore.KeyNone && s.Row.Store != certstore.My && !s.Certificate.IsCA()
}

// InFile returns the certificates of a file that are to be judged: those with
// a key, else those that are no CA, else all.
func InFile(contents *certfile.Contents) []Subject {
	var all, keyed, leaves []Subject
	for i, c := range contents.Certificates {
		s := Subject{Certificate: c.Certificate, PFX: contents.Format == certfile.PKCS12 && !contents.Locked}
		for n := range contents.Keys {
			k := &contents.Keys[n]
			switch {
			case k.Certificate == i:
				s.HasKey, s.Key = true, &certfile.Key{Provider: k.Provider, KeyUsageAttr: k.KeyUsageAttr}
			case k.State == certfile.KeyOK && len(k.LocalKeyID) > 0 && bytes.Equal(k.LocalKeyID, c.LocalKeyID):
				s.WrongKey = true
			}
		}
		s.WrongKey = s.WrongKey && !s.HasKey
		for j, x := range contents.Certificates {
			if j != i {
				s.Extra = append(s.Extra, x.Certificate)
			}
		}
		all = append(all, s)
		if s.HasKey || s.WrongKey {
			keyed = append(keyed, s)
		}
		if !c.Certificate.IsCA() {
			leaves = append(leaves, s)
		}
	}
	switch {
	case len(keyed) > 0:
		return keyed
	case len(leaves) > 0:
		return leaves
	}
	return all
}

// Options say what for.
type Options struct {
	Host   string            // server: the name clients use
	UsedBy keyusage.Consumer // the program that is to use it
	Trust  bool              // a chain that is not trusted here is an error
	Now    time.Time

	Fetched []chain.Candidate // issuers that were fetched because the person asked for it
	More    []finding.Finding // from elsewhere, such as revocation
	// Lost is the key of the certificate where the link to it is lost, found
	// by [LostKey].
	Lost *certstore.FoundKey
}

// Verdicts.
const (
	Works       = "works"
	Limited     = "works with limits"
	WillNotWork = "will not work"
)

// A Verdict is the judgement for one purpose.
type Verdict struct {
	Purpose  finding.Purpose
	Verdict  string            // one of the constants
	Findings []finding.Finding // worst first
	Paths    chain.Result
}

// Rank orders verdicts, worst first, from 0.
func (v Verdict) Rank() int { return slices.Index([]string{WillNotWork, Limited, Works}, v.Verdict) }

// Purposes returns those that c was made for; none for what names only
// purposes that nobody here knows.
func Purposes(c *certificate.Certificate) []finding.Purpose { return keyusage.Infer(c) }

// All judges s for several purposes.
func All(s Subject, purposes []finding.Purpose, inv *inventory.Inventory, opt Options) []Verdict {
	vs := make([]Verdict, len(purposes))
	for i, p := range purposes {
		vs[i] = Judge(s, p, inv, opt)
	}
	return vs
}

// Judge judges s for the purpose p; [finding.Any] asks only for what holds
// whatever the purpose.
func Judge(s Subject, p finding.Purpose, inv *inventory.Inventory, opt Options) Verdict {
	paths := Paths(s, p, inv, opt)
	public := public(s, paths.Best(), inv)
	fs := keyusage.Judge(s.Certificate, p, keyusage.Question{Now: opt.Now, Host: opt.Host, UsedBy: opt.UsedBy, Public: public})
	fs = append(fs, entry(s, p, public, inv, opt)...)
	fs = append(fs, fileKey(s, p)...)
	fs = append(fs, authorities(paths, p, inv, opt)...)
	relinkable(fs, opt.Lost)
	fs = append(fs, opt.More...)
	v := newVerdict(p, fs)
	v.Paths = paths
	return v
}

func newVerdict(p finding.Purpose, fs []finding.Finding) Verdict {
	finding.Sort(fs)
	v := Verdict{Purpose: p, Verdict: Works, Findings: fs}
	switch finding.Worst(fs) {
	case finding.Error:
		v.Verdict = WillNotWork
	case finding.Warning:
		v.Verdict = Limited
	}
	return v
}

// Without returns v as it will be when the findings with an id are gone.
func (v Verdict) Without(id string) Verdict {
	w := newVerdict(v.Purpose, slices.DeleteFunc(slices.Clone(v.Findings), func(f finding.Finding) bool { return f.ID == id }))
	w.Paths = v.Paths
	return w
}

// entry has the rules about where a certificate stands, its key there, and the
// other certificates there.
func entry(s Subject, p finding.Purpose, public bool, inv *inventory.Inventory, opt Options) []finding.Finding {
	var fs []finding.Finding
	if other := twin(s, inv); other != nil {
		fs = append(fs, inventory.TwinFinding(other))
	}
	fs = append(fs, noKey(s, p)...)
	if s.Row == nil {
		return fs
	}
	fs = append(fs, placement.Judge(s.Row.Entry, s.Certificate)...)
	fs = append(fs, consumer(s.Row, p, inv, opt.UsedBy)...)
	fs = append(fs, rowKey(s.Row, p, public, inv, opt.UsedBy)...)
	fs = append(fs, siblings(s.Row, p, inv, opt.Now)...)
	return fs
}

// Survey returns what is to be said of certificate i of a file whatever it is
// asked for, worst first.
func Survey(contents *certfile.Contents, i int, now time.Time) []finding.Finding {
	c := contents.Certificates[i].Certificate
	fs := keyusage.Survey(c, keyusage.Question{Now: now})
	if slices.ContainsFunc(contents.Keys, func(k certfile.Key) bool { return k.Certificate == i }) {
		fs = append(fs, keyusage.Personal(c)...)
	}
	for _, s := range InFile(contents) {
		if s.Certificate != c {
			continue
		}
		for _, p := range Purposes(c) {
			fs = append(fs, noKey(s, p)...)
		}
	}
	for _, x := range contents.Certificates {
		if inventory.SameSerial(x.Certificate, c) {
			fs = append(fs, inventory.TwinFinding(x.Certificate))
			break
		}
	}
	finding.Sort(fs)
	return fs
}

// noKey is C-05, where the key is expected where the certificate is.
func noKey(s Subject, p finding.Purpose) []finding.Finding {
	missing := s.PFX && !s.HasKey
	if s.Row != nil {
		missing = s.Row.Key == certstore.KeyNone
	}
	if p == finding.Any || p == finding.EmailEncrypt || !missing || s.WrongKey { // others encrypt with the public half
		return nil
	}
	return []finding.Finding{keyusage.NoKey(p, noKeySeverity(p))}
}

// noKeySeverity is that of C-05: a CA whose key is kept elsewhere is usual.
func noKeySeverity(p finding.Purpose) finding.Severity {
	if p == finding.CA {
		return finding.Info
	}
	return finding.Error
}

func twin(s Subject, inv *inventory.Inventory) *certificate.Certificate {
	if r := inv.Twin(s.Certificate); r != nil {
		return r.Certificate
	}
	for _, x := range s.Extra {
		if inventory.SameSerial(x, s.Certificate) {
			return x
		}
	}
	return nil
}

// Paths returns the paths from s to a root, the best for purpose p first.
func Paths(s Subject, p finding.Purpose, inv *inventory.Inventory, opt Options) chain.Result {
	return chain.Build(inv, s.Certificate, chain.Options{Now: opt.Now, Purpose: p, Extra: append(chain.FromFile(s.Extra), opt.Fetched...)})
}
