package certstore_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certtest"
)

// prefixed is an environment with nothing but a prefix of all store names, and
// the provider of keys that CERTDESK_TEST_KEY_PROVIDER names for the tests.
func prefixed(prefix string) func(string) string {
	return func(name string) string {
		if name == "CERTDESK_STORE_PREFIX" {
			return prefix
		}
		if name == "CERTDESK_KEY_PROVIDER" {
			return os.Getenv("CERTDESK_TEST_KEY_PROVIDER")
		}
		return ""
	}
}

// openPrefixed opens stores of a prefix that nobody else's have; they are
// removed at the end of the test, with their keys.
func openPrefixed(t testing.TB) (s certstore.Store, prefix string) {
	t.Helper()
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	prefix = "CertdeskTest-" + hex.EncodeToString(random[:]) + "-"
	s, err := certstore.Open(t.Context(), certstore.Options{Getenv: prefixed(prefix)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cleanUp(t, prefix) })
	return s, prefix
}

func openScratch(t testing.TB) certstore.Store {
	t.Helper()
	s, _ := openPrefixed(t)
	return s
}

// cleanUp deletes the stores of a prefix with their keys.
func cleanUp(t testing.TB, prefix string) {
	ctx := context.Background()
	s, err := certstore.Open(ctx, certstore.Options{Getenv: prefixed(prefix)})
	if err != nil {
		t.Error(err)
		return
	}
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		for e := range s.Entries(ctx, loc) {
			if !e.Inherited && len(e.DER) > 0 {
				_ = s.Delete(ctx, e.Ref(), certstore.DeleteAll)
			}
		}
	}
	for _, where := range []uint32{windows.CERT_SYSTEM_STORE_CURRENT_USER, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE} {
		names, _ := wincrypt.CertEnumSystemStore(where)
		for _, n := range names {
			if len(n) > len(prefix) && n[:len(prefix)] == prefix {
				_ = wincrypt.CertUnregisterSystemStore(n, where)
			}
		}
	}
}

// limits are those of Wine 8, measured, and of CryptoAPI. CNG on Windows has
// those of certtostore, which makes the keys of requests.
func limits() certstoretest.Limits {
	l := certstoretest.Limits{FreeNames: true}
	if wincrypt.OnWine() != "" {
		l.NoEC = "Wine 8: CryptoAPI stores RSA keys only, and there are no persisted CNG keys"
		l.OnePermission = "Wine 8: once the access list of a key was set, setting it again is NTE_BAD_KEYSET"
		l.NoPSS = "Wine 8: CryptoAPI makes no PSS signatures, and there are no persisted CNG keys"
	} else if os.Getenv("CERTDESK_TEST_KEY_PROVIDER") == "capi" {
		l.NoEC, l.NoPSS = "CryptoAPI stores RSA keys only", "CryptoAPI makes no PSS signatures"
	} else {
		l.NoP521Request, l.NoExportableRequest = "certtostore signs wrongly with P-521", "certtostore makes no keys that leave"
	}
	return l
}

func TestWindows(t *testing.T) {
	certstoretest.TestLimited(t, limits(), func(t *testing.T) certstore.Store { return openScratch(t) })
}

// signIn in the environment makes the test binary sign with the first key of
// the stores with that prefix, and exit.
const signIn = "CERTDESK_TEST_SIGN_IN"

func TestMain(m *testing.M) {
	if prefix, loc := os.Getenv(signIn), certstore.Location(os.Getenv(signIn+"_LOCATION")); prefix != "" {
		if err := signWith(prefix, loc); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if step := os.Getenv(requestIn); step != "" {
		if err := requestStep(step); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := certstore.MachineWritable(); errors.Is(err, fs.ErrPermission) {
		fmt.Println("these tests use the machine's stores too, under names of their own: run them at an elevated prompt:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func signWith(prefix string, loc certstore.Location) error {
	ctx := context.Background()
	s, err := certstore.Open(ctx, certstore.Options{Getenv: prefixed(prefix)})
	if err != nil {
		return err
	}
	for e, err := range s.Entries(ctx, loc) {
		if err != nil {
			return err
		}
		if e.Store != certstore.My || e.Inherited {
			continue
		}
		key, err := s.Signer(ctx, e.Ref())
		if err != nil {
			return err
		}
		digest := sha256.Sum256([]byte("signed by another process"))
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return err
		}
		c, err := x509.ParseCertificate(e.DER)
		if err != nil {
			return err
		}
		return rsa.VerifyPKCS1v15(c.PublicKey.(*rsa.PublicKey), crypto.SHA256, digest[:], sig)
	}
	return errors.New("there is no entry")
}

// TestNewProcess signs in another process with keys that this one stored.
func TestNewProcess(t *testing.T) {
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		s, prefix := openPrefixed(t)
		c := rsaClient(t, "Client")
		if err := s.Put(t.Context(), loc, certstore.My, certstore.Item{DER: c.Raw, Key: c.PKCS8(t)}); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), signIn+"="+prefix, signIn+"_LOCATION="+string(loc))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", loc, err, out)
		}
	}
}

func rsaClient(t testing.TB, name string) certtest.Issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return certtest.MakeWithKey(t, nil, name, key)
}

func put(t testing.TB, s certstore.Store, loc certstore.Location, name certstore.Name, i certtest.Issuer, key bool) {
	t.Helper()
	item := certstore.Item{DER: i.Raw, Exportable: true}
	if key {
		item.Key = i.PKCS8(t)
	}
	if err := s.Put(t.Context(), loc, name, item); err != nil {
		t.Fatalf("Put(%s, %s): %v", loc, name, err)
	}
}

// TestListingCreatesNothing looks at the registry before and after.
func TestListingCreatesNothing(t *testing.T) {
	keys := func() int {
		n := 0
		for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
			k, err := registry.OpenKey(root, `Software\Microsoft\SystemCertificates`, registry.READ)
			if err != nil {
				continue
			}
			names, err := k.ReadSubKeyNames(-1)
			if err != nil {
				t.Error(err)
			}
			n += len(names)
			_ = k.Close()
		}
		return n
	}
	s := openScratch(t)
	before := keys()
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		for _, err := range s.Entries(t.Context(), loc) {
			if err != nil {
				t.Error(err)
			}
		}
		if _, err := s.State(t.Context(), loc, rsaClient(t, "nobody").Raw); err != nil {
			t.Error(err)
		}
	}
	s.Places(t.Context())
	if after := keys(); after != before {
		t.Errorf("%d system stores became %d", before, after)
	}
}

// TestInherited looks at the machine's entry through the user's store.
func TestInherited(t *testing.T) {
	s := openScratch(t)
	root := certtest.Root(t, "Machine Root")
	put(t, s, certstore.Machine, certstore.Root, root, false)
	var seen []certstore.Entry
	for e, err := range s.Entries(t.Context(), certstore.User) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, e)
	}
	if len(seen) != 1 || !seen[0].Inherited || !seen[0].ReadOnly || seen[0].Store != certstore.Root {
		t.Fatalf("the user sees %+v", seen)
	}
	if err := s.Delete(t.Context(), seen[0].Ref(), certstore.DeleteAll); !errors.Is(err, certstore.ErrNotPossible) {
		t.Errorf("Delete through the user's store = %v, want ErrNotPossible", err)
	}
	put(t, s, certstore.User, certstore.Root, root, false) // the user's own copy beside it
	if err := s.Delete(t.Context(), seen[0].Ref(), certstore.DeleteAll); err != nil {
		t.Errorf("Delete of the own copy: %v", err)
	}
	if st, err := s.State(t.Context(), certstore.Machine, root.Raw); err != nil || !st.Certificate {
		t.Errorf("the machine has %+v, %v", st, err)
	}
}

// TestProvided lists what a group policy and the enterprise put into a store,
// and says who did where it is to be changed.
func TestProvided(t *testing.T) {
	s, prefix := openPrefixed(t)
	for _, tt := range []struct {
		loc      certstore.Location
		location uint32
		by       certstore.Provided
		store    certstore.Name
		origin   string
	}{
		{certstore.Machine, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY, certstore.ByGroupPolicy, certstore.Root, `LocalMachine\` + prefix + `root\.GroupPolicy`},
		{certstore.Machine, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE, certstore.ByEnterprise, certstore.Root, `LocalMachine\` + prefix + `root\.Enterprise`},
		{certstore.User, windows.CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY, certstore.ByGroupPolicy, certstore.Root, `CurrentUser\` + prefix + `root\.GroupPolicy`},
		// Nothing but a policy has this one.
		{certstore.Machine, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY, certstore.ByGroupPolicy, "recovery", `LocalMachine\` + prefix + `recovery\.GroupPolicy`},
		{certstore.Machine, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE, certstore.ByEnterprise, "recovery", `LocalMachine\` + prefix + `recovery\.Enterprise`},
		{certstore.User, windows.CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY, certstore.ByGroupPolicy, "recovery", `CurrentUser\` + prefix + `recovery\.GroupPolicy`},
	} {
		root := certtest.Root(t, fmt.Sprintf("Policy %x %s", tt.location, tt.store))
		name, _ := windows.UTF16PtrFromString(prefix + string(tt.store))
		h, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_REGISTRY, 0, 0, tt.location, uintptr(unsafe.Pointer(name)))
		if err != nil && tt.by == certstore.ByEnterprise && wincrypt.OnWine() != "" {
			t.Log("Wine 8: the store of the enterprise cannot be opened")
			continue
		}
		if err != nil {
			t.Fatalf("%x: %v", tt.location, err)
		}
		c, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &root.Raw[0], uint32(len(root.Raw)))
		if err != nil {
			t.Fatal(err)
		}
		err = windows.CertAddCertificateContextToStore(h, c, windows.CERT_STORE_ADD_NEW, nil)
		_ = windows.CertFreeCertificateContext(c)
		err = errors.Join(err, wincrypt.CertControlStore(h, wincrypt.CERT_STORE_CTRL_COMMIT_FORCE_FLAG, wincrypt.CERT_STORE_CTRL_COMMIT, nil))
		_ = windows.CertCloseStore(h, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = wincrypt.CertUnregisterSystemStore(prefix+string(tt.store), tt.location) })
		var seen *certstore.Entry
		for e, err := range s.Entries(t.Context(), tt.loc) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Fingerprint() == root.Fingerprint() {
				seen = &e
			}
		}
		if seen == nil || seen.Provided != tt.by || !strings.EqualFold(seen.Origin, tt.origin) || !seen.ReadOnly || seen.Inherited || seen.Store != tt.store {
			t.Fatalf("%s: %+v", tt.by, seen)
		}
		err = s.Delete(t.Context(), seen.Ref(), certstore.DeleteAll)
		if !errors.Is(err, certstore.ErrNotPossible) || !strings.Contains(certstore.Advice(err), "domain") {
			t.Errorf("%s: Delete = %v; %s", tt.by, err, certstore.Advice(err))
		}
	}
}

func TestDenied(t *testing.T) {
	s := openScratch(t)
	c := rsaClient(t, "Client")
	put(t, s, certstore.User, certstore.My, c, true)
	certstore.DenyMachine(s)
	ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: c.Fingerprint()}
	for what, err := range map[string]error{
		"Put":  s.Put(t.Context(), certstore.Machine, certstore.My, certstore.Item{DER: c.Raw, Key: c.PKCS8(t)}),
		"Move": s.Move(t.Context(), ref, certstore.Machine, certstore.My),
	} {
		if !errors.Is(err, certstore.ErrDenied) || certstore.Advice(err) == "" {
			t.Errorf("%s = %v, want ErrDenied with advice", what, err)
		}
	}
	for _, p := range s.Places(t.Context()) {
		if (p.ReadOnly != nil) != (p.Location == certstore.Machine) {
			t.Errorf("%s/%s: read-only is %v", p.Location, p.Name, p.ReadOnly)
		}
	}
	for _, err := range s.Entries(t.Context(), certstore.Machine) {
		if err != nil {
			t.Errorf("Entries: %v", err)
		}
	}
}

// TestContainers makes sure that two certificates never share a container,
// and that the machine's is the machine's.
func TestContainers(t *testing.T) {
	s := openScratch(t)
	one := rsaClient(t, "One")
	two := certtest.MakeWithKey(t, nil, "Two", one.Key) // even with the same key
	put(t, s, certstore.User, certstore.My, one, true)
	put(t, s, certstore.User, certstore.My, two, true)
	put(t, s, certstore.Machine, certstore.My, one, true)
	links, err := certstore.Links(s)
	if err != nil || len(links) != 3 {
		t.Fatalf("links = %v, %v", links, err)
	}
	if links[0].Container == links[1].Container {
		t.Errorf("both use the container %s", links[0].Container)
	}
	for i, l := range links {
		if machine := l.Flags&windows.CRYPT_MACHINE_KEYSET != 0; machine != (i == 2) {
			t.Errorf("link %d is %+v", i, l)
		}
	}
}

func TestChanges(t *testing.T) {
	s := openScratch(t)
	ctx, cancel := context.WithCancel(t.Context())
	ch := s.(certstore.Watcher).Changes(ctx)
	time.Sleep(500 * time.Millisecond) // until it watches
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		put(t, s, loc, certstore.CA, certtest.Root(t, "Root"), false)
		select {
		case <-ch:
		case <-time.After(5 * time.Second):
			t.Errorf("no news of a change of %s", loc)
		}
		time.Sleep(500 * time.Millisecond)
		for len(ch) > 0 {
			<-ch
		}
	}
	select {
	case <-ch:
		t.Error("news without a change")
	case <-time.After(time.Second):
	}
	cancel()
	for range ch { // it is closed
	}
}
