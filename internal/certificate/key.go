package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Public key algorithms, RFC 3279, 5480, 8410.
const (
	oidRSA     = "1.2.840.113549.1.1.1"
	oidRSAPSS  = "1.2.840.113549.1.1.10"
	oidDSA     = "1.2.840.10040.4.1"
	oidEC      = "1.2.840.10045.2.1"
	oidEd25519 = "1.3.101.112"
	oidEd448   = "1.3.101.113"
)

var curveNames = map[string]string{
	"1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521", "1.3.132.0.33": "P-224",
	"1.3.132.0.10": "secp256k1", "1.2.840.10045.3.1.1": "P-192",
	"1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1", "1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1", "1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
	"1.3.36.3.3.2.8.1.1.12": "brainpoolP384t1", "1.2.156.10197.1.301": "SM2",
}

var keyNames = map[string]string{
	oidRSAPSS: "RSA-PSS", oidDSA: "DSA", oidEd25519: "Ed25519", oidEd448: "Ed448", "1.3.101.110": "X25519", "1.3.101.111": "X448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65", "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"1.2.643.7.1.1.1.1": "GOST 2012 256", "1.2.643.7.1.1.1.2": "GOST 2012 512", "1.2.840.10046.2.1": "DH",
}

func (c *Certificate) readKeyAlgorithm() {
	var spki, alg cryptobyte.String
	in := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	if !in.ReadASN1(&spki, cbasn1.SEQUENCE) || !spki.ReadASN1(&alg, cbasn1.SEQUENCE) {
		return
	}
	c.PublicKeyOID, _ = readOID(&alg)
	if c.PublicKeyOID == oidEC && alg.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		c.NamedCurve, _ = readOID(&alg)
	}
}

// PublicKeyBits returns the content of the subjectPublicKey BIT STRING, nil
// when it cannot be read: the DER RSAPublicKey, or the EC point.
func (c *Certificate) PublicKeyBits() []byte {
	var spki, alg, bits cryptobyte.String
	in := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	if !in.ReadASN1(&spki, cbasn1.SEQUENCE) || !spki.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!spki.ReadASN1(&bits, cbasn1.BIT_STRING) || len(bits) < 1 {
		return nil
	}
	return bits[1:]
}

// rsaModulus returns the modulus octets without leading zeros.
func rsaModulus(bits []byte) []byte {
	in := cryptobyte.String(bits)
	var seq, n cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&n, cbasn1.INTEGER) {
		return nil
	}
	return bytes.TrimLeft(n, "\x00")
}

// KeyType names the public key: "RSA 2048", "EC P-256", "Ed25519", or the
// algorithm's OID.
func (c *Certificate) KeyType() string {
	switch c.PublicKeyOID {
	case oidRSA, oidRSAPSS:
		name := "RSA"
		if c.PublicKeyOID == oidRSAPSS {
			name = "RSA-PSS"
		}
		if n := rsaModulus(c.PublicKeyBits()); n != nil {
			return fmt.Sprintf("%s %d", name, new(big.Int).SetBytes(n).BitLen())
		}
		return name
	case oidEC:
		if n, ok := curveNames[c.NamedCurve]; ok {
			return "EC " + n
		}
		if c.NamedCurve == "" {
			return "EC explicit parameters"
		}
		return "EC " + c.NamedCurve
	}
	if n, ok := keyNames[c.PublicKeyOID]; ok {
		return n
	}
	return c.PublicKeyOID
}

var signatureNames = map[string]string{
	"1.2.840.113549.1.1.2": "MD2-RSA", "1.2.840.113549.1.1.4": "MD5-RSA", "1.2.840.113549.1.1.5": "SHA1-RSA",
	"1.2.840.113549.1.1.10": "RSA-PSS", "1.2.840.113549.1.1.11": "SHA256-RSA", "1.2.840.113549.1.1.12": "SHA384-RSA",
	"1.2.840.113549.1.1.13": "SHA512-RSA", "1.2.840.113549.1.1.14": "SHA224-RSA", "1.3.14.3.2.29": "SHA1-RSA",
	"1.2.840.10045.4.1": "ECDSA-SHA1", "1.2.840.10045.4.3.1": "ECDSA-SHA224", "1.2.840.10045.4.3.2": "ECDSA-SHA256",
	"1.2.840.10045.4.3.3": "ECDSA-SHA384", "1.2.840.10045.4.3.4": "ECDSA-SHA512",
	"1.2.840.10040.4.3": "DSA-SHA1", "2.16.840.1.101.3.4.3.2": "DSA-SHA256",
	oidEd25519: "Ed25519", "1.3.101.113": "Ed448", "1.2.156.10197.1.501": "SM2-SM3",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65", "2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}

// SignatureAlgorithm names the signature algorithm as Go does
// ("SHA256-RSA"), or gives its OID.
func (c *Certificate) SignatureAlgorithm() string {
	if n, ok := signatureNames[c.SignatureOID]; ok {
		return n
	}
	return c.SignatureOID
}

// KeyID returns the CKA_ID that NSS gives to this certificate's key: the
// SHA-1 of the RSA modulus or of the public key's other octets, such as the EC
// point. It is nil when there is no readable key.
func (c *Certificate) KeyID() []byte {
	bits := c.PublicKeyBits()
	if c.PublicKeyOID == oidRSA || c.PublicKeyOID == oidRSAPSS {
		bits = rsaModulus(bits)
	}
	if len(bits) == 0 {
		return nil
	}
	h := sha1.Sum(bits)
	return h[:]
}

// KeyIDOf returns the KeyID of a DER SubjectPublicKeyInfo.
func KeyIDOf(spki []byte) []byte {
	c := &Certificate{RawSubjectPublicKeyInfo: spki}
	c.readKeyAlgorithm()
	return c.KeyID()
}

// PublicKey returns the subject public key, also for certificates that the
// strict parser refuses for other reasons.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) {
	if std, err := c.X509(); err == nil && std.PublicKey != nil {
		return std.PublicKey, nil
	}
	pub, err := x509.ParsePKIXPublicKey(c.RawSubjectPublicKeyInfo)
	if err == nil {
		return pub, nil
	}
	switch { // RSA without the NULL parameters is refused by x509 (RFC 3279 section 2.3.1 wants them)
	case c.PublicKeyOID == oidRSA:
		return x509.ParsePKCS1PublicKey(c.PublicKeyBits())
	case c.NamedCurve == "1.3.132.0.33":
		x, y := elliptic.Unmarshal(elliptic.P224(), c.PublicKeyBits()) //nolint:staticcheck // P-224 has no crypto/ecdh
		if x != nil {
			return &ecdsa.PublicKey{Curve: elliptic.P224(), X: x, Y: y}, nil
		}
	}
	return nil, err
}

// ErrUnverifiable is a signature whose algorithm or key this program does not
// know, so that nothing can be said about it.
var ErrUnverifiable = errors.New("signature algorithm not supported")

var hashes = map[string]crypto.Hash{
	"1.2.840.113549.1.1.5": crypto.SHA1, "1.3.14.3.2.29": crypto.SHA1, "1.2.840.113549.1.1.4": crypto.MD5,
	"1.2.840.113549.1.1.14": crypto.SHA224, "1.2.840.113549.1.1.11": crypto.SHA256, "1.2.840.113549.1.1.12": crypto.SHA384, "1.2.840.113549.1.1.13": crypto.SHA512,
	"1.2.840.10045.4.1": crypto.SHA1, "1.2.840.10045.4.3.1": crypto.SHA224, "1.2.840.10045.4.3.2": crypto.SHA256,
	"1.2.840.10045.4.3.3": crypto.SHA384, "1.2.840.10045.4.3.4": crypto.SHA512,
}

// CheckSignatureFrom verifies that issuer's key signed c. Unlike x509 it
// accepts SHA-1 and MD5, which old roots are signed with, and certificates
// the strict parser refuses; it checks the signature and nothing else.
func (c *Certificate) CheckSignatureFrom(issuer *Certificate) error {
	var outer, tbs struct{ asn1.RawValue }
	rest, err := asn1.Unmarshal(c.Raw, &outer.RawValue)
	if err != nil || len(rest) > 0 {
		return errNotCertificate
	}
	rest, err = asn1.Unmarshal(outer.Bytes, &tbs.RawValue)
	if err != nil {
		return errNotCertificate
	}
	var alg asn1.RawValue
	var sig asn1.BitString
	if rest, err = asn1.Unmarshal(rest, &alg); err != nil {
		return errNotCertificate
	}
	if _, err = asn1.Unmarshal(rest, &sig); err != nil {
		return errNotCertificate
	}
	pub, err := issuer.PublicKey()
	if err != nil {
		return ErrUnverifiable
	}
	signed := tbs.FullBytes
	if c.SignatureOID == oidEd25519 {
		if k, ok := pub.(ed25519.PublicKey); ok && ed25519.Verify(k, signed, sig.Bytes) {
			return nil
		}
		return errors.New("signature does not verify")
	}
	if c.SignatureOID == oidRSAPSS {
		a, err1 := c.X509()
		b, err2 := issuer.X509()
		if err1 != nil || err2 != nil {
			return ErrUnverifiable
		}
		return b.CheckSignature(a.SignatureAlgorithm, a.RawTBSCertificate, a.Signature)
	}
	h, ok := hashes[c.SignatureOID]
	if !ok || !h.Available() {
		return ErrUnverifiable
	}
	d := h.New()
	d.Write(signed)
	digest := d.Sum(nil)
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, h, digest, sig.Bytes)
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, digest, sig.Bytes) {
			return nil
		}
		return errors.New("signature does not verify")
	}
	return ErrUnverifiable
}

// SelfSigned reports whether the certificate is self-issued and signed with
// its own key. Of a CA, whose word counts for others, the signature is
// verified; one whose algorithm cannot be verified here counts as
// self-signed, the careful answer where trust is asked for. An end entity's
// is believed unless its key identifiers say otherwise: a signature takes
// longer than everything else about listing a certificate.
func (c *Certificate) SelfSigned() bool {
	c.selfSigned.Do(func() {
		switch {
		case !c.SelfIssued():
		case !c.IsCA() && (c.AuthorityKey == nil || c.SubjectKeyID != nil):
			c.selfSignedRes = c.AuthorityKey == nil || bytes.Equal(c.AuthorityKey, c.SubjectKeyID)
		default:
			err := c.CheckSignatureFrom(c)
			c.selfSignedRes = err == nil || errors.Is(err, ErrUnverifiable)
		}
	})
	return c.selfSignedRes
}

// AssumeSelfSigned makes SelfSigned say yes without verifying the signature, for
// a caller that knows it verifies.
func (c *Certificate) AssumeSelfSigned() { c.selfSigned.Do(func() { c.selfSignedRes = true }) }

// Role is what a certificate is for in a chain.
type Role string

// The roles.
const (
	EndEntity    Role = "end-entity"
	Intermediate Role = "intermediate"
	Root         Role = "root"        // self-signed CA
	SelfSigned   Role = "self-signed" // self-signed end entity
)

// Role returns the role of the certificate.
func (c *Certificate) Role() Role {
	switch ca, self := c.IsCA(), c.SelfSigned(); {
	case ca && self:
		return Root
	case ca:
		return Intermediate
	case self:
		return SelfSigned
	}
	return EndEntity
}
