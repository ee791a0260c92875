package certstore

import (
	"context"
	"errors"
	"io/fs"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Move changes the trust of a certificate where source and target are derived
// from one database, and otherwise copies, proves the copy and deletes.
func (s *linuxStore) Move(ctx context.Context, ref Ref, loc Location, name Name) error {
	return s.during(ctx, "move", ref, func(from *database) (*certificate.Certificate, error) {
		to, err := s.database(loc)
		if err != nil {
			return nil, err
		}
		c, anchored, err := s.locate(ctx, from, ref)
		if err != nil {
			return c, err
		}
		if ref.Location == loc && ref.Store == name {
			return c, ErrExists
		}
		if err := movable(ref.Store, name, c); err != nil {
			return c, err
		}
		toAnchors := loc == Machine && name == Root
		if anchored {
			if err := s.anchors.removable(c); err != nil {
				return c, err
			}
		}
		if ref.Location == loc && !anchored && !toAnchors {
			return c, from.retrust(ctx, c, name)
		}
		if !anchored { // what cannot be taken away there is not to be copied here
			if err := from.readOnly(); err != nil {
				return c, err
			}
		}
		if toAnchors {
			err = s.anchors.put(ctx, c)
		} else {
			err = s.copy(ctx, from, to, c, name, anchored)
		}
		if err != nil && !errors.Is(err, ErrExists) {
			return c, err
		}
		if anchored {
			return c, s.anchors.remove(ctx, c)
		}
		return c, from.remove(ctx, c, DeleteAll)
	})
}

// locate finds the certificate of ref; anchored tells that it is a trust
// anchor of the system.
func (s *linuxStore) locate(ctx context.Context, d *database, ref Ref) (c *certificate.Certificate, anchored bool, err error) {
	if ref.Location == Machine && ref.Store == Root {
		if c, anchored, err = s.anchors.find(ref.Fingerprint); anchored || err != nil {
			return c, anchored, err
		}
	}
	c, err = d.lookup(ctx, ref)
	return c, false, err
}

// copy puts c into another database with its key and properties, and proves
// that it arrived.
func (s *linuxStore) copy(ctx context.Context, from, to *database, c *certificate.Certificate, name Name, anchored bool) error {
	item := Item{DER: c.Raw}
	var state State
	if !anchored {
		var err error
		if state, err = from.state(ctx, c); err != nil {
			return err
		}
		item.FriendlyName = state.FriendlyName
	}
	if name == My {
		if err := to.readOnly(); err != nil { // before the key is taken out
			return err
		}
		key, err := from.exportKey(ctx, c)
		if err != nil {
			return err
		}
		defer clear(key)
		item.Key, item.Exportable = key, state.Exportable
	}
	if err := to.put(ctx, c, name, item); err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	if name == My {
		if state.Trust != "" { // a CA with its key may be trusted as well
			if err := to.restoreTrust(ctx, c, state.Trust); err != nil {
				return err
			}
		}
		return to.prove(ctx, c)
	}
	arrived, err := to.state(ctx, c)
	if err == nil && !arrived.Certificate {
		err = errors.New("the copy is not there")
	}
	return err
}

// retrust gives c the trust that the store name means.
func (d *database) retrust(ctx context.Context, c *certificate.Certificate, name Name) error {
	err := d.change(ctx, true, false, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		if !p.found {
			return ErrNotFound
		}
		return setTrust(s, c, p.trusts, trustOf(name))
	})
	if err == nil {
		err = d.arrived(ctx, c, func(now State) bool { return now.Trust == trustOf(name).String() })
	}
	return err
}

// remove deletes c and its trust, and its key unless mode keeps it or another
// certificate uses it. The certificate goes last, so that a crash leaves
// something to see.
func (d *database) remove(ctx context.Context, c *certificate.Certificate, mode DeleteMode) error {
	var p *pieces
	err := d.Read(ctx, func(s *nss.Session) (err error) {
		p, err = d.pieces(s, c)
		return err
	})
	if err != nil {
		return err
	}
	// A locked database deletes certificates without its password, but
	// neither keys, which it hides, nor trust, which it signs.
	keys := len(p.trusts) > 0 || mode == DeleteAll && p.hasKey() && !p.shared
	err = d.change(ctx, keys, false, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		if !p.found {
			return ErrNotFound
		}
		return d.destroy(s, c, p, mode == DeleteAll && !p.shared, true)
	})
	if err == nil {
		err = d.arrived(ctx, c, func(now State) bool {
			return !now.Certificate && (mode != DeleteAll || !now.Key || now.KeyShared)
		})
	}
	return err
}

// destroy deletes objects of c: its keys, and certificate and trust.
func (d *database) destroy(s *nss.Session, c *certificate.Certificate, p *pieces, keys, certificate bool) error {
	if keys {
		for _, h := range append(p.private, p.public...) {
			if err := s.Destroy(h); err != nil {
				return err
			}
		}
	}
	if !certificate {
		return nil
	}
	if err := setTrust(s, c, p.trusts, trust{}); err != nil {
		return err
	}
	if !p.found {
		return nil
	}
	return s.Destroy(p.certificate)
}

// exportKey returns the private key of c as PKCS#8 DER. Softoken would hand
// out one that is marked not extractable too; the mark is kept here.
func (d *database) exportKey(ctx context.Context, c *certificate.Certificate) (key []byte, err error) {
	err = d.ReadKeys(ctx, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		if len(p.private) == 0 {
			return &because{ErrNotFound, errors.New("there is no private key")}
		}
		if !p.exportable {
			return ErrNotExportable
		}
		key, err = extractKey(s, p.private[0])
		return err
	})
	if err != nil {
		return nil, err
	}
	lib, err := d.Library()
	if err != nil {
		return nil, err
	}
	pair, err := newKeyPair(c, key, lib, true) // does it belong to the certificate?
	if err != nil {
		clear(key)
		return nil, err
	}
	pair.wipe()
	return key, nil
}

// rename gives all certificates of the subject, and their keys, a nickname.
func (d *database) rename(ctx context.Context, c *certificate.Certificate, name string) error {
	name = cleanLabel(name)
	if name == "" {
		name = defaultLabel(c)
	}
	keys := false
	err := d.Read(ctx, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		keys = err == nil && p.hasKey() && !s.Locked // the key's label is not worth a password
		return err
	})
	if err != nil {
		return err
	}
	return d.change(ctx, keys, false, func(s *nss.Session) error {
		free, err := labelFree(s, c, name)
		if err != nil {
			return err
		}
		if !free {
			return ErrNameInUse
		}
		same, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), nss.Bytes(nss.CKA_SUBJECT, c.RawSubject))
		if err != nil {
			return err
		}
		for _, h := range same {
			if err := s.Set(h, nss.Text(nss.CKA_LABEL, name)); err != nil {
				return err
			}
		}
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		for _, h := range p.private {
			if err := s.Set(h, nss.Text(nss.CKA_LABEL, name)); err != nil {
				return err
			}
		}
		return nil
	})
}
