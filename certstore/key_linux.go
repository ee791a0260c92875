package certstore

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// minRSABits is the smallest RSA key that is taken; crypto/rsa, which proves
// it, refuses smaller ones.
const minRSABits = 1024

// The named curves that softoken signs with (RFC 5480 section 2.1.1.1).
var curves = map[string]struct {
	curve elliptic.Curve
	oid   asn1.ObjectIdentifier
}{
	"P-256": {elliptic.P256(), asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}},
	"P-384": {elliptic.P384(), asn1.ObjectIdentifier{1, 3, 132, 0, 34}},
	"P-521": {elliptic.P521(), asn1.ObjectIdentifier{1, 3, 132, 0, 35}},
}

// knownCurve reports whether params (CKA_EC_PARAMS) name one of the curves.
func knownCurve(params []byte) bool {
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(params, &oid); err != nil {
		return false
	}
	for _, c := range curves {
		if oid.Equal(c.oid) {
			return true
		}
	}
	return false
}

// A keyPair is a private key as softoken takes it: the attributes of both
// objects but for their label.
type keyPair struct {
	private, public []nss.Attribute
}

// newKeyPair makes the objects of the key of c. It fails with [ErrKey] if
// the key is another, or of a type that softoken cannot use.
func newKeyPair(c *certificate.Certificate, pkcs8 []byte, lib *nss.Library, exportable bool) (*keyPair, error) {
	unsupported := func(what string) error {
		return &badKey{fmt.Sprintf("key type %s is not supported by NSS %s", what, lib.Version)}
	}
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		if t := c.KeyType(); t != "" {
			return nil, unsupported(t)
		}
		return nil, &badKey{err.Error()}
	}
	id := nss.Bytes(nss.CKA_ID, c.KeyID())
	k := &keyPair{
		private: []nss.Attribute{
			nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY), nss.Bool(nss.CKA_TOKEN, true), nss.Bool(nss.CKA_PRIVATE, true),
			nss.Bool(nss.CKA_SENSITIVE, true), nss.Bool(nss.CKA_EXTRACTABLE, exportable), nss.Bool(nss.CKA_SIGN, true),
			nss.Bytes(nss.CKA_SUBJECT, c.RawSubject), id,
		},
		public: []nss.Attribute{
			nss.Ulong(nss.CKA_CLASS, nss.CKO_PUBLIC_KEY), nss.Bool(nss.CKA_TOKEN, true), nss.Bool(nss.CKA_PRIVATE, false),
			nss.Bool(nss.CKA_VERIFY, true), id,
		},
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSABits || !lib.Mechanisms[nss.CKM_RSA_PKCS] {
			return nil, unsupported(fmt.Sprintf("RSA %d", key.N.BitLen()))
		}
		if len(key.Primes) != 2 {
			return nil, unsupported("RSA with more than two primes")
		}
		k.addRSA(key)
	case *ecdsa.PrivateKey:
		if _, ok := curves[key.Params().Name]; !ok || !lib.Mechanisms[nss.CKM_ECDSA] {
			return nil, unsupported("EC " + key.Params().Name)
		}
		if err := k.addEC(key); err != nil {
			return nil, &badKey{err.Error()}
		}
	default:
		return nil, unsupported(c.KeyType())
	}
	public, err := c.PublicKey()
	if err != nil {
		return nil, &badKey{"the certificate's public key cannot be read: " + err.Error()}
	}
	own := key.(crypto.Signer).Public().(interface{ Equal(crypto.PublicKey) bool })
	if !own.Equal(public) {
		return nil, &badKey{"it does not belong to the certificate"}
	}
	return k, nil
}

func (k *keyPair) addRSA(key *rsa.PrivateKey) {
	key.Precompute()
	modulus, exponent := key.N.Bytes(), []byte{byte(key.E >> 24), byte(key.E >> 16), byte(key.E >> 8), byte(key.E)}
	for len(exponent) > 1 && exponent[0] == 0 {
		exponent = exponent[1:]
	}
	k.private = append(k.private,
		nss.Ulong(nss.CKA_KEY_TYPE, nss.CKK_RSA), nss.Bytes(nss.CKA_NSS_DB, modulus),
		nss.Bytes(nss.CKA_MODULUS, modulus), nss.Bytes(nss.CKA_PUBLIC_EXPONENT, exponent),
		nss.Bytes(nss.CKA_PRIVATE_EXPONENT, key.D.Bytes()),
		nss.Bytes(nss.CKA_PRIME_1, key.Primes[0].Bytes()), nss.Bytes(nss.CKA_PRIME_2, key.Primes[1].Bytes()),
		nss.Bytes(nss.CKA_EXPONENT_1, key.Precomputed.Dp.Bytes()), nss.Bytes(nss.CKA_EXPONENT_2, key.Precomputed.Dq.Bytes()),
		nss.Bytes(nss.CKA_COEFFICIENT, key.Precomputed.Qinv.Bytes()),
		nss.Bool(nss.CKA_DECRYPT, true), nss.Bool(nss.CKA_UNWRAP, true), nss.Bool(nss.CKA_SIGN_RECOVER, true))
	k.public = append(k.public,
		nss.Ulong(nss.CKA_KEY_TYPE, nss.CKK_RSA), nss.Bytes(nss.CKA_NSS_DB, modulus),
		nss.Bytes(nss.CKA_MODULUS, modulus), nss.Bytes(nss.CKA_PUBLIC_EXPONENT, exponent))
}

func (k *keyPair) addEC(key *ecdsa.PrivateKey) error {
	params, err := asn1.Marshal(curves[key.Params().Name].oid)
	if err != nil {
		return err
	}
	secret, err := key.Bytes()
	if err != nil {
		return err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return err
	}
	// pk12util stores the bare point with the private key and its DER OCTET
	// STRING with the public one; NSS looks keys up by these.
	wrapped := derElement(0x04, point)
	k.private = append(k.private,
		nss.Ulong(nss.CKA_KEY_TYPE, nss.CKK_EC), nss.Bytes(nss.CKA_NSS_DB, point),
		nss.Bytes(nss.CKA_EC_PARAMS, params), nss.Bytes(nss.CKA_VALUE, secret), nss.Bool(nss.CKA_DERIVE, true))
	k.public = append(k.public,
		nss.Ulong(nss.CKA_KEY_TYPE, nss.CKK_EC), nss.Bytes(nss.CKA_NSS_DB, wrapped),
		nss.Bytes(nss.CKA_EC_PARAMS, params), nss.Bytes(nss.CKA_EC_POINT, wrapped))
	return nil
}

// wipe overwrites what is secret.
func (k *keyPair) wipe() {
	for _, a := range k.private {
		switch a.Type {
		case nss.CKA_VALUE, nss.CKA_PRIVATE_EXPONENT, nss.CKA_PRIME_1, nss.CKA_PRIME_2, nss.CKA_EXPONENT_1, nss.CKA_EXPONENT_2, nss.CKA_COEFFICIENT:
			clear(a.Value)
		}
	}
}

// extractKey returns a private key as PKCS#8 DER. Softoken does not give its
// value away, but wraps it with any key, and we choose that one.
func extractKey(s *nss.Session, key nss.Handle) ([]byte, error) {
	secret, iv := make([]byte, 32), make([]byte, aes.BlockSize)
	defer clear(secret)
	_, _ = rand.Read(secret) // never fails
	_, _ = rand.Read(iv)
	wrapping, err := s.Create(nss.Ulong(nss.CKA_CLASS, nss.CKO_SECRET_KEY), nss.Ulong(nss.CKA_KEY_TYPE, nss.CKK_AES), nss.Bool(nss.CKA_TOKEN, false),
		nss.Bool(nss.CKA_WRAP, true), nss.Bool(nss.CKA_ENCRYPT, true), nss.Bytes(nss.CKA_VALUE, secret))
	if err != nil {
		return nil, err
	}
	defer s.Destroy(wrapping)
	data, err := s.Wrap(nss.CKM_AES_CBC_PAD, iv, wrapping, key)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	errPadding := errors.New("the wrapped key is malformed")
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errPadding
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	n := int(data[len(data)-1])
	if n == 0 || n > aes.BlockSize || n > len(data) {
		return nil, errPadding
	}
	for _, b := range data[len(data)-n:] {
		if int(b) != n {
			return nil, errPadding
		}
	}
	return data[:len(data)-n], nil
}
