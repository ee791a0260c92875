package certstore

import (
	"context"
	"crypto"
	"errors"
	"iter"
	"os"
	"sync"

	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certificate"
)

// What macOS calls its keychains.
const (
	systemKeychain = "/Library/Keychains/System.keychain"
	rootsKeychain  = "/System/Library/Keychains/SystemRootCertificates.keychain"
)

// A keychainStore is the user's keychain, and the System keychain together
// with the roots that macOS ships. Its files have no suffix of a system: only
// certstore_darwin.go gives it to anybody, and tests run it elsewhere on a
// stand-in for the Security framework.
//
// Apple's functions may show a prompt and block the thread; each operation
// therefore runs in a goroutine of its own, never on the main thread, which
// belongs to the window. It opens the keychains anew, so that it sees what
// other programs changed, and releases all it was given.
type keychainStore struct {
	lib      *keychain.Library
	user     string // a path; "" for the user's default keychain
	machine  string
	roots    string // "" for none
	password func(ctx context.Context, place string, again bool) ([]byte, error)

	mu     sync.Mutex // one operation at a time
	closed bool
}

var (
	_ Store       = (*keychainStore)(nil)
	_ KeyExporter = (*keychainStore)(nil)
	_ Renamer     = (*keychainStore)(nil)
	_ Watcher     = (*keychainStore)(nil)
	_ Acceptor    = (*keychainStore)(nil)
	_ KeyPlanner  = (*keychainStore)(nil)
)

// newKeychainStore returns the stores that lib leads to.
//
// The variables CERTDESK_USER_KEYCHAIN and CERTDESK_MACHINE_KEYCHAIN name
// other keychain files, and CERTDESK_ROOTS_KEYCHAIN another one with the
// roots of the system ("none" for none).
func newKeychainStore(lib *keychain.Library, opts Options) *keychainStore {
	getenv := opts.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	s := &keychainStore{lib: lib, user: getenv("CERTDESK_USER_KEYCHAIN"), machine: getenv("CERTDESK_MACHINE_KEYCHAIN"), roots: getenv("CERTDESK_ROOTS_KEYCHAIN"), password: opts.Password}
	if s.machine == "" {
		s.machine = systemKeychain
	}
	switch s.roots {
	case "":
		s.roots = rootsKeychain
	case "none":
		s.roots = ""
	}
	return s
}

func (s *keychainStore) Places(ctx context.Context) []Place {
	list, err := await(ctx, func() ([]Place, error) {
		var list []Place
		for _, loc := range []Location{User, Machine} {
			path, readOnly := "", error(nil)
			err := s.locked(loc, func(k *openKeychain) error {
				path, readOnly = k.path, k.readOnly()
				return nil
			})
			if err == nil {
				err = readOnly
			}
			if err != nil {
				err = s.fail("open", Ref{Location: loc}, path, nil, err)
			}
			for _, n := range []Name{My, CA, Root, People, TrustedPeople, Disallowed} {
				list = append(list, Place{loc, n, err, path})
			}
		}
		return list, nil
	})
	if err != nil {
		return nil
	}
	return list
}

func (s *keychainStore) Entries(ctx context.Context, loc Location) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		type result struct {
			entries []Entry
			path    string
			err     error
		}
		r, err := await(ctx, func() (r result, err error) {
			err = s.locked(loc, func(k *openKeychain) error {
				r.path = k.path
				r.entries, r.err = k.entries(s.roots)
				return nil
			})
			return r, err
		})
		for _, e := range r.entries {
			if !yield(e, nil) {
				return
			}
		}
		if err = errors.Join(err, r.err); err != nil {
			yield(Entry{}, s.fail("list", Ref{Location: loc}, r.path, nil, err))
		}
	}
}

// entries lists a keychain and, for the machine, the roots of the system in
// the keychain file roots.
func (k *openKeychain) entries(roots string) ([]Entry, error) {
	c, err := k.read()
	if err != nil {
		return nil, err
	}
	effective := c.trust
	if k.loc == User { // what an administrator trusts, the user does
		if effective, err = k.trusts(keychain.DomainAdmin); err != nil {
			return nil, err
		}
		for fp, t := range c.trust {
			effective[fp] = t
		}
	}
	state, readOnly := KeyPresent, k.readOnly() != nil
	if !k.unlocked {
		state = KeyLocked
	}
	var list []Entry
	for _, held := range c.certificates {
		fp := held.Fingerprint()
		e := Entry{
			Location: k.loc, Store: c.store(held.Certificate), DER: held.Raw, FriendlyName: held.label, Key: KeyNone,
			Trusted: effective[fp].anchor(held.Certificate), Origin: k.path, ReadOnly: readOnly, certificate: held.Certificate,
		}
		if key := c.key(held.Certificate); key != nil {
			e.Key, e.Exportable = state, key.exportable
		}
		list = append(list, e)
	}
	if k.loc == User || roots == "" {
		return list, nil
	}
	shipped, err := k.at(roots)
	if err != nil {
		return list, err
	}
	certificates, err := shipped.certificates()
	for _, held := range certificates {
		denied := c.trust[held.Fingerprint()].kind(held.Certificate, false).distrusted
		list = append(list, Entry{
			Location: k.loc, Store: Root, DER: held.Raw, FriendlyName: held.label, Key: KeyNone,
			Trusted: !denied, Shipped: true, Origin: shipped.path, ReadOnly: true, certificate: held.Certificate,
		})
	}
	return list, err
}

func (s *keychainStore) Signer(ctx context.Context, ref Ref) (crypto.Signer, error) {
	var signer crypto.Signer
	err := s.during(ctx, "sign", ref, func(k *openKeychain) (*certificate.Certificate, error) {
		held, c, err := s.lookup(k, ref)
		if err != nil {
			return nil, err
		}
		if c.key(held.Certificate) == nil {
			return held.Certificate, errNoKey
		}
		public, err := held.PublicKey()
		if err != nil {
			return held.Certificate, &badKey{"the certificate's public key cannot be read: " + err.Error()}
		}
		signer = &keychainSigner{s, context.WithoutCancel(ctx), ref, held.Certificate, public}
		return held.Certificate, k.unlock(ctx)
	})
	if err != nil {
		return nil, err
	}
	return signer, nil
}

func (s *keychainStore) ExportKey(ctx context.Context, ref Ref) ([]byte, error) {
	var key []byte
	err := s.during(ctx, "export", ref, func(k *openKeychain) (*certificate.Certificate, error) {
		held, c, err := s.lookup(k, ref)
		if err != nil {
			return nil, err
		}
		key, err = k.exportKey(ctx, held, c.key(held.Certificate))
		return held.Certificate, err
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (s *keychainStore) Rename(ctx context.Context, ref Ref, friendlyName string) error {
	return s.during(ctx, "rename", ref, func(k *openKeychain) (*certificate.Certificate, error) {
		held, _, err := s.change(ctx, k, ref)
		if err != nil {
			return held.Certificate, err
		}
		return held.Certificate, k.label(held.ref, friendlyName)
	})
}

// lookup finds the entry that ref names.
func (s *keychainStore) lookup(k *openKeychain, ref Ref) (keychainCertificate, *keychainContents, error) {
	c, err := k.read()
	if err != nil {
		return keychainCertificate{}, nil, err
	}
	for _, held := range c.certificates {
		if held.Fingerprint() == ref.Fingerprint && c.store(held.Certificate) == ref.Store {
			return held, c, nil
		}
	}
	return keychainCertificate{}, nil, ErrNotFound
}

// change finds the entry that ref names, to be changed: the keychain must
// allow it, and is unlocked.
func (s *keychainStore) change(ctx context.Context, k *openKeychain, ref Ref) (keychainCertificate, *keychainContents, error) {
	held, c, err := s.lookup(k, ref)
	if errors.Is(err, ErrNotFound) && ref.Location == Machine && ref.Store == Root && s.roots != "" {
		if shipped, e := k.at(s.roots); e == nil {
			certificates, _ := shipped.certificates()
			for _, held := range certificates {
				if held.Fingerprint() == ref.Fingerprint {
					return held, nil, &impossible{"macOS ships it", "In Keychain Access it can be marked as never to be trusted."}
				}
			}
		}
	}
	if err == nil {
		err = k.readOnly()
	}
	if err == nil {
		err = k.unlock(ctx)
	}
	return held, c, err
}

// locked runs f alone on an open keychain, and releases what it was given.
func (s *keychainStore) locked(loc Location, f func(*openKeychain) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("the store was closed")
	}
	pool := s.lib.NewPool()
	defer pool.Drain()
	k, err := s.open(pool, loc)
	if err != nil {
		return err
	}
	return f(k)
}

// during runs an operation on the certificate that f returns and gives its
// error a home. It returns when ctx ends, even while macOS shows a prompt.
func (s *keychainStore) during(ctx context.Context, op string, ref Ref, f func(*openKeychain) (*certificate.Certificate, error)) error {
	type result struct {
		c    *certificate.Certificate
		path string
	}
	r, err := await(ctx, func() (r result, err error) {
		err = s.locked(ref.Location, func(k *openKeychain) (err error) {
			if ctx.Err() != nil { // it ended while another operation ran
				return ctx.Err()
			}
			r.path = k.path
			r.c, err = f(k)
			return err
		})
		return r, err
	})
	if err == nil {
		return nil
	}
	return s.fail(op, ref, r.path, r.c, err)
}

func (s *keychainStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Changes implements [Watcher] by watching the keychains' files.
func (s *keychainStore) Changes(ctx context.Context) <-chan struct{} {
	places := s.Places(ctx)
	return watchStamps(ctx, func() (stamps [2]fileStamp) {
		for _, p := range places {
			i := 0
			if p.Location == Machine {
				i = 1
			}
			stamps[i] = stampOf(p.Path)
		}
		return stamps
	})
}
