package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"testing"
)

func words(list ...uint32) (b []byte) {
	for _, w := range list {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// The magic numbers are those of bcrypt.h.
func TestParseCNGPublicBlob(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e := big.NewInt(int64(rsaKey.E)).Bytes()
	rsaBlob := append(append(words(0x31415352, 2048, uint32(len(e)), 256, 0, 0), e...), rsaKey.N.Bytes()...)
	for name, tt := range map[string]struct {
		blob []byte
		key  crypto.PublicKey
		kind string
	}{
		"RSA":   {rsaBlob, rsaKey.Public(), "RSA 2048"},
		"P-256": ecBlob(t, elliptic.P256(), 0x31534345),
		"P-384": ecBlob(t, elliptic.P384(), 0x33534345),
		"P-521": ecBlob(t, elliptic.P521(), 0x35534345),
		"ECDH":  ecBlob(t, elliptic.P256(), 0x314b4345),
	} {
		got, err := parseCNGPublicBlob(tt.blob)
		if err != nil || !tt.key.(interface{ Equal(crypto.PublicKey) bool }).Equal(got) || keyTypeOf(got) != tt.kind {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		for n := range tt.blob { // cut off anywhere it is no key
			if got, err := parseCNGPublicBlob(tt.blob[:n]); err == nil {
				t.Errorf("%s cut to %d octets is %v", name, n, got)
			}
		}
	}
	for name, blob := range map[string][]byte{
		"huge lengths":  append(words(0x31415352, 2048, 0xffffffff, 0xffffffff, 0, 0), make([]byte, 300)...),
		"private":       append(words(0x32534345, 32), make([]byte, 96)...),
		"not on curve":  append(words(0x31534345, 32), make([]byte, 64)...),
		"another curve": append(words(0x31534345, 28), make([]byte, 56)...),
	} {
		if got, err := parseCNGPublicBlob(blob); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func ecBlob(t *testing.T, curve elliptic.Curve, magic uint32) (out struct {
	blob []byte
	key  crypto.PublicKey
	kind string
}) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	out.blob = append(words(magic, uint32(len(point)/2)), point[1:]...)
	out.key, out.kind = key.Public(), "EC "+curve.Params().Name
	return out
}
