package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/journal"
)

func begin(t *testing.T, d *journal.Dir) *journal.Writer {
	t.Helper()
	w, err := d.Begin(journal.Header{Kind: journal.Import, Source: "client.pfx", Time: time.Now(), Location: certstore.User})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLifeOfARecord(t *testing.T) {
	d := journal.Open(filepath.Join(t.TempDir(), "not yet", "there"))
	if rs, err := d.List(); err != nil || len(rs) != 0 {
		t.Fatalf("List of nothing = %v, %v", rs, err)
	}
	w := begin(t, d)
	after := certstore.State{Certificate: true, Store: certstore.My}
	for _, der := range []string{"one", "two"} {
		if err := w.Step(journal.Step{DER: []byte(der)}); err != nil {
			t.Fatal(err)
		}
		if der == "one" {
			if err := w.Done(after); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := d.Read(w.ID)
	if err != nil || r.Status != journal.Running || len(r.Steps) != 2 || r.Steps[0].After == nil || *r.Steps[0].After != after || r.Steps[1].After != nil {
		t.Fatalf("while running: %+v, %v", r, err)
	}
	if _, err := d.Resume(w.ID); !errors.Is(err, journal.ErrRunning) {
		t.Errorf("Resume of a running record = %v", err)
	}
	w.Abandon()
	if r, _ = d.Read(w.ID); r.Status != journal.Unfinished {
		t.Errorf("after a crash: %s", r.Status)
	}
	again, err := d.Resume(w.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.End(journal.Undone); err != nil {
		t.Fatal(err)
	}
	if r, _ = d.Read(w.ID); r.Status != journal.Undone {
		t.Errorf("after undo: %s", r.Status)
	}
}

// TestTornLine cuts the file at every byte: what is left is a record of what
// was certainly begun, or none.
func TestTornLine(t *testing.T) {
	dir := t.TempDir()
	d := journal.Open(dir)
	w := begin(t, d)
	if err := errors.Join(w.Step(journal.Step{DER: []byte("one")}), w.Done(certstore.State{}), w.End(journal.Done)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, w.ID+".json")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := d.Read(w.ID)
		lines := strings.Count(string(whole[:n]), "\n")
		if (lines == 0) != errors.Is(err, journal.ErrNotFound) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if want := min(max(lines-1, 0), 1); err == nil && (len(r.Steps) != want || r.Status == journal.Done) {
			t.Fatalf("%d bytes, %d lines: %+v", n, lines, r)
		}
	}
	for _, id := range []string{"", "..", "../x", "/etc/passwd", "none"} {
		if _, err := d.Read(id); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("Read(%q) = %v", id, err)
		}
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	w := begin(t, journal.Open(dir))
	defer w.Abandon()
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, w.ID+".json"): 0o600} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
}
