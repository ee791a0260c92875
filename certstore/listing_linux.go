package certstore

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"sync"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// A keyFound is what a listing knows of a private key.
type keyFound struct {
	state      KeyState
	exportable bool
}

// A listed is a certificate object as it was read.
type listed struct {
	der, label, id []byte
}

// A listing is everything read of a database. The certificates are handed on
// while the reading goes on: judging them takes as long as reading them.
type listing struct {
	keys   map[string]keyFound // by CKA_ID
	trusts trusts

	mu           sync.Mutex
	certificates []listed
	more         chan struct{} // holds a token when certificates has grown
}

// add appends certificates for the one who waits. It never blocks, so that
// whoever holds a session is not held up by who listens.
func (l *listing) add(found []listed) {
	l.mu.Lock()
	l.certificates = append(l.certificates, found...)
	l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// from returns the certificates read so far, without the first n.
func (l *listing) from(n int) []listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.certificates[n:]
}

// entries yields what is in the database, as it is read; nothing if there is
// none. With seen it is the overview of [Overviewer]: the certificates are
// read first and seen, and yielded when all is known.
func (d *database) entries(ctx context.Context, seen func(*certificate.Certificate)) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		l := &listing{more: make(chan struct{}, 1)}
		end := make(chan error, 1)
		go func() {
			end <- d.Read(ctx, func(s *nss.Session) error {
				if seen != nil {
					return l.overview(ctx, d, s)
				}
				return l.list(ctx, s)
			})
		}()
		var err error
		var waiting []*certificate.Certificate
		for n, reading := 0, true; reading; {
			select {
			case <-l.more:
			case err = <-end:
				reading = false
			case <-ctx.Done():
				err, reading = ctx.Err(), false
			}
			for _, found := range l.from(n) {
				n++
				c := certificate.Parse(found.der)
				if seen != nil {
					seen(c)
					waiting = append(waiting, c)
				} else if !yield(d.entry(found, c, l), nil) {
					return
				}
			}
		}
		all := l.from(0)
		if ctx.Err() == nil && l.trusts != nil {
			for i, c := range waiting {
				if !yield(d.entry(all[i], c, l), nil) {
					return
				}
			}
		}
		d.remember(all)
		if ctx.Err() != nil { // also where the reading ended in the same moment: it may be short
			err = ctx.Err()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(Entry{}, err)
		}
	}
}

// entry makes an Entry of what was read.
func (d *database) entry(l listed, c *certificate.Certificate, list *listing) Entry {
	id := l.id
	if len(id) == 0 {
		id = c.KeyID()
	}
	key, ok := list.keys[string(id)]
	if !ok {
		key.state = KeyNone
	}
	t := list.trusts.of(identity(c.RawIssuer, serialDER(c)))
	return Entry{
		Location:     d.loc,
		Store:        t.kind(ok).store(c),
		DER:          l.der,
		FriendlyName: string(l.label),
		Key:          key.state,
		Exportable:   key.exportable,
		Trusted:      t.anchor(),
		Origin:       d.Dir,
		certificate:  c,
		peer:         t.peer(),
	}
}

// identity joins what NSS identifies a certificate by.
func identity(issuer, serial []byte) string { return string(issuer) + "\x00" + string(serial) }

// list reads keys and trust objects before the certificates, and each once:
// looking them up per certificate would take minutes in a large database. It
// may be called again after a failure; what it has added already is not added
// twice, and keeps the keys and trust it was added with.
func (l *listing) list(ctx context.Context, s *nss.Session) error {
	if len(l.from(0)) == 0 {
		if err := l.readKeys(s, s.Locked); err != nil {
			return err
		}
		var err error
		if l.trusts, err = allTrust(s); err != nil {
			return err
		}
	}
	return l.readCertificates(ctx, s)
}

// overview is list for [Overviewer].
func (l *listing) overview(ctx context.Context, d *database, s *nss.Session) error {
	failed := l.readCertificates(ctx, s)
	if err := l.readKeys(s, s.Locked); err != nil {
		return err
	}
	trusts := d.trustOverview(ctx, s)
	if trusts == nil {
		var err error
		if trusts, err = allTrust(s); err != nil {
			return err
		}
	}
	l.trusts = trusts
	return failed
}

// readCertificates reads the certificates that it has not added yet.
func (l *listing) readCertificates(ctx context.Context, s *nss.Session) error {
	added := map[string]bool{}
	for _, c := range l.from(0) {
		added[string(c.der)] = true
	}
	found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE))
	if err != nil {
		return err
	}
	const chunk = 64 // certificates handed on at a time
	batch := make([]listed, 0, chunk)
	defer func() { l.add(batch) }()
	for _, h := range found {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := s.Values(h, nss.CKA_VALUE, nss.CKA_LABEL, nss.CKA_ID)
		if errors.Is(err, nss.ErrChanged) { // deleted meanwhile
			continue
		}
		if err != nil {
			return err
		}
		if added[string(v[0])] {
			continue
		}
		if batch = append(batch, listed{v[0], v[1], v[2]}); len(batch) == chunk {
			l.add(batch)
			batch = batch[:0]
		}
	}
	return nil
}

// readKeys reads the private keys, or where they are hidden by a password the
// public keys that belong to them.
func (l *listing) readKeys(s *nss.Session, locked bool) error {
	l.keys = map[string]keyFound{}
	if locked {
		found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PUBLIC_KEY))
		for _, h := range found {
			if v, err := s.Values(h, nss.CKA_ID); err == nil {
				l.keys[string(v[0])] = keyFound{state: KeyLocked}
			}
		}
		return err
	}
	class := nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY)
	found, err := s.Find(class)
	if err != nil || len(found) == 0 {
		return err
	}
	curves := map[nss.Handle]bool{} // searching costs less than reading
	ec, err := s.Find(class, nss.Ulong(nss.CKA_KEY_TYPE, nss.CKK_EC))
	for _, h := range ec {
		curves[h] = true
	}
	for _, h := range found {
		kind, usable := uint(nss.CKA_KEY_TYPE), isRSA // softoken stores other keys too, and cannot sign with them
		if curves[h] {
			kind, usable = nss.CKA_EC_PARAMS, knownCurve
		}
		v, err := s.Values(h, nss.CKA_ID, nss.CKA_EXTRACTABLE, kind)
		if err != nil {
			continue // deleted meanwhile
		}
		k := keyFound{state: KeyPresent, exportable: len(v[1]) == 1 && v[1][0] != 0}
		if !usable(v[2]) {
			k.state = KeyUnusable
		}
		l.keys[string(v[0])] = k
	}
	return err
}

// trusts holds the trust objects of a database; of several for one
// certificate in one class, the one found first.
type trusts map[trustKey]trust

type trustKey struct {
	pkcs bool
	id   string // see identity
}

// of returns the trust that counts for the certificate id.
func (t trusts) of(id string) trust {
	if v, ok := t[trustKey{true, id}]; ok {
		return v
	}
	return t[trustKey{false, id}]
}

// allTrust reads all trust objects.
func allTrust(s *nss.Session) (trusts, error) {
	all := trusts{}
	err := trustObjects(s, func(id string, o trustObject) {
		key := trustKey{o.pkcs, id}
		if _, ok := all[key]; !ok {
			all[key] = o.trust
		}
	})
	return all, err
}

// From manyTrusts trust objects on an overview does not have each of them
// verified, but trustSamples of them.
const manyTrusts, trustSamples = 4 * trustSamples, 32

// trustOverview reads all trust objects without having softoken verify the
// signature of each value, which in a database of thousands takes longer than
// everything else. NSS ignores trust that does not verify, so this has to end
// with the same result. What the signatures prove depends on the password:
//
//   - With a password that somebody gave, they prove that its owner set the
//     trust. Everything is verified then.
//   - Without one softoken verifies nothing itself until somebody gives it.
//   - With the empty one, whoever can write the database can sign too. They
//     prove only that key4.db is the one that belongs to cert9.db, not a new
//     one or an older copy. Samples from the first object to the last show
//     that: if one of them reads otherwise when it is verified, all are.
//
// It returns nil if everything has to be verified. Whatever is decided about
// one certificate, such as its chain or a change, never rests on this.
func (d *database) trustOverview(ctx context.Context, s *nss.Session) trusts {
	if d.Unlocked() {
		return nil
	}
	found, n := make([][]nss.Handle, len(trustClasses)), 0
	for i, class := range trustClasses {
		var err error
		if found[i], err = class.find(s); err != nil {
			return nil
		}
		n += len(found[i])
	}
	if n < manyTrusts {
		return nil
	}
	var all trusts
	err := d.ReadUnverified(ctx, func(u *nss.Session) (err error) {
		all, err = allTrust(u)
		return err
	})
	if err != nil {
		return nil
	}
	for i, class := range trustClasses {
		n, last := min(trustSamples, len(found[i])), len(found[i])-1
		for k := range n {
			id, o, err := class.read(s, found[i][k*last/max(n-1, 1)])
			if err != nil || all[trustKey{o.pkcs, id}] != o.trust {
				return nil
			}
		}
	}
	return all
}

// remember keeps what was listed for lookup.
func (d *database) remember(list []listed) {
	recent := make([][]byte, len(list))
	for i := range list {
		recent[i] = list[i].der
	}
	d.mu.Lock()
	d.recent = recent
	d.mu.Unlock()
}
