package certfile

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// seeds are small files of every kind.
func seeds() [][]byte {
	p := testPair()
	plain := pfx(keyBag(p.key, attr(oidFriendlyName, bmp("x")), attr(oidProvider, bmp("csp"))), certBag(p.cert))
	safe := seq(encryptedInfo(pbes2([]byte("salt"), 2, aes256CBC), make([]byte, 64)))
	legacy := seq(encryptedInfo(seq(oidOf("1.2.840.113549.1.12.1.6"), seq(oct([]byte("salt")), num(2))), make([]byte, 64)))
	return [][]byte{
		p.cert, p.key, plain, indefinite(plain, 20), EncodePKCS7([][]byte{p.cert, p.root}),
		pfxOf(safe, macOf(safe, bmpString([]byte("secret")), "1.3.14.3.2.26", 2)), pfxOf(legacy),
		EncodePEM([][]byte{p.cert}), []byte(pemOf("PRIVATE KEY", p.key)), []byte(OneLineBase64(p.cert)), []byte(colons(p.key)),
		[]byte(utf16Of(pemOf("PKCS12", plain), binary.BigEndian, false)),
		[]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\nAAAAAAAAAAA=\n-----END RSA PRIVATE KEY-----\n"),
	}
}

// check holds for whatever Read and Inspect return.
func check(t *testing.T, c *Contents, err error) {
	t.Helper()
	var e *Error
	switch {
	case err != nil && c != nil:
		t.Errorf("contents and an error: %v", err)
	case err != nil && !errors.As(err, &e) && !errors.Is(err, context.DeadlineExceeded):
		t.Errorf("%T is no *Error: %v", err, err)
	case e != nil && (e.Op == "" || e.Object == "" || e.Err == nil):
		t.Errorf("incomplete: %#v", e)
	case c != nil && c.Format == "":
		t.Errorf("no format: %+v", c)
	case c != nil:
		for _, k := range c.Keys {
			if (k.State == KeyLocked) != (k.PKCS8 == nil) || k.Certificate >= len(c.Certificates) {
				t.Errorf("key %+v", k)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s, "secret")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, err := Read(ctx, data, password(text))
		check(t, c, err)
	})
}

func FuzzInspect(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Inspect(data)
		check(t, c, err)
	})
}

func FuzzPEM(f *testing.F) {
	for _, s := range seeds() {
		f.Add("CERTIFICATE", string(s), "\n")
		f.Add("RSA PRIVATE KEY", "DEK-Info: AES-128-CBC,00\n\n"+OneLineBase64(s), " ")
	}
	f.Fuzz(func(t *testing.T, label, body, between string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		text := strings.Join([]string{"-----BEGIN " + label + "-----", body, "-----END " + label + "-----"}, between)
		c, err := Read(ctx, []byte(text), password("secret"))
		check(t, c, err)
	})
}
