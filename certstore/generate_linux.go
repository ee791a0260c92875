package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

var _ KeyGenerator = (*linuxStore)(nil)

// CanGenerate implements [KeyGenerator].
func (s *linuxStore) CanGenerate(ctx context.Context, r KeyRequest) error {
	return s.during(ctx, "generate", Ref{Location: r.Location, Store: My}, func(d *database) (*certificate.Certificate, error) {
		_, err := d.canGenerate(r)
		return nil, err
	})
}

func (d *database) canGenerate(r KeyRequest) (label string, err error) {
	if err := knownAlgorithm(r.Algorithm); err != nil {
		return "", err
	}
	if label, err = containerFor(r); err != nil {
		return "", err
	}
	lib, err := d.Library()
	if err != nil {
		return "", err
	}
	mechanism := uint(nss.CKM_RSA_PKCS_KEY_PAIR_GEN)
	if r.Algorithm.curve() != "" {
		mechanism = nss.CKM_EC_KEY_PAIR_GEN
	}
	if !lib.Mechanisms[mechanism] {
		return "", &impossible{"NSS " + lib.Version + " makes no " + string(r.Algorithm) + " keys", "Choose another kind of key."}
	}
	return label, d.readOnly()
}

// Generate implements [KeyGenerator]: the pair is made inside softoken, as
// two objects of the database with the label that Container names.
func (s *linuxStore) Generate(ctx context.Context, r KeyRequest) (PendingKey, error) {
	p := PendingKey{Location: r.Location, Algorithm: r.Algorithm}
	err := s.during(ctx, "generate", Ref{Location: r.Location, Store: My}, func(d *database) (_ *certificate.Certificate, err error) {
		if p.Container, err = d.canGenerate(r); err != nil {
			return nil, err
		}
		if err = d.generate(ctx, &p, r.Exportable); err != nil {
			return nil, err
		}
		d.Reopen()
		key, err := d.pending(ctx, p)
		if err == nil {
			err = proveSigner(key)
		}
		if err != nil {
			err = errors.Join(err, d.discard(context.WithoutCancel(ctx), p))
		}
		return nil, err
	})
	if err != nil {
		return PendingKey{}, err
	}
	return p, nil
}

func (d *database) generate(ctx context.Context, p *PendingKey, exportable bool) error {
	mechanism, public, private, err := templates(p.Algorithm, p.Container, exportable)
	if err != nil {
		return err
	}
	return d.change(ctx, true, true, func(s *nss.Session) (err error) {
		there, err := s.Find(nss.Text(nss.CKA_LABEL, p.Container))
		if err != nil {
			return err
		}
		if len(there) > 0 {
			return ErrExists
		}
		pub, priv, err := s.GenerateKeyPair(mechanism, public, private)
		if err != nil {
			return err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, s.Destroy(priv), s.Destroy(pub))
			}
		}()
		if p.PublicKey, err = publicKeyInfo(s, pub, p.Algorithm); err != nil {
			return err
		}
		// What joins them to their certificate is known only now.
		id := nss.Bytes(nss.CKA_ID, certificate.KeyIDOf(p.PublicKey))
		if err = s.Set(pub, id); err == nil {
			err = s.Set(priv, id)
		}
		return err
	})
}

// templates returns what C_GenerateKeyPair is asked for.
func templates(a KeyAlgorithm, label string, exportable bool) (mechanism uint, public, private []nss.Attribute, err error) {
	public = []nss.Attribute{
		nss.Bool(nss.CKA_TOKEN, true), nss.Bool(nss.CKA_PRIVATE, false), nss.Bool(nss.CKA_VERIFY, true), nss.Text(nss.CKA_LABEL, label),
	}
	private = []nss.Attribute{
		nss.Bool(nss.CKA_TOKEN, true), nss.Bool(nss.CKA_PRIVATE, true), nss.Bool(nss.CKA_SENSITIVE, true),
		nss.Bool(nss.CKA_EXTRACTABLE, exportable), nss.Bool(nss.CKA_SIGN, true), nss.Text(nss.CKA_LABEL, label),
	}
	if name := a.curve(); name != "" {
		params, err := asn1.Marshal(curves[name].oid)
		return nss.CKM_EC_KEY_PAIR_GEN, append(public, nss.Bytes(nss.CKA_EC_PARAMS, params)), append(private, nss.Bool(nss.CKA_DERIVE, true)), err
	}
	public = append(public, nss.Ulong(nss.CKA_MODULUS_BITS, uint(a.bits())), nss.Bytes(nss.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
		nss.Bool(nss.CKA_ENCRYPT, true), nss.Bool(nss.CKA_WRAP, true))
	private = append(private, nss.Bool(nss.CKA_DECRYPT, true), nss.Bool(nss.CKA_UNWRAP, true), nss.Bool(nss.CKA_SIGN_RECOVER, true))
	return nss.CKM_RSA_PKCS_KEY_PAIR_GEN, public, private, nil
}

// publicKeyInfo returns the SubjectPublicKeyInfo of a public key object.
func publicKeyInfo(s *nss.Session, pub nss.Handle, a KeyAlgorithm) ([]byte, error) {
	name := a.curve()
	if name == "" {
		v, err := s.Values(pub, nss.CKA_MODULUS, nss.CKA_PUBLIC_EXPONENT)
		if err != nil {
			return nil, err
		}
		return x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(v[0]), E: int(new(big.Int).SetBytes(v[1]).Int64())})
	}
	v, err := s.Values(pub, nss.CKA_EC_POINT)
	if err != nil {
		return nil, err
	}
	point := v[0] // bare, or in a DER OCTET STRING: versions of NSS differ
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
		point = inner
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curves[name].curve, point)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(key)
}

// Pending implements [KeyGenerator].
func (s *linuxStore) Pending(ctx context.Context, p PendingKey) (crypto.Signer, error) {
	var key crypto.Signer
	err := s.during(ctx, "sign", Ref{Location: p.Location, Store: My}, func(d *database) (_ *certificate.Certificate, err error) {
		key, err = d.pending(ctx, p)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (d *database) pending(ctx context.Context, p PendingKey) (crypto.Signer, error) {
	public, err := p.public()
	if err != nil {
		return nil, err
	}
	id := certificate.KeyIDOf(p.PublicKey)
	err = d.ReadKeys(ctx, func(s *nss.Session) error {
		found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY), nss.Bytes(nss.CKA_ID, id))
		if err == nil && len(found) == 0 {
			err = errKeyGone
		}
		return err
	})
	if isNotExist(err) {
		err = errKeyGone
	}
	if err != nil {
		return nil, err
	}
	return &signer{d: d, ctx: context.WithoutCancel(ctx), id: id, public: public,
		op: func(err error) error { return d.fail("sign", My, nil, err) }}, nil
}

// Complete implements [KeyGenerator]. The certificate and the key have the
// same CKA_ID, which is all that joins them.
func (s *linuxStore) Complete(ctx context.Context, p PendingKey, a Answer) error {
	ref := Ref{Location: p.Location, Store: My}
	return a.complete(ctx, p, s, func(c *certificate.Certificate, err error) error {
		return s.fail("complete", ref, c, err)
	}, func(c *certificate.Certificate) error {
		err := s.Put(ctx, p.Location, My, Item{DER: a.DER, FriendlyName: a.FriendlyName})
		if err != nil && !errors.Is(err, ErrExists) {
			return err
		}
		return s.during(ctx, "complete", ref, func(d *database) (*certificate.Certificate, error) {
			_ = d.nameKey(ctx, c) // certutil -K shows it; nothing depends on it
			return c, nil
		})
	})
}

// nameKey gives the key of c the label of the certificate.
func (d *database) nameKey(ctx context.Context, c *certificate.Certificate) error {
	return d.change(ctx, true, false, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		for _, h := range append(p.private, p.public...) {
			if err := s.Set(h, nss.Text(nss.CKA_LABEL, p.label)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Discard implements [KeyGenerator].
func (s *linuxStore) Discard(ctx context.Context, p PendingKey) error {
	return s.during(ctx, "discard", Ref{Location: p.Location, Store: My}, func(d *database) (*certificate.Certificate, error) {
		return nil, d.discard(ctx, p)
	})
}

// discard destroys both halves: what has the label, and with the public key
// known what has its CKA_ID.
func (d *database) discard(ctx context.Context, p PendingKey) error {
	there, err := d.Exists()
	if err != nil || !there {
		return err
	}
	return d.change(ctx, true, false, func(s *nss.Session) error {
		seen := map[nss.Handle]bool{}
		for _, class := range []uint{nss.CKO_PRIVATE_KEY, nss.CKO_PUBLIC_KEY} {
			found, err := s.Find(nss.Ulong(nss.CKA_CLASS, class), nss.Text(nss.CKA_LABEL, p.Container))
			if err != nil {
				return err
			}
			if id := certificate.KeyIDOf(p.PublicKey); len(id) > 0 {
				more, err := s.Find(nss.Ulong(nss.CKA_CLASS, class), nss.Bytes(nss.CKA_ID, id))
				if err != nil {
					return err
				}
				found = append(found, more...)
			}
			for _, h := range found {
				if seen[h] {
					continue
				}
				seen[h] = true
				if err := destroyUnused(s, h); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// destroyUnused destroys a key unless a certificate uses it.
func destroyUnused(s *nss.Session, key nss.Handle) error {
	v, err := s.Values(key, nss.CKA_ID)
	if err != nil {
		return err
	}
	if len(v[0]) > 0 {
		users, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), nss.Bytes(nss.CKA_ID, v[0]))
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return inUse
		}
	}
	return s.Destroy(key)
}
