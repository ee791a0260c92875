package keyusage

import (
	"crypto/x509"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// ca has the rules of facts/certificates.md section 4.3 for a certificate that
// is to issue others. Those about a CA within a chain are in package check.
func (l *list) ca(c *certificate.Certificate) {
	switch {
	case sets(c, x509.KeyUsageCertSign) && !c.IsCA():
		l.add("A-01", finding.Error, "RFC 5280 4.2.1.9", finding.FixAsk, basic(c))
	case !c.IsCA():
		l.add("A-05", finding.Error, "RFC 5280 6.1.4 (k)", finding.FixAsk, basic(c), "what", "This certificate is no CA certificate")
	case lacks(c, x509.KeyUsageCertSign):
		l.add("A-02", finding.Error, "RFC 5280 6.1.4 (n)", finding.FixAsk, keyUsage(c), "ca", "this CA")
	}
	if e, ok := c.Extension(certificate.OIDBasicConstraints); ok && c.IsCA() && !e.Critical {
		l.add("A-03", finding.Warning, "RFC 5280 4.2.1.9", finding.FixNone, basic(c))
	}
	if c.IsCA() && c.SubjectKeyID == nil {
		l.add("A-06", finding.Info, "RFC 5280 4.2.1.2", finding.FixNone, finding.Evidence{Field: "subjectKeyId", Value: "absent"}, "what", "subject key identifier")
	}
	if e, ok := c.Extension(certificate.OIDNameConstraints); ok && !e.Critical {
		l.add("A-08", finding.Warning, "RFC 5280 4.2.1.10", finding.FixNone, finding.Evidence{Field: "nameConstraints", Value: "not critical"},
			"title", "Name constraints are not critical", "what", "The CA's name constraints are not marked critical, so programs that do not know them ignore them.")
	}
}

// extensions has the rules about extensions that hold for every purpose.
func (l *list) extensions(c *certificate.Certificate) {
	if c.RawSubject == nil {
		return
	}
	if sets(c, x509.KeyUsageCertSign) && !c.IsCA() && l.purpose != finding.CA {
		l.add("A-01", finding.Warning, "RFC 5280 4.2.1.9", finding.FixAsk, basic(c))
	}
	if c.Version == 3 && c.AuthorityKey == nil && !c.SelfIssued() {
		l.add("A-06", finding.Info, "RFC 5280 4.2.1.1", finding.FixNone, finding.Evidence{Field: "authorityKeyId", Value: "absent"}, "what", "authority key identifier")
	}
	if e, ok := c.Extension(certificate.OIDKeyUsage); ok {
		if c.KeyUsage == 0 {
			l.add("A-10", finding.Warning, "RFC 5280 4.2.1.3", finding.FixAsk, keyUsage(c))
		}
		if !e.Critical {
			l.add("A-11", finding.Info, "RFC 5280 4.2.1.3", finding.FixNone, keyUsage(c))
		}
	}
	if oids := c.UnknownCritical(); len(oids) > 0 {
		l.add("A-12", finding.Error, "RFC 5280 4.2", finding.FixAsk, finding.Evidence{Field: "extensions", Value: strings.Join(oids, ", ")})
	}
	if oid := c.Repeated(); oid != "" {
		l.add("A-13", finding.Error, "RFC 5280 4.2", finding.FixAsk, finding.Evidence{Field: "extensions", Value: oid})
	}
}
