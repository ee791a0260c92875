// Package certtest makes certificates for tests: a root, an intermediate and
// leaves of any shape. Keys are P-256, made new each time.
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"certdesk/internal/certificate"
)

// Now is the moment tests live in; certificates made here are valid then.
var Now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// An Issuer is a certificate with its key.
type Issuer struct {
	*certificate.Certificate
	Key crypto.Signer
}

// PKCS8 returns the key as PKCS#8 DER.
func (i Issuer) PKCS8(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// An Option changes a template before it is signed.
type Option func(*x509.Certificate)

// Root makes a self-signed CA.
func Root(t testing.TB, name string, opts ...Option) Issuer {
	t.Helper()
	return Make(t, nil, name, append([]Option{CA}, opts...)...)
}

// Intermediate makes a CA that issuer signs.
func Intermediate(t testing.TB, issuer Issuer, name string, opts ...Option) Issuer {
	t.Helper()
	return Make(t, &issuer, name, append([]Option{CA}, opts...)...)
}

// Client makes a TLS client certificate.
func Client(t testing.TB, issuer Issuer, name string, opts ...Option) Issuer {
	t.Helper()
	return Make(t, &issuer, name, append([]Option{Usage(x509.KeyUsageDigitalSignature), Purposes(x509.ExtKeyUsageClientAuth)}, opts...)...)
}

// CA makes the template a CA's.
func CA(c *x509.Certificate) {
	c.BasicConstraintsValid, c.IsCA, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
}

// Usage sets Key Usage; 0 leaves it out.
func Usage(ku x509.KeyUsage) Option { return func(c *x509.Certificate) { c.KeyUsage = ku } }

// Purposes sets Extended Key Usage; none leaves it out.
func Purposes(eku ...x509.ExtKeyUsage) Option {
	return func(c *x509.Certificate) { c.ExtKeyUsage = eku }
}

// DNS sets the DNS names.
func DNS(names ...string) Option { return func(c *x509.Certificate) { c.DNSNames = names } }

// Valid sets the validity relative to [Now], in days.
func Valid(from, to int) Option {
	return func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = Now.AddDate(0, 0, from), Now.AddDate(0, 0, to)
	}
}

// Serial sets the serial number.
func Serial(n *big.Int) Option { return func(c *x509.Certificate) { c.SerialNumber = n } }

// EmptyUsage adds a Key Usage extension without a bit, which x509 does not
// write by itself.
func EmptyUsage(c *x509.Certificate) {
	c.KeyUsage = 0
	value, _ := asn1.Marshal(asn1.BitString{Bytes: []byte{0}, BitLength: 1})
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: value})
}

// Make signs a certificate; without an issuer it is self-signed.
func Make(t testing.TB, issuer *Issuer, name string, opts ...Option) Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return MakeWithKey(t, issuer, name, key, opts...)
}

// MakeWithKey is Make with a key of the caller's.
func MakeWithKey(t testing.TB, issuer *Issuer, name string, key crypto.Signer, opts ...Option) Issuer {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial.SetBit(serial.SetBit(serial, 119, 0), 118, 1), Subject: pkix.Name{CommonName: name, Organization: []string{"Certdesk tests"}},
		NotBefore: Now.AddDate(-1, 0, 0), NotAfter: Now.AddDate(2, 0, 0),
	}
	for _, o := range opts {
		o(tmpl)
	}
	parent, signer := tmpl, key
	if issuer != nil {
		if parent, err = issuer.X509(); err != nil {
			t.Fatal(err)
		}
		signer = issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return Issuer{certificate.Parse(der), key}
}

// Patch replaces the first occurrence of old in der by new, of the same
// length, to make what no library would sign. The signature no longer fits.
func Patch(t testing.TB, der, old, new []byte) []byte {
	t.Helper()
	if len(old) != len(new) {
		t.Fatal("lengths differ")
	}
	out := append([]byte(nil), der...)
	for i := 0; i+len(old) <= len(out); i++ {
		if string(out[i:i+len(old)]) == string(old) {
			copy(out[i:], new)
			return out
		}
	}
	t.Fatal("nothing to patch")
	return nil
}

// NegativeSerial makes a self-signed certificate with the serial number
// -0x6eddccbb, which Go's parser refuses. The signature fits.
func NegativeSerial() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(0x11223344), Subject: pkix.Name{CommonName: "negative serial"},
		NotBefore: Now.AddDate(-1, 0, 0), NotAfter: Now.AddDate(2, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	var outer struct {
		TBS, Alg asn1.RawValue
		Sig      asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, err
	}
	old := []byte{2, 4, 0x11, 0x22, 0x33, 0x44}
	for i := range outer.TBS.FullBytes {
		if string(outer.TBS.FullBytes[i:min(i+len(old), len(outer.TBS.FullBytes))]) == string(old) {
			outer.TBS.FullBytes[i+2] |= 0x80
			break
		}
	}
	digest := sha256.Sum256(outer.TBS.FullBytes)
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return nil, err
	}
	outer.Sig = asn1.BitString{Bytes: sig, BitLength: len(sig) * 8}
	return asn1.Marshal(outer)
}

// Resign signs c anew with the P-256 key of issuer after mutate changed its
// TBSCertificate, to make what no library would sign.
func Resign(t testing.TB, issuer Issuer, c *certificate.Certificate, mutate func(tbs []byte) []byte) *certificate.Certificate {
	t.Helper()
	var outer struct {
		TBS, Alg asn1.RawValue
		Sig      asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.Raw, &outer); err != nil {
		t.Fatal(err)
	}
	outer.TBS.FullBytes = mutate(append([]byte(nil), outer.TBS.FullBytes...))
	digest := sha256.Sum256(outer.TBS.FullBytes)
	sig, err := issuer.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	outer.Sig = asn1.BitString{Bytes: sig, BitLength: len(sig) * 8}
	der, err := asn1.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Parse(der)
}
