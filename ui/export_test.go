package ui

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/exporter"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

func TestExportShowsWhatItWrites(t *testing.T) {
	_, leaf, ca, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.CA, ca, false)
		put(t, s, certstore.Root, root, false)
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		snapshot, _ := s.list.Snapshot.Get()
		x := s.openExport(snapshot.Inventory, []*inventory.Row{row.Row})
		uitest.Settle()
		dir := t.TempDir()
		x.target.folder.SetText(dir)
		for i, f := range x.formats {
			if f == exporter.PFX {
				continue
			}
			x.choose(i)
			uitest.Settle()
			want, err := exporter.Public(f, []*certificate.Certificate{leaf.Certificate}, snapshot.Inventory, testNow, exporter.Settings{})
			if err != nil || !bytes.Equal(x.preview.Data, want) {
				t.Errorf("%s: the preview is not what the exporter writes (%v)", f, err)
			}
			sees(t, s, "The private key stays in the store.")
			if f.Text() {
				x.copyText()
				if got := s.app.Clipboard().Content(); got != string(want) {
					t.Errorf("%s: copied %q", f, got)
				}
			}
			if f == exporter.Base64 && strings.ContainsAny(string(want), "\r\n") {
				t.Error("the single line has line breaks")
			}
		}
		x.choose(slices.Index(x.formats, exporter.Base64))
		uitest.Settle()
		press(s, fyne.KeyReturn)
		got, err := os.ReadFile(filepath.Join(dir, "client.example.txt"))
		if want := certfile.OneLineBase64(leaf.Raw); err != nil || string(got) != want {
			t.Errorf("wrote %q, %v", got, err)
		}
		if parts.TopDialog(s.win.Canvas()) != nil {
			t.Error("the dialog stays open")
		}
	})
}

func TestExportWithKey(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		snapshot, _ := s.list.Snapshot.Get()
		x := s.openExport(snapshot.Inventory, []*inventory.Row{row.Row})
		dir := t.TempDir()
		x.target.folder.SetText(dir)
		x.choose(slices.Index(x.formats, exporter.PFX))
		uitest.Settle()
		sees(t, s, "Export certificate and private key", "The file holds the private key.", "Modern", "Compatible")
		for _, tt := range []struct {
			one, two string
			ready    bool
		}{{"", "", false}, {"abc", "", false}, {"abc", "abd", false}, {"abc", "abc", true}} {
			x.pass.SetText(tt.one)
			x.again.SetText(tt.two)
			if x.save.Disabled() == tt.ready {
				t.Errorf("%q and %q: Save enabled %v", tt.one, tt.two, !tt.ready)
			}
		}
		press(s, fyne.KeyReturn)
		path := filepath.Join(dir, "client.example.pfx")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", st.Mode().Perm())
		}
		contents, err := certfile.Read(t.Context(), data, certfile.Password{Given: true, Text: []byte("abc")})
		if err != nil || len(contents.Keys) != 1 || !bytes.Equal(contents.Keys[0].PKCS8, leaf.PKCS8(t)) {
			t.Errorf("the file does not hold the key: %v", err)
		}
		x.pass.SetText("") // what the dialog's end does too
	})
}

func TestExportAsksBeforeItReplaces(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		path := writeTestFile(t, "old.pem", []byte("precious"))
		s.startExport([]*model.Row{row})
		uitest.Settle()
		snapshot, _ := s.list.Snapshot.Get()
		parts.TopDialog(s.win.Canvas()).Close()
		x := s.openExport(snapshot.Inventory, []*inventory.Row{row.Row})
		uitest.Settle()
		x.target.folder.SetText(filepath.Dir(path))
		x.target.name.SetText("old.pem")
		press(s, fyne.KeyReturn)
		sees(t, s, "Replace the file?", path)
		press(s, fyne.KeyEscape)
		if got, _ := os.ReadFile(path); string(got) != "precious" {
			t.Error("Escape replaced the file")
		}
		press(s, fyne.KeyReturn)
		press(s, fyne.KeyReturn)
		if got, _ := os.ReadFile(path); !bytes.HasPrefix(got, []byte("-----BEGIN CERTIFICATE-----")) {
			t.Errorf("Enter did not replace the file: %q", got)
		}
	})
}

func TestExportOfSeveral(t *testing.T) {
	_, leaf, ca, _ := clientFile(t)
	x := model.NewExport(certstore.NewMemory(), &inventory.Inventory{}, []*inventory.Row{
		{Entry: certstore.Entry{DER: leaf.Raw, Key: certstore.KeyPresent, Exportable: true}, Certificate: leaf.Certificate},
		{Entry: certstore.Entry{DER: ca.Raw}, Certificate: ca.Certificate}}, testNow)
	if got := x.Formats(); !slices.Equal(got, []exporter.Format{exporter.PEM, exporter.P7B, exporter.Chain}) {
		t.Errorf("formats %q", got)
	}
	x.Rows = x.Rows[:1]
	if got := x.Formats(); len(got) != 6+len(exporter.Snippets) || x.Key() != nil {
		t.Errorf("formats %q, key %v", got, x.Key())
	}
	x.Rows[0].Exportable = false
	if err := x.Key(); !errors.Is(err, certstore.ErrNotExportable) {
		t.Errorf("key that may not leave: %v", err)
	}
}
