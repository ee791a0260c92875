package certstore

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// Of the machine, State.Trust lists where a certificate is kept, separated by
// spaces: these words for the trust anchors, and the word for the database,
// with the trust it has there.
const (
	inAnchors      = "anchor"       // a file of the administrator
	inDistribution = "distribution" // shipped with the system
	inDatabase     = "nss"
)

func (s *linuxStore) State(ctx context.Context, loc Location, der []byte) (State, error) {
	c := certificate.Parse(der)
	var st State
	err := s.during(ctx, "list", Ref{Location: loc}, func(d *database) (_ *certificate.Certificate, err error) {
		if st, err = d.state(ctx, c); err != nil || loc != Machine {
			return c, err
		}
		own, shipped, err := s.anchors.holds(c)
		st = st.withAnchors(own, shipped)
		return c, err
	})
	return st, err
}

// withAnchors adds to what the machine's database holds what its trust
// anchors hold.
func (st State) withAnchors(own, shipped bool) State {
	var where []string
	if own {
		where = append(where, inAnchors)
	}
	if shipped {
		where = append(where, inDistribution)
	}
	if st.Certificate {
		word := inDatabase
		if st.Trust != "" {
			word += "=" + st.Trust
		}
		where = append(where, word)
	}
	if (own || shipped) && !st.Certificate {
		st.Certificate, st.Store = true, Root
	}
	st.Trust = strings.Join(where, " ")
	return st
}

// withoutAnchors is the reverse of withAnchors.
func (st State) withoutAnchors() (database State, own bool) {
	trust, there := "", false
	for _, word := range strings.Fields(st.Trust) {
		if word == inAnchors {
			own = true
		} else if rest, ok := strings.CutPrefix(word, inDatabase); ok {
			there, trust = true, strings.TrimPrefix(rest, "=")
		}
	}
	st.Certificate, st.Trust = there, trust
	return st, own
}

// state tells what the database holds of c.
func (d *database) state(ctx context.Context, c *certificate.Certificate) (State, error) {
	var st State
	err := d.Read(ctx, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if errors.Is(err, ErrNotPossible) { // another one stands there
			st, err = State{}, nil
			return err
		}
		if err != nil {
			return err
		}
		st = State{
			Certificate: p.found,
			Key:         p.hasKey(),
			KeyShared:   p.shared,
			Exportable:  p.exportable,
			Trust:       p.trust().String(),
		}
		if p.found {
			st.Store, st.FriendlyName = p.store(c), p.label
		}
		return nil
	})
	if isNotExist(err) {
		return State{}, nil
	}
	return st, err
}

func (s *linuxStore) Restore(ctx context.Context, loc Location, der []byte, st State) error {
	c := certificate.Parse(der)
	return s.during(ctx, "restore", Ref{Location: loc, Store: st.Store}, func(d *database) (*certificate.Certificate, error) {
		if loc != Machine {
			return c, d.restore(ctx, c, st)
		}
		database, own := st.withoutAnchors()
		is, _, err := s.anchors.holds(c)
		switch {
		case err != nil:
		case is && !own:
			err = s.anchors.remove(ctx, c)
		case own && !is:
			err = s.anchors.put(ctx, c)
		}
		return c, errors.Join(err, d.restore(ctx, c, database))
	})
}

// restore makes what the database holds of c equal to st, except that it adds
// no key.
func (d *database) restore(ctx context.Context, c *certificate.Certificate, st State) error {
	is, err := d.state(ctx, c)
	if err != nil {
		return err
	}
	goal, err := parseTrust(st.Trust)
	if err != nil {
		return err
	}
	orphans := false
	err = d.Read(ctx, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err == nil {
			orphans = !st.Key && !p.shared && len(p.private)+len(p.public) > 0
		}
		if errors.Is(err, ErrNotPossible) {
			return nil
		}
		return err
	})
	if err != nil && !isNotExist(err) {
		return err
	}
	gone := st.Key && !is.Key
	retrust := is.Trust != st.Trust
	if orphans || retrust || is.Certificate != st.Certificate || st.Certificate && is.FriendlyName != st.FriendlyName {
		err = d.change(ctx, orphans || retrust, st.Certificate, func(s *nss.Session) error {
			p, err := d.pieces(s, c)
			if err != nil {
				return err
			}
			if !st.Certificate {
				return d.destroy(s, c, p, !st.Key && !p.shared, true)
			}
			if err := d.destroy(s, c, p, !st.Key && !p.shared, false); err != nil {
				return err
			}
			return d.restoreCertificate(s, c, p, st.FriendlyName, goal)
		})
		if err == nil {
			err = d.arrived(ctx, c, func(now State) bool {
				return now.Certificate == st.Certificate && now.Trust == st.Trust && (st.Key || !now.Key || now.KeyShared)
			})
		}
		if err != nil {
			return err
		}
	}
	if gone {
		return &because{ErrNotFound, errors.New("the private key is gone and cannot be given back")}
	}
	return nil
}

// arrived reads c again after a change and asks ok whether it is there.
// Softoken reports success even when the disk had no room for the change.
func (d *database) arrived(ctx context.Context, c *certificate.Certificate, ok func(State) bool) error {
	now, err := d.state(ctx, c)
	if err == nil && !ok(now) {
		err = errors.New("the database is as it was before the change")
		if d.full() {
			err = &because{syscall.ENOSPC, err}
		}
	}
	return err
}

// restoreCertificate gives c back its place, name and trust.
func (d *database) restoreCertificate(s *nss.Session, c *certificate.Certificate, p *pieces, label string, t trust) error {
	if !p.found {
		label, err := d.label(s, c, p, label)
		if err != nil {
			return err
		}
		if _, err := s.Create(certificateObject(c, label)...); err != nil {
			return err
		}
	} else if label != "" && p.label != label {
		if err := s.Set(p.certificate, nss.Text(nss.CKA_LABEL, label)); err != nil {
			if nss.IsCode(err, nss.CKR_ATTRIBUTE_VALUE_INVALID) {
				err = &because{ErrNameInUse, err}
			}
			return err
		}
	}
	if p.trust() == t {
		return nil
	}
	return setTrust(s, c, p.trusts, t)
}

// restoreTrust gives c the trust that State.Trust spells.
func (d *database) restoreTrust(ctx context.Context, c *certificate.Certificate, words string) error {
	t, err := parseTrust(words)
	if err != nil {
		return err
	}
	err = d.change(ctx, true, false, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		return setTrust(s, c, p.trusts, t)
	})
	if err == nil {
		err = d.arrived(ctx, c, func(now State) bool { return now.Trust == words })
	}
	return err
}
