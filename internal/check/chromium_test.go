package check_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
)

// policies is where Chromium on Debian looks for what an administrator
// prescribes. It holds for the whole system: the test writes one file that
// speaks of its own port on loopback only, and removes it.
const policies = "/etc/chromium/policies/managed"

// TestChromium asks a real browser: a certificate that we say works for a
// browser is offered to a server that requires one, and one with an error that
// speaks of the certificate is not. docs/judges.md has the exceptions.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser a dozen times")
	}
	for _, tool := range []string{"chromium", "openssl", "certutil", "pk12util"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed; scripts/setup.sh test installs it")
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may write Chromium's policies to " + policies)
	}
	m := newMaker(t)
	server := certtest.Make(t, &m.inter, "127.0.0.1", ku(signs), forHosts, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	// One after the other: of two policy files with the same list Chromium reads one.
	t.Run("rules", func(t *testing.T) { testOffers(t, server, m) })
	t.Run("C-08", func(t *testing.T) { testIssuers(t, server, m) })
}

// testOffers shows one certificate after the other to a server that names its
// issuers.
func testOffers(t *testing.T, server certtest.Issuer, m *maker) {
	b := newBrowser(t, server, m.root, m.inter)
	for _, tt := range []struct {
		name    string
		world   world
		offered bool
		differs bool // from our verdict, as docs/judges.md explains
	}{
		{"client", m.rs(ku(signs|enciphs), forTLS), true, false},
		{"client, EC", m.ec(ku(signs), forTLS), true, false},
		{"no Key Usage", m.rs(forTLS), true, false},
		{"C-01", m.rs(ku(enciphs), forTLS), false, false},
		{"C-01b", m.rs(ku(commits), forTLS), false, false},
		{"C-02", m.rs(ku(signs|enciphs), forHosts), false, false},
		{"C-02, mail", m.rs(ku(signs|enciphs), forMail, mailTo("a@example.com")), false, false},
		{"C-03", m.rs(ku(signs), eku(x509.ExtKeyUsageAny)), false, false},
		{"C-04", m.rs(ku(signs)), true, false},
		{"C-06", m.rs(ku(signs|enciphs), forTLS, certtest.Valid(-30, -2)), false, false},
		{"C-01c", m.ec(ku(agrees), forTLS), false, false},
		{"C-11", m.ec(ku(signs|issues), forTLS, certtest.CA, ku(signs|issues)), false, false},
		{"C-11, no Key Usage", m.ec(certtest.CA, ku(0)), true, false},
		{"C-14", m.ec(ku(signs), forTLS, sha1), true, false},
		{"C-15", m.key(m.small, ku(signs), forTLS), true, false},
		{"A-12", m.rs(ku(signs), forTLS, raw("1.3.6.1.4.1.55555.1", true, 5, 0)), true, true},
		{"C-06, not yet", m.rs(ku(signs|enciphs), forTLS, certtest.Valid(3, 30)), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := b.offers(t, tt.world.leaf)
			v := tt.world.by(keyusage.Browser).judge(t, finding.Client)
			ours := finding.Worst(v.Findings) != finding.Error
			t.Logf("offered %v, we say %s because of %v", got, v.Verdict, errorsOf(v))
			if got != tt.offered {
				t.Errorf("Chromium offered it: %v, want %v", got, tt.offered)
			}
			if (ours != got) != tt.differs {
				t.Errorf("Chromium offered it: %v; our verdict is %q (%v)", got, v.Verdict, idsOf(v))
			}
		})
	}
}

// testIssuers is about C-08: a server that names its root is offered
// the certificate only where the intermediate between them is.
func testIssuers(t *testing.T, server certtest.Issuer, m *maker) {
	b := newBrowser(t, server, m.root)
	w := m.rs(ku(signs|enciphs), forTLS)
	if !b.offers(t, w.leaf, m.inter) {
		t.Error("not offered, with the intermediate in the database")
	}
	w.issuers = nil
	if v := w.judge(t, finding.Client); b.offers(t, w.leaf) || !has(v, "C-08", finding.Warning) {
		t.Errorf("offered without the intermediate, or no word of it: %v", idsOf(v))
	}
}

// A browser is Chromium with a server that requires client certificates.
type browser struct {
	url    string
	shaken chan []byte // of each handshake the client's certificate, nil for none
}

// newBrowser starts a server that names the CAs of clients.
func newBrowser(t *testing.T, server certtest.Issuer, clients ...certtest.Issuer) *browser {
	t.Helper()
	pool := x509.NewCertPool()
	for _, c := range clients {
		std, err := c.X509()
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(std)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: server.Key}}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{url: "https://" + l.Addr().String(), shaken: make(chan []byte, 64)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(conn.(*tls.Conn))
		}
	}()
	t.Cleanup(func() { l.Close() })
	if err := os.MkdirAll(policies, 0o755); err != nil {
		t.Fatal(err)
	}
	removeStale(t)
	rule, err := json.Marshal(map[string]any{"pattern": b.url, "filter": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := json.Marshal(map[string][]string{"AutoSelectCertificateForUrls": {string(rule)}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(policies, fmt.Sprintf("certdesk-test-%d-%s.json", os.Getpid(), strings.ReplaceAll(l.Addr().String(), ":", "-")))
	if err := os.WriteFile(file, policy, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(file) })
	return b
}

// removeStale removes the policies of tests that were killed: of two files with
// the same list Chromium reads one, and waits for somebody to choose.
func removeStale(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(policies, "certdesk-test-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(file), "certdesk-test-%d-", &pid); err != nil {
			continue
		}
		if p, err := os.FindProcess(pid); err == nil && errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			t.Logf("%s is of a test that was killed", file)
			os.Remove(file)
		}
	}
}

func (b *browser) serve(conn *tls.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	err := conn.Handshake()
	if certs := conn.ConnectionState().PeerCertificates; err == nil && len(certs) > 0 {
		b.shaken <- certs[0].Raw
		buf := make([]byte, 4096)
		_, _ = conn.Read(buf)
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwelcome"))
		return
	}
	if err != nil && strings.Contains(err.Error(), "didn't provide a certificate") {
		b.shaken <- nil
	}
}

// visit returns the page that Chromium shows of url to the user of home.
func visit(t *testing.T, home, url string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-quic", "--no-proxy-server", "--ignore-certificate-errors", "--timeout=60000", "--user-data-dir="+filepath.Join(home, "profile"), "--dump-dom", url+"/")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+filepath.Join(home, "data"), "XDG_CACHE_HOME="+home)
	out, err := cmd.Output()
	if err != nil {
		t.Logf("chromium: %v", err)
	}
	return out
}

// offers starts Chromium with leaf in its NSS database and reports whether the
// server got it. The browser must have come as far as the handshake.
func (b *browser) offers(t *testing.T, leaf certtest.Issuer, others ...certtest.Issuer) bool {
	t.Helper()
	home := t.TempDir()
	writePEM(t, filepath.Join(home, "leaf.pem"), "CERTIFICATE", leaf.Raw)
	writePEM(t, filepath.Join(home, "leaf.key"), "PRIVATE KEY", leaf.PKCS8(t))
	openssl(t, home, "pkcs12", "-export", "-in", "leaf.pem", "-inkey", "leaf.key", "-passout", "pass:x", "-out", "leaf.p12")
	db := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"certutil", "-N", "--empty-password", "-d", "sql:" + db}, {"pk12util", "-i", filepath.Join(home, "leaf.p12"), "-W", "x", "-K", "", "-d", "sql:" + db}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for i, c := range others {
		path := filepath.Join(home, fmt.Sprintf("other%d.pem", i))
		writePEM(t, path, "CERTIFICATE", c.Raw)
		if out, err := exec.Command("certutil", "-A", "-n", c.CommonName(), "-t", ",,", "-a", "-i", path, "-d", "sql:"+db).CombinedOutput(); err != nil {
			t.Fatalf("certutil -A: %v\n%s", err, out)
		}
	}
	for len(b.shaken) > 0 {
		<-b.shaken
	}
	var out []byte
	asked, offered := false, false
	for try := 0; try < 3 && !asked; try++ { // on a busy computer it gives up before it has begun
		out = visit(t, home, b.url)
		for len(b.shaken) > 0 {
			der := <-b.shaken
			asked = true
			offered = offered || string(der) == string(leaf.Raw)
		}
	}
	if !asked {
		t.Fatalf("the browser did not come to the server; it shows:\n%s", out)
	}
	if offered != strings.Contains(string(out), "welcome") {
		t.Errorf("certificate sent: %v, and the page is:\n%s", offered, out)
	}
	return offered
}
