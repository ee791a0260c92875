package certfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tools skips the test unless all of them are installed.
func tools(t *testing.T, names ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs other programs; -short")
	}
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			t.Skipf("needs %s", n)
		}
	}
}

// sh runs a script in dir.
func sh(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-ec", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// A visible is one file that testdata/visible.sh made.
type visible struct {
	name, password string
	data           []byte
}

// visibleSet has the files made by openssl, keytool, certtool and pk12util.
func visibleSet(t *testing.T) (dir string, files []visible) {
	t.Helper()
	script, err := filepath.Abs("testdata/visible.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	sh(t, dir, "bash "+script)
	list, err := os.ReadFile(filepath.Join(dir, "out", "gen.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		fields := strings.Split(line, "\t")
		data, err := os.ReadFile(filepath.Join(dir, "out", fields[0]))
		if err != nil {
			t.Fatal(err)
		}
		pw := fields[1]
		if pw == "(null)" {
			pw = ""
		}
		files = append(files, visible{fields[0], pw, data})
	}
	return dir, files
}

// opensslCounts returns how many keys and certificates openssl pkcs12 finds.
func opensslCounts(t *testing.T, dir string, f visible) (keys, certs int, ok bool) {
	t.Helper()
	args := []string{"pkcs12", "-legacy", "-nodes", "-in", filepath.Join("out", f.name), "-passin", "pass:" + f.password}
	if bytes.HasPrefix(f.data, []byte(begin)) { // openssl pkcs12 reads no PEM
		sh(t, dir, fmt.Sprintf("grep -v -- ----- out/%s | openssl base64 -d > out/%s.der", f.name, f.name))
		args[4] += ".der"
	}
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, false
	}
	return bytes.Count(out, []byte("PRIVATE KEY-----")) / 2, bytes.Count(out, []byte("BEGIN CERTIFICATE")), true
}

// TestVisible reads files of four independent programs and counts what OpenSSL
// counts: at least 99 of the 100 files that it opens, with as many keys and
// certificates in each; any other file is an error that names an algorithm.
func TestVisible(t *testing.T) {
	tools(t, "bash", "openssl", "keytool", "certtool", "pk12util", "certutil")
	dir, files := visibleSet(t)
	var opened, opensslOpened, found, opensslFound int
	for _, f := range files {
		keys, certs, ok := opensslCounts(t, dir, f)
		if ok {
			opensslOpened++
			opensslFound += keys + certs
		}
		c, err := Read(t.Context(), f.data, password(f.password))
		var e *Error
		switch {
		case err == nil:
			if ok && (len(c.Keys) != keys || len(c.Certificates) != certs) {
				t.Errorf("%s: %d keys, %d certificates; openssl has %d, %d", f.name, len(c.Keys), len(c.Certificates), keys, certs)
			}
			if ok {
				opened++
				found += len(c.Keys) + len(c.Certificates)
			}
			visiblePairs(t, f.name, c)
			visiblePasswords(t, f)
		case !errors.As(err, &e) || e.Err != ErrUnsupported || e.Detail == "":
			t.Errorf("%s: %v", f.name, err)
		default:
			t.Logf("%s: %v", f.name, err)
		}
		if in, err := Inspect(f.data); err != nil || in.Format != PKCS12 {
			t.Errorf("Inspect %s: %v", f.name, err)
		}
	}
	t.Logf("visible set of %d: opened %d, openssl %d; keys and certificates %d, openssl %d", len(files), opened, opensslOpened, found, opensslFound)
	if len(files) < 100 || opened*100 < opensslOpened*99 || found*100 < opensslFound*99 {
		t.Errorf("opened %d of the %d files that openssl opens", opened, opensslOpened)
	}
}

// visiblePairs wants a certificate for every key, but in a file of keys only.
func visiblePairs(t *testing.T, name string, c *Contents) {
	t.Helper()
	for _, k := range c.Keys {
		if k.Certificate < 0 && len(c.Certificates) > 0 || k.State == KeyLocked {
			t.Errorf("%s: key %s %q is %s and has no certificate", name, k.Algorithm, k.FriendlyName, k.State)
		}
		if name == "ossl-csp-lmk.p12" && (k.Provider != "Microsoft Enhanced RSA and AES Cryptographic Provider" || !k.MachineKeySet || !bytes.Equal(k.KeyUsageAttr, []byte{0x80})) {
			t.Errorf("%s: provider %q, machine %t, usage %x", name, k.Provider, k.MachineKeySet, k.KeyUsageAttr)
		}
		if name == "ossl-keyex.p12" && !bytes.Equal(k.KeyUsageAttr, []byte{0x10}) {
			t.Errorf("%s: usage %x", name, k.KeyUsageAttr)
		}
	}
}

// visiblePasswords tries another password and none.
func visiblePasswords(t *testing.T, f visible) {
	t.Helper()
	in, err := Inspect(f.data)
	if err != nil || !in.NeedPassword || in.Iterations > 100_000 { // the slow ones are as the others
		return
	}
	if _, err := Read(t.Context(), f.data, password("another")); !errors.Is(err, ErrPassword) {
		t.Errorf("%s with another password: %v", f.name, err)
	}
	_, err = Read(t.Context(), f.data, Password{})
	if f.password == "" && err != nil || f.password != "" && !errors.Is(err, ErrNoPassword) {
		t.Errorf("%s without a password: %v", f.name, err)
	}
}

// TestOpenSSL reads what openssl writes besides PKCS#12.
func TestOpenSSL(t *testing.T) {
	tools(t, "bash", "openssl")
	dir := t.TempDir()
	sh(t, dir, `
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl req -x509 -new -key rsa.key -subj /CN=x -days 30 -out rsa.pem
openssl pkcs8 -topk8 -in rsa.key -outform DER -nocrypt -out pkcs8.der
openssl pkcs8 -topk8 -in rsa.key -passout pass:secret -v2 aes-256-cbc -out v2.pem
openssl pkcs8 -topk8 -in rsa.key -passout pass:secret -v2 des3 -v2prf hmacWithSHA1 -outform DER -out v2des3.der
openssl pkcs8 -topk8 -in rsa.key -passout pass:secret -scrypt -out scrypt.pem
openssl pkcs8 -topk8 -in rsa.key -passout pass:secret -v1 PBE-SHA1-3DES -outform DER -out v1.der
for c in des des3 aes128 aes192 aes256; do openssl rsa -traditional -in rsa.key -$c -passout pass:secret -out trad-$c.pem -provider legacy -provider default 2>/dev/null; done
openssl crl2pkcs7 -nocrl -certfile rsa.pem -certfile rsa.pem -outform DER -out certs.p7b
openssl crl2pkcs7 -nocrl -certfile rsa.pem -out certs.p7c
echo hello | openssl cms -sign -signer rsa.pem -inkey rsa.key -nodetach -stream -outform DER -out signed.p7m
openssl nseq -toseq -in rsa.pem -out nseq.pem 2>/dev/null || true
openssl x509 -in rsa.pem -trustout -addtrust clientAuth -out trusted.pem
openssl dsaparam -genkey -out dsa.pem 2048 2>/dev/null
openssl ecparam -name secp384r1 -genkey -out ec.pem
openssl ecparam -name secp256k1 -genkey -noout -outform DER -out k1.der`)
	for _, tt := range []struct {
		file, format string
		keys, certs  int
		algorithm    string
	}{
		{"rsa.key", PEM, 1, 0, "RSA 2048"}, {"rsa.pem", PEM, 0, 1, ""}, {"pkcs8.der", PKCS8, 1, 0, "RSA 2048"},
		{"v2.pem", PEM, 1, 0, "RSA 2048"}, {"v2des3.der", PKCS8, 1, 0, "RSA 2048"}, {"scrypt.pem", PEM, 1, 0, "RSA 2048"}, {"v1.der", PKCS8, 1, 0, "RSA 2048"},
		{"trad-des.pem", PEM, 1, 0, "RSA 2048"}, {"trad-des3.pem", PEM, 1, 0, "RSA 2048"}, {"trad-aes128.pem", PEM, 1, 0, "RSA 2048"},
		{"trad-aes192.pem", PEM, 1, 0, "RSA 2048"}, {"trad-aes256.pem", PEM, 1, 0, "RSA 2048"},
		{"certs.p7b", PKCS7, 0, 2, ""}, {"certs.p7c", PKCS7, 0, 1, ""}, {"signed.p7m", PKCS7, 0, 1, ""}, {"nseq.pem", PKCS7, 0, 1, ""}, {"trusted.pem", PEM, 0, 1, ""},
		{"dsa.pem", PEM, 1, 0, "DSA 2048"}, {"ec.pem", PEM, 1, 0, "EC P-384"}, {"k1.der", PKCS8, 1, 0, "EC secp256k1"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, tt.file))
			if err != nil {
				t.Skip("this openssl does not write it")
			}
			for _, form := range []string{string(data), strings.ReplaceAll(string(data), "\n", "\r\n"), strings.ReplaceAll(string(data), "\n", " ")} {
				if !strings.Contains(string(data), begin) && form != string(data) {
					continue
				}
				c := open(t, []byte(form), password("secret"))
				if c.Format != tt.format || len(c.Keys) != tt.keys || len(c.Certificates) != tt.certs {
					t.Fatalf("%s, %d keys, %d certificates", c.Format, len(c.Keys), len(c.Certificates))
				}
				if tt.keys > 0 && c.Keys[0].Algorithm != tt.algorithm {
					t.Errorf("key %s, want %s", c.Keys[0].Algorithm, tt.algorithm)
				}
				if c.NeedPassword {
					_, err := Read(t.Context(), []byte(form), password("wrong"))
					wantErr(t, err, ErrPassword)
				}
			}
		})
	}
}

// TestOpenSSLReads lets other programs read what is written here.
func TestOpenSSLReads(t *testing.T) {
	tools(t, "bash", "openssl", "keytool", "pk12util", "certutil", "certtool")
	p := testPair()
	dir := t.TempDir()
	write := func(name string, data []byte, err error) {
		t.Helper()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, profile := range []Profile{Modern, Compatible, Java, MacOS} {
		data, err := EncodePKCS12(p.bundle(p.root), []byte("secret"), profile)
		write("out.p12", data, err)
		if out := sh(t, dir, "openssl pkcs12 -in out.p12 -passin pass:secret -nodes"); strings.Count(out, "BEGIN CERTIFICATE") != 2 || !strings.Contains(out, "BEGIN PRIVATE KEY") || !strings.Contains(out, "friendlyName") {
			t.Errorf("%s: openssl: %s", profile, out)
		}
		sh(t, dir, "keytool -list -storetype PKCS12 -keystore out.p12 -storepass secret | grep PrivateKeyEntry")
		sh(t, dir, "certtool --p12-info --inder --infile out.p12 --password secret | grep 'PRIVATE KEY'")
		sh(t, dir, "rm -rf db; mkdir db; certutil -N -d sql:db --empty-password; pk12util -i out.p12 -d sql:db -W secret -K ''; certutil -K -d sql:db | grep ' ec '")
	}
	// Java lists certificates without a key only when they are marked.
	data, err := EncodePKCS12(Bundle{Certificates: [][]byte{p.root}}, []byte("secret"), Java)
	write("trust.p12", data, err)
	sh(t, dir, "keytool -list -storetype PKCS12 -keystore trust.p12 -storepass secret | grep trustedCertEntry")
	write("out.p7b", EncodePKCS7([][]byte{p.cert, p.root}), nil)
	write("out.pem", EncodePEM([][]byte{p.cert, p.root}), nil)
	for _, f := range []string{"pkcs7 -inform DER -print_certs -in out.p7b", "storeutl -certs out.pem"} {
		if out := sh(t, dir, "openssl "+f); strings.Count(out, "BEGIN CERTIFICATE") != 2 {
			t.Errorf("openssl %s: %s", f, out)
		}
	}
}
