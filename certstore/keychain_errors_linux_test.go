package certstore_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"maps"
	"math/big"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certtest"
)

// bundle is a client certificate with its key.
func bundle(t *testing.T) (certtest.Issuer, certstore.Item) {
	leaf := certtest.Client(t, certtest.Root(t, "Test Root"), "Client One")
	return leaf, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t), Exportable: true}
}

// TestKeychainErrors makes each call of an import fail and wants the error's
// meaning, Apple's sentence in it, advice where there is some, and a keychain
// that holds nothing of what was begun.
func TestKeychainErrors(t *testing.T) {
	for _, tt := range []struct {
		function string
		after    int
		status   keychain.Status
		want     error
	}{
		{"SecKeychainOpen", 0, keychain.ErrNotAvailable, certstore.ErrUnavailable},
		{"SecKeychainGetStatus", 0, keychain.ErrNoSuchKeychain, certstore.ErrUnavailable},
		{"SecKeychainGetStatus", 0, keychain.ErrInvalidKeychain, certstore.ErrDamaged},
		{"SecItemCopyMatching", 0, keychain.ErrInteractionNotAllowed, certstore.ErrLocked},
		{"SecItemCopyMatching", 1, keychain.ErrInteractionRequired, certstore.ErrLocked},
		{"SecTrustSettingsCopyCertificates", 0, keychain.ErrInternalComponent, certstore.ErrDenied},
		{"SecItemImport", 0, keychain.ErrUserCanceled, certstore.ErrCanceled},
		{"SecItemImport", 0, keychain.ErrDecode, certstore.ErrKey},
		{"SecItemImport", 0, keychain.ErrPKCS12VerifyFailure, certstore.ErrKey},
		{"SecItemImport", 0, keychain.ErrUnsupportedKeyFormat, certstore.ErrKey},
		{"SecItemImport", 0, keychain.ErrAuthFailed, certstore.ErrPassword},
		{"SecItemImport", 0, keychain.ErrReadOnly, certstore.ErrDenied},
		{"SecItemImport", 0, keychain.ErrWritePermission, certstore.ErrDenied},
		{"SecItemImport", 0, keychain.ErrMissingEntitlement, certstore.ErrDenied},
		{"SecItemImport: certificate", 0, keychain.ErrUserCanceled, certstore.ErrCanceled}, // the key is there by then
		{"SecItemUpdate", 0, keychain.ErrNoAccessForItem, certstore.ErrDenied},
		{"SecKeyCreateSignature", 0, keychain.ErrUserCanceled, certstore.ErrCanceled},
		{"SecKeyCreateSignature", 0, 0, certstore.ErrKey}, // NULL and no reason
		{"SecItemImport", 0, -9999, nil},                  // a number that nobody knows
	} {
		t.Run(tt.function, func(t *testing.T) {
			m := newMac(t)
			s := m.open()
			leaf, item := bundle(t)
			item.FriendlyName = "Portal"
			m.Fail(tt.function, tt.status, tt.after)
			err := s.Put(t.Context(), certstore.User, certstore.My, item)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Fatalf("Put = %v, want %v", err, tt.want)
			}
			e, ok := errors.AsType[*certstore.Error](err)
			if !ok || e.Op != "put" || e.Location != certstore.User {
				t.Errorf("Put = %#v, want an Error of put", err)
			}
			call, _, _ := strings.Cut(tt.function, ":")
			if !strings.Contains(err.Error(), call) {
				t.Errorf("%q does not name %s", err, call)
			}
			if tt.want != nil && tt.want != certstore.ErrKey && certstore.Advice(err) == "" {
				t.Errorf("no advice for %v", err)
			}
			if st, err := s.State(t.Context(), certstore.User, leaf.Raw); err != nil || st != (certstore.State{}) {
				t.Errorf("the failed Put leaves %+v, %v", st, err)
			}
			if err := s.Put(t.Context(), certstore.User, certstore.My, item); err != nil {
				t.Errorf("Put afterwards: %v", err)
			}
		})
	}
}

// TestKeychainCauses provokes every number that has a meaning: it has one
// only, and macOS' sentence or number stays in the text.
func TestKeychainCauses(t *testing.T) {
	m := newMac(t)
	s := m.open()
	leaf, _ := bundle(t)
	n := 0
	for kind, numbers := range certstore.KeychainCauses() {
		for _, number := range numbers {
			n++
			m.Fail("SecKeychainGetStatus", number, 0)
			_, err := s.State(t.Context(), certstore.User, leaf.Raw)
			for other := range certstore.KeychainCauses() {
				if errors.Is(err, other) != (other == kind) {
					t.Errorf("%d: %v, want %v alone", number, err, kind)
				}
			}
			if !strings.Contains(err.Error(), strconv.Itoa(int(number))) {
				t.Errorf("%d: the number is not in %q", number, err)
			}
		}
	}
	if n < 20 {
		t.Errorf("%d numbers have a meaning", n)
	}
}

// TestKeychainTrustRefused has macOS refuse trust: the certificate must not
// stay behind without it.
func TestKeychainTrustRefused(t *testing.T) {
	for status, want := range map[keychain.Status]error{
		keychain.ErrUserCanceled:             certstore.ErrCanceled,
		keychain.ErrAuthorizationCanceled:    certstore.ErrCanceled,
		keychain.ErrAuthorizationDenied:      certstore.ErrDenied,
		keychain.ErrAuthorizationInteraction: certstore.ErrDenied,
		keychain.ErrInternalComponent:        certstore.ErrDenied,
	} {
		m := newMac(t)
		s := m.open()
		root := certtest.Root(t, "Test Root")
		m.Fail("SecTrustSettingsSetTrustSettings", status, 0)
		err := s.Put(t.Context(), certstore.User, certstore.Root, certstore.Item{DER: root.Raw})
		if !errors.Is(err, want) || certstore.Advice(err) == "" {
			t.Errorf("%d: %v, want %v with advice", status, err, want)
		}
		if st, err := s.State(t.Context(), certstore.User, root.Raw); err != nil || st != (certstore.State{}) {
			t.Errorf("%d: it leaves %+v, %v", status, st, err)
		}
		if err := s.Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: root.Raw}); err != nil {
			t.Fatal(err)
		}
		m.Fail("SecTrustSettingsSetTrustSettings", status, 0)
		if err := s.Move(t.Context(), refTo(certstore.CA, root), certstore.User, certstore.Root); !errors.Is(err, want) {
			t.Errorf("%d: Move = %v, want %v", status, err, want)
		}
		if st, err := s.State(t.Context(), certstore.User, root.Raw); err != nil || st.Store != certstore.CA {
			t.Errorf("%d: after Move %+v, %v", status, st, err)
		}
	}
}

// TestKeychainSignErrors has the key fail when it is used and when it is to
// leave.
func TestKeychainSignErrors(t *testing.T) {
	m := newMac(t)
	s := m.open()
	leaf, item := bundle(t)
	if err := s.Put(t.Context(), certstore.User, certstore.My, item); err != nil {
		t.Fatal(err)
	}
	key, err := s.Signer(t.Context(), refTo(certstore.My, leaf))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	for status, want := range map[keychain.Status]error{
		keychain.ErrUserCanceled: certstore.ErrCanceled, keychain.ErrInteractionNotAllowed: certstore.ErrLocked, keychain.ErrItemNotFound: certstore.ErrNotFound,
	} {
		m.Fail("SecKeyCreateSignature", status, 0)
		if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); !errors.Is(err, want) || !strings.Contains(err.Error(), "Client One") {
			t.Errorf("%d: Sign = %v, want %v", status, err, want)
		}
	}
	if _, err := key.Sign(rand.Reader, digest[:20], crypto.SHA256); err == nil {
		t.Error("Sign takes a digest that is too short")
	}
	x := s.(certstore.KeyExporter)
	for status, want := range map[keychain.Status]error{
		keychain.ErrUserCanceled: certstore.ErrCanceled, keychain.ErrDataNotAvailable: certstore.ErrNotExportable, keychain.ErrNoAccessForItem: certstore.ErrDenied,
	} {
		m.Fail("SecItemExport", status, 0)
		if _, err := x.ExportKey(t.Context(), refTo(certstore.My, leaf)); !errors.Is(err, want) {
			t.Errorf("%d: ExportKey = %v, want %v", status, err, want)
		}
	}
	if err := s.Delete(t.Context(), refTo(certstore.My, leaf), certstore.DeleteAll); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); !errors.Is(err, certstore.ErrNotFound) {
		t.Errorf("Sign after Delete = %v", err)
	}
}

// TestKeychainSilentKeys has keys that do not say whether they may leave:
// macOS decides when they are to.
func TestKeychainSilentKeys(t *testing.T) {
	m := newMac(t)
	m.Set("no extractable attribute")
	s := m.open()
	leaf, item := bundle(t)
	item.Exportable = false
	if err := s.Put(t.Context(), certstore.User, certstore.My, item); err != nil {
		t.Fatal(err)
	}
	if _, err := s.(certstore.KeyExporter).ExportKey(t.Context(), refTo(certstore.My, leaf)); !errors.Is(err, certstore.ErrNotExportable) {
		t.Errorf("ExportKey = %v, want ErrNotExportable", err)
	}
}

// TestKeychainWithoutRaw has a key that can do neither PSS nor raw RSA.
func TestKeychainWithoutRaw(t *testing.T) {
	m := newMac(t)
	m.Set("no PSS")
	m.Set("no raw RSA")
	s := m.open()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	root := certtest.Root(t, "Test Root")
	leaf := certtest.MakeWithKey(t, &root, "Old card", rsaKey)
	if err := s.Put(t.Context(), certstore.User, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}); err != nil {
		t.Fatal(err)
	}
	key, err := s.Signer(t.Context(), refTo(certstore.My, leaf))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	_, err = key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "TLS 1.2 does not") {
		t.Errorf("Sign = %v", err)
	}
	if sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil || rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], sig) != nil {
		t.Errorf("PKCS #1 v1.5: %v", err)
	}
}

// TestKeychainLocked locks the keychain: listing goes on, a key asks for the
// password, and the wrong one is asked for again.
func TestKeychainLocked(t *testing.T) {
	m := newMac(t)
	s := m.open()
	leaf, item := bundle(t)
	if err := s.Put(t.Context(), certstore.User, certstore.My, item); err != nil {
		t.Fatal(err)
	}
	m.Lock(m.user)
	for e, err := range s.Entries(t.Context(), certstore.User) {
		if err != nil || e.Key != certstore.KeyLocked {
			t.Errorf("the entry of a locked keychain: key %s, %v", e.Key, err)
		}
	}
	// Nobody can be asked: macOS would, and says that it cannot here.
	if err := s.Delete(t.Context(), refTo(certstore.My, leaf), certstore.DeleteAll); !errors.Is(err, certstore.ErrLocked) || !strings.Contains(certstore.Advice(err), "unlock-keychain") {
		t.Errorf("Delete = %v, advice %q", err, certstore.Advice(err))
	}
	answers := []string{"wrong", macPassword}
	var asked []string
	var given [][]byte
	m.password = func(_ context.Context, place string, again bool) ([]byte, error) {
		if again != (len(asked) > 0) || place != m.user {
			t.Errorf("asked for %s, again %t", place, again)
		}
		asked = append(asked, place)
		given = append(given, []byte(answers[len(asked)-1]))
		return given[len(given)-1], nil
	}
	s = m.open()
	if _, err := s.Signer(t.Context(), refTo(certstore.My, leaf)); err != nil || len(asked) != 2 {
		t.Fatalf("Signer = %v after %d questions", err, len(asked))
	}
	for _, b := range given {
		if len(strings.Trim(string(b), "\x00")) != 0 {
			t.Error("a password was not wiped")
		}
	}
	m.Lock(m.user)
	m.password = func(context.Context, string, bool) ([]byte, error) { return []byte("wrong"), nil }
	if _, err := m.open().Signer(t.Context(), refTo(certstore.My, leaf)); !errors.Is(err, certstore.ErrPassword) {
		t.Errorf("Signer with wrong answers = %v", err)
	}
	m.password = func(context.Context, string, bool) ([]byte, error) { return nil, certstore.ErrCanceled }
	if _, err := m.open().Signer(t.Context(), refTo(certstore.My, leaf)); !errors.Is(err, certstore.ErrCanceled) {
		t.Errorf("Signer without an answer = %v", err)
	}
}

// TestKeychainMissing has no keychain at all, or none that may be written.
func TestKeychainMissing(t *testing.T) {
	m := newMac(t)
	missing := m.user + ".missing"
	_, item := bundle(t)
	m.user = missing
	for _, err := range m.open().Entries(t.Context(), certstore.User) {
		if !errors.Is(err, certstore.ErrUnavailable) || certstore.Advice(err) == "" {
			t.Errorf("Entries = %v", err)
		}
	}
	m.user = ""
	m.Default("")
	if err := m.open().Put(t.Context(), certstore.User, certstore.My, item); !errors.Is(err, certstore.ErrUnavailable) {
		t.Errorf("Put without a default keychain = %v", err)
	}
	m.Default(m.machine)
	s := m.open()
	if p := s.Places(t.Context()); len(p) != 12 || p[0].Path != m.machine || p[0].ReadOnly != nil {
		t.Errorf("Places with a default keychain = %+v", p)
	}
	t.Run("permission", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write everything")
		}
		if err := os.Chmod(m.machine, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), certstore.Machine, certstore.My, item); !errors.Is(err, certstore.ErrDenied) || !strings.Contains(certstore.Advice(err), "sudo") {
			t.Errorf("Put without permission = %v", err)
		}
		if p := s.Places(t.Context()); !errors.Is(p[11].ReadOnly, certstore.ErrDenied) {
			t.Errorf("Places = %+v", p[11])
		}
	})
}

// TestKeychainRoots lists the roots that the system ships: they are trusted,
// and are not changed.
func TestKeychainRoots(t *testing.T) {
	m := newMac(t)
	s := m.open()
	root, other := certtest.Root(t, "Shipped"), certtest.Root(t, "Shipped and distrusted")
	m.machine, m.roots = m.Keychain(""), m.machine
	for _, r := range []certtest.Issuer{root, other} { // s still has what are the roots now as the machine's keychain
		if err := s.Put(t.Context(), certstore.Machine, certstore.CA, certstore.Item{DER: r.Raw}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Move(t.Context(), certstore.Ref{Location: certstore.Machine, Store: certstore.CA, Fingerprint: other.Fingerprint()}, certstore.Machine, certstore.Disallowed); err != nil {
		t.Fatal(err)
	}
	defer s.Delete(context.Background(), certstore.Ref{Location: certstore.Machine, Store: certstore.Disallowed, Fingerprint: other.Fingerprint()}, certstore.DeleteAll)
	s2 := m.open()
	trusted := map[string]bool{}
	for e, err := range s2.Entries(t.Context(), certstore.Machine) {
		if err != nil || !e.Shipped || !e.ReadOnly || e.Store != certstore.Root || e.Origin != m.roots {
			t.Errorf("%+v, %v", e, err)
		}
		trusted[e.FriendlyName] = e.Trusted
	}
	if want := map[string]bool{"Shipped": true, "Shipped and distrusted": false}; !maps.Equal(trusted, want) {
		t.Errorf("trusted: %v, want %v", trusted, want)
	}
	err := s2.Delete(t.Context(), certstore.Ref{Location: certstore.Machine, Store: certstore.Root, Fingerprint: root.Fingerprint()}, certstore.DeleteAll)
	if !errors.Is(err, certstore.ErrNotPossible) || !strings.Contains(certstore.Advice(err), "Keychain Access") {
		t.Errorf("Delete of a shipped root = %v", err)
	}
}

// TestKeychainTwoOfANumber puts two certificates of one issuer with one
// serial number, which a keychain cannot hold both.
func TestKeychainTwoOfANumber(t *testing.T) {
	m := newMac(t)
	s := m.open()
	leaf, _ := bundle(t)
	changed := certtest.Patch(t, leaf.Raw, []byte("Client One"), []byte("Client Two"))
	if err := s.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: leaf.Raw}); err != nil {
		t.Fatal(err)
	}
	err := s.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: changed})
	if !errors.Is(err, certstore.ErrNotPossible) || !strings.Contains(err.Error(), "serial number") {
		t.Errorf("Put = %v", err)
	}
	n := 0
	for range s.Entries(t.Context(), certstore.User) {
		n++
	}
	if n != 1 {
		t.Errorf("%d entries, want the first alone", n)
	}
}

// TestKeychainThread calls everything from a thread of its own, as the
// window's is: macOS may show a prompt, and the window must not stand still.
func TestKeychainThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	m := newMac(t)
	s := m.open()
	m.ForbidThread()
	ctx := t.Context()
	leaf, item := bundle(t)
	ref := refTo(certstore.My, leaf)
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	s.Places(ctx)
	ok("Put", s.Put(ctx, certstore.User, certstore.My, item))
	ok("Accepts", s.(certstore.Acceptor).Accepts(ctx, certstore.User, certstore.My, item))
	ok("Rename", s.(certstore.Renamer).Rename(ctx, ref, "Other"))
	for _, err := range s.Entries(ctx, certstore.User) {
		ok("Entries", err)
	}
	key, err := s.Signer(ctx, ref)
	ok("Signer", err)
	digest := sha256.Sum256(nil)
	_, err = key.Sign(rand.Reader, digest[:], crypto.SHA256)
	ok("Sign", err)
	_, err = s.(certstore.KeyExporter).ExportKey(ctx, ref)
	ok("ExportKey", err)
	st, err := s.State(ctx, certstore.User, leaf.Raw)
	ok("State", err)
	ok("Restore", s.Restore(ctx, certstore.User, leaf.Raw, st))
	ok("Move", s.Move(ctx, ref, certstore.Machine, certstore.My))
	ref.Location = certstore.Machine
	ok("Delete", s.Delete(ctx, ref, certstore.DeleteAll))
}

// TestKeychainChanges has another program write to the keychain's file.
func TestKeychainChanges(t *testing.T) {
	m := newMac(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	changes := m.open().(certstore.Watcher).Changes(ctx)
	if err := os.WriteFile(m.machine, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := <-changes; !ok {
		t.Error("nothing was noticed")
	}
}

// TestEncodePSS verifies what was encoded here with crypto/rsa.
func TestEncodePSS(t *testing.T) {
	for _, bits := range []int{1024, 1025, 1031, 2048} { // 8k+1 bits are the odd case
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512} {
			d := hash.New()
			d.Write([]byte("signed"))
			digest := d.Sum(nil)
			for _, salt := range []int{0, 20, hash.Size()} {
				em, err := certstore.EncodePSS(&key.PublicKey, hash, digest, salt)
				if bits < 8*(hash.Size()+salt+2) {
					if err == nil {
						t.Errorf("%d bits, %v, salt %d: no error", bits, hash, salt)
					}
					continue
				}
				if err != nil {
					t.Errorf("%d bits, %v, salt %d: %v", bits, hash, salt, err)
					continue
				}
				sig := new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N).FillBytes(make([]byte, key.Size()))
				if err := rsa.VerifyPSS(&key.PublicKey, hash, digest, sig, &rsa.PSSOptions{SaltLength: salt, Hash: hash}); err != nil {
					t.Errorf("%d bits, %v, salt %d: %v", bits, hash, salt, err)
				}
			}
		}
	}
	if _, err := certstore.EncodePSS(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}, crypto.SHA512, make([]byte, 64), 100); err == nil {
		t.Error("a salt that does not fit is taken")
	}
}
