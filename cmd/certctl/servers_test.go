package main

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"certdesk/internal/servertest"
)

// TestServers runs testdata/servers/*.txtar: what certctl says of nginx and
// Apache, on loopback, with a key that stays in a store.
func TestServers(t *testing.T) { served(t, "testdata/servers", startServers) }

func startServers(t *testing.T) map[string]string {
	for _, tool := range []string{"certutil", "openssl", "nginx", "apache2"} {
		servertest.Need(t, tool)
	}
	dir := servertest.Write(t, map[string]string{"index.html": "hello", "secure/index.html": "secret", "server.ext": "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n" +
		"extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"})
	script := `"$0/scripts/sample.sh" "$1" && cd "$1" &&
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost 2>/dev/null &&
openssl x509 -req -in server.csr -CA inter.pem -CAkey inter.key -set_serial 0x5e -days 300 -extfile server.ext -out server.pem 2>/dev/null &&
cat inter.pem >>server.pem && cat inter.pem root.pem >cas.pem && chmod -R a+rX .`
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("bash", "-c", script, root+"/../..", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tls := "ssl_certificate server.pem; ssl_certificate_key server.key; ssl_client_certificate cas.pem; ssl_verify_depth 3; ssl_verify_client on; ssl_protocols "
	at := func(port int) string { return fmt.Sprint("127.0.0.1:", port) }
	return map[string]string{
		"SAMPLE":  dir,
		"NGINX12": at(servertest.Nginx(t, dir, "", tls+"TLSv1.2;")), "NGINX13": at(servertest.Nginx(t, dir, "", tls+"TLSv1.3;")),
		"NGINX": at(servertest.Nginx(t, dir, "", tls+"TLSv1.2 TLSv1.3;")),
		"OPEN":  at(servertest.Nginx(t, dir, "", "ssl_certificate server.pem; ssl_certificate_key server.key;")),
		"APACHE": at(servertest.Apache(t, dir, fmt.Sprintf("SSLProtocol -all +TLSv1.2 +TLSv1.3\nSSLCertificateFile %[1]s/server.pem\nSSLCertificateKeyFile %[1]s/server.key\n"+
			"SSLCACertificateFile %[1]s/cas.pem\nSSLVerifyDepth 3\n<Location /secure>\nSSLVerifyClient require\n</Location>", dir))),
		"CLOSED": at(servertest.Port(t)),
	}
}
