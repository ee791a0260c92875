package certstore_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// run runs one of NSS's own tools, which are an independent witness.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// flags returns the trust flags that certutil -L shows for a nickname.
func flags(t *testing.T, dir, nickname string) string {
	t.Helper()
	for line := range strings.Lines(run(t, "certutil", "-L", "-d", "sql:"+dir)) {
		if rest, ok := strings.CutPrefix(line, nickname+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("certutil does not list %q", nickname)
	return ""
}

func put(t *testing.T, s certstore.Store, name certstore.Name, item certstore.Item) {
	t.Helper()
	if err := s.Put(t.Context(), certstore.User, name, item); err != nil {
		t.Fatalf("Put(%s): %v", name, err)
	}
}

func TestNSSTools(t *testing.T) {
	sc := newScratch(t)
	s := sc.open(t)
	root := certtest.Root(t, "Test Root")
	inter := certtest.Intermediate(t, root, "Test Intermediate")
	leaf := certtest.Client(t, inter, "Client")
	put(t, s, certstore.Root, certstore.Item{DER: root.Raw, FriendlyName: "root"})
	put(t, s, certstore.CA, certstore.Item{DER: inter.Raw, FriendlyName: "inter"})
	put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t), FriendlyName: "leaf", Exportable: true})
	for nickname, want := range map[string]string{"root": "CT,,", "inter": ",,", "leaf": "u,u,u"} {
		if got := flags(t, sc.user, nickname); got != want {
			t.Errorf("certutil shows %q for %s, want %q", got, nickname, want)
		}
	}
	if out := run(t, "certutil", "-K", "-d", "sql:"+sc.user); !strings.Contains(out, "leaf") {
		t.Errorf("certutil -K does not list the key:\n%s", out)
	}
	run(t, "certutil", "-V", "-u", "C", "-n", "leaf", "-d", "sql:"+sc.user)
	pfx := filepath.Join(t.TempDir(), "leaf.p12")
	run(t, "pk12util", "-o", pfx, "-n", "leaf", "-d", "sql:"+sc.user, "-W", "pw")
	if out := run(t, "openssl", "pkcs12", "-in", pfx, "-passin", "pass:pw", "-nodes", "-legacy"); !strings.Contains(out, "PRIVATE KEY") {
		t.Error("pk12util exports no key")
	}
	// What NSS's tools change is seen without reopening.
	run(t, "certutil", "-D", "-n", "inter", "-d", "sql:"+sc.user)
	for e, err := range s.Entries(t.Context(), certstore.User) {
		if err != nil || e.FriendlyName == "inter" {
			t.Errorf("after certutil -D: %q, %v", e.FriendlyName, err)
		}
	}
}

// Attributes are read into a buffer that is large enough for nearly all.
func TestLargeCertificate(t *testing.T) {
	s := newScratch(t).open(t)
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("host%d.example", i))
	}
	root := certtest.Root(t, "Test Root")
	want := map[string]string{}
	for i, n := range []int{1, 180, 200, 220, 2000} {
		c := certtest.Make(t, &root, fmt.Sprint("Large ", i), certtest.DNS(names[:n]...))
		label := strings.Repeat("n", 20*n) // 4,000 octets for one of them
		put(t, s, certstore.People, certstore.Item{DER: c.Raw, FriendlyName: label})
		want[string(c.Raw)] = label
	}
	for e, err := range s.Entries(t.Context(), certstore.User) {
		if err != nil {
			t.Fatal(err)
		}
		if label, ok := want[string(e.DER)]; !ok || label != e.FriendlyName {
			t.Errorf("listed %d octets with a name of %d", len(e.DER), len(e.FriendlyName))
		}
		delete(want, string(e.DER))
	}
	if len(want) > 0 {
		t.Errorf("%d are not listed", len(want))
	}
}

func TestPathsAreQuoted(t *testing.T) {
	for _, name := range []string{"with space", "ümlaut", "quote'", `double"`, `back\slash`, "br]ack[et", "angle<>", `all 'of" ]>\ü them`} {
		sc := newScratch(t)
		sc.user = filepath.Join(t.TempDir(), name)
		leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
		s := sc.open(t)
		put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)})
		if _, err := os.Stat(filepath.Join(sc.user, "key4.db")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if st, err := s.State(t.Context(), certstore.User, leaf.Raw); err != nil || !st.Key {
			t.Errorf("%q: State = %+v, %v", name, st, err)
		}
	}
}

// locked makes a database with the password "secret" that holds a key.
func locked(t *testing.T, sc *scratch) certtest.Issuer {
	t.Helper()
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	s := sc.open(t)
	put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t), Exportable: true, FriendlyName: "leaf"})
	_ = s.Close()
	dir := t.TempDir()
	old, pw := filepath.Join(dir, "old"), filepath.Join(dir, "pw")
	for path, text := range map[string]string{old: "\n", pw: "secret\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "certutil", "-W", "-d", "sql:"+sc.user, "-f", old, "-@", pw)
	return leaf
}

func TestPassword(t *testing.T) {
	sc := newScratch(t)
	leaf := locked(t, sc)
	ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()}
	ctx := t.Context()
	other := certtest.Client(t, certtest.Root(t, "Root"), "Other")

	nobody := sc.open(t)
	for e, err := range nobody.Entries(ctx, certstore.User) {
		if err != nil || e.Key != certstore.KeyLocked || e.Store != certstore.My {
			t.Errorf("locked entry: %s, key %s, %v", e.Store, e.Key, err)
		}
	}
	if _, err := nobody.Signer(ctx, ref); !errors.Is(err, certstore.ErrLocked) {
		t.Errorf("Signer with nobody to ask: %v", err)
	}
	if err := nobody.Put(ctx, certstore.User, certstore.My, certstore.Item{DER: other.Raw, Key: other.PKCS8(t)}); !errors.Is(err, certstore.ErrLocked) {
		t.Errorf("Put of a key with nobody to ask: %v", err)
	}
	put(t, nobody, certstore.People, certstore.Item{DER: other.Raw}) // needs no password

	asked := 0
	answers := func(list ...string) {
		asked = 0
		sc.password = func(_ context.Context, place string, again bool) ([]byte, error) {
			if place != sc.user || again != (asked > 0) {
				t.Errorf("asked for %q, again %t, time %d", place, again, asked)
			}
			asked++
			if asked > len(list) {
				return nil, certstore.ErrCanceled
			}
			return []byte(list[asked-1]), nil
		}
	}
	answers("wrong", "wrong", "wrong", "secret")
	if _, err := sc.open(t).Signer(ctx, ref); !errors.Is(err, certstore.ErrPassword) || asked != 3 {
		t.Errorf("Signer with wrong passwords: %v after %d questions", err, asked)
	}
	answers()
	if _, err := sc.open(t).Signer(ctx, ref); !errors.Is(err, certstore.ErrCanceled) {
		t.Errorf("Signer after giving up: %v", err)
	}
	answers("wrong", "secret")
	s := sc.open(t)
	if _, err := s.Signer(ctx, ref); err != nil || asked != 2 {
		t.Fatalf("Signer: %v after %d questions", err, asked)
	}
	put(t, s, certstore.My, certstore.Item{DER: other.Raw, Key: other.PKCS8(t)})
	if st, err := s.State(ctx, certstore.User, other.Raw); err != nil || !st.Key || st.Store != certstore.My {
		t.Errorf("State = %+v, %v", st, err)
	}
	if err := s.Delete(ctx, ref, certstore.DeleteAll); err != nil {
		t.Error(err)
	}
	if asked != 2 {
		t.Errorf("asked %d times in one store, want 2", asked)
	}
}

// TestPasswordChanged is about the trap that loses keys: softoken goes on
// encrypting with the password it knew when the database was opened.
func TestPasswordChanged(t *testing.T) {
	sc := newScratch(t)
	sc.password = func(context.Context, string, bool) ([]byte, error) { return []byte("secret"), nil }
	first := sc.open(t)
	for range first.Entries(t.Context(), certstore.User) {
	}
	leaf := locked(t, sc) // another store imports and sets the password
	other := certtest.Client(t, certtest.Root(t, "Root"), "Other")
	put(t, first, certstore.My, certstore.Item{DER: other.Raw, Key: other.PKCS8(t), FriendlyName: "other"})
	_ = first.Close()
	second := sc.open(t)
	for _, i := range []certtest.Issuer{leaf, other} {
		key, err := second.Signer(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: i.Fingerprint()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Sign(nil, make([]byte, 32), crypto.SHA256); err != nil {
			t.Errorf("%s: %v", i.CommonName(), err)
		}
	}
}

func TestListingCreatesNothing(t *testing.T) {
	sc := newScratch(t)
	s := sc.open(t)
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	s.Places(t.Context())
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		for _, err := range s.Entries(t.Context(), loc) {
			t.Error(err)
		}
		if _, err := s.State(t.Context(), loc, leaf.Raw); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range []string{sc.user, sc.machine} {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s was made", dir)
		}
	}
	if err := s.Put(t.Context(), certstore.User, certstore.My, certstore.Item{DER: leaf.Raw}); !errors.Is(err, certstore.ErrNotPossible) {
		t.Error(err)
	}
	if _, err := os.Stat(sc.user); !os.IsNotExist(err) {
		t.Errorf("%s was made by a Put that was refused", sc.user)
	}
}

func TestSoftokenMissing(t *testing.T) {
	sc := newScratch(t)
	sc.env["CERTDESK_SOFTOKN"] = filepath.Join(t.TempDir(), "libsoftokn3.so")
	root := certtest.Root(t, "Root")
	s := sc.open(t)
	if err := s.Put(t.Context(), certstore.Machine, certstore.Root, certstore.Item{DER: root.Raw}); err != nil {
		t.Errorf("anchors need no softoken: %v", err)
	}
	err := s.Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: root.Raw})
	if !errors.Is(err, certstore.ErrUnavailable) || !strings.Contains(certstore.Advice(err), "apt install libnss3") {
		t.Errorf("Put = %v, advice %q", err, certstore.Advice(err))
	}
}

func TestDatabaseDeletedWhileOpen(t *testing.T) {
	sc := newScratch(t)
	s := sc.open(t)
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	item := certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}
	put(t, s, certstore.My, item)
	if err := os.RemoveAll(sc.user); err != nil {
		t.Fatal(err)
	}
	for e, err := range s.Entries(t.Context(), certstore.User) {
		t.Errorf("lists %v, %v", e.FriendlyName, err)
	}
	put(t, s, certstore.My, item)
	if st, err := s.State(t.Context(), certstore.User, leaf.Raw); err != nil || !st.Key {
		t.Errorf("State = %+v, %v", st, err)
	}
}

func TestBusy(t *testing.T) {
	sc := newScratch(t)
	s := sc.open(t)
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)})
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skip("sqlite3 is not installed")
	}
	listed := func() (err error) {
		for _, e := range s.Entries(t.Context(), certstore.User) {
			err = errors.Join(err, e)
		}
		return err
	}
	if err := listed(); err != nil { // it stays open for reading
		t.Fatal(err)
	}
	lock := exec.Command("sqlite3", filepath.Join(sc.user, "cert9.db"))
	in, err := lock.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := lock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = lock.Wait() }()
	fmt.Fprintln(in, "BEGIN EXCLUSIVE; SELECT 'locked';")
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err = s.Put(ctx, certstore.User, certstore.CA, certstore.Item{DER: certtest.Root(t, "Root").Raw})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 2*time.Second {
		t.Errorf("Put in a locked database = %v after %v", err, time.Since(begin))
	}
	err = s.Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: certtest.Root(t, "Root").Raw})
	if !errors.Is(err, certstore.ErrBusy) {
		t.Errorf("Put in a locked database = %v, want ErrBusy", err)
	}
	if err := listed(); !errors.Is(err, certstore.ErrBusy) {
		t.Errorf("listing a locked database: %v, want ErrBusy", err)
	}
	fmt.Fprintln(in, "COMMIT;")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := listed(); err != nil {
		t.Errorf("listing a database that was locked: %v", err)
	}
	put(t, s, certstore.CA, certstore.Item{DER: certtest.Root(t, "Root").Raw})
}

// TestDamaged wants files that are no database, or lack their end, told from
// those that somebody has locked, and at once.
func TestDamaged(t *testing.T) {
	for name, damage := range map[string]func(path string, size int64) error{
		"random": func(path string, _ int64) error {
			return os.WriteFile(path, bytes.Repeat([]byte("no database "), 999), 0o600)
		},
		"short": func(path string, _ int64) error { return os.WriteFile(path, []byte("SQLite"), 0o600) },
		"cut":   func(path string, size int64) error { return os.Truncate(path, size/2) },
	} {
		for _, file := range []string{"cert9.db", "key4.db"} {
			sc := newScratch(t)
			put(t, sc.open(t), certstore.CA, certstore.Item{DER: certtest.Root(t, "Root").Raw})
			path := filepath.Join(sc.user, file)
			st, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(path, st.Size()); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			err = sc.open(t).Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: certtest.Root(t, "Root").Raw})
			if !errors.Is(err, certstore.ErrDamaged) || time.Since(begin) > 3*time.Second {
				t.Errorf("%s, %s: Put = %v after %v, want ErrDamaged", file, name, err, time.Since(begin))
			}
		}
	}
}

// TestEmptyFiles wants files of no length, such as a full disk leaves, taken
// for no database yet.
func TestEmptyFiles(t *testing.T) {
	sc := newScratch(t)
	if err := os.MkdirAll(sc.user, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"cert9.db", "key4.db"} {
		if err := os.WriteFile(filepath.Join(sc.user, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := sc.open(t)
	begin := time.Now()
	for _, err := range s.Entries(t.Context(), certstore.User) {
		t.Errorf("Entries = an entry, %v", err)
	}
	if time.Since(begin) > time.Second {
		t.Errorf("Entries took %v", time.Since(begin))
	}
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)})
}
