package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

// A windowsSigner signs with a private key that Windows keeps. It opens the
// key for each signature, so there is nothing to be closed.
type windowsSigner struct {
	link   *link
	public crypto.PublicKey
	fail   func(error) error
}

// signer returns the private key of c, which l leads to.
func (s *windowsStore) signer(c *certificate.Certificate, l *link) (crypto.Signer, error) {
	if l == nil {
		return nil, &because{ErrNotFound, errors.New("there is no private key")}
	}
	public, err := c.PublicKey()
	if err != nil {
		return nil, &badKey{"the certificate's public key cannot be read: " + err.Error()}
	}
	loc := User
	if machineKey(l) {
		loc = Machine
	}
	signer := &windowsSigner{l, public, func(err error) error { return s.fail("sign", Ref{Location: loc, Store: My}, c, err) }}
	if inSoftware(l) { // a missing container is said now; a card asks when it signs
		k, err := open(l, 0)
		if err != nil {
			return nil, s.denied(l, err)
		}
		k.close()
	}
	return signer, nil
}

func (k *windowsSigner) Public() crypto.PublicKey { return k.public }

// Sign implements [crypto.Signer] for PKCS #1 v1.5, and with CNG for PSS and
// ECDSA. It may prompt.
func (k *windowsSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if h := opts.HashFunc(); h != 0 && len(digest) != h.Size() {
		return nil, k.fail(fmt.Errorf("the digest has %d octets, not the %d of %v", len(digest), h.Size(), h))
	}
	key, err := k.open()
	if err != nil {
		return nil, k.fail(err)
	}
	defer key.close()
	var sig []byte
	if key.key != 0 {
		sig, err = signCNG(key.key, k.public, digest, opts)
	} else {
		sig, err = key.signCAPI(digest, opts)
	}
	if err != nil {
		return nil, k.fail(err)
	}
	return sig, nil
}

// byCNG reports whether CNG opens a key of CryptoAPI: it does those of the
// software providers, and can then make PSS signatures; Wine's does not.
func byCNG(l *link) bool { return inSoftware(l) && wincrypt.OnWine() == "" }

// open opens the key, with CNG if that is possible.
func (k *windowsSigner) open() (*openKey, error) {
	if k.link.ProvType != 0 && byCNG(k.link) {
		as := *k.link
		as.ProvType, as.Provider = 0, wincrypt.MS_KEY_STORAGE_PROVIDER
		if key, err := open(&as, 0); err == nil {
			return key, nil
		}
	}
	return open(k.link, 0)
}

var capiHashes = map[crypto.Hash]uint32{
	crypto.SHA1: wincrypt.CALG_SHA1, crypto.SHA256: wincrypt.CALG_SHA_256, crypto.SHA384: wincrypt.CALG_SHA_384,
	crypto.SHA512: wincrypt.CALG_SHA_512, crypto.MD5SHA1: wincrypt.CALG_SSL3_SHAMD5,
}

// signCAPI makes a PKCS #1 v1.5 signature, the only kind of CryptoAPI.
func (k *openKey) signCAPI(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(*rsa.PSSOptions); pss {
		return nil, &noPSS{"CryptoAPI"}
	}
	alg, ok := capiHashes[opts.HashFunc()]
	if !ok {
		return nil, fmt.Errorf("CryptoAPI signs no %v", opts.HashFunc())
	}
	h, err := wincrypt.CryptCreateHash(k.container, alg)
	if wincrypt.IsCode(err, windows.NTE_BAD_ALGID) {
		return nil, fmt.Errorf("the key's provider makes no %v signatures: %w", opts.HashFunc(), err)
	}
	if err != nil {
		return nil, err
	}
	defer wincrypt.CryptDestroyHash(h)
	if err := wincrypt.CryptSetHashParam(h, wincrypt.HP_HASHVAL, digest); err != nil {
		return nil, err
	}
	sig, err := wincrypt.CryptSignHash(h, k.link.KeySpec)
	slices.Reverse(sig)
	return sig, err
}

var cngHashes = map[crypto.Hash]string{
	crypto.SHA1: "SHA1", crypto.SHA256: "SHA256", crypto.SHA384: "SHA384", crypto.SHA512: "SHA512", crypto.MD5SHA1: "",
}

// signCNG makes a signature of the kind that opts and the key say.
func signCNG(key wincrypt.Object, public crypto.PublicKey, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		raw, err := wincrypt.NCryptSignHash(key, truncate(digest, public), wincrypt.BCRYPT_PAD_NONE, "", 0)
		if err != nil {
			return nil, err
		}
		n := len(raw) / 2
		return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:n]), new(big.Int).SetBytes(raw[n:])})
	case *rsa.PublicKey:
		alg, ok := cngHashes[opts.HashFunc()]
		if !ok {
			return nil, fmt.Errorf("CNG signs no %v", opts.HashFunc())
		}
		pss, ok := opts.(*rsa.PSSOptions)
		if !ok {
			return wincrypt.NCryptSignHash(key, digest, wincrypt.BCRYPT_PAD_PKCS1, alg, 0)
		}
		salt := pss.SaltLength
		switch salt {
		case rsa.PSSSaltLengthEqualsHash:
			salt = len(digest)
		case rsa.PSSSaltLengthAuto: // as long as fits, RFC 8017 section 9.1.1; the TPM's provider takes the digest's length only
			salt = min(len(digest), (public.N.BitLen()-1+7)/8-2-len(digest))
		}
		if salt < 0 {
			return nil, fmt.Errorf("a key of %d bits is too short for PSS with %v", public.N.BitLen(), opts.HashFunc())
		}
		sig, err := wincrypt.NCryptSignHash(key, digest, wincrypt.BCRYPT_PAD_PSS, alg, salt)
		if wincrypt.IsCode(err, windows.NTE_NOT_SUPPORTED) { // some TPMs and cards
			err = &noPSS{"the key's provider"}
		}
		return sig, err
	}
	return nil, fmt.Errorf("no signatures with %T", public)
}

// prove signs with the key that l leads to and verifies the signature with c.
func (s *windowsStore) prove(c *certificate.Certificate, l *link) error {
	key, err := s.signer(c, l)
	if err != nil {
		return err
	}
	return proveSigner(key)
}
