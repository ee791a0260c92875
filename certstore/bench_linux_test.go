package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certtest"
)

// fill adds n certificates to a database within one session, which is faster
// than n calls of Put.
func fill(t testing.TB, dir string, n int, sorts ...sort) {
	t.Helper()
	d := newDatabase(User, dir, 0o700, func() (*nss.Library, error) { return nss.Load("") }, nil)
	defer d.Close()
	issuer := certtest.Root(t, "Issuer")
	err := d.change(t.Context(), true, true, func(s *nss.Session) error {
		for i := range n {
			if err := sorts[i%len(sorts)].add(t, d, s, &issuer, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A sort is what a database is full of. Which it is decides how two programs
// compare.
type sort struct {
	name            string
	issued, ca, rsa bool
	trust           Name // a trust object that says so
	personal        bool // a private key
}

var sorts = []sort{
	{name: "issued-ec", issued: true}, {name: "issued-rsa", issued: true, rsa: true},
	{name: "self-signed-ec"}, {name: "self-signed-rsa", rsa: true},
	{name: "roots-ec", ca: true}, {name: "roots-rsa", ca: true, rsa: true},
	{name: "trusted-roots-ec", ca: true, trust: Root}, {name: "trusted-people-ec", ca: true, trust: TrustedPeople},
	{name: "personal-ec", issued: true, personal: true}, {name: "trusted-personal-ec", ca: true, trust: Root, personal: true},
}

var rsaKeys = sync.OnceValue(func() (keys [16]crypto.Signer) { // making one takes longer than all else
	for i := range keys {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = k
	}
	return keys
})

// add makes certificate i and stores it.
func (k sort) add(t testing.TB, d *database, s *nss.Session, issuer *certtest.Issuer, i int) error {
	var key crypto.Signer
	var err error
	if k.rsa {
		keys := rsaKeys()
		key = keys[i%len(keys)]
	} else if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	opts := []certtest.Option{certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth), certtest.DNS(fmt.Sprintf("host%d.example", i))}
	if k.ca {
		opts = []certtest.Option{certtest.CA}
	}
	if !k.issued {
		issuer = nil
	}
	c := certtest.MakeWithKey(t, issuer, fmt.Sprintf("Certificate %06d", i), key, opts...)
	if _, err = s.Create(certificateObject(c.Certificate, c.CommonName())...); err != nil {
		return err
	}
	if k.trust != "" {
		if err := setTrust(s, c.Certificate, nil, trustOf(k.trust)); err != nil {
			return err
		}
	}
	if !k.personal {
		return nil
	}
	lib, err := d.Library()
	if err != nil {
		return err
	}
	pair, err := newKeyPair(c.Certificate, c.PKCS8(t), lib, true)
	if err != nil {
		return err
	}
	if _, err = s.Create(pair.public...); err == nil {
		_, err = s.Create(append(pair.private, nss.Text(nss.CKA_LABEL, c.CommonName()))...)
	}
	return err
}

// TestFill makes the databases that BenchmarkEntries and `make bench` read, in
// the directory CERTDESK_BENCH: one of each sort with CERTDESK_BENCH_COUNT
// certificates, and one of all sorts mixed. CERTDESK_BENCH_SORT names those
// that are wanted, separated by commas; without it all are.
func TestFill(t *testing.T) {
	dir, count, only := os.Getenv("CERTDESK_BENCH"), 5000, os.Getenv("CERTDESK_BENCH_SORT")
	if dir == "" {
		t.Skip("CERTDESK_BENCH does not name a directory to fill")
	}
	if n := os.Getenv("CERTDESK_BENCH_COUNT"); n != "" {
		var err error
		if count, err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
	}
	wanted := func(name string) bool {
		return only == "" || only == "all" || slices.Contains(strings.Split(only, ","), name)
	}
	for _, k := range sorts {
		if wanted(k.name) {
			fill(t, filepath.Join(dir, k.name), count, k)
		}
	}
	if wanted("mixed") {
		fill(t, filepath.Join(dir, "mixed"), count, sorts...)
	}
}

// BenchmarkEntries lists the databases of TestFill, each time with a Store
// opened for it.
func BenchmarkEntries(b *testing.B) {
	dir := os.Getenv("CERTDESK_BENCH")
	if dir == "" {
		b.Skip("CERTDESK_BENCH does not name a directory that TestFill filled")
	}
	databases, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, database := range databases {
		name := database.Name()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				store, err := Open(context.Background(), Options{Getenv: func(v string) string {
					if v == "CERTDESK_USER_DB" {
						return dir + "/" + name
					}
					return ""
				}})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for e, err := range store.Entries(context.Background(), User) {
					if err != nil {
						b.Fatal(err)
					}
					e.Parse()
					n++
				}
				_ = store.Close()
				if n == 0 {
					b.Fatal("nothing listed")
				}
			}
		})
	}
}
