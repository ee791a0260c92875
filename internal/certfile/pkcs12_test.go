package certfile

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/scrypt"
	"software.sslmate.com/src/go-pkcs12"
)

// TestGoPKCS12 reads what go-pkcs12 writes, with all its encoders.
func TestGoPKCS12(t *testing.T) {
	p := testPair()
	key, err := x509.ParsePKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, root := &x509.Certificate{Raw: p.cert}, &x509.Certificate{Raw: p.root}
	for _, tt := range []struct {
		name       string
		encoder    *pkcs12.Encoder
		mac        string
		encryption []string
		warnings   []string
	}{
		{"LegacyRC2", pkcs12.LegacyRC2, "sha1, 1 iteration", []string{"PBE-SHA1-RC2-40", "PBE-SHA1-3DES"}, []string{"F-03"}},
		{"LegacyDES", pkcs12.LegacyDES, "sha1, 1 iteration", []string{"PBE-SHA1-3DES"}, []string{"F-03"}},
		{"Modern2023", pkcs12.Modern2023, "sha256, 2048 iterations", []string{"PBES2 AES-256-CBC"}, []string{"F-01", "F-02"}},
		{"Modern2026", pkcs12.Modern2026, "PBMAC1 sha256, 2048 iterations", []string{"PBES2 AES-256-CBC"}, []string{"F-01", "F-02"}},
		{"Passwordless", pkcs12.Passwordless, "none", nil, []string{"F-04"}},
	} {
		for _, pw := range []string{"secret", "", "Grüße", "密码"} {
			t.Run(tt.name+"/"+pw, func(t *testing.T) {
				if tt.mac == "none" && pw != "" {
					t.Skip("go-pkcs12 wants an empty password")
				}
				data, err := tt.encoder.Encode(key, cert, []*x509.Certificate{root}, pw)
				if err != nil {
					t.Fatal(err)
				}
				c := open(t, data, password(pw))
				wantPair(t, c)
				if c.Format != PKCS12 || c.Encoding != "DER" || c.MAC != tt.mac || !slices.Equal(c.Encryption, tt.encryption) {
					t.Errorf("%s %s, MAC %s, %v", c.Encoding, c.Format, c.MAC, c.Encryption)
				}
				want := append(slices.Clone(tt.warnings), "F-08 root-included")
				if pw == "" && tt.mac != "none" {
					want = append(want, "F-09")
				}
				if !password(pw).ascii() {
					want = append(want, "F-10")
				}
				if got := warned(c); !slices.Equal(got, want) {
					t.Errorf("warnings %v, want %v", got, want)
				}
				if tt.mac != "none" {
					_, err := Read(t.Context(), data, password("wrong"))
					wantErr(t, err, ErrPassword)
				}
				_, err = Read(t.Context(), data, Password{})
				if (err == nil) != (pw == "") || err != nil && (!errors.Is(err, ErrNoPassword) || !errors.Is(err, ErrPassword)) {
					t.Errorf("without a password: %v", err)
				}
			})
		}
	}
}

func TestInspect(t *testing.T) {
	p := testPair()
	data, err := EncodePKCS12(p.bundle(p.root), []byte("secret"), Modern)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Inspect(data)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Locked || !c.NeedPassword || len(c.Certificates) != 0 || len(c.Keys) != 1 || c.Keys[0].State != KeyLocked || len(c.Keys[0].LocalKeyID) == 0 {
		t.Errorf("%+v", c)
	}
	if c.MAC != "sha256, 10000 iterations" || c.Iterations != 30000 || !slices.Equal(c.Encryption, []string{"PBES2 AES-256-CBC"}) {
		t.Errorf("MAC %s, %d rounds, %v", c.MAC, c.Iterations, c.Encryption)
	}
	if got := warned(c); !slices.Equal(got, []string{"F-01", "F-02"}) {
		t.Errorf("warnings %v", got)
	}
}

// TestPasswordForms opens MACs made under each form that a program in the
// field uses.
func TestPasswordForms(t *testing.T) {
	p := testPair()
	safe := seq(dataInfo(seq(keyBag(p.key), certBag(p.cert))))
	const sha1ID = "1.3.14.3.2.26"
	for _, tt := range []struct {
		name, password string
		secret         []byte
		form           string
	}{
		{"BMPString", "pass", []byte("\x00p\x00a\x00s\x00s\x00\x00"), ""},
		{"empty", "", []byte{0, 0}, "empty"},
		{"absent", "", nil, "absent"},
		{"surrogates", "🔑", []byte{0xd8, 0x3d, 0xdd, 0x11, 0, 0}, ""},
		{"old OpenSSL", "ü", []byte{0, 0xc3, 0, 0xbc, 0, 0}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := pfxOf(safe, macOf(safe, tt.secret, sha1ID, 100))
			c := open(t, data, password(tt.password))
			wantPair(t, c)
			if c.EmptyForm != tt.form {
				t.Errorf("EmptyForm %q, want %q", c.EmptyForm, tt.form)
			}
		})
	}
}

// encrypt is the other direction of openCBC, with a zero IV.
func encrypt(key, plain []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	pad := 16 - len(plain)%16
	out := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(out, out)
	return out
}

// TestEncryptionForms encrypts under the password forms of PBES2.
func TestEncryptionForms(t *testing.T) {
	p := testPair()
	contents := seq(keyBag(p.key), certBag(p.cert))
	for name, secret := range map[string][]byte{
		"UTF-8": []byte("Grüße"), "Latin-1": []byte("Gr\xfc\xdfe"), "old NSS": bmpString([]byte("Grüße")),
	} {
		t.Run(name, func(t *testing.T) {
			key, err := pbkdf2(t.Context(), sha256Hash, secret, []byte("salt"), 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			safe := seq(encryptedInfo(pbes2([]byte("salt"), 10, aes256CBC), encrypt(key, contents)))
			wantPair(t, open(t, pfxOf(safe), password("Grüße")))
			_, err = Read(t.Context(), pfxOf(safe), password("Gruesse"))
			wantErr(t, err, ErrPassword)
		})
	}
}

func TestScryptAndGCM(t *testing.T) {
	p := testPair()
	contents := seq(keyBag(p.key), certBag(p.cert))
	key, err := scrypt.Key([]byte("secret"), []byte("salt"), 1024, 8, 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := []byte("twelve bytes")
	alg := seq(oidOf(oidPBES2), seq(
		seq(oidOf(oidScrypt), seq(oct([]byte("salt")), num(1024), num(8), num(1))),
		seq(oidOf("2.16.840.1.101.3.4.1.46"), seq(oct(nonce), num(16)))))
	data := pfxOf(seq(encryptedInfo(alg, gcm.Seal(nil, nonce, contents, nil))))
	c := open(t, data, password("secret"))
	wantPair(t, c)
	if !slices.Equal(c.Encryption, []string{"PBES2 AES-256-GCM"}) {
		t.Errorf("Encryption %v", c.Encryption)
	}
}

// TestBER reads indefinite lengths and strings in pieces at every level.
func TestBER(t *testing.T) {
	p := testPair()
	for _, piece := range []int{1, 7, 1000} {
		bags := indefinite(seq(keyBag(p.key), certBag(p.cert, attr(oidFriendlyName, bmp("leaf")))), piece)
		safe := indefinite(seq(dataInfo(bags)), piece)
		mac := macOf(safe, bmpString([]byte("secret")), "1.3.14.3.2.26", 1)
		data := indefinite(pfxOf(safe, mac), piece)
		c := open(t, data, password("secret"))
		wantPair(t, c)
		if c.Encoding != "BER" || c.Certificates[0].FriendlyName != "leaf" {
			t.Errorf("%s, friendly name %q", c.Encoding, c.Certificates[0].FriendlyName)
		}
	}
}

// TestBERKey turns a key whose lengths are indefinite into DER.
func TestBERKey(t *testing.T) {
	p := testPair()
	parts, err := split(p.key)
	if err != nil {
		t.Fatal(err)
	}
	data := append([]byte{0x30, 0x80}, bytes.Join(parts, nil)...)
	c := open(t, append(data, 0, 0), Password{})
	if len(c.Keys) != 1 || !bytes.Equal(c.Keys[0].PKCS8, p.key) || c.Encoding != "BER" || c.Format != PKCS8 {
		t.Errorf("%s %s, keys %+v", c.Encoding, c.Format, c.Keys)
	}
}

func TestAttributes(t *testing.T) {
	p := testPair()
	usage := tagged(0, attr(oidKeyUsage, []byte{3, 2, 7, 0x80}))
	parts, err := split(p.key)
	if err != nil {
		t.Fatal(err)
	}
	data := pfx(
		keyBag(seq(append(parts, usage)...), attr(oidFriendlyName, bmp("Schlüssel 🔑")), attr(oidLocalKeyID, oct([]byte{1})),
			attr(oidProvider, bmp("Some CSP")), attr(oidMachineKey), attr("1.2.3.4", num(5))),
		certBag(p.cert, attr(oidLocalKeyID, oct([]byte{1})), attr(oidJavaTrust, oidOf("2.5.29.37.0"))))
	c := open(t, data, Password{})
	k := c.Keys[0]
	if k.FriendlyName != "Schlüssel 🔑" || k.Provider != "Some CSP" || !k.MachineKeySet || hex.EncodeToString(k.KeyUsageAttr) != "80" ||
		string(k.LocalKeyID) != "\x01" || k.State != KeyOK || k.Certificate != 0 || !c.Certificates[0].JavaTrusted {
		t.Errorf("%+v", k)
	}
	if got := warned(c); !slices.Equal(got, []string{"F-04", "F-05", "F-06", "F-07"}) {
		t.Errorf("warnings %v", got)
	}
}

// TestOtherBags counts what is neither key nor certificate, and goes into
// nested SafeContents.
func TestOtherBags(t *testing.T) {
	p := testPair()
	bag := func(id string, value []byte) []byte { return seq(oidOf(id), tagged(0, value)) }
	data := pfx(
		bag(oidCRLBag, seq(oidOf("1.2.840.113549.1.9.23.1"), tagged(0, oct(nil)))),
		bag(oidSecretBag, seq(oidOf("1.2.3"), tagged(0, oct(nil)))),
		bag(oidCertBag, seq(oidOf(oidSDSICertificate), tagged(0, element(22, []byte("c2RzaQ=="))))),
		bag("1.2.3.4", num(1)),
		bag(oidSafeBag, seq(keyBag(p.key), bag(oidSafeBag, seq(certBag(p.cert))))))
	c := open(t, data, Password{})
	wantPair(t, c)
	if want := []string{"crl", "secret", "sdsi", "bag 1.2.3.4"}; !slices.Equal(c.Other, want) {
		t.Errorf("Other %v, want %v", c.Other, want)
	}
}

// TestPairing has two keys, a renewed certificate and a locked key.
func TestPairing(t *testing.T) {
	p := testPair()
	other, otherKey := makeCert("other", nil, nil)
	otherDER, err := x509.MarshalPKCS8PrivateKey(otherKey)
	if err != nil {
		t.Fatal(err)
	}
	id := func(n byte) []byte { return attr(oidLocalKeyID, oct([]byte{n})) }
	c := open(t, pfx(certBag(p.cert, id(1)), certBag(p.cert, id(2)), certBag(other.Raw, id(1)), keyBag(otherDER, id(2)), keyBag(p.key, id(2))), Password{})
	if c.Keys[0].Certificate != 2 || c.Keys[1].Certificate != 1 || len(c.Certificates) != 3 {
		t.Errorf("certificates of the keys: %d, %d of %d", c.Keys[0].Certificate, c.Keys[1].Certificate, len(c.Certificates))
	}
	c = open(t, pfx(keyBag(otherDER, id(1)), certBag(p.cert, id(1))), Password{})
	if c.Keys[0].Certificate != -1 || !slices.Contains(warned(c), "F-08 no-certificate") {
		t.Errorf("a key is paired with %d by its name only; %v", c.Keys[0].Certificate, warned(c))
	}
	if got := warned(open(t, pfx(certBag(p.cert)), Password{})); !slices.Contains(got, "F-12") {
		t.Errorf("certificates only: %v", got)
	}
}

// TestOtherKeyPassword leaves a key locked that has a password of its own, as
// Java permits.
func TestOtherKeyPassword(t *testing.T) {
	p := testPair()
	key, err := pbkdf2(t.Context(), sha256Hash, []byte("another"), []byte("salt"), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	shrouded := seq(oidOf(oidShroudedBag), tagged(0, seq(pbes2([]byte("salt"), 10, aes256CBC), oct(encrypt(key, p.key)))),
		set(attr(oidLocalKeyID, oct([]byte{1}))))
	safe := seq(dataInfo(seq(shrouded, certBag(p.cert, attr(oidLocalKeyID, oct([]byte{1}))))))
	data := pfxOf(safe, macOf(safe, bmpString([]byte("secret")), "1.3.14.3.2.26", 1))
	c := open(t, data, password("secret"))
	if !c.Locked || c.Keys[0].State != KeyLocked || c.Keys[0].Certificate != 0 {
		t.Errorf("Locked %t, key %+v", c.Locked, c.Keys[0])
	}
	if _, err := Read(t.Context(), pfxOf(safe), password("secret")); !errors.Is(err, ErrPassword) {
		t.Errorf("without a MAC: %v", err)
	}
	wantPair(t, open(t, pfxOf(safe), password("another")))
}

func TestDamage(t *testing.T) {
	p := testPair()
	data, err := EncodePKCS12(p.bundle(), []byte("secret"), Modern)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 16; i++ {
		e := wantErr(t, inspectErr(data[:len(data)*i/16]), ErrDamaged)
		if e.Object != "PKCS#12" || !strings.HasPrefix(e.Detail, "truncated") {
			t.Errorf("cut at %d/16: %v", i, e)
		}
	}
	c := open(t, append(bytes.Clone(data), "\r\n"...), password("secret"))
	if got := warned(c); slices.Contains(got, "F-14") {
		t.Errorf("a line end after it: %v", got)
	}
	c = open(t, append(bytes.Clone(data), "garbage"...), password("secret"))
	if w := c.Warnings[len(c.Warnings)-1]; w.ID != "F-14" || w.Params["bytes"] != "7" {
		t.Errorf("7 bytes after it: %v", w)
	}

	// The MAC fits, the content is nonsense.
	safe := seq(encryptedInfo(pbes2([]byte("salt"), 10, aes256CBC), make([]byte, 64)))
	_, err = Read(t.Context(), pfxOf(safe, macOf(safe, bmpString([]byte("secret")), "1.3.14.3.2.26", 1)), password("secret"))
	wantErr(t, err, ErrDamaged)
	_, err = Read(t.Context(), pfxOf(safe), password("secret"))
	wantErr(t, err, ErrPassword)
}

func inspectErr(data []byte) error {
	_, err := Inspect(data)
	return err
}

func TestUnsupported(t *testing.T) {
	for name, alg := range map[string][]byte{
		"IDEA-CBC":  pbes2(nil, 1, "1.3.6.1.4.1.188.7.1.1.2"),
		"1.2.3.4.5": pbes2(nil, 1, "1.2.3.4.5"),
		"1.2.3.4":   seq(oidOf("1.2.3.4"), seq(oct(nil), num(1))),
	} {
		data := pfxOf(seq(encryptedInfo(alg, make([]byte, 32))))
		_, err := Read(t.Context(), data, password("secret"))
		if e := wantErr(t, err, ErrUnsupported); e.Detail != name {
			t.Errorf("Detail %q, want %q", e.Detail, name)
		}
		if c, err := Inspect(data); err != nil || !strings.HasSuffix(c.Encryption[0], name) {
			t.Errorf("Inspect: %v, %v", c, err)
		}
	}
}

// TestPrincipals meets a safe that is encrypted to accounts of a domain.
func TestPrincipals(t *testing.T) {
	enveloped := seq(oidOf(oidEnvelopedData), tagged(0, seq(num(2), element(12, []byte("S-1-5-21-1-2-3-500")))))
	data := pfxOf(seq(enveloped))
	_, err := Read(t.Context(), data, Password{})
	if e := wantErr(t, err, ErrUnsupported); !strings.Contains(e.Detail, "Active Directory") {
		t.Error(e)
	}
	c, err := Inspect(data)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(c.Warnings, func(w Warning) bool { return w.ID == "F-11" })
	if i < 0 || c.Warnings[i].Params["sid"] != "S-1-5-21-1-2-3-500" || !c.Locked {
		t.Errorf("%+v", c)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, pfx(), Password{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
