package inventory

import (
	"bytes"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// A LinkStatus says how one certificate of a chain stands.
type LinkStatus string

// The statuses.
const (
	LinkOK        LinkStatus = "ok"
	LinkExpired   LinkStatus = "expired"
	LinkTrusted   LinkStatus = "trusted"     // the trusted root at the end
	LinkUntrusted LinkStatus = "not-trusted" // a root that is not trusted here
	LinkBlocked   LinkStatus = "blocked"     // among the untrusted certificates
	LinkMissing   LinkStatus = "missing"     // the issuer was not found; Certificate is nil
)

// A Link is one certificate of a chain.
type Link struct {
	Certificate *certificate.Certificate
	Row         *Row // where it was found in the stores; nil: in the file at hand
	Status      LinkStatus
	Name        string // of the missing issuer, else the certificate's
}

const maxChain = 12 // certificates; longer is a loop or an attack

// Chain returns the best chain found for c, leaf first, from the stores and
// from extra (the other certificates of a file). It ends at a root, or at a
// link with status missing. Signatures are verified.
func (inv *Inventory) Chain(c *certificate.Certificate, extra []*certificate.Certificate, now time.Time) []Link {
	var links []Link
	seen := map[certificate.Fingerprint]bool{}
	for cur := c; cur != nil && len(links) < maxChain; {
		seen[cur.Fingerprint()] = true
		link := inv.link(cur, now)
		if cur.SelfIssued() && cur.SelfSigned() {
			if link.Status == LinkOK && cur.Role() == certificate.Root {
				link.Status = LinkUntrusted
			}
			return append(links, link)
		}
		links = append(links, link)
		if link.Status == LinkTrusted {
			return links // a partial chain that is trusted as it is
		}
		next := inv.issuer(cur, extra, seen, now)
		if next == nil {
			return append(links, Link{Status: LinkMissing, Name: cur.Issuer().String()})
		}
		cur = next
	}
	return links
}

func (inv *Inventory) link(c *certificate.Certificate, now time.Time) Link {
	l := Link{Certificate: c, Status: LinkOK, Name: c.CommonName()}
	trusted := false
	for _, r := range inv.byPrint[c.Fingerprint()] {
		if l.Row == nil || r.Location == certstore.User && l.Row.Location != certstore.User {
			l.Row = r
		}
		if r.Store == certstore.Disallowed {
			l.Status = LinkBlocked
		}
		trusted = trusted || r.Trusted || r.Store == certstore.Root
	}
	switch {
	case l.Status == LinkBlocked:
	case !c.NotAfter.IsZero() && (now.After(c.NotAfter) || now.Before(c.NotBefore)):
		l.Status = LinkExpired
	case trusted:
		l.Status = LinkTrusted
	}
	return l
}

// issuer picks the certificate that signed c: valid ones and trusted ones
// before others.
func (inv *Inventory) issuer(c *certificate.Certificate, extra []*certificate.Certificate, seen map[certificate.Fingerprint]bool, now time.Time) *certificate.Certificate {
	var best *certificate.Certificate
	bestScore := -1
	consider := func(cand *certificate.Certificate, trusted bool) {
		if seen[cand.Fingerprint()] || !bytes.Equal(cand.RawSubject, c.RawIssuer) {
			return
		}
		score := 0
		if c.AuthorityKey != nil && bytes.Equal(c.AuthorityKey, cand.SubjectKeyID) {
			score++
		}
		if trusted {
			score += 2
		}
		if now.After(cand.NotBefore) && now.Before(cand.NotAfter) {
			score += 4
		}
		if score > bestScore && c.CheckSignatureFrom(cand) == nil {
			best, bestScore = cand, score
		}
	}
	for _, r := range inv.bySubject[string(c.RawIssuer)] {
		consider(r.Certificate, r.Trusted)
	}
	for _, x := range extra {
		consider(x, false)
	}
	return best
}

// Trust returns what is to be said about the chain of a certificate used for
// purpose p: warnings, because the other side may know what this computer
// does not.
func Trust(links []Link, p finding.Purpose) []finding.Finding {
	if len(links) == 0 {
		return nil
	}
	last := links[len(links)-1]
	switch last.Status {
	case LinkMissing:
		if len(links) > 2 { // the certificate's own issuer is here; what it sends is complete
			return untrusted(last.Name, p)
		}
		id := "C-08"
		if p == finding.Server {
			id = "S-19"
		}
		return []finding.Finding{{ID: id, Severity: finding.Warning, Purpose: p, Source: "RFC 8446 4.4.2", Fix: finding.FixImport, Params: map[string]string{"issuer": last.Name}}}
	case LinkUntrusted, LinkOK:
		return untrusted(last.Name, p)
	}
	return nil
}

func untrusted(root string, p finding.Purpose) []finding.Finding {
	return []finding.Finding{{ID: "T-01", Severity: finding.Warning, Purpose: p, Source: "RFC 5280 6.1.1", Fix: finding.FixTrust, Params: map[string]string{"root": root}}}
}
