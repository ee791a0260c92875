package signatures

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// forged returns a CA certificate that names itself as its issuer and whose
// signature does not verify.
func forged(t *testing.T) []byte {
	der := bytes.Clone(certtest.Root(t, "Forged").Raw)
	i := bytes.Index(der, []byte("Forged"))
	copy(der[i:], "Farged")
	i = bytes.LastIndex(der, []byte("Forged"))
	copy(der[i:], "Farged")
	return der
}

// roots makes as many as a file is written for, verified by s.
func roots(t *testing.T, s *Cache) {
	for i := range worthIt {
		c := certificate.Parse(certtest.Root(t, fmt.Sprint("Root ", i)).Raw)
		s.Verify(c)
		if c.Role() != certificate.Root {
			t.Fatalf("root %d is %s", i, c.Role())
		}
	}
}

func role(s *Cache, der []byte) certificate.Role {
	c := certificate.Parse(der)
	s.Verify(c)
	return c.Role()
}

// file returns what Save would write of these certificates.
func file(ders ...[]byte) []byte {
	data := []byte(header)
	for _, der := range ders {
		fp := certificate.FingerprintOf(der)
		data = append(data, fp[:]...)
	}
	sum := sha256.Sum256(data)
	return append(data, sum[:]...)
}

func TestRemembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "self-signatures")
	s := Open(path)
	roots(t, s)
	s.Save()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	known := load(path)
	if len(known) != worthIt*size {
		t.Fatalf("the file holds %d octets", len(known))
	}
	again := Open(path)
	fp := certificate.Fingerprint(known[size:])
	if !again.knows(fp) || !again.knows(certificate.Fingerprint(known)) || !again.knows(certificate.Fingerprint(known[len(known)-size:])) {
		t.Error("an entry of the file is not found")
	}
	if again.knows(certificate.FingerprintOf(nil)) {
		t.Error("knows what it never saw")
	}
	roots(t, again)
	again.Save()
	if n := len(load(path)); n != 2*worthIt*size {
		t.Errorf("after more roots the file holds %d octets", n)
	}
}

func TestFewAreNotWorthAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "self-signatures")
	s := Open(path)
	if r := role(s, certtest.Root(t, "One").Raw); r != certificate.Root {
		t.Error(r)
	}
	s.Save()
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written for one root")
	}
}

func TestDoesNotVouch(t *testing.T) {
	der := forged(t)
	intermediate := certtest.Intermediate(t, certtest.Root(t, "Root"), "Intermediate").Raw
	person := certtest.Make(t, nil, "Person").Raw
	path := filepath.Join(t.TempDir(), "self-signatures")
	for _, s := range []*Cache{nil, Open(""), Open(path)} {
		if r := role(s, der); r != certificate.Intermediate {
			t.Errorf("forged root is %s", r)
		}
	}
	if err := os.WriteFile(path, file(intermediate, person), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := role(Open(path), intermediate); r != certificate.Intermediate {
		t.Errorf("an intermediate that the file names is %s", r)
	}
	if r := role(Open(path), person); r != certificate.SelfSigned {
		t.Errorf("a self-signed end entity that the file names is %s", r)
	}
}

func TestDamagedFile(t *testing.T) {
	der := forged(t)
	good := file(der)
	flipped := bytes.Clone(good)
	flipped[len(header)]++
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"empty": {}, "truncated": good[:len(good)-1], "entry missing": append(good[:len(header):len(header)], good[len(header)+size:]...),
		"flipped": flipped, "header": append([]byte("certdesk self-signatures 9\n"), good[len(header):]...),
		"too large": append(good, make([]byte, (maxEntries+2)*size)...), "random": bytes.Repeat([]byte{7}, 999),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s := Open(path)
		if r := role(s, der); r != certificate.Intermediate {
			t.Errorf("%s: %s was taken from a damaged file", name, r)
		}
		roots(t, s)
		s.Save()
		if n := len(load(path)); n != worthIt*size {
			t.Errorf("%s: written anew, the file holds %d octets", name, n)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "good"), good, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := role(Open(filepath.Join(dir, "good")), der); r != certificate.Root {
		t.Errorf("the undamaged file was not read: %s", r) // else this test could not fail
	}
	s := Open(dir) // a directory
	roots(t, s)
	s.Save()
}
