package certstore

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// machineDir is where Fedora and its kin keep the machine's NSS database.
const machineDir = "/etc/pki/nssdb"

// A linuxStore keeps the user's stores in one NSS database, and the machine's
// in another together with the system's trust anchors.
type linuxStore struct {
	user, machine *database
	anchors       *anchors

	mu     sync.Mutex
	closed bool
}

var (
	_ Store       = (*linuxStore)(nil)
	_ Overviewer  = (*linuxStore)(nil)
	_ KeyExporter = (*linuxStore)(nil)
	_ Renamer     = (*linuxStore)(nil)
	_ Watcher     = (*linuxStore)(nil)
)

// Open returns the stores of this system. It reads and creates nothing yet.
//
// The variables CERTDESK_USER_DB and CERTDESK_MACHINE_DB name other NSS
// database directories, CERTDESK_ANCHORS_DIR, CERTDESK_ANCHORS_UPDATE and
// CERTDESK_ANCHORS_BUNDLE other trust anchors, and CERTDESK_SOFTOKN another
// libsoftokn3.so.
func Open(ctx context.Context, opts Options) (Store, error) {
	getenv := opts.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	load := func() (*nss.Library, error) { return nss.Load(getenv("CERTDESK_SOFTOKN")) }
	machine := environmentDir(getenv, "CERTDESK_MACHINE_DB")
	if machine == "" {
		machine = machineDir
	}
	user, err := userDir(getenv)
	if err != nil {
		return nil, &Error{Op: "open", Location: User, Err: err}
	}
	return &linuxStore{
		user:    newDatabase(User, user, 0o700, load, opts.Password),
		machine: newDatabase(Machine, machine, 0o755, load, opts.Password),
		anchors: newAnchors(getenv),
	}, nil
}

// environmentDir returns the directory that a variable names, which may have
// the prefix that NSS's own tools want.
func environmentDir(getenv func(string) string, name string) string {
	return strings.TrimPrefix(getenv(name), "sql:")
}

// userDir returns the directory of the user's database, as NSS and Chromium
// choose it, or where to make it.
func userDir(getenv func(string) string) (string, error) {
	if dir := environmentDir(getenv, "CERTDESK_USER_DB"); dir != "" {
		return filepath.Abs(dir)
	}
	home := getenv("HOME")
	if home == "" {
		u, err := user.Current()
		if err != nil {
			return "", fmt.Errorf("the variable HOME is not set: %w", err)
		}
		home = u.HomeDir
	}
	usual := filepath.Join(home, ".pki", "nssdb")
	if _, err := os.Stat(usual); err == nil {
		return usual, nil
	}
	data := getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) { // relative ones are to be ignored, XDG base directory specification
		data = filepath.Join(home, ".local", "share")
	}
	if other := filepath.Join(data, "pki", "nssdb"); isDir(other) {
		return other, nil
	}
	return usual, nil
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func (s *linuxStore) Places(ctx context.Context) []Place {
	var list []Place
	user := s.user.readOnly()
	for _, n := range []Name{My, CA, Root, People, TrustedPeople, Disallowed} {
		list = append(list, Place{User, n, user, s.user.Dir})
	}
	machine, anchors := s.machine.readOnly(), s.anchors.readOnly()
	for _, n := range []Name{My, CA, Root, People, TrustedPeople, Disallowed} {
		p := Place{Machine, n, machine, s.machine.Dir}
		if n == Root {
			p.ReadOnly, p.Path = anchors, s.anchors.dir
		}
		list = append(list, p)
	}
	return list
}

// database returns the database of a location.
func (s *linuxStore) database(loc Location) (*database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errors.New("the store was closed")
	case loc == User:
		return s.user, nil
	case loc == Machine:
		return s.machine, nil
	}
	return nil, &impossible{"there is no such location", "The locations are user and machine."}
}

func (s *linuxStore) Entries(ctx context.Context, loc Location) iter.Seq2[Entry, error] {
	return s.entries(ctx, loc, nil)
}

// Overview implements [Overviewer].
func (s *linuxStore) Overview(ctx context.Context, loc Location, seen func(*certificate.Certificate)) iter.Seq2[Entry, error] {
	return s.entries(ctx, loc, seen)
}

func (s *linuxStore) entries(ctx context.Context, loc Location, seen func(*certificate.Certificate)) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		d, err := s.database(loc)
		if err != nil {
			yield(Entry{}, &Error{Op: "list", Location: loc, Err: err})
			return
		}
		if loc == Machine {
			entries, err := await(ctx, s.anchors.entries)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil && !yield(Entry{}, s.fail("list", Ref{Location: loc, Store: Root}, nil, err)) {
				return
			}
		}
		for e, err := range d.entries(ctx, seen) {
			if err != nil {
				err = d.fail("list", "", nil, err)
			}
			if !yield(e, err) {
				return
			}
		}
		if err := d.gone(); err != nil {
			yield(Entry{}, err)
		}
	}
}

func (s *linuxStore) Put(ctx context.Context, loc Location, name Name, item Item) error {
	return s.during(ctx, "put", Ref{Location: loc, Store: name}, func(d *database) (*certificate.Certificate, error) {
		c := certificate.Parse(item.DER)
		if !complete(c) {
			return c, &impossible{"it is not a certificate", "Look at the file again: it is damaged, or something else."}
		}
		if loc == Machine && name == Root {
			if item.Key != nil {
				return c, &impossible{"trust anchors have no private key", "Put the certificate with its key into Personal first."}
			}
			return c, s.anchors.put(ctx, c)
		}
		if err := unprotected(item); item.Key != nil && err != nil {
			return c, err
		}
		return c, d.put(ctx, c, name, item)
	})
}

// Accepts implements [Acceptor].
func (s *linuxStore) Accepts(ctx context.Context, loc Location, name Name, item Item) error {
	c := certificate.Parse(item.DER)
	return s.during(ctx, "put", Ref{Location: loc, Store: name}, func(d *database) (*certificate.Certificate, error) {
		if loc == Machine && name == Root && item.Key == nil {
			return c, holds(name, c, true)
		}
		if err := unprotected(item); item.Key != nil && err != nil {
			return c, err
		}
		return c, d.accepts(ctx, c, name, item)
	})
}

// KeyPlan implements [KeyPlanner].
func (s *linuxStore) KeyPlan(loc Location, item Item) (KeyPlan, error) {
	return KeyPlan{Provider: ProviderNSS, Name: "NSS database", KeySet: loc, Reason: "NSS keeps private keys in the database of their certificates."}, unprotected(item)
}

func (s *linuxStore) Delete(ctx context.Context, ref Ref, mode DeleteMode) error {
	return s.during(ctx, "delete", ref, func(d *database) (*certificate.Certificate, error) {
		if ref.Location == Machine && ref.Store == Root {
			if c, found, err := s.anchors.find(ref.Fingerprint); found || err != nil {
				if err == nil {
					err = s.anchors.remove(ctx, c)
				}
				return c, err
			}
		}
		c, err := d.lookup(ctx, ref)
		if err != nil {
			return nil, err
		}
		return c, d.remove(ctx, c, mode)
	})
}

func (s *linuxStore) Signer(ctx context.Context, ref Ref) (crypto.Signer, error) {
	var signer crypto.Signer
	err := s.during(ctx, "sign", ref, func(d *database) (*certificate.Certificate, error) {
		c, err := d.lookup(ctx, ref)
		if err != nil {
			return nil, err
		}
		signer, err = d.signer(ctx, c)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	return signer, nil
}

func (s *linuxStore) ExportKey(ctx context.Context, ref Ref) ([]byte, error) {
	var key []byte
	err := s.during(ctx, "export", ref, func(d *database) (*certificate.Certificate, error) {
		c, err := d.lookup(ctx, ref)
		if err != nil {
			return nil, err
		}
		key, err = d.exportKey(ctx, c)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (s *linuxStore) Rename(ctx context.Context, ref Ref, friendlyName string) error {
	return s.during(ctx, "rename", ref, func(d *database) (*certificate.Certificate, error) {
		if ref.Location == Machine && ref.Store == Root {
			if c, found, err := s.anchors.find(ref.Fingerprint); found || err != nil {
				if err == nil {
					err = &impossible{"trust anchors have no friendly name", ""}
				}
				return c, err
			}
		}
		c, err := d.lookup(ctx, ref)
		if err != nil {
			return nil, err
		}
		return c, d.rename(ctx, c, friendlyName)
	})
}

// during runs an operation on the certificate that f returns, and gives its
// error a home. It returns when ctx ends, even where softoken still waits for
// a lock; what was begun is then finished or undone behind the scenes.
func (s *linuxStore) during(ctx context.Context, op string, ref Ref, f func(*database) (*certificate.Certificate, error)) error {
	d, err := s.database(ref.Location)
	if err != nil {
		return &Error{Op: op, Location: ref.Location, Store: ref.Store, Err: err}
	}
	type result struct {
		c   *certificate.Certificate
		err error
	}
	r, err := await(ctx, func() (result, error) {
		c, err := f(d)
		return result{c, err}, nil
	})
	if err == nil {
		err = r.err
	}
	if err == nil {
		return nil
	}
	return s.fail(op, ref, r.c, err)
}

func (s *linuxStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.user.Close()
	s.machine.Close()
	return nil
}

// fail returns err as an Error of the place that ref names.
func (s *linuxStore) fail(op string, ref Ref, c *certificate.Certificate, err error) error {
	d := s.user
	if ref.Location == Machine {
		d = s.machine
		if ref.Store == Root {
			e := d.fail(op, ref.Store, c, err)
			e.Path = s.anchors.dir
			return e
		}
	}
	return d.fail(op, ref.Store, c, err)
}

// fail returns err as an Error of this database.
func (d *database) fail(op string, name Name, c *certificate.Certificate, err error) *Error {
	e := &Error{Op: op, Location: d.loc, Store: name, Path: d.Dir, Err: d.cause(err)}
	if c != nil && len(c.Raw) > 0 {
		if e.Subject = c.Subject().String(); e.Subject == "" {
			e.Subject = c.SHA1()
		}
	}
	if i, ok := errors.AsType[*impossible](err); ok {
		e.Advise = i.advice
	}
	if errors.Is(err, nss.ErrUnavailable) {
		e.Advise = "Install NSS. Debian, Ubuntu: apt install libnss3. Fedora, RHEL: dnf install nss-softokn. openSUSE: zypper install libsoftokn3. Arch: pacman -S nss."
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(e.Err, syscall.ENOSPC) {
		e.Advise = "Make room on the disk and try again."
	}
	return e
}

// cause gives an error of softoken or of the system the sentinel it stands for.
func (d *database) cause(err error) error {
	if errors.Is(err, nss.ErrBusy) && d.full() { // softoken cannot tell
		return &because{syscall.ENOSPC, err}
	}
	for from, to := range map[error]error{
		nss.ErrBusy: ErrBusy, nss.ErrReadOnly: ErrDenied, nss.ErrLocked: ErrLocked, nss.ErrPassword: ErrPassword,
		nss.ErrDatabase: ErrDamaged, nss.ErrKeyUnusable: ErrKey, nss.ErrUnavailable: ErrUnavailable, fs.ErrPermission: ErrDenied,
	} {
		if errors.Is(err, from) && !errors.Is(err, to) {
			return &because{to, err}
		}
	}
	if _, ok := errors.AsType[*nss.Error](err); ok && d.full() {
		return &because{syscall.ENOSPC, err}
	}
	return err
}

// full reports whether the disk has no room left for a new database, which
// softoken does not say.
func (d *database) full() bool {
	var st syscall.Statfs_t
	return syscall.Statfs(d.Dir, &st) == nil && st.Blocks > 0 && st.Bavail*uint64(st.Bsize) < 64<<10
}
