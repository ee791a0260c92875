package testca

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/check"
	"certdesk/internal/csr"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

const password = "ca password"

func authority(t *testing.T, key csr.KeyType) *Authority {
	t.Helper()
	a, err := Open(t.TempDir()).Init(Spec{Name: "demo", Subject: csr.Subject{CommonName: "Demo", Organization: "Tests", Country: "nl"},
		Key: key, Intermediate: true, Now: time.Now()}, []byte(password), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t *testing.T, a *Authority, p csr.Purpose, key csr.KeyType, f Fault) *Result {
	t.Helper()
	signer, err := a.Signer(a.Issuing(), []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Issue(Request{Fault: f, Now: time.Now(), Spec: csr.Spec{
		Subject: csr.Subject{CommonName: "www.example.test"}, Purposes: []csr.Purpose{p}, Key: key,
		Names: csr.Names{DNS: []string{"www.example.test"}, Email: []string{"someone@example.test"}},
	}}, signer)
	if err != nil {
		t.Fatalf("%s %s: %v", p, f, err)
	}
	return r
}

// judge returns the findings of a certificate as it would be in a PFX file.
func judge(t *testing.T, a *Authority, r *Result, p csr.Purpose) []string {
	t.Helper()
	inv := &inventory.Inventory{}
	s := check.Subject{Certificate: r.Certificate, PFX: true, HasKey: true, Extra: r.Chain}
	var ids []string
	for _, f := range check.Judge(s, Judged(p), inv, check.Options{Now: time.Now(), Host: map[bool]string{true: "www.example.test"}[p == csr.Server]}).Findings {
		if f.Severity != finding.Info || f.ID == "C-04" {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// TestFaults issues every fault for every purpose, with both kinds of keys:
// exactly the findings named come on top of those of a right certificate.
func TestFaults(t *testing.T) {
	for _, key := range []csr.KeyType{csr.P256, csr.RSA2048} {
		a := authority(t, key)
		for _, info := range csr.Purposes {
			p := info.Purpose
			right := judge(t, a, issue(t, a, p, key, ""), p)
			if want := []string{"T-01"}; !slices.Equal(right, want) { // the root is not trusted here
				t.Errorf("%s %s: a right certificate has %v, want %v", key, p, right, want)
			}
			for _, f := range Faults {
				if f.Findings[p] == nil {
					if _, err := faultInfo(f.Fault, p); !errors.Is(err, errFault) {
						t.Errorf("%s %s: %v", p, f.Fault, err)
					}
					continue
				}
				got := judge(t, a, issue(t, a, p, key, f.Fault), p)
				got = slices.DeleteFunc(got, func(id string) bool { return id == "T-01" })
				if want := f.Expected(p, key); !slices.Equal(got, want) {
					t.Errorf("%s %s %s: %v, want %v", key, p, f.Fault, got, want)
				}
			}
		}
	}
}

func run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skip(args[0] + " is not installed; make test installs it")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestOpenSSL lets openssl verify what is issued, for its purpose, and see
// the revocation.
func TestOpenSSL(t *testing.T) {
	for _, key := range []csr.KeyType{csr.P256, csr.RSA2048, csr.Ed25519} {
		a := authority(t, key)
		dir := t.TempDir()
		write := func(name string, certs ...*certificate.Certificate) {
			var ders [][]byte
			for _, c := range certs {
				ders = append(ders, c.Raw)
			}
			if err := os.WriteFile(filepath.Join(dir, name), certfile.EncodePEM(ders), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("root.pem", a.Certificate(Root))
		write("inter.pem", a.Certificate(Intermediate))
		for p, purpose := range map[csr.Purpose]string{csr.Server: "sslserver", csr.Client: "sslclient", csr.Email: "smimesign"} {
			r := issue(t, a, p, key, "")
			write("leaf.pem", r.Certificate)
			if out, err := run(t, dir, "openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "root.pem", "-untrusted", "inter.pem", "leaf.pem"); err != nil {
				t.Errorf("%s %s: %s", key, p, out)
			}
			if n := len(r.Certificate.SerialNumber); n != 16 {
				t.Errorf("a serial number of %d octets", n)
			}
		}
		bad, good := issue(t, a, csr.Client, key, ""), issue(t, a, csr.Client, key, "")
		if _, err := a.Revoke(bad.Serial, Reasons["key-compromise"], time.Now()); err != nil {
			t.Fatal(err)
		}
		signer, err := a.Signer(Intermediate, []byte(password))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := a.CRL(signer, 0, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		write("bad.pem", bad.Certificate)
		write("good.pem", good.Certificate)
		crl := filepath.Join(a.Path(), "crl.pem")
		verify := []string{"openssl", "verify", "-crl_check", "-CRLfile", crl, "-CAfile", "root.pem", "-untrusted", "inter.pem"}
		if out, err := run(t, dir, append(verify, "good.pem")...); err != nil {
			t.Errorf("%s: %s", key, out)
		}
		if out, err := run(t, dir, append(verify, "bad.pem")...); err == nil || !strings.Contains(out, "revoked") {
			t.Errorf("%s: %v %s", key, err, out)
		}
		if out, _ := run(t, dir, "openssl", "crl", "-in", crl, "-noout", "-crlnumber"); strings.TrimSpace(out) != "crlNumber=0x02" && strings.TrimSpace(out) != "crlNumber=02" {
			t.Errorf("%q", out)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := Open(filepath.Join(t.TempDir(), "ca"))
	if _, err := dir.Load(""); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	spec := Spec{Name: "demo", Subject: csr.Subject{CommonName: "Demo"}, Key: csr.P256, Now: time.Now()}
	a, err := dir.Init(spec, []byte(password), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Init(spec, []byte(password), nil, nil); !errors.Is(err, ErrExists) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"", "..", "a/b", ".new-x", "-x"} {
		spec.Name = name
		if _, err := dir.Init(spec, []byte(password), nil, nil); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	loaded, err := dir.Load("")
	if err != nil || loaded.Issuing() != Root || !bytes.Equal(loaded.Certificate(Root).Raw, a.Certificate(Root).Raw) {
		t.Errorf("%v, %+v", err, loaded)
	}
	if _, err := loaded.Signer(Root, []byte("wrong")); !errors.Is(err, certfile.ErrPassword) {
		t.Errorf("%v", err)
	}
	st, err := os.Stat(filepath.Join(a.Path(), "root.key.pem"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	// An empty password makes nothing.
	spec.Name = "other"
	if _, err := dir.Init(spec, nil, nil, nil); err == nil {
		t.Error("a key without a password")
	}
	if names, err := dir.Names(); err != nil || !slices.Equal(names, []string{"demo"}) {
		t.Errorf("%v, %v", names, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(a.Path()), ".new-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestFileName(t *testing.T) {
	for user, want := range map[string]string{
		"jdoe": "jdoe.pfx", `..\..\x`: "x.pfx", "a/b": "a-b.pfx", "Müller, Jörg": "Müller,-Jörg.pfx", "con": "user-con.pfx", "nul.txt": "user-nul.txt.pfx",
		"": "user.pfx", "-rf": "rf.pfx", "a\x00b": "a-b.pfx", "DOMAIN\\user": "DOMAIN-user.pfx",
	} {
		if got := FileName(user, ".pfx"); got != want {
			t.Errorf("%q: %q, want %q", user, got, want)
		}
	}
}
