package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"testing"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// fill adds n certificates to a database within one session, which is faster
// than n calls of Put. Without a key each gets one of its own.
func fill(t testing.TB, dir string, n int, key crypto.Signer) {
	t.Helper()
	d := newDatabase(User, dir, 0o700, func() (*nss.Library, error) { return nss.Load("") }, nil)
	defer d.Close()
	issuer := certtest.Root(t, "Issuer")
	err := d.change(t.Context(), false, true, func(s *nss.Session) error {
		for i := range n {
			k := key
			if k == nil {
				var err error
				if k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
					return err
				}
			}
			c := certtest.MakeWithKey(t, &issuer, fmt.Sprintf("Certificate %06d", i), k)
			if _, err := s.Create(certificateObject(c.Certificate, c.CommonName())...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFill makes the databases that BenchmarkEntries reads and that other
// programs are compared on, in the directory CERTDESK_BENCH.
func TestFill(t *testing.T) {
	dir := os.Getenv("CERTDESK_BENCH")
	if dir == "" {
		t.Skip("CERTDESK_BENCH does not name a directory to fill")
	}
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		n    int
		key  crypto.Signer
	}{{"ec5000", 5000, nil}, {"rsa5000", 5000, rsa2048}, {"ec50000", 50000, nil}} {
		if _, err := os.Stat(dir + "/" + tt.name); err == nil {
			continue
		}
		fill(t, dir+"/"+tt.name, tt.n, tt.key)
	}
}

// BenchmarkEntries lists the databases of TestFill, each time with a Store
// opened for it.
func BenchmarkEntries(b *testing.B) {
	dir := os.Getenv("CERTDESK_BENCH")
	if dir == "" {
		b.Skip("CERTDESK_BENCH does not name a directory that TestFill filled")
	}
	for _, name := range []string{"ec5000", "rsa5000", "ec50000"} {
		if _, err := os.Stat(dir + "/" + name); err != nil {
			continue
		}
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
					certificate.Parse(e.DER)
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
