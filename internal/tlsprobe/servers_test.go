package tlsprobe_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/servertest"
	"certdesk/internal/tlsprobe"
)

// A world is a PKI with a server and its clients, valid now: real servers
// look at the real clock.
type world struct {
	root, inter, otherRoot certtest.Issuer
	server, client, other  certtest.Issuer
	dir                    string
}

func around(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	rsaKey := func() crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	w.root = certtest.Root(t, "Probe Root", around)
	w.inter = certtest.Intermediate(t, w.root, "Probe Issuing CA", around)
	w.otherRoot = certtest.Root(t, "Other Root", around)
	loopback := func(c *x509.Certificate) {
		c.DNSNames, c.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	w.server = certtest.MakeWithKey(t, &w.inter, "localhost", rsaKey(), certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageServerAuth), around, loopback)
	clientOptions := []certtest.Option{certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth), around}
	w.client = certtest.MakeWithKey(t, &w.inter, "Probe Client", rsaKey(), clientOptions...)
	w.other = certtest.Make(t, &w.otherRoot, "Other Client", clientOptions...)
	w.dir = servertest.Write(t, map[string]string{
		"server.pem": pemOf(w.server.Certificate, w.inter.Certificate), "alone.pem": pemOf(w.server.Certificate), "server.key": keyPEM(t, w.server),
		"root.pem": pemOf(w.root.Certificate), "cas.pem": pemOf(w.inter.Certificate, w.root.Certificate), "inter.pem": pemOf(w.inter.Certificate), "other.pem": pemOf(w.otherRoot.Certificate),
		"index.html": "hello", "open/index.html": "open", "secure/index.html": "secret",
	})
	return w
}

func pemOf(cs ...*certificate.Certificate) string {
	var b strings.Builder
	for _, c := range cs {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.String()
}

func keyPEM(t *testing.T, i certtest.Issuer) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: i.PKCS8(t)}))
}

// inventory is a store with both clients, the second without its key, and one
// that may not sign.
func (w *world) inventory(t *testing.T) *inventory.Inventory {
	t.Helper()
	store := certstore.NewMemory()
	put := func(name certstore.Name, i certtest.Issuer, key bool) {
		item := certstore.Item{DER: i.Raw}
		if key {
			item.Key = i.PKCS8(t)
		}
		if err := store.Put(t.Context(), certstore.User, name, item); err != nil {
			t.Fatal(err)
		}
	}
	mute, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	put(certstore.CA, w.inter, false)
	put(certstore.My, w.client, true)
	put(certstore.My, w.other, true)
	put(certstore.My, certtest.MakeWithKey(t, &w.inter, "Mute Client", mute, certtest.Usage(x509.KeyUsageKeyAgreement), certtest.Purposes(x509.ExtKeyUsageClientAuth), around), true)
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return inv
}

func (w *world) identity(i certtest.Issuer, along ...certtest.Issuer) *tlsprobe.Identity {
	id := &tlsprobe.Identity{Chain: []*certificate.Certificate{i.Certificate}, Key: i.Key}
	for _, a := range along {
		id.Chain = append(id.Chain, a.Certificate)
	}
	return id
}

// probe runs with the root of the world trusted.
func (w *world) probe(t *testing.T, address string, id *tlsprobe.Identity, change ...func(*tlsprobe.Options)) *tlsprobe.Report {
	t.Helper()
	target, err := tlsprobe.ParseTarget(address)
	if err != nil {
		t.Fatal(err)
	}
	opt := tlsprobe.Options{Target: target, Identity: id, Roots: []*certificate.Certificate{w.root.Certificate}, Now: time.Now(), Timeout: 10 * time.Second, Inventory: w.inventory(t)}
	for _, c := range change {
		c(&opt)
	}
	r := tlsprobe.Run(t.Context(), opt)
	t.Logf("%s: %s: %s %s", address, r.Result, r.Title, r.Text)
	for _, s := range r.Steps {
		t.Logf("  %d %s %s: %s | %s | %s | %s", s.Connection, s.ID, s.Status, s.Title, s.Detail, s.Reason, s.Advice)
		if (s.Status == tlsprobe.StepError || s.Status == tlsprobe.StepWarning) && s.Reason == "" {
			t.Errorf("%s: the step %s has no reason", address, s.ID)
		}
	}
	if r.Title == "" || r.Result != tlsprobe.OK && len(r.Ask) == 0 {
		t.Errorf("%s: no headline or nothing to do: %+v", address, r)
	}
	return r
}

// want compares result, exit code, whether it was sent, and the explanation's
// code or alert.
func want(t *testing.T, r *tlsprobe.Report, result tlsprobe.Result, sent bool, code string) {
	t.Helper()
	got := r.Alert
	if r.Response != nil {
		got = r.Response.Code
	}
	if r.Result != result || (r.Sent != nil) != sent || got != code {
		t.Errorf("%s: result %s, sent %v, code %q; want %s, %v, %q", r.Target.URL, r.Result, r.Sent != nil, got, result, sent, code)
	}
	exit := map[tlsprobe.Result]int{tlsprobe.OK: 0, tlsprobe.NoConnection: 1}
	if e, ok := exit[result]; ok && r.ExitCode() != e || !ok && r.ExitCode() != 6 {
		t.Errorf("%s: exit code %d", r.Target.URL, r.ExitCode())
	}
}

func TestNginx(t *testing.T) {
	w := newWorld(t)
	const tls = "ssl_certificate server.pem; ssl_certificate_key server.key; ssl_client_certificate cas.pem; ssl_verify_depth 3;"
	for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
		t.Run(version, func(t *testing.T) {
			server := tls + "ssl_protocols " + version + ";"
			port := servertest.Nginx(t, w.dir, "", server+"ssl_verify_client on;")
			address := fmt.Sprintf("https://127.0.0.1:%d/", port)
			r := w.probe(t, address, nil)
			want(t, r, tlsprobe.Asked, false, "496")
			if r.Request == nil || r.Request.When != tlsprobe.Handshake || len(r.Request.CAs) != 2 || !slices.Contains(r.Request.CANames(9), w.root.Subject().String()) {
				t.Errorf("asked: %+v", r.Request)
			}
			fits := map[string]string{}
			for _, m := range r.Mine {
				why := "fits"
				if !m.Fits {
					why = m.Findings[0].ID
				}
				fits[m.Row.Certificate.CommonName()] = why
			}
			if len(fits) != 3 || fits["Probe Client"] != "fits" || fits["Other Client"] != "C-09" || fits["Mute Client"] != "C-01" {
				t.Errorf("my certificates: %v", fits)
			}
			r = w.probe(t, address, w.identity(w.client, w.inter))
			want(t, r, tlsprobe.OK, true, "200")
			if r.Sent.Count != 2 || version == "TLSv1.3" && !strings.HasPrefix(r.Sent.Signature, "PSS") {
				t.Errorf("sent %+v", r.Sent)
			}
			want(t, w.probe(t, address, w.identity(w.other)), tlsprobe.Refused, true, "495")
			// optional: asked and not given, although the page is there
			port = servertest.Nginx(t, w.dir, "", server+"ssl_verify_client optional;")
			want(t, w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/", port), nil), tlsprobe.Asked, false, "200")
		})
	}
	t.Run("no certificate wanted", func(t *testing.T) {
		port := servertest.Nginx(t, w.dir, "", "ssl_certificate server.pem; ssl_certificate_key server.key;")
		r := w.probe(t, fmt.Sprintf("localhost:%d/nothing", port), w.identity(w.client, w.inter))
		want(t, r, tlsprobe.OK, false, "404")
	})
	t.Run("server not acceptable", func(t *testing.T) {
		port := servertest.Nginx(t, w.dir, "", tls+"ssl_verify_client on;")
		address := fmt.Sprintf("https://127.0.0.1:%d/", port)
		noRoot := func(o *tlsprobe.Options) { o.Roots = nil }
		r := w.probe(t, address, w.identity(w.client, w.inter), noRoot)
		want(t, r, tlsprobe.ServerCertificate, false, "")
		if r.Request == nil || r.Server == nil || r.Server.Acceptable {
			t.Errorf("%+v", r)
		}
		r = w.probe(t, address, w.identity(w.client, w.inter), noRoot, func(o *tlsprobe.Options) { o.Insecure = true })
		want(t, r, tlsprobe.ServerCertificate, true, "200")
		alone := servertest.Nginx(t, w.dir, "", "ssl_certificate alone.pem; ssl_certificate_key server.key;")
		r = w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/", alone), nil, func(o *tlsprobe.Options) {
			o.Inventory = &inventory.Inventory{}
		})
		want(t, r, tlsprobe.ServerCertificate, false, "")
		if !slices.ContainsFunc(r.Steps, func(s tlsprobe.Step) bool {
			return s.ID == "server-certificate" && strings.Contains(s.Reason, "Probe Issuing CA")
		}) {
			t.Error("the missing intermediate is not named")
		}
		// found in the store, but not sent: a warning
		r = w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/", alone), nil)
		want(t, r, tlsprobe.OK, false, "200")
		if s := r.Server; s.Findings[0].ID != "S-19a" {
			t.Errorf("%+v", s.Findings)
		}
	})
}

func TestApache(t *testing.T) {
	w := newWorld(t)
	host := fmt.Sprintf("SSLCertificateFile %[1]s/server.pem\nSSLCertificateKeyFile %[1]s/server.key\nSSLCACertificateFile %[1]s/cas.pem\nSSLVerifyDepth 3\n"+
		"<Location /secure>\nSSLVerifyClient require\n</Location>\n", w.dir)
	t.Run("TLS 1.2 renegotiates", func(t *testing.T) {
		port := servertest.Apache(t, w.dir, host+"SSLProtocol TLSv1.2\n")
		at := func(path string) string { return fmt.Sprintf("https://127.0.0.1:%d%s", port, path) }
		want(t, w.probe(t, at("/open/"), nil), tlsprobe.OK, false, "200")
		r := w.probe(t, at("/secure/"), nil)
		if r.Result != tlsprobe.Asked || r.Request == nil || r.Request.When != tlsprobe.Renegotiation || len(r.Request.CAs) == 0 {
			t.Errorf("%s %+v", r.Result, r.Request)
		}
		want(t, w.probe(t, at("/secure/"), w.identity(w.client, w.inter)), tlsprobe.OK, true, "200")
		r = w.probe(t, at("/secure/"), w.identity(w.other))
		if r.Result != tlsprobe.Refused || r.Sent == nil {
			t.Errorf("%s %+v", r.Result, r.Sent)
		}
		want(t, w.probe(t, at("/open/"), w.identity(w.client, w.inter)), tlsprobe.OK, false, "200")
	})
	t.Run("TLS 1.3 asks after the handshake", func(t *testing.T) {
		port := servertest.Apache(t, w.dir, host+"SSLProtocol -all +TLSv1.2 +TLSv1.3\n")
		address := fmt.Sprintf("https://127.0.0.1:%d/secure/", port)
		r := w.probe(t, address, nil)
		if r.Result != tlsprobe.Asked || r.Request == nil || !r.Request.OnlyTLS12 {
			t.Errorf("%s %+v", r.Result, r.Request)
		}
		r = w.probe(t, address, w.identity(w.client, w.inter))
		want(t, r, tlsprobe.OK, true, "200")
		if !r.Request.OnlyTLS12 {
			t.Errorf("%+v", r.Request)
		}
	})
	t.Run("TLS 1.3 only", func(t *testing.T) {
		port := servertest.Apache(t, w.dir, host+"SSLProtocol TLSv1.3\n")
		r := w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/secure/", port), w.identity(w.client, w.inter))
		want(t, r, tlsprobe.Refused, false, "403")
		if !slices.ContainsFunc(r.Steps, func(s tlsprobe.Step) bool { return s.ID == "again" }) {
			t.Error("nothing said of asking late")
		}
		if !strings.Contains(r.Text, "post-handshake authentication") || !strings.Contains(r.Ask[0], "during the handshake") {
			t.Errorf("%s %v", r.Text, r.Ask)
		}
	})
}

// TestNothingInCommon wants no advice about client certificates where the
// handshake fails before one could be asked for.
func TestNothingInCommon(t *testing.T) {
	w := newWorld(t)
	address := fmt.Sprintf("https://127.0.0.1:%d/", servertest.OpenSSL(t, w.dir, "s_server", "-accept", "127.0.0.1:PORT", "-www", "-cert", "server.pem", "-key", "server.key", "-tls1_2", "-cipher", "AES256-SHA256"))
	r := w.probe(t, address, nil)
	want(t, r, tlsprobe.Refused, false, "handshake_failure (40)")
	if !strings.Contains(r.Text, "in common") || strings.Contains(fmt.Sprint(r.Ask), "Choose") {
		t.Errorf("%s %v", r.Text, r.Ask)
	}
}

func TestOpenSSL(t *testing.T) {
	w := newWorld(t)
	serve := func(t *testing.T, args ...string) string {
		t.Helper()
		args = append([]string{"s_server", "-accept", "127.0.0.1:PORT", "-www", "-cert", "server.pem", "-cert_chain", "inter.pem", "-key", "server.key"}, args...)
		return fmt.Sprintf("https://127.0.0.1:%d/", servertest.OpenSSL(t, w.dir, args...))
	}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			must := serve(t, version, "-Verify", "3", "-verify_return_error", "-verifyCAfile", "root.pem", "-CAfile", "root.pem")
			r := w.probe(t, must, nil)
			alert := map[string]string{"-tls1_2": "handshake_failure (40)", "-tls1_3": "certificate_required (116)"}[version]
			want(t, r, tlsprobe.Asked, false, alert)
			r = w.probe(t, must, w.identity(w.client, w.inter))
			want(t, r, tlsprobe.OK, true, "200")
			want(t, w.probe(t, must, w.identity(w.client)), tlsprobe.Refused, true, "unknown_ca (48)") // the chain is broken
			r = w.probe(t, must, w.identity(w.other))
			want(t, r, tlsprobe.Refused, true, "unknown_ca (48)")
			if !strings.Contains(strings.Join(r.Ask, "\n"), "CN=Other Root") {
				t.Errorf("what to ask: %q", r.Ask)
			}
			want(t, w.probe(t, serve(t, version), w.identity(w.client, w.inter)), tlsprobe.OK, false, "200")
			// the list names a CA that the certificate is not from, and the server takes it all the same
			wrongList := serve(t, version, "-Verify", "3", "-verifyCAfile", "root.pem", "-CAfile", "other.pem")
			r = w.probe(t, wrongList, w.identity(w.client, w.inter))
			want(t, r, tlsprobe.OK, true, "200")
			if !slices.ContainsFunc(r.Steps, func(s tlsprobe.Step) bool { return s.ID == "asked" && s.Status == tlsprobe.StepWarning }) {
				t.Error("nothing said of the server's list")
			}
			// without HTTP
			plain := strings.Replace(must, "https", "tls", 1)
			want(t, w.probe(t, plain, w.identity(w.client, w.inter)), tlsprobe.OK, true, "")
			want(t, w.probe(t, plain, nil), tlsprobe.Asked, false, alert)
		})
	}
	t.Run("keys the server does not take", func(t *testing.T) {
		only := serve(t, "-tls1_2", "-Verify", "3", "-CAfile", "root.pem", "-client_sigalgs", "ECDSA+SHA256")
		want(t, w.probe(t, only, w.identity(w.client, w.inter)), tlsprobe.CannotSend, false, "")
	})
}

// A noPSS is a key as CryptoAPI and old cards keep it.
type noPSS struct{ crypto.Signer }

func (k noPSS) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, ok := opts.(*rsa.PSSOptions); ok {
		return nil, fmt.Errorf("old card: %w", errors.ErrUnsupported)
	}
	return k.Signer.Sign(r, digest, opts)
}

// TestWithoutPSS sends a certificate whose key makes no PSS signatures: that
// works at TLS 1.2, and where the server has nothing else it says why.
func TestWithoutPSS(t *testing.T) {
	w := newWorld(t)
	id := w.identity(w.client, w.inter)
	id.Key = noPSS{id.Key}
	known := func(o *tlsprobe.Options) {
		for _, row := range o.Inventory.Rows {
			row.NoPSS = row.Fingerprint() == w.client.Fingerprint()
		}
	}
	// fits holds the client's line of the person's certificates against the server.
	fits := func(server string, r *tlsprobe.Report, want bool) {
		t.Helper()
		i := slices.IndexFunc(r.Mine, func(m tlsprobe.Mine) bool { return m.Row.NoPSS })
		if i < 0 || r.Mine[i].Fits != want {
			t.Fatalf("%s: fits is not %t: %+v", server, want, r.Mine)
		}
		for _, f := range r.Mine[i].Findings {
			words := finding.WordsOf(f)
			if f.ID != "C-18" || !strings.Contains(words.Message, "RSA 2048 without PSS signatures") || !strings.Contains(words.Message, "RSA-PSS") || !strings.Contains(words.Advice, "CNG") {
				t.Errorf("%s: %s %+v", server, f.ID, words)
			}
		}
	}
	const tls = "ssl_certificate server.pem; ssl_certificate_key server.key; ssl_client_certificate cas.pem; ssl_verify_depth 3; ssl_verify_client on; ssl_protocols "
	for _, tt := range []struct {
		versions string
		result   tlsprobe.Result
		status   tlsprobe.Status
	}{{"TLSv1.2", tlsprobe.OK, tlsprobe.StepOK}, {"TLSv1.2 TLSv1.3", tlsprobe.OK, tlsprobe.StepWarning}, {"TLSv1.3", tlsprobe.CannotSend, tlsprobe.StepError}} {
		r := w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/", servertest.Nginx(t, w.dir, "", tls+tt.versions+";")), id, known)
		fits(tt.versions, r, tt.versions != "TLSv1.3")
		i := slices.IndexFunc(r.Steps, func(s tlsprobe.Step) bool { return s.ID == "again" })
		if i < 0 || r.Steps[i+1].ID != "sent" || r.Steps[i+1].Status != tt.status || (r.Steps[i+1].Advice == "") != (tt.status == tlsprobe.StepOK) {
			t.Errorf("%s: %+v", tt.versions, r.Steps)
		}
		if tt.result == tlsprobe.OK {
			want(t, r, tt.result, true, "200")
			if r.Sent == nil || !strings.HasPrefix(r.Sent.Signature, "PKCS #1 v1.5") {
				t.Errorf("%s: sent %+v", tt.versions, r.Sent)
			}
			continue
		}
		want(t, r, tt.result, false, "")
		if !strings.Contains(r.Title, "PSS") || !strings.Contains(r.Text, "old card") || !strings.Contains(strings.Join(r.Ask, " "), "TLS 1.2") {
			t.Errorf("%s: %s %v", r.Title, r.Text, r.Ask)
		}
	}
	// a server that has TLS 1.2 and takes PSS only, and one that asks for a folder
	port := servertest.OpenSSL(t, w.dir, "s_server", "-accept", "127.0.0.1:PORT", "-www", "-cert", "server.pem", "-cert_chain", "inter.pem", "-key", "server.key", "-tls1_2", "-Verify", "3", "-CAfile", "root.pem", "-client_sigalgs", "RSA-PSS+SHA256")
	r := w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/", port), id, known)
	want(t, r, tlsprobe.CannotSend, false, "")
	fits("PSS only", r, false)
	port = servertest.Apache(t, w.dir, fmt.Sprintf("SSLCertificateFile %[1]s/server.pem\nSSLCertificateKeyFile %[1]s/server.key\nSSLCACertificateFile %[1]s/cas.pem\nSSLVerifyDepth 3\n<Location /secure>\nSSLVerifyClient require\n</Location>\n", w.dir))
	want(t, w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/secure/", port), id), tlsprobe.OK, true, "200")
}

// TestNoConnection wants a cause for each way not to get there.
func TestNoConnection(t *testing.T) {
	w := newWorld(t)
	r := w.probe(t, fmt.Sprintf("https://127.0.0.1:%d/", servertest.Port(t)), nil)
	want(t, r, tlsprobe.NoConnection, false, "")
	if !strings.Contains(r.Ask[0], "Nothing listens") {
		t.Errorf("%q", r.Ask)
	}
	want(t, w.probe(t, "https://name.invalid/", nil), tlsprobe.NoConnection, false, "")
	proxy := &url.URL{Scheme: "http", Host: fmt.Sprint("127.0.0.1:", servertest.Port(t))}
	want(t, w.probe(t, "https://127.0.0.1/", nil, func(o *tlsprobe.Options) { o.Proxy = proxy }), tlsprobe.NoConnection, false, "")
}
