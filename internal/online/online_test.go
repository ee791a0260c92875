package online_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/online"
	"certdesk/internal/servertest"
)

// A pki is one that openssl ca keeps: a root, a CA, three certificates of
// which the second is revoked, a responder's, and a revocation list.
const script = `set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 300 -subj "/CN=Online Root" -addext keyUsage=critical,keyCertSign,cRLSign
cat >ca.cnf <<E
[ca]
default_ca=d
[d]
database=index.txt
new_certs_dir=.
serial=serial
crlnumber=crlnumber
certificate=root.pem
private_key=root.key
default_md=sha256
default_days=100
default_crl_days=7
policy=p
copy_extensions=none
unique_subject=no
[p]
commonName=supplied
[leaf]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
authorityInfoAccess=OCSP;URI:http://127.0.0.1:OCSP,caIssuers;URI:http://127.0.0.1:WEB/root.der
crlDistributionPoints=URI:http://127.0.0.1:WEB/CRLNAME
[responder]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=OCSPSigning
[impostor]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
E
: >index.txt; echo f1 >serial; echo 01 >crlnumber
make() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -subj "/CN=$1" -out $1.csr; openssl ca -config ca.cnf -batch -notext -extensions $2 -in $1.csr -out $1.pem; }
make good leaf; make revoked leaf; make responder responder; make impostor impostor
openssl ca -config ca.cnf -revoke revoked.pem -crl_reason keyCompromise
openssl ca -config ca.cnf -gencrl -out crl.pem
openssl crl -in crl.pem -outform DER -out crl.der
openssl x509 -in root.pem -outform DER -out root.der
openssl x509 -req -in good.csr -CA root.pem -CAkey root.key -set_serial 0xabcdef -days 90 -extfile ca.cnf -extensions leaf -out stray.pem`

type world struct {
	dir           string
	good, revoked *certificate.Certificate
	root          *certificate.Certificate
	ocsp, web     int
}

func newWorld(t *testing.T, crl string) *world {
	t.Helper()
	servertest.Need(t, "openssl")
	w := &world{dir: servertest.Write(t, nil), ocsp: servertest.Port(t)}
	files := httptest.NewServer(http.FileServer(http.Dir(w.dir)))
	t.Cleanup(files.Close)
	w.web = files.Listener.Addr().(*net.TCPAddr).Port
	cmd := exec.Command("bash", "-c", strings.NewReplacer("127.0.0.1:OCSP", fmt.Sprint("127.0.0.1:", w.ocsp), ":WEB", fmt.Sprint(":", w.web), "CRLNAME", crl).Replace(script))
	cmd.Dir = w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.good, w.revoked, w.root = w.read(t, "good.pem"), w.read(t, "revoked.pem"), w.read(t, "root.pem")
	return w
}

func (w *world) read(t *testing.T, name string) *certificate.Certificate {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	contents, err := certfile.Inspect(data)
	if err != nil || len(contents.Certificates) == 0 {
		t.Fatal(name, err)
	}
	return contents.Certificates[0].Certificate
}

func (w *world) responder(t *testing.T, signer string, more ...string) {
	t.Helper()
	cmd := append([]string{"ocsp", "-index", "index.txt", "-port", fmt.Sprint(w.ocsp), "-rsigner", signer + ".pem", "-rkey", signer + ".key", "-CA", "root.pem"}, more...)
	servertest.Listen(t, w.ocsp, w.dir, cmd...)
}

func (w *world) path(t *testing.T, c *certificate.Certificate) chain.Path {
	t.Helper()
	return chain.Build(empty(t), c, chain.Options{Now: time.Now(), Extra: chain.FromFile([]*certificate.Certificate{w.root})}).Best()
}

func empty(t *testing.T) *inventory.Inventory {
	t.Helper()
	inv, _ := inventory.Load(t.Context(), certstore.NewMemory(), inventory.Options{})
	return inv
}

func (w *world) ask(t *testing.T, c *certificate.Certificate) online.Answer {
	t.Helper()
	answers := online.New(nil, 5*time.Second, time.Now()).Revocation(t.Context(), w.path(t, c))
	if len(answers) != 1 {
		t.Fatalf("%d answers", len(answers))
	}
	t.Logf("%s: %+v", c.CommonName(), answers[0])
	return answers[0]
}

func want(t *testing.T, a online.Answer, status online.Status, by, id string) {
	t.Helper()
	if a.Status != status || a.By != by {
		t.Errorf("%s: %s by %q, want %s by %q; tried %v", a.Certificate.CommonName(), a.Status, a.By, status, by, a.Tried)
	}
	got := ""
	for _, f := range online.Findings([]online.Answer{a}, finding.Client) {
		got += f.ID
		if m := finding.WordsOf(f).Message; m == f.ID || strings.Contains(m, "{") {
			t.Errorf("%s has no words: %s", f.ID, m)
		}
	}
	if got != id {
		t.Errorf("%s: finding %q, want %q", a.Certificate.CommonName(), got, id)
	}
}

// TestOCSP asks openssl's responder, which answers with its own certificate.
func TestOCSP(t *testing.T) {
	w := newWorld(t, "nothing.crl")
	t.Run("delegated responder", func(t *testing.T) {
		w.responder(t, "responder")
		want(t, w.ask(t, w.good), online.Good, "OCSP", "")
		want(t, w.ask(t, w.read(t, "stray.pem")), online.Unknown, "OCSP", "R-02")
		a := w.ask(t, w.revoked)
		want(t, a, online.Revoked, "OCSP", "R-01")
		if a.Reason != "key compromise" || a.RevokedAt.IsZero() {
			t.Errorf("%+v", a)
		}
	})
	t.Run("the issuer itself", func(t *testing.T) {
		w.responder(t, "root")
		want(t, w.ask(t, w.good), online.Good, "OCSP", "")
	})
	t.Run("a certificate that is not for OCSP", func(t *testing.T) {
		w.responder(t, "impostor")
		want(t, w.ask(t, w.good), online.Unreachable, "", "R-03")
	})
	t.Run("nobody there", func(t *testing.T) { want(t, w.ask(t, w.good), online.Unreachable, "", "R-03") })
	t.Run("POST only", func(t *testing.T) {
		real := servertest.Port(t)
		servertest.Listen(t, real, w.dir, "ocsp", "-index", "index.txt", "-port", fmt.Sprint(real), "-rsigner", "responder.pem", "-rkey", "responder.key", "-CA", "root.pem")
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", w.ocsp))
		if err != nil {
			t.Fatal(err)
		}
		front := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				http.Error(rw, "no", http.StatusMethodNotAllowed)
				return
			}
			httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: fmt.Sprint("127.0.0.1:", real)}).ServeHTTP(rw, r)
		})}
		go front.Serve(l)
		t.Cleanup(func() { front.Close() })
		a := w.ask(t, w.good)
		want(t, a, online.Good, "OCSP", "")
		if last := a.Tried[len(a.Tried)-1]; last.Method != "OCSP POST" {
			t.Errorf("tried %v", a.Tried)
		}
	})
	t.Run("garbage", func(t *testing.T) {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", w.ocsp))
		if err != nil {
			t.Fatal(err)
		}
		bad := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.Write(make([]byte, 2<<20)) })}
		go bad.Serve(l)
		t.Cleanup(func() { bad.Close() })
		want(t, w.ask(t, w.good), online.Unreachable, "", "R-03")
	})
}

// TestCRL reads what openssl ca -gencrl made, as DER and as PEM.
func TestCRL(t *testing.T) {
	for _, name := range []string{"crl.der", "crl.pem"} {
		w := newWorld(t, name)
		want(t, w.ask(t, w.good), online.Good, "CRL", "")
		want(t, w.ask(t, w.revoked), online.Revoked, "CRL", "R-01")
		later := online.New(nil, 5*time.Second, time.Now().AddDate(0, 0, 8)).Revocation(t.Context(), w.path(t, w.good))
		want(t, later[0], online.Unreachable, "", "R-03") // the list was replaced
		other := newWorld(t, "x.crl")
		data, err := os.ReadFile(filepath.Join(other.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, w.ask(t, w.good), online.Unreachable, "", "R-03") // a CA of the same name signed it
	}
}

// TestProxy asks through a proxy, and not past it.
func TestProxy(t *testing.T) {
	w := newWorld(t, "crl.der")
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if strings.HasSuffix(r.URL.Path, ".der") {
			http.ServeFile(rw, r, filepath.Join(w.dir, filepath.Base(r.URL.Path)))
			return
		}
		http.Error(rw, "no", http.StatusBadGateway)
	}))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	answers := online.New(u, 5*time.Second, time.Now()).Revocation(t.Context(), w.path(t, w.revoked))
	want(t, answers[0], online.Revoked, "CRL", "R-01")
	if len(asked) != 3 {
		t.Errorf("asked %q, want OCSP twice and the list", asked)
	}
}

// TestIssuers fetches a missing issuer, and believes only the right one.
func TestIssuers(t *testing.T) {
	w := newWorld(t, "crl.der")
	client := online.New(nil, 5*time.Second, time.Now())
	found, tried := client.Issuers(t.Context(), empty(t), w.good, nil)
	if len(found) != 1 || found[0].Certificate.Fingerprint() != w.root.Fingerprint() || found[0].Found != chain.Fetched || len(tried) != 1 {
		t.Errorf("found %+v, tried %v", found, tried)
	}
	other := newWorld(t, "crl.der")
	data, err := os.ReadFile(filepath.Join(other.dir, "root.der"))
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(w.dir, "root.der"), data, 0o600)
	if found, _ := client.Issuers(t.Context(), empty(t), w.good, nil); len(found) != 0 {
		t.Errorf("a namesake was believed: %+v", found)
	}
}

func TestNoSource(t *testing.T) {
	w := newWorld(t, "crl.der")
	a := online.Answer{Certificate: w.root, Status: online.NoSource}
	want(t, a, online.NoSource, "", "R-04")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if answers := online.New(nil, time.Second, time.Now()).Revocation(ctx, w.path(t, w.good)); len(answers) != 0 {
		t.Errorf("canceled: %+v", answers)
	}
}
