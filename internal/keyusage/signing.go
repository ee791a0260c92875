package keyusage

import (
	"crypto/x509"
	"slices"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// code has the code signing rules of facts/certificates.md section 4.3.
func (l *list) code(c *certificate.Certificate, q Question) {
	const source = "CABF CSBR 7.1.2.3"
	switch e, _ := c.Extension(certificate.OIDKeyUsage); {
	case !c.HasKeyUsage:
		l.add("X-01", finding.Warning, source+" e", finding.FixAsk, keyUsage(c), "what", "There is no Key Usage; signing programs and CAs' rules want it.")
	case lacks(c, x509.KeyUsageDigitalSignature):
		l.add("X-01", finding.Error, source+" e", finding.FixAsk, keyUsage(c), "what", "This certificate may not sign (Key Usage: "+keyUsage(c).Value+").")
	case !e.Critical:
		l.add("X-01", finding.Warning, source+" e", finding.FixAsk, keyUsage(c), "what", "Key Usage is not marked critical, as CAs' rules for code signing want it.")
	}
	if !has(c, certificate.CodeSigning) {
		l.add("X-02", finding.Error, source+" f", finding.FixAsk, extKeyUsage(c))
	}
	if odd := hasAny(c, certificate.AnyExtKeyUsage, certificate.ServerAuth); len(odd) > 0 {
		l.add("X-05", finding.Warning, source+" f", finding.FixAsk, extKeyUsage(c), "odd", strings.Join(odd, ", "))
	}
	if has(c, certificate.LifetimeSigning) {
		l.add("X-06", finding.Info, "CABF CSBR 7.2", finding.FixNone, extKeyUsage(c))
	}
	if !q.Public || c.IsCA() {
		return
	}
	if bits, source := smallRSA("X-03", c); bits > 0 || c.KeyFamily() != certificate.RSA && (oddCurve(c) || c.KeyFamily() != certificate.EC) {
		if source == "" {
			source = "CABF CSBR 6.1.5.2"
		}
		l.add("X-03", finding.Warning, source, finding.FixAsk, keyType(c))
	}
	if limit, source := exceeds("X-04", c); limit != "" {
		l.add("X-04", finding.Warning, source, finding.FixAsk, lifetime(c), "limit", limit)
	}
}

// SoftwareKey is the finding for a public code signing certificate whose key
// is in software and may be copied; nil before that was forbidden.
func SoftwareKey(c *certificate.Certificate) []finding.Finding {
	source, ok := since("X-07", c)
	if !ok {
		return nil
	}
	l := list{purpose: finding.Code}
	l.add("X-07", finding.Warning, source, finding.FixNone, finding.Evidence{Field: "exportable", Value: "true"})
	return l.found
}

// document has the document signing rules of facts/certificates.md section
// 4.3.
func (l *list) document(c *certificate.Certificate) {
	if lacks(c, x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) {
		l.add("D-01", finding.Error, "RFC 9336 3.1", finding.FixAsk, keyUsage(c))
	}
	listed := func(oid string) bool {
		return oid == certificate.EmailProtection || oid == certificate.AnyExtKeyUsage || slices.Contains(certificate.DocumentPurposes, oid)
	}
	if c.ExtKeyUsage != nil && !slices.ContainsFunc(c.ExtKeyUsage, listed) {
		l.add("D-02", finding.Warning, "RFC 9336 3.1", finding.FixAsk, extKeyUsage(c))
	}
}
