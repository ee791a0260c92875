package ui

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// TestIssueFromRequest answers a request that somebody sent: it shows what is
// asked for, and writes certificate and chain without a key.
func TestIssueFromRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCAShell(t)
		ca := office(t, s)
		v := s.openAuthorities()
		uitest.Settle()
		key, err := csr.NewKey(csr.P256)
		if err != nil {
			t.Fatal(err)
		}
		spec := csr.Spec{Subject: csr.Subject{CommonName: "www.partner.test", Organization: "Partner"}, Purposes: []csr.Purpose{csr.Server}, Key: csr.P256}
		spec.Names.DNS = []string{"www.partner.test"}
		der, err := csr.Create(spec, key)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		f := v.openAnswerRequest(v.authority())
		f.target.folder.SetText(dir)
		f.caPass.SetText(caPassword)
		if !f.yes.Disabled() {
			t.Error("issues without a request")
		}
		damaged := append([]byte{}, der...)
		damaged[len(damaged)-1] ^= 1
		f.answer.text.SetText(base64.StdEncoding.EncodeToString(damaged))
		sees(t, s, "does not verify", "Ask for the request anew")
		if !f.yes.Disabled() {
			t.Error("issues for a request whose signature does not verify")
		}
		f.answer.text.SetText(strings.ReplaceAll(string(csr.EncodePEM(der)), "\n", `\n`))
		sees(t, s, "Its signature verifies", "CN=www.partner.test", "dns:www.partner.test", "EC P-256", "serverAuth")
		if f.purpose != csr.Server {
			t.Errorf("purpose %s, the request asks for server", f.purpose)
		}
		f.answer.form.SetSelected(1)
		f.proposeAnswer()
		s.win.Canvas().Capture()
		f.yes.Activate()
		uitest.Settle()
		sees(t, s, "Issued: www.partner.test", "Send the file to whoever made the request")
		data, err := os.ReadFile(filepath.Join(dir, "www.partner.test.p7b"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := certfile.Inspect(data)
		if err != nil || len(c.Keys) != 0 || len(c.Certificates) != 3 {
			t.Fatalf("%v, %+v", err, c)
		}
		leaf := c.Certificates[0].Certificate
		if err := leaf.CheckSignatureFrom(ca.Certificate(ca.Issuing())); err != nil || leaf.Problem() != nil {
			t.Errorf("%v, %v", err, leaf.Problem())
		}
		tapText(t, s, "Copy certificate")
		if got := s.app.Clipboard().Content(); got != string(certfile.EncodePEM([][]byte{leaf.Raw})) {
			t.Errorf("copied %q", got)
		}
		parts.TopDialog(s.win.Canvas()).Close()

		// A request for something else is said, and a file that is dropped is read.
		f = v.openAnswerRequest(v.authority())
		path := filepath.Join(dir, "partner.csr")
		if err := os.WriteFile(path, der, 0o600); err != nil {
			t.Fatal(err)
		}
		s.dropped([]string{path})
		uitest.Settle()
		sees(t, s, "Its signature verifies", "CN=www.partner.test")
		f.answer.text.SetText(string(certfile.EncodePEM([][]byte{leaf.Raw})))
		sees(t, s, "no PKCS#10 certificate request")
	})
}
