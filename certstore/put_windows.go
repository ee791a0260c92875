package certstore

import (
	"context"
	"errors"
	"slices"

	"certdesk/internal/certificate"
)

// fits reports why the store name cannot hold c, or nil. The stores that only
// Windows has hold what they are given, keys included.
func fits(name Name, c *certificate.Certificate, key bool) error {
	if _, ok := windowsName(name); !ok {
		return nil
	}
	return holds(name, c, key)
}

// windowsName returns Windows' name of a standard store.
func windowsName(name Name) (string, bool) {
	for _, n := range standard {
		if n.name == name {
			return n.windows, true
		}
	}
	return "", false
}

// completed reports whether a certificate that comes into the store to has no
// more business in the store from: it is completed there, not doubled.
func completed(from, to Name) bool {
	switch from {
	case People:
		return to == My || to == TrustedPeople
	case CA:
		return to == Root
	}
	return false
}

func (s *windowsStore) Put(ctx context.Context, loc Location, name Name, item Item) error {
	return s.during(ctx, "put", Ref{Location: loc, Store: name}, func() (*certificate.Certificate, error) {
		c := certificate.Parse(item.DER)
		if !complete(c) {
			return c, &impossible{"it is not a certificate", "Look at the file again: it is damaged, or something else."}
		}
		y, err := s.systemStore(loc, name)
		if err != nil {
			return c, err
		}
		if err := fits(name, c, true); err != nil {
			return c, err
		}
		if _, ok := windowsName(name); ok && item.Key != nil && name != My {
			return c, &impossible{"with its private key it would be Personal", "Put it into Personal, or put the certificate alone."}
		}
		if err := s.readOnly(loc); err != nil {
			return c, err
		}
		return c, s.put(ctx, y, c, item)
	})
}

// Accepts implements [Acceptor].
func (s *windowsStore) Accepts(ctx context.Context, loc Location, name Name, item Item) error {
	return s.during(ctx, "put", Ref{Location: loc, Store: name}, func() (*certificate.Certificate, error) {
		c := certificate.Parse(item.DER)
		if !complete(c) {
			return c, &impossible{"it is not a certificate", "Look at the file again: it is damaged, or something else."}
		}
		if _, err := s.systemStore(loc, name); err != nil || item.Key == nil {
			return c, err
		}
		key, err := parseKey(c, item.Key)
		if err == nil {
			_, err = s.accepts(loc, item, key.Public())
		}
		return c, err
	})
}

// accepts returns the provider that is to keep a key, or why none does.
func (s *windowsStore) accepts(loc Location, item Item, public any) (keyProvider, error) {
	p, err := providerFor(item, s.provider)
	switch {
	case err != nil:
		return p, err
	case item.Protected && loc == Machine:
		return p, errProtectedMachine
	}
	return p, p.keeps(public)
}

// KeyPlan implements [KeyPlanner].
func (s *windowsStore) KeyPlan(loc Location, item Item) (KeyPlan, error) {
	p, err := providerFor(item, s.provider)
	if err == nil && item.Protected && loc == Machine {
		err = errProtectedMachine
	}
	return KeyPlan{Provider: p.kind, Name: p.name, KeySet: loc, Reason: s.why}, err
}

// put adds c to the store y: first the key, in a container of its own, so
// that a crash leaves at most a container that orphans finds, and takes back
// what it made if it fails.
func (s *windowsStore) put(ctx context.Context, y systemStore, c *certificate.Certificate, item Item) error {
	there, err := s.holdings(y.loc, c)
	if err != nil {
		return err
	}
	here := slices.IndexFunc(there, func(e held) bool { return e.store == y })
	for _, e := range there {
		if e.store.name == Disallowed && y.name != Disallowed && y.name != My {
			return &impossible{"it is among the untrusted certificates", "Move it out of there if it is to be used again."}
		}
	}
	old := s.presentLink(there, here)
	if here >= 0 && (old != nil && there[here].link != nil || item.Key == nil && y.name != My) {
		return ErrExists
	}
	l, made, err := s.keyFor(y, c, item, old)
	if err != nil {
		return err
	}
	return s.place(ctx, y, c, there, l, made, item.FriendlyName)
}

// place adds c to the store y, joined to the key that l leads to, nil for
// none, and proves the key. there is where the location has c. What fails is
// taken back, with the key if it was made for this.
func (s *windowsStore) place(ctx context.Context, y systemStore, c *certificate.Certificate, there []held, l *link, made bool, friendlyName string) error {
	here := slices.IndexFunc(there, func(e held) bool { return e.store == y })
	err := ctx.Err()
	if err == nil {
		p := properties{link: l}
		if friendlyName != "" && here < 0 {
			p.friendlyName = &friendlyName
		}
		err = y.add(c, nil, p)
		if err == nil && l != nil {
			err = s.prove(c, l)
		}
	}
	if err != nil {
		return errors.Join(err, s.takeBack(y, c, there, here, l, made))
	}
	for _, e := range there {
		if completed(e.store.name, y.name) {
			if err := e.store.remove(e.Fingerprint()); err != nil {
				return err
			}
		}
	}
	return nil
}

// presentLink returns the link to a key that is there and works: that of the
// entry here if it has one.
func (s *windowsStore) presentLink(there []held, here int) *link {
	works := func(e held) bool {
		if e.link == nil {
			return false
		}
		state, _ := s.inspect(e.link)
		return state == KeyPresent
	}
	if here >= 0 && works(there[here]) {
		return there[here].link
	}
	for _, e := range there {
		if works(e) {
			return e.link
		}
	}
	return nil
}

// keyFor returns what c is to be linked to in the store y: the key that it
// has, one that was left without a certificate, or that of item, for which it
// makes a container. nil is for a certificate alone.
func (s *windowsStore) keyFor(y systemStore, c *certificate.Certificate, item Item, old *link) (l *link, made bool, err error) {
	if item.Key == nil && y.name != My {
		return nil, false, nil
	}
	if item.Key != nil {
		key, err := parseKey(c, item.Key)
		if err != nil {
			return nil, false, err
		}
		if l = old; l == nil {
			l, err = s.orphan(y.loc, c)
		}
		if err != nil {
			return nil, false, err
		}
		if l != nil && s.suits(l, item) {
			return l, false, nil
		}
		l, err = s.importKey(c, key, y.loc, item)
		return l, err == nil, err
	}
	if l = old; l == nil {
		l, err = s.orphan(y.loc, c)
	}
	if l == nil && err == nil {
		err = holds(My, c, false)
	}
	return l, false, err
}

// suits reports whether the key that l leads to is kept as item asks.
func (s *windowsStore) suits(l *link, item Item) bool {
	p, err := providerFor(item, s.provider)
	asked := item.Provider != ProviderDefault || item.ProviderName != ""
	if err != nil || item.Protected || asked && (p.kind == ProviderCNG) != (l.ProvType == 0) {
		return false
	}
	_, exportable := s.inspect(l)
	return exportable == item.Exportable
}

// orphan returns a container with the key of c that no certificate uses, nil
// if there is none.
func (s *windowsStore) orphan(loc Location, c *certificate.Certificate) (*link, error) {
	used, err := s.references()
	if err != nil {
		return nil, err
	}
	for _, l := range append(s.orphans(loc, c, used), s.keptOfRequest(loc, c, used)...) {
		if s.prove(c, l) == nil {
			return l, nil
		}
	}
	return nil, nil
}

// keptOfRequest returns the key of c that was made for a request and that no
// certificate uses: one that waits, or whose certificate was deleted without
// it. Its container has the request's name. CAs are no answers to requests.
func (s *windowsStore) keptOfRequest(loc Location, c *certificate.Certificate, used []*link) []*link {
	if c.IsCA() {
		return nil
	}
	var list []*link
	stored, _ := s.storedKeys(context.Background(), loc, ContainerOf("")) // what cannot be listed is not found
	for _, k := range stored {
		if !uses(used, k.link) && belongs(c, k.public) {
			list = append(list, k.link)
		}
	}
	return list
}

// takeBack undoes what put did: the entry is as it was, and the container
// that was made is gone.
func (s *windowsStore) takeBack(y systemStore, c *certificate.Certificate, there []held, here int, l *link, made bool) error {
	var err error
	if here >= 0 {
		err = y.add(c, nil, properties{link: there[here].link})
	} else if own, e := y.own(); e != nil {
		err = e
	} else if slices.ContainsFunc(own, func(e held) bool { return e.Fingerprint() == c.Fingerprint() }) {
		err = y.remove(c.Fingerprint())
	}
	if made {
		err = errors.Join(err, deleteKey(l))
	}
	return err
}

func (s *windowsStore) Delete(ctx context.Context, ref Ref, mode DeleteMode) error {
	return s.during(ctx, "delete", ref, func() (*certificate.Certificate, error) {
		e, err := s.change(ref)
		if err != nil {
			return e.Certificate, err
		}
		if err := e.store.remove(e.Fingerprint()); err != nil || mode == DeleteKeepKey || e.link == nil {
			return e.Certificate, err
		}
		return e.Certificate, s.deleteUnused(e.link)
	})
}

// deleteUnused deletes the key that l leads to if it is Windows' own and no
// certificate uses it.
func (s *windowsStore) deleteUnused(l *link) error {
	used, err := s.references()
	if err != nil || uses(used, l) || !inSoftware(l) {
		return err
	}
	return deleteKey(l)
}

// Move copies an entry with its properties and deletes the original. Within a
// location the copy uses the same key; in the other one it needs a container
// of that location, so the key has to be exportable.
func (s *windowsStore) Move(ctx context.Context, ref Ref, loc Location, name Name) error {
	return s.during(ctx, "move", ref, func() (*certificate.Certificate, error) {
		e, err := s.change(ref)
		if err != nil {
			return e.Certificate, err
		}
		c := e.Certificate
		if ref.Location == loc && ref.Store == name {
			return c, ErrExists
		}
		if loc != User && loc != Machine {
			return c, &impossible{"there is no such location", "The locations are user and machine."}
		}
		to, err := s.systemStore(loc, name)
		if err != nil {
			return c, err
		}
		if err := leaves(e, name); err != nil {
			return c, err
		}
		if err := s.readOnly(loc); err != nil { // before the key is taken out
			return c, err
		}
		return c, s.move(e, to)
	})
}

// leaves reports why e cannot become an entry of the store to.
func leaves(e held, to Name) error {
	_, standard := windowsName(to)
	if standard && to != My && e.store.name == My && e.link != nil {
		return &impossible{"its private key is there, which makes it Personal", "Delete the entry, or keep it; without its key it would be useless elsewhere."}
	}
	return fits(to, e.Certificate, e.link != nil)
}

func (s *windowsStore) move(e held, to systemStore) error {
	c := e.Certificate
	there, err := s.holdings(to.loc, c)
	if err != nil {
		return err
	}
	here := slices.IndexFunc(there, func(h held) bool { return h.store == to })
	p, made := properties{friendlyName: &e.friendlyName, link: e.link}, false
	if to.loc != e.store.loc && e.link != nil {
		if l := s.presentLink(there, here); l != nil {
			p.link = l
		} else if p.link, err = s.copyKey(e, to.loc); err != nil {
			return err
		} else {
			made = true
		}
	} else if here >= 0 && p.link == nil {
		p.link = there[here].link
	}
	from := e.store
	err = to.add(c, &from, p)
	if err == nil && made {
		err = s.prove(c, p.link)
	}
	if err == nil {
		err = e.store.remove(c.Fingerprint())
	}
	if err != nil {
		return errors.Join(err, s.takeBack(to, c, there, here, p.link, made))
	}
	if e.link != nil && !sameKey(e.link, p.link) {
		return s.deleteUnused(e.link)
	}
	return nil
}

// copyKey puts the key of e into a container of another location, of the same
// kind.
func (s *windowsStore) copyKey(e held, loc Location) (*link, error) {
	pkcs8, err := s.exportKey(e.Certificate, e.link)
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	key, err := parseKey(e.Certificate, pkcs8)
	if err != nil {
		return nil, err
	}
	item := Item{DER: e.Raw, Exportable: true, Provider: ProviderCNG}
	if e.link.ProvType != 0 {
		item.Provider = ProviderCAPI
	}
	return s.importKey(e.Certificate, key, loc, item)
}
