// Package chain builds the paths from a certificate to a root, best first,
// says what is wrong with each, and what would have to be trusted where so
// that the certificate is accepted.
//
// Candidates come from the stores, from the file at hand and from what the
// caller fetched or was sent; the package itself reads and fetches nothing.
// It works on certificates that Go's parser refuses too.
package chain

import (
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// A Status says how one certificate of a path stands.
type Status string

// The statuses.
const (
	OK        Status = "ok"
	Expired   Status = "expired"     // or not yet valid
	Trusted   Status = "trusted"     // the trusted certificate at the end
	Untrusted Status = "not-trusted" // a root that is not trusted here
	Blocked   Status = "blocked"     // among the untrusted certificates
	Missing   Status = "missing"     // the issuer was not found; Certificate is nil
)

// A Place says where a certificate of a path was found.
type Place string

// The places.
const (
	InStore  Place = "store"
	InFile   Place = "file"   // the file at hand
	Sent     Place = "server" // the server's handshake
	Fetched  Place = "aia"    // the address in the certificate below it
	Given    Place = "ca"     // a file of roots that the person named
	NotFound Place = "missing"
)

// A Candidate is a certificate from elsewhere than the stores.
type Candidate struct {
	Certificate *certificate.Certificate
	Found       Place
	URL         string // Fetched: the address
	Trusted     bool   // a trust anchor for this question
}

// FromFile returns certificates as candidates found in the file at hand.
func FromFile(certs []*certificate.Certificate) []Candidate {
	out := make([]Candidate, len(certs))
	for i, c := range certs {
		out[i] = Candidate{Certificate: c, Found: InFile}
	}
	return out
}

// Options say what is asked.
type Options struct {
	Now     time.Time
	Purpose finding.Purpose // limits of CAs to purposes count for this one; Any: not at all
	Extra   []Candidate     // certificates that are not in the stores
	Found   Place           // where the certificate itself is from, unless a store holds it; "" means the file at hand
	OnlyCA  bool            // roots of the stores do not count as trusted, only those of Extra
}

// A Link is one certificate of a path.
type Link struct {
	Certificate *certificate.Certificate
	Row         *inventory.Row // where it was found in the stores; nil: elsewhere
	Found       Place
	URL         string // Fetched: the address
	Status      Status
	Name        string // the certificate's, or of the missing issuer

	// Of a link with status Missing only.
	Issuer   certificate.Name           // whose certificate is missing
	KeyID    []byte                     // its key identifier, as the certificate below names it; nil: not named
	Rejected []*certificate.Certificate // of that name, but their key did not make the signature, or the name is encoded otherwise

	unverified bool // the signature below it could not be checked
}

// A Path is a chain of certificates, leaf first.
type Path struct {
	Links    []Link
	Findings []finding.Finding // what is wrong with it, worst first
	Twins    []*inventory.Row  // expired certificates of a CA of the path with the same key
	rank     int
}

// End returns the last link.
func (p Path) End() Link { return p.Links[len(p.Links)-1] }

// Trusted reports whether the path ends at a trusted certificate and nothing
// is wrong on the way there.
func (p Path) Trusted() bool {
	return p.End().Status == Trusted && finding.Worst(p.Findings) != finding.Error
}

// Complete reports whether no issuer is missing.
func (p Path) Complete() bool { return p.End().Status != Missing }

// Certificates returns those of the path, leaf first, without the root if
// withRoot is false: what a client or server sends.
func (p Path) Certificates(withRoot bool) []*certificate.Certificate {
	var cs []*certificate.Certificate
	for i, l := range p.Links {
		if l.Certificate == nil || i > 0 && !withRoot && l.Certificate.SelfIssued() && i == len(p.Links)-1 {
			break
		}
		cs = append(cs, l.Certificate)
	}
	return cs
}

// A Result holds the paths of one certificate.
type Result struct {
	Certificate *certificate.Certificate
	Paths       []Path // best first, at least one
	Cut         bool   // there are more paths than were looked at
}

// Best returns the best path.
func (r Result) Best() Path { return r.Paths[0] }

// Links returns the links of the best path from c, from the stores and from
// extra, the other certificates of a file.
func Links(inv *inventory.Inventory, c *certificate.Certificate, extra []*certificate.Certificate, now time.Time) []Link {
	return Build(inv, c, Options{Now: now, Extra: FromFile(extra)}).Best().Links
}

func trustedRow(r *inventory.Row) bool {
	return !r.Unused() && (r.Anchor() || r.Store == certstore.Root)
}
