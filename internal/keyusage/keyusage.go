// Package keyusage answers whether a certificate may be used for a purpose,
// from the certificate alone: Key Usage, Extended Key Usage, names, dates and
// serial number. An empty result means that nothing in it forbids the
// purpose; chain and placement are judged elsewhere.
package keyusage

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// How soon before its end a certificate is reported, in days.
const (
	SoonDays   = 30
	UrgentDays = 7
)

// A Question is what a certificate is judged for.
type Question struct {
	Now  time.Time // UTC
	Host string    // server: the name clients will use; "" for no check
}

// Purposes the rules of this version know.
var Purposes = []finding.Purpose{finding.Client, finding.Server}

// Infer returns the purposes a certificate seems to be made for: what its EKU
// names; without EKU, server if it has DNS names, else client. A CA is for
// neither; but one whose Key Usage does not let it sign certificates, or that
// has none, and that names purposes, is a certificate that somebody made with
// a tool's defaults.
func Infer(c *certificate.Certificate) []finding.Purpose {
	signs := c.HasKeyUsage && c.KeyUsage&x509.KeyUsageCertSign != 0
	if c.RawSubject == nil || c.IsCA() && (signs || c.ExtKeyUsage == nil) {
		return nil
	}
	var ps []finding.Purpose
	switch {
	case c.ExtKeyUsage != nil:
		if has(c, certificate.ClientAuth) || has(c, certificate.AnyExtKeyUsage) {
			ps = append(ps, finding.Client)
		}
		if has(c, certificate.ServerAuth) {
			ps = append(ps, finding.Server)
		}
	case slices.ContainsFunc(c.AltNames, isHost):
		ps = append(ps, finding.Server)
	default:
		ps = append(ps, finding.Client)
	}
	return ps
}

// Judge returns the findings of c for purpose p: its own rules and those that
// hold for every purpose.
func Judge(c *certificate.Certificate, p finding.Purpose, q Question) []finding.Finding {
	var fs []finding.Finding
	switch p {
	case finding.Client:
		fs = client(c)
	case finding.Server:
		fs = server(c, q)
	}
	fs = append(fs, validity(c, p, q)...)
	return append(fs, General(c)...)
}

// Survey returns the findings worth showing in a list: those of the purposes
// the certificate was made for.
func Survey(c *certificate.Certificate, q Question) []finding.Finding {
	purposes := Infer(c)
	var fs []finding.Finding
	for _, p := range purposes {
		switch p {
		case finding.Client:
			fs = append(fs, client(c)...)
		case finding.Server:
			fs = append(fs, server(c, q)...)
		}
	}
	common := finding.Any
	if len(purposes) == 1 {
		common = purposes[0]
	}
	fs = append(fs, validity(c, common, q)...)
	return append(fs, General(c)...)
}

func has(c *certificate.Certificate, oid string) bool { return slices.Contains(c.ExtKeyUsage, oid) }

func isHost(a certificate.AltName) bool { return a.Type == "dns" || a.Type == "ip" }

func lacks(c *certificate.Certificate, bit x509.KeyUsage) bool {
	return c.HasKeyUsage && c.KeyUsage&bit == 0
}

func client(c *certificate.Certificate) []finding.Finding {
	var fs []finding.Finding
	add := func(id string, s finding.Severity, source string, fix finding.Fix, params map[string]string) {
		fs = append(fs, finding.Finding{ID: id, Severity: s, Purpose: finding.Client, Source: source, Fix: fix, Params: params})
	}
	if lacks(c, x509.KeyUsageDigitalSignature) {
		params := map[string]string{"ku": keyUsageText(c), "bits": fmt.Sprintf("%x", c.KeyUsageBits)}
		add("C-01", finding.Error, "RFC 5280 4.2.1.3", finding.FixAsk, params)
		if c.KeyUsage&x509.KeyUsageKeyEncipherment != 0 {
			add("C-01a", finding.Error, "RFC 5280 4.2.1.3", finding.FixAsk, params)
		}
		if c.KeyUsage&x509.KeyUsageContentCommitment != 0 {
			add("C-01b", finding.Error, "RFC 5280 4.2.1.3", finding.FixAsk, params)
		}
		if c.KeyUsage&x509.KeyUsageKeyAgreement != 0 {
			add("C-01c", finding.Warning, "RFC 5280 4.2.1.12", finding.FixAsk, params)
		}
	}
	switch {
	case c.ExtKeyUsage == nil:
		add("C-04", finding.Info, "RFC 5280 4.2.1.12", finding.FixNone, nil)
	case has(c, certificate.ClientAuth):
	case has(c, certificate.AnyExtKeyUsage):
		add("C-03", finding.Warning, ".NET CertificateHelper.IsValidClientCertificate", finding.FixAsk, nil)
	default:
		add("C-02", finding.Error, "RFC 5280 4.2.1.12", finding.FixAsk, map[string]string{"eku": purposeText(c)})
	}
	if c.Basic != nil && c.Basic.CA {
		add("C-11", finding.Warning, "RFC 5280 4.2.1.9", finding.FixNone, nil)
	}
	return fs
}

// Personal returns what is to be said of a certificate that somebody holds the
// key of, whatever it was made for: that it is a CA's, or that it was made for
// something else than logging on, which is no fault and good to know.
func Personal(c *certificate.Certificate) []finding.Finding {
	made := Infer(c)
	if slices.Contains(made, finding.Client) {
		return nil // it has been judged as one
	}
	var fs []finding.Finding
	for _, f := range client(c) {
		switch {
		case f.ID == "C-11":
			fs = append(fs, f)
		case f.ID == "C-02" && len(made) == 0 && !c.IsCA():
			f.Severity, f.Fix = finding.Info, finding.FixNone
			fs = append(fs, f)
		}
	}
	return fs
}

// NoKey is the finding for a certificate whose private key is not where the
// certificate is.
func NoKey(p finding.Purpose, s finding.Severity) finding.Finding {
	return finding.Finding{ID: "C-05", Severity: s, Purpose: p, Source: "RFC 5246 7.4.8", Fix: finding.FixImport}
}

func server(c *certificate.Certificate, q Question) []finding.Finding {
	var fs []finding.Finding
	add := func(id string, source string, params map[string]string) {
		fs = append(fs, finding.Finding{ID: id, Severity: finding.Error, Purpose: finding.Server, Source: source, Fix: finding.FixAsk, Params: params})
	}
	if lacks(c, x509.KeyUsageDigitalSignature) {
		params := map[string]string{"ku": keyUsageText(c)}
		if strings.HasPrefix(c.KeyType(), "EC ") {
			add("S-02", "CABF BR 7.1.2.7.11", params)
		} else {
			add("S-01", "RFC 8446 4.4.2.2", params)
		}
	}
	if c.ExtKeyUsage != nil && !has(c, certificate.ServerAuth) && !has(c, certificate.AnyExtKeyUsage) {
		add("S-04", "RFC 5280 4.2.1.12", map[string]string{"eku": purposeText(c)})
	}
	if !slices.ContainsFunc(c.AltNames, isHost) {
		add("S-05", "CABF BR 7.1.2.7.12", map[string]string{"cn": c.Subject().Value("CN")})
	} else if q.Host != "" && !MatchHost(c, q.Host) {
		add("S-06", "RFC 6125 6.4", map[string]string{"host": q.Host, "san": altNameText(c)})
	}
	return fs
}

func validity(c *certificate.Certificate, p finding.Purpose, q Question) []finding.Finding {
	f := finding.Finding{ID: "C-06", Severity: finding.Error, Purpose: p, Source: "RFC 5280 4.1.2.5", Fix: finding.FixAsk}
	switch {
	case c.NotAfter.IsZero():
		return nil
	case q.Now.Before(c.NotBefore):
		f.Params = map[string]string{"when": "Not yet valid", "title": "The certificate is not yet valid", "text": "is not valid before " + c.NotBefore.Format(time.DateOnly)}
		return []finding.Finding{f}
	case q.Now.After(c.NotAfter):
		f.Params = map[string]string{"when": "Expired", "title": "The certificate has expired", "text": "expired on " + c.NotAfter.Format(time.DateOnly)}
		return []finding.Finding{f}
	}
	days := int(c.NotAfter.Sub(q.Now) / (24 * time.Hour))
	if days >= SoonDays {
		return nil
	}
	f.ID, f.Severity, f.Source = "S-20", finding.Warning, "RFC 5280 4.1.2.5"
	if p == finding.Server && days < UrgentDays {
		f.Severity = finding.Error
	}
	f.Params = map[string]string{"date": c.NotAfter.Format(time.DateOnly), "days": fmt.Sprint(days)}
	return []finding.Finding{f}
}

// keyUsageText is Key Usage as Windows prints it, with the RFC's names for a
// certificate that allows nothing.
func keyUsageText(c *certificate.Certificate) string {
	if c.KeyUsage == 0 {
		return "none (" + fmt.Sprintf("%x", c.KeyUsageBits) + ")"
	}
	return c.WindowsKeyUsage()
}

func purposeText(c *certificate.Certificate) string {
	if len(c.ExtKeyUsage) == 0 {
		return "none"
	}
	words := make([]string, len(c.ExtKeyUsage))
	for i, oid := range c.ExtKeyUsage {
		words[i] = certificate.PurposeWords(oid)
	}
	return strings.Join(words, ", ")
}

func altNameText(c *certificate.Certificate) string {
	var names []string
	for _, a := range c.AltNames {
		if isHost(a) {
			names = append(names, a.Value)
		}
	}
	return strings.Join(names, ", ")
}

// MatchHost reports whether host (a DNS name or an IP address) is in the
// subjectAltName; a wildcard stands for exactly the leftmost label (RFC 6125
// section 6.4.3).
func MatchHost(c *certificate.Certificate, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	_, parent, _ := strings.Cut(host, ".")
	for _, a := range c.AltNames {
		v := strings.ToLower(strings.TrimSuffix(a.Value, "."))
		switch {
		case !isHost(a):
		case v == host:
			return true
		case a.Type == "dns" && strings.HasPrefix(v, "*.") && strings.Contains(parent, ".") && v[2:] == parent:
			return true
		}
	}
	return false
}
