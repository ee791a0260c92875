package certfile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sweepScript makes, with every cipher, PRF and MAC that this openssl knows,
// the files that openssl opens again itself. Their names are printed.
const sweepScript = `
P="-provider legacy -provider default"
exec 2>errors # of those it makes, some abort
openssl ecparam -name prime256v1 -genkey -noout -out key
openssl req -x509 -new -key key -subj /CN=sweep -days 30 -out cert
names() { openssl list -$1-algorithms $P | sed -n '/^Legacy/,/^Provided/p' | awk '/^ / && !/=>/ {print $1}' | tr / - | sort -fu; }
key() { openssl pkey $P -in $1 -passin pass:secret -out /dev/null 2>/dev/null && echo $1 || rm -f $1; }
pfx() { openssl pkcs12 -legacy -in $1 -passin pass:secret -nodes -out /dev/null 2>/dev/null && echo $1 || rm -f $1; }
make() { "$@" -passout pass:secret >/dev/null 2>&1; }
pkcs12() { make openssl pkcs12 -export -legacy -inkey key -in cert "$@"; }
for n in $(names cipher); do
  make openssl pkcs8 -topk8 -in key -v2 $n $P -out p8-$n && key p8-$n
  make openssl ec -in key -$n $P -out pem-$n && key pem-$n
  pkcs12 -keypbe $n -certpbe $n -out p12-$n && pfx p12-$n
done
for n in MD2-DES MD5-DES SHA1-DES MD2-RC2-64 MD5-RC2-64 SHA1-RC2-64 SHA1-RC4-128 SHA1-RC4-40 SHA1-3DES SHA1-2DES SHA1-RC2-128 SHA1-RC2-40; do
  make openssl pkcs8 -topk8 -in key -v1 PBE-$n $P -out v1-$n && key v1-$n
  pkcs12 -keypbe PBE-$n -certpbe PBE-$n -out p12-PBE-$n && pfx p12-PBE-$n
done
for n in hmacWith{MD5,SHA1,SHA224,SHA256,SHA384,SHA512,SHA512-224,SHA512-256,SM3} hmac-{md5,sha1,sha3-224,sha3-256,sha3-384,sha3-512} id-HMACGostR3411-94; do
  make openssl pkcs8 -topk8 -in key -v2 aes-128-cbc -v2prf $n $P -out prf-$n && key prf-$n
done
for n in $(names digest); do
  pkcs12 -macalg $n -out mac-$n && pfx mac-$n
done
pkcs12 -pbmac1_pbkdf2 -out mac-pbmac1 && pfx mac-pbmac1
true`

// sweepMissing are the errors of what is left out, by the end of the name:
// nobody was seen to protect a key in these ways. For wrap-pad openssl writes
// an end-of-contents marker where the parameters belong.
var sweepMissing = map[string]error{"-wrap": ErrUnsupported, "-wrap-pad": ErrDamaged, "mac-whirlpool": ErrUnsupported}

// TestSweep opens what openssl writes with each of its algorithms.
func TestSweep(t *testing.T) {
	tools(t, "bash", "openssl")
	dir := t.TempDir()
	total, opened := 0, 0
	for name := range strings.Lines(sh(t, dir, sweepScript)) {
		name = strings.TrimSpace(name)
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		certificates := 0
		if strings.HasPrefix(name, "p12-") || strings.HasPrefix(name, "mac-") {
			certificates = 1
		}
		total++
		c, err := Read(t.Context(), data, password("secret"))
		if err != nil {
			left := false
			for end, want := range sweepMissing {
				left = left || strings.HasSuffix(name, end) && errors.Is(err, want)
			}
			if !left {
				t.Errorf("%s: %v", name, err)
			}
			t.Logf("left out: %s: %v", name, err)
			continue
		}
		opened++
		if len(c.Keys) != 1 || c.Keys[0].State != KeyOK || len(c.Certificates) != certificates {
			t.Errorf("%s: %d keys, %d certificates", name, len(c.Keys), len(c.Certificates))
		}
		if modern := slices.Contains(warned(c), "F-01"); strings.HasPrefix(name, "p12-CAMELLIA") && modern == strings.HasSuffix(name, "-ECB") {
			t.Errorf("%s: modern is %t", name, modern)
		}
		if _, err := Read(t.Context(), data, password("another")); err == nil {
			t.Errorf("%s opens with another password", name)
		}
	}
	t.Logf("opened %d of the %d files", opened, total)
	if total < 200 {
		t.Errorf("openssl made %d files", total)
	}
}
