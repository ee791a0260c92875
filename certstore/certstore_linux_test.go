package certstore_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/certstore/internal/nss"
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
