package certstore

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certtest"
)

// scratch opens stores of a prefix of their own.
func scratch(t *testing.T) *windowsStore {
	t.Helper()
	prefix := "CertdeskTest-" + rand.Text()[:10] + "-"
	s, err := Open(t.Context(), Options{Getenv: func(name string) string {
		if name == "CERTDESK_STORE_PREFIX" {
			return prefix
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := s.(*windowsStore)
	t.Cleanup(func() {
		for _, loc := range []Location{User, Machine} {
			all, _ := w.all(loc)
			for _, e := range all {
				_ = e.store.remove(e.Fingerprint())
				if e.link != nil {
					_ = deleteKey(e.link)
				}
			}
		}
		for _, where := range []uint32{windows.CERT_SYSTEM_STORE_CURRENT_USER, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE} {
			names, _ := wincrypt.CertEnumSystemStore(where)
			for _, n := range names {
				if strings.HasPrefix(n, prefix) {
					_ = wincrypt.CertUnregisterSystemStore(n, where)
				}
			}
		}
	})
	return w
}

func rsaCertificate(t *testing.T, name string) certtest.Issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return certtest.MakeWithKey(t, nil, name, key)
}

// linkOf returns where the key of c is, in Personal.
func linkOf(t *testing.T, s *windowsStore, loc Location, c certtest.Issuer) *link {
	t.Helper()
	all, err := s.all(loc)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.store.name == My && e.Fingerprint() == c.Fingerprint() {
			return e.link
		}
	}
	t.Fatalf("%s is not in %s/my", c.CommonName(), loc)
	return nil
}

// TestKeyPlan wants keys to be kept as the plan says, under the name that the
// file asked for too, and never in the user's key set for the machine.
func TestKeyPlan(t *testing.T) {
	s := scratch(t)
	for _, tt := range []struct {
		loc  Location
		item Item
		name string
	}{
		{User, Item{Provider: ProviderCAPI}, rsaAESCSP},
		{Machine, Item{Provider: ProviderCAPI}, rsaAESCSP},
		{User, Item{ProviderName: "microsoft enhanced rsa and aes cryptographic provider"}, rsaAESCSP},
		{User, Item{Provider: ProviderCAPI, Protected: true}, rsaAESCSP}, // Wine has no prompt
	} {
		t.Run(string(tt.loc)+" "+tt.name, func(t *testing.T) {
			if tt.item.Protected && wincrypt.OnWine() == "" {
				t.Skip("Windows asks a person")
			}
			c := rsaCertificate(t, "Client")
			tt.item.DER, tt.item.Key, tt.item.Exportable = c.Raw, c.PKCS8(t), true
			plan, err := s.KeyPlan(tt.loc, tt.item)
			if err != nil || plan.Name != tt.name || plan.Provider != ProviderCAPI || plan.KeySet != tt.loc {
				t.Errorf("KeyPlan = %+v, %v", plan, err)
			}
			if err := s.Accepts(t.Context(), tt.loc, My, tt.item); err != nil {
				t.Errorf("Accepts: %v", err)
			}
			if err := s.Put(t.Context(), tt.loc, My, tt.item); err != nil {
				t.Fatalf("Put: %v", err)
			}
			l := linkOf(t, s, tt.loc, c)
			if l.Provider != plan.Name || l.KeySpec != windows.AT_KEYEXCHANGE || machineKey(l) != (tt.loc == Machine) {
				t.Errorf("the key is kept in %+v, planned was %+v", l, plan)
			}
		})
	}
}

// TestRefused wants the plan and the import to refuse the same, with advice,
// and nothing to be left.
func TestRefused(t *testing.T) {
	s := scratch(t)
	ec, client := certtest.Root(t, "EC"), rsaCertificate(t, "Client")
	for _, tt := range []struct {
		name string
		of   certtest.Issuer
		loc  Location
		item Item
		want error
	}{
		{"a card's provider", client, User, Item{ProviderName: "Microsoft Base Smart Card Crypto Provider"}, ErrNotPossible},
		{"strong protection for the machine", client, Machine, Item{Protected: true}, ErrNotPossible},
		{"no provider", client, User, Item{Provider: "tape"}, ErrNotPossible},
		{"an EC key for CryptoAPI", ec, User, Item{Provider: ProviderCAPI}, ErrKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.item.DER, tt.item.Key = tt.of.Raw, tt.of.PKCS8(t)
			for what, err := range map[string]error{"Accepts": s.Accepts(t.Context(), tt.loc, My, tt.item), "Put": s.Put(t.Context(), tt.loc, My, tt.item)} {
				if !errors.Is(err, tt.want) || tt.want == ErrNotPossible && Advice(err) == "" {
					t.Errorf("%s = %v, want %v with advice", what, err, tt.want)
				}
			}
			if st, err := s.State(t.Context(), tt.loc, tt.of.Raw); err != nil || st != (State{}) {
				t.Errorf("State = %+v, %v", st, err)
			}
		})
	}
}

// TestKeptKey imports again what was deleted without its key, to be kept in
// another way: that makes a container, and undoing it leaves the first one.
func TestKeptKey(t *testing.T) {
	s := scratch(t)
	c := rsaCertificate(t, "Client")
	item := Item{DER: c.Raw, Key: c.PKCS8(t), Exportable: true}
	ref := Ref{User, My, c.Fingerprint()}
	if err := s.Put(t.Context(), User, My, item); err != nil {
		t.Fatal(err)
	}
	first := linkOf(t, s, User, c)
	if err := s.Delete(t.Context(), ref, DeleteKeepKey); err != nil {
		t.Fatal(err)
	}
	before, err := s.State(t.Context(), User, c.Raw)
	if err != nil || !before.Key || !before.Exportable {
		t.Fatalf("State = %+v, %v", before, err)
	}
	for _, exportable := range []bool{true, false} {
		item.Exportable = exportable
		if err := s.Put(t.Context(), User, My, item); err != nil {
			t.Fatal(err)
		}
		if l := linkOf(t, s, User, c); sameKey(l, first) != exportable {
			t.Errorf("exportable %t: the key is in %s, the kept one in %s", exportable, l.Container, first.Container)
		}
		if err := s.Restore(t.Context(), User, c.Raw, before); err != nil {
			t.Fatal(err)
		}
		if after, err := s.State(t.Context(), User, c.Raw); err != nil || after != before {
			t.Errorf("exportable %t: State after Restore = %+v, %v, want %+v", exportable, after, err, before)
		}
		if left := s.orphans(User, c.Certificate, nil); len(left) != 1 || !sameKey(left[0], first) {
			t.Errorf("exportable %t: %d containers are left", exportable, len(left))
		}
	}
	if err := s.Restore(t.Context(), User, c.Raw, State{}); err != nil {
		t.Error(err)
	}
}

// TestFailedProof imports into a provider that makes no SHA-256 signatures in
// Wine: the key is stored, fails its proof, and its container is deleted.
func TestFailedProof(t *testing.T) {
	if wincrypt.OnWine() == "" {
		t.Skip("on Windows CNG signs for it")
	}
	s := scratch(t)
	c := rsaCertificate(t, "Client")
	before := storeNames(t)
	for _, loc := range []Location{User, Machine} {
		err := s.Put(t.Context(), loc, My, Item{DER: c.Raw, Key: c.PKCS8(t), ProviderName: "Microsoft RSA SChannel Cryptographic Provider"})
		if !errors.Is(err, ErrKey) {
			t.Errorf("%s: Put = %v, want ErrKey", loc, err)
		}
		if st, err := s.State(t.Context(), loc, c.Raw); err != nil || st != (State{}) {
			t.Errorf("%s: State = %+v, %v", loc, st, err)
		}
	}
	containers := func(names string) int {
		return strings.Count(names, strings.ToLower(s.prefix)+"certdesk-") + strings.Count(names, s.prefix+"certdesk-")
	}
	if n := containers(storeNames(t)); n != 0 || containers(before) != 0 {
		t.Errorf("%d containers are left", n)
	}
}

// TestOtherStores works with a store that only Windows has: it is found, its
// entries are listed, and a copy in Personal has a life of its own.
func TestOtherStores(t *testing.T) {
	s := scratch(t)
	c := rsaCertificate(t, "www.example")
	for _, loc := range []Location{User, Machine} {
		web := systemStore{loc, "webhosting", s.prefix + "WebHosting", 0}
		key, err := parseKey(c.Certificate, c.PKCS8(t))
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.importKey(c.Certificate, key, loc, Item{DER: c.Raw, Exportable: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := web.add(c.Certificate, nil, properties{link: l}); err != nil {
			t.Fatal(err)
		}
		listed := false
		for e := range s.Entries(t.Context(), loc) {
			listed = listed || e.Store == "webhosting" && e.Key == KeyPresent && !e.Inherited
		}
		place := false
		for _, p := range s.Places(t.Context()) {
			place = place || p.Location == loc && p.Name == "webhosting" && strings.HasSuffix(p.Path, `\`+web.windows)
		}
		if !listed || !place {
			t.Errorf("%s/webhosting: listed %t, among the places %t", loc, listed, place)
		}
		if err := s.Put(t.Context(), loc, My, Item{DER: c.Raw, Key: c.PKCS8(t), Exportable: true}); err != nil {
			t.Errorf("Put beside it: %v", err)
		}
		if err := s.Delete(t.Context(), Ref{loc, "webhosting", c.Fingerprint()}, DeleteAll); err != nil {
			t.Errorf("Delete: %v", err)
		}
		if err := s.prove(c.Certificate, linkOf(t, s, loc, c)); err != nil {
			t.Errorf("the copy in %s/my: %v", loc, err)
		}
	}
}

// TestUserDS leaves alone what only a domain controller could show.
func TestUserDS(t *testing.T) {
	s := scratch(t)
	for _, loc := range []Location{User, Machine} { // the machine has none: there it is a name like others
		y := systemStore{loc, userDS, s.prefix + "UserDS", 0}
		if err := y.add(certtest.Root(t, "Published").Certificate, nil, properties{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = wincrypt.CertUnregisterSystemStore(y.windows, y.location()) })
		known := false
		for _, p := range s.Places(t.Context()) {
			known = known || p.Location == loc && p.Name == userDS
		}
		if known != (loc == Machine) {
			t.Errorf("%s/userds is among the places: %t", loc, known)
		}
	}
	for e, err := range s.Entries(t.Context(), User) {
		t.Errorf("the user has %s/%s, %v", e.Location, e.Store, err)
	}
}

// TestDeniedReason wants Windows' own words and number beside ErrDenied. A
// store that is open to be read refuses as one of the machine does.
func TestDeniedReason(t *testing.T) {
	s := scratch(t)
	y := systemStore{User, CA, s.prefix + "CA", 0}
	c := certtest.Root(t, "Root")
	if err := y.add(c.Certificate, nil, properties{}); err != nil {
		t.Fatal(err)
	}
	h, err := y.open(windows.CERT_STORE_PROV_SYSTEM, windows.CERT_STORE_READONLY_FLAG)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = windows.CertCloseStore(h, 0) }()
	err = each(h, func(ctx *windows.CertContext, _ []byte) (bool, error) {
		return false, wincrypt.Wrap("CertDeleteCertificateFromStore", windows.CertDeleteCertificateFromStore(windows.CertDuplicateCertificateContext(ctx)))
	})
	failed := s.fail("delete", Ref{Location: Machine, Store: CA}, c.Certificate, err)
	if !errors.Is(failed, ErrDenied) || !strings.Contains(failed.Error(), "CertDeleteCertificateFromStore") || !strings.Contains(failed.Error(), "0x") || !strings.Contains(failed.Advise, "administrator") {
		t.Errorf("the error is %q with advice %q", failed, failed.Advise)
	}
}

// TestCanceled has advice for a no that Windows itself may have given.
func TestCanceled(t *testing.T) {
	err := scratch(t).fail("put", Ref{Location: User, Store: Root}, nil, wincrypt.Wrap("CertAddCertificateContextToStore", windows.ERROR_CANCELLED))
	if !errors.Is(err, ErrCanceled) || !strings.Contains(err.Advise, "desktop") {
		t.Errorf("the error is %q with advice %q", err, err.Advise)
	}
}

// storeNames returns the system stores of both locations and the key
// containers of Wine, as the registry has them.
func storeNames(t *testing.T) string {
	t.Helper()
	var all []string
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		for _, path := range []string{certificatesKey, `Software\Wine\Crypto\RSA`} {
			k, err := registry.OpenKey(root, path, registry.READ)
			if err != nil {
				continue
			}
			names, err := k.ReadSubKeyNames(-1)
			if err != nil {
				t.Error(err)
			}
			all = append(all, names...)
			_ = k.Close()
		}
		all = append(all, "|")
	}
	return strings.Join(all, " ")
}

// TestLookingCreatesNothing asks all questions that have an answer without a
// change, of stores that do not exist.
func TestLookingCreatesNothing(t *testing.T) {
	s := scratch(t)
	c := rsaCertificate(t, "nobody")
	before := storeNames(t)
	for _, loc := range []Location{User, Machine} {
		for _, err := range s.Entries(t.Context(), loc) {
			if err != nil {
				t.Error(err)
			}
		}
		item := Item{DER: c.Raw, Key: c.PKCS8(t)}
		_, err1 := s.State(t.Context(), loc, c.Raw)
		_, err2 := s.KeyPlan(loc, item)
		var err3 error
		if wincrypt.OnWine() == "" { // Wine's chain engine opens MY, CA, Root and Trust so that they exist
			_, err3 = s.CheckChain(t.Context(), loc, c.Raw, nil)
		}
		if err := errors.Join(err1, err2, err3, s.Accepts(t.Context(), loc, My, item)); err != nil {
			t.Errorf("%s: %v", loc, err)
		}
	}
	s.Places(t.Context())
	if after := storeNames(t); after != before {
		t.Errorf("the registry had\n%s\nand has\n%s", before, after)
	}
}

// TestCheckChain asks Windows about chains, with the root in no store and in
// the machine's own.
func TestCheckChain(t *testing.T) {
	s, err := Open(t.Context(), Options{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	w := s.(*windowsStore)
	around := func(from, to time.Duration) certtest.Option { // of now: Windows looks at the clock
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(to) }
	}
	root := certtest.Root(t, "Chain Test Root "+rand.Text()[:8], around(-4*time.Hour, 4*time.Hour))
	inter := certtest.Intermediate(t, root, "Chain Test CA", around(-4*time.Hour, 4*time.Hour))
	leaf := certtest.Client(t, inter, "Chain Test Leaf", around(-time.Hour, time.Hour))
	expired := certtest.Client(t, inter, "Chain Test Old", around(-2*time.Hour, -time.Hour))
	whole := [][]byte{inter.Raw, root.Raw}
	ask := func(of certtest.Issuer, extra [][]byte, links int, want ...string) {
		t.Helper()
		for _, loc := range []Location{User, Machine} {
			st, err := w.CheckChain(t.Context(), loc, of.Raw, extra)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range st.Problems {
				got = append(got, p.ID)
			}
			if strings.Join(got, " ") != strings.Join(want, " ") || len(st.Links) != links || st.Trusted() != (len(want) == 0) || st.System != "Windows" {
				t.Errorf("%s, %s: %v with %d links, want %v with %d", of.CommonName(), loc, got, len(st.Links), want, links)
			}
		}
	}
	ask(leaf, nil, 1, "partial-chain")
	ask(leaf, whole, 3, "untrusted-root")
	ask(expired, whole, 3, "untrusted-root", "not-time-valid")
	t.Run("trusted", func(t *testing.T) {
		if wincrypt.OnWine() == "" {
			t.Skip("a test puts no root into the real stores of Windows")
		}
		if err := w.Put(t.Context(), Machine, Root, Item{DER: root.Raw}); err != nil {
			t.Fatal(err)
		}
		ask(leaf, whole[:1], 3)
		ask(expired, whole[:1], 3, "not-time-valid")
		if err := w.Delete(t.Context(), Ref{Machine, Root, root.Fingerprint()}, DeleteAll); err != nil {
			t.Fatal(err)
		}
		ask(leaf, whole, 3, "untrusted-root")
	})
}
