package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// A signer signs with a private key inside the database. It looks the key up
// for each signature, as handles die when the database is opened again.
type signer struct {
	d      *database
	ctx    context.Context // only its values: a signature is asked for later
	id     []byte          // CKA_ID
	public crypto.PublicKey
	op     func(error) error
}

// signer returns the private key of c.
func (d *database) signer(ctx context.Context, c *certificate.Certificate) (crypto.Signer, error) {
	public, err := c.PublicKey()
	if err != nil {
		return nil, &badKey{"the certificate's public key cannot be read: " + err.Error()}
	}
	var id []byte
	err = d.ReadKeys(ctx, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		if len(p.private) == 0 {
			return &because{ErrNotFound, errors.New("there is no private key")}
		}
		v, err := s.Values(p.private[0], nss.CKA_KEY_TYPE)
		if err != nil {
			return err
		}
		if !usable(s, p.private[0], v[0]) {
			return &badKey{fmt.Sprintf("softoken cannot use a key of type %s", c.KeyType())}
		}
		id = p.id
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &signer{d: d, ctx: context.WithoutCancel(ctx), id: id, public: public,
		op: func(err error) error { return d.fail("sign", My, c, err) }}, nil
}

func (k *signer) Public() crypto.PublicKey { return k.public }

// Sign implements [crypto.Signer] for PKCS #1 v1.5, PSS and ECDSA. It may
// prompt if the database was locked meanwhile.
func (k *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if h := opts.HashFunc(); h != 0 && len(digest) != h.Size() {
		return nil, k.op(fmt.Errorf("the digest has %d octets, not the %d of %v", len(digest), h.Size(), h))
	}
	var sig []byte
	err := k.d.ReadKeys(k.ctx, func(s *nss.Session) error {
		found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY), nss.Bytes(nss.CKA_ID, k.id))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &because{ErrNotFound, errors.New("there is no private key any more")}
		}
		sig, err = k.sign(s, found[0], digest, opts)
		return err
	})
	if err != nil {
		return nil, k.op(err)
	}
	return sig, nil
}

func (k *signer) sign(s *nss.Session, key nss.Handle, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		raw, err := s.Sign(nss.CKM_ECDSA, nil, key, truncate(digest, public))
		if err != nil {
			return nil, err
		}
		n := len(raw) / 2
		return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:n]), new(big.Int).SetBytes(raw[n:])})
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			h, ok := pssHashes[pss.HashFunc()]
			if !ok {
				return nil, fmt.Errorf("no PSS with %v", pss.HashFunc())
			}
			salt := pss.SaltLength
			switch salt {
			case rsa.PSSSaltLengthEqualsHash:
				salt = pss.Hash.Size()
			case rsa.PSSSaltLengthAuto: // as long as fits, RFC 8017 section 9.1.1
				salt = (public.N.BitLen()-1+7)/8 - 2 - pss.Hash.Size()
			}
			if salt < 0 {
				return nil, fmt.Errorf("a key of %d bits is too short for PSS with %v", public.N.BitLen(), pss.Hash)
			}
			return s.Sign(nss.CKM_RSA_PKCS_PSS, nss.PSSParams(h.hash, h.mgf, uint(salt)), key, digest)
		}
		prefix, ok := digestInfo[opts.HashFunc()]
		if !ok {
			return nil, fmt.Errorf("no PKCS #1 v1.5 signature with %v", opts.HashFunc())
		}
		return s.Sign(nss.CKM_RSA_PKCS, nil, key, append(append([]byte{}, prefix...), digest...))
	}
	return nil, fmt.Errorf("no signatures with %T", k.public)
}

var pssHashes = map[crypto.Hash]struct{ hash, mgf uint }{
	crypto.SHA1:   {nss.CKM_SHA_1, nss.CKG_MGF1_SHA1},
	crypto.SHA224: {nss.CKM_SHA224, nss.CKG_MGF1_SHA224},
	crypto.SHA256: {nss.CKM_SHA256, nss.CKG_MGF1_SHA256},
	crypto.SHA384: {nss.CKM_SHA384, nss.CKG_MGF1_SHA384},
	crypto.SHA512: {nss.CKM_SHA512, nss.CKG_MGF1_SHA512},
}

// digestInfo holds what stands before the digest, RFC 8017 section 9.2 note 1.
// TLS 1.1 signs MD5 and SHA-1 together with nothing before them.
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA1:    {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	crypto.SHA224:  {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1c},
	crypto.SHA256:  {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384:  {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512:  {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
	crypto.MD5SHA1: {},
}

// prove signs with the key of c, read afresh from the files, and verifies the
// signature with the certificate. That finds keys of unknown curves, wrong
// values, and keys encrypted with a password that is not the present one.
func (d *database) prove(ctx context.Context, c *certificate.Certificate) error {
	d.Reopen()
	key, err := d.signer(ctx, c)
	if err != nil {
		return err
	}
	return proveSigner(key)
}

// usable reports whether softoken can sign with a private key: it stores keys
// of types and curves that it does not know.
func usable(s *nss.Session, h nss.Handle, keyType []byte) bool {
	if isRSA(keyType) {
		return true
	}
	v, err := s.Values(h, nss.CKA_EC_PARAMS)
	return err == nil && knownCurve(v[0])
}

// isRSA reports whether a key type (CKA_KEY_TYPE) is RSA.
func isRSA(keyType []byte) bool {
	t, ok := nss.ParseUlong(keyType)
	return ok && t == nss.CKK_RSA
}
