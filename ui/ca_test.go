package ui

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/journal"
	"certdesk/internal/testca"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// newCAShell is newStoreShell with a place for authorities.
func newCAShell(t *testing.T) *shell {
	t.Helper()
	app := uitest.NewApp(t)
	s := New(t.Context(), app, Services{Store: certstore.NewMemory(), Journal: journal.Open(t.TempDir()), Authorities: testca.Open(filepath.Join(t.TempDir(), "ca")),
		Now: func() time.Time { return testNow }, System: "linux"}).shell
	t.Cleanup(s.win.Close)
	s.win.Resize(fyne.NewSize(1100, 700))
	s.start()
	uitest.Settle()
	return s
}

const caPassword = "ca password"

// office makes an authority, past the window.
func office(t *testing.T, s *shell) *testca.Authority {
	t.Helper()
	ca, err := s.authorities().Make(context.Background(), model.NewAuthority{Name: "Example Office", Key: csr.P256, Intermediate: true}, []byte(caPassword))
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// madeUp returns the made-up password that the dialog on top shows.
func madeUp(t *testing.T, s *shell) string {
	t.Helper()
	for line := range strings.SplitSeq(texts(parts.TopDialog(s.win.Canvas())), "\n") {
		if f := strings.Split(line, "-"); len(f) == 4 && len(line) == 23 {
			return line
		}
	}
	t.Fatalf("no password is shown:\n%s", texts(parts.TopDialog(s.win.Canvas())))
	return ""
}

func TestNewAuthority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		v := s.openAuthorities()
		uitest.Settle()
		sees(t, s, "There is no authority yet", "Nothing is trusted without a question.")
		f := v.openNew()
		if !f.yes.Disabled() {
			t.Error("an authority without a name")
		}
		s.win.Canvas().Focused().(*parts.Field).SetText("Example Office")
		sees(t, s, "“Example Office Root CA”, kept as example-office")
		s.win.Canvas().Capture()
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "example-office is ready", "Nothing trusts it yet", "shown this once")
		password := madeUp(t, s)
		tapText(t, s, "Copy")
		if got := s.app.Clipboard().Content(); got != password {
			t.Errorf("copied %q", got)
		}
		uitest.Rest(2 * secretTime)
		if got := s.app.Clipboard().Content(); got != "" {
			t.Errorf("the clipboard still holds %q", got)
		}
		ca, err := s.services.Authorities.Load("example-office")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ca.Signer(testca.Root, []byte(password)); err != nil {
			t.Errorf("the password shown does not open the key: %v", err)
		}
		parts.TopDialog(s.win.Canvas()).Close()
		sees(t, s, "example-office", "CN=Example Office Issuing CA", "It has issued nothing yet.")
		lacks(t, s, password)
		parts.TopDialog(s.win.Canvas()).Close()
		if len(listed(s)) != 0 {
			t.Error("something was put into the stores")
		}
	})
}

// TestNewAuthorityInStore keeps the keys in the store, where they issue.
func TestNewAuthorityInStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		v := s.openAuthorities()
		f := v.openNew()
		s.win.Canvas().Focused().(*parts.Field).SetText("Lab")
		tapCard(t, s, "Certificate store")
		lacks(t, s, "Make one up")
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "lab is ready")
		parts.TopDialog(s.win.Canvas()).Close()
		sees(t, s, "in the certificate store")
		x := v.openIssue(v.authority())
		x.target.folder.SetText(t.TempDir())
		x.name.SetText("jdoe")
		x.yes.Activate()
		uitest.Settle()
		sees(t, s, "Issued: jdoe")
	})
}

// tapCard chooses a card by its title.
func tapCard(t *testing.T, s *shell, title string) {
	t.Helper()
	var card *parts.Press
	seen(parts.TopDialog(s.win.Canvas()), func(o fyne.CanvasObject) {
		if p, ok := o.(*parts.Press); ok && strings.Contains(texts(p), title) {
			card = p
		}
	})
	if card == nil {
		t.Fatalf("no card %q", title)
	}
	card.Activate()
	uitest.Settle()
}

// TestIssue issues a right and a wrong certificate for a user, with PFX and
// note.
func TestIssue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		office(t, s)
		v := s.openAuthorities()
		uitest.Settle()
		dir := t.TempDir()
		f := v.openIssue(v.authority())
		f.target.folder.SetText(dir)
		f.name.SetText(`DOMAIN\jdoe`)
		if !f.yes.Disabled() {
			t.Error("issues without the authority's password")
		}
		f.caPass.SetText("wrong")
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "wrong password")
		if got, _ := filepath.Glob(filepath.Join(dir, "*")); got != nil {
			t.Errorf("written with a wrong password: %q", got)
		}
		f.caPass.SetText(caPassword)
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, `Issued: DOMAIN\jdoe`, "DOMAIN-jdoe.pfx", "DOMAIN-jdoe.md", "the password goes another way")
		password := madeUp(t, s)
		data, err := os.ReadFile(filepath.Join(dir, "DOMAIN-jdoe.pfx"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := certfile.Read(t.Context(), data, certfile.Password{Given: true, Text: []byte(password)})
		if err != nil || len(c.Keys) != 1 || len(c.Certificates) != 3 {
			t.Fatalf("%v, %+v", err, c)
		}
		note, err := os.ReadFile(filepath.Join(dir, "DOMAIN-jdoe.md"))
		if err != nil || bytes.Contains(note, []byte(password)) || !bytes.Contains(note, []byte("DOMAIN-jdoe.pfx")) {
			t.Errorf("%v, %.300s", err, note)
		}
		tapText(t, s, "Hand-over sheet…")
		sees(t, s, "Example Office Issuing CA")
		parts.TopDialog(s.win.Canvas()).Close()
		parts.TopDialog(s.win.Canvas()).Close()
		sees(t, s, "Issued: 1", `DOMAIN\jdoe`)

		// The same name again asks before it replaces.
		f = v.openIssue(v.authority())
		f.target.folder.SetText(dir)
		f.name.SetText(`DOMAIN\jdoe`)
		f.caPass.SetText(caPassword)
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "Replace 2 files?", "will be lost", "DOMAIN-jdoe.pfx", "DOMAIN-jdoe.md")
		parts.TopDialog(s.win.Canvas()).Close()
		// Wrong on purpose.
		f.name.SetText("nosign")
		f.fault.OnChanged(0)
		for i, x := range f.faults {
			if x.Fault == "no-digital-signature" {
				f.fault.SetSelected(i + 1)
				f.fault.OnChanged(i + 1)
			}
		}
		sees(t, s, "browsers do not offer it", "C-01 Key Usage lacks Digital Signature")
		s.win.Canvas().Capture()
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "Wrong on purpose", "C-01 Key Usage lacks Digital Signature")
		parts.TopDialog(s.win.Canvas()).Close()
		sees(t, s, "no-digital-signature", "Issued: 2")
	})
}

// TestIssuePurposes offers what there is for each purpose.
func TestIssuePurposes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		office(t, s)
		v := s.openAuthorities()
		uitest.Settle()
		for _, tt := range []struct {
			purpose                   csr.Purpose
			name, others, label, says string
		}{
			{csr.Server, "https://www.example.test/x", "", "Host name", "a name has no scheme"},
			{csr.Email, "Jane", "jane@example.test", "Name of the person", ""},
			{csr.Code, "Publisher", "", "Publisher", ""},
		} {
			f := v.openIssue(v.authority())
			f.choose(tt.purpose)
			sees(t, s, tt.label)
			lacks(t, s, "Write the note")
			f.target.folder.SetText(t.TempDir())
			f.name.SetText(tt.name)
			f.caPass.SetText(caPassword)
			if tt.purpose == csr.Email {
				f.yes.Activate()
				uitest.Settle()
				sees(t, s, "needs a mail address", "Give it as common name or as alternative name.")
			}
			f.others.SetText(tt.others)
			f.yes.Activate()
			uitest.Settle()
			sees(t, s, "Issued: ", "Valid until")
			if tt.says != "" && !strings.Contains(strings.ToLower(texts(parts.TopDialog(s.win.Canvas()))), tt.says) {
				t.Errorf("%s: lacks %q", tt.purpose, tt.says)
			}
			parts.TopDialog(s.win.Canvas()).Close()
		}
	})
}

// TestRevokeAndCRL revokes, writes the list, and exports the root.
func TestRevokeAndCRL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		ca := office(t, s)
		dir := t.TempDir()
		m := s.authorities()
		r, err := m.Issue(t.Context(), ca, model.Issue{Purpose: csr.Client, Name: "gone", Key: csr.P256, Delivery: testca.Delivery{Path: filepath.Join(dir, "x.pfx"), Profile: certfile.Modern}}, []byte(caPassword), []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		v := s.openAuthorities()
		uitest.Settle()
		f := v.openRevoke(v.authority(), r.Issued)
		sees(t, s, "Revoke gone?", "This cannot be taken back.")
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "Revoked 2026-11-22", "revoked: 1")
		f = v.openCRL(v.authority())
		setFields(t, s, caPassword, dir)
		f.yes.Activate()
		uitest.Settle()
		crl, err := os.ReadFile(filepath.Join(dir, "example-office.crl"))
		if err != nil || !bytes.HasPrefix(crl, []byte("-----BEGIN X509 CRL-----")) {
			t.Errorf("%v, %.40s", err, crl)
		}
		f = v.openExport(v.authority())
		setFields(t, s, "", dir)
		f.yes.Activate()
		uitest.Settle()
		root, err := os.ReadFile(filepath.Join(dir, "example-office-root.pem"))
		if want := certfile.EncodePEM([][]byte{ca.Certificate(testca.Root).Raw}); err != nil || !bytes.Equal(root, want) {
			t.Errorf("%v, %s", err, root)
		}
	})
}

// setFields types a password, and the folder, into the form on top.
func setFields(t *testing.T, s *shell, password, folder string) {
	t.Helper()
	seen(parts.TopDialog(s.win.Canvas()), func(o fyne.CanvasObject) {
		if f, ok := o.(*parts.Field); ok && (f.Password || f.Text == model.SaveFolder()) {
			if f.Password {
				f.SetText(password)
			} else {
				f.SetText(folder)
			}
		}
	})
}

// TestDemo makes a demo site: the plan is shown and the root is asked for.
func TestDemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		dir := t.TempDir()
		f := s.openDemo(nil)
		s.win.Canvas().Focused().(*parts.Field).SetText("https://www.example.test/start")
		setFields(t, s, "", dir)
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "Where each certificate goes", "www.example.test", "Demo client", "Trust this root")
		if n := len(rootsOf(t, s)); n != 0 {
			t.Errorf("%d roots before the import", n)
		}
		press(s, fyne.KeyReturn)
		sees(t, s, "Imported")
		if n := len(rootsOf(t, s)); n != 0 {
			t.Errorf("%d roots without a yes", n)
		}
		parts.TopDialog(s.win.Canvas()).Close()
		sees(t, s, "Demo site www.example.test", "server.key", "NOT ENCRYPTED", "nginx", "SSLVerifyClient require", "Import-PfxCertificate server.pfx")
		password := madeUp(t, s)
		data, err := os.ReadFile(filepath.Join(dir, "www.example.test-demo", "server.pfx"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := certfile.Read(t.Context(), data, certfile.Password{Given: true, Text: []byte(password)}); err != nil {
			t.Error(err)
		}
		s.win.Canvas().Capture()
	})
}

func rootsOf(t *testing.T, s *shell) []*certificate.Certificate {
	t.Helper()
	var roots []*certificate.Certificate
	for e, err := range s.services.Store.Entries(t.Context(), certstore.User) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Store == certstore.Root {
			roots = append(roots, certificate.Parse(e.DER))
		}
	}
	return roots
}
