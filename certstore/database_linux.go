package certstore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
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
	there  bool     // it was there at a listing
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

// gone returns an error if the database was there before and is not now. One
// that never was is no error: the first import makes it.
func (d *database) gone() error {
	_, err := os.Stat(filepath.Join(d.Dir, "cert9.db"))
	here := !errors.Is(err, fs.ErrNotExist)
	d.mu.Lock()
	was := d.there
	d.there = was || here
	d.mu.Unlock()
	if here || !was {
		return nil
	}
	return &Error{Op: "list", Location: d.loc, Path: d.Dir, Err: errors.New("the database was deleted or moved while this program had it open"),
		Advise: "Put it back and refresh. The next import would make a new, empty one."}
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
	err = trustObjects(s, func(_ string, o trustObject) { p.trusts = append(p.trusts, o) },
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
