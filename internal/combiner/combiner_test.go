package combiner

import (
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/inventory"
)

// source makes one file of PEM certificates and keys.
func source(t *testing.T, name string, parts ...[]byte) Source {
	t.Helper()
	var data []byte
	for _, p := range parts {
		data = append(data, p...)
	}
	c, err := certfile.Read(t.Context(), data, certfile.Password{})
	if err != nil {
		t.Fatal(err)
	}
	return Source{Name: name, Contents: c}
}

func pemOf(cs ...*certificate.Certificate) []byte {
	var ders [][]byte
	for _, c := range cs {
		ders = append(ders, c.Raw)
	}
	return certfile.EncodePEM(ders)
}

func keyPEM(t *testing.T, i certtest.Issuer) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: i.PKCS8(t)})
}

func names(cs []*certificate.Certificate) string { return Describe(cs) }

func TestCombine(t *testing.T) {
	root := certtest.Root(t, "Root")
	upper := certtest.Intermediate(t, root, "Upper")
	lower := certtest.Intermediate(t, upper, "Lower")
	leaf := certtest.Client(t, lower, "leaf")
	renewed := certtest.MakeWithKey(t, &lower, "leaf renewed", leaf.Key, certtest.Valid(0, 900))
	stranger := certtest.Client(t, root, "stranger")
	none := &inventory.Inventory{}
	opt := Options{Now: time.Now()}

	// Any order in the files, one order in the result; the newer certificate
	// of the key; what belongs to nobody is left out.
	r, err := Combine([]Source{
		source(t, "chain.pem", pemOf(root.Certificate, stranger.Certificate, lower.Certificate, upper.Certificate)),
		source(t, "key.pem", keyPEM(t, leaf)),
		source(t, "leaf.pem", pemOf(leaf.Certificate, renewed.Certificate)),
	}, none, opt)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(r.Chain); got != `"Lower", "Upper", "Root"` || r.Leaf.CommonName() != "leaf renewed" || r.Missing != "" {
		t.Errorf("leaf %s, chain %s, missing %q", r.Leaf.CommonName(), got, r.Missing)
	}
	if got := names(r.Unused); got != `"stranger", "leaf"` {
		t.Errorf("unused %s", got)
	}

	// Two keys, each with its certificate; the gap is named.
	r, err = Combine([]Source{
		source(t, "a", keyPEM(t, leaf), pemOf(leaf.Certificate)),
		source(t, "b", pemOf(stranger.Certificate), keyPEM(t, stranger)),
	}, none, opt)
	if err != nil || len(r.Bundle.Keys) != 2 || !strings.HasPrefix(r.Missing, "CN=Lower,") || r.Last != "" {
		t.Errorf("%v, %d keys, missing %q, last %q", err, len(r.Bundle.Keys), r.Missing, r.Last)
	}

	// Without the root the chain ends at a CA, and that is named.
	r, err = Combine([]Source{source(t, "a", keyPEM(t, leaf), pemOf(leaf.Certificate), pemOf(lower.Certificate), pemOf(upper.Certificate))}, none, opt)
	if err != nil || !strings.HasPrefix(r.Missing, "CN=Root") || r.Last != "Upper" {
		t.Errorf("%v, missing %q, last %q", err, r.Missing, r.Last)
	}

	_, err = Combine([]Source{source(t, "a", keyPEM(t, leaf)), source(t, "b", pemOf(stranger.Certificate, root.Certificate))}, none, opt)
	m, ok := errors.AsType[*Mismatch](err)
	if !ok || !errors.Is(err, ErrMismatch) || m.KeyHash != hash(leaf.Certificate.RawSubjectPublicKeyInfo) ||
		len(m.Certificates) != 1 || !strings.HasSuffix(m.Certificates[0], hash(stranger.Certificate.RawSubjectPublicKeyInfo)) {
		t.Errorf("%v", err)
	}
}

// TestCommands runs the openssl commands that are shown, without the
// passwords that people would be asked for.
func TestCommands(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed; make test installs it")
	}
	root := certtest.Root(t, "Root")
	leaf := certtest.Client(t, root, "leaf's own")
	dir := t.TempDir()
	for name, data := range map[string][]byte{"the leaf.pem": pemOf(leaf.Certificate), "key.pem": keyPEM(t, leaf), "root.pem": pemOf(root.Certificate)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sources := []Source{source(t, "the leaf.pem", pemOf(leaf.Certificate)), source(t, "key.pem", keyPEM(t, leaf)), source(t, "root.pem", pemOf(root.Certificate))}
	r, err := Combine(sources, &inventory.Inventory{}, Options{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	run := func(command string) {
		t.Helper()
		command = strings.ReplaceAll(command, "pkcs12 -export", "pkcs12 -export -passin pass:secret -passout pass:secret")
		command = strings.ReplaceAll(command, "pkcs12 -legacy", "pkcs12 -legacy -passin pass:secret -passout pass:secret")
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	for _, info := range certfile.Profiles {
		run(CombineCommand(sources, r, "out.p12", info.Profile))
		run(RewriteCommand("out.p12", "again.p12", info.Profile))
		data, err := os.ReadFile(filepath.Join(dir, "again.p12"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := certfile.Read(t.Context(), data, certfile.Password{Given: true, Text: []byte("secret")})
		if err != nil || len(c.Keys) != 1 || len(c.Certificates) != 2 || c.Keys[0].Certificate < 0 {
			t.Errorf("%s: %v, %+v", info.Profile, err, c)
		}
		ours, err := certfile.EncodePKCS12(r.Bundle, []byte("secret"), info.Profile)
		if err != nil {
			t.Fatal(err)
		}
		o, err := certfile.Read(t.Context(), ours, certfile.Password{Given: true, Text: []byte("secret")})
		if err != nil || o.Protect() != c.Protect() {
			t.Errorf("%s: ours %v, openssl's %v", info.Profile, o.Encryption, c.Encryption)
		}
	}
	for _, c := range SplitCommands("out.p12") {
		run(c)
	}
	for _, name := range []string{"key.pem", "certificate.pem", "chain.pem"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
