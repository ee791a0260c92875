package keyusage

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// General returns the findings that hold whatever the certificate is used
// for: contradictions, odd extensions and serial numbers, what could not be
// understood.
func General(c *certificate.Certificate) []finding.Finding { return general(c, finding.Any) }

// general is General for a purpose: a rule that the purpose has said already
// is not said again.
func general(c *certificate.Certificate, p finding.Purpose) []finding.Finding {
	l := list{purpose: p}
	l.contradictions(c)
	l.extensions(c)
	l.serial(c)
	if err := c.Problem(); err != nil && !negative(c) && c.Repeated() == "" {
		l.add("N-05", finding.Warning, "RFC 5280 4.1", finding.FixNone, finding.Evidence{Field: "encoding", Value: err.Error()})
	}
	for i := range l.found {
		l.found[i].Purpose = finding.Any
	}
	return l.found
}

// consistent lists for each purpose the Key Usage bits of which at least one
// must be set (RFC 5280 section 4.2.1.12).
var consistent = map[string]x509.KeyUsage{
	certificate.ServerAuth:      x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
	certificate.ClientAuth:      x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement,
	certificate.CodeSigning:     x509.KeyUsageDigitalSignature,
	certificate.EmailProtection: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
	certificate.TimeStamping:    x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	certificate.OCSPSigning:     x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
}

func (l *list) contradictions(c *certificate.Certificate) {
	if !c.HasKeyUsage || c.IsCA() {
		return // a CA's EKU limits what it issues, not what its own key does
	}
	for _, oid := range c.ExtKeyUsage {
		if bits, ok := consistent[oid]; ok && c.KeyUsage&bits == 0 {
			l.add("G-01", finding.Warning, "RFC 5280 4.2.1.12", finding.FixAsk, keyUsage(c), "eku", certificate.PurposeWords(oid))
		}
	}
}

func negative(c *certificate.Certificate) bool {
	return len(c.SerialNumber) > 0 && c.SerialNumber[0]&0x80 != 0
}

func (l *list) serial(c *certificate.Certificate) {
	const source = "RFC 5280 4.1.2.2"
	s := c.SerialNumber
	proof := finding.Evidence{Field: "serial", Value: hex.EncodeToString(s)}
	switch {
	case len(s) == 0:
		return
	case negative(c):
		l.add("N-01", finding.Warning, source, finding.FixNone, proof)
	case len(bytes.Trim(s, "\x00")) == 0:
		l.add("N-02", finding.Warning, source, finding.FixNone, proof, "what", "zero")
	case len(s) > 1 && s[0] == 0:
		l.add("N-03", finding.Info, source, finding.FixNone, proof)
	}
	if len(s) > 20 {
		l.add("N-02", finding.Warning, source, finding.FixNone, proof, "what", fmt.Sprintf("%d octets long", len(s)))
	}
}
