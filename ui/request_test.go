package ui

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/journal"
	"certdesk/internal/request"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// newRequestShell is newStoreShell with a place for requests.
func newRequestShell(t *testing.T) *shell {
	t.Helper()
	app := uitest.NewApp(t)
	s := New(t.Context(), app, Services{Store: certstore.NewMemory(), Journal: journal.Open(t.TempDir()), Requests: t.TempDir(),
		Now: func() time.Time { return testNow }, System: "linux"}).shell
	t.Cleanup(s.win.Close)
	s.win.Resize(fyne.NewSize(1100, 700))
	s.start()
	uitest.Settle()
	return s
}

// answerTo issues the certificate that a request asks for.
func answerTo(t *testing.T, r request.Record) []byte {
	t.Helper()
	req, err := x509.ParseCertificateRequest(r.Request)
	if err != nil {
		t.Fatal(err)
	}
	key, err := csr.NewKey(csr.P256)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Portal CA"}}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(4711), RawSubject: req.RawSubject, NotBefore: testNow.AddDate(0, 0, -1), NotAfter: testNow.AddDate(1, 0, 0), ExtraExtensions: req.Extensions}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, req.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return certfile.EncodePEM([][]byte{der})
}

func only(t *testing.T, s *shell, status request.Status) request.Record {
	t.Helper()
	all, err := s.requests.List()
	if err != nil || len(all) != 1 || all[0].Status != status {
		t.Fatalf("%+v, %v; want one that is %s", all, err, status)
	}
	return all[0]
}

func pause() { uitest.Rest(2 * passwordPause) }

// TestRequestAndAnswer makes a request with its key in the store, pastes the
// answer, and undoes that.
func TestRequestAndAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		v := s.openRequest(nil)
		if !v.next.Disabled() {
			t.Error("a request for nobody")
		}
		v.chooseProfile(slices.IndexFunc(csr.Profiles, func(p csr.Profile) bool { return p.ID == "globalsign-atlas-mtls" }))
		v.cn.SetText("https://clm.example.test/x")
		v.country.SetText("Germany")
		sees(t, s, "two letters")
		if !v.next.Disabled() {
			t.Error("a country of seven letters is taken")
		}
		v.country.SetText("DE")
		v.goOn()
		sees(t, s, `The common name is "clm.example.test"`, "accepts RSA 2048 and nothing else", "the organization (O) is missing")
		v.org.SetText("Example GmbH")
		v.keyType.OnChanged(slices.Index(csr.KeyTypes, csr.P256))
		sees(t, s, "EC P-256 keys are not allowed, only RSA 2048")
		if !v.next.Disabled() {
			t.Error("what the profile forbids can be made")
		}
		v.keyType.OnChanged(slices.Index(csr.KeyTypes, csr.RSA2048))
		v.goOn()
		uitest.Settle()
		sees(t, s, "Request for clm.example.test", "BEGIN CERTIFICATE REQUEST", "waits there for its certificate")
		r := only(t, s, request.Pending)
		v.wizard.Close()

		s.openPending()
		uitest.Settle()
		sees(t, s, "clm.example.test", "Waits", "RSA 2048 in the store")
		parts.TopDialog(s.win.Canvas()).Close()

		a := s.openAnswer(r.ID)
		a.text.SetText("hello")
		pause()
		sees(t, s, "There is no certificate in the answer")
		a.text.SetText(strings.ReplaceAll(string(answerTo(t, r)), "\n", `\n`)) // as in JSON
		pause()
		sees(t, s, "It answers the request for clm.example.test", "Its private key is in the store since the request was made.")
		page := filepath.Join(t.TempDir(), "page.html") // longer than the field takes
		html := strings.Repeat("<p>Your certificate was issued.</p>\n", 2000) + "<pre>" + string(answerTo(t, r)) + "</pre>"
		if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
			t.Fatal(err)
		}
		a.text.SetText("")
		a.openFile(page)
		pause()
		if n := len(a.text.Text); n == 0 || n > parts.MaxPaste {
			t.Errorf("%d bytes are shown", n)
		}
		sees(t, s, "It answers the request for clm.example.test")
		press(s, fyne.KeyEscape) // nothing is changed before the yes
		only(t, s, request.Pending)
		a = s.openAnswer("")
		a.text.SetText(string(answerTo(t, r)))
		pause()
		a.complete()
		uitest.Settle()
		sees(t, s, "clm.example.test is in Personal, Current user, with its key")
		done := only(t, s, request.Completed)
		s.undoNow(done.Answer.Journal)
		uitest.Settle()
		only(t, s, request.Pending)
	})
}

// TestRequestInFile makes a request with an encrypted key file, and a PKCS#12
// file of it and the answer.
func TestRequestInFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		dir := t.TempDir()
		v := s.openRequest(nil)
		v.cn.SetText("f.example.test")
		v.goOn()
		v.keyIn.OnChanged(1)
		v.folder.SetText(dir)
		v.pass.SetText("secret")
		v.again.SetText("other")
		sees(t, s, "The two passwords differ.")
		v.again.SetText("secret")
		v.goOn()
		uitest.Settle()
		sees(t, s, "Request for f.example.test", "is encrypted in "+filepath.Join(dir, "f.example.test.key"))
		r := only(t, s, request.Pending)
		v.wizard.Close()

		a := s.openAnswer("")
		a.text.SetText(string(answerTo(t, r)))
		pause()
		sees(t, s, "It answers the request for f.example.test")
		if !a.do.Disabled() {
			t.Error("without the key's password")
		}
		a.pass.SetText("wrong")
		pause()
		sees(t, s, "password")
		a.pass.SetText("secret")
		pause()
		a.goal.OnChanged(1)
		a.goal.SetSelected(1)
		a.update()
		a.p12.makeUp.SetChecked(true)
		a.p12.update()
		a.complete()
		uitest.Settle()
		path := filepath.Join(dir, "f.example.test.p12")
		sees(t, s, "Wrote "+path, "openssl pkcs12 -export", "shown this once")
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", st, err)
		}
		only(t, s, request.Completed)
	})
}

// TestRenewal renews a certificate with a new key.
func TestRenewal(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		v := s.openRequest(row)
		sees(t, s, "The old one stays until you delete it", leaf.Certificate.Subject().Forward())
		v.goOn()
		v.goOn()
		uitest.Settle()
		r := only(t, s, request.Pending)
		v.wizard.Close()
		a := s.openAnswer(r.ID)
		a.text.SetText(string(answerTo(t, r)))
		pause()
		a.complete()
		uitest.Settle()
		sees(t, s, "What still uses the old certificate", "The old certificate stays until you delete it")
	})
}

// TestPFX combines, repairs and splits.
func TestPFX(t *testing.T) {
	pfx, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		dir := t.TempDir()
		split := s.openPFX(pfxSplit, pfx)
		uitest.Settle()
		sees(t, s, "client.pfx", "Protected by a password")
		split.pass.SetText(testPassword)
		pause()
		split.folder.SetText(dir)
		split.form.pass.SetText("key")
		split.form.again.SetText("key")
		split.start()
		uitest.Settle()
		sees(t, s, "The pieces are in "+dir, "openssl pkcs12", "key.pem")
		parts.TopDialog(s.win.Canvas()).Close()

		chain, err := os.ReadFile(filepath.Join(dir, "chain.pem"))
		if err != nil {
			t.Fatal(err)
		}
		issuer, _ := pem.Decode(chain) // the root is left out, as in most files
		noRoot := filepath.Join(dir, "issuer.pem")
		if err := os.WriteFile(noRoot, pem.EncodeToMemory(issuer), 0o644); err != nil {
			t.Fatal(err)
		}
		v := s.openCombine([]string{filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem"), noRoot})
		uitest.Settle()
		v.pass.SetText("key")
		pause()
		sees(t, s, "Key and certificate belong together", "The chain ends at ", " › ")
		parts.TopDialog(s.win.Canvas()).Close()

		v = s.openCombine([]string{filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "chain.pem")})
		uitest.Settle()
		v.pass.SetText("key")
		pause()
		sees(t, s, "Key and certificate belong together")
		out := filepath.Join(dir, "out.p12")
		v.form.path.SetText(out)
		v.form.pass.SetText("new")
		v.form.again.SetText("new")
		v.start()
		uitest.Settle()
		sees(t, s, "Wrote "+out, "openssl pkcs12 -export")
		parts.TopDialog(s.win.Canvas()).Close()

		v = s.openPFX(pfxRepair, out)
		uitest.Settle()
		v.pass.SetText("new")
		pause()
		v.form.makeUp.SetChecked(true)
		v.form.update()
		v.start()
		uitest.Settle()
		sees(t, s, "Wrote "+filepath.Join(dir, "out-repaired.pfx"), "shown this once")
		got := &model.PFXFile{Path: out}
		got.Data, _ = os.ReadFile(out)
		got.Open(t.Context(), certfile.Password{Given: true, Text: []byte("new")})
		if got.Err != nil || len(got.Contents.Keys) != 1 || len(got.Contents.Certificates) < 2 {
			t.Errorf("%+v, %v", got.Contents, got.Err)
		}
	})
}

// TestPFXRemove takes files away with the keyboard, twice with the same button.
func TestPFXRemove(t *testing.T) {
	pfx, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		v := s.openCombine([]string{pfx, writeTestFile(t, "second.pem", []byte("no certificate"))})
		uitest.Settle()
		remove := func() *parts.Button {
			var first *parts.Button
			seen(v.list, func(o fyne.CanvasObject) {
				if b, ok := o.(*parts.Button); ok && first == nil {
					first = b
				}
			})
			return first
		}
		gone := remove()
		s.win.Canvas().Focus(gone)
		press(s, fyne.KeySpace)
		if f := s.win.Canvas().Focused(); f != v.path {
			t.Errorf("the keyboard is at %T, want the path of the next file", f)
		}
		gone.Activate() // as the key repeats
		sees(t, s, "second.pem")
		lacks(t, s, "client.pfx")
		s.win.Canvas().Focus(remove())
		press(s, fyne.KeySpace)
		lacks(t, s, "second.pem")
		if len(v.files) != 0 || !v.do.Disabled() {
			t.Errorf("%d files are left", len(v.files))
		}
	})
}
