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
// for: contradictions, odd serial numbers, what could not be understood.
func General(c *certificate.Certificate) []finding.Finding {
	fs := contradictions(c)
	fs = append(fs, serial(c)...)
	if err := c.Problem(); err != nil && !negative(c) {
		fs = append(fs, finding.Finding{ID: "N-05", Severity: finding.Warning, Source: "RFC 5280 4.1", Params: map[string]string{"problem": err.Error()}})
	}
	return fs
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

func contradictions(c *certificate.Certificate) []finding.Finding {
	if !c.HasKeyUsage || c.IsCA() {
		return nil // a CA's EKU limits what it issues, not what its own key does
	}
	var fs []finding.Finding
	for _, oid := range c.ExtKeyUsage {
		if bits, ok := consistent[oid]; ok && c.KeyUsage&bits == 0 {
			fs = append(fs, finding.Finding{ID: "G-01", Severity: finding.Warning, Source: "RFC 5280 4.2.1.12", Fix: finding.FixAsk,
				Params: map[string]string{"ku": keyUsageText(c), "eku": certificate.PurposeWords(oid)}})
		}
	}
	return fs
}

func negative(c *certificate.Certificate) bool {
	return len(c.SerialNumber) > 0 && c.SerialNumber[0]&0x80 != 0
}

func serial(c *certificate.Certificate) []finding.Finding {
	const source = "RFC 5280 4.1.2.2"
	s := c.SerialNumber
	var fs []finding.Finding
	switch {
	case len(s) == 0:
		return nil
	case negative(c):
		fs = append(fs, finding.Finding{ID: "N-01", Severity: finding.Warning, Source: source, Params: map[string]string{"serial": hex.EncodeToString(s)}})
	case len(bytes.Trim(s, "\x00")) == 0:
		fs = append(fs, finding.Finding{ID: "N-02", Severity: finding.Warning, Source: source, Params: map[string]string{"what": "zero"}})
	case len(s) > 1 && s[0] == 0:
		fs = append(fs, finding.Finding{ID: "N-03", Severity: finding.Info, Source: source, Params: map[string]string{"windows": hex.EncodeToString(s)}})
	}
	if len(s) > 20 {
		fs = append(fs, finding.Finding{ID: "N-02", Severity: finding.Warning, Source: source, Params: map[string]string{"what": fmt.Sprintf("%d octets long", len(s))}})
	}
	return fs
}
