// Package certificate reads X.509 certificates without ever refusing one.
//
// A certificate store holds what programs put there over twenty years:
// negative serial numbers, unknown curves, broken extensions. [Parse] takes
// the structure of RFC 5280 section 4.1 apart with as few assumptions as
// possible and keeps what it could read; [Certificate.Problem] says what
// Go's strict parser has against it. Serial numbers are kept as the octets
// of the file, because that is what people compare.
//
// This is the one package that everything else may import, package certstore
// included: a certificate means the same everywhere.
package certificate

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"sync"
	"time"
	"weak"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A Fingerprint is the SHA-256 of a certificate's DER encoding.
type Fingerprint [sha256.Size]byte

// String returns the 64 lowercase hex digits of f.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// FingerprintOf returns the fingerprint of der.
func FingerprintOf(der []byte) Fingerprint { return sha256.Sum256(der) }

// A Certificate is what could be read of one X.509 certificate. Fields that
// could not be read keep their zero value.
type Certificate struct {
	Raw []byte // the DER as found

	Version      int    // 1, 2 or 3
	SerialNumber []byte // the content octets of the DER INTEGER, leading 00 kept

	RawIssuer               []byte // DER Name
	RawSubject              []byte // DER Name
	RawSubjectPublicKeyInfo []byte // DER SubjectPublicKeyInfo

	NotBefore, NotAfter time.Time // UTC

	SignatureOID  string // signatureAlgorithm, dotted
	PublicKeyOID  string // the subject public key's algorithm, dotted
	NamedCurve    string // dotted OID of the named curve of an EC key, or ""
	Extensions    []Extension
	HasKeyUsage   bool // false: extension absent, everything is allowed
	KeyUsage      x509.KeyUsage
	KeyUsageBits  []byte     // the BIT STRING's octets, as Windows prints them
	ExtKeyUsage   []string   // dotted OIDs; nil: extension absent
	Basic         *Basic     // basicConstraints; nil: absent
	AltNames      []AltName  // subjectAltName; nil: absent
	SubjectKeyID  []byte     // nil: absent
	AuthorityKey  []byte     // keyIdentifier of the authority key identifier; nil: absent
	syntax        error      // why the lenient reader stopped, or nil
	strict        sync.Mutex // guards std, stdErr and wellFormed
	std           weak.Pointer[x509.Certificate]
	stdErr        error
	wellFormed    bool // the strict parser read it
	selfSigned    sync.Once
	selfSignedRes bool
}

// An Extension is one X.509 extension, its value undecoded.
type Extension struct {
	OID      string
	Critical bool
	Value    []byte
}

// Basic is the basicConstraints extension (RFC 5280 section 4.2.1.9).
type Basic struct {
	CA      bool
	PathLen int // -1: no limit
}

// Parse reads der. It never fails: a certificate that is not even DER has only
// its Raw field, and [Certificate.Problem] says so.
func Parse(der []byte) *Certificate {
	c := &Certificate{Raw: der}
	c.syntax = c.read(der)
	return c
}

var errNotCertificate = errors.New("not an X.509 certificate")

func (c *Certificate) read(der []byte) error {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&tbs, asn1.SEQUENCE) {
		return errNotCertificate
	}
	c.Version = 1
	var explicit cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&explicit, &present, asn1.Tag(0).ContextSpecific().Constructed()) {
		return errNotCertificate
	}
	if present {
		if v := 0; explicit.ReadASN1Integer(&v) {
			c.Version = v + 1
		}
	}
	var serial, tag, validity cryptobyte.String
	if !tbs.ReadASN1(&serial, asn1.INTEGER) {
		return errors.New("no serial number")
	}
	c.SerialNumber = serial
	if !tbs.ReadASN1(&tag, asn1.SEQUENCE) {
		return errors.New("no signature algorithm")
	}
	c.SignatureOID, _ = readOID(&tag)
	if !readElement(&tbs, &c.RawIssuer) {
		return errors.New("no issuer")
	}
	if !tbs.ReadASN1(&validity, asn1.SEQUENCE) {
		return errors.New("no validity")
	}
	c.NotBefore = readTime(&validity)
	c.NotAfter = readTime(&validity)
	if !readElement(&tbs, &c.RawSubject) {
		return errors.New("no subject")
	}
	if !readElement(&tbs, &c.RawSubjectPublicKeyInfo) {
		return errors.New("no subject public key")
	}
	c.readKeyAlgorithm()
	for n := uint8(1); n <= 2; n++ { // issuerUniqueID, subjectUniqueID: unused
		tbs.SkipOptionalASN1(asn1.Tag(n).ContextSpecific())
		tbs.SkipOptionalASN1(asn1.Tag(n).ContextSpecific().Constructed())
	}
	var exts, list cryptobyte.String
	if tbs.ReadASN1(&exts, asn1.Tag(3).ContextSpecific().Constructed()) && exts.ReadASN1(&list, asn1.SEQUENCE) {
		for !list.Empty() {
			if !c.readExtension(&list) {
				return errors.New("malformed extension list")
			}
		}
	}
	return nil
}

// readElement reads any one element, tag and length included.
func readElement(in *cryptobyte.String, out *[]byte) bool {
	var el cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1Element(&el, &tag) {
		return false
	}
	*out = el
	return true
}

func readTime(in *cryptobyte.String) time.Time {
	var raw cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1(&raw, &tag) {
		return time.Time{}
	}
	s := string(raw)
	layouts := []string{"20060102150405Z", "20060102150405Z0700", "200601021504Z", "20060102150405.999Z"}
	if tag == asn1.UTCTime {
		layouts = []string{"060102150405Z", "060102150405Z0700", "0601021504Z", "0601021504Z0700"}
	}
	for _, l := range layouts {
		t, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		if tag == asn1.UTCTime && t.Year() >= 2050 {
			t = t.AddDate(-100, 0, 0) // RFC 5280 section 4.1.2.5.1
		}
		return t.UTC()
	}
	return time.Time{}
}

// X509 returns the certificate as Go's strict parser sees it, or the reason
// why that refuses it. It is kept as long as somebody uses it: tens of
// thousands at once take more memory than everything else about them.
func (c *Certificate) X509() (*x509.Certificate, error) {
	c.strict.Lock()
	defer c.strict.Unlock()
	if c.stdErr != nil {
		return nil, c.stdErr
	}
	if std := c.std.Value(); std != nil {
		return std, nil
	}
	std, err := x509.ParseCertificate(c.Raw)
	c.std, c.stdErr, c.wellFormed = weak.Make(std), err, err == nil
	return std, err
}

// Problem returns what is malformed about the certificate, or nil.
func (c *Certificate) Problem() error {
	if c.syntax != nil {
		return c.syntax
	}
	c.strict.Lock()
	known := c.wellFormed
	c.strict.Unlock()
	if known {
		return nil
	}
	_, err := c.X509()
	return err
}

// Fingerprint returns the SHA-256 fingerprint.
func (c *Certificate) Fingerprint() Fingerprint { return FingerprintOf(c.Raw) }

// SHA1 returns the 40 lowercase hex digits of the SHA-1 thumbprint.
func (c *Certificate) SHA1() string {
	h := sha1.Sum(c.Raw)
	return hex.EncodeToString(h[:])
}

// IsCA reports whether basicConstraints says CA:TRUE. A version 1
// certificate that is self-issued counts as a CA too, as the old roots are.
func (c *Certificate) IsCA() bool {
	if c.Basic != nil {
		return c.Basic.CA
	}
	return c.Version == 1 && len(c.RawSubject) > 0 && c.SelfIssued()
}

// SelfIssued reports whether subject and issuer are the same name.
func (c *Certificate) SelfIssued() bool {
	return len(c.RawSubject) > 0 && bytes.Equal(c.RawSubject, c.RawIssuer)
}
