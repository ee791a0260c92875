package certstore

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"certdesk/internal/certtest"
)

// TestUnlock opens what openssl locked in the way that Windows is asked for.
func TestUnlock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("openssl is the Linux host's, where the same code is tested")
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed; make test installs it")
	}
	key := certtest.Root(t, "Client").PKCS8(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.der"), filepath.Join(dir, "out.der")
	if err := os.WriteFile(in, key, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-iter", "1", "-inform", "DER", "-in", in,
		"-outform", "DER", "-out", out, "-passout", "pass:ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v: %s", err, text)
	}
	locked, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unlock(locked, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if err != nil || !bytes.Equal(got, key) {
		t.Errorf("unlock returns %d octets, %v; want the key's %d", len(got), err, len(key))
	}
	if _, err := unlock(locked, "another"); err == nil {
		t.Error("unlock opens it with another password")
	}
	if _, err := unlock(key, ""); err != nil {
		t.Errorf("unlock of a key that is not locked: %v", err)
	}
}
