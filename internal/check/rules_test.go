package check_test

import (
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
)

// A pair is a rule with a case that it speaks about and one that it does not.
type pair struct {
	id           string
	purpose      finding.Purpose
	severity     finding.Severity
	fires, quiet world
}

// pairs returns the certificates of every rule about certificates, stores and
// keys; those about files are in files_test.go.
func pairs(m *maker) []pair {
	return slices.Concat(clientPairs(m), serverPairs(m), mailPairs(m), signingPairs(m), authorityPairs(m), chainPairs(m), storePairs(m), serialPairs(m))
}

func clientPairs(m *maker) []pair {
	const c, e, w, i = finding.Client, finding.Error, finding.Warning, finding.Info
	good := m.ec(ku(signs), forTLS)
	old := certtest.Valid(-700, 300) // issued before public CAs stopped
	return []pair{
		{"C-01", c, e, m.rs(ku(enciphs), forTLS), good},
		{"C-01a", c, e, m.rs(ku(enciphs|dataEnc), forTLS), m.rs(ku(commits), forTLS)},
		{"C-01b", c, e, m.ec(ku(commits), forTLS), m.ec(ku(agrees), forTLS)},
		{"C-01c", c, w, m.ec(ku(agrees), forTLS), m.ec(ku(agrees|signs), forTLS)},
		{"C-02", c, e, m.ec(ku(signs), forHosts), m.ec(ku(signs), eku(x509.ExtKeyUsageAny))},
		{"C-02a", c, e, m.ec(ku(signs), forHosts, host).public(), m.ec(ku(signs), forHosts, host)},
		{"C-02a", c, e, m.ec(ku(signs), forHosts, host).public(), m.ec(ku(signs), forHosts, host, old).public()},
		{"C-03", c, w, m.ec(ku(signs), eku(x509.ExtKeyUsageAny)), m.ec(ku(signs), eku(x509.ExtKeyUsageAny, x509.ExtKeyUsageClientAuth))},
		{"C-04", c, i, m.ec(ku(signs)), good},
		{"C-05", c, e, good.entry(func(e *certstore.Entry) { e.Key = certstore.KeyNone }), good},
		{"C-06", c, e, m.ec(ku(signs), forTLS, certtest.Valid(-20, -1)), good},
		{"C-06", c, e, m.ec(ku(signs), forTLS, certtest.Valid(3, 40)), good},
		{"C-07", c, w, good.entry(func(e *certstore.Entry) { e.Location = certstore.Machine }).by(keyusage.Browser), good.by(keyusage.Browser)},
		{"C-11", c, w, m.ec(ku(signs), forTLS, certtest.CA), good},
		{"C-13", c, i, good.with(mine(m.ec(ku(signs), forTLS))), good.with(mine(m.ec(ku(signs), forHosts)))},
		{"C-14", c, w, m.ec(ku(signs), forTLS, sha1), good},
		{"C-15", c, w, m.key(m.small, ku(signs), forTLS), m.rs(ku(signs), forTLS)},
		{"C-15", c, w, m.key(m.p224(), ku(signs), forTLS), good},
		{"C-17", c, w, m.key(m.ed25519(), ku(signs), forTLS), good},
	}
}

func serverPairs(m *maker) []pair {
	const s, e, w, i = finding.Server, finding.Error, finding.Warning, finding.Info
	good, rsa := m.ec(ku(signs), forHosts, host), m.rs(ku(signs|enciphs), forHosts, host)
	withIP := func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} }
	iis := good.entry(func(e *certstore.Entry) { e.Location = certstore.Machine }).by(keyusage.IIS)
	return []pair{
		{"S-01", s, e, m.rs(ku(enciphs), forHosts, host), rsa},
		{"S-02", s, e, m.ec(ku(agrees), forHosts, host), good},
		{"S-03", s, i, m.rs(ku(signs), forHosts, host), rsa},
		{"S-03b", s, w, m.rs(ku(signs), forHosts, host).by(keyusage.SQLServer), rsa.by(keyusage.SQLServer)},
		{"S-04", s, e, m.ec(ku(signs), forTLS, host), m.ec(ku(signs), eku(x509.ExtKeyUsageAny), host)},
		{"S-04", s, w, m.ec(ku(signs), eku(x509.ExtKeyUsageAny), host), good},
		{"S-04b", s, w, m.ec(ku(signs), host), good},
		{"S-04b", s, e, m.ec(ku(signs), host).by(keyusage.Apple), good.by(keyusage.Apple)},
		{"S-05", s, e, m.ec(ku(signs), forHosts), m.ec(ku(signs), forHosts, withIP).host("192.0.2.1")},
		{"S-06", s, e, good.host("example.com"), good.host("WWW.example.com.")},
		{"S-06", s, e, good.host("a.b.wild.example"), good.host("a.wild.example")},
		{"S-07", s, w, m.ec(ku(signs), forHosts, host, certtest.Valid(-10, 500)).public(), m.ec(ku(signs), forHosts, host, certtest.Valid(-5, 35)).public()},
		{"S-07", s, w, m.ec(ku(signs), forHosts, host, certtest.Valid(-10, 500)).public(), m.ec(ku(signs), forHosts, host, certtest.Valid(-10, 500))},
		{"S-08", s, w, m.ec(ku(signs), forHosts, host, certtest.Valid(-10, 900)), m.ec(ku(signs), forHosts, host, certtest.Valid(-10, 800))},
		{"S-09", s, e, m.key(m.small, ku(signs), forHosts, host), rsa},
		{"S-09", s, e, m.ec(ku(signs), forHosts, host, sha1), good},
		{"S-10", s, w, m.key(m.p224(), ku(signs), forHosts, host), good},
		{"S-11", s, w, m.ec(ku(signs|enciphs), forHosts, host), rsa},
		{"S-12", s, w, m.rs(ku(signs|agrees), forHosts, host), m.ec(ku(signs|agrees), forHosts, host)},
		{"S-13", s, w, m.ec(ku(signs|issues), forHosts, host), good},
		{"S-14", s, i, m.rs(ku(signs|dataEnc), forHosts, host).public(), m.rs(ku(signs|dataEnc), forHosts, host)},
		{"S-15", s, e, good.by(keyusage.IIS), iis},
		{"S-16", s, w, m.ec(ku(signs), eku(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageCodeSigning), host).public(), good.public()},
		{"S-17", s, i, m.ec(ku(signs), eku(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth), host).public(), good.public()},
		{"S-20", s, w, m.ec(ku(signs), forHosts, host, certtest.Valid(-20, 12)), good},
		{"S-20", s, e, m.ec(ku(signs), forHosts, host, certtest.Valid(-20, 3)), good},
	}
}

func mailPairs(m *maker) []pair {
	const s, x, e, w = finding.EmailSign, finding.EmailEncrypt, finding.Error, finding.Warning
	to := mailTo("a@example.com")
	good, goodEC := m.rs(ku(signs|enciphs), forMail, to), m.ec(ku(signs|agrees), forMail, to)
	inSubject := func(c *x509.Certificate) {
		c.Subject.ExtraNames = append(c.Subject.ExtraNames, c.Subject.ToRDNSequence()[0]...)
		c.Subject.ExtraNames = append(c.Subject.ExtraNames, emailName("a@example.com"))
	}
	return []pair{
		{"M-01", s, e, m.rs(ku(enciphs), forMail, to), good},
		{"M-01", s, e, m.rs(ku(enciphs), forMail, to), m.rs(ku(commits), forMail, to)},
		{"M-02", x, e, m.rs(ku(signs), forMail, to), good},
		{"M-02", x, e, m.key(m.ed25519(), ku(signs), forMail, to), good},
		{"M-03", x, e, m.ec(ku(signs), forMail, to), goodEC},
		{"M-04", s, e, m.rs(ku(signs|enciphs), forTLS, to), m.rs(ku(signs), eku(x509.ExtKeyUsageAny), to)},
		{"M-04", s, w, m.rs(ku(signs), eku(x509.ExtKeyUsageAny), to), good},
		{"M-05", s, e, m.rs(ku(signs), forMail), good},
		{"M-05", s, w, m.rs(ku(signs), forMail, inSubject), good},
		{"M-06", s, w, m.rs(ku(signs), eku(x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageServerAuth), to).public(), good.public()},
		{"M-07", s, w, m.rs(forMail, to).public(), good.public()},
		{"M-07", s, w, m.rs(ku(signs), to).public(), m.rs(ku(signs), to)},
		{"M-08", s, w, m.rs(ku(signs), forMail, to, policy("2.23.140.1.5.1.3"), certtest.Valid(-10, 900)).public(), m.rs(ku(signs), forMail, to, policy("2.23.140.1.5.1.1"), certtest.Valid(-10, 900)).public()},
		{"M-08", s, w, m.rs(ku(signs), forMail, to, policy("2.23.140.1.5.1.1"), certtest.Valid(-10, 1300)).public(), good.public()},
		{"M-09", s, w, m.key(m.ed25519(), ku(signs|agrees), forMail, to), m.key(m.ed25519(), ku(signs), forMail, to)},
	}
}

func signingPairs(m *maker) []pair {
	const x, d, e, w, i = finding.Code, finding.Document, finding.Error, finding.Warning, finding.Info
	good, doc := m.ec(ku(signs), forCode), m.ec(ku(signs), oids("1.3.6.1.5.5.7.3.36"))
	kuPlain := raw(certificate.OIDKeyUsage, false, 3, 2, 7, 0x80)
	return []pair{
		{"X-01", x, e, m.rs(ku(enciphs), forCode), good},
		{"X-01", x, w, m.ec(forCode), good},
		{"X-01", x, w, m.ec(kuPlain, forCode), good},
		{"X-02", x, e, m.ec(ku(signs), forTLS), good},
		{"X-03", x, w, m.rs(ku(signs), forCode).public(), m.rs(ku(signs), forCode)},
		{"X-03", x, w, m.key(m.ed25519(), ku(signs), forCode).public(), good.public()},
		{"X-04", x, w, m.ec(ku(signs), forCode, certtest.Valid(-10, 1300)).public(), m.ec(ku(signs), forCode, certtest.Valid(-10, 400)).public()},
		{"X-05", x, w, m.ec(ku(signs), eku(x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageServerAuth)), good},
		{"X-06", x, i, m.ec(ku(signs), forCode, oids(certificate.LifetimeSigning)), good},
		{"X-07", x, w, good.public(), good},
		{"D-01", d, e, m.rs(ku(enciphs), oids("1.3.6.1.5.5.7.3.36")), m.ec(ku(commits), oids("1.3.6.1.5.5.7.3.36"))},
		{"D-02", d, w, m.ec(ku(signs), forTLS), doc},
		{"D-02", d, w, m.ec(ku(signs), forTLS), m.ec(ku(signs), forMail)},
	}
}

func authorityPairs(m *maker) []pair {
	const a, any, e, w, i = finding.CA, finding.Any, finding.Error, finding.Warning, finding.Info
	good := world{leaf: m.inter, issuers: []certtest.Issuer{m.root}}
	asCA := func(opts ...certtest.Option) world {
		return world{leaf: certtest.Make(m.t, &m.root, m.name(), opts...), issuers: []certtest.Issuer{m.root}}
	}
	client := m.ec(ku(signs), forTLS)
	constrained := func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example.com"} }
	critical := func(c *x509.Certificate) { c.PermittedDNSDomainsCritical = true }
	noSKI := world{leaf: certtest.Make(m.t, &m.root, m.name(), plainCA), issuers: []certtest.Issuer{m.root}}
	return []pair{
		{"A-01", a, e, asCA(ku(issues)), good},
		{"A-01", finding.Client, w, m.ec(ku(signs|issues), forTLS), client},
		{"A-02", a, e, asCA(certtest.CA, ku(x509.KeyUsageCRLSign)), good},
		{"A-03", a, w, asCA(plainCA), good},
		{"A-05", a, e, client, good},
		{"A-06", a, i, noSKI, good},
		{"A-06", finding.Client, i, m.by([]certtest.Issuer{noSKI.leaf, m.root}, ku(signs), forTLS), client},
		{"A-08", a, w, asCA(certtest.CA, constrained), asCA(certtest.CA, constrained, critical)},
		{"A-10", any, w, m.ec(certtest.EmptyUsage, forTLS), client},
		{"A-11", any, i, m.ec(raw(certificate.OIDKeyUsage, false, 3, 2, 7, 0x80), forTLS), client},
		{"A-12", any, e, m.ec(ku(signs), forTLS, raw("1.3.6.1.4.1.55555.1", true, 5, 0)), m.ec(ku(signs), forTLS, raw("1.3.6.1.4.1.55555.1", false, 5, 0))},
		{"A-13", any, e, m.ec(ku(signs), forTLS, raw("1.3.6.1.4.1.55555.1", false, 5, 0), raw("1.3.6.1.4.1.55555.1", false, 5, 0)), client},
		{"G-01", any, w, m.ec(ku(commits), forTLS), client},
	}
}

func chainPairs(m *maker) []pair {
	const c, s, any, e, w, i = finding.Client, finding.Server, finding.Any, finding.Error, finding.Warning, finding.Info
	t := m.t
	good, goodServer := m.ec(ku(signs), forTLS), m.ec(ku(signs), forHosts, host)
	short := certtest.Root(t, "Short Root", func(c *x509.Certificate) { c.MaxPathLenZero = true })
	notCA := certtest.Make(t, &m.root, "No CA", ku(signs))
	mute := certtest.Make(t, &m.root, "Mute CA", certtest.CA, ku(x509.KeyUsageCRLSign))
	forServers := certtest.Intermediate(t, m.root, "Servers CA", forHosts)
	forExample := certtest.Intermediate(t, m.root, "Example CA", func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.com"}, true
	})
	expired := certtest.Intermediate(t, m.root, "Expired CA", certtest.Valid(-300, -1))
	early := certtest.Intermediate(t, m.root, "Early CA", certtest.Valid(-300, 100))
	again := certtest.MakeWithKey(t, &m.root, "Intermediate", m.inter.Key, certtest.CA, certtest.Valid(-900, -10))
	alone := func(w world) world { w.issuers = nil; return w }
	untrusted := func(w world) world {
		w.edit = func(all []certstore.Entry) { all[2].Store, all[2].Trusted = certstore.CA, false }
		return w
	}
	blocked := func(w world) world {
		w.edit = func(all []certstore.Entry) { all[1].Store = certstore.Disallowed }
		return w
	}
	machine := func(w world) world {
		w.edit = func(all []certstore.Entry) {
			for i := range all {
				all[i].Location = certstore.Machine
			}
		}
		return w
	}
	impostor := good
	impostor.issuers = []certtest.Issuer{certtest.Intermediate(t, m.root, "Intermediate"), m.root}
	ecdsaSHA256, unknown := []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}, []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 0x7f}
	unverifiable := m.under(certtest.Issuer{Certificate: certificate.Parse(certtest.Patch(t, good.leaf.Raw, ecdsaSHA256, unknown))})
	return []pair{
		{"T-02", c, w, impostor, good},
		{"T-03", c, w, unverifiable, good},
		{"C-08", c, w, alone(good), good},
		{"S-19", s, w, alone(goodServer), goodServer},
		{"T-01", c, w, untrusted(good), good},
		{"A-04", any, e, m.by([]certtest.Issuer{certtest.Intermediate(t, short, "Below"), short}, ku(signs), forTLS), m.by([]certtest.Issuer{short}, ku(signs), forTLS)},
		{"A-05", any, e, m.by([]certtest.Issuer{notCA, m.root}, ku(signs), forTLS), good},
		{"A-02", any, e, m.by([]certtest.Issuer{mute, m.root}, ku(signs), forTLS), good},
		{"A-07", c, e, m.by([]certtest.Issuer{forServers, m.root}, ku(signs), forTLS), good},
		{"A-08", any, e, m.by([]certtest.Issuer{forExample, m.root}, ku(signs), forHosts, certtest.DNS("www.elsewhere.org")), m.by([]certtest.Issuer{forExample, m.root}, ku(signs), forHosts, certtest.DNS("www.example.com"))},
		{"A-09", any, e, m.by([]certtest.Issuer{expired, m.root}, ku(signs), forTLS), good},
		{"A-09", any, i, m.by([]certtest.Issuer{early, m.root}, ku(signs), forTLS), good},
		{"P-05", any, e, blocked(good), good},
		{"P-06", c, e, good.by(keyusage.Service), machine(good).by(keyusage.Service)},
		{"P-08", c, w, good.by(keyusage.Service), good},
		{"P-11", any, w, good.with(at(again, certstore.User, certstore.CA)), good},
	}
}

func storePairs(m *maker) []pair {
	const c, any, e, w, i = finding.Client, finding.Any, finding.Error, finding.Warning, finding.Info
	good := m.ec(ku(signs), forTLS)
	asCA := world{leaf: m.inter, issuers: []certtest.Issuer{m.root}}
	in := func(w world, n certstore.Name, key certstore.KeyState) world {
		return w.entry(func(e *certstore.Entry) { e.Store, e.Key = n, key })
	}
	root := world{leaf: certtest.Root(m.t, "Kept root")}
	renewed := certtest.MakeWithKey(m.t, &m.inter, good.leaf.CommonName(), m.rsa, ku(signs), forTLS, certtest.Valid(-1, 400))
	other := certtest.Make(m.t, &m.inter, "another", ku(signs), forTLS, certtest.Valid(-1, 400))
	sameKey := certtest.MakeWithKey(m.t, &m.inter, "another", m.rsa, ku(signs), forTLS)
	broken := good.entry(func(e *certstore.Entry) { e.Key = certstore.KeyUnusable })
	kept := good.entry(func(e *certstore.Entry) { e.Exportable = false })
	elsewhere := at(other, certstore.Machine, "clientauthissuer")
	return []pair{
		{"P-01", any, e, in(asCA, certstore.Root, certstore.KeyNone), in(asCA, certstore.CA, certstore.KeyNone)},
		{"P-02", any, i, in(root, certstore.CA, certstore.KeyNone), in(root, certstore.Root, certstore.KeyNone)},
		{"P-03", any, w, in(asCA, certstore.My, certstore.KeyNone), in(asCA, certstore.My, certstore.KeyPresent)},
		{"P-04", any, w, in(good, certstore.CA, certstore.KeyNone), in(good, certstore.People, certstore.KeyNone)},
		{"P-07", c, w, good.by(keyusage.IIS).with(manyRoots(m)...), good.by(keyusage.IIS)},
		{"P-09", c, w, good.by(keyusage.IIS).with(elsewhere), good.by(keyusage.IIS).with(elsewhere, at(m.inter, certstore.Machine, "clientauthissuer"))},
		{"P-10", any, i, good.with(at(renewed, certstore.User, certstore.My)), good.with(at(other, certstore.User, certstore.My))},
		{"K-01", any, e, broken, good},
		{"K-08", c, i, good.by(keyusage.Service), kept.by(keyusage.Service)},
		{"K-09", any, i, kept, good},
		{"K-10", any, i, m.rs(ku(signs), forTLS).with(at(sameKey, certstore.User, certstore.My)), m.rs(ku(signs), forTLS).with(at(other, certstore.User, certstore.My))},
	}
}

func serialPairs(m *maker) []pair {
	const any, e, w, i = finding.Any, finding.Error, finding.Warning, finding.Info
	number := func(octets ...byte) world {
		return m.ec(ku(signs), forTLS, certtest.Serial(new(big.Int).SetBytes(octets)))
	}
	der, err := certtest.NegativeSerial()
	if err != nil {
		m.t.Fatal(err)
	}
	twin := number(0x12, 0x34)
	same := certtest.Make(m.t, &m.inter, "another", ku(signs), forTLS, certtest.Serial(big.NewInt(0x1234)))
	damaged := certificate.Parse(certtest.Patch(m.t, number(0x44).leaf.Raw, []byte{6, 3, 0x55, 0x1d, 0x0f}, []byte{6, 3, 0x55, 0x1d, 0x80}))
	return []pair{
		{"N-01", any, w, world{leaf: certtest.Issuer{Certificate: certificate.Parse(der)}}, number(0x11)},
		{"N-02", any, w, number(0), number(1)},
		{"N-02", any, w, number([]byte(strings.Repeat("\x11", 21))...), number([]byte(strings.Repeat("\x11", 20))...)},
		{"N-03", any, i, number(0x80), number(0x7f)},
		{"N-04", any, e, twin.with(at(same, certstore.User, certstore.My)), twin},
		{"N-05", any, w, world{leaf: certtest.Issuer{Certificate: damaged}}, number(0x44)},
	}
}

// mine is a world's leaf as another entry of the user's Personal store.
func mine(w world) certstore.Entry {
	return certstore.Entry{Location: certstore.User, Store: certstore.My, DER: w.leaf.Raw, Key: certstore.KeyPresent}
}

func at(c certtest.Issuer, loc certstore.Location, n certstore.Name) certstore.Entry {
	return certstore.Entry{Location: loc, Store: n, DER: c.Raw, Key: certstore.KeyNone}
}

func manyRoots(m *maker) []certstore.Entry {
	var es []certstore.Entry
	for n := range 150 {
		name := strings.Repeat("Certification Authority ", 4) + string(rune('A'+n%26)) + strings.Repeat("x", n/26)
		es = append(es, at(certtest.MakeWithKey(m.t, nil, name[:min(len(name), 110)], m.root.Key, certtest.CA), certstore.Machine, certstore.Root))
	}
	return es
}

func has(v check.Verdict, id string, s finding.Severity) bool {
	return slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return f.ID == id && (s == "" || f.Severity == s) })
}

func idsOf(v check.Verdict) []string {
	var out []string
	for _, f := range v.Findings {
		out = append(out, f.ID)
	}
	return out
}

// elsewhere are the rules that need more than a store or a file, with the test
// that has both cases.
var elsewhere = map[string]string{"S-19a": "../tlsprobe/servers_test.go", "K-07": "access_test.go", "M-10": "rules_test.go", "T-04": "system_test.go", "C-09": "../tlsprobe/fits_test.go", "C-18": "../tlsprobe/fits_test.go",
	"R-01": "../online/online_test.go", "R-02": "../online/online_test.go", "R-03": "../online/online_test.go", "R-04": "../online/online_test.go"}

// TestRules has for every rule a certificate that triggers it, with the
// severity, words, source and proof it must have, and one that does not.
func TestRules(t *testing.T) {
	m := newMaker(t)
	covered := map[string]bool{}
	for id, file := range elsewhere {
		test, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(test), id) {
			t.Errorf("%s is said to be tested in %s: %v", id, file, err)
		}
		covered[id] = true
	}
	for id := range filePairs {
		covered[id] = true
	}
	for _, x := range pairs(m) {
		covered[x.id] = true
		v := x.fires.judge(t, x.purpose)
		if !has(v, x.id, x.severity) {
			t.Errorf("%s %s for %q: got %v", x.id, x.severity, x.purpose, idsOf(v))
		}
		for _, f := range v.Findings {
			checkWords(t, f)
		}
		if v := x.quiet.judge(t, x.purpose); has(v, x.id, x.severity) {
			t.Errorf("%s %s for %q: said of the certificate that has no such fault; got %v", x.id, x.severity, x.purpose, idsOf(v))
		}
	}
	manual, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	decided, _, _ := strings.Cut(string(manual), "## Not decided")
	documented := map[string]bool{}
	for _, id := range regexp.MustCompile(`(?m)^\| ([A-Z]-\d\d[abc]?) \|`).FindAllStringSubmatch(decided, -1) {
		documented[id[1]] = true
		if !covered[id[1]] {
			t.Errorf("docs/findings.md has %s, and there is no pair of certificates for it", id[1])
		}
	}
	for id := range covered {
		if !documented[id] {
			t.Errorf("%s is not in docs/findings.md", id)
		}
	}
	for _, id := range finding.IDs() {
		if !covered[id] {
			t.Errorf("%s has words and no pair of certificates", id)
		}
	}
}

// checkWords wants a finding to be fit to be shown.
func checkWords(t *testing.T, f finding.Finding) {
	t.Helper()
	w := finding.WordsOf(f)
	switch {
	case f.Source == "", w.Message == f.ID, w.Title == "", f.Evidence.Field == "", f.Evidence.Value == "":
		t.Errorf("%s: source %q, evidence %+v, words %+v", f.ID, f.Source, f.Evidence, w)
	case strings.ContainsAny(w.Short+w.Title+w.Message+w.Advice+w.Request, "{}"):
		t.Errorf("%s: a placeholder was not filled: %+v", f.ID, w)
	case f.Fix == finding.FixAsk && w.Request == "":
		t.Errorf("%s: nothing to send to the CA", f.ID)
	case f.Severity != finding.Info && f.Fix == finding.FixNone && w.Advice == "" && !strings.Contains(" C-11 A-03 N-01 N-02 N-05 T-03 ", " "+f.ID+" "):
		t.Errorf("%s: %s without a fix or advice", f.ID, f.Severity)
	}
}

// TestBeforeDelete warns only where something would be lost.
func TestBeforeDelete(t *testing.T) {
	m := newMaker(t)
	past, to := certtest.Valid(-300, -5), mailTo("a@example.com")
	for name, tt := range map[string]struct {
		w    world
		warn bool
	}{
		"expired, decrypts": {m.rs(ku(signs|enciphs), forMail, to, past), true},
		"valid":             {m.rs(ku(signs|enciphs), forMail, to), false},
		"signs only":        {m.rs(ku(signs), forMail, to, past), false},
		"not for mail":      {m.rs(ku(signs|enciphs), forTLS, past), false},
	} {
		fs := keyusage.BeforeDelete(tt.w.leaf.Certificate, certtest.Now)
		if (len(fs) == 1 && fs[0].ID == "M-10") != tt.warn {
			t.Errorf("%s: %v", name, fs)
		}
	}
}

// TestPublic holds a certificate for public when its chain ends at a root that
// the system ships, or is not known and it says so itself; not when its root is
// somebody's own.
func TestPublic(t *testing.T) {
	m := newMaker(t)
	long := []certtest.Option{ku(signs), forHosts, host, certtest.Valid(-10, 500), policy("2.23.140.1.2.1")}
	claims := m.ec(long...)
	lone := m.ec(long...)
	lone.issuers = nil
	for name, tt := range map[string]struct {
		w      world
		public bool
	}{
		"shipped root": {claims.public(), true}, "root of one's own": {claims, false}, "issuer unknown": {lone, true},
	} {
		if got := has(tt.w.judge(t, finding.Server), "S-07", ""); got != tt.public {
			t.Errorf("%s: S-07 %v, want %v", name, got, tt.public)
		}
	}
}

// TestLimitDates tries the CABF's steps to the second.
func TestLimitDates(t *testing.T) {
	m := newMaker(t)
	for _, tt := range []struct {
		from string
		days int
	}{{"2026-03-14", 398}, {"2026-03-15", 200}, {"2027-03-15", 100}, {"2029-03-15", 47}} {
		from, err := time.Parse(time.DateOnly, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		for extra, want := range map[time.Duration]bool{-time.Second: false, 0: true} {
			w := m.ec(ku(signs), forHosts, host, func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = from, from.Add(time.Duration(tt.days)*24*time.Hour+extra)
			})
			if got := has(w.public().judge(t, finding.Server), "S-07", ""); got != want {
				t.Errorf("issued %s for %d days %v: S-07 %v, want %v", tt.from, tt.days, extra, got, want)
			}
		}
	}
}
