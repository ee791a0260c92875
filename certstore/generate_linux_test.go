package certstore_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/internal/certtest"
)

func passwordFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pw")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keys returns what certutil -K lists; it fails where there are none.
func keys(dir, pw string) string {
	out, _ := exec.Command("certutil", "-K", "-d", "sql:"+dir, "-f", pw).CombinedOutput()
	return string(out)
}

// TestGeneratedKey asks NSS's own tools about keys made here, each step with
// the store opened again as after a restart, with and without a password.
func TestGeneratedKey(t *testing.T) {
	for _, password := range []string{"", "secret"} {
		sc := newScratch(t)
		nickname, ours := "Requested", 0
		if password != "" {
			locked(t, sc)
			ours = 1
		}
		pw := passwordFile(t, password)
		again := func() (certstore.Store, certstore.KeyGenerator) {
			asked := 0
			sc.password = func(context.Context, string, bool) ([]byte, error) { asked++; return []byte(password), nil }
			s := sc.open(t)
			t.Cleanup(func() {
				if asked > 1 || password == "" && asked > 0 {
					t.Errorf("password %q: asked %d times in one store", password, asked)
				}
			})
			return s, s.(certstore.KeyGenerator)
		}
		root := certtest.Root(t, "Test Root")
		inter := certtest.Intermediate(t, root, "Test Intermediate")
		var pending []certstore.PendingKey
		for _, a := range []certstore.KeyAlgorithm{certstore.RSA2048, certstore.P521} {
			_, g := again()
			p, err := g.Generate(t.Context(), certstore.KeyRequest{Location: certstore.User, Algorithm: a})
			if err != nil {
				t.Fatal(err)
			}
			pending = append(pending, p)
		}
		if out := keys(sc.user, pw); strings.Count(out, "certdesk-request-") != 2 {
			t.Errorf("certutil -K lists\n%s", out)
		}
		_, g := again()
		leaf := certstoretest.Answer(t, g, pending[0], inter, "Client")
		_, g = again()
		if err := g.Complete(t.Context(), pending[0], certstore.Answer{DER: leaf.Raw, Issuer: inter.Raw, FriendlyName: nickname}); err != nil {
			t.Fatal(err)
		}
		if got := flags(t, sc.user, nickname); got != "u,u,u" {
			t.Errorf("certutil shows %q, want u,u,u", got)
		}
		if out := keys(sc.user, pw); !strings.Contains(out, nickname) {
			t.Errorf("certutil -K lists\n%s", out)
		}
		s, _ := again()
		put(t, s, certstore.Root, certstore.Item{DER: root.Raw})
		run(t, "certutil", "-V", "-u", "C", "-n", nickname, "-d", "sql:"+sc.user, "-f", pw, "-e")
		_, g = again()
		if err := g.Discard(t.Context(), pending[1]); err != nil {
			t.Error(err)
		}
		if out := keys(sc.user, pw); strings.Count(out, "< ") != ours+1 {
			t.Errorf("after Discard certutil -K lists\n%s", out)
		}
		// docs/stores.md says that the mark keeps the key from us only.
		pfx := filepath.Join(t.TempDir(), "leaf.p12")
		run(t, "pk12util", "-o", pfx, "-n", nickname, "-d", "sql:"+sc.user, "-k", pw, "-W", "pw")
	}
}

func TestGenerateLocked(t *testing.T) {
	sc := newScratch(t)
	locked(t, sc)
	g := sc.open(t).(certstore.KeyGenerator)
	if _, err := g.Generate(t.Context(), certstore.KeyRequest{Location: certstore.User, Algorithm: certstore.RSA2048}); !errors.Is(err, certstore.ErrLocked) {
		t.Errorf("Generate with nobody to ask = %v, want ErrLocked", err)
	}
	if out := keys(sc.user, passwordFile(t, "secret")); strings.Contains(out, "certdesk-request") {
		t.Errorf("it left\n%s", out)
	}
}

// TestGenerateCreatesNothing looks for what questions and refusals leave.
func TestGenerateCreatesNothing(t *testing.T) {
	sc := newScratch(t)
	g := sc.open(t).(certstore.KeyGenerator)
	ctx := t.Context()
	if err := g.CanGenerate(ctx, certstore.KeyRequest{Location: certstore.User, Algorithm: certstore.RSA2048}); err != nil {
		t.Error(err)
	}
	if err := g.Discard(ctx, certstore.PendingKey{Location: certstore.User, Container: certstore.ContainerOf("none")}); err != nil {
		t.Error(err)
	}
	if _, err := g.Pending(ctx, certstore.PendingKey{Location: certstore.User}); !errors.Is(err, certstore.ErrKey) {
		t.Errorf("Pending of an empty record = %v, want ErrKey", err)
	}
	if _, err := os.Stat(sc.user); !os.IsNotExist(err) {
		t.Errorf("%s was made", sc.user)
	}
}
