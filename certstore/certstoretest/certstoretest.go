// Package certstoretest is the contract of package certstore, executable.
//
// A new Store is done when TestStore passes on it. Each check says which
// promise it is about; add one where a promise is added or was broken.
package certstoretest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"testing"

	"certdesk/certstore"
	parse "certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// Limits are what a system's stores cannot do; each one says why. They are
// printed as the reason of what is skipped.
type Limits struct {
	NoEC  string // keys of elliptic curves cannot be stored: RSA is used instead
	NoPSS string // keys make no PSS signatures
	// OnePermission: who may use a key can be changed once.
	OnePermission string
	// NoP521Request and NoExportableRequest: a key for a request cannot be of
	// this kind when the store chooses the provider.
	NoP521Request, NoExportableRequest string
	// FreeNames says that friendly names are free text, as on Windows: the
	// store chooses none, and two subjects may have the same.
	FreeNames bool
}

// TestStore runs the contract on stores made by open. Each subtest gets an
// empty store of its own and closes it; open must never hand out a store that
// anybody uses for anything else.
func TestStore(t *testing.T, open func(*testing.T) certstore.Store) {
	TestLimited(t, Limits{}, open)
}

// TestLimited is TestStore for stores with limits.
func TestLimited(t *testing.T, limits Limits, open func(*testing.T) certstore.Store) {
	for _, tt := range []struct {
		name string
		test func(*suite)
	}{
		{"empty store", emptyStore},
		{"put then list", putThenList},
		{"put twice", putTwice},
		{"put completes", putCompletes},
		{"wrong key", wrongKey},
		{"unsupported key", unsupportedKey},
		{"impossible stores", impossibleStores},
		{"move", move},
		{"move between locations", moveBetweenLocations},
		{"not exportable", notExportable},
		{"delete", deleteEntry},
		{"delete keeps a shared key", deleteShared},
		{"signer", signer},
		{"export key", exportKey},
		{"key plan", keyPlan},
		{"chain", chain},
		{"state and restore", stateAndRestore},
		{"restore the pieces of a put", restorePieces},
		{"generate a key", generate},
		{"wrong answer", wrongAnswer},
		{"discard a key", discard},
		{"permissions", permissions},
		{"relink", relink},
		{"malformed certificates", malformed},
		{"friendly names", friendlyNames},
		{"concurrency", concurrency},
		{"end of context", endOfContext},
		{"closed store", closedStore},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { _ = s.Close() })
			root := certtest.Root(t, "Test Root")
			inter := certtest.Intermediate(t, root, "Test Intermediate")
			su := &suite{t, t.Context(), s, limits, root, inter, certtest.Issuer{}}
			su.leaf = su.client("Client One")
			tt.test(su)
		})
	}
}

// A suite is what one subtest works with.
type suite struct {
	*testing.T
	ctx               context.Context
	store             certstore.Store
	limits            Limits
	root, inter, leaf certtest.Issuer
}

// client makes a client certificate whose key the store can keep.
func (s *suite) client(name string) certtest.Issuer {
	s.Helper()
	if s.limits.NoEC == "" {
		return certtest.Client(s, s.inter, name)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.ok(err, "GenerateKey")
	return certtest.MakeWithKey(s, &s.inter, name, key, certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth))
}

// put puts and fails the test on an error.
func (s *suite) put(loc certstore.Location, name certstore.Name, item certstore.Item) {
	s.Helper()
	if err := s.store.Put(s.ctx, loc, name, item); err != nil {
		s.Fatalf("Put(%s, %s): %v", loc, name, err)
	}
}

// item returns a certificate with its key.
func (s *suite) item(i certtest.Issuer) certstore.Item {
	return certstore.Item{DER: i.Raw, Key: i.PKCS8(s), Exportable: true}
}

// certificate returns a certificate alone.
func certificate(i certtest.Issuer) certstore.Item { return certstore.Item{DER: i.Raw} }

// ref names an entry.
func ref(loc certstore.Location, name certstore.Name, i certtest.Issuer) certstore.Ref {
	return certstore.Ref{Location: loc, Store: name, Fingerprint: i.Fingerprint()}
}

// list returns the entries of a location that can be changed: a store may
// list the system's own roots as well.
func (s *suite) list(loc certstore.Location) []certstore.Entry {
	s.Helper()
	var list []certstore.Entry
	for e, err := range s.store.Entries(s.ctx, loc) {
		if err != nil {
			s.Fatalf("Entries(%s): %v", loc, err)
		}
		if !e.ReadOnly {
			list = append(list, e)
		}
	}
	s.overview(loc, list)
	return list
}

// overview checks that an overview has the entries of list, where the store
// knows how to make one.
func (s *suite) overview(loc certstore.Location, list []certstore.Entry) {
	s.Helper()
	o, ok := s.store.(certstore.Overviewer)
	if !ok {
		return
	}
	n := 0
	for e, err := range o.Overview(s.ctx, loc, func(*parse.Certificate) {}) {
		if err != nil {
			s.Fatalf("Overview(%s): %v", loc, err)
		}
		if e.ReadOnly {
			continue
		}
		n++
		if !slices.ContainsFunc(list, func(x certstore.Entry) bool {
			return x.Ref() == e.Ref() && x.Key == e.Key && x.FriendlyName == e.FriendlyName && x.Exportable == e.Exportable && x.Anchor() == e.Anchor()
		}) {
			s.Errorf("Overview(%s): %q of %s is not in Entries", loc, e.FriendlyName, e.Store)
		}
	}
	if n != len(list) {
		s.Errorf("Overview(%s): %d entries, Entries has %d", loc, n, len(list))
	}
}

// entry returns the one entry of a location that is in the store name, and
// fails the test if there are others there.
func (s *suite) entry(loc certstore.Location, name certstore.Name, i certtest.Issuer) certstore.Entry {
	s.Helper()
	for _, e := range s.list(loc) {
		if e.Store == name && e.Fingerprint() == i.Fingerprint() {
			return e
		}
	}
	s.Fatalf("%s/%s does not list %s", loc, name, i.CommonName())
	return certstore.Entry{}
}

// count fails the test unless a location has n entries.
func (s *suite) count(loc certstore.Location, n int) {
	s.Helper()
	if list := s.list(loc); len(list) != n {
		s.Errorf("%s has %d entries, want %d: %v", loc, len(list), n, list)
	}
}

// want fails the test unless err is one of Error that matches target.
func (s *suite) want(err, target error, doing string) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("%s = %v, want %v", doing, err, target)
		return
	}
	if _, ok := errors.AsType[*certstore.Error](err); !ok {
		s.Errorf("%s returns a %T, want a *certstore.Error", doing, err)
	}
}

// ok fails the test if err is not nil.
func (s *suite) ok(err error, doing string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", doing, err)
	}
}

func emptyStore(s *suite) {
	s.count(certstore.User, 0)
	if p := s.store.Places(s.ctx); len(p) == 0 || p[0].Location != certstore.User {
		s.Errorf("Places() = %v, want the user's first", p)
	}
	st, err := s.store.State(s.ctx, certstore.User, s.leaf.Raw)
	s.ok(err, "State")
	if st != (certstore.State{}) {
		s.Errorf("State of nothing = %+v", st)
	}
	s.want(s.store.Delete(s.ctx, ref(certstore.User, certstore.My, s.leaf), certstore.DeleteAll), certstore.ErrNotFound, "Delete of nothing")
	_, err = s.store.Signer(s.ctx, ref(certstore.User, certstore.My, s.leaf))
	s.want(err, certstore.ErrNotFound, "Signer of nothing")
	s.ok(s.store.Restore(s.ctx, certstore.User, s.leaf.Raw, certstore.State{}), "Restore of nothing to nothing")
	s.count(certstore.User, 0)
}

func putThenList(s *suite) {
	peer := certtest.Client(s, s.inter, "Partner")
	friend := certtest.Client(s, s.inter, "Friend")
	enemy := certtest.Client(s, s.inter, "Enemy")
	s.put(certstore.User, certstore.CA, certificate(s.inter))
	s.put(certstore.User, certstore.Root, certificate(s.root))
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.put(certstore.User, certstore.People, certificate(peer))
	s.put(certstore.User, certstore.TrustedPeople, certificate(friend))
	s.put(certstore.User, certstore.Disallowed, certificate(enemy))
	s.count(certstore.User, 6)
	s.count(certstore.Machine, 0)
	for _, tt := range []struct {
		name    certstore.Name
		of      certtest.Issuer
		key     certstore.KeyState
		trusted bool
	}{
		{certstore.CA, s.inter, certstore.KeyNone, false},
		{certstore.Root, s.root, certstore.KeyNone, true},
		{certstore.My, s.leaf, certstore.KeyPresent, false},
		{certstore.People, peer, certstore.KeyNone, false},
		{certstore.TrustedPeople, friend, certstore.KeyNone, false},
		{certstore.Disallowed, enemy, certstore.KeyNone, false},
	} {
		e := s.entry(certstore.User, tt.name, tt.of)
		if e.Key != tt.key || e.Anchor() != tt.trusted || e.FriendlyName == "" && !s.limits.FreeNames || e.Exportable != (tt.key == certstore.KeyPresent) {
			s.Errorf("%s: key %s, trusted %t, friendly name %q, exportable %t", tt.name, e.Key, e.Anchor(), e.FriendlyName, e.Exportable)
		}
	}
}

func putTwice(s *suite) {
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.want(s.store.Put(s.ctx, certstore.User, certstore.My, s.item(s.leaf)), certstore.ErrExists, "second Put")
	named := s.item(s.leaf)
	named.FriendlyName = "Another name"
	s.want(s.store.Put(s.ctx, certstore.User, certstore.My, named), certstore.ErrExists, "second Put under another name")
	s.put(certstore.User, certstore.CA, certificate(s.inter))
	s.want(s.store.Put(s.ctx, certstore.User, certstore.CA, certificate(s.inter)), certstore.ErrExists, "second Put of a CA")
	s.put(certstore.User, certstore.Root, certificate(s.root))
	s.want(s.store.Put(s.ctx, certstore.User, certstore.Root, certificate(s.root)), certstore.ErrExists, "second Put of a root")
	s.count(certstore.User, 3)
}

func putCompletes(s *suite) {
	s.put(certstore.User, certstore.People, certificate(s.leaf))
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.count(certstore.User, 1)
	if e := s.entry(certstore.User, certstore.My, s.leaf); e.Key != certstore.KeyPresent {
		s.Errorf("the key is %s after it was put", e.Key)
	}
	s.put(certstore.User, certstore.CA, certificate(s.root))
	s.put(certstore.User, certstore.Root, certificate(s.root))
	s.entry(certstore.User, certstore.Root, s.root)
	s.count(certstore.User, 2)
}

func wrongKey(s *suite) {
	other := s.client("Other")
	s.want(s.store.Put(s.ctx, certstore.User, certstore.My, certstore.Item{DER: s.leaf.Raw, Key: other.PKCS8(s)}), certstore.ErrKey, "Put with the key of another")
	s.want(s.store.Put(s.ctx, certstore.User, certstore.My, certstore.Item{DER: s.leaf.Raw, Key: []byte("no key")}), certstore.ErrKey, "Put with garbage as a key")
	s.count(certstore.User, 0)
	for _, i := range []certtest.Issuer{s.leaf, other} {
		if st, err := s.store.State(s.ctx, certstore.User, i.Raw); err != nil || st != (certstore.State{}) {
			s.Errorf("State after a wrong key = %+v, %v", st, err)
		}
	}
}

func unsupportedKey(s *suite) {
	key, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	s.ok(err, "GenerateKey")
	p224 := certtest.MakeWithKey(s, &s.inter, "P-224", key)
	err = s.store.Put(s.ctx, certstore.User, certstore.My, s.item(p224))
	if err == nil { // then it has to work
		s.sign(ref(certstore.User, certstore.My, p224))
		return
	}
	s.want(err, certstore.ErrKey, "Put of a P-224 key")
	s.count(certstore.User, 0)
	s.put(certstore.User, certstore.People, certificate(p224)) // the certificate alone is no problem
	s.count(certstore.User, 1)
}

func impossibleStores(s *suite) {
	for _, tt := range []struct {
		name certstore.Name
		item certstore.Item
		why  string
	}{
		{certstore.My, certificate(s.leaf), "Personal without a key"},
		{certstore.Root, certificate(s.leaf), "an end entity as a root"},
		{certstore.People, certificate(s.inter), "a CA among people"},
		{"nosuchstore", certificate(s.leaf), "a store that is not there"},
		{certstore.People, certstore.Item{DER: []byte("garbage")}, "garbage"},
	} {
		s.want(s.store.Put(s.ctx, certstore.User, tt.name, tt.item), certstore.ErrNotPossible, "Put of "+tt.why)
	}
	s.count(certstore.User, 0)
}

func endOfContext(s *suite) {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.want(s.store.Put(ctx, certstore.User, certstore.People, certificate(s.leaf)), context.Canceled, "Put after the end")
	n := 0
	for _, err := range s.store.Entries(ctx, certstore.User) {
		if n++; !errors.Is(err, context.Canceled) {
			s.Errorf("Entries after the end yields %v", err)
		}
	}
	if n != 1 {
		s.Errorf("Entries after the end yields %d times, want 1", n)
	}
	s.count(certstore.User, 0)
}

func closedStore(s *suite) {
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	s.ok(s.store.Close(), "Close")
	if err := s.store.Put(s.ctx, certstore.User, certstore.People, certificate(s.inter)); err == nil {
		s.Error("Put works after Close")
	}
	for _, err := range s.store.Entries(s.ctx, certstore.User) {
		if err == nil {
			s.Error("Entries works after Close")
		}
	}
}

func concurrency(s *suite) {
	s.put(certstore.User, certstore.My, s.item(s.leaf))
	const routines, rounds = 8, 5
	var wg sync.WaitGroup
	for g := range routines {
		mine := certtest.Client(s, s.inter, "Client of goroutine "+string(rune('A'+g)))
		wg.Go(func() {
			for range rounds {
				n := 0
				for e, err := range s.store.Entries(s.ctx, certstore.User) {
					if err != nil {
						s.Errorf("Entries: %v", err)
					} else if e.Fingerprint() == s.leaf.Fingerprint() {
						n++
					}
				}
				if n != 1 {
					s.Errorf("Entries yields the same entry %d times", n)
				}
				s.sign(ref(certstore.User, certstore.My, s.leaf))
			}
			if err := s.store.Put(s.ctx, certstore.User, certstore.People, certificate(mine)); err != nil {
				s.Errorf("Put: %v", err)
			}
		})
	}
	wg.Wait()
	s.count(certstore.User, routines+1)
}

// sign makes and verifies a signature of every kind that the key can make.
func (s *suite) sign(r certstore.Ref) {
	s.Helper()
	key, err := s.store.Signer(s.ctx, r)
	if err != nil {
		s.Errorf("Signer: %v", err)
		return
	}
	digest := sha256.Sum256([]byte("signed"))
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || !ecdsa.VerifyASN1(public, digest[:], sig) {
			s.Errorf("ECDSA signature %x does not verify: %v", sig, err)
		}
	case *rsa.PublicKey:
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err == nil {
			err = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], sig)
		}
		if err != nil {
			s.Errorf("PKCS #1 v1.5: %v", err)
		}
		if s.limits.NoPSS != "" {
			if _, err := key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{Hash: crypto.SHA256}); !errors.Is(err, errors.ErrUnsupported) {
				s.Errorf("PSS: %v, want ErrUnsupported", err)
			}
			return
		}
		for _, salt := range []int{rsa.PSSSaltLengthEqualsHash, rsa.PSSSaltLengthAuto, 20} {
			opts := &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}
			if sig, err = key.Sign(rand.Reader, digest[:], opts); err == nil {
				err = rsa.VerifyPSS(public, crypto.SHA256, digest[:], sig, opts)
			}
			if err != nil {
				s.Errorf("PSS with salt length %d: %v", salt, err)
			}
		}
	default:
		s.Errorf("Public returns a %T", public)
	}
}
