package keyusage

import (
	"crypto/x509"
	"slices"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// server has the rules of facts/certificates.md section 4.2. S-18 is what N-01
// and N-02 say for every purpose.
func (l *list) server(c *certificate.Certificate, q Question) {
	l.serverNames(c, q)
	l.serverUsage(c, q)
	l.serverPurposes(c, q)
	l.serverKey(c)
	if q.Public {
		if limit, source := exceeds("S-07", c); limit != "" {
			l.add("S-07", finding.Warning, source, finding.FixAsk, lifetime(c), "limit", limit)
		}
	} else if limit, source := exceeds("S-08", c); limit != "" {
		l.add("S-08", finding.Warning, source, finding.FixAsk, lifetime(c), "limit", limit)
	}
}

func (l *list) serverNames(c *certificate.Certificate, q Question) {
	names := hostNames(c)
	switch {
	case len(names) == 0:
		l.add("S-05", finding.Error, "CABF BR 7.1.2.7.12", finding.FixAsk, altNames(nil), "cn", c.Subject().Value("CN"))
	case q.Host != "" && !MatchHost(c, q.Host):
		l.add("S-06", finding.Error, "RFC 6125 6.4", finding.FixAsk, altNames(names), "host", q.Host)
	}
}

func (l *list) serverUsage(c *certificate.Certificate, q Question) {
	isRSA, isEC := c.KeyFamily() == certificate.RSA, c.KeyFamily() == certificate.EC
	if lacks(c, x509.KeyUsageDigitalSignature) {
		if isEC {
			l.add("S-02", finding.Error, "CABF BR 7.1.2.7.11", finding.FixAsk, keyUsage(c))
		} else {
			l.add("S-01", finding.Error, "RFC 8446 4.4.2.2", finding.FixAsk, keyUsage(c))
		}
	}
	if isRSA && lacks(c, x509.KeyUsageKeyEncipherment) {
		l.add("S-03", finding.Info, "RFC 5246 7.4.2", finding.FixNone, keyUsage(c))
		if q.UsedBy == SQLServer {
			l.add("S-03b", finding.Warning, "Microsoft SQL Server, certificate requirements", finding.FixAsk, keyUsage(c))
		}
	}
	if isEC && sets(c, x509.KeyUsageKeyEncipherment|x509.KeyUsageDataEncipherment) {
		l.add("S-11", finding.Warning, "RFC 8813 3", finding.FixAsk, keyUsage(c))
	}
	if isRSA && sets(c, x509.KeyUsageKeyAgreement) {
		l.add("S-12", finding.Warning, "RFC 3279 2.3.1", finding.FixAsk, keyUsage(c))
	}
	if !c.IsCA() && sets(c, x509.KeyUsageCertSign|x509.KeyUsageCRLSign) {
		l.add("S-13", finding.Warning, "CABF BR 7.1.2.7.11", finding.FixAsk, keyUsage(c))
	}
	if q.Public && (isRSA && sets(c, x509.KeyUsageDataEncipherment) || isEC && sets(c, x509.KeyUsageKeyAgreement)) {
		l.add("S-14", finding.Info, "CABF BR 7.1.2.7.11", finding.FixNone, keyUsage(c))
	}
}

func (l *list) serverPurposes(c *certificate.Certificate, q Question) {
	switch {
	case c.ExtKeyUsage == nil:
		if source, ok := since("S-04b", c); ok {
			s := finding.Warning
			if q.UsedBy == Apple {
				s = finding.Error
			}
			l.add("S-04b", s, source, finding.FixAsk, extKeyUsage(c))
		}
	case !has(c, certificate.ServerAuth):
		s := finding.Error
		if has(c, certificate.AnyExtKeyUsage) { // OpenSSL and NSS want it by name
			s = finding.Warning
		}
		l.add("S-04", s, "RFC 5280 4.2.1.12", finding.FixAsk, extKeyUsage(c))
	}
	if !q.Public || c.IsCA() {
		return
	}
	if odd := hasAny(c, certificate.CodeSigning, certificate.EmailProtection, certificate.TimeStamping, certificate.OCSPSigning, certificate.AnyExtKeyUsage); len(odd) > 0 {
		l.add("S-16", finding.Warning, "CABF BR 7.1.2.7.10", finding.FixAsk, extKeyUsage(c), "odd", strings.Join(odd, ", "))
	}
	if source, ok := since("S-17", c); ok && has(c, certificate.ServerAuth) && has(c, certificate.ClientAuth) {
		l.add("S-17", finding.Info, source, finding.FixNone, extKeyUsage(c))
	}
}

func (l *list) serverKey(c *certificate.Certificate) {
	if bits, source := smallRSA("S-09", c); bits > 0 {
		l.add("S-09", finding.Error, source, finding.FixAsk, keyType(c))
	}
	if c.WeakSignature() && !c.SelfSigned() {
		l.add("S-09", finding.Error, "CABF BR 7.1.3.2", finding.FixAsk, signature(c))
	}
	if oddCurve(c) || c.KeyFamily() == certificate.EdDSA || c.KeyFamily() == certificate.OtherKey {
		l.add("S-10", finding.Warning, limits.Curves.Source, finding.FixAsk, keyType(c))
	}
}

// MatchHost reports whether host (a DNS name or an IP address) is in the
// subjectAltName; a wildcard stands for exactly the leftmost label (RFC 6125
// section 6.4.3).
func MatchHost(c *certificate.Certificate, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	_, parent, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(c.AltNames, func(a certificate.AltName) bool {
		v := strings.ToLower(strings.TrimSuffix(a.Value, "."))
		return isHost(a) && (v == host || a.Type == "dns" && strings.HasPrefix(v, "*.") && strings.Contains(parent, ".") && v[2:] == parent)
	})
}
