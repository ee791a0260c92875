package tlsprobe_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"certdesk/internal/certtest"
	"certdesk/internal/tlsprobe"
)

// listen answers connections with serve until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
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
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

func (w *world) goConfig() *tls.Config {
	cas := x509.NewCertPool()
	std, _ := w.root.X509()
	cas.AddCert(std)
	return &tls.Config{ClientCAs: cas, Certificates: []tls.Certificate{{Certificate: [][]byte{w.server.Raw, w.inter.Raw}, PrivateKey: w.server.Key}}}
}

func TestGo(t *testing.T) {
	w := newWorld(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			config := w.goConfig()
			config.MinVersion, config.MaxVersion, config.ClientAuth = version, version, tls.RequireAndVerifyClientCert
			var got []string // whose certificates arrived, "" for none
			server := &http.Server{TLSConfig: config, ErrorLog: nil, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				got = append(got, r.TLS.PeerCertificates[0].Subject.CommonName)
				fmt.Fprint(rw, "in")
			})}
			l, err := tls.Listen("tcp", "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			go server.Serve(l)
			t.Cleanup(func() { server.Close() })
			address := "https://" + l.Addr().String()
			r := w.probe(t, address, nil)
			if r.Result != tlsprobe.Asked || r.Sent != nil || r.Alert == "" {
				t.Errorf("%s %q", r.Result, r.Alert)
			}
			r = w.probe(t, address, w.identity(w.client, w.inter))
			want(t, r, tlsprobe.OK, true, "200")
			if !slices.Equal(got, []string{"Probe Client"}) {
				t.Errorf("the server saw %q", got)
			}
			r = w.probe(t, address, w.identity(w.other))
			if r.Result != tlsprobe.Refused || r.Sent == nil || r.Alert == "" {
				t.Errorf("%s %q", r.Result, r.Alert)
			}
		})
	}
}

// TestSoon takes a server whose certificate ends in two days: it works today.
func TestSoon(t *testing.T) {
	w := newWorld(t)
	w.server = certtest.MakeWithKey(t, &w.inter, "localhost", w.server.Key, certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageServerAuth), func(c *x509.Certificate) {
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(48*time.Hour)
	})
	config := w.goConfig()
	address := listen(t, func(c net.Conn) {
		conn := tls.Server(c, config)
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	r := w.probe(t, "https://"+address, nil)
	want(t, r, tlsprobe.OK, false, "204")
	if len(r.Server.Findings) == 0 || r.Server.Findings[0].ID != "S-20" {
		t.Errorf("%+v", r.Server.Findings)
	}
}

// TestKeyFails wants a key that cannot sign to be told apart from a refusal.
func TestKeyFails(t *testing.T) {
	w := newWorld(t)
	config := w.goConfig()
	config.ClientAuth = tls.RequestClientCert
	address := listen(t, func(c net.Conn) { tls.Server(c, config).Handshake() })
	id := w.identity(w.client, w.inter)
	id.Key = brokenKey{id.Key}
	r := w.probe(t, "https://"+address, id)
	want(t, r, tlsprobe.CannotSend, false, "")
	if !strings.Contains(r.Text, "the provider is gone") {
		t.Errorf("%q", r.Text)
	}
}

type brokenKey struct{ crypto.Signer }

func (brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the provider is gone")
}

// TestProxy goes through a proxy, and is stopped by proxies.
func TestProxy(t *testing.T) {
	w := newWorld(t)
	config := w.goConfig()
	config.ClientAuth = tls.RequireAnyClientCert
	server := listen(t, func(c net.Conn) {
		conn := tls.Server(c, config)
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	through := 0
	proxy := listen(t, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil || r.Method != http.MethodConnect || r.Host != server {
			return
		}
		if _, pw, ok := parseBasic(r); !ok || pw != "secret" {
			io.WriteString(c, "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\n\r\n")
			return
		}
		through++
		out, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer out.Close()
		io.WriteString(c, "HTTP/1.1 200 Go on\r\nX: y\r\n\r\n")
		go io.Copy(out, c)
		io.Copy(c, out)
	})
	via := func(user *url.Userinfo, host string) func(*tlsprobe.Options) {
		return func(o *tlsprobe.Options) { o.Proxy = &url.URL{Scheme: "http", Host: host, User: user} }
	}
	want(t, w.probe(t, "https://"+server, w.identity(w.client, w.inter), via(url.UserPassword("me", "secret"), proxy)), tlsprobe.OK, true, "204")
	if through != 2 {
		t.Errorf("%d connections went through the proxy, want 2", through)
	}
	r := w.probe(t, "https://"+server, nil, via(url.UserPassword("me", "hidden-word"), proxy))
	want(t, r, tlsprobe.NoConnection, false, "")
	if text := fmt.Sprintf("%+v", r.Steps); strings.Contains(text, "hidden-word") || !strings.Contains(text, "407") {
		t.Errorf("%s", text)
	}
	for _, answer := range []string{"", "hello\r\n\r\n", "HTTP/1.1 403 No\r\n\r\n", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 100_000)} {
		bad := listen(t, func(c net.Conn) { io.WriteString(c, answer); io.Copy(io.Discard, c) })
		r := w.probe(t, "https://"+server, nil, via(nil, bad), func(o *tlsprobe.Options) { o.Timeout = 2 * time.Second })
		want(t, r, tlsprobe.NoConnection, false, "")
	}
}

func parseBasic(r *http.Request) (string, string, bool) {
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	return r.BasicAuth()
}

// TestHostile wants an end, in time and memory, with every server.
func TestHostile(t *testing.T) {
	w := newWorld(t)
	config := w.goConfig()
	afterTLS := func(serve func(*tls.Conn)) func(net.Conn) {
		return func(c net.Conn) {
			conn := tls.Server(c, config)
			if conn.Handshake() == nil {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					serve(conn)
				}
			}
		}
	}
	drip := func(c net.Conn, s string) {
		for i := range s {
			if _, err := io.WriteString(c, s[i:i+1]); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	big := w.goConfig()
	for range 300 {
		big.Certificates[0].Certificate = append(big.Certificates[0].Certificate, w.inter.Raw)
	}
	huge := w.goConfig()
	for range 20_000 {
		huge.Certificates[0].Certificate = append(huge.Certificates[0].Certificate, w.inter.Raw)
	}
	junk := w.goConfig()
	junk.Certificates = []tls.Certificate{{Certificate: [][]byte{w.server.Raw, []byte("no certificate")}, PrivateKey: w.server.Key}}
	many := w.goConfig()
	many.ClientAuth, many.ClientCAs = tls.RequestClientCert, x509.NewCertPool()
	for i := range 400 {
		std, _ := certtest.Root(t, fmt.Sprint("CA number ", i)).X509()
		many.ClientCAs.AddCert(std)
	}
	zero := func(c net.Conn) {
		for {
			if _, err := c.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		want  []tlsprobe.Result
	}{
		{"silence", func(c net.Conn) { io.Copy(io.Discard, c) }, []tlsprobe.Result{tlsprobe.NoConnection}},
		{"hangs up", func(net.Conn) {}, []tlsprobe.Result{tlsprobe.NoConnection}},
		{"plain HTTP", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, []tlsprobe.Result{tlsprobe.NoConnection}},
		{"zeros", zero, []tlsprobe.Result{tlsprobe.NoConnection}},
		{"a slow record", func(c net.Conn) { drip(c, "\x16\x03\x03\x40\x00"+strings.Repeat("x", 1<<14)) }, []tlsprobe.Result{tlsprobe.NoConnection}},
		{"302 certificates", func(c net.Conn) { tls.Server(c, big).Handshake() }, []tlsprobe.Result{tlsprobe.Refused, tlsprobe.NoConnection}},
		{"20,000 certificates", func(c net.Conn) { tls.Server(c, huge).Handshake() }, []tlsprobe.Result{tlsprobe.NoConnection}},
		{"a certificate that is none", func(c net.Conn) { tls.Server(c, junk).Handshake() }, []tlsprobe.Result{tlsprobe.ServerCertificate}},
		{"400 CAs", func(c net.Conn) {
			conn := tls.Server(c, many)
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		}, []tlsprobe.Result{tlsprobe.Asked}},
		{"no HTTP", afterTLS(func(c *tls.Conn) { io.WriteString(c, "220 mail.example ESMTP\r\n") }), []tlsprobe.Result{tlsprobe.NoConnection}},
		{"endless header", afterTLS(func(c *tls.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(c, strings.Repeat("X: y\r\n", 1000)); err != nil {
					return
				}
			}
		}), []tlsprobe.Result{tlsprobe.NoConnection}},
		{"endless body", afterTLS(func(c *tls.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); zero(c) }), []tlsprobe.Result{tlsprobe.OK}},
		{"slow body", afterTLS(func(c *tls.Conn) {
			io.WriteString(c, "HTTP/1.1 403 Forbidden\r\n\r\n")
			drip(c, strings.Repeat("x", 1000))
		}), []tlsprobe.Result{tlsprobe.Refused}},
		{"slow header", afterTLS(func(c *tls.Conn) { drip(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 1000)) }), []tlsprobe.Result{tlsprobe.NoConnection}},
		{"hostile header", afterTLS(func(c *tls.Conn) { io.WriteString(c, "HTTP/1.1 403 \x1b[31mred\r\nServer: \x1b]0;title\a\r\n\r\n") }), []tlsprobe.Result{tlsprobe.NoConnection}},
		{"hostile words", afterTLS(func(c *tls.Conn) {
			io.WriteString(c, "HTTP/1.1 403 \u202ered\r\nServer: \u0085evil"+strings.Repeat("long ", 100)+"\r\nContent-Length: 6\r\n\r\n403.16")
		}), []tlsprobe.Result{tlsprobe.Refused}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			r := w.probe(t, "https://"+listen(t, tt.serve), nil, func(o *tlsprobe.Options) { o.Timeout = time.Second })
			runtime.ReadMemStats(&after)
			if !slices.Contains(tt.want, r.Result) {
				t.Errorf("result %s, want %s", r.Result, tt.want)
			}
			if took := time.Since(start); took > 6*time.Second {
				t.Errorf("took %v", took)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
			if text := fmt.Sprintf("%s%s%+v", r.Title, r.Text, r.Steps); strings.ContainsAny(text, "\x1b\a\u202e\u0085") {
				t.Errorf("control characters came through: %q", text)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	address := listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	target, _ := tlsprobe.ParseTarget(address)
	start := time.Now()
	r := tlsprobe.Run(ctx, tlsprobe.Options{Target: target, Now: time.Now(), Inventory: (&world{}).none()})
	if r.Result != tlsprobe.NoConnection || time.Since(start) > 3*time.Second {
		t.Errorf("%s after %v", r.Result, time.Since(start))
	}
}

func TestParseTarget(t *testing.T) {
	for in, out := range map[string]string{
		"www.example.com": "https://www.example.com www.example.com 443 /", "https://www.example.com:8443/a/b?c=d": "https://www.example.com:8443/a/b?c=d www.example.com 8443 /a/b?c=d",
		"localhost:8443": "https://localhost:8443 localhost 8443 /", " https://[::1]:1/x ": "https://[::1]:1/x ::1 1 /x", "tls://mail.example:993": "tls://mail.example:993 mail.example 993 ",
		"https://bücher.example/": "https://b%C3%BCcher.example/ xn--bcher-kva.example 443 /",
		"":                        "", "http://x/": "", "ftp://x/": "", "https://": "", "https://user:pw@host/": "", "https://host:99999/": "", "https://a b/": "", "https://host/" + strings.Repeat("x", 5000): "",
		"https://host/\r\nX: y": "",
	} {
		got, err := tlsprobe.ParseTarget(in)
		text := fmt.Sprintf("%s %s %s %s", got.URL, got.Host, got.Port, got.Path)
		if err != nil {
			text = ""
			if !errors.Is(err, tlsprobe.ErrTarget) {
				t.Errorf("%q: %v", in, err)
			}
		}
		if text != out {
			t.Errorf("%q: %q, want %q", in, text, out)
		}
	}
}

// TestExplanations wants words for every alert and the status codes of the
// error table.
func TestExplanations(t *testing.T) {
	for _, code := range []string{"401", "401.1", "401.2", "401.3", "403", "403.4", "403.7", "403.12", "403.13", "403.16", "403.17", "495", "496", "500",
		"497", "502", "403.5", "alert 0", "alert 47", "alert 40", "alert 42", "alert 43", "alert 44", "alert 45", "alert 46", "alert 48", "alert 49", "alert 51", "alert 116"} {
		e := tlsprobe.Explain(code)
		if strings.Contains(e.Title, code) || e.Title == "" || e.Text == "" || len(e.Ask) == 0 {
			t.Errorf("%s: %+v", code, e)
		}
	}
	for code, title := range map[string]string{"413": "Request entity too large", "526": "Cloudflare: invalid SSL certificate", "403.99": "the server does not let you in", "299": "the server refused (299)"} {
		if e := tlsprobe.Explain(code); e.Title != title || e.Text == "" || len(e.Ask) == 0 {
			t.Errorf("%s: %+v", code, e)
		}
	}
}

// TestIIS reads the number behind the number from the pages IIS sends.
func TestIIS(t *testing.T) {
	w := newWorld(t)
	for body, code := range map[string]string{
		"<h2>HTTP Error 403.16 - Forbidden</h2><h3>Your client certificate is either not trusted or is invalid.</h3>": "403.16",
		"<title>403.7 - Forbidden: SSL client certificate is required</title>":                                        "403.7",
		"<h2>403 - Forbidden: Access is denied.</h2> version 4.0.30319.42000":                                         "403",
	} {
		config := w.goConfig()
		config.ClientAuth = tls.RequestClientCert
		address := listen(t, func(c net.Conn) {
			conn := tls.Server(c, config)
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 403 Forbidden\r\nServer: Microsoft-IIS/10.0\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			}
		})
		r := w.probe(t, "https://"+address, w.identity(w.client, w.inter))
		want(t, r, tlsprobe.Refused, true, code)
		if !strings.HasPrefix(r.Title, code) || r.Response.Server != "Microsoft-IIS/10.0" {
			t.Errorf("%q %q", r.Title, r.Response.Server)
		}
	}
}
