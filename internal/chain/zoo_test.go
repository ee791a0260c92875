package chain_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
)

// A species is one arrangement of certificates: the leaf, what lies about,
// and the root that is trusted.
type species struct {
	name    string
	leaf    *certificate.Certificate
	extra   []*certificate.Certificate
	root    *certificate.Certificate // trusted
	purpose finding.Purpose
	want    string // the errors that our best path has, "" for a good path; "missing", "untrusted" for how it ends

	openssl, goes string // why that one answers otherwise; "" when it must agree
}

func limited(permitted, excluded []string) certtest.Option {
	return func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical = true
		c.PermittedDNSDomains, c.ExcludedDNSDomains = permitted, excluded
	}
}

func noPath(n int) certtest.Option {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}

func zoo(t *testing.T) []species {
	server := func(issuer certtest.Issuer, names ...string) *certificate.Certificate {
		return certtest.Make(t, &issuer, names[0], certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageServerAuth), certtest.DNS(names...)).Certificate
	}
	type certs = []*certificate.Certificate
	root := certtest.Root(t, "Root")
	other := certtest.Root(t, "Other Root")
	plain := certtest.Client(t, root, "Renamed").Certificate
	renamed := certtest.Resign(t, root, plain, func(tbs []byte) []byte { // PrintableString to UTF8String
		return bytes.Replace(tbs, plain.RawIssuer, bytes.ReplaceAll(plain.RawIssuer, []byte{0x13}, []byte{0x0c}), 1)
	})
	namesake := certtest.Root(t, "Root")
	sub := certtest.Intermediate(t, root, "Sub")
	oldSub := certtest.MakeWithKey(t, &root, "Sub", sub.Key, certtest.CA, certtest.Valid(-50, -1))
	crossSub := certtest.MakeWithKey(t, &other, "Sub", sub.Key, certtest.CA)
	zero := certtest.Intermediate(t, root, "Zero", noPath(0))
	tooDeep := certtest.Intermediate(t, zero, "Too deep")
	one := certtest.Intermediate(t, root, "One", noPath(1))
	deep := certtest.Intermediate(t, one, "Deep")
	notCA := certtest.Make(t, &root, "Not a CA", certtest.Usage(x509.KeyUsageDigitalSignature))
	noSign := certtest.Intermediate(t, root, "No sign", certtest.Usage(x509.KeyUsageCRLSign))
	mail := certtest.Intermediate(t, root, "Mail", certtest.Purposes(x509.ExtKeyUsageEmailProtection))
	both := certtest.Intermediate(t, root, "Both", certtest.Purposes(x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth))
	anyUse := certtest.Intermediate(t, root, "Any", certtest.Purposes(x509.ExtKeyUsageAny))
	in := certtest.Intermediate(t, root, "In", limited([]string{"example.com"}, nil))
	out := certtest.Intermediate(t, root, "Out", limited(nil, []string{"bad.example.com"}))
	inSub := certtest.Intermediate(t, in, "In Sub")
	net10 := certtest.Intermediate(t, root, "Net 10", func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical = true
		c.PermittedIPRanges = []*net.IPNet{{IP: net.IP{10, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}}
	})
	ip := func(issuer certtest.Issuer, s string) *certificate.Certificate {
		return certtest.Make(t, &issuer, s, certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageServerAuth), func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.ParseIP(s)} }).Certificate
	}
	firm := certtest.Intermediate(t, root, "Firm", func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, dirConstraint(t, pkix.Name{Organization: []string{"Firm"}}))
	})
	inFirm := certtest.Client(t, firm, "In firm", func(c *x509.Certificate) {
		c.Subject = pkix.Name{Organization: []string{"Firm"}, CommonName: "In firm"}
	}).Certificate
	notFirm := certtest.Client(t, firm, "Not in firm").Certificate
	oldRoot := certtest.Root(t, "Old", certtest.Valid(-50, -1))
	young := certtest.Intermediate(t, root, "Young", certtest.Valid(1, 50))
	own := certtest.Make(t, nil, "Own", certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth)).Certificate
	client := func(i certtest.Issuer) *certificate.Certificate { return certtest.Client(t, i, "Leaf").Certificate }
	damaged := append([]byte(nil), client(sub).Raw...)
	damaged[len(damaged)-1] ^= 1
	deepest := root
	var line certs
	for i := range 8 {
		deepest = certtest.Intermediate(t, deepest, fmt.Sprint("Level ", i))
		line = append(line, deepest.Certificate)
	}
	c, s := finding.Client, finding.Server
	return []species{
		{name: "root, leaf", leaf: client(root), root: root.Certificate, purpose: c},
		{name: "root, sub, leaf", leaf: client(sub), extra: certs{sub.Certificate}, root: root.Certificate, purpose: c},
		{name: "eight levels", leaf: client(deepest), extra: line, root: root.Certificate, purpose: c},
		{name: "sub missing", leaf: client(sub), root: root.Certificate, purpose: c, want: "missing"},
		{name: "other root trusted", leaf: client(sub), extra: certs{sub.Certificate, root.Certificate}, root: other.Certificate, purpose: c, want: "untrusted"},
		{name: "issuer's name as another type of string", leaf: renamed, root: root.Certificate, purpose: c, want: "missing", openssl: "OpenSSL compares names as RFC 5280 7.1 has it, Go byte by byte"},
		{name: "root of the same name", leaf: client(root), root: namesake.Certificate, purpose: c, want: "missing"},
		{name: "expired twin beside it", leaf: client(sub), extra: certs{oldSub.Certificate, sub.Certificate}, root: root.Certificate, purpose: c},
		{name: "expired twin alone", leaf: client(sub), extra: certs{oldSub.Certificate}, root: root.Certificate, purpose: c, want: "A-09"},
		{name: "cross-signed, other root", leaf: client(sub), extra: certs{sub.Certificate, crossSub.Certificate}, root: other.Certificate, purpose: c, openssl: "OpenSSL takes the first issuer that fits and does not come back from a dead end"},
		{name: "path length 0, one below", leaf: client(tooDeep), extra: certs{tooDeep.Certificate, zero.Certificate}, root: root.Certificate, purpose: c, want: "A-04"},
		{name: "path length 0, none below", leaf: client(zero), extra: certs{zero.Certificate}, root: root.Certificate, purpose: c},
		{name: "path length 1, one below", leaf: client(deep), extra: certs{deep.Certificate, one.Certificate}, root: root.Certificate, purpose: c},
		{name: "issuer is no CA", leaf: client(notCA), extra: certs{notCA.Certificate}, root: root.Certificate, purpose: c, want: "A-05"},
		{name: "issuer may not sign", leaf: client(noSign), extra: certs{noSign.Certificate}, root: root.Certificate, purpose: c, want: "A-02"},
		{name: "CA for mail only", leaf: client(mail), extra: certs{mail.Certificate}, root: root.Certificate, purpose: c, want: "A-07"},
		{name: "CA for mail and clients", leaf: client(both), extra: certs{both.Certificate}, root: root.Certificate, purpose: c},
		{name: "CA for any purpose", leaf: client(anyUse), extra: certs{anyUse.Certificate}, root: root.Certificate, purpose: c, openssl: "OpenSSL does not take anyExtendedKeyUsage of a CA for clientAuth"},
		{name: "permitted name", leaf: server(in, "www.example.com"), extra: certs{in.Certificate}, root: root.Certificate, purpose: s},
		{name: "name not permitted", leaf: server(in, "www.example.org"), extra: certs{in.Certificate}, root: root.Certificate, purpose: s, want: "A-08"},
		{name: "one of two not permitted", leaf: server(in, "www.example.com", "example.org"), extra: certs{in.Certificate}, root: root.Certificate, purpose: s, want: "A-08"},
		{name: "not permitted two levels up", leaf: server(inSub, "www.example.org"), extra: certs{in.Certificate, inSub.Certificate}, root: root.Certificate, purpose: s, want: "A-08"},
		{name: "excluded name", leaf: server(out, "x.bad.example.com"), extra: certs{out.Certificate}, root: root.Certificate, purpose: s, want: "A-08"},
		{name: "name not excluded", leaf: server(out, "good.example.com"), extra: certs{out.Certificate}, root: root.Certificate, purpose: s},
		{name: "permitted address", leaf: ip(net10, "10.1.2.3"), extra: certs{net10.Certificate}, root: root.Certificate, purpose: s},
		{name: "address not permitted", leaf: ip(net10, "11.1.2.3"), extra: certs{net10.Certificate}, root: root.Certificate, purpose: s, want: "A-08"},
		{name: "permitted organisation", leaf: inFirm, extra: certs{firm.Certificate}, root: root.Certificate, purpose: c, goes: "Go does not know constraints of directory names, and refuses critical ones"},
		{name: "organisation not permitted", leaf: notFirm, extra: certs{firm.Certificate}, root: root.Certificate, purpose: c, want: "A-08"},
		{name: "root expired", leaf: client(oldRoot), root: oldRoot.Certificate, purpose: c, want: "A-09"},
		{name: "CA not yet valid", leaf: client(young), extra: certs{young.Certificate}, root: root.Certificate, purpose: c, want: "A-09"},
		{name: "self-signed, trusted", leaf: own, root: own, purpose: c},
		{name: "self-signed, not trusted", leaf: own, root: root.Certificate, purpose: c, want: "untrusted"},
		{name: "signature damaged", leaf: certificate.Parse(damaged), extra: certs{sub.Certificate}, root: root.Certificate, purpose: c, want: "missing"},
	}
}

func dirConstraint(t *testing.T, n pkix.Name) pkix.Extension {
	t.Helper()
	der, err := asn1.Marshal(n.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	wrap := func(tag byte, b []byte) []byte { return append([]byte{tag, byte(len(b))}, b...) }
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: wrap(0x30, wrap(0xa0, wrap(0x30, wrap(0xa4, der))))}
}

// TestZoo compares our answer for every species with openssl verify and with
// Go's verifier. Where one of them disagrees the reason stands beside it, and
// an agreement then fails the test too.
func TestZoo(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed; scripts/setup.sh test installs it")
	}
	for _, sp := range zoo(t) {
		t.Run(sp.name, func(t *testing.T) {
			store := certstore.NewMemory()
			best := chain.Build(load(t, store), sp.leaf, chain.Options{Now: certtest.Now, Purpose: sp.purpose,
				Extra: append(chain.FromFile(sp.extra), chain.Candidate{Certificate: sp.root, Found: chain.Given, Trusted: true})}).Best()
			got := ids(best.Findings)
			for _, part := range []string{"P-11", "T-02"} { // no errors
				got = strings.TrimSpace(strings.ReplaceAll(got, part, ""))
			}
			switch {
			case got != "":
			case !best.Complete():
				got = "missing"
			case !best.Trusted():
				got = "untrusted"
			}
			if got != sp.want {
				t.Errorf("our answer is %q, want %q: %s", got, sp.want, text(best))
			}
			fine := sp.want == ""
			if out, ok := opensslVerify(t, sp); ok != (fine == (sp.openssl == "")) {
				t.Errorf("openssl accepts: %v (%s)\n%s", ok, sp.openssl, out)
			} else if ok {
				if shown := strings.Count(out, "depth="); fine && shown != len(best.Links) {
					t.Errorf("openssl's chain has %d certificates, ours %d\n%s", shown, len(best.Links), out)
				}
			}
			if err := goVerify(sp); (err == nil) != (fine == (sp.goes == "")) {
				t.Errorf("Go says %v (%s)", err, sp.goes)
			}
		})
	}
}

func opensslVerify(t *testing.T, sp species) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, certs ...*certificate.Certificate) string {
		var b []byte
		for _, c := range certs {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	purpose := "sslclient"
	if sp.purpose == finding.Server {
		purpose = "sslserver"
	}
	args := []string{"verify", "-no-CApath", "-no-CAstore", "-attime", fmt.Sprint(certtest.Now.Unix()), "-purpose", purpose, "-show_chain", "-CAfile", write("root.pem", sp.root)}
	if len(sp.extra) > 0 {
		args = append(args, "-untrusted", write("extra.pem", sp.extra...))
	}
	out, err := exec.Command("openssl", append(args, write("leaf.pem", sp.leaf))...).CombinedOutput()
	return string(out), err == nil
}

func goVerify(sp species) error {
	roots, inters := x509.NewCertPool(), x509.NewCertPool()
	add := func(p *x509.CertPool, c *certificate.Certificate) {
		if std, err := c.X509(); err == nil {
			p.AddCert(std)
		}
	}
	add(roots, sp.root)
	for _, c := range sp.extra {
		add(inters, c)
	}
	eku := x509.ExtKeyUsageClientAuth
	if sp.purpose == finding.Server {
		eku = x509.ExtKeyUsageServerAuth
	}
	std, err := sp.leaf.X509()
	if err != nil {
		return err
	}
	_, err = std.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inters, CurrentTime: certtest.Now, KeyUsages: []x509.ExtKeyUsage{eku}})
	return err
}
