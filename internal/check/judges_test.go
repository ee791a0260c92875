package check_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/check"
	"certdesk/internal/finding"
)

// What the judges are asked for besides the purpose.
const (
	judgedHost = "www.example.com"
	judgedMail = "a@example.com"
)

// An exhibit is one certificate that all judges see, with its files.
type exhibit struct {
	name       string // the rule it was made for; " ok" marks the one that is as it should be
	world      world
	dir        string
	leaf, root string // files
	between    string // the intermediates; may be empty
	probe      string // what the certificate issued, to judge it as a CA
	nick       string // in the NSS database
	probeNick  string
}

// A judge says whether it accepts an exhibit for a purpose; ok is false when
// it has no opinion on that purpose.
type judge struct {
	name   string
	accept func(t *testing.T, x exhibit, p finding.Purpose) (yes, ok bool)
}

var judges = []judge{{"openssl", opensslSays}, {"nss", nssSays}, {"gnutls", gnutlsSays}, {"go", goSays}}

// exhibits are the certificates of all pairs of rules, each once.
func exhibits(t *testing.T, m *maker, dir string) []exhibit {
	seen := map[certificate.Fingerprint]bool{}
	count := map[string]int{}
	var all []exhibit
	add := func(id string, w world) {
		if fp := w.leaf.Fingerprint(); !seen[fp] {
			seen[fp] = true
			name := id
			if count[id]++; count[id] > 1 {
				name = fmt.Sprintf("%s/%d", id, count[id])
			}
			all = append(all, newExhibit(t, filepath.Join(dir, strconv.Itoa(len(all))), name, w, m.root))
		}
	}
	for _, x := range pairs(m) {
		add(x.id, x.fires)
		add(x.id+" ok", x.quiet)
	}
	return all
}

func newExhibit(t *testing.T, dir, name string, w world, other certtest.Issuer) exhibit {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	x := exhibit{name: name, world: w, dir: dir, leaf: filepath.Join(dir, "leaf.pem"), root: filepath.Join(dir, "root.pem")}
	write := func(path string, certs ...certtest.Issuer) {
		var b bytes.Buffer
		for _, c := range certs {
			_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(x.leaf, w.leaf)
	roots, between := []certtest.Issuer{other}, []certtest.Issuer(nil)
	if n := len(w.issuers); n > 0 {
		roots, between = w.issuers[n-1:], w.issuers[:n-1]
	} else if w.leaf.SelfSigned() {
		roots = []certtest.Issuer{w.leaf}
	}
	write(x.root, roots...)
	if len(between) > 0 {
		x.between = filepath.Join(dir, "between.pem")
		write(x.between, between...)
	}
	if w.leaf.Key != nil {
		if _, err := w.leaf.X509(); err == nil {
			x.probe = filepath.Join(dir, "probe.pem")
			x.probeNick = "probe of " + w.leaf.CommonName()
			probe := certtest.Make(t, &w.leaf, x.probeNick, ku(signs), forTLS, certtest.Valid(-1, 20))
			write(x.probe, probe)
		}
	}
	return x
}

// ours is our own verdict: trust counts, as it does for the judges.
func (x exhibit) ours(t *testing.T, p finding.Purpose) check.Verdict {
	t.Helper()
	w := x.world
	w.entries, w.edit = nil, nil
	if w.leaf.SelfSigned() { // the judges are told to trust it
		w = w.entry(func(e *certstore.Entry) { e.Store, e.Trusted = certstore.Root, true })
	}
	inv, _ := w.inventory(t)
	return check.Judge(check.Subject{Certificate: w.leaf.Certificate}, p, inv, check.Options{Now: certtest.Now, Trust: true, Host: judgedHost})
}

func run(name string, args ...string) bool { return exec.Command(name, args...).Run() == nil }

func opensslSays(t *testing.T, x exhibit, p finding.Purpose) (yes, ok bool) {
	purpose := map[finding.Purpose]string{finding.Client: "sslclient", finding.Server: "sslserver", finding.EmailSign: "smimesign", finding.EmailEncrypt: "smimeencrypt", finding.CA: "sslclient"}[p]
	if purpose == "" || p == finding.CA && x.probe == "" {
		return false, false
	}
	args := []string{"verify", "-purpose", purpose, "-trusted", x.root}
	if x.between != "" {
		args = append(args, "-untrusted", x.between)
	}
	leaf := x.leaf
	switch p {
	case finding.Server:
		args = append(args, "-verify_hostname", judgedHost)
	case finding.EmailSign, finding.EmailEncrypt:
		args = append(args, "-verify_email", judgedMail)
	case finding.CA:
		args, leaf = append(args, "-untrusted", x.leaf), x.probe
	}
	return run("openssl", append(args, leaf)...), true
}

func gnutlsSays(t *testing.T, x exhibit, p finding.Purpose) (yes, ok bool) {
	purpose := map[finding.Purpose]string{finding.Client: certificate.ClientAuth, finding.Server: certificate.ServerAuth, finding.EmailSign: certificate.EmailProtection, finding.EmailEncrypt: certificate.EmailProtection,
		finding.Code: certificate.CodeSigning, finding.Document: certificate.DocumentPurposes[0], finding.CA: certificate.ClientAuth}[p]
	files := []string{x.leaf}
	if p == finding.CA {
		if x.probe == "" {
			return false, false
		}
		files = []string{x.probe, x.leaf}
	}
	if x.between != "" {
		files = append(files, x.between)
	}
	var chain []byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, data...)
	}
	args := []string{"--verify", "--verify-purpose", purpose, "--load-ca-certificate", x.root}
	switch p {
	case finding.Server:
		args = append(args, "--verify-hostname", judgedHost)
	case finding.EmailSign, finding.EmailEncrypt:
		args = append(args, "--verify-email", judgedMail)
	}
	cmd := exec.Command("certtool", args...)
	cmd.Stdin = bytes.NewReader(chain)
	return cmd.Run() == nil, true
}

func nssSays(t *testing.T, x exhibit, p finding.Purpose) (yes, ok bool) {
	usage := map[finding.Purpose]string{finding.Client: "C", finding.Server: "V", finding.EmailSign: "S", finding.EmailEncrypt: "R", finding.Code: "J", finding.CA: "C"}[p]
	nick := x.nick
	if p == finding.CA && x.probe != "" {
		nick = x.probeNick
	}
	if usage == "" || x.nick == "" || p == finding.CA && x.probe == "" {
		return false, false
	}
	return run("certutil", "-V", "-e", "-d", "sql:"+filepath.Dir(x.dir)+"/nss", "-n", nick, "-u", usage), true
}

// fillNSS makes the database that nssSays asks: roots trusted, the rest not.
func fillNSS(t *testing.T, dir string, all []exhibit) {
	t.Helper()
	db := "sql:" + dir + "/nss"
	if err := os.Mkdir(dir+"/nss", 0o700); err != nil {
		t.Fatal(err)
	}
	certutil := func(args ...string) {
		cmd := exec.Command("certutil", append([]string{"-d", db}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("certutil %v: %v\n%s", args, err, out)
		}
	}
	certutil("-N", "--empty-password")
	seen := map[certificate.Fingerprint]bool{}
	add := func(c certtest.Issuer, trust string) string {
		nick := c.CommonName()
		if fp := c.Fingerprint(); !seen[fp] {
			seen[fp] = true
			path := filepath.Join(dir, "nss", fp.String())
			if err := os.WriteFile(path, c.Raw, 0o600); err != nil {
				t.Fatal(err)
			}
			certutil("-A", "-n", nick, "-t", trust, "-i", path)
		}
		return nick
	}
	for i := range all {
		x := &all[i]
		for n, c := range x.world.issuers {
			if n == len(x.world.issuers)-1 {
				add(c, "CT,C,C")
			} else {
				add(c, ",,")
			}
		}
		trust := ",,"
		if len(x.world.issuers) == 0 {
			trust = "CTP,CP,CP"
		}
		// One database has the issuers of all, so what lacks its own is not asked of it.
		lacks := len(x.world.issuers) == 0 && !x.world.leaf.SelfSigned() || strings.HasPrefix(x.name, "T-02")
		if _, err := x.world.leaf.X509(); err == nil && !lacks {
			x.nick = add(x.world.leaf, trust)
		}
		if x.probe != "" && !lacks {
			certutil("-A", "-n", x.probeNick, "-t", ",,", "-i", x.probe, "-a")
		}
	}
}

func goSays(t *testing.T, x exhibit, p finding.Purpose) (yes, ok bool) {
	usage, known := map[finding.Purpose]x509.ExtKeyUsage{finding.Client: x509.ExtKeyUsageClientAuth, finding.Server: x509.ExtKeyUsageServerAuth, finding.EmailSign: x509.ExtKeyUsageEmailProtection,
		finding.EmailEncrypt: x509.ExtKeyUsageEmailProtection, finding.Code: x509.ExtKeyUsageCodeSigning, finding.CA: x509.ExtKeyUsageClientAuth}[p]
	if !known || p == finding.CA && x.probe == "" {
		return false, false
	}
	opt := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: certtest.Now, KeyUsages: []x509.ExtKeyUsage{usage}}
	pool := func(pool *x509.CertPool, path string) {
		if data, err := os.ReadFile(path); path != "" && err == nil {
			pool.AppendCertsFromPEM(data)
		}
	}
	pool(opt.Roots, x.root)
	pool(opt.Intermediates, x.between)
	leaf := x.leaf
	switch p {
	case finding.Server:
		opt.DNSName = judgedHost
	case finding.CA:
		pool(opt.Intermediates, x.leaf)
		leaf = x.probe
	}
	data, err := os.ReadFile(leaf)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false, true
	}
	_, err = c.Verify(opt)
	return err == nil, true
}

// A row is what a judge says of a certificate otherwise than we do.
type row struct{ certificate, purpose, judge string }

// TestJudges shows every certificate of the rules to four independent
// verifiers, and wants each disagreement, and nothing else, to be explained in
// docs/judges.md.
func TestJudges(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some thousand processes")
	}
	for _, tool := range []string{"openssl", "certutil", "certtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed; scripts/setup.sh test installs it")
		}
	}
	dir := t.TempDir()
	all := exhibits(t, newMaker(t), dir)
	fillNSS(t, dir, all)
	explained := readJudges(t)
	found := map[row]string{}
	asked := 0
	for _, x := range all {
		for _, p := range finding.Purposes {
			v := x.ours(t, p)
			// For documents GnuTLS is asked for the purpose of RFC 9336, which is what D-02 warns of.
			we := v.Verdict != check.WillNotWork && !(p == finding.Document && has(v, "D-02", ""))
			for _, j := range judges {
				they, ok := j.accept(t, x, p)
				if !ok {
					continue
				}
				asked++
				if they != we {
					found[row{x.name, string(p), j.name}] = fmt.Sprintf("%s says %v, we %q because of %v", j.name, they, v.Verdict, errorsOf(v))
				}
			}
		}
	}
	var unexplained []string
	for r, what := range found {
		if !explained[r] {
			unexplained = append(unexplained, fmt.Sprintf("%s | %s | %s | %s", r.certificate, r.purpose, r.judge, what))
		}
	}
	slices.Sort(unexplained)
	for _, u := range unexplained {
		t.Errorf("not explained in docs/judges.md: %s", u)
	}
	for r := range explained {
		if _, ok := found[r]; !ok {
			t.Errorf("docs/judges.md explains a disagreement that there is not: %v", r)
		}
	}
	t.Logf("%d certificates, %d questions, %d disagreements", len(all), asked, len(found))
	if len(all) < 80 || asked < 1500 {
		t.Errorf("only %d certificates and %d questions", len(all), asked)
	}
}

func errorsOf(v check.Verdict) []string {
	var out []string
	for _, f := range v.Findings {
		if f.Severity == finding.Error {
			out = append(out, f.ID)
		}
	}
	return out
}

// readJudges reads the table: each cell may list several, and a row stands for
// all combinations.
func readJudges(t *testing.T) map[row]bool {
	t.Helper()
	doc, err := os.ReadFile("../../docs/judges.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[row]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| (accepts|refuses) \|`).FindAllStringSubmatch(string(doc), -1) {
		for _, c := range strings.Split(m[1], ", ") {
			for _, p := range strings.Split(m[2], ", ") {
				for _, j := range strings.Split(m[3], ", ") {
					r := row{c, p, j}
					if rows[r] {
						t.Errorf("docs/judges.md has %v twice", r)
					}
					rows[r] = true
				}
			}
		}
	}
	return rows
}
