package chain

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// What a path costs, so that the one a person can use comes first.
const (
	costUntrusted = 200
	costError     = 300 // each thing wrong on the way
	costMissing   = 400
	costBlocked   = 2000
)

var purposeOIDs = map[finding.Purpose][]string{
	finding.Client: {certificate.ClientAuth}, finding.Server: {certificate.ServerAuth},
	finding.EmailSign: {certificate.EmailProtection}, finding.EmailEncrypt: {certificate.EmailProtection},
	finding.Code:     {certificate.CodeSigning},
	finding.Document: append([]string{certificate.EmailProtection}, certificate.DocumentPurposes...),
}

// judge fills in what is wrong with p, and its rank.
func (b *builder) judge(p *Path) {
	add := func(id string, s finding.Severity, source string, fix finding.Fix, field, value string, params map[string]string) {
		p.Findings = append(p.Findings, finding.Finding{ID: id, Severity: s, Purpose: b.opt.Purpose, Source: source, Fix: fix, Params: params,
			Evidence: finding.Evidence{Field: field, Value: value}})
	}
	below := 0 // CAs between the leaf and the link that are not self-issued
	for i, l := range p.Links {
		if l.Status == Blocked {
			add("P-05", finding.Error, "RFC 5280 6.1", finding.FixNone, "chain", l.Name, map[string]string{"place": placeOf(l.Row)})
			p.rank += costBlocked
		}
		if i == 0 || l.Certificate == nil {
			continue
		}
		c, name := l.Certificate, l.Name
		anchor := i == len(p.Links)-1 && c.SelfIssued()
		if l.unverified {
			add("T-03", finding.Warning, "RFC 5280 6.1.3", finding.FixNone, "signatureAlgorithm", p.Links[i-1].Certificate.SignatureAlgorithm(), map[string]string{"name": p.Links[i-1].Name})
		}
		if !c.IsCA() && !(anchor && c.Version < 3) {
			add("A-05", finding.Error, "RFC 5280 6.1.4(k)", finding.FixAsk, "basicConstraints", basicText(c),
				map[string]string{"what": p.Links[i-1].Name + " was signed with the key of " + name + ", which is not a CA certificate"})
		} else if c.HasKeyUsage && c.KeyUsage&x509.KeyUsageCertSign == 0 {
			add("A-02", finding.Error, "RFC 5280 6.1.4(n)", finding.FixAsk, "keyUsage", c.WindowsKeyUsage(), map[string]string{"ca": name})
		}
		if c.Basic != nil && c.Basic.PathLen >= 0 && below > c.Basic.PathLen {
			add("A-04", finding.Error, "RFC 5280 6.1.4(m)", finding.FixAsk, "basicConstraints", fmt.Sprint(c.Basic.PathLen), map[string]string{"ca": name, "found": fmt.Sprint(below)})
		}
		if !c.SelfIssued() {
			below++
		}
		if l.Status == Expired {
			add("A-09", finding.Error, "RFC 5280 6.1.3(a)(2)", finding.FixImport, "validity", c.NotBefore.Format(time.DateOnly)+" to "+c.NotAfter.Format(time.DateOnly),
				map[string]string{"title": "A CA of the chain is out of date", "ca": name, "when": when(c, b.opt.Now)})
		}
		if b.forbids(c) {
			add("A-07", finding.Error, "RFC 5280 4.2.1.12", finding.FixAsk, "extKeyUsage", ekuText(c), map[string]string{"ca": name, "purpose": purposeName(b.opt.Purpose)})
		}
		for _, bad := range violations(c, p.Links[:i]) {
			add("A-08", finding.Error, "RFC 5280 4.2.1.10", finding.FixAsk, "nameConstraints", name,
				map[string]string{"title": "A name is outside the name constraints of a CA", "what": name + " limits the names it may issue for, and " + bad + "."})
		}
		for _, r := range b.twins(c) {
			p.Twins = append(p.Twins, r)
			add("P-11", finding.Warning, "RFC 5280 6.1", finding.FixNone, "notAfter", r.Certificate.NotAfter.Format(time.DateOnly), map[string]string{"ca": name, "place": placeOf(r)})
		}
	}
	for _, f := range p.Findings {
		if f.Severity == finding.Error {
			p.rank += costError
		}
	}
	switch end := p.End(); {
	case end.Status == Missing:
		p.rank += costMissing
		for _, r := range end.Rejected {
			add("T-02", finding.Warning, "RFC 5280 6.1.3(a)(1)", finding.FixNone, "authorityKeyId", cmp.Or(fmt.Sprintf("%x", end.KeyID), "absent"), map[string]string{"issuer": r.CommonName(), "why": mismatch(p.Links[len(p.Links)-2].Certificate, end, r)})
		}
	case end.Status != Trusted:
		p.rank += costUntrusted
	}
	finding.Sort(p.Findings)
}

// mismatch says why a certificate of the right name is not the issuer.
func mismatch(child *certificate.Certificate, end Link, r *certificate.Certificate) string {
	switch {
	case !bytes.Equal(child.RawIssuer, r.RawSubject):
		return "the name is not written byte for byte as in " + child.CommonName() + " (another type of string, or other capitals or spaces); OpenSSL takes the two for equal, Go and NSS do not"
	case end.KeyID == nil || r.SubjectKeyID == nil:
		return "its key did not make the signature"
	case slices.Equal(end.KeyID, r.SubjectKeyID):
		return "it has the right key identifier, but its key did not make the signature: one of the two is damaged or forged"
	}
	return fmt.Sprintf("it has the key identifier %x, and %x is needed: another certificate of that CA is meant", r.SubjectKeyID, end.KeyID)
}

// forbids reports whether the purposes of a CA leave out the one asked for.
func (b *builder) forbids(c *certificate.Certificate) bool {
	wanted, ok := purposeOIDs[b.opt.Purpose]
	if !ok || c.ExtKeyUsage == nil || slices.Contains(c.ExtKeyUsage, certificate.AnyExtKeyUsage) {
		return false
	}
	return !slices.ContainsFunc(wanted, func(oid string) bool { return slices.Contains(c.ExtKeyUsage, oid) })
}

// twins returns rows with an expired certificate of the same CA and key as c.
func (b *builder) twins(c *certificate.Certificate) []*inventory.Row {
	if b.outOfDate(c) {
		return nil
	}
	var rows []*inventory.Row
	for _, r := range b.inv.WithSubject(c.RawSubject) {
		if x := r.Certificate; b.opt.Now.After(x.NotAfter) && !x.NotAfter.IsZero() && sameEntity(x, c) && !slices.ContainsFunc(rows, func(o *inventory.Row) bool { return o.Fingerprint() == r.Fingerprint() }) {
			rows = append(rows, r)
		}
	}
	return rows
}

func when(c *certificate.Certificate, now time.Time) string {
	if now.Before(c.NotBefore) {
		return "is not valid before " + c.NotBefore.Format(time.DateOnly)
	}
	return "expired on " + c.NotAfter.Format(time.DateOnly)
}

func placeOf(r *inventory.Row) string {
	if r == nil {
		return "the file"
	}
	return string(r.Location) + "/" + string(r.Store)
}

func purposeName(p finding.Purpose) string {
	if oids := purposeOIDs[p]; len(oids) > 0 {
		return certificate.PurposeWords(oids[0])
	}
	return string(p)
}

func basicText(c *certificate.Certificate) string {
	if c.Basic == nil {
		return "absent"
	}
	return "CA:FALSE"
}

func ekuText(c *certificate.Certificate) string {
	if len(c.ExtKeyUsage) == 0 {
		return "none"
	}
	words := make([]string, len(c.ExtKeyUsage))
	for i, oid := range c.ExtKeyUsage {
		words[i] = certificate.PurposeWords(oid)
	}
	return strings.Join(words, ", ")
}
