package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"

	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certificate"
)

// A keychainSigner signs with a private key of a keychain. It looks the key
// up for each signature.
type keychainSigner struct {
	s      *keychainStore
	ctx    context.Context // only its values: a signature is asked for later
	ref    Ref
	c      *certificate.Certificate
	public crypto.PublicKey
}

func (g *keychainSigner) Public() crypto.PublicKey { return g.public }

// Sign implements [crypto.Signer] for PKCS #1 v1.5, PSS and ECDSA. macOS may
// prompt.
func (g *keychainSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	var sig []byte
	err := g.s.during(g.ctx, "sign", g.ref, func(k *openKeychain) (*certificate.Certificate, error) {
		c, err := k.read()
		if err != nil {
			return g.c, err
		}
		key := c.key(g.c)
		if key == nil {
			return g.c, errNoKey
		}
		if err := k.unlock(g.ctx); err != nil {
			return g.c, err
		}
		sig, err = (&keyInUse{k, key.ref, g.public}).Sign(nil, digest, opts)
		return g.c, err
	})
	if err != nil {
		return nil, err
	}
	return sig, nil
}

// A keyInUse is a private key during one operation.
type keyInUse struct {
	k      *openKeychain
	ref    keychain.Ref
	public crypto.PublicKey
}

func (u *keyInUse) Public() crypto.PublicKey { return u.public }

func (u *keyInUse) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	hash := opts.HashFunc()
	if hash != 0 && len(digest) != hash.Size() {
		return nil, fmt.Errorf("the digest has %d octets, not the %d of %v", len(digest), hash.Size(), hash)
	}
	switch public := u.public.(type) {
	case *ecdsa.PublicKey:
		return u.sign(u.k.KSecKeyAlgorithmECDSADigest, truncate(digest, public))
	case *rsa.PublicKey:
		pss, ok := opts.(*rsa.PSSOptions)
		if !ok {
			return u.pkcs1(hash, digest)
		}
		return u.pss(public, pss, digest)
	}
	return nil, &badKey{fmt.Sprintf("no signatures with %T", u.public)}
}

func (u *keyInUse) pkcs1(hash crypto.Hash, digest []byte) ([]byte, error) {
	k := u.k
	algorithm, ok := map[crypto.Hash]keychain.Ref{
		crypto.SHA1: k.KSecKeyAlgorithmPKCS1SHA1, crypto.SHA224: k.KSecKeyAlgorithmPKCS1SHA224, crypto.SHA256: k.KSecKeyAlgorithmPKCS1SHA256,
		crypto.SHA384: k.KSecKeyAlgorithmPKCS1SHA384, crypto.SHA512: k.KSecKeyAlgorithmPKCS1SHA512,
		crypto.MD5SHA1: k.KSecKeyAlgorithmPKCS1Raw, // TLS 1.1 signs them together with nothing before them
	}[hash]
	if !ok {
		return nil, fmt.Errorf("no PKCS #1 v1.5 signature with %v", hash)
	}
	return u.sign(algorithm, digest)
}

// pss signs with the salt length that macOS knows, that of the digest, or
// encodes the digest here where another one is asked for or the key has no
// PSS of its own.
func (u *keyInUse) pss(public *rsa.PublicKey, opts *rsa.PSSOptions, digest []byte) ([]byte, error) {
	k, hash := u.k, opts.HashFunc()
	algorithm, ok := map[crypto.Hash]keychain.Ref{
		crypto.SHA1: k.KSecKeyAlgorithmPSSSHA1, crypto.SHA224: k.KSecKeyAlgorithmPSSSHA224, crypto.SHA256: k.KSecKeyAlgorithmPSSSHA256,
		crypto.SHA384: k.KSecKeyAlgorithmPSSSHA384, crypto.SHA512: k.KSecKeyAlgorithmPSSSHA512,
	}[hash]
	if !ok {
		return nil, fmt.Errorf("no PSS with %v", hash)
	}
	salt := opts.SaltLength
	if salt == rsa.PSSSaltLengthEqualsHash || salt == rsa.PSSSaltLengthAuto { // any length will do for the latter
		salt = hash.Size()
	}
	if salt == hash.Size() && k.SecKeyIsAlgorithmSupported(u.ref, keychain.OperationSign, algorithm) {
		return u.sign(algorithm, digest)
	}
	encoded, err := encodePSS(public, hash, digest, salt)
	if err != nil {
		return nil, err
	}
	if !k.SecKeyIsAlgorithmSupported(u.ref, keychain.OperationSign, k.KSecKeyAlgorithmRSARaw) {
		return nil, &noPSS{"macOS"}
	}
	return u.sign(k.KSecKeyAlgorithmRSARaw, encoded)
}

func (u *keyInUse) sign(algorithm keychain.Ref, data []byte) ([]byte, error) {
	var failure keychain.Ref
	sig := u.k.Own(u.k.SecKeyCreateSignature(u.ref, algorithm, u.k.Data(data), &failure))
	if sig == 0 {
		return nil, u.k.CheckCFError("SecKeyCreateSignature", failure)
	}
	return u.k.Bytes(sig), nil
}

// encodePSS returns the EMSA-PSS encoding of a digest, RFC 8017 section
// 9.1.1, as long as the modulus, with a new salt.
func encodePSS(public *rsa.PublicKey, hash crypto.Hash, digest []byte, saltLength int) ([]byte, error) {
	bits := public.N.BitLen() - 1
	n, h := (bits+7)/8, hash.Size()
	if saltLength < 0 || n < h+saltLength+2 {
		return nil, fmt.Errorf("a key of %d bits is too short for PSS with %v", public.N.BitLen(), hash)
	}
	out := make([]byte, public.Size())
	em := out[len(out)-n:] // one octet shorter where the modulus has 8k+1 bits
	db, sum := em[:n-h-1], em[n-h-1:n-1]
	salt := db[len(db)-saltLength:]
	_, _ = rand.Read(salt) // never fails
	d := hash.New()
	d.Write(make([]byte, 8))
	d.Write(digest)
	d.Write(salt)
	copy(sum, d.Sum(nil))
	db[len(db)-saltLength-1] = 1
	for i, counter := 0, uint32(0); i < len(db); counter++ { // MGF1, appendix B.2.1
		d.Reset()
		d.Write(sum)
		d.Write([]byte{byte(counter >> 24), byte(counter >> 16), byte(counter >> 8), byte(counter)})
		for _, b := range d.Sum(nil) {
			if i < len(db) {
				db[i] ^= b
				i++
			}
		}
	}
	db[0] &= 0xFF >> (8*n - bits)
	em[n-1] = 0xBC
	return out, nil
}

// exportKey returns a private key as PKCS#8 DER. macOS gives keys out in a
// PKCS#12 file; its password is used once. It may prompt.
func (k *openKeychain) exportKey(ctx context.Context, held keychainCertificate, key *keychainKey) ([]byte, error) {
	if key == nil {
		return nil, errNoKey
	}
	if !key.exportable {
		return nil, ErrNotExportable
	}
	if err := k.unlock(ctx); err != nil {
		return nil, err
	}
	password := rand.Text()
	var data keychain.Ref
	err := k.Check("SecItemExport", k.SecItemExport(k.Array(key.ref, held.ref), keychain.FormatPKCS12, 0, &keychain.KeyParameters{Passphrase: k.String(password)}, &data))
	if keychain.IsStatus(err, keychain.ErrDataNotAvailable) {
		return nil, &because{ErrNotExportable, err}
	}
	if err != nil {
		return nil, err
	}
	pfx := k.Bytes(k.Own(data))
	defer clear(pfx)
	pkcs8, err := unlock(pfx, password)
	if err != nil {
		return nil, err
	}
	if _, err := acceptsForKeychain(held.Certificate, My, Item{Key: pkcs8}); err != nil { // does it belong to the certificate?
		clear(pkcs8)
		return nil, err
	}
	return pkcs8, nil
}
