// Package check judges one certificate for a purpose, with all that is known
// on this computer: the certificate itself, its key, where it stands, its
// chain.
package check

import (
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
	Extra       []*certificate.Certificate // the other certificates of the file
}

// InFile returns the certificates of a file that are to be judged: those with
// a key, else those that are no CA, else all.
func InFile(contents *certfile.Contents) []Subject {
	var all, keyed, leaves []Subject
	for i, c := range contents.Certificates {
		s := Subject{Certificate: c.Certificate, PFX: contents.Format == certfile.PKCS12}
		s.HasKey = slices.ContainsFunc(contents.Keys, func(k certfile.Key) bool { return k.Certificate == i })
		for j, x := range contents.Certificates {
			if j != i {
				s.Extra = append(s.Extra, x.Certificate)
			}
		}
		all = append(all, s)
		if s.HasKey {
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
	Host  string // server: the name clients use
	Trust bool   // a chain that is not trusted here is an error
	Now   time.Time

	Fetched []chain.Candidate // issuers that were fetched because the person asked for it
	More    []finding.Finding // from elsewhere, such as revocation
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

// Purposes returns those that c was made for, of those that rules know; none
// for a CA, or a certificate for mail only.
func Purposes(c *certificate.Certificate) []finding.Purpose { return keyusage.Infer(c) }

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

// Judge judges s for the purpose p; [finding.Any] asks only for what holds
// whatever the purpose.
func Judge(s Subject, p finding.Purpose, inv *inventory.Inventory, opt Options) Verdict {
	fs := keyusage.Judge(s.Certificate, p, keyusage.Question{Now: opt.Now, Host: opt.Host})
	if s.Row != nil {
		fs = append(fs, placement.Judge(s.Row.Entry, s.Certificate)...)
	}
	if other := twin(s, inv); other != nil {
		fs = append(fs, inventory.TwinFinding(other))
	}
	if p != finding.Any && (s.Row != nil && s.Row.Key == certstore.KeyNone || s.PFX && !s.HasKey) {
		fs = append(fs, keyusage.NoKey(p, finding.Error))
	}
	paths := Paths(s, p, inv, opt)
	for _, f := range paths.Findings(p) {
		if opt.Trust && chain.IsTrust(f) {
			f.Severity = finding.Error
		}
		fs = append(fs, f)
	}
	fs = append(fs, opt.More...)
	finding.Sort(fs)
	v := Verdict{Purpose: p, Verdict: Works, Findings: fs, Paths: paths}
	switch finding.Worst(fs) {
	case finding.Error:
		v.Verdict = WillNotWork
	case finding.Warning:
		v.Verdict = Limited
	}
	return v
}
