package ui

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/tlsprobe"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// probeServer answers like IIS: 403.16 to everybody who brings a certificate.
func probeServer(t *testing.T, root certtest.Issuer) string {
	t.Helper()
	server := certtest.Make(t, &root, "127.0.0.1", certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageServerAuth),
		func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	cas := x509.NewCertPool()
	std, err := root.X509()
	if err != nil {
		t.Fatal(err)
	}
	cas.AddCert(std)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: server.Key}}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: cas}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nServer: Microsoft-IIS/10.0\r\nContent-Length: 17\r\n\r\nHTTP Error 403.16")
				}
			}()
		}
	}()
	return l.Addr().String()
}

func containsAll(text string, words ...string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// TestProbe tests a connection in the window: nothing chosen, then a
// certificate, and what is said of the others.
func TestProbe(t *testing.T) {
	root := certtest.Root(t, "Probe Root")
	leaf := certtest.Client(t, root, "Probe Client")
	mute := certtest.Client(t, root, "Mute", certtest.Usage(x509.KeyUsageKeyAgreement))
	address := probeServer(t, root)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.Root, root, false)
		put(t, s, certstore.My, leaf, true)
		put(t, s, certstore.My, mute, true)
		row := load(t, s, leaf.Certificate)
		s.startProbe(nil)
		v := s.probe
		sees(t, s, "Test connection", "No certificate", "Write the address")
		v.address.SetText("http://nothing")
		v.address.OnSubmitted("")
		uitest.Settle()
		sees(t, s, "write https://")
		v.address.SetText(address)
		tapText(t, s, "Test again")
		sees(t, s, "The server wants a client certificate, and none was sent", "Server asked for a client certificate", "Issued 2 of yours", "Would be offered", "Left out: Key Usage lacks Digital Signature")
		parts.TopDialog(s.win.Canvas()).Close()

		s.startProbe(row)
		if s.probe.address.Text != address {
			t.Errorf("the address %q was forgotten", s.probe.address.Text)
		}
		tapText(t, s, "Test")
		sees(t, s, "403.16: the server does not trust your certificate", "Certificate sent", "Sent in this test", "What to ask the partner", "Microsoft-IIS/10.0")
		tapText(t, s, "Copy as message")
		if text := s.app.Clipboard().Content(); !containsAll(text, "403.16", "Probe Client", "SHA-256") {
			t.Errorf("copied %q", text)
		}
		tapText(t, s, "Export root…")
		sees(t, s, "Export public certificate", "Probe Root")
		parts.TopDialog(s.win.Canvas()).Close()
		s.win.Canvas().Capture()
		parts.TopDialog(s.win.Canvas()).Close()
	})
}

// TestProbeCancel stops a test that hangs.
func TestProbeCancel(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := New(t.Context(), uitest.NewApp(t), Services{Store: certstore.NewMemory()}).shell
	t.Cleanup(s.win.Close)
	s.startProbe(nil)
	s.probe.address.SetText(l.Addr().String())
	var report *tlsprobe.Report
	done := false
	s.probe.onDone = func(r *tlsprobe.Report) { report, done = r, true }
	s.probe.press()
	s.probe.press()
	uitest.Until(t, func() bool { return done })
	if report == nil || report.Result != tlsprobe.NoConnection {
		t.Errorf("%+v", report)
	}
}

// TestChainTab shows what must be trusted where, and the answer to a question
// that nobody can be asked.
func TestChainTab(t *testing.T) {
	root := certtest.Root(t, "Chain Root")
	leaf := certtest.Client(t, root, "Chain Client")
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.CA, root, false)
		put(t, s, certstore.My, leaf, true)
		load(t, s, leaf.Certificate)
		s.table.data.key(fyne.KeyEnd, 0)
		uitest.Settle()
		s.detail.view.tabs.Select(tabChain)
		uitest.Settle()
		if got := texts(s.detail.view.body); !containsAll(got, "What must be trusted where", "Add the root Chain Root to Trusted Root CAs of the machine", "Check revocation", "Not trusted here") {
			t.Fatalf("the tab shows:\n%s", got)
		}
		seen(s.detail.view.body, func(o fyne.CanvasObject) {
			if b, ok := o.(*parts.Button); ok && b.Text() == "Check revocation" {
				test.Tap(b)
			}
		})
		uitest.Settle()
		if got := texts(s.detail.view.body); !containsAll(got, "has no address of an OCSP responder") {
			t.Errorf("after asking:\n%s", got)
		}
	})
}

// TestProbeFile sends the certificate of a file, once its password is right.
func TestProbeFile(t *testing.T) {
	root := certtest.Root(t, "Probe Root")
	address := probeServer(t, root)
	pfx, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.Root, root, false)
		load(t, s, root.Certificate)
		s.startProbe(nil)
		v := s.probe
		lacks(t, s, "path of a file")
		s.dropped([]string{pfx})
		v.address.SetText(address)
		v.pass.SetText("wrong")
		tapText(t, s, "Test")
		sees(t, s, "wrong password", "Check upper and lower case")
		v.pass.SetText(testPassword)
		tapText(t, s, "Test again")
		sees(t, s, "403.16: the server does not trust your certificate", "Certificate sent")
		tapText(t, s, "Copy as message")
		if got := s.app.Clipboard().Content(); !strings.Contains(got, leaf.Certificate.Fingerprint().String()) {
			t.Errorf("another certificate was sent: %q", got)
		}
		s.win.Canvas().Capture()
		parts.TopDialog(s.win.Canvas()).Close()
		if v.pass.Text != "" {
			t.Error("the password is kept")
		}
	})
}
