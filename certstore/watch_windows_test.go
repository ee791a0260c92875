package certstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

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
	if news(t, f, 0) {
		t.Error("news without a change")
	}
	stores := filepath.Join(above, "SystemCertificates")
	certificates := filepath.Join(stores, "My", "Certificates")
	stored := filepath.Join(certificates, strings.Repeat("0A", 20))
	if wincrypt.OnWine() != "" {
		stored = filepath.Join(stores, "file") // Wine 8 does not look into folders that were there before
	}
	follows(t, f, []change{
		{"the folder comes", func() error { return os.MkdirAll(certificates, 0o700) }},
		{"a certificate comes", func() error { return os.WriteFile(stored, []byte("blob"), 0o600) }},
		{"the folder goes", func() error { return os.RemoveAll(stores) }},
	})
}

// TestTree watches a key of the registry that comes step by step, and goes.
func TestTree(t *testing.T) {
	top := fmt.Sprintf(`Software\Certdesk-%x`, rand.Uint64())
	above := top + `\Microsoft`
	key := above + `\SystemCertificates`
	below := key + `\Root`
	create := func(path string) func() error {
		return func() error {
			k, _, err := registry.CreateKey(registry.CURRENT_USER, path, registry.WRITE)
			return errors.Join(err, k.Close())
		}
	}
	remove := func(paths ...string) func() error {
		return func() (err error) {
			for _, path := range paths {
				err = errors.Join(err, registry.DeleteKey(registry.CURRENT_USER, path))
			}
			return err
		}
	}
	t.Cleanup(func() { _ = remove(below, key, above, top)() })
	w := &tree{root: windows.HKEY_CURRENT_USER, path: key}
	var err error
	if w.changed, err = windows.CreateEvent(nil, 0, 0, nil); err != nil {
		t.Fatal(err)
	}
	defer w.close()
	runtime.LockOSThread() // a registration ends with its thread
	defer runtime.UnlockOSThread()
	if err := w.arm(); err != nil {
		t.Fatal(err)
	}
	follows(t, w, []change{{"the top comes", create(top)}, {"what is above comes", create(above)}, {"the key comes", create(key)}})
	if !w.whole {
		t.Error("the key is there, and another one is watched")
	}
	follows(t, w, []change{{"a store comes", create(below)}, {"a store goes", remove(below)}})
	if wincrypt.OnWine() != "" {
		return // Wine 8 gives no news of a key that goes to whom it was open
	}
	follows(t, w, []change{{"the key goes", remove(key, above)}, {"what is above comes back", create(above)}, {"the key comes back", create(key)}})
}

// A change is one that has to be seen.
type change struct {
	what string
	make func() error
}

// follows makes the changes, of which s has to give news.
func follows(t *testing.T, s source, changes []change) {
	t.Helper()
	for _, c := range changes {
		if err := c.make(); err != nil {
			t.Fatal(err)
		}
		if !news(t, s, 10_000) {
			t.Errorf("%s: no news", c.what)
		}
		if err := s.arm(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
	}
}

// news says whether s has some within so many milliseconds.
func news(t *testing.T, s source, milliseconds uint32) bool {
	t.Helper()
	what, err := windows.WaitForSingleObject(s.event(), milliseconds)
	if err != nil {
		t.Fatal(err)
	}
	return what == windows.WAIT_OBJECT_0
}
