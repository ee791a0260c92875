package certificate_test

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// TestSerials checks the vectors of facts/certificates.md section 6.1.
func TestSerials(t *testing.T) {
	for _, tt := range []struct {
		octets, windows, openssl, colon, decimal, java string
	}{
		{"00f1a0b3c4d5e6f708", "00f1a0b3c4d5e6f708", "F1A0B3C4D5E6F708", "00:f1:a0:b3:c4:d5:e6:f7:08", "17411113817397982984", "f1a0b3c4d5e6f708"},
		{"05", "05", "05", "05", "5", "5"},
		{"0080", "0080", "80", "00:80", "128", "80"},
		{"80", "80", "-80", "80", "-128", "-80"},
		{"00", "00", "00", "00", "0", "0"},
		{"7fffffffffffffffffffffffffffffffffffffff", "7fffffffffffffffffffffffffffffffffffffff", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
			"7f:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff", "730750818665451459101842416358141509827966271487", "7fffffffffffffffffffffffffffffffffffffff"},
	} {
		octets, _ := hex.DecodeString(tt.octets)
		s := certificate.SerialsOf(octets)
		if s.Windows != tt.windows || s.OpenSSL != tt.openssl || s.Colon != tt.colon || s.Decimal != tt.decimal || s.Java != tt.java {
			t.Errorf("SerialsOf(%s) = %+v", tt.octets, s)
		}
	}
	if s := certificate.SerialsOf([]byte{0x00, 0xf1, 0xa0}); s.Reversed != "A0F1" {
		t.Errorf("reversed = %s", s.Reversed)
	}
}

func TestParseID(t *testing.T) {
	for in, want := range map[string]certificate.ID{
		"4F:F4:A1": {"4ff4a1", true}, "\u200e40 f4 a1": {"40f4a1", true}, "0x401234": {"401234", true}, " 4ff4-a1\ufeff": {"4ff4a1", true},
		"17411113817397982984": {"17411113817397982984", false}, "-128": {"-128", false}, "12 34": {"1234", false}, "12:34": {"1234", true},
		"serial=F1A0": {"f1a0", true}, "SHA256:AB": {"ab", true}, "-0x80": {"80", true},
	} {
		if got, ok := certificate.ParseID(in); !ok || got != want {
			t.Errorf("ParseID(%q) = %+v, %v; want %+v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "client.pfx", "hello", "0x", "-", "1x2"} {
		if got, ok := certificate.ParseID(in); ok {
			t.Errorf("ParseID(%q) = %+v, want none", in, got)
		}
	}
}

// negative returns a certificate whose serial number is made negative, which
// Go's parser refuses.
func negative(t *testing.T, ca certtest.Issuer) *certificate.Certificate {
	c := certtest.Client(t, ca, "negative", certtest.Serial(new(big.Int).SetBytes([]byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88})))
	der := certtest.Patch(t, c.Raw, []byte{2, 8, 0x11, 0x22, 0x33, 0x44}, []byte{2, 8, 0x91, 0x22, 0x33, 0x44})
	return certificate.Parse(der)
}

func TestRefusedByGo(t *testing.T) {
	ca := certtest.Root(t, "Root")
	c := negative(t, ca)
	if _, err := c.X509(); err == nil {
		t.Fatal("Go parses it: the test shows nothing")
	}
	if c.Problem() == nil || c.CommonName() != "negative" || c.KeyType() != "EC P-256" || c.Role() != certificate.EndEntity || len(c.ExtKeyUsage) != 1 {
		t.Errorf("read %+v", c)
	}
	if pub, err := c.PublicKey(); err != nil || pub == nil {
		t.Errorf("PublicKey: %v", err)
	}
}

func TestParseNeverPanics(t *testing.T) {
	good := certtest.Client(t, certtest.Root(t, "Root"), "x", certtest.DNS("a.example")).Raw
	for n := range len(good) {
		c := certificate.Parse(good[:n])
		_ = c.CommonName() + c.KeyType() + c.Subject().String() + string(c.Role())
		if c.Problem() == nil {
			t.Fatalf("the first %d bytes of %d are a certificate", n, len(good))
		}
	}
}

func TestRoles(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf")
	self := certtest.Make(t, nil, "Self")
	forged := certtest.Patch(t, root.Raw, []byte("Certdesk tests"), []byte("Certdesk Tests")) // subject no longer the issuer
	for _, tt := range []struct {
		c    *certificate.Certificate
		want certificate.Role
	}{
		{root.Certificate, certificate.Root}, {inter.Certificate, certificate.Intermediate}, {leaf.Certificate, certificate.EndEntity},
		{self.Certificate, certificate.SelfSigned}, {certificate.Parse(forged), certificate.Intermediate},
	} {
		if got := tt.c.Role(); got != tt.want {
			t.Errorf("%s: role %s, want %s", tt.c.CommonName(), got, tt.want)
		}
	}
	if err := leaf.CheckSignatureFrom(inter.Certificate); err != nil {
		t.Error(err)
	}
	if err := leaf.CheckSignatureFrom(root.Certificate); err == nil {
		t.Error("the root's key verifies what the intermediate signed")
	}
}

func TestKeyUsageText(t *testing.T) {
	ca := certtest.Root(t, "Root")
	for _, tt := range []struct {
		ku   x509.KeyUsage
		want string
	}{
		{x509.KeyUsageDigitalSignature, "Digital Signature (80)"},
		{x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, "Digital Signature, Key Encipherment (a0)"},
		{x509.KeyUsageKeyEncipherment, "Key Encipherment (20)"},
		{x509.KeyUsageCertSign | x509.KeyUsageCRLSign, "Certificate Signing, Off-line CRL Signing, CRL Signing (06)"},
		{0, ""},
	} {
		if got := certtest.Client(t, ca, "x", certtest.Usage(tt.ku)).WindowsKeyUsage(); got != tt.want {
			t.Errorf("%b: %q, want %q", tt.ku, got, tt.want)
		}
	}
}

// TestAgainstOpenSSL compares what is read with what openssl prints.
func TestAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	ca := certtest.Root(t, "Root, \"quoted\"")
	long := new(big.Int).SetBytes(bytes.Repeat([]byte{0xf1}, 20))
	for _, c := range []*certificate.Certificate{
		ca.Certificate, negative(t, ca),
		certtest.Client(t, ca, "höchst+seltsam; <name>", certtest.Serial(big.NewInt(128))).Certificate,
		certtest.Client(t, ca, "long", certtest.Serial(long)).Certificate,
		certtest.Client(t, ca, "five", certtest.Serial(big.NewInt(5))).Certificate,
	} {
		file := filepath.Join(t.TempDir(), "c.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(openssl, "x509", "-in", file, "-noout", "-serial", "-fingerprint", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8").CombinedOutput()
		if err != nil {
			t.Fatalf("openssl: %v\n%s", err, out)
		}
		lines := strings.Split(string(out), "\n")
		got := []string{"serial=" + c.Serials().OpenSSL, "", "subject=" + c.Subject().String()}
		for i, want := range got {
			if i == 1 {
				if fp := strings.ToLower(strings.ReplaceAll(lines[1][strings.Index(lines[1], "=")+1:], ":", "")); fp != c.SHA1() {
					t.Errorf("fingerprint %s, openssl %s", c.SHA1(), fp)
				}
				continue
			}
			if want != lines[i] {
				t.Errorf("%s, openssl says %s", want, lines[i])
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	ca := certtest.Root(f, "Root")
	f.Add(ca.Raw)
	f.Add(certtest.Client(f, ca, "x", certtest.DNS("a.example")).Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		c := certificate.Parse(der)
		_ = c.CommonName() + c.IssuerName() + c.KeyType() + c.WindowsKeyUsage() + string(c.Role())
		_ = c.Serials()
		_ = c.KeyID()
		_ = c.Problem()
	})
}

// TestMatchZeros wants serial numbers found modulo leading zeros, and no
// certificate found for zeros that happen to end like its serial number.
func TestMatchZeros(t *testing.T) {
	zeros := func(n int, end string) string { return strings.Repeat("0", n-len(end)) + end }
	for _, c := range []struct {
		serial []byte
		id     string
		want   certificate.Match
	}{
		{[]byte{0}, "0", certificate.MatchExact},
		{[]byte{0}, "00000000", certificate.MatchExact},
		{[]byte{5}, "0x05", certificate.MatchExact},
		{[]byte{5}, "00:00:00:05", certificate.MatchExact},
		{[]byte{5}, zeros(39, "5"), certificate.MatchExact},
		{[]byte{0}, zeros(40, ""), certificate.MatchNone},
		{[]byte{0}, zeros(64, ""), certificate.MatchNone},
		{[]byte{5}, zeros(40, "5"), certificate.MatchNone},
		{[]byte{5}, zeros(64, "05"), certificate.MatchNone},
		{[]byte{0x12, 0x34, 0x56, 0x78, 0x9a}, zeros(40, "123456789a"), certificate.MatchNone},
		{bytes.Repeat([]byte{0x11}, 19), "00" + strings.Repeat("11", 19), certificate.MatchExact},
		{bytes.Repeat([]byte{0x11}, 20), strings.Repeat("11", 20), certificate.MatchExact},
		{append([]byte{0}, bytes.Repeat([]byte{0xf1}, 20)...), strings.Repeat("f1", 20), certificate.MatchExact},
		{[]byte{0x12, 0x34, 0x56, 0x78, 0x9a}, "00000000", certificate.MatchNone},
		{[]byte{0x12, 0x34, 0x56, 0x78, 0x9a}, "00000012", certificate.MatchNone},
		{[]byte{0, 0xf1, 0xa0, 0xb3, 0xc4, 0xd5}, "f1a0b3c4", certificate.MatchPrefix},
		{[]byte{0, 0xf1, 0xa0, 0xb3, 0xc4, 0xd5}, "0000f1a0b3c4", certificate.MatchPrefix},
	} {
		id, ok := certificate.ParseID(c.id)
		if got := (&certificate.Certificate{Raw: []byte{1}, SerialNumber: c.serial}).Match(id); !ok || got != c.want {
			t.Errorf("serial %x, id %s: %v, want %v", c.serial, c.id, got, c.want)
		}
	}
}
