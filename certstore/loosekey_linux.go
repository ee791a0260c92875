package certstore

import (
	"cmp"
	"context"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

var _ KeyLister = (*linuxStore)(nil)

// LooseKeys implements [KeyLister].
func (s *linuxStore) LooseKeys(ctx context.Context, loc Location) ([]LooseKey, error) {
	var keys []LooseKey
	err := s.during(ctx, "list", Ref{Location: loc}, func(d *database) (*certificate.Certificate, error) {
		err := d.Read(ctx, func(n *nss.Session) (err error) {
			keys, err = d.looseKeys(n)
			return err
		})
		if isNotExist(err) {
			err = nil
		}
		return nil, err
	})
	return keys, err
}

func (d *database) looseKeys(s *nss.Session) ([]LooseKey, error) {
	found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE))
	if err != nil {
		return nil, err
	}
	ids, err := keysByValue(s) // a certificate may have lost the link to its key
	if err != nil {
		return nil, err
	}
	used := make(map[string]bool, 2*len(found))
	for _, h := range found {
		if v, err := s.Values(h, nss.CKA_VALUE, nss.CKA_ID); err == nil { // else deleted meanwhile
			used[string(v[1])] = true
			c := certificate.Parse(v[0])
			used[string(c.KeyID())] = true
			for _, id := range ids[publicValue(c)] {
				used[id] = true
			}
		}
	}
	class := uint(nss.CKO_PRIVATE_KEY)
	if s.Locked {
		class = nss.CKO_PUBLIC_KEY
	}
	found, err = s.Find(nss.Ulong(nss.CKA_CLASS, class))
	if err != nil {
		return nil, err
	}
	var keys []LooseKey
	seen := map[string]bool{}
	for _, h := range found {
		v, err := s.Values(h, nss.CKA_ID, nss.CKA_KEY_TYPE)
		if err != nil || used[string(v[0])] || seen[string(v[0])] {
			continue
		}
		seen[string(v[0])] = true
		k := LooseKey{Location: d.loc, ID: hex.EncodeToString(v[0]), Algorithm: algorithmOf(s, h, v[1]), Locked: s.Locked, Path: d.Dir}
		k.Remove = "certutil -F -k " + k.ID + " -d sql:" + d.Dir
		if label, err := s.Values(h, nss.CKA_LABEL); err == nil {
			k.Name = string(label[0])
		}
		k.Request = madeForRequest(k.Name)
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b LooseKey) int { return cmp.Compare(a.ID, b.ID) })
	return keys, nil
}

// algorithmOf names the algorithm of a key object as
// [certificate.Certificate.KeyType] does.
func algorithmOf(s *nss.Session, h nss.Handle, keyType []byte) string {
	switch t, _ := nss.ParseUlong(keyType); t {
	case nss.CKK_RSA:
		if v, err := s.Values(h, nss.CKA_MODULUS); err == nil {
			return fmt.Sprintf("RSA %d", new(big.Int).SetBytes(v[0]).BitLen())
		}
		return "RSA"
	case nss.CKK_EC:
		if v, err := s.Values(h, nss.CKA_EC_PARAMS); err == nil {
			for name, c := range curves {
				if der, err := asn1.Marshal(c.oid); err == nil && string(der) == string(v[0]) {
					return "EC " + name
				}
			}
		}
		return "EC"
	}
	return ""
}
