package model

import (
	"encoding/hex"
	"slices"
	"strings"

	"certdesk/internal/certificate"
)

// A Field is one line of everything that is in a certificate. Key is stable
// and names the field for translation; Value may have several lines.
type Field struct {
	Key, Name, Value string
	Critical         bool
	Mono             bool // digits to compare
}

// Fields returns everything that is in a certificate, in the order of RFC
// 5280 section 4.1, extensions as they come.
func Fields(c *certificate.Certificate) []Field {
	fs := []Field{
		{Key: "version", Name: "Version", Value: "V" + string(rune('0'+c.Version))},
		{Key: "serial", Name: "Serial number", Value: c.Serials().Windows, Mono: true},
		{Key: "signature", Name: "Signature algorithm", Value: c.SignatureAlgorithm()},
		{Key: "issuer", Name: "Issuer", Value: lines(c.Issuer())},
		{Key: "notBefore", Name: "Valid from", Value: c.NotBefore.Format("2006-01-02 15:04:05 UTC")},
		{Key: "notAfter", Name: "Valid to", Value: c.NotAfter.Format("2006-01-02 15:04:05 UTC")},
		{Key: "subject", Name: "Subject", Value: lines(c.Subject())},
		{Key: "publicKey", Name: "Public key", Value: c.KeyType()},
		{Key: "publicKeyBits", Name: "Public key, value", Value: spaced(c.PublicKeyBits()), Mono: true},
	}
	for _, e := range c.Extensions {
		value, mono := extension(c, e)
		name, ok := extensionNames[e.OID]
		if !ok {
			name = e.OID
		}
		fs = append(fs, Field{Key: "ext." + e.OID, Name: name, Value: value, Critical: e.Critical, Mono: mono})
	}
	if err := c.Problem(); err != nil {
		fs = append(fs, Field{Key: "problem", Name: "Malformed", Value: err.Error()})
	}
	return append(fs,
		Field{Key: "sha1", Name: "SHA-1", Value: c.SHA1(), Mono: true},
		Field{Key: "sha256", Name: "SHA-256", Value: c.Fingerprint().String(), Mono: true})
}

var extensionNames = map[string]string{
	"2.5.29.15": "Key usage", "2.5.29.37": "Purposes (extended key usage)", "2.5.29.19": "Basic constraints",
	"2.5.29.17": "Subject alternative name", "2.5.29.18": "Issuer alternative name", "2.5.29.14": "Subject key identifier",
	"2.5.29.35": "Authority key identifier", "2.5.29.31": "CRL distribution points", "2.5.29.32": "Certificate policies",
	"2.5.29.30": "Name constraints", "2.5.29.36": "Policy constraints", "2.5.29.54": "Inhibit any policy", "2.5.29.46": "Freshest CRL",
	"1.3.6.1.5.5.7.1.1": "Authority information access", "1.3.6.1.5.5.7.1.3": "Qualified certificate statements",
	"1.3.6.1.5.5.7.1.24": "TLS feature", "1.3.6.1.4.1.11129.2.4.2": "Signed certificate timestamps",
	"1.3.6.1.4.1.311.20.2": "Certificate template name (Microsoft)", "1.3.6.1.4.1.311.21.7": "Certificate template (Microsoft)",
	"1.3.6.1.4.1.311.21.10": "Application policies (Microsoft)", "1.3.6.1.4.1.311.21.1": "CA version (Microsoft)",
	"1.3.6.1.4.1.311.25.2": "Security identifier (Microsoft)", "2.16.840.1.113730.1.1": "Netscape certificate type",
	"2.16.840.1.113730.1.13": "Netscape comment",
}

// extension returns the value of an extension as people read it, else its
// octets.
func extension(c *certificate.Certificate, e certificate.Extension) (text string, mono bool) {
	switch e.OID {
	case "2.5.29.15":
		return c.WindowsKeyUsage(), false
	case "2.5.29.37":
		var out []string
		for _, oid := range c.ExtKeyUsage {
			if w := certificate.PurposeWords(oid); w != oid {
				out = append(out, w+" ("+oid+")")
			} else {
				out = append(out, oid)
			}
		}
		return strings.Join(out, "\n"), false
	case "2.5.29.19":
		if c.Basic != nil {
			return basic(c.Basic), false
		}
	case "2.5.29.17":
		var out []string
		for _, a := range c.AltNames {
			out = append(out, a.Type+": "+a.Value)
		}
		if len(out) > 0 {
			return strings.Join(out, "\n"), false
		}
	case "2.5.29.14":
		return spaced(c.SubjectKeyID), true
	case "2.5.29.35":
		if c.AuthorityKey != nil {
			return spaced(c.AuthorityKey), true
		}
	}
	if text := addresses(c, e.OID); text != "" {
		return text, false
	}
	return spaced(e.Value), true
}

func basic(b *certificate.Basic) string {
	switch {
	case !b.CA:
		return "CA: no"
	case b.PathLen < 0:
		return "CA: yes, no limit on the path"
	}
	return "CA: yes, path length " + string(rune('0'+min(9, b.PathLen)))
}

// addresses returns the URLs and policies that the strict parser found.
func addresses(c *certificate.Certificate, oid string) string {
	x, err := c.X509()
	if err != nil {
		return ""
	}
	switch oid {
	case "2.5.29.31":
		return strings.Join(x.CRLDistributionPoints, "\n")
	case "1.3.6.1.5.5.7.1.1":
		var out []string
		for _, u := range x.OCSPServer {
			out = append(out, "OCSP: "+u)
		}
		for _, u := range x.IssuingCertificateURL {
			out = append(out, "Issuer: "+u)
		}
		return strings.Join(out, "\n")
	case "2.5.29.32":
		var out []string
		for _, p := range x.Policies {
			out = append(out, p.String())
		}
		return strings.Join(out, "\n")
	}
	return ""
}

// lines returns the parts of a name, the most special first, one a line.
func lines(n certificate.Name) string {
	var out []string
	for _, rdn := range slices.Backward(n) {
		for _, a := range rdn {
			out = append(out, a.Label()+" = "+a.Value)
		}
	}
	return strings.Join(out, "\n")
}

// spaced returns octets in hex with spaces, 16 a line.
func spaced(b []byte) string {
	var out strings.Builder
	for i, x := range b {
		switch {
		case i == 0:
		case i%16 == 0:
			out.WriteByte('\n')
		default:
			out.WriteByte(' ')
		}
		out.WriteString(hex.EncodeToString([]byte{x}))
	}
	return out.String()
}
