package certstore

import (
	"bytes"
	"context"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// tool runs one of NSS's own tools on a database.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	out, err := exec.Command(name, append([]string{"-d", "sql:" + dir}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// opened returns the database in dir, opened afresh; password is what somebody
// types who is asked.
func opened(t *testing.T, dir, password string) *database {
	ask := func(context.Context, string, bool) ([]byte, error) { return []byte(password), nil }
	d := newDatabase(User, dir, 0o700, func() (*nss.Library, error) { return nss.Load("") }, ask)
	t.Cleanup(d.Close)
	return d
}

// checkOverview compares an overview with the verified listing, which it
// returns by friendly name. sampled says whether the overview may do without
// verifying each object.
func checkOverview(t *testing.T, d *database, sampled bool) map[string]Entry {
	t.Helper()
	read := func(seen func(*certificate.Certificate)) map[string]Entry {
		all := map[string]Entry{}
		for e, err := range d.entries(t.Context(), seen) {
			if err != nil {
				t.Fatal(err)
			}
			all[e.FriendlyName] = e
		}
		return all
	}
	seen := map[*certificate.Certificate]bool{}
	all, fast := read(nil), read(func(c *certificate.Certificate) { seen[c] = true })
	if len(fast) != len(all) || len(seen) != len(all) {
		t.Errorf("an overview of %d has %d, and %d were seen", len(all), len(fast), len(seen))
	}
	for name, e := range fast {
		if !seen[e.Parse()] {
			t.Errorf("%s was not seen", name)
		}
		want := all[name]
		if !bytes.Equal(e.DER, want.DER) || e.Store != want.Store || e.Anchor() != want.Anchor() || e.Key != want.Key {
			t.Errorf("%s: an overview says %s, trusted %t, key %s; verified it is %s, %t, %s",
				name, e.Store, e.Anchor(), e.Key, want.Store, want.Anchor(), want.Key)
		}
	}
	err := d.Read(t.Context(), func(s *nss.Session) error {
		verified, err := allTrust(s)
		if fast := d.trustOverview(t.Context(), s); (fast != nil) != sampled {
			t.Errorf("reads %d trust objects without verifying them: %t, want %t", len(fast), fast != nil, sampled)
		} else if sampled && !maps.Equal(fast, verified) {
			t.Error("not all trust is what it is when it is verified")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// trustedRoots makes a database with enough trusted roots for an overview.
func trustedRoots(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "db")
	fill(t, dir, manyTrusts, sort{ca: true, trust: Root})
	return dir
}

func TestOverview(t *testing.T) {
	dir := trustedRoots(t)
	root := certtest.Root(t, "Issuer")
	kinds := map[string]func(string) certtest.Issuer{
		"root":     func(name string) certtest.Issuer { return certtest.Root(t, name) },
		"inter":    func(name string) certtest.Issuer { return certtest.Intermediate(t, root, name) },
		"person":   func(name string) certtest.Issuer { return certtest.Client(t, root, name) },
		"selfmade": func(name string) certtest.Issuer { return certtest.Make(t, nil, name) },
	}
	trusts := map[string]Name{"CT,C,C": Root, "C,,": Root, "T,,": Root, ",C,": Root, "P,,": TrustedPeople, "P,P,P": TrustedPeople, ",,P": TrustedPeople,
		"p,,": Disallowed, "p,p,p": Disallowed, "c,,": "", "c,c,c": "", ",,": "", "Cp,,": Disallowed, "CP,P,": Root}
	for kind, make := range kinds {
		for flags := range trusts {
			name := kind + " " + flags
			file := filepath.Join(t.TempDir(), "c.pem")
			if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: make(name).Raw}), 0o600); err != nil {
				t.Fatal(err)
			}
			tool(t, dir, "certutil", "-A", "-n", name, "-t", flags, "-i", file)
		}
	}
	tool(t, dir, "certutil", "-M", "-n", "root CT,C,C", "-t", ",,") // an object that says nothing
	all := checkOverview(t, opened(t, dir, ""), true)
	if len(all) != manyTrusts+len(kinds)*len(trusts) {
		t.Errorf("%d are listed", len(all))
	}
	for kind := range kinds {
		for flags, want := range trusts {
			name := kind + " " + flags
			if want == "" || name == "root CT,C,C" {
				want = People
				if kind == "root" || kind == "inter" {
					want = CA
				}
			}
			if e := all[name]; e.Store != want {
				t.Errorf("%s: in %s, want %s", name, e.Store, want)
			}
		}
	}
}

// Trust that key4.db has no signature for counts for nothing, whatever
// cert9.db holds.
func TestOverviewWithoutSignatures(t *testing.T) {
	dir, other := trustedRoots(t), t.TempDir()
	key := filepath.Join(dir, "key4.db")
	older, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	in := func(all map[string]Entry, store Name) (n int) {
		for _, e := range all {
			if e.Store == store {
				n++
			}
		}
		return n
	}
	if n := in(checkOverview(t, opened(t, dir, ""), true), Root); n != manyTrusts {
		t.Errorf("%d trusted roots", n)
	}

	// A copy from before the last certificate was trusted.
	file := filepath.Join(other, "c.der")
	if err := os.WriteFile(file, certtest.Root(t, "Last").Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "certutil", "-A", "-n", "last", "-t", "C,,", "-i", file)
	if err := os.WriteFile(key, older, 0o600); err != nil {
		t.Fatal(err)
	}
	all := checkOverview(t, opened(t, dir, ""), false)
	if n := in(all, Root); n != manyTrusts || all["last"].Store != CA {
		t.Errorf("with an older key4.db %d trusted roots, and the last is in %s", n, all["last"].Store)
	}

	// Somebody else's.
	tool(t, other, "certutil", "-N", "--empty-password")
	foreign, err := os.ReadFile(filepath.Join(other, "key4.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := in(checkOverview(t, opened(t, dir, ""), false), CA); n != manyTrusts+1 {
		t.Errorf("with another key4.db %d certificates are without trust", n)
	}
	if out := tool(t, dir, "certutil", "-L"); strings.Contains(out, "C,") || strings.Count(out, ",,") != manyTrusts+1 {
		t.Errorf("certutil sees trust:\n%s", out)
	}
}

// With a password that was given, each signature is verified: it proves that
// the owner set the trust.
func TestOverviewWithPassword(t *testing.T) {
	dir, other := trustedRoots(t), t.TempDir()
	old, password := filepath.Join(other, "old"), filepath.Join(other, "password")
	for path, text := range map[string]string{old: "\n", password: "secret\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool(t, dir, "certutil", "-W", "-f", old, "-@", password)
	d := opened(t, dir, "secret")
	checkOverview(t, d, true)
	if err := d.ReadKeys(t.Context(), func(*nss.Session) error { return nil }); err != nil {
		t.Fatal(err)
	}
	checkOverview(t, d, false)
}
