package certfile

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"
)

func TestEncodePKCS12(t *testing.T) {
	p := testPair()
	for profile, want := range map[Profile]struct {
		mac        string
		encryption string
	}{
		Modern:     {"sha256, 10000 iterations", "PBES2 AES-256-CBC"},
		Compatible: {"sha1, 2048 iterations", "PBE-SHA1-3DES"},
	} {
		data, err := EncodePKCS12(p.key, p.cert, [][]byte{p.root}, "Grüße", profile)
		if err != nil {
			t.Fatal(err)
		}
		c := open(t, data, password("Grüße"))
		wantPair(t, c)
		if c.MAC != want.mac || !slices.Equal(c.Encryption, []string{want.encryption}) || len(c.Certificates) != 2 {
			t.Errorf("%s: MAC %s, %v, %d certificates", profile, c.MAC, c.Encryption, len(c.Certificates))
		}
	}
	unknown := seq(num(0), seq(oidOf("1.2.3.4")), oct(nil))
	_, err := EncodePKCS12(unknown, p.cert, nil, "secret", Modern)
	if e := wantErr(t, err, ErrUnsupported); e.Op != "write" || e.Detail != "1.2.3.4 key" {
		t.Errorf("%+v", e)
	}
	_, err = EncodePKCS12(p.key, p.cert, nil, "🔑", Modern)
	wantErr(t, err, errPasswordCharacter)
	_, err = EncodePKCS12([]byte("no key"), p.cert, nil, "secret", Modern)
	wantErr(t, err, ErrDamaged)
}

// TestEncodeStrangeCertificate writes a certificate that Go cannot parse.
func TestEncodeStrangeCertificate(t *testing.T) {
	p := testPair()
	strange := seq(seq(num(-1)), seq(), []byte{3, 1, 0})
	data, err := EncodePKCS12(p.key, strange, nil, "secret", Modern)
	if err != nil {
		t.Fatal(err)
	}
	if c := open(t, data, password("secret")); !bytes.Equal(c.Certificates[0].Certificate.Raw, strange) {
		t.Errorf("%x", c.Certificates[0].Certificate.Raw)
	}
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
