package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"certdesk/internal/servertest"
)

// TestOnline runs testdata/online/*.txtar against openssl's OCSP responder and
// a web server with what openssl ca made.
func TestOnline(t *testing.T) { served(t, "testdata/online", startOnline) }

func startOnline(t *testing.T) map[string]string {
	servertest.Need(t, "openssl")
	dir := servertest.Write(t, nil)
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(web.Close)
	responder, address := servertest.Port(t), web.Listener.Addr().(*net.TCPAddr).String()
	script := `set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 300 -subj "/CN=Online Root" -addext keyUsage=critical,keyCertSign,cRLSign
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ncrlnumber=crlnumber\ncertificate=root.pem\nprivate_key=root.key\ndefault_md=sha256\ndefault_days=100\ndefault_crl_days=7\npolicy=p\n[p]\ncommonName=supplied\n[leaf]\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:OCSP,caIssuers;URI:http://WEB/root.der\ncrlDistributionPoints=URI:http://WEB/crl.der\n[crlonly]\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\ncrlDistributionPoints=URI:http://WEB/crl.der\n' >ca.cnf
: >index.txt; echo f1 >serial; echo 01 >crlnumber
make() { openssl req -new -newkey rsa:2048 -nodes -keyout $1.key -subj "/CN=$1" -out $1.csr; openssl ca -config ca.cnf -batch -notext -extensions $2 -in $1.csr -out $1.pem; }
make good leaf; make revoked leaf; make crlrevoked crlonly
openssl ca -config ca.cnf -revoke revoked.pem -crl_reason superseded
openssl ca -config ca.cnf -revoke crlrevoked.pem
openssl ca -config ca.cnf -gencrl | openssl crl -outform DER -out crl.der
openssl x509 -in root.pem -outform DER -out root.der`
	cmd := exec.Command("bash", "-c", strings.NewReplacer(":OCSP", fmt.Sprint(":", responder), "WEB", address).Replace(script))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	servertest.Listen(t, responder, dir, "ocsp", "-index", "index.txt", "-port", fmt.Sprint(responder), "-rsigner", "root.pem", "-rkey", "root.key", "-CA", "root.pem")
	return map[string]string{"SAMPLE": dir, "CLOSED": fmt.Sprint("127.0.0.1:", servertest.Port(t))}
}
