package certstore

import (
	"context"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certtest"
)

// otherContainer makes a key container as other programs do, with the key of c.
func otherContainer(t *testing.T, s *windowsStore, loc Location, name string, spec uint32, c certtest.Issuer) *link {
	t.Helper()
	l := newLink(usual(ProviderCAPI), loc, s.prefix+name)
	l.KeySpec = spec
	h, err := wincrypt.CryptAcquireContext(l.Container, l.Provider, l.ProvType, windows.CRYPT_NEWKEYSET|windows.CRYPT_SILENT|l.Flags)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := rsaBlob(c.Key.(*rsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	if spec == windows.AT_SIGNATURE {
		binary.LittleEndian.PutUint32(blob[4:], 0x2400) // CALG_RSA_SIGN
	}
	k, err := wincrypt.CryptImportKey(h, blob, 0)
	if err != nil {
		t.Fatal(err)
	}
	wincrypt.CryptDestroyKey(k)
	_ = windows.CryptReleaseContext(h, 0) // Wine writes the key now
	t.Cleanup(func() { _ = deleteKey(l) })
	return l
}

// TestRelinkContainers finds keys in containers with any name, as certutil
// -repairstore does, and lists those that nobody needs.
func TestRelinkContainers(t *testing.T) {
	for _, loc := range []Location{User, Machine} {
		for name, spec := range map[string]uint32{"{0B1F-key} of another program": windows.AT_KEYEXCHANGE, "signs": windows.AT_SIGNATURE} {
			t.Run(string(loc)+" "+name, func(t *testing.T) { relinkContainer(t, loc, name, spec) })
		}
	}
}

func relinkContainer(t *testing.T, loc Location, name string, spec uint32) {
	s := scratch(t)
	c, none := rsaCertificate(t, "Lost"), rsaCertificate(t, "No key")
	l := otherContainer(t, s, loc, name, spec, c)
	loose := func() []string {
		t.Helper()
		keys, err := s.LooseKeys(t.Context(), loc)
		if wincrypt.OnWine() != "" && !errors.Is(err, ErrNotPossible) || wincrypt.OnWine() == "" && err != nil {
			t.Errorf("LooseKeys = %v", err)
		}
		var names []string
		for _, k := range keys {
			if k.Algorithm != "RSA 2048" || k.Request || !strings.Contains(k.Remove, k.Name) {
				t.Errorf("LooseKeys: %+v", k)
			}
			names = append(names, k.Name)
		}
		return names
	}
	if names := loose(); !slices.Equal(names, []string{l.Container}) {
		t.Errorf("LooseKeys = %q, want %q", names, l.Container)
	}
	y := systemStore{loc, My, s.prefix + "MY", 0}
	for _, c := range []certtest.Issuer{c, none} {
		if err := y.add(c.Certificate, nil, properties{}); err != nil {
			t.Fatal(err)
		}
	}
	if names := loose(); len(names) > 0 {
		t.Errorf("with its certificate LooseKeys = %q", names)
	}
	ref := Ref{loc, My, c.Fingerprint()}
	found, err := s.FindKeys(t.Context(), loc, ref, Ref{loc, My, none.Fingerprint()})
	if err != nil || len(found) != 1 || found[0] != (FoundKey{ref, KeyLink{}, keyLink(l)}) {
		t.Fatalf("FindKeys = %+v, %v, want %+v", found, err, keyLink(l))
	}
	if err := s.Relink(t.Context(), ref, found[0].Was, found[0].Found); err != nil {
		t.Fatal(err)
	}
	if got := linkOf(t, s, loc, c); got == nil || *got != *l {
		t.Errorf("the certificate leads to %+v, want %+v", got, l)
	}
	if _, err := s.Signer(context.Background(), ref); err != nil {
		t.Error(err)
	}
	if err := s.Unlink(t.Context(), ref, found[0].Found, found[0].Was); err != nil {
		t.Fatal(err)
	}
	if got := linkOf(t, s, loc, c); got != nil {
		t.Errorf("taken back, the certificate leads to %+v", got)
	}
	if _, err := publicOf(l); err != nil {
		t.Errorf("the key is gone: %v", err)
	}
}
