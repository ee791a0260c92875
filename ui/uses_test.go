package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"certdesk/certstore"
	"certdesk/ui/uitest"
)

// TestUses finds a thumbprint in a file of a folder that is added to the
// search.
func TestUses(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		put(t, s, certstore.My, leaf, true)
		v := s.openUses(leaf.Certificate)
		uitest.Settle()
		sees(t, s, "Where is it used?", "Current user", "No file uses it")
		dir := t.TempDir()
		config := filepath.Join(dir, "app.config")
		if err := os.WriteFile(config, []byte("<add\n  thumbprint=\""+strings.ToUpper(leaf.Certificate.SHA1())+"\"/>\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.dropped([]string{dir})
		uitest.Settle()
		sees(t, s, config+":2", "names its SHA-1 thumbprint", "Looked at ", " files in "+dir)
		lacks(t, s, "No file uses it")
		tapText(t, s, "Copy report")
		if got := s.app.Clipboard().Content(); !strings.Contains(got, config+":2: names its SHA-1 thumbprint") {
			t.Errorf("copied %q", got)
		}
		s.win.Canvas().Capture()
		if len(v.folders) != 1 {
			t.Errorf("folders %q", v.folders)
		}
	})
}
