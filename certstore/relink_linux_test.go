package certstore_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// setID gives the certificate that certutil calls nickname another CKA_ID
// (column a102), as programs that choose their own do, with sqlite3.
func setID(t *testing.T, dir string, c certtest.Issuer, id string) {
	t.Helper()
	// a0 is CKA_CLASS, 1 of them a certificate; a11 is CKA_VALUE
	run(t, "sqlite3", filepath.Join(dir, "cert9.db"), "UPDATE nssPublic SET a102 = x'"+id+"' WHERE a11 = x'"+hex.EncodeToString(c.Raw)+"'; SELECT changes();")
}

// TestRelink has certutil say before and after whether NSS finds the key of a
// certificate whose CKA_ID another program chose.
func TestRelink(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	root := certtest.Root(t, "Root")
	for name, leaf := range map[string]certtest.Issuer{
		"EC":  certtest.Client(t, root, "EC"),
		"RSA": certtest.MakeWithKey(t, &root, "RSA", rsaKey),
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScratch(t)
			s := sc.open(t)
			k := s.(certstore.Relinker)
			put(t, s, certstore.TrustedPeople, certstore.Item{DER: leaf.Raw, FriendlyName: "leaf"})
			put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)})
			before := flags(t, sc.user, "leaf")
			if before != "Pu,Pu,u" {
				t.Fatalf("certutil shows %q", before)
			}
			setID(t, sc.user, leaf, "0102")
			if got := flags(t, sc.user, "leaf"); got != "P,P," {
				t.Fatalf("with another CKA_ID certutil shows %q", got)
			}
			lost := certstore.Ref{Location: certstore.User, Store: certstore.TrustedPeople, Fingerprint: leaf.Fingerprint()}
			found, err := k.FindKeys(t.Context(), certstore.User, lost)
			if err != nil || len(found) != 1 || found[0].Was.Container != "0102" || found[0].Found.Container != hex.EncodeToString(leaf.KeyID()) {
				t.Fatalf("FindKeys = %+v, %v", found, err)
			}
			if err := k.Relink(t.Context(), lost, found[0].Was, found[0].Found); err != nil {
				t.Fatal(err)
			}
			if got := flags(t, sc.user, "leaf"); got != before {
				t.Errorf("linked again, certutil shows %q: the trust must be kept", got)
			}
			run(t, "pk12util", "-o", filepath.Join(t.TempDir(), "leaf.p12"), "-n", "leaf", "-d", "sql:"+sc.user, "-W", "pw")
			back := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()}
			if err := k.Unlink(t.Context(), back, found[0].Found, found[0].Was); err != nil {
				t.Fatal(err)
			}
			if got := flags(t, sc.user, "leaf"); got != "P,P," {
				t.Errorf("taken back, certutil shows %q", got)
			}
		})
	}
}

// A key whose own CKA_ID is another program's is found by its value.
func TestRelinkOddKey(t *testing.T) {
	sc := newScratch(t)
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	s := sc.open(t)
	put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t), FriendlyName: "leaf"})
	id := hex.EncodeToString(leaf.KeyID())
	for _, f := range [][2]string{{"cert9.db", "nssPublic"}, {"key4.db", "nssPrivate"}} { // the public key lies with the certificates
		run(t, "sqlite3", filepath.Join(sc.user, f[0]), "UPDATE "+f[1]+" SET a102 = x'0a0b' WHERE a102 = x'"+id+"'")
	}
	setID(t, sc.user, leaf, id)
	if got := flags(t, sc.user, "leaf"); got != ",," {
		t.Fatalf("certutil shows %q", got)
	}
	if loose, err := s.(certstore.KeyLister).LooseKeys(t.Context(), certstore.User); err != nil || len(loose) > 0 {
		t.Errorf("LooseKeys = %+v, %v: its certificate is here", loose, err)
	}
	k := s.(certstore.Relinker)
	lost := certstore.Ref{Location: certstore.User, Store: certstore.People, Fingerprint: leaf.Fingerprint()}
	found, err := k.FindKeys(t.Context(), certstore.User, lost)
	if err != nil || len(found) != 1 || found[0].Found.Container != "0a0b" {
		t.Fatalf("FindKeys = %+v, %v", found, err)
	}
	if err := k.Relink(t.Context(), lost, found[0].Was, found[0].Found); err != nil {
		t.Fatal(err)
	}
	if got := flags(t, sc.user, "leaf"); got != "u,u,u" {
		t.Errorf("linked again, certutil shows %q", got)
	}
}

// In a locked database the public halves are compared, and the proof needs
// the password: without it nothing changes.
func TestRelinkLocked(t *testing.T) {
	sc := newScratch(t)
	leaf := locked(t, sc)
	setID(t, sc.user, leaf, "0102")
	lost := certstore.Ref{Location: certstore.User, Store: certstore.People, Fingerprint: leaf.Fingerprint()}
	find := func(s certstore.Store) certstore.FoundKey {
		t.Helper()
		found, err := s.(certstore.Relinker).FindKeys(t.Context(), certstore.User, lost)
		if err != nil || len(found) != 1 || !found[0].Lost() {
			t.Fatalf("FindKeys = %+v, %v", found, err)
		}
		return found[0]
	}
	s := sc.open(t)
	f := find(s)
	if err := s.(certstore.Relinker).Relink(t.Context(), lost, f.Was, f.Found); !errors.Is(err, certstore.ErrLocked) {
		t.Errorf("Relink without the password = %v", err)
	}
	if again := find(s); again != f {
		t.Errorf("that leaves %+v", again)
	}
	sc.password = func(context.Context, string, bool) ([]byte, error) { return []byte("secret"), nil }
	s = sc.open(t)
	if err := s.(certstore.Relinker).Relink(t.Context(), lost, f.Was, f.Found); err != nil {
		t.Fatal(err)
	}
	if got := flags(t, sc.user, "leaf"); got != "u,u,u" {
		t.Errorf("certutil shows %q", got)
	}
}
