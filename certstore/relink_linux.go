package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

var _ Relinker = (*linuxStore)(nil)

// FindKeys implements [Relinker]. NSS finds the key of a certificate by the
// CKA_ID of both; here the public keys are compared.
func (s *linuxStore) FindKeys(ctx context.Context, loc Location, refs ...Ref) ([]FoundKey, error) {
	var list []FoundKey
	err := s.during(ctx, "relink", Ref{Location: loc}, func(d *database) (*certificate.Certificate, error) {
		err := d.Read(ctx, func(n *nss.Session) (err error) {
			list, err = d.findKeys(n, wanted(loc, refs))
			return err
		})
		if isNotExist(err) {
			err = nil
		}
		return nil, err
	})
	return list, err
}

func (d *database) findKeys(s *nss.Session, refs map[Ref]bool) ([]FoundKey, error) {
	stored, err := keysByValue(s)
	if err != nil || len(stored) == 0 {
		return nil, err
	}
	stores := map[certificate.Fingerprint][]Ref{}
	for r := range refs {
		stores[r.Fingerprint] = append(stores[r.Fingerprint], r)
	}
	found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE))
	if err != nil {
		return nil, err
	}
	var list []FoundKey
	for _, h := range found {
		v, err := s.Values(h, nss.CKA_VALUE, nss.CKA_ID)
		if err != nil { // deleted meanwhile
			continue
		}
		asked := stores[certificate.FingerprintOf(v[0])]
		if len(asked) == 0 {
			continue
		}
		ids := stored[publicValue(certificate.Parse(v[0]))]
		if len(ids) == 0 {
			continue
		}
		id := ids[0]
		if slices.Contains(ids, string(v[1])) {
			id = string(v[1])
		}
		for _, r := range asked {
			list = append(list, FoundKey{r, nssLink(v[1]), nssLink([]byte(id))})
		}
	}
	return list, nil
}

func nssLink(id []byte) KeyLink { return KeyLink{Container: hex.EncodeToString(id)} }

// keysByValue returns the CKA_IDs of the private keys, or in a locked
// database of the public ones that stand for them, by the public value. A
// private key on a curve does not tell its point: that is in its public key,
// and where there is none in the CKA_ID that NSS gives such a key.
func keysByValue(s *nss.Session) (map[string][]string, error) {
	points := map[string]string{} // by CKA_ID
	public, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PUBLIC_KEY))
	if err != nil {
		return nil, err
	}
	for _, h := range public {
		if v, err := s.Values(h, nss.CKA_ID, nss.CKA_EC_POINT); err == nil {
			points[string(v[0])] = string(barePoint(v[1]))
		}
	}
	keys := public
	if !s.Locked {
		if keys, err = s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY)); err != nil {
			return nil, err
		}
	}
	byValue := map[string][]string{}
	for _, h := range keys {
		v, err := s.Values(h, nss.CKA_ID)
		if err != nil || len(v[0]) == 0 {
			continue
		}
		id, value := string(v[0]), ""
		if m, err := s.Values(h, nss.CKA_MODULUS); err == nil && len(m[0]) > 0 {
			value = string(new(big.Int).SetBytes(m[0]).Bytes())
		} else if value = points[id]; value == "" {
			continue
		}
		byValue[value] = append(byValue[value], id)
	}
	for _, ids := range byValue {
		slices.Sort(ids)
	}
	return byValue, nil
}

// barePoint returns the point of CKA_EC_POINT, which PKCS#11 wraps in an OCTET
// STRING and some programs do not.
func barePoint(v []byte) []byte {
	var point []byte
	if rest, err := asn1.Unmarshal(v, &point); err == nil && len(rest) == 0 {
		return point
	}
	return v
}

// publicValue returns the modulus or the point of the key of c, "" for other
// kinds.
func publicValue(c *certificate.Certificate) string {
	public, err := c.PublicKey()
	if err != nil {
		return ""
	}
	return valueOf(public)
}

func valueOf(public crypto.PublicKey) string {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return string(public.N.Bytes())
	case *ecdsa.PublicKey:
		if point, err := public.Bytes(); err == nil {
			return string(point)
		}
	}
	return ""
}

// Relink implements [Relinker].
func (s *linuxStore) Relink(ctx context.Context, ref Ref, from, to KeyLink) error {
	return s.during(ctx, "relink", ref, func(d *database) (*certificate.Certificate, error) {
		c, err := d.lookup(ctx, ref)
		if err != nil {
			return c, err
		}
		set := func(from, to KeyLink) error { return d.setLink(context.WithoutCancel(ctx), c, from, to) }
		return c, relink(from, to, set, func() error { return d.prove(ctx, c) })
	})
}

// Unlink implements [Relinker].
func (s *linuxStore) Unlink(ctx context.Context, ref Ref, from, to KeyLink) error {
	return s.during(ctx, "relink", ref, func(d *database) (*certificate.Certificate, error) {
		c, err := d.lookup(ctx, ref)
		if err != nil {
			return c, err
		}
		return c, d.setLink(ctx, c, from, to)
	})
}

// setLink changes the CKA_ID of a certificate. Those of keys stay: other
// certificates may lead to them.
func (d *database) setLink(ctx context.Context, c *certificate.Certificate, from, to KeyLink) error {
	id, err := hex.DecodeString(to.Container)
	if err != nil {
		return err
	}
	err = d.change(ctx, false, false, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		if !p.found {
			return ErrNotFound
		}
		v, err := s.Values(p.certificate, nss.CKA_ID)
		if err != nil {
			return err
		}
		if nssLink(v[0]) != from {
			return ErrChanged
		}
		return s.Set(p.certificate, nss.Bytes(nss.CKA_ID, id))
	})
	d.Reopen()
	return err
}
