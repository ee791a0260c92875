package certstore

import (
	"context"
	"crypto"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

// A windowsStore is the system stores of the user and of the machine. It
// opens them for each operation: an open one does not see what other programs
// change.
type windowsStore struct {
	prefix   string
	provider Provider // of keys that name none
	why      string   // this one, a full sentence
	writable func() error

	mu     sync.Mutex // one operation at a time
	closed bool
}

var (
	_ Store       = (*windowsStore)(nil)
	_ KeyExporter = (*windowsStore)(nil)
	_ Renamer     = (*windowsStore)(nil)
	_ Watcher     = (*windowsStore)(nil)
	_ Acceptor    = (*windowsStore)(nil)
	_ KeyPlanner  = (*windowsStore)(nil)
)

// Open returns the stores of this system. It reads and creates nothing yet.
//
// The variable CERTDESK_STORE_PREFIX is put before every name of a system
// store and of a key container, so that tests never touch real ones.
// CERTDESK_KEY_PROVIDER (cng or capi) is how keys are kept when an [Item]
// does not say. With CERTDESK_MACHINE_READONLY the machine's stores are denied
// to this process, as they are to a user who is no administrator.
func Open(ctx context.Context, opts Options) (Store, error) {
	getenv := opts.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	s := &windowsStore{prefix: getenv("CERTDESK_STORE_PREFIX"), provider: Provider(getenv("CERTDESK_KEY_PROVIDER")), writable: machineWritable,
		why: "CERTDESK_KEY_PROVIDER says so."}
	if getenv("CERTDESK_MACHINE_READONLY") != "" {
		s.writable = func() error { return wincrypt.Wrap("CERTDESK_MACHINE_READONLY", windows.ERROR_ACCESS_DENIED) }
	}
	switch s.provider {
	case ProviderCNG, ProviderCAPI:
	case ProviderDefault:
		s.provider, s.why = ProviderCNG, "It is Windows' present way: every kind of key, and all signatures that TLS 1.3 needs."
		if wincrypt.OnWine() != "" {
			s.provider, s.why = ProviderCAPI, "Wine's CNG keys end with the process."
		}
	default:
		return nil, &Error{Op: "open", Location: User, Err: errors.New("CERTDESK_KEY_PROVIDER is neither cng nor capi")}
	}
	return s, nil
}

// machineWritable tells why the machine's stores cannot be changed, nil when
// they can.
func machineWritable() error {
	path, err := windows.UTF16PtrFromString(certificatesKey)
	if err != nil {
		return err
	}
	var key windows.Handle
	if err = windows.RegOpenKeyEx(windows.HKEY_LOCAL_MACHINE, path, 0, windows.KEY_READ|windows.KEY_WRITE, &key); err != nil {
		return wincrypt.Wrap("RegOpenKeyEx "+certificatesKey, err)
	}
	return windows.RegCloseKey(key)
}

// readOnly returns why nothing can be changed in a location.
func (s *windowsStore) readOnly(loc Location) error {
	if loc != Machine {
		return nil
	}
	if err := cause(s.writable()); err != nil {
		return s.fail("open", Ref{Location: loc}, nil, err)
	}
	return nil
}

// Places lists the standard stores of both locations and what others Windows
// knows there.
func (s *windowsStore) Places(ctx context.Context) []Place {
	var list []Place
	for _, loc := range []Location{User, Machine} {
		ro := s.readOnly(loc)
		stores, _ := s.systemStores(loc) // the standard ones are there in any case
		for _, y := range stores {
			list = append(list, Place{loc, y.name, ro, y.path()})
		}
	}
	return list
}

func (s *windowsStore) Entries(ctx context.Context, loc Location) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		type result struct {
			entries []Entry
			errs    []error
		}
		r, err := await(ctx, func() (result, error) {
			var r result
			err := s.locked(loc, func() error {
				r.entries, r.errs = s.entries(ctx, loc)
				return nil
			})
			return r, err
		})
		if err != nil {
			r.errs = append(r.errs, s.fail("list", Ref{Location: loc}, nil, err))
		}
		for _, e := range r.entries {
			if !yield(e, nil) {
				return
			}
		}
		for _, err := range r.errs {
			if !yield(Entry{}, err) {
				return
			}
		}
	}
}

// entries reads a location: of each store what is its own, and what is seen
// through it.
func (s *windowsStore) entries(ctx context.Context, loc Location) (entries []Entry, errs []error) {
	stores, err := s.systemStores(loc)
	if err != nil {
		errs = append(errs, s.fail("list", Ref{Location: loc}, nil, err))
	}
	ro := s.readOnly(loc) != nil
	for _, y := range stores {
		if ctx.Err() != nil {
			return entries, append(errs, s.fail("list", Ref{Location: loc}, nil, ctx.Err()))
		}
		names := y.registered()
		own, err := y.own()
		all, err2 := y.read(windows.CERT_STORE_PROV_SYSTEM)
		if err := errors.Join(err, err2); err != nil {
			errs = append(errs, s.fail("list", Ref{Location: loc, Store: y.name}, nil, err))
		}
		mine := map[certificate.Fingerprint]bool{}
		for _, e := range own {
			mine[e.Fingerprint()] = true
			entries = append(entries, s.entry(e, ro))
		}
		for _, in := range s.provided(y) {
			if fp := in.Fingerprint(); !mine[fp] {
				mine[fp] = true
				entries = append(entries, in)
			}
		}
		if err == nil {
			entries = append(entries, y.unread(names, own)...)
		}
		for _, e := range all {
			if fp := e.Fingerprint(); !mine[fp] {
				mine[fp] = true
				in := s.entry(e, true)
				if loc == User {
					in.Inherited = true
				} else {
					in.Provided = BySystem
				}
				entries = append(entries, in)
			}
		}
	}
	return entries, errs
}

func (s *windowsStore) entry(e held, readOnly bool) Entry {
	y := e.store
	out := Entry{
		Location: y.loc, Store: y.name, DER: e.Raw, FriendlyName: e.friendlyName, Key: KeyNone,
		Trusted: y.name == Root || y.name == "authroot", Shipped: y.name == "authroot", Origin: y.path(), Archived: e.archived, ReadOnly: readOnly,
	}
	if e.link != nil {
		out.Key, out.Exportable = s.inspect(e.link)
		out.NoPSS = e.link.ProvType != 0 && !byCNG(e.link)
	}
	return out
}

func (s *windowsStore) Signer(ctx context.Context, ref Ref) (crypto.Signer, error) {
	var signer crypto.Signer
	err := s.during(ctx, "sign", ref, func() (*certificate.Certificate, error) {
		e, err := s.lookup(ref, windows.CERT_STORE_PROV_SYSTEM)
		if err != nil {
			return nil, err
		}
		signer, err = s.signer(e.Certificate, e.link)
		return e.Certificate, err
	})
	if err != nil {
		return nil, err
	}
	return signer, nil
}

func (s *windowsStore) ExportKey(ctx context.Context, ref Ref) ([]byte, error) {
	var key []byte
	err := s.during(ctx, "export", ref, func() (*certificate.Certificate, error) {
		e, err := s.lookup(ref, windows.CERT_STORE_PROV_SYSTEM)
		if err != nil {
			return nil, err
		}
		key, err = s.exportKey(e.Certificate, e.link)
		return e.Certificate, err
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (s *windowsStore) Rename(ctx context.Context, ref Ref, friendlyName string) error {
	return s.during(ctx, "rename", ref, func() (*certificate.Certificate, error) {
		e, err := s.change(ref)
		if err != nil {
			return e.Certificate, err
		}
		return e.Certificate, e.store.add(e.Certificate, nil, properties{&friendlyName, e.link})
	})
}

// lookup finds the entry that ref names, among those of the provider.
func (s *windowsStore) lookup(ref Ref, provider uintptr) (held, error) {
	y, err := s.systemStore(ref.Location, ref.Store)
	if errors.Is(err, ErrNotPossible) {
		return held{}, ErrNotFound
	}
	if err != nil {
		return held{}, err
	}
	list, err := y.read(provider)
	for _, e := range list {
		if e.Fingerprint() == ref.Fingerprint {
			return e, nil
		}
	}
	if err == nil {
		err = ErrNotFound
	}
	return held{}, err
}

// change finds the entry that ref names, to be changed: its own place must
// allow it.
func (s *windowsStore) change(ref Ref) (held, error) {
	e, err := s.lookup(ref, windows.CERT_STORE_PROV_SYSTEM_REGISTRY)
	if errors.Is(err, ErrNotFound) {
		if y, err := s.systemStore(ref.Location, ref.Store); err == nil {
			if fixed, ok := s.fixed(y, ref.Fingerprint); ok {
				return e, fixed.impossible()
			}
		}
		if e, err := s.lookup(ref, windows.CERT_STORE_PROV_SYSTEM); err == nil {
			if ref.Location == User {
				return e, &impossible{"the entry belongs to the machine and is only seen here", "Change it in the machine location."}
			}
			return e, Entry{Provided: BySystem}.impossible()
		}
	}
	if err != nil {
		return e, err
	}
	return e, s.readOnly(ref.Location)
}

// holdings returns where a location has c as its own, standard stores first.
func (s *windowsStore) holdings(loc Location, c *certificate.Certificate) ([]held, error) {
	all, err := s.all(loc)
	return slices.DeleteFunc(all, func(e held) bool { return e.Fingerprint() != c.Fingerprint() }), err
}

// all returns everything of a location that is its own, as far as the user may
// read it: what else the machine has leads to none of the user's keys.
func (s *windowsStore) all(loc Location) ([]held, error) {
	stores, err := s.systemStores(loc)
	var list []held
	for _, y := range stores {
		own, e := y.own()
		if errors.Is(cause(e), ErrDenied) && s.readOnly(loc) != nil {
			continue
		}
		list, err = append(list, own...), errors.Join(err, e)
	}
	return list, err
}

// locked runs f alone.
func (s *windowsStore) locked(loc Location, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errors.New("the store was closed")
	case loc != User && loc != Machine:
		return &impossible{"there is no such location", "The locations are user and machine."}
	}
	return f()
}

// during runs an operation on the certificate that f returns and gives its
// error a home. It returns when ctx ends, even while Windows shows a prompt.
func (s *windowsStore) during(ctx context.Context, op string, ref Ref, f func() (*certificate.Certificate, error)) error {
	c, err := await(ctx, func() (c *certificate.Certificate, err error) {
		err = s.locked(ref.Location, func() error {
			if ctx.Err() != nil { // it ended while another operation ran
				return ctx.Err()
			}
			c, err = f()
			return err
		})
		return c, err
	})
	if err == nil {
		return nil
	}
	return s.fail(op, ref, c, err)
}

func (s *windowsStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// fail returns err as an Error of the place that ref names.
func (s *windowsStore) fail(op string, ref Ref, c *certificate.Certificate, err error) *Error {
	e := &Error{Op: op, Location: ref.Location, Store: ref.Store, Err: cause(err)}
	if inner, ok := errors.AsType[*Error](err); ok {
		e.Err, e.Advise = inner.Err, inner.Advise
		if errors.Is(err, ErrKey) && !errors.Is(e.Err, ErrKey) { // the signature that proves a key failed
			e.Err = &because{ErrKey, e.Err}
		}
	}
	if c != nil && len(c.Raw) > 0 {
		if e.Subject = c.Subject().String(); e.Subject == "" {
			e.Subject = c.SHA1()
		}
	}
	if i, ok := errors.AsType[*impossible](err); ok {
		e.Advise = i.advice
	}
	switch {
	case e.Advise != "" || !errors.Is(e.Err, ErrKey):
	case wincrypt.IsCode(e.Err, windows.NTE_BAD_KEYSET, windows.NTE_NO_KEY):
		e.Advise = "The certificate leads to a key that is not there. Import the PFX file again, or have the key looked for (certctl key relink ID)."
	case wincrypt.IsCode(e.Err, windows.NTE_NOT_SUPPORTED) && wincrypt.OnWine() != "":
		e.Advise = "Wine keeps no keys with CNG: let CryptoAPI keep it, which takes RSA keys only."
	}
	if errors.Is(e.Err, ErrDenied) {
		e.Advise = "Run it as the account that it belongs to, or have that account's rights given to you."
		if ref.Location == Machine {
			e.Advise = "Run it as administrator (an elevated prompt), or choose the user location."
		}
	}
	if errors.Is(e.Err, ErrCanceled) && ref.Location == User && ref.Store == Root {
		e.Advise = "Nothing was changed. Windows asks before the user's roots change, and without a desktop (ssh, a service) it answers no itself: use the machine location there."
	}
	return e
}

// cause gives a number of Windows the sentinel it stands for, once. Where both
// say the same, the number stays and its sentence goes.
func cause(err error) error {
	is := wincrypt.IsCode[windows.Handle]
	same := func(kind error) error { return &because{kind, wincrypt.Brief(err)} }
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrDenied), errors.Is(err, ErrCanceled), errors.Is(err, ErrExists), errors.Is(err, ErrBusy), errors.Is(err, ErrNotPossible):
		return err
	case errors.Is(err, fs.ErrPermission), is(err, windows.Handle(windows.E_ACCESSDENIED), windows.NTE_PERM):
		return same(ErrDenied)
	case wincrypt.IsCode(err, windows.ERROR_CANCELLED), is(err, windows.NTE_USER_CANCELLED, windows.SCARD_W_CANCELLED_BY_USER):
		return same(ErrCanceled)
	case is(err, windows.CRYPT_E_EXISTS):
		return same(ErrExists)
	case wincrypt.IsCode(err, windows.ERROR_SHARING_VIOLATION):
		return same(ErrBusy)
	case is(err, windows.NTE_BAD_KEYSET, windows.NTE_NO_KEY, windows.NTE_NOT_SUPPORTED, windows.NTE_BAD_KEY, windows.NTE_BAD_DATA) && !errors.Is(err, ErrKey):
		return &because{ErrKey, err}
	}
	return err
}
