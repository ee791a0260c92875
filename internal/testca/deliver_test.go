package testca

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/outfile"
)

// TestIssueTo writes a user's file and note: neither is wider than it should
// be, the note holds no secret, and nothing is issued for a folder that is
// not there.
func TestIssueTo(t *testing.T) {
	a := authority(t, csr.P256)
	signer, err := a.IssuingSigner(t.Context(), nil, []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := Request{Now: time.Now(), Spec: csr.Spec{Subject: csr.Subject{CommonName: "J Doe"}, Purposes: []csr.Purpose{csr.Client}, Key: csr.P256}}
	d := Delivery{Path: filepath.Join(dir, FileName("J Doe", ".pfx")), User: "J Doe", Profile: certfile.Modern}
	res, err := a.IssueTo(r, d, []byte("gr8 secret"), signer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(res.Key, make([]byte, len(res.Key))) {
		t.Error("the key is still in memory")
	}
	if got := d.Existing(); len(got) != 2 || filepath.Base(got[0]) != "J-Doe.pfx" || filepath.Base(got[1]) != "J-Doe.md" {
		t.Errorf("wrote %q", got)
	}
	if st, err := os.Stat(d.Path); err != nil || st.Mode().Perm() != outfile.Private {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	note, err := os.ReadFile(d.Note())
	if err != nil || !bytes.Contains(note, []byte("J-Doe.pfx")) || bytes.Contains(note, []byte(dir)) || bytes.Contains(note, []byte("gr8 secret")) || bytes.Contains(note, []byte("PRIVATE KEY")) {
		t.Errorf("%v, %.400s", err, note)
	}
	if out, err := run(t, dir, "openssl", "pkcs12", "-in", "J-Doe.pfx", "-passin", "pass:gr8 secret", "-nokeys", "-clcerts"); err != nil || !strings.Contains(out, "CN = J Doe") {
		t.Errorf("%v\n%s", err, out)
	}
	// A note that cannot be written leaves no file whose password is lost.
	if err := os.Mkdir(filepath.Join(dir, "other.md"), 0o700); err != nil {
		t.Fatal(err)
	}
	other := Delivery{Path: filepath.Join(dir, "other.pfx"), User: "other", Profile: certfile.Modern}
	if _, err := a.IssueTo(r, other, []byte("p"), signer); err == nil || len(other.Existing()) != 0 {
		t.Errorf("%v, left %q", err, other.Existing())
	}
	before, _ := a.Issued()
	d.Path = filepath.Join(dir, "absent", "x.pfx")
	if _, err := a.IssueTo(r, d, []byte("p"), signer); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if after, _ := a.Issued(); len(after) != len(before) {
		t.Error("issued without a file to put it in")
	}
}

// TestMakeDemo: a demo that cannot be written leaves neither authority nor
// files.
func TestMakeDemo(t *testing.T) {
	dir, folder := Open(t.TempDir()), filepath.Join(t.TempDir(), "site")
	demo, err := MakeDemo(dir, "https://www.example.test/x", folder, []byte(password), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if demo.Host != "www.example.test" || DemoFolder("https://www.example.test/x") != "www.example.test-demo" {
		t.Errorf("%q", demo.Host)
	}
	for _, f := range demo.Files {
		if st, err := os.Stat(filepath.Join(folder, f.Name)); err != nil || f.Secret != (st.Mode().Perm() == outfile.Private) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	for _, s := range demo.Steps()[2:4] {
		if !strings.Contains(s.Text(), folder+"/server.pem") {
			t.Errorf("%s", s.Text())
		}
	}
	if _, err := MakeDemo(dir, "other.example.test", folder, []byte(password), time.Now()); !errors.Is(err, ErrFolder) {
		t.Errorf("%v", err)
	}
	file := filepath.Join(folder, "root.pem")
	if _, err := MakeDemo(dir, "other.example.test", filepath.Join(file, "below"), []byte(password), time.Now()); err == nil {
		t.Error("a folder below a file")
	}
	if names, _ := dir.Names(); len(names) != 1 {
		t.Errorf("left: %q", names)
	}
	if _, err := MakeDemo(dir, "not a host", filepath.Join(t.TempDir(), "x"), []byte(password), time.Now()); err == nil {
		t.Error("a demo for no host")
	}
}

func TestNameOf(t *testing.T) {
	for text, want := range map[string]string{"Example Office": "example-office", " Ärzte & Co. ": "rzte-co.", "../x": "x", "": "", strings.Repeat("a", 80): strings.Repeat("a", 64)} {
		if got := NameOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
