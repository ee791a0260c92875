package keyusage

import (
	"crypto/x509"
	"strings"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// mail has the S/MIME rules of facts/certificates.md section 4.3, for signing
// or encrypting as the list's purpose says.
func (l *list) mail(c *certificate.Certificate, q Question) {
	const signs = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	switch {
	case l.purpose == finding.EmailSign:
		if lacks(c, signs) {
			l.add("M-01", finding.Error, "RFC 8550 4.4.2", finding.FixAsk, keyUsage(c))
		}
	case c.KeyFamily() == certificate.RSA:
		if lacks(c, x509.KeyUsageKeyEncipherment) {
			l.add("M-02", finding.Error, "CABF S/MIME BR 7.1.2.3 e", finding.FixAsk, keyUsage(c))
		}
	case c.KeyFamily() == certificate.EdDSA:
		l.add("M-02", finding.Error, "RFC 8410 3", finding.FixAsk, keyType(c)) // it has no way to encrypt
	default:
		if lacks(c, x509.KeyUsageKeyAgreement) {
			l.add("M-03", finding.Error, "RFC 5753 3", finding.FixAsk, keyUsage(c))
		}
	}
	if c.ExtKeyUsage != nil && !has(c, certificate.EmailProtection) {
		s := finding.Error
		if has(c, certificate.AnyExtKeyUsage) { // OpenSSL and NSS want it by name
			s = finding.Warning
		}
		l.add("M-04", s, "RFC 8550 4.4.4", finding.FixAsk, extKeyUsage(c))
	}
	if len(c.MailAddresses()) == 0 {
		s, address := finding.Error, c.Subject().Value("emailAddress")
		where := "There is no mail address in the certificate."
		if address != "" {
			s, where = finding.Warning, "The mail address "+address+" is in the subject only, not in Subject Alternative Name."
		}
		l.add("M-05", s, "RFC 8550 3", finding.FixAsk, altNames(nil), "where", where)
	}
	if c.KeyFamily() == certificate.EdDSA && c.KeyUsage&^signs != 0 {
		l.add("M-09", finding.Warning, "CABF S/MIME BR 7.1.2.3 e", finding.FixAsk, keyUsage(c))
	}
	if q.Public && !c.IsCA() {
		l.publicMail(c)
	}
}

func (l *list) publicMail(c *certificate.Certificate) {
	if odd := hasAny(c, certificate.ServerAuth, certificate.CodeSigning, certificate.TimeStamping, certificate.AnyExtKeyUsage); len(odd) > 0 {
		l.add("M-06", finding.Warning, "CABF S/MIME BR 7.1.2.3 f", finding.FixAsk, extKeyUsage(c), "odd", strings.Join(odd, ", "))
	}
	switch {
	case !c.HasKeyUsage:
		l.add("M-07", finding.Warning, "CABF S/MIME BR 7.1.2.3 e", finding.FixAsk, keyUsage(c), "what", "Key Usage")
	case c.ExtKeyUsage == nil:
		l.add("M-07", finding.Warning, "CABF S/MIME BR 7.1.2.3 f", finding.FixAsk, extKeyUsage(c), "what", "list of purposes")
	}
	if limit, source := exceeds("M-08", c); limit != "" {
		l.add("M-08", finding.Warning, source, finding.FixAsk, lifetime(c), "limit", limit)
	}
}

// BeforeDelete returns what is to be said before a certificate is deleted with
// its key: what was encrypted for it can then never be read again.
func BeforeDelete(c *certificate.Certificate, now time.Time) []finding.Finding {
	mail := c.ExtKeyUsage == nil && len(c.MailAddresses()) > 0 || has(c, certificate.EmailProtection) || has(c, certificate.AnyExtKeyUsage)
	decrypts := !lacks(c, x509.KeyUsageKeyEncipherment|x509.KeyUsageKeyAgreement)
	if !mail || !decrypts || c.NotAfter.IsZero() || !now.After(c.NotAfter) {
		return nil
	}
	l := list{purpose: finding.EmailEncrypt}
	l.add("M-10", finding.Warning, "S/MIME practice", finding.FixNone, keyUsage(c))
	return l.found
}
