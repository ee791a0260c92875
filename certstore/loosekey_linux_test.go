package certstore_test

import (
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// TestLooseKeys compares with certutil -K.
func TestLooseKeys(t *testing.T) {
	sc := newScratch(t)
	s := sc.open(t)
	lister := s.(certstore.KeyLister)
	list := func() []certstore.LooseKey {
		t.Helper()
		keys, err := lister.LooseKeys(t.Context(), certstore.User)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if keys := list(); len(keys) != 0 {
		t.Errorf("without a database: %v", keys)
	}
	root := certtest.Root(t, "Root")
	kept, gone := certtest.Client(t, root, "Kept"), certtest.Client(t, root, "Gone")
	for _, c := range []certtest.Issuer{kept, gone} {
		put(t, s, certstore.My, certstore.Item{DER: c.Raw, Key: c.PKCS8(t), Exportable: true})
	}
	if keys := list(); len(keys) != 0 {
		t.Errorf("every key has its certificate: %v", keys)
	}
	ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: gone.Fingerprint()}
	if err := s.Delete(t.Context(), ref, certstore.DeleteKeepKey); err != nil {
		t.Fatal(err)
	}
	keys := list()
	if len(keys) != 1 || keys[0].Algorithm != "EC P-256" || keys[0].Request || keys[0].Locked || keys[0].Path != sc.user {
		t.Fatalf("%+v", keys)
	}
	if out := run(t, "certutil", "-K", "-d", "sql:"+sc.user); !strings.Contains(out, keys[0].ID) {
		t.Errorf("certutil does not show %s :\n%s", keys[0].ID, out)
	}
	if pending, err := s.(certstore.KeyGenerator).Generate(t.Context(), certstore.KeyRequest{Location: certstore.User, Algorithm: certstore.P256}); err != nil {
		t.Fatal(err)
	} else if keys := list(); len(keys) != 2 || keys[0].Request == keys[1].Request {
		t.Errorf("with the key of a request (%s): %+v", pending.Container, keys)
	}
	if keys, err := lister.LooseKeys(t.Context(), certstore.Machine); err != nil || len(keys) != 0 {
		t.Errorf("machine: %v, %v", keys, err)
	}
	put(t, s, certstore.My, certstore.Item{DER: gone.Raw})
	if keys := list(); len(keys) != 1 {
		t.Errorf("after the certificate came back: %v", keys)
	}
}
