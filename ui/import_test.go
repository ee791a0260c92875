package ui

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

const testPassword = "geheim"

// clientFile writes a PFX with a client certificate, its key and its chain.
func clientFile(t *testing.T) (path string, leaf, ca, root certtest.Issuer) {
	t.Helper()
	root = certtest.Root(t, "Test Root")
	ca = certtest.Intermediate(t, root, "Test CA")
	leaf = certtest.Client(t, ca, "client.example")
	data, err := certfile.EncodePKCS12(certfile.Bundle{
		Keys:         []certfile.KeyEntry{{PKCS8: leaf.PKCS8(t), Certificate: leaf.Raw}},
		Certificates: [][]byte{ca.Raw, root.Raw},
	}, []byte(testPassword), certfile.Modern)
	if err != nil {
		t.Fatal(err)
	}
	return writeTestFile(t, "client.pfx", data), leaf, ca, root
}

func writeTestFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newStoreShell returns a window over a store in memory and a journal. Call it
// in a synctest bubble.
func newStoreShell(t *testing.T) *shell {
	t.Helper()
	return newSystemShell(t, "linux")
}

// newSystemShell is newStoreShell with the questions of another system.
func newSystemShell(t *testing.T, system string) *shell {
	t.Helper()
	app := uitest.NewApp(t)
	s := New(t.Context(), app, Services{Store: certstore.NewMemory(), Journal: journal.Open(t.TempDir()), Now: func() time.Time { return testNow }, System: system}).shell
	t.Cleanup(s.win.Close)
	s.win.Resize(fyne.NewSize(1100, 700))
	s.start()
	uitest.Settle()
	return s
}

// texts returns the words that can be seen in an object.
func texts(o fyne.CanvasObject) string {
	var b strings.Builder
	seen(o, func(x fyne.CanvasObject) {
		switch w := x.(type) {
		case *parts.Label:
			b.WriteString(w.Text() + "\n")
		case *parts.Paragraph:
			b.WriteString(w.Text() + "\n")
		}
	})
	return b.String()
}

// seen visits an object and all visible ones within.
func seen(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	var inner []fyne.CanvasObject
	switch w := o.(type) {
	case *fyne.Container:
		inner = w.Objects
	case fyne.Widget:
		inner = test.WidgetRenderer(w).Objects()
	}
	for _, x := range inner {
		seen(x, visit)
	}
}

// sees fails unless all words can be seen in the dialog on top.
func sees(t *testing.T, s *shell, want ...string) {
	t.Helper()
	d := parts.TopDialog(s.win.Canvas())
	if d == nil {
		t.Fatalf("no dialog is open; want %q", want)
	}
	got := texts(d)
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Fatalf("the dialog lacks %q:\n%s", w, got)
		}
	}
}

// TestOpenFilesMixed opens a client's PFX together with the files of its CAs:
// the wizard takes them all. Certificates alone are shown only.
func TestOpenFilesMixed(t *testing.T) {
	pfx, _, ca, root := clientFile(t)
	caFile, rootFile := writeTestFile(t, "ca.cer", ca.Raw), writeTestFile(t, "root.crt", root.Raw)
	synctest.Test(t, func(t *testing.T) {
		s := newSystemShell(t, "windows")
		s.openFiles([]string{caFile, pfx, rootFile})
		uitest.Settle()
		if files := s.dialogs.wizard.model.State().Files; !slices.Equal(files, []string{caFile, pfx, rootFile}) {
			t.Errorf("the wizard takes %q", files)
		}
		sees(t, s, "ca.cer", "File 1 of 3")
		s.dialogs.wizard.wizard.Close()
		uitest.Settle()
		s.openFiles([]string{rootFile, caFile})
		uitest.Settle()
		if s.dialogs.wizard != nil {
			t.Error("certificates alone open the wizard")
		}
		sees(t, s, "2 certificates, not imported")
	})
}

func lacks(t *testing.T, s *shell, words ...string) {
	t.Helper()
	got := texts(parts.TopDialog(s.win.Canvas()))
	for _, w := range words {
		if strings.Contains(got, w) {
			t.Fatalf("the dialog has %q:\n%s", w, got)
		}
	}
}

// press gives a key to whatever has the keyboard, else to the dialog.
func press(s *shell, key fyne.KeyName) {
	c := s.win.Canvas()
	if f := c.Focused(); f != nil {
		f.TypedKey(&fyne.KeyEvent{Name: key})
	} else {
		parts.DialogKey(c, key)
	}
	uitest.Settle()
}

// typePassword types into the wizard's field and lets the pause pass.
func typePassword(s *shell, text string) {
	s.dialogs.wizard.file.pass.SetText(text)
	uitest.Rest(2 * passwordPause)
}

func rowsIn(t *testing.T, s *shell) []string {
	t.Helper()
	inv, errs := inventory.Load(t.Context(), s.services.Store, inventory.Options{Now: testNow})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var out []string
	for _, r := range inv.Rows {
		out = append(out, string(r.Location)+"/"+string(r.Store)+" "+r.Certificate.CommonName())
	}
	slices.Sort(out)
	return out
}

func TestImportByKeyboard(t *testing.T) {
	path, leaf, _, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		s.startImport([]string{path})
		uitest.Settle()
		sees(t, s, "Choose file and location", "client.pfx", "PKCS #12", "Password that protects this file", "Not the pick-up password from the CA's mail", "Nothing is changed until you press Import.")
		v := s.dialogs.wizard
		if !v.file.next.Disabled() || s.win.Canvas().Focused() != fyne.Focusable(v.file.pass) {
			t.Error("Next can be pressed without a password, or the keyboard is not in its field")
		}
		typePassword(s, "Geheim")
		sees(t, s, "This is not the password of the file", "Check upper and lower case")
		typePassword(s, testPassword)
		sees(t, s, "Password is correct: 1 private key and 3 certificates")
		press(s, fyne.KeyReturn)
		digits := grouped(root.Fingerprint().String())
		sees(t, s, "Where each certificate goes", "client.example", "Personal", "Intermediate CAs", "Not imported", "Trust this root", digits, "Import 2")
		for _, tick := range v.plan.trust {
			tick.Activate()
		}
		uitest.Settle()
		sees(t, s, "Trusted roots", "Import 3")
		press(s, fyne.KeyReturn)
		sees(t, s, "Imported", "3 certificates added", "Works as TLS client", leaf.Serials().Spaced, "Undo import")
		want := []string{"user/ca Test CA", "user/my client.example", "user/root Test Root"}
		if got := rowsIn(t, s); !slices.Equal(got, want) {
			t.Fatalf("in the stores: %q", got)
		}
		tapText(t, s, "Undo import")
		sees(t, s, "Import undone", "The stores are as they were before the import")
		if got := rowsIn(t, s); len(got) != 0 {
			t.Errorf("left after undo: %q", got)
		}
		press(s, fyne.KeyReturn)
		if parts.TopDialog(s.win.Canvas()) != nil || s.dialogs.wizard != nil {
			t.Error("Enter did not close the wizard")
		}
	})
}

// tapText presses the button with a word on it.
func tapText(t *testing.T, s *shell, word string) {
	t.Helper()
	var found *parts.Button
	seen(parts.TopDialog(s.win.Canvas()), func(o fyne.CanvasObject) {
		if b, ok := o.(*parts.Button); ok && b.Text() == word {
			found = b
		}
	})
	if found != nil {
		test.Tap(found)
		uitest.Settle()
		return
	}
	t.Fatalf("no button %q in:\n%s", word, texts(parts.TopDialog(s.win.Canvas())))
}

func TestImportAgainHasNothingToDo(t *testing.T) {
	path, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		for round := range 2 {
			s.startImport([]string{path})
			uitest.Settle()
			typePassword(s, testPassword)
			press(s, fyne.KeyReturn)
			if round == 1 {
				sees(t, s, "Personal, already there", "Already present", "Tick the root to import it.")
			}
			press(s, fyne.KeyReturn)
			press(s, fyne.KeyEscape)
		}
		if got := rowsIn(t, s); len(got) != 2 {
			t.Errorf("in the stores: %q", got)
		}
	})
}

func TestImportSaysWhatIsWrongWithAFile(t *testing.T) {
	path, _, _, _ := clientFile(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	camellia, err := certfile.Read(t.Context(), good, certfile.Password{Given: true, Text: []byte("x")})
	if camellia != nil || !errors.Is(err, certfile.ErrPassword) {
		t.Fatal("the test file opens with any password")
	}
	for _, tt := range []struct {
		name string
		data []byte
		want []string
	}{
		{"cut", good[:len(good)/2], []string{"The file is damaged", "Get the file again"}},
		{"text", []byte("hello"), []string{"There is no certificate or key in this file", "Choose a .pfx"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := writeTestFile(t, "bad.pfx", tt.data)
			synctest.Test(t, func(t *testing.T) {
				s := newStoreShell(t)
				s.startImport([]string{bad})
				uitest.Settle()
				sees(t, s, tt.want...)
				if !s.dialogs.wizard.file.next.Disabled() {
					t.Error("Next can be pressed")
				}
				press(s, fyne.KeyEscape)
				if s.dialogs.wizard != nil {
					t.Error("Escape did not close the wizard")
				}
			})
		})
	}
	for err, want := range map[error]string{
		&certfile.Error{Op: "read", Object: "PKCS#12", Err: certfile.ErrPassword}:                                "This is not the password of the file",
		&certfile.Error{Op: "read", Object: "PKCS#12", Err: certfile.ErrUnsupported, Detail: "Camellia-256-CBC"}: "The file is protected in a way that cannot be opened here: Camellia-256-CBC",
		&certfile.Error{Op: "read", Object: "PKCS#12", Err: certfile.ErrDamaged, Detail: "truncated"}:            "The file is damaged: truncated",
	} {
		uitest.NewApp(t)
		if got, todo := fileProblem(err); got != want || todo == "" {
			t.Errorf("%v: %q, advice %q", err, got, todo)
		}
	}
}

func TestImportFilesOneAfterTheOther(t *testing.T) {
	path, _, _, _ := clientFile(t)
	other := certtest.Root(t, "Second Root")
	second := writeTestFile(t, "second.cer", other.Raw)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		s.startImport([]string{path, second})
		uitest.Settle()
		sees(t, s, "File 1 of 2")
		typePassword(s, testPassword)
		press(s, fyne.KeyReturn)
		press(s, fyne.KeyReturn)
		sees(t, s, "2 certificates added", "Next file (2 of 2)")
		s.startImport([]string{path}) // dropped meanwhile
		uitest.Settle()
		sees(t, s, "Next file (2 of 3)")
		press(s, fyne.KeyReturn)
		sees(t, s, "second.cer", "File 2 of 3")
		lacks(t, s, "Password that protects this file", "Allow the private key")
		press(s, fyne.KeyReturn)
		sees(t, s, "Second Root", "Trust this root")
	})
}

func TestImportWithoutRights(t *testing.T) {
	path, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{})
		s.services.Journal = journal.Open(t.TempDir())
		s.importer.Journal = s.services.Journal
		s.startImport([]string{path})
		uitest.Settle()
		v := s.dialogs.wizard
		v.model.SetTarget(nil)
		uitest.Settle()
		sees(t, s, "Needs administrator rights")
		v.model.SetOptions(func(o *importer.Options) { o.Location = certstore.Machine })
		typePassword(s, testPassword)
		sees(t, s, "Access denied")
		press(s, fyne.KeyReturn)
		sees(t, s, "Where each certificate goes", "Access denied")
		if !v.plan.start.Disabled() {
			t.Error("Import can be pressed")
		}
	})
}

func TestImportFailureSaysThatNothingChanged(t *testing.T) {
	path, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{})
		s.services.Journal = journal.Open(t.TempDir())
		s.importer.Journal = s.services.Journal
		s.startImport([]string{path})
		uitest.Settle()
		typePassword(s, testPassword)
		press(s, fyne.KeyReturn)
		press(s, fyne.KeyReturn)
		sees(t, s, "Not imported", "Nothing was changed", "Not in this test")
	})
}

// put adds certificates to the user's stores.
func put(t *testing.T, s *shell, name certstore.Name, i certtest.Issuer, key bool) {
	t.Helper()
	item := certstore.Item{DER: i.Raw, Exportable: true}
	if key {
		item.Key = i.PKCS8(t)
	}
	if err := s.services.Store.Put(t.Context(), certstore.User, name, item); err != nil {
		t.Fatal(err)
	}
}

// load reads the stores again, and returns the row of a certificate.
func load(t *testing.T, s *shell, c *certificate.Certificate) *model.Row {
	t.Helper()
	s.reload()
	uitest.Settle()
	snapshot, _ := s.list.Snapshot.Get()
	for _, r := range snapshot.Rows {
		if r.Fingerprint() == c.Fingerprint() {
			return r
		}
	}
	t.Fatalf("%s is not listed", c.CommonName())
	return nil
}

func TestImportMovesMisplacedCopy(t *testing.T) {
	path, _, ca, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.Root, ca, false)
		s.startImport([]string{path})
		uitest.Settle()
		typePassword(s, testPassword)
		press(s, fyne.KeyReturn)
		sees(t, s, "A copy of Test CA stands in the wrong store", "Move it", "Import 1, move 1")
		press(s, fyne.KeyReturn)
		sees(t, s, "1 certificate added, 1 moved")
		if got := rowsIn(t, s); !slices.Contains(got, "user/ca Test CA") {
			t.Errorf("in the stores: %q", got)
		}
		tapText(t, s, "Undo import")
		if got := rowsIn(t, s); !slices.Equal(got, []string{"user/root Test CA"}) {
			t.Errorf("after undo: %q", got)
		}
	})
}
