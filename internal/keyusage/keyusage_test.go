package keyusage_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"testing"

	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
)

func ids(fs []finding.Finding) []string {
	out := []string{}
	for _, f := range fs {
		out = append(out, f.ID)
	}
	return out
}

// TestJudge wants exactly these findings: TestRules of package check has all
// the rules, one at a time.
func TestJudge(t *testing.T) {
	const (
		ds = x509.KeyUsageDigitalSignature
		nr = x509.KeyUsageContentCommitment
		ke = x509.KeyUsageKeyEncipherment
		ka = x509.KeyUsageKeyAgreement
	)
	ca := certtest.Root(t, "Root")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ec := func(opts ...certtest.Option) *certificate.Certificate {
		return certtest.Client(t, ca, "c", append([]certtest.Option{certtest.Valid(-10, 300)}, opts...)...).Certificate
	}
	rs := func(opts ...certtest.Option) *certificate.Certificate {
		return certtest.MakeWithKey(t, &ca, "c", rsaKey, append([]certtest.Option{certtest.Valid(-10, 300)}, opts...)...).Certificate
	}
	server := certtest.Purposes(x509.ExtKeyUsageServerAuth)
	host := certtest.DNS("www.example.com", "*.wild.example")
	withIP := func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} }
	for _, tt := range []struct {
		name    string
		c       *certificate.Certificate
		purpose finding.Purpose
		host    string
		want    []string
	}{
		{"client", ec(), finding.Client, "", nil},
		{"exchange only", ec(certtest.Usage(ke)), finding.Client, "", []string{"C-01", "C-01a", "G-01"}},
		{"non-repudiation only", ec(certtest.Usage(nr)), finding.Client, "", []string{"C-01", "C-01b", "G-01"}},
		{"key agreement only", ec(certtest.Usage(ka)), finding.Client, "", []string{"C-01", "C-01c"}},
		{"no bit", ec(certtest.EmptyUsage), finding.Client, "", []string{"A-10", "C-01", "G-01"}},
		{"no key usage", ec(certtest.Usage(0)), finding.Client, "", nil},
		{"server EKU only", ec(server), finding.Client, "", []string{"C-02"}},
		{"any", ec(certtest.Purposes(x509.ExtKeyUsageAny)), finding.Client, "", []string{"C-03"}},
		{"any and client", ec(certtest.Purposes(x509.ExtKeyUsageAny, x509.ExtKeyUsageClientAuth)), finding.Client, "", nil},
		{"no EKU", ec(certtest.Purposes()), finding.Client, "", []string{"C-04"}},
		{"expired", ec(certtest.Valid(-20, -1)), finding.Client, "", []string{"C-06"}},
		{"not yet valid", ec(certtest.Valid(1, 20)), finding.Client, "", []string{"C-06"}},
		{"soon", ec(certtest.Valid(-20, 12)), finding.Client, "", []string{"S-20"}},
		{"CA", ca.Certificate, finding.Client, "", []string{"C-01", "C-04", "C-11"}},
		{"server", ec(server, host), finding.Server, "", nil},
		{"RSA cannot sign", rs(server, host, certtest.Usage(ke)), finding.Server, "", []string{"S-01"}},
		{"RSA signs only", rs(server, host, certtest.Usage(ds)), finding.Server, "", []string{"S-03"}},
		{"EC cannot sign", ec(server, host, certtest.Usage(ka)), finding.Server, "", []string{"S-02"}},
		{"no server EKU", ec(host), finding.Server, "", []string{"S-04"}},
		{"any as server", ec(host, certtest.Purposes(x509.ExtKeyUsageAny)), finding.Server, "", []string{"S-04"}},
		{"no SAN", ec(server), finding.Server, "", []string{"S-05"}},
		{"IP SAN", ec(server, withIP), finding.Server, "192.0.2.1", nil},
		{"host", ec(server, host), finding.Server, "WWW.example.com.", nil},
		{"wrong host", ec(server, host), finding.Server, "example.com", []string{"S-06"}},
		{"wildcard", ec(server, host), finding.Server, "a.wild.example", nil},
		{"wildcard is one label", ec(server, host), finding.Server, "a.b.wild.example", []string{"S-06"}},
		{"urgent", ec(server, host, certtest.Valid(-20, 3)), finding.Server, "", []string{"S-20"}},
		{"serial 00", ec(certtest.Serial(big.NewInt(0x80))), finding.Client, "", []string{"N-03"}},
		{"serial of 20 octets", ec(certtest.Serial(new(big.Int).SetBytes(bytes.Repeat([]byte{0x7f}, 20)))), finding.Client, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs := keyusage.Judge(tt.c, tt.purpose, keyusage.Question{Now: certtest.Now, Host: tt.host})
			got := ids(fs)
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("findings %v, want %v", got, tt.want)
			}
			for _, f := range fs {
				if w := finding.WordsOf(f); f.Source == "" || w.Message == f.ID || bytes.ContainsAny([]byte(w.Short+w.Title+w.Message+w.Advice), "{}") {
					t.Errorf("%s: source %q, words %+v", f.ID, f.Source, w)
				}
			}
		})
	}
}

func TestSerialRules(t *testing.T) {
	ca := certtest.Root(t, "Root")
	c := certtest.Client(t, ca, "c", certtest.Serial(new(big.Int).SetBytes([]byte{0x11, 0x22, 0x33, 0x44, 0x55})))
	patch := func(old, new []byte) *certificate.Certificate {
		return certificate.Parse(certtest.Patch(t, c.Raw, old, new))
	}
	at := []byte{2, 5, 0x11, 0x22, 0x33, 0x44, 0x55}
	for _, tt := range []struct {
		name string
		c    *certificate.Certificate
		want []string
	}{
		{"positive", c.Certificate, nil},
		{"negative", patch(at, []byte{2, 5, 0x91, 0x22, 0x33, 0x44, 0x55}), []string{"N-01"}},
		{"zero", patch(at, []byte{2, 5, 0, 0, 0, 0, 0}), []string{"N-02", "N-05"}},
	} {
		if got := ids(keyusage.General(tt.c)); !slices.Equal(got, tt.want) && len(got)+len(tt.want) > 0 {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	long := &certificate.Certificate{SerialNumber: bytes.Repeat([]byte{1}, 21)}
	if got := ids(keyusage.General(long)); !slices.Contains(got, "N-02") {
		t.Errorf("21 octets: %v, want N-02", got)
	}
}

func TestInfer(t *testing.T) {
	ca := certtest.Root(t, "Root")
	for _, tt := range []struct {
		name string
		c    certtest.Issuer
		want []finding.Purpose
	}{
		{"client EKU", certtest.Client(t, ca, "c"), []finding.Purpose{finding.Client}},
		{"both", certtest.Client(t, ca, "c", certtest.Purposes(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)), []finding.Purpose{finding.Client, finding.Server}},
		{"mail only", certtest.Client(t, ca, "c", certtest.Purposes(x509.ExtKeyUsageEmailProtection)), []finding.Purpose{finding.EmailSign}},
		{"mail, both halves", certtest.Client(t, ca, "c", certtest.Usage(0), certtest.Purposes(x509.ExtKeyUsageEmailProtection)), []finding.Purpose{finding.EmailSign, finding.EmailEncrypt}},
		{"no EKU, host name", certtest.Client(t, ca, "c", certtest.Purposes(), certtest.DNS("a.example")), []finding.Purpose{finding.Server}},
		{"nothing", certtest.Client(t, ca, "c", certtest.Purposes()), []finding.Purpose{finding.Client}},
		{"CA", ca, []finding.Purpose{finding.CA}},
		{"code", certtest.Client(t, ca, "c", certtest.Purposes(x509.ExtKeyUsageCodeSigning)), []finding.Purpose{finding.Code}},
	} {
		if got := keyusage.Infer(tt.c.Certificate); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
