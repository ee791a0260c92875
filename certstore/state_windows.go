package certstore

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"certdesk/internal/certificate"
)

// rank orders the stores for State.Store: the one that says most about a
// certificate that stands in several.
var rank = []Name{My, Disallowed, Root, TrustedPeople, CA, People}

func primary(there []held) held {
	best := there[0]
	for _, e := range there[1:] {
		if place(e.store.name) < place(best.store.name) {
			best = e
		}
	}
	return best
}

func place(n Name) int {
	if i := slices.Index(rank, n); i >= 0 {
		return i
	}
	return len(rank)
}

// State tells where a location has the certificate. State.Trust lists the
// stores when there are several.
func (s *windowsStore) State(ctx context.Context, loc Location, der []byte) (State, error) {
	c := certificate.Parse(der)
	var st State
	err := s.during(ctx, "list", Ref{Location: loc}, func() (_ *certificate.Certificate, err error) {
		st, err = s.state(loc, c)
		return c, err
	})
	return st, err
}

func (s *windowsStore) state(loc Location, c *certificate.Certificate) (State, error) {
	all, err := s.all(loc)
	if err != nil {
		return State{}, err
	}
	var st State
	var there []held
	for _, e := range all {
		switch {
		case e.Fingerprint() == c.Fingerprint():
			there = append(there, e)
		case e.link != nil && len(c.RawSubjectPublicKeyInfo) > 0 && bytes.Equal(e.RawSubjectPublicKeyInfo, c.RawSubjectPublicKeyInfo):
			st.KeyShared = true
		}
	}
	if len(there) > 0 {
		e := primary(there)
		st.Certificate, st.Store, st.FriendlyName = true, e.store.name, e.friendlyName
		if len(there) > 1 {
			var names []string
			for _, e := range there {
				names = append(names, string(e.store.name))
			}
			st.Trust = strings.Join(names, " ")
		}
	}
	l := s.presentLink(there, -1)
	if l == nil {
		used, err := s.references()
		if err != nil {
			return State{}, err
		}
		if left := append(s.orphans(loc, c, used), s.keptOfRequest(loc, c, used)...); len(left) > 0 {
			l = left[0]
		}
	}
	if l != nil {
		st.Key = true
		_, st.Exportable = s.inspect(l)
	}
	return st, nil
}

// Restore puts the certificate into the stores that st names and takes it out
// of the others of its location.
func (s *windowsStore) Restore(ctx context.Context, loc Location, der []byte, st State) error {
	c := certificate.Parse(der)
	return s.during(ctx, "restore", Ref{Location: loc, Store: st.Store}, func() (*certificate.Certificate, error) {
		is, err := s.state(loc, c)
		if err != nil {
			return c, err
		}
		if is != st && (is.Certificate || is.Key || st.Certificate) { // else there is nothing to do, whatever one may
			if err := s.readOnly(loc); err != nil {
				return c, err
			}
		}
		return c, s.restore(loc, c, st)
	})
}

func (s *windowsStore) restore(loc Location, c *certificate.Certificate, st State) error {
	there, err := s.holdings(loc, c)
	if err != nil {
		return err
	}
	var l *link
	if st.Key {
		if l = s.presentLink(there, -1); l == nil {
			if l, err = s.orphan(loc, c); err != nil {
				return err
			}
		}
	}
	names := strings.Fields(st.Trust)
	if st.Certificate && len(names) == 0 {
		names = []string{string(st.Store)}
	}
	for _, n := range names {
		if err := s.restoreEntry(loc, Name(n), c, st, there, l); err != nil {
			return err
		}
	}
	var keys []*link
	for _, e := range there {
		if e.link != nil && !s.requested(e.link) {
			keys = append(keys, e.link)
		}
		if !slices.Contains(names, string(e.store.name)) {
			if err := e.store.remove(c.Fingerprint()); err != nil {
				return err
			}
		}
	}
	if !st.Key {
		return s.removeKeys(loc, c, keys)
	}
	if !st.Certificate { // a key without a certificate was there before: an import may have brought another container
		if err := s.removeSpare(loc, c, keys); err != nil {
			return err
		}
	}
	if l == nil {
		return &because{ErrNotFound, errors.New("the private key is gone and cannot be given back")}
	}
	return nil
}

// requested reports whether the key that l leads to was made for a request,
// which waits for its certificate again once that is taken back: such a key
// goes with Delete and Discard only.
func (s *windowsStore) requested(l *link) bool {
	return madeForRequest(strings.TrimPrefix(l.Container, s.prefix))
}

// restoreEntry makes the store name hold c, with the key that l leads to, as
// far as it had one.
func (s *windowsStore) restoreEntry(loc Location, name Name, c *certificate.Certificate, st State, there []held, l *link) error {
	y, err := s.systemStore(loc, name)
	if err != nil {
		return err
	}
	p := properties{link: l}
	if name == st.Store {
		p.friendlyName = &st.FriendlyName
	}
	if i := slices.IndexFunc(there, func(e held) bool { return e.store == y }); i >= 0 {
		e := there[i]
		if name != st.Store && st.Key {
			p.link = e.link
		}
		same := p.friendlyName == nil || *p.friendlyName == e.friendlyName
		if same && (p.link == nil) == (e.link == nil) && (p.link == nil || sameKey(p.link, e.link)) {
			return nil
		}
		return y.add(c, nil, p)
	}
	if len(there) > 0 {
		from := primary(there).store
		return y.add(c, &from, p)
	}
	return y.add(c, nil, p)
}

// removeSpare deletes those of the keys that no certificate uses any more, if
// another container holds the key of c as well.
func (s *windowsStore) removeSpare(loc Location, c *certificate.Certificate, linked []*link) error {
	used, err := s.references()
	if err != nil {
		return err
	}
	for _, l := range linked {
		other := func(o *link) bool { return !sameKey(o, l) && s.prove(c, o) == nil }
		if !uses(used, l) && inSoftware(l) && slices.ContainsFunc(s.orphans(loc, c, used), other) {
			err = errors.Join(err, deleteKey(l))
		}
	}
	return err
}

// removeKeys deletes the keys of c that no certificate uses: those it was
// linked to, and those that an import left.
func (s *windowsStore) removeKeys(loc Location, c *certificate.Certificate, linked []*link) error {
	used, err := s.references()
	if err != nil {
		return err
	}
	for _, l := range append(linked, s.orphans(loc, c, used)...) {
		if !uses(used, l) && inSoftware(l) {
			err = errors.Join(err, deleteKey(l))
		}
	}
	return err
}
