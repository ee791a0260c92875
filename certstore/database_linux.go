package certstore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// A database is the NSS database of one location.
type database struct {
	*nss.Database
	loc Location

	changing chan struct{} // holds a token while this program changes it

	mu     sync.Mutex
	recent [][]byte // the certificates last listed, to find one by fingerprint
}

func newDatabase(loc Location, dir string, perm fs.FileMode, load func() (*nss.Library, error), ask func(context.Context, string, bool) ([]byte, error)) *database {
	d := &database{
		Database: &nss.Database{Dir: dir, Perm: perm, Library: load},
		loc:      loc,
		changing: make(chan struct{}, 1),
	}
	if ask != nil {
		d.Ask = func(ctx context.Context, again bool) ([]byte, error) { return ask(ctx, dir, again) }
	}
	return d
}

// readOnly returns why the database cannot be changed, or nil. Softoken says
// so at the first write only, so it is asked of the file system.
func (d *database) readOnly() error {
	dir := d.Dir
	for { // the nearest directory there is decides whether one can be made
		if isDir(dir) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	for _, path := range []string{dir, filepath.Join(d.Dir, "cert9.db"), filepath.Join(d.Dir, "key4.db")} {
		err := unix.Access(path, unix.W_OK)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err = &fs.PathError{Op: "write", Path: path, Err: err}
		if errors.Is(err, fs.ErrPermission) {
			return &because{ErrDenied, err}
		}
		return err
	}
	return nil
}

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
	trusts map[string]trust    // by issuer and serial number

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
// none.
func (d *database) entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		l := &listing{more: make(chan struct{}, 1)}
		end := make(chan error, 1)
		go func() {
			end <- d.Read(ctx, func(s *nss.Session) error { return d.list(ctx, s, l) })
		}()
		var err error
		for n, reading := 0, true; reading; {
			select {
			case <-l.more:
			case err = <-end:
				reading = false
			case <-ctx.Done():
				err, reading = ctx.Err(), false
			}
			for _, c := range l.from(n) {
				n++
				if !yield(d.entry(c, l), nil) {
					return
				}
			}
		}
		d.remember(l.from(0))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(Entry{}, err)
		}
	}
}

// entry makes an Entry of what was read.
func (d *database) entry(l listed, list *listing) Entry {
	c := certificate.Parse(l.der)
	id := l.id
	if len(id) == 0 {
		id = c.KeyID()
	}
	key, ok := list.keys[string(id)]
	if !ok {
		key.state = KeyNone
	}
	t := list.trusts[identity(c.RawIssuer, serialDER(c))]
	return Entry{
		Location:     d.loc,
		Store:        t.kind(ok).store(c),
		DER:          l.der,
		FriendlyName: string(l.label),
		Key:          key.state,
		Exportable:   key.exportable,
		Trusted:      t.anchor() || t.peer() && c.SelfIssued() && c.SelfSigned(),
		Origin:       d.Dir,
		certificate:  c,
	}
}

// identity joins what NSS identifies a certificate by.
func identity(issuer, serial []byte) string { return string(issuer) + "\x00" + string(serial) }

// list reads keys and trust objects before the certificates, and each once:
// looking them up per certificate would take minutes in a large database. It
// may be called again after a failure; what it has added already is not added
// twice, and keeps the keys and trust it was added with.
func (d *database) list(ctx context.Context, s *nss.Session, l *listing) error {
	added := map[string]bool{}
	for _, c := range l.from(0) {
		added[string(c.der)] = true
	}
	if len(added) == 0 {
		if err := l.readRest(s); err != nil {
			return err
		}
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

// readRest reads everything but the certificates.
func (l *listing) readRest(s *nss.Session) error {
	l.keys, l.trusts = map[string]keyFound{}, map[string]trust{}
	if err := l.readKeys(s, s.Locked); err != nil {
		return err
	}
	return trustObjects(s, func(issuer, serial []byte, o trustObject) {
		id := identity(issuer, serial)
		if _, ok := l.trusts[id]; !ok {
			l.trusts[id] = o.trust
		}
	})
}

// readKeys reads the private keys, or where they are hidden by a password the
// public keys that belong to them.
func (l *listing) readKeys(s *nss.Session, locked bool) error {
	if locked {
		found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PUBLIC_KEY))
		for _, h := range found {
			if v, err := s.Values(h, nss.CKA_ID); err == nil {
				l.keys[string(v[0])] = keyFound{state: KeyLocked}
			}
		}
		return err
	}
	found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY))
	for _, h := range found {
		v, err := s.Values(h, nss.CKA_ID, nss.CKA_EXTRACTABLE, nss.CKA_KEY_TYPE)
		if err != nil {
			continue // deleted meanwhile
		}
		k := keyFound{state: KeyPresent, exportable: len(v[1]) == 1 && v[1][0] != 0}
		if !usable(s, h, v[2]) {
			k.state = KeyUnusable
		}
		l.keys[string(v[0])] = k
	}
	return err
}

// usable reports whether softoken can sign with a private key: it stores
// keys of curves that it does not know.
func usable(s *nss.Session, h nss.Handle, keyType []byte) bool {
	switch t, _ := nss.ParseUlong(keyType); t {
	case nss.CKK_RSA:
		return true
	case nss.CKK_EC:
		v, err := s.Values(h, nss.CKA_EC_PARAMS)
		return err == nil && knownCurve(v[0])
	}
	return false
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

// lookup returns the certificate that ref names if it is there.
func (d *database) lookup(ctx context.Context, ref Ref) (*certificate.Certificate, error) {
	var c *certificate.Certificate
	err := d.Read(ctx, func(s *nss.Session) error {
		c = nil
		d.mu.Lock()
		recent := d.recent
		d.mu.Unlock()
		der := matching(recent, ref.Fingerprint)
		if der == nil {
			all, err := allValues(s)
			if err != nil {
				return err
			}
			if der = matching(all, ref.Fingerprint); der == nil {
				return ErrNotFound
			}
		}
		c = certificate.Parse(der)
		p, err := d.pieces(s, c)
		if err != nil {
			return err
		}
		if !p.found || p.store(c) != ref.Store {
			return ErrNotFound
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func matching(list [][]byte, fp certificate.Fingerprint) []byte {
	for _, der := range list {
		if certificate.FingerprintOf(der) == fp {
			return der
		}
	}
	return nil
}

func allValues(s *nss.Session) ([][]byte, error) {
	found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE))
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, h := range found {
		if v, err := s.Values(h, nss.CKA_VALUE); err == nil {
			all = append(all, v[0])
		}
	}
	return all, nil
}

// pieces are the objects that a database holds of one certificate. Handles
// are valid in the session that found them.
type pieces struct {
	found       bool // the certificate itself
	certificate nss.Handle
	label       string
	id          []byte // CKA_ID, what the key is found by
	private     []nss.Handle
	public      []nss.Handle
	exportable  bool
	locked      bool // private keys cannot be seen
	shared      bool // another certificate has the same key
	trusts      []trustObject
}

// hasKey reports whether the private key is there, as far as can be seen.
func (p *pieces) hasKey() bool { return len(p.private) > 0 || p.locked && len(p.public) > 0 }

// trust returns the trust that counts.
func (p *pieces) trust() trust {
	if len(p.trusts) == 0 {
		return trust{}
	}
	return p.trusts[0].trust
}

// store returns the store that the certificate is shown in.
func (p *pieces) store(c *certificate.Certificate) Name { return p.trust().kind(p.hasKey()).store(c) }

var errTwin = &impossible{"another certificate of the same issuer has the same serial number", "NSS cannot hold both. Ask the issuer, who must not give a serial number twice."}

// pieces finds what the database holds of c. It fails with [ErrNotPossible]
// if another certificate stands where c would.
func (d *database) pieces(s *nss.Session, c *certificate.Certificate) (*pieces, error) {
	p := &pieces{id: c.KeyID(), locked: s.Locked}
	found, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), nss.Bytes(nss.CKA_ISSUER, c.RawIssuer), nss.Bytes(nss.CKA_SERIAL_NUMBER, serialDER(c)))
	if err != nil {
		return nil, err
	}
	for _, h := range found {
		v, err := s.Values(h, nss.CKA_VALUE, nss.CKA_LABEL, nss.CKA_ID)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(v[0], c.Raw) {
			return nil, errTwin
		}
		p.found, p.certificate, p.label = true, h, string(v[1])
		if len(v[2]) > 0 {
			p.id = v[2]
		}
	}
	err = trustObjects(s, func(_, _ []byte, o trustObject) { p.trusts = append(p.trusts, o) },
		nss.Bytes(nss.CKA_ISSUER, c.RawIssuer), nss.Bytes(nss.CKA_SERIAL_NUMBER, serialDER(c)))
	if err != nil || len(p.id) == 0 {
		return p, err
	}
	return p, p.findKeys(s)
}

// findKeys finds the keys and the other certificates that share p.id.
func (p *pieces) findKeys(s *nss.Session) (err error) {
	id := nss.Bytes(nss.CKA_ID, p.id)
	if p.private, err = s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PRIVATE_KEY), id); err != nil {
		return err
	}
	if p.public, err = s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_PUBLIC_KEY), id); err != nil {
		return err
	}
	same, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), id)
	if err != nil {
		return err
	}
	for _, h := range same {
		if !p.found || h != p.certificate {
			p.shared = true
		}
	}
	for _, h := range p.private {
		v, err := s.Values(h, nss.CKA_EXTRACTABLE)
		if err != nil {
			return err
		}
		p.exportable = len(v[0]) == 1 && v[0][0] != 0
	}
	return nil
}

// change runs f with a session that may change the database, one at a time.
func (d *database) change(ctx context.Context, keys, create bool, f func(*nss.Session) error) error {
	if err := d.readOnly(); err != nil {
		return err
	}
	select {
	case d.changing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.changing }()
	err := d.Write(ctx, keys, create, f)
	if errors.Is(err, fs.ErrNotExist) && !create {
		err = ErrNotFound
	}
	return err
}
