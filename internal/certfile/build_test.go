package certfile

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A pair is a key with its certificate, and the root that issued it.
type pair struct{ key, cert, root []byte }

// bundle is the pair to be written, with further certificates.
func (p pair) bundle(others ...[]byte) Bundle {
	return Bundle{Keys: []KeyEntry{{PKCS8: p.key, Certificate: p.cert, FriendlyName: "Ma clé"}}, Certificates: others}
}

// testPair makes one pair for all tests.
var testPair = sync.OnceValue(func() pair {
	root, rootKey := makeCert("Test Root", nil, nil)
	cert, key := makeCert("leaf", root, rootKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return pair{der, cert.Raw, root.Raw}
})

func makeCert(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true, IsCA: parent == nil,
	}
	if parent == nil {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert, key
}

// DER for the tests.

func seq(parts ...[]byte) []byte { return element(asn1.SEQUENCE, parts...) }
func set(parts ...[]byte) []byte { return element(asn1.SET, parts...) }
func oct(b []byte) []byte        { return element(asn1.OCTET_STRING, b) }
func tagged(n uint8, parts ...[]byte) []byte {
	return element(asn1.Tag(n).ContextSpecific().Constructed(), parts...)
}

func oidOf(s string) []byte {
	return ber.NewOID(ber.ClassUniversal, ber.TypePrimitive, ber.TagObjectIdentifier, s, "").Bytes()
}

func num(n int64) []byte {
	var b cryptobyte.Builder
	b.AddASN1Int64(n)
	return b.BytesOrPanic()
}

func bmp(s string) []byte {
	b := bmpString([]byte(s))
	return element(asn1.Tag(30), b[:len(b)-2])
}

func attr(id string, values ...[]byte) []byte { return seq(oidOf(id), set(values...)) }

func keyBag(key []byte, attrs ...[]byte) []byte {
	return seq(oidOf(oidKeyBag), tagged(0, key), set(attrs...))
}

func certBag(der []byte, attrs ...[]byte) []byte {
	return seq(oidOf(oidCertBag), tagged(0, seq(oidOf(oidX509Certificate), tagged(0, oct(der)))), set(attrs...))
}

func dataInfo(content []byte) []byte { return seq(oidOf(oidData), tagged(0, oct(content))) }

// encryptedInfo is an EncryptedData with the given algorithm and ciphertext.
func encryptedInfo(alg, ciphertext []byte) []byte {
	return seq(oidOf(oidEncryptedData), tagged(0, seq(num(0),
		seq(oidOf(oidData), alg, element(asn1.Tag(0).ContextSpecific(), ciphertext)))))
}

// pfx makes a PFX without a MAC of bags in one unencrypted safe.
func pfx(bags ...[]byte) []byte { return pfxOf(seq(dataInfo(seq(bags...)))) }

func pfxOf(authSafe []byte, macData ...[]byte) []byte {
	return seq(append([][]byte{num(3), dataInfo(authSafe)}, macData...)...)
}

// macOf computes the MacData of authSafe for the octets of a password.
func macOf(authSafe, secret []byte, id string, rounds int) []byte {
	d := digests[id]
	salt := []byte("saltsalt")
	key, err := pkcs12KDF(context.Background(), d, forMAC, secret, salt, rounds, d.new().Size())
	if err != nil {
		panic(err)
	}
	h := hmac.New(d.new, key)
	h.Write(authSafe)
	return seq(seq(seq(oidOf(id), []byte{5, 0}), oct(h.Sum(nil))), oct(salt), num(int64(rounds)))
}

// pbes2 is the AlgorithmIdentifier of PBES2 with PBKDF2 and AES-256-CBC.
func pbes2(salt []byte, rounds int64, cipher string) []byte {
	return seq(oidOf(oidPBES2), seq(
		seq(oidOf(oidPBKDF2), seq(oct(salt), num(rounds), seq(oidOf("1.2.840.113549.2.9"), []byte{5, 0}))),
		seq(oidOf(cipher), oct(make([]byte, 16)))))
}

const aes256CBC = "2.16.840.1.101.3.4.1.42"

// indefinite rewrites DER with indefinite lengths, and cuts its OCTET STRINGs
// into pieces of the given size.
func indefinite(der []byte, piece int) []byte {
	h, err := readHeader(der)
	if err != nil {
		panic(err)
	}
	end := []byte{0, 0}
	switch {
	case h.constructed():
		parts, err := split(der)
		if err != nil {
			panic(err)
		}
		out := []byte{der[0], 0x80}
		for _, p := range parts {
			out = append(out, indefinite(p, piece)...)
		}
		return append(out, end...)
	case der[0] == 0x04:
		out := []byte{0x24, 0x80}
		for in := der[h.size:]; len(in) > 0; in = in[min(piece, len(in)):] {
			out = append(out, oct(in[:min(piece, len(in))])...)
		}
		return append(out, end...)
	}
	return der
}

func password(s string) Password { return Password{Given: true, Text: []byte(s)} }

// open reads data or ends the test.
func open(t *testing.T, data []byte, pw Password) *Contents {
	t.Helper()
	c, err := Read(t.Context(), data, pw)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return c
}

// wantPair checks that c holds the test key with its certificate first.
func wantPair(t *testing.T, c *Contents) {
	t.Helper()
	p := testPair()
	if len(c.Keys) != 1 || len(c.Certificates) == 0 {
		t.Fatalf("%d keys, %d certificates", len(c.Keys), len(c.Certificates))
	}
	k := c.Keys[0]
	if k.State != KeyOK || k.Algorithm != "EC P-256" || !bytes.Equal(k.PKCS8, p.key) {
		t.Errorf("key %s, %s", k.Algorithm, k.State)
	}
	if k.Certificate < 0 || !bytes.Equal(c.Certificates[k.Certificate].Certificate.Raw, p.cert) {
		t.Errorf("the key's certificate is %d", k.Certificate)
	}
}

func wantErr(t *testing.T, err, want error) *Error {
	t.Helper()
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) {
		t.Fatalf("error %v, want %v", err, want)
	}
	return e
}

// warned returns the ids of the warnings, F-08 with its case.
func warned(c *Contents) []string {
	ids := []string{}
	for _, w := range c.Warnings {
		id := w.ID
		if w.Params["case"] != "" {
			id += " " + w.Params["case"]
		}
		ids = append(ids, id)
	}
	return ids
}
