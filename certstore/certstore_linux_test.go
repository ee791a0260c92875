package certstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/certstore/internal/nss"
	"certdesk/internal/certtest"
)

// A scratch is a user and a machine location in a temporary directory.
type scratch struct {
	user, machine, anchors string
	password               func(ctx context.Context, place string, again bool) ([]byte, error)
	env                    map[string]string
}

// newScratch skips the test where there is no softoken.
func newScratch(t testing.TB) *scratch {
	t.Helper()
	if _, err := nss.Load(""); err != nil {
		t.Skipf("the NSS stores cannot be tested: %v", err)
	}
	dir := t.TempDir()
	s := &scratch{user: filepath.Join(dir, "user"), machine: filepath.Join(dir, "machine"), anchors: filepath.Join(dir, "anchors"), env: map[string]string{}}
	if err := os.Mkdir(s.anchors, 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scratch) getenv(name string) string {
	switch name {
	case "CERTDESK_USER_DB":
		return "sql:" + s.user
	case "CERTDESK_MACHINE_DB":
		return s.machine
	case "CERTDESK_ANCHORS_DIR":
		return s.anchors
	}
	return s.env[name]
}

func (s *scratch) open(t testing.TB) certstore.Store {
	t.Helper()
	store, err := certstore.Open(t.Context(), certstore.Options{Getenv: s.getenv, Password: s.password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestLinux(t *testing.T) {
	certstoretest.TestStore(t, func(t *testing.T) certstore.Store { return newScratch(t).open(t) })
}

// TestDatabaseDeleted wants a database that goes away while it is open to be
// an error, one that never was none, and one that comes back to be read again.
func TestDatabaseDeleted(t *testing.T) {
	s := newScratch(t)
	store := s.open(t)
	list := func() (n int, err error) {
		for _, e := range store.Entries(t.Context(), certstore.User) {
			if e != nil {
				err = e
			} else {
				n++
			}
		}
		return n, err
	}
	if n, err := list(); n != 0 || err != nil {
		t.Fatalf("before there is a database: %d, %v", n, err)
	}
	c := certtest.Root(t, "Root")
	if err := store.Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: c.Raw}); err != nil {
		t.Fatal(err)
	}
	if n, err := list(); n != 1 || err != nil {
		t.Fatalf("with a database: %d, %v", n, err)
	}
	if err := os.Rename(s.user, s.user+".away"); err != nil {
		t.Fatal(err)
	}
	n, err := list()
	if e, ok := errors.AsType[*certstore.Error](err); n != 0 || !ok || e.Path != s.user || certstore.Advice(err) == "" {
		t.Errorf("deleted: %d, %v", n, err)
	}
	if err := os.Rename(s.user+".away", s.user); err != nil {
		t.Fatal(err)
	}
	if n, err := list(); n != 1 || err != nil {
		t.Errorf("put back: %d, %v", n, err)
	}
}
