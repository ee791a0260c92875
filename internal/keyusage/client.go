package keyusage

import (
	"crypto/x509"
	"fmt"
	"slices"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// client has the rules of facts/certificates.md section 4.1.
func (l *list) client(c *certificate.Certificate, q Question) {
	if lacks(c, x509.KeyUsageDigitalSignature) {
		const source = "RFC 5280 4.2.1.3"
		bits := fmt.Sprintf("%x", c.KeyUsageBits)
		l.add("C-01", finding.Error, source, finding.FixAsk, keyUsage(c))
		if sets(c, x509.KeyUsageKeyEncipherment) {
			l.add("C-01a", finding.Error, source, finding.FixAsk, keyUsage(c), "bits", bits)
		}
		if sets(c, x509.KeyUsageContentCommitment) {
			l.add("C-01b", finding.Error, source, finding.FixAsk, keyUsage(c))
		}
		if sets(c, x509.KeyUsageKeyAgreement) {
			l.add("C-01c", finding.Warning, "RFC 5280 4.2.1.12", finding.FixAsk, keyUsage(c))
		}
	}
	switch {
	case c.ExtKeyUsage == nil:
		l.add("C-04", finding.Info, "RFC 5280 4.2.1.12", finding.FixNone, extKeyUsage(c))
	case has(c, certificate.ClientAuth):
	case has(c, certificate.AnyExtKeyUsage):
		s := finding.Warning
		if q.UsedBy == Browser { // measured: Chromium on Linux does not offer it
			s = finding.Error
		}
		l.add("C-03", s, ".NET CertificateHelper.IsValidClientCertificate", finding.FixAsk, extKeyUsage(c))
	default:
		l.add("C-02", finding.Error, "RFC 5280 4.2.1.12", finding.FixAsk, extKeyUsage(c))
		if source, ok := since("C-02a", c); ok && q.Public && has(c, certificate.ServerAuth) {
			l.add("C-02a", finding.Error, source, finding.FixAsk, extKeyUsage(c))
		}
	}
	if c.Basic != nil && c.Basic.CA {
		s := finding.Warning
		if q.UsedBy == Browser && c.ExtKeyUsage != nil { // measured: Chromium on Linux (NSS) takes the purposes for those of what it issues
			s = finding.Error
		}
		l.add("C-11", s, "RFC 5280 4.2.1.9", finding.FixNone, basic(c))
	}
	if c.WeakSignature() && !c.SelfSigned() {
		l.add("C-14", finding.Warning, "RFC 9155", finding.FixAsk, signature(c))
	}
	if _, source := smallRSA("C-15", c); source != "" {
		l.add("C-15", finding.Warning, source, finding.FixAsk, keyType(c))
	} else if f := c.KeyFamily(); oddCurve(c) || f == certificate.OtherKey {
		l.add("C-15", finding.Warning, limits.Curves.Source, finding.FixAsk, keyType(c))
	} else if f == certificate.EdDSA {
		l.add("C-17", finding.Warning, "RFC 8422 5.1.1", finding.FixAsk, keyType(c))
	}
}

// Personal returns what is to be said of a certificate that somebody holds the
// key of, whatever it was made for: that it is a CA's, or that it was made for
// something else than this program judges, which is no fault and good to know.
func Personal(c *certificate.Certificate) []finding.Finding {
	made := Infer(c)
	if slices.Contains(made, finding.Client) {
		return nil // it has been judged as one
	}
	l := list{purpose: finding.Client}
	l.client(c, Question{})
	var fs []finding.Finding
	for _, f := range l.found {
		switch {
		case f.ID == "C-11":
			fs = append(fs, f)
		case f.ID == "C-02" && !slices.Contains(made, finding.Server) && !c.IsCA():
			f.Severity, f.Fix = finding.Info, finding.FixNone
			fs = append(fs, f)
		}
	}
	return fs
}

// NoKey is the finding for a certificate whose private key is not where the
// certificate is.
func NoKey(p finding.Purpose, s finding.Severity) finding.Finding {
	return finding.Finding{ID: "C-05", Severity: s, Purpose: p, Source: "RFC 5246 7.4.8", Fix: finding.FixImport, Evidence: finding.Evidence{Field: "key", Value: "none"},
		Params: map[string]string{"title": "The private key is not here", "text": "Only the public half is here; without the private key the certificate cannot be used.",
			"advice": "Import the PFX file that holds the key."}}
}

// BrokenKey is the finding for a certificate whose store names a key that
// cannot be used.
func BrokenKey(state string) finding.Finding {
	return finding.Finding{ID: "K-01", Severity: finding.Error, Source: "NTE_BAD_KEYSET 0x80090016", Fix: finding.FixImport, Evidence: finding.Evidence{Field: "key", Value: state},
		Params: map[string]string{"advice": "Import the PFX again: the key is stored anew and linked."}}
}
