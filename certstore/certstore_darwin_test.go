package certstore_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/certstore/internal/keychain/dylib"
	"certdesk/internal/certtest"
)

// temporaryKeychain makes an unlocked keychain that nothing else uses.
func temporaryKeychain(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".keychain-db")
	for _, args := range [][]string{
		{"create-keychain", "-p", "test", path}, {"set-keychain-settings", "-lut", "3600", path}, {"unlock-keychain", "-p", "test", path},
	} {
		if out, err := exec.Command("security", args...).CombinedOutput(); err != nil {
			t.Fatalf("security %s: %v: %s", args[0], err, out)
		}
	}
	t.Cleanup(func() { _ = exec.Command("security", "delete-keychain", path).Run() })
	return path
}

// openTemporary opens a store on two temporary keychains. Trust settings stay
// in the process unless CERTDESK_TEST_TRUST=1 says that a person sits here.
func openTemporary(t *testing.T) (store certstore.Store, user string) {
	t.Helper()
	user, machine := temporaryKeychain(t, "user"), temporaryKeychain(t, "machine")
	getenv := func(name string) string {
		return map[string]string{"CERTDESK_USER_KEYCHAIN": user, "CERTDESK_MACHINE_KEYCHAIN": machine, "CERTDESK_ROOTS_KEYCHAIN": "none"}[name]
	}
	lib, err := dylib.Load(dylib.CoreFoundation, dylib.Security)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("CERTDESK_TEST_TRUST") != "1" {
		keepTrust(t, lib)
	}
	return certstore.NewKeychainStore(lib, certstore.Options{Getenv: getenv}), user
}

// TestDarwin is the contract on real keychains.
func TestDarwin(t *testing.T) {
	certstoretest.TestLimited(t, certstoretest.Limits{FreeNames: true}, func(t *testing.T) certstore.Store {
		s, _ := openTemporary(t)
		return s
	})
}

// TestDarwinTool compares what we put with what Apple's own tool finds.
func TestDarwinTool(t *testing.T) {
	s, user := openTemporary(t)
	root := certtest.Root(t, "Test Root")
	open, closed := certtest.Client(t, root, "May leave"), certtest.Client(t, root, "Has to stay")
	for _, i := range []certtest.Issuer{open, closed} {
		if err := s.Put(t.Context(), certstore.User, certstore.My, certstore.Item{DER: i.Raw, Key: i.PKCS8(t), Exportable: i.CommonName() == "May leave"}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := exec.Command("security", "find-certificate", "-a", "-Z", user).CombinedOutput()
	if err != nil {
		t.Fatalf("find-certificate: %v: %s", err, found)
	}
	identities, err := exec.Command("security", "find-identity", user).CombinedOutput()
	if err != nil {
		t.Fatalf("find-identity: %v: %s", err, identities)
	}
	for _, i := range []certtest.Issuer{open, closed} {
		sum := fmt.Sprintf("%X", sha1.Sum(i.Raw))
		if !strings.Contains(string(found), sum) || !strings.Contains(string(identities), sum) {
			t.Errorf("security does not find %s (%s):\n%s\n%s", i.CommonName(), sum, found, identities)
		}
	}
	if err := s.Delete(t.Context(), refTo(certstore.My, open), certstore.DeleteAll); err != nil {
		t.Fatal(err)
	}
	// What is left must not come out, whoever asks.
	out := filepath.Join(t.TempDir(), "out.p12")
	if text, err := exec.Command("security", "export", "-k", user, "-t", "identities", "-f", "pkcs12", "-P", "x", "-o", out).CombinedOutput(); err == nil {
		t.Errorf("security exports a key that was imported as not exportable: %s", text)
	}
	if left, _ := exec.Command("security", "find-identity", user).Output(); strings.Contains(string(left), fmt.Sprintf("%X", sha1.Sum(open.Raw))) {
		t.Errorf("security still finds what was deleted:\n%s", left)
	}
}

// TestDarwinShipped reads what every Mac has: nothing is changed.
func TestDarwinShipped(t *testing.T) {
	s, err := certstore.Open(context.Background(), certstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	shipped := 0
	for e, err := range s.Entries(t.Context(), certstore.Machine) {
		if err != nil {
			t.Errorf("Entries: %v", err)
		} else if e.Shipped && e.Trusted && e.ReadOnly {
			shipped++
		}
	}
	if shipped < 50 {
		t.Errorf("%d shipped roots, want those of macOS", shipped)
	}
	for _, err := range s.Entries(t.Context(), certstore.User) {
		if err != nil {
			t.Errorf("Entries of the user: %v", err)
		}
	}
}

// TestDarwinMemory lists a keychain a thousand times; what is not released
// would show in the process's size.
func TestDarwinMemory(t *testing.T) {
	s, _ := openTemporary(t)
	root := certtest.Root(t, "Test Root")
	for n := range 20 {
		i := certtest.Client(t, root, fmt.Sprint("Client ", n))
		if err := s.Put(t.Context(), certstore.User, certstore.My, certstore.Item{DER: i.Raw, Key: i.PKCS8(t)}); err != nil {
			t.Fatal(err)
		}
	}
	size := func(rounds int) int64 {
		for range rounds {
			for _, err := range s.Entries(t.Context(), certstore.User) {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return u.Maxrss // octets on macOS
	}
	before := size(200)
	if grown := size(1000) - before; grown > 16<<20 {
		t.Errorf("the process grew by %d octets in 1000 listings", grown)
	}
}
