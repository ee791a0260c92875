package certstore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
)

// TestFolder watches the folder of the stores that Windows keeps as files, in a
// profile that gets it meanwhile. Wine keeps none there, and no store changes.
func TestFolder(t *testing.T) {
	profile := t.TempDir()
	t.Setenv("APPDATA", profile)
	if (&folder{}).arm() == nil {
		t.Error("it watches a folder that is not there")
	}
	above := filepath.Join(profile, "Microsoft")
	if err := os.Mkdir(above, 0o700); err != nil {
		t.Fatal(err)
	}
	f := &folder{}
	defer func() { f.close() }()
	if err := f.arm(); err != nil {
		t.Fatal(err)
	}
	news := func(milliseconds uint32) bool {
		t.Helper()
		what, err := windows.WaitForSingleObject(f.event(), milliseconds)
		if err != nil {
			t.Fatal(err)
		}
		return what == windows.WAIT_OBJECT_0
	}
	if news(0) {
		t.Error("news without a change")
	}
	stores := filepath.Join(above, "SystemCertificates")
	certificates := filepath.Join(stores, "My", "Certificates")
	stored := filepath.Join(certificates, strings.Repeat("0A", 20))
	if wincrypt.OnWine() != "" {
		stored = filepath.Join(stores, "file") // Wine 8 does not look into folders that were there before
	}
	for _, change := range []struct {
		what string
		make func() error
	}{
		{"the folder comes", func() error { return os.MkdirAll(certificates, 0o700) }},
		{"a certificate comes", func() error { return os.WriteFile(stored, []byte("blob"), 0o600) }},
		{"the folder goes", func() error { return os.RemoveAll(stores) }},
	} {
		if err := change.make(); err != nil {
			t.Fatal(err)
		}
		if !news(10_000) {
			t.Errorf("%s: no news", change.what)
		}
		if err := f.arm(); err != nil {
			t.Fatalf("%s: %v", change.what, err)
		}
	}
}
