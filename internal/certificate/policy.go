package certificate

import (
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions that rules ask for by name, RFC 5280 section 4.2.
const (
	OIDKeyUsage            = oidKeyUsage
	OIDExtKeyUsage         = oidExtKeyUsage
	OIDBasicConstraints    = oidBasicConstraints
	OIDNameConstraints     = "2.5.29.30"
	OIDCertificatePolicies = "2.5.29.32"
)

// smtpUTF8Mailbox is the otherName of a mail address outside ASCII, RFC 9598.
const smtpUTF8Mailbox = "1.3.6.1.5.5.7.8.9"

// Extension returns the first extension with an OID, and whether there is one.
func (c *Certificate) Extension(oid string) (Extension, bool) {
	for _, e := range c.Extensions {
		if e.OID == oid {
			return e, true
		}
	}
	return Extension{}, false
}

// Policies returns the OIDs of the certificatePolicies extension (RFC 5280
// section 4.2.1.4), nil when it is absent or malformed.
func (c *Certificate) Policies() []string {
	e, ok := c.Extension(OIDCertificatePolicies)
	if !ok {
		return nil
	}
	in, oids := cryptobyte.String(e.Value), []string(nil)
	var list, policy cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return nil
	}
	for !list.Empty() && list.ReadASN1(&policy, asn1.SEQUENCE) {
		if oid, ok := readOID(&policy); ok {
			oids = append(oids, oid)
		}
	}
	return oids
}

// MailAddresses returns the mail addresses of subjectAltName: rfc822Name, and
// SmtpUTF8Mailbox, which is kept undecoded.
func (c *Certificate) MailAddresses() []string {
	var found []string
	for _, a := range c.AltNames {
		if a.Type == "email" || a.Type == "other" && strings.HasPrefix(a.Value, smtpUTF8Mailbox+"=") {
			found = append(found, a.Value)
		}
	}
	return found
}

// understood are the critical extensions that mainstream programs process.
var understood = map[string]bool{
	oidSubjectKeyID: true, oidKeyUsage: true, oidSubjectAltName: true, oidBasicConstraints: true, oidAuthorityKeyID: true, oidExtKeyUsage: true,
	OIDNameConstraints: true, OIDCertificatePolicies: true,
	"2.5.29.18": true, "2.5.29.31": true, "2.5.29.33": true, "2.5.29.36": true, "2.5.29.46": true, "2.5.29.54": true,
	"1.3.6.1.5.5.7.1.1": true, "1.3.6.1.5.5.7.1.11": true, // authority and subject information access
	"2.16.840.1.113730.1.1": true, // Netscape certificate type
}

// UnknownCritical returns the OIDs of critical extensions that mainstream
// programs do not process and therefore must refuse (RFC 5280 section 4.2).
func (c *Certificate) UnknownCritical() []string {
	var oids []string
	for _, e := range c.Extensions {
		if e.Critical && !understood[e.OID] {
			oids = append(oids, e.OID)
		}
	}
	return oids
}

// Repeated returns the OID of an extension that is there twice, which RFC 5280
// section 4.2 forbids, or "".
func (c *Certificate) Repeated() string {
	for i, e := range c.Extensions {
		for _, x := range c.Extensions[:i] {
			if x.OID == e.OID {
				return e.OID
			}
		}
	}
	return ""
}

// A KeyFamily groups public key algorithms by what rules say of them.
type KeyFamily string

// The families.
const (
	RSA      KeyFamily = "RSA"     // RSA and RSA-PSS
	EC       KeyFamily = "EC"      // ECDSA and ECDH
	EdDSA    KeyFamily = "EdDSA"   // Ed25519, Ed448
	OtherKey KeyFamily = "another" // DSA, GOST, ML-DSA, unknown
)

// KeyFamily returns the family of the public key.
func (c *Certificate) KeyFamily() KeyFamily {
	switch c.PublicKeyOID {
	case oidRSA, oidRSAPSS:
		return RSA
	case oidEC:
		return EC
	case oidEd25519, oidEd448:
		return EdDSA
	}
	return OtherKey
}

// RSABits returns the size of an RSA modulus in bits, 0 for other keys.
func (c *Certificate) RSABits() int {
	n := rsaModulus(c.PublicKeyBits())
	if c.KeyFamily() != RSA || len(n) == 0 {
		return 0
	}
	bits := len(n) * 8
	for b := n[0]; b&0x80 == 0; b <<= 1 {
		bits--
	}
	return bits
}

// WeakSignature reports whether the certificate is signed with a hash that
// can be forged: MD2, MD5 or SHA-1.
func (c *Certificate) WeakSignature() bool {
	name := c.SignatureAlgorithm()
	return strings.HasPrefix(name, "MD") || strings.Contains(name, "SHA1")
}
