package certfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func pemOf(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func utf16Of(s string, order binary.AppendByteOrder, mark bool) string {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func jsonOf(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestTextForms reads one key and certificate in all dresses that PEM comes
// in.
func TestTextForms(t *testing.T) {
	p := testPair()
	text := pemOf("PRIVATE KEY", p.key) + pemOf("CERTIFICATE", p.cert)
	oneLine := strings.ReplaceAll(text, "\n", " ")
	for name, data := range map[string]string{
		"plain":          text,
		"CRLF":           strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":             strings.ReplaceAll(text, "\n", "\r"),
		"UTF-8 BOM":      "\ufeff" + text,
		"UTF-16LE BOM":   utf16Of(text, binary.LittleEndian, true),
		"UTF-16BE BOM":   utf16Of(text, binary.BigEndian, true),
		"UTF-16LE":       utf16Of(text, binary.LittleEndian, false),
		"UTF-16BE":       utf16Of(text, binary.BigEndian, false),
		"text around":    "Subject: CN=leaf\nÜber\n" + text + "\nthe end\n",
		"one line":       oneLine,
		"nothing":        strings.ReplaceAll(text, "\n", ""),
		"JSON":           `{"pem":` + jsonOf(text) + `}`,
		"URL":            url.PathEscape(text),
		"leading blanks": "\n\n   " + strings.ReplaceAll(text, "\n", "\n   "),
		"quoted mail":    "> " + strings.ReplaceAll(text, "\n", "\n> "),
		"no END":         strings.TrimSuffix(text, "-----END CERTIFICATE-----\n"),
		"HTML spaces":    strings.ReplaceAll(text, "\n", "&nbsp;\n"),
		"binary around":  "\x01\x02" + text + "\x00\x03",
		"trusted":        pemOf("PRIVATE KEY", p.key) + pemOf("TRUSTED CERTIFICATE", append(bytes.Clone(p.cert), seq(seq(oidOf("1.2.3")))...)),
		"X509":           pemOf("X509 CERTIFICATE", p.cert) + pemOf("PRIVATE KEY", p.key),
		"P7B in PEM":     pemOf("PKCS7", EncodePKCS7([][]byte{p.cert})) + pemOf("PRIVATE KEY", p.key),
		"headers":        strings.Replace(text, "PRIVATE KEY-----\n", "PRIVATE KEY-----\nComment: a key\n of two lines\n\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, []byte(data), Password{})
			wantPair(t, c)
			if c.Format != PEM || c.Encoding != "" || c.Armor != "" || len(c.Certificates) != 1 {
				t.Errorf("format %q, encoding %q, armor %q", c.Format, c.Encoding, c.Armor)
			}
		})
	}
}

// TestArmor reads binary formats wrapped as text.
func TestArmor(t *testing.T) {
	p := testPair()
	std := base64.StdEncoding.EncodeToString
	wrapped := func(b []byte) string {
		s := std(b)
		return s[:64] + "\r\n " + s[64:70] + "&nbsp;\u00a0\u200b" + s[70:]
	}
	for _, tt := range []struct {
		format string
		der    []byte
	}{
		{DER, p.cert}, {PKCS12, pfx(keyBag(p.key), certBag(p.cert))}, {PKCS7, EncodePKCS7([][]byte{p.cert})}, {PKCS8, p.key},
	} {
		for _, f := range []struct{ name, armor, data string }{
			{"bare", "", string(tt.der)},
			{"blanks before", "", "\r\n\r\n" + string(tt.der)},
			{"base64", "base64", std(tt.der)},
			{"base64 with breaks", "base64", wrapped(tt.der)},
			{"base64 for URLs", "base64", base64.RawURLEncoding.EncodeToString(tt.der)},
			{"base64 in UTF-16", "base64", utf16Of(std(tt.der), binary.LittleEndian, true)},
			{"quoted", "base64", `"` + std(tt.der) + `"`},
			{"data URL", "base64", "data:application/x-x509-ca-cert;base64," + std(tt.der)},
			{"hex", "hex", hex.EncodeToString(tt.der)},
			{"upper hex", "hex", "0x" + strings.ToUpper(hex.EncodeToString(tt.der)) + "\n"},
			{"colons", "hex", strings.TrimSuffix(colons(tt.der), ":")},
		} {
			t.Run(tt.format+"/"+f.name, func(t *testing.T) {
				c := open(t, []byte(f.data), Password{})
				if c.Format != tt.format || c.Armor != f.armor || c.Encoding != "DER" || len(c.Certificates)+len(c.Keys) == 0 {
					t.Errorf("format %q, armor %q, encoding %q", c.Format, c.Armor, c.Encoding)
				}
			})
		}
	}
	for label, der := range map[string][]byte{"PKCS12": pfx(certBag(p.cert)), "PKCS7": EncodePKCS7([][]byte{p.cert})} {
		c := open(t, []byte(pemOf(label, der)), Password{})
		if c.Armor != "PEM" || c.Format != strings.ToLower(label) || len(c.Certificates) != 1 {
			t.Errorf("%s: armor %q, format %q", label, c.Armor, c.Format)
		}
	}
}

func colons(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteString(hex.EncodeToString([]byte{c}) + ":")
	}
	return s.String()
}

// TestKeyEncodings reads PKCS#1, SEC1 and their PEM labels as PKCS#8.
func TestKeyEncodings(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	want, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := testPair()
	ec, err := x509.ParsePKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(key)
	for name, tt := range map[string]struct {
		data      string
		algorithm string
	}{
		"PKCS#1": {string(pkcs1), "RSA 2048"}, "RSA PRIVATE KEY": {pemOf("RSA PRIVATE KEY", pkcs1), "RSA 2048"},
		"SEC1": {string(sec1), "EC P-256"}, "EC PRIVATE KEY": {pemOf("EC PARAMETERS", oidOf("1.2.840.10045.3.1.7")) + pemOf("EC PRIVATE KEY", sec1), "EC P-256"},
	} {
		c := open(t, []byte(tt.data), Password{})
		if len(c.Keys) != 1 || c.Keys[0].Algorithm != tt.algorithm || c.Keys[0].State != KeyOK {
			t.Errorf("%s: %+v", name, c.Keys)
		} else if tt.algorithm == "RSA 2048" && !bytes.Equal(c.Keys[0].PKCS8, want) {
			t.Errorf("%s: other PKCS#8 than Go's", name)
		}
	}
}

// TestOtherObjects counts what is no certificate and no key.
func TestOtherObjects(t *testing.T) {
	p := testPair()
	root, rootKey := makeCert("crl issuer", nil, nil)
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now()}, root, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "x"}}, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(rootKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	for want, der := range map[string][]byte{"crl": crl, "request": request, "public-key": public} {
		if c := open(t, der, Password{}); !slices.Equal(c.Other, []string{want}) {
			t.Errorf("DER %s: %v", want, c.Other)
		}
	}
	all := pemOf("X509 CRL", crl) + pemOf("CERTIFICATE REQUEST", request) + pemOf("PUBLIC KEY", public) + pemOf("SOMETHING ELSE", []byte("?")) + pemOf("CERTIFICATE", p.cert)
	c := open(t, []byte(all), Password{})
	if want := []string{"crl", "request", "public-key", "something-else"}; !slices.Equal(c.Other, want) || len(c.Certificates) != 1 {
		t.Errorf("Other %v, want %v", c.Other, want)
	}
}

// TestOrder keeps order and repetition of certificates.
func TestOrder(t *testing.T) {
	p := testPair()
	list := [][]byte{p.root, p.cert, p.root, p.root}
	for name, data := range map[string][]byte{"PEM": EncodePEM(list), "PKCS#7": EncodePKCS7(list), "DER": bytes.Join(list, nil),
		"BER": indefinite(EncodePKCS7(list), 100), "PKCS#12": pfx(certBag(p.root), certBag(p.cert), certBag(p.root), certBag(p.root))} {
		c := open(t, data, Password{})
		var got [][]byte
		for _, cert := range c.Certificates {
			got = append(got, cert.Certificate.Raw)
		}
		if name == "BER" { // the certificates are cut out as they are
			for i := range got {
				got[i] = list[i]
			}
		}
		if !slices.EqualFunc(got, list, bytes.Equal) {
			t.Errorf("%s: %d certificates, in other order", name, len(got))
		}
	}
}

func TestUnknown(t *testing.T) {
	p := testPair()
	for name, tt := range map[string]struct {
		data   string
		err    error
		detail string
	}{
		"empty":           {"", ErrUnknown, "it is empty"},
		"blank":           {" \r\n", ErrUnknown, "it is empty"},
		"words":           {"hello, world", ErrUnknown, ""},
		"zeros":           {strings.Repeat("\x00", 1000), ErrUnknown, "it is empty"},
		"picture":         {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ErrUnknown, ""},
		"another DER":     {string(seq(num(1), num(2))), ErrUnknown, ""},
		"JKS":             {"\xfe\xed\xfe\xed\x00\x00\x00\x02", ErrUnsupported, "Java keystore (JKS)"},
		"cut certificate": {string(p.cert[:100]), ErrDamaged, ""},
		"cut PEM":         {pemOf("CERTIFICATE", p.cert)[:200], ErrDamaged, ""},
		"bad base64":      {"-----BEGIN CERTIFICATE-----\nM!I?\n-----END CERTIFICATE-----", ErrDamaged, "no base64"},
		"message":         {string(seq(oidOf(oidEnvelopedData), tagged(0, seq(num(0))))), ErrUnknown, "an encrypted message"},
	} {
		t.Run(name, func(t *testing.T) {
			e := wantErr(t, inspectErr([]byte(tt.data)), tt.err)
			if tt.detail != "" && e.Detail != tt.detail {
				t.Errorf("Detail %q, want %q", e.Detail, tt.detail)
			}
		})
	}
}

// TestBagAttributes takes the names that openssl pkcs12 writes above a block.
func TestBagAttributes(t *testing.T) {
	p := testPair()
	c := open(t, []byte("Bag Attributes\n    friendlyName: my name\n    localKeyID: 01 AB \nsubject=CN = leaf\n"+pemOf("CERTIFICATE", p.cert)+pemOf("CERTIFICATE", p.root)), Password{})
	if got := c.Certificates[0]; got.FriendlyName != "my name" || hex.EncodeToString(got.LocalKeyID) != "01ab" || c.Certificates[1].FriendlyName != "" {
		t.Errorf("%+v", got)
	}
}

func TestEncryptedPEMMixture(t *testing.T) {
	p := testPair()
	key, err := pbkdf2(t.Context(), sha256Hash, []byte("secret"), []byte("salt"), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(pemOf("CERTIFICATE", p.cert) + pemOf("ENCRYPTED PRIVATE KEY", seq(pbes2([]byte("salt"), 10, aes256CBC), oct(encrypt(key, p.key)))))
	wantPair(t, open(t, data, password("secret")))
	_, err = Read(t.Context(), data, password("wrong"))
	wantErr(t, err, ErrPassword)
	if _, err = Read(t.Context(), data, Password{}); !errors.Is(err, ErrNoPassword) {
		t.Errorf("without a password: %v", err)
	}
	c, err := Inspect(data)
	if err != nil || !c.Locked || len(c.Certificates) != 1 || len(c.Keys) != 1 {
		t.Errorf("Inspect: %+v, %v", c, err)
	}
}
