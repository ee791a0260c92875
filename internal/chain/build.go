package chain

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
)

// A store or a server can hold a mesh of cross-signed certificates with more
// paths than there are atoms; these are the limits of one question.
const (
	maxLinks      = 12  // certificates of a path
	maxPaths      = 24  // kept
	maxSteps      = 400 // certificates visited
	maxSignatures = 200 // verified
)

// Build returns the paths from c, best first. It ends each at a trusted
// certificate, at a root, or at a missing issuer. Signatures are verified.
func Build(inv *inventory.Inventory, c *certificate.Certificate, opt Options) Result {
	b := &builder{inv: inv, opt: opt, extra: map[string][]Candidate{}, checked: map[pair]error{}}
	for _, x := range opt.Extra {
		name := string(x.Certificate.RawSubject)
		b.extra[name] = append(b.extra[name], x)
	}
	first := b.link(Candidate{Certificate: c, Found: cmp.Or(opt.Found, InFile)})
	b.walk([]Link{first})
	for i := range b.paths {
		b.judge(&b.paths[i])
	}
	slices.SortStableFunc(b.paths, comparePaths)
	return Result{Certificate: c, Paths: b.paths, Cut: b.cut}
}

type pair struct{ child, parent certificate.Fingerprint }

type builder struct {
	inv     *inventory.Inventory
	opt     Options
	extra   map[string][]Candidate // by raw subject
	checked map[pair]error
	steps   int
	paths   []Path
	cut     bool
}

// walk extends links in every way there is.
func (b *builder) walk(links []Link) {
	cur := links[len(links)-1]
	b.steps++
	if cur.Status == Trusted || cur.Certificate.SelfIssued() && cur.Certificate.SelfSigned() {
		b.keep(links)
		return
	}
	issuers, rejected := b.issuers(cur.Certificate, links)
	if len(issuers) == 0 || len(links) == maxLinks {
		c := cur.Certificate
		rejected = append(rejected, b.namesakes(c)...)
		b.keep(append(slices.Clone(links), Link{Status: Missing, Found: NotFound, Name: c.Issuer().String(), Issuer: c.Issuer(), KeyID: c.AuthorityKey, Rejected: rejected}))
		return
	}
	for _, next := range issuers {
		if len(b.paths) == maxPaths || b.steps >= maxSteps {
			b.cut = true
			if len(b.paths) > 0 {
				return
			}
		}
		b.walk(append(slices.Clone(links), next))
	}
}

func (b *builder) keep(links []Link) {
	if last := &links[len(links)-1]; last.Status == OK && last.Certificate.Role() == certificate.Root {
		last.Status = Untrusted
	}
	b.paths = append(b.paths, Path{Links: links})
}

// link describes a certificate: where it stands, and how.
func (b *builder) link(x Candidate) Link {
	c := x.Certificate
	l := Link{Certificate: c, Found: x.Found, URL: x.URL, Status: OK, Name: c.CommonName()}
	trusted, blocked := x.Trusted, false
	for _, r := range b.inv.At(c.Fingerprint()) {
		better := l.Row == nil || trustedRow(r) && !trustedRow(l.Row) ||
			trustedRow(r) == trustedRow(l.Row) && r.Location == certstore.User && l.Row.Location != certstore.User
		if better {
			l.Row = r
		}
		if x.Found != Sent && !x.Trusted {
			l.Found, l.URL = InStore, ""
		}
		blocked = blocked || r.Store == certstore.Disallowed && !r.Unused()
		trusted = trusted || trustedRow(r) && !b.opt.OnlyCA
	}
	for _, e := range b.extra[string(c.RawSubject)] { // the same certificate may be sent and given
		trusted = trusted || e.Trusted && bytes.Equal(e.Certificate.Raw, c.Raw)
	}
	switch {
	case blocked:
		l.Status = Blocked
	case b.outOfDate(c):
		l.Status = Expired
	case trusted:
		l.Status = Trusted
	}
	return l
}

func (b *builder) outOfDate(c *certificate.Certificate) bool {
	return !c.NotAfter.IsZero() && (b.opt.Now.After(c.NotAfter) || b.opt.Now.Before(c.NotBefore))
}

// issuers returns the certificates whose key made the signature of c, the
// most promising first, and those that have the issuer's name only.
func (b *builder) issuers(c *certificate.Certificate, below []Link) (found []Link, rejected []*certificate.Certificate) {
	seen := map[certificate.Fingerprint]bool{}
	consider := func(x Candidate) {
		fp := x.Certificate.Fingerprint()
		if seen[fp] || slices.ContainsFunc(below, func(l Link) bool { return sameEntity(l.Certificate, x.Certificate) }) {
			return
		}
		seen[fp] = true
		err := b.signature(c, x.Certificate)
		if err != nil && !errors.Is(err, certificate.ErrUnverifiable) {
			rejected = append(rejected, x.Certificate)
			return
		}
		l := b.link(x)
		l.unverified = err != nil
		if l.unverified && !bytes.Equal(c.AuthorityKey, x.Certificate.SubjectKeyID) {
			return // neither the signature nor the key identifier says that it is this one
		}
		found = append(found, l)
	}
	for _, r := range b.inv.WithSubject(c.RawIssuer) {
		consider(Candidate{Certificate: r.Certificate, Found: InStore})
	}
	for _, x := range b.extra[string(c.RawIssuer)] {
		consider(x)
	}
	slices.SortStableFunc(found, func(a, z Link) int {
		return cmp.Or(cmp.Compare(statusRank(a.Status), statusRank(z.Status)), z.Certificate.NotAfter.Compare(a.Certificate.NotAfter))
	})
	return found, rejected
}

// namesakes returns the CAs whose key made the signature of c and whose name is
// the issuer's, but not byte by byte: PrintableString here and UTF8String
// there, or another case. RFC 5280 7.1 and OpenSSL take them for equal; Go's
// and NSS's verifiers compare bytes, so no path goes over them.
func (b *builder) namesakes(c *certificate.Certificate) (found []*certificate.Certificate) {
	name := foldName(c.Issuer())
	consider := func(x *certificate.Certificate) {
		if x.IsCA() && !bytes.Equal(x.RawSubject, c.RawIssuer) && (c.AuthorityKey == nil || bytes.Equal(c.AuthorityKey, x.SubjectKeyID)) &&
			foldName(x.Subject()) == name && b.signature(c, x) == nil && !slices.Contains(found, x) {
			found = append(found, x)
		}
	}
	for _, r := range b.inv.Rows {
		consider(r.Certificate)
	}
	for _, x := range b.opt.Extra {
		consider(x.Certificate)
	}
	return found
}

func foldName(n certificate.Name) string {
	return strings.ToLower(strings.Join(strings.Fields(n.String()), " "))
}

// sameEntity reports whether a and b are certificates of one name and key: a
// path never needs both, and through both it could run in a circle.
func sameEntity(a, b *certificate.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}

func (b *builder) signature(child, parent *certificate.Certificate) error {
	k := pair{child.Fingerprint(), parent.Fingerprint()}
	err, known := b.checked[k]
	if known {
		return err
	}
	if len(b.checked) >= maxSignatures {
		b.cut = true
		return errors.New("too many signatures to verify")
	}
	err = child.CheckSignatureFrom(parent)
	b.checked[k] = err
	return err
}

func statusRank(s Status) int {
	return slices.Index([]Status{Trusted, OK, Untrusted, Expired, Blocked, Missing}, s)
}

// comparePaths puts the better path first: what is wrong with it, where it
// ends, how long it is, how long it is valid.
func comparePaths(a, b Path) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.Links), len(b.Links)), compareEnds(a, b))
}

func compareEnds(a, b Path) int {
	x, y := a.End().Certificate, b.End().Certificate
	if x == nil || y == nil {
		return 0
	}
	return y.NotAfter.Compare(x.NotAfter)
}
