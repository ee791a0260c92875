//go:build unix

package exporter_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/certtest"
	"certdesk/internal/exporter"
)

// A farm is what the servers need: a certificate of their own, and two CAs
// that they both trust, with the same nasty name but for one letter.
type farm struct {
	dir                                 string
	ca, other                           certtest.Issuer
	right, sameSerial, sameCA, stranger certtest.Issuer
	port                                int
}

func newFarm(t *testing.T) *farm {
	t.Helper()
	f := &farm{dir: t.TempDir()}
	name := func(s string) certtest.Option {
		return subject(pkix.Name{CommonName: s + nasty, Organization: []string{nasty}, Country: []string{"NL"}})
	}
	f.ca, f.other = certtest.Root(t, "", name("A")), certtest.Root(t, "", name("B"))
	serial := certtest.Serial(new(big.Int).SetBytes([]byte{0xf1, 0xa0, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x08}))
	now := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	f.right = certtest.Client(t, f.ca, "right", serial, now)
	f.sameSerial = certtest.Client(t, f.other, "right", serial, now)
	f.sameCA = certtest.Client(t, f.ca, "right", now)
	f.stranger = certtest.Client(t, certtest.Root(t, "stranger"), "right", serial, now)
	server := certtest.Make(t, nil, "localhost", certtest.DNS("localhost"), now, certtest.Usage(x509.KeyUsageDigitalSignature))
	f.write(t, "client-ca.pem", certfile.EncodePEM([][]byte{f.ca.Raw, f.other.Raw}))
	f.write(t, "server.pem", certfile.EncodePEM([][]byte{server.Raw}))
	f.write(t, "server.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: server.PKCS8(t)}))
	f.write(t, "www/index.html", []byte("welcome"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	return f
}

func (f *farm) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tool returns the path of a server's program.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skip(name + " is not installed; make test installs it")
	return ""
}

// start runs a server until the test ends.
func (f *farm) start(t *testing.T, command string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(command, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		if t.Failed() {
			errors, _ := os.ReadFile(filepath.Join(f.dir, "error.log"))
			t.Logf("%s\n%s", log.String(), errors)
		}
	})
	for range 200 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", f.port)); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-done:
			t.Fatalf("%s ended: %s", command, log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen: %s", command, log.String())
}

// get asks with a client certificate, or none; 0 is a refused handshake.
func (f *farm) get(who *certtest.Issuer, version uint16) int {
	conf := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
	if who != nil {
		// Sent whatever issuers the server names: a wrong one has to be refused by the server.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: [][]byte{who.Raw}, PrivateKey: who.Key}, nil
		}
	}
	tr := &http.Transport{TLSClientConfig: conf}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, Timeout: 20 * time.Second}
	resp, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d/", f.port))
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// judge wants the right certificate let in and all others kept out.
func (f *farm) judge(t *testing.T) {
	t.Helper()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if got := f.get(&f.right, version); got != 200 {
			t.Errorf("%s: the right certificate gets %d", tls.VersionName(version), got)
		}
		for name, who := range map[string]*certtest.Issuer{"the same serial number of another CA": &f.sameSerial, "another certificate of the CA": &f.sameCA,
			"a CA that nobody trusts": &f.stranger, "none": nil} {
			if got := f.get(who, version); got == 200 {
				t.Errorf("%s: %s gets in", tls.VersionName(version), name)
			}
		}
		for name, who := range map[string]*certtest.Issuer{"the same serial number of another CA": &f.sameSerial, "another certificate of the CA": &f.sameCA} {
			if got := f.get(who, version); got != 403 { // trusted, and kept out by our lines
				t.Errorf("%s: %s gets %d, not 403", tls.VersionName(version), name, got)
			}
		}
	}
}

func TestNginx(t *testing.T) {
	nginx := tool(t, "nginx")
	f := newFarm(t)
	text := strings.ReplaceAll(snippet(t, exporter.Nginx, f.right.Certificate, exporter.Settings{}), "/etc/nginx/client-ca.pem", f.dir+"/client-ca.pem")
	httpPart, serverPart, ok := strings.Cut(text, "# In the server block")
	if !ok {
		t.Fatal(text)
	}
	conf := f.write(t, "nginx.conf", fmt.Appendf(nil, `daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/error.log;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
%[2]s
  server {
    listen 127.0.0.1:%[3]d ssl;
    ssl_certificate %[1]s/server.pem; ssl_certificate_key %[1]s/server.key; ssl_protocols TLSv1.2 TLSv1.3;
    root %[1]s/www;
# In the server block%[4]s
  }
}
`, f.dir, httpPart, f.port, serverPart))
	if out, err := exec.Command(nginx, "-t", "-e", f.dir+"/error.log", "-c", conf).CombinedOutput(); err != nil {
		t.Fatalf("nginx -t: %s", out)
	}
	f.start(t, nginx, "-e", f.dir+"/error.log", "-c", conf)
	f.judge(t)
}

func TestApache(t *testing.T) {
	apache := tool(t, "apache2")
	const modules = "/usr/lib/apache2/modules"
	if _, err := os.Stat(modules + "/mod_ssl.so"); err != nil {
		t.Skipf("Apache's mod_ssl is not in %s", modules)
	}
	f := newFarm(t)
	text := strings.ReplaceAll(snippet(t, exporter.Apache, f.right.Certificate, exporter.Settings{}), "/etc/apache2/client-ca.pem", f.dir+"/client-ca.pem")
	conf := f.write(t, "apache.conf", fmt.Appendf(nil, `ServerName localhost
ServerRoot "%[1]s"
PidFile "%[1]s/apache.pid"
ErrorLog "%[1]s/error.log"
DefaultRuntimeDir "%[1]s"
Mutex file:%[1]s
Listen 127.0.0.1:%[3]d
LoadModule mpm_event_module %[4]s/mod_mpm_event.so
LoadModule authz_core_module %[4]s/mod_authz_core.so
LoadModule dir_module %[4]s/mod_dir.so
LoadModule socache_shmcb_module %[4]s/mod_socache_shmcb.so
LoadModule ssl_module %[4]s/mod_ssl.so
User #%[5]d
Group #%[6]d
SSLSessionCache none
DocumentRoot "%[1]s/www"
DirectoryIndex index.html
<VirtualHost 127.0.0.1:%[3]d>
SSLEngine on
SSLCertificateFile "%[1]s/server.pem"
SSLCertificateKeyFile "%[1]s/server.key"
%[2]s
</VirtualHost>
`, f.dir, text, f.port, modules, unprivileged(os.Getuid()), unprivileged(os.Getgid())))
	for d := f.dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755) // the server's user reads the page
	}
	if out, err := exec.Command(apache, "-t", "-f", conf).CombinedOutput(); err != nil {
		t.Fatalf("apache2 -t: %s", out)
	}
	f.start(t, apache, "-D", "FOREGROUND", "-f", conf)
	f.judge(t)
}

// unprivileged replaces root, which Apache refuses to serve as.
func unprivileged(id int) int {
	if id == 0 {
		return 65534
	}
	return id
}

// TestOpenSSLNames compares the issuer that the snippets compare with what
// OpenSSL writes.
func TestOpenSSLNames(t *testing.T) {
	openssl := tool(t, "openssl")
	for i, n := range []pkix.Name{
		{CommonName: nasty, Organization: []string{nasty, "two"}, OrganizationalUnit: []string{"a", "b"}, Country: []string{"NL"}, Province: []string{"Noord-Holland"}, Locality: []string{"Amsterdam"}, StreetAddress: []string{"Damrak 1"}, PostalCode: []string{"1012"}, SerialNumber: "42"},
		{CommonName: "#starts with a hash"}, {CommonName: " spaces "}, {CommonName: "plain"}, {CommonName: "Ελλάδα 日本"}, {},
		{ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{1, 2, 840, 113549, 1, 9, 1}, Value: "a@b.example"}, {Type: []int{0, 9, 2342, 19200300, 100, 1, 25}, Value: "com"}, {Type: []int{1, 2, 3, 4, 5}, Value: "odd"}, {Type: []int{2, 5, 4, 97}, Value: "NTRNL-1"}}},
	} {
		ca := certtest.Root(t, "", subject(n))
		cmd := exec.Command(openssl, "x509", "-inform", "DER", "-noout", "-issuer", "-nameopt", "RFC2253")
		cmd.Stdin = bytes.NewReader(ca.Raw)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(strings.TrimPrefix(string(out), "issuer="), "\n")
		text := snippet(t, exporter.Nginx, ca.Certificate, exporter.Settings{})
		if escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(want); !strings.Contains(text, `"`+escaped+"|") {
			t.Errorf("%d: OpenSSL writes %q; the snippet is\n%s", i, want, text)
		}
	}
}
