package health

import (
	"bytes"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
)

// IssuedRoot reports whether r stands among the trusted roots and is not
// self-signed: one such certificate breaks client logon to IIS (Microsoft
// KB 2802568).
func IssuedRoot(r *inventory.Row) bool {
	c := r.Certificate
	return r.Store == certstore.Root && len(c.RawSubject) > 0 && (!bytes.Equal(c.RawSubject, c.RawIssuer) || c.Role() == certificate.Intermediate)
}

// MaxIssuerList is the size, in bytes, above which Windows cuts off the list of
// issuers that a TLS server sends (Schannel event 36885, KB 2801679).
const MaxIssuerList = 16384

// IssuerList returns how many names a TLS server sends that names the trusted
// roots of a location, and their size in bytes: two for the length and the DER
// of the name (RFC 5246 section 7.4.4). A name counts once.
func IssuerList(inv *inventory.Inventory, loc certstore.Location) (names, size int) {
	seen := map[string]bool{}
	for _, r := range inv.Rows {
		if name := string(r.Certificate.RawSubject); r.Location == loc && r.Store == certstore.Root && name != "" && !seen[name] {
			seen[name] = true
			names++
			size += 2 + len(name)
		}
	}
	return names, size
}

const minRSA = 2048 // bits; NIST SP 800-131A, CABF BR 6.1.5

// Weak says what is weak about the algorithms of a certificate, or "". The
// signature of a self-signed certificate proves nothing and is not looked at.
func Weak(c *certificate.Certificate) string {
	var what []string
	switch alg := c.SignatureAlgorithm(); {
	case c.SelfIssued():
	case strings.Contains(alg, "MD2"), strings.Contains(alg, "MD5"), strings.Contains(alg, "SHA1"):
		what = append(what, "signed with "+alg)
	}
	if bits := rsaBits(c); bits > 0 && bits < minRSA {
		what = append(what, "the key is "+c.KeyType())
	}
	if t := c.KeyType(); t == "DSA" || t == "EC P-192" {
		what = append(what, "the key is "+t)
	}
	return strings.Join(what, ", ")
}

// rsaBits returns the length of an RSA key, 0 for others.
func rsaBits(c *certificate.Certificate) int {
	if !strings.HasPrefix(c.KeyType(), "RSA") {
		return 0
	}
	in := cryptobyte.String(c.PublicKeyBits())
	var seq cryptobyte.String
	n := new(big.Int)
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1Integer(n) {
		return 0
	}
	return n.BitLen()
}
