package certfile

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEncodePKCS12(t *testing.T) {
	p := testPair()
	aes, des := "PBES2 AES-256-CBC", "PBE-SHA1-3DES"
	for profile, want := range map[Profile]struct{ mac, encryption string }{
		Modern: {"sha256, 10000 iterations", aes}, Compatible: {"sha1, 2048 iterations", des},
		Java: {"sha256, 10000 iterations", aes}, MacOS: {"sha1, 2048 iterations", des},
	} {
		data, err := EncodePKCS12(p.bundle(p.root, p.cert), []byte("Grüße"), profile)
		if err != nil {
			t.Fatal(err)
		}
		c := open(t, data, password("Grüße"))
		wantPair(t, c)
		if c.MAC != want.mac || !slices.Equal(c.Encryption, []string{want.encryption}) || len(c.Certificates) != 2 || c.Encoding != "DER" {
			t.Errorf("%s: MAC %s, %v, %d certificates, %s", profile, c.MAC, c.Encryption, len(c.Certificates), c.Encoding)
		}
		if c.Keys[0].FriendlyName != "Ma clé" || c.Certificates[0].FriendlyName != "Ma clé" || c.Certificates[1].FriendlyName != "" {
			t.Errorf("%s: names %q, %q, %q", profile, c.Keys[0].FriendlyName, c.Certificates[0].FriendlyName, c.Certificates[1].FriendlyName)
		}
		if got := c.Protect(); got != map[string]Profile{aes: Modern, des: Compatible}[want.encryption] {
			t.Errorf("%s reads as %s", profile, got)
		}
	}
}

func TestEncodePKCS12Refuses(t *testing.T) {
	p := testPair()
	for _, tt := range []struct {
		name, password string
		bundle         Bundle
		profile        Profile
		want           error
	}{
		{"emoji", "🔑", p.bundle(), Modern, errPasswordCharacter},
		{"empty for Java", "", p.bundle(), Java, errPasswordEmpty},
		{"empty for macOS", "", p.bundle(), MacOS, errPasswordEmpty},
		{"no key", "secret", Bundle{Keys: []KeyEntry{{PKCS8: []byte("no key")}}}, Modern, ErrDamaged},
		{"nothing", "secret", Bundle{}, Modern, errNothing},
		{"profile", "secret", p.bundle(), "fancy", ErrUnsupported},
	} {
		_, err := EncodePKCS12(tt.bundle, []byte(tt.password), tt.profile)
		if e := wantErr(t, err, tt.want); e.Op != "write" {
			t.Errorf("%s: %+v", tt.name, e)
		}
	}
}

// TestEncodeStrange writes what Go cannot parse: a key and a certificate, and
// several keys.
func TestEncodeStrange(t *testing.T) {
	p := testPair()
	strange := seq(seq(num(-1)), seq(), []byte{3, 1, 0})
	unknown := seq(num(0), seq(oidOf("1.2.3.4")), oct([]byte("secret number")))
	b := p.bundle(strange)
	b.Keys = append(b.Keys, KeyEntry{PKCS8: unknown, KeySpec: KeySpecExchange})
	data, err := EncodePKCS12(b, nil, Modern)
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, data, password(""))
	if len(c.Keys) != 2 || !bytes.Equal(c.Certificates[1].Certificate.Raw, strange) {
		t.Fatalf("%d keys, %x", len(c.Keys), c.Certificates[1].Certificate.Raw)
	}
	if k := c.Keys[1]; k.Algorithm != "1.2.3.4" || !bytes.Equal(k.KeyUsageAttr, []byte{0x10}) || !bytes.Contains(k.PKCS8, []byte("secret number")) {
		t.Errorf("%+v", k)
	}
}

// TestEncodeKey lets OpenSSL open encrypted keys.
func TestEncodeKey(t *testing.T) {
	tools(t, "openssl")
	p := testPair()
	for _, kdf := range []KDF{PBKDF2, Scrypt} {
		data, err := EncodeKeyPEM(p.key, []byte("pässword"), kdf)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "key.pem"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := sh(t, dir, "openssl pkey -in key.pem -passin pass:pässword -noout -text && openssl asn1parse -in key.pem"); !strings.Contains(got, "prime256v1") || !strings.Contains(got, "aes-256-cbc") || strings.Contains(got, "scrypt") != (kdf == Scrypt) {
			t.Errorf("%s: %s", kdf, got)
		}
		c := open(t, data, password("pässword"))
		if !bytes.Equal(c.Keys[0].PKCS8, p.key) {
			t.Errorf("%s: another key", kdf)
		}
	}
	_, err := EncodeKey(p.key, nil, PBKDF2)
	wantErr(t, err, errPasswordEmpty)
}

func TestOneLineBase64(t *testing.T) {
	p := testPair()
	s := OneLineBase64(p.cert)
	if got, err := base64.StdEncoding.DecodeString(s); err != nil || !bytes.Equal(got, p.cert) {
		t.Errorf("%q", s)
	}
}

func TestWipe(t *testing.T) {
	p := testPair()
	c := open(t, pfx(keyBag(p.key)), Password{})
	key := c.Keys[0].PKCS8
	c.Wipe()
	if c.Keys[0].PKCS8 != nil || !bytes.Equal(key, make([]byte, len(key))) {
		t.Error("the key is still there")
	}
}
