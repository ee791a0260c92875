// Command bench measures certctl against the tools people use instead, on the
// same files and databases, in turns, and prints medians and ratios. The
// ratios are what counts: the times are those of a noisy machine.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"certdesk/internal/certificate"
)

func main() {
	log.SetFlags(0)
	count := flag.Int("certificates", 5000, "certificates in the database")
	rounds := flag.Int("rounds", 7, "rounds of each measurement")
	keep := flag.Bool("keep", false, "keep the database and files")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: bench [flags] path/to/certctl")
	}
	certctl, err := filepath.Abs(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "certdesk-bench-")
	if err != nil {
		log.Fatal(err)
	}
	b := &bench{dir: dir, certctl: certctl, rounds: *rounds}
	err = b.run(*count)
	if *keep {
		fmt.Println("kept", dir)
	} else {
		os.RemoveAll(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	dir, certctl string
	rounds       int
}

func (b *bench) run(count int) error {
	thumbprint, err := b.prepare(count)
	if err != nil {
		return err
	}
	for _, k := range []kind{selfSigned, selfSignedCA} {
		if _, err := b.fill(k, count); err != nil {
			return err
		}
	}
	fmt.Printf("medians of %d rounds, tools in turns; ratio = peer / certctl, above 1 is faster\n", b.rounds)
	fmt.Printf("%-28s %10s  %-34s %10s %7s\n", "what", "certctl", "peer", "peer", "ratio")
	db := "sql:" + b.path("db")
	b.compare(fmt.Sprintf("list %d", count), nil,
		b.certctlCommand("list", "--json", "--location", "user"), []string{"certutil", "-L", "-d", db})
	for _, k := range []kind{selfSigned, selfSignedCA} {
		b.compare(fmt.Sprintf("list %d, %s", count, k), nil,
			[]string{"env", "CERTDESK_USER_DB=" + b.path(k.dir()), "XDG_STATE_HOME=" + b.path("state"), b.certctl, "list", "--json", "--location", "user"},
			[]string{"certutil", "-L", "-d", "sql:" + b.path(k.dir())})
	}
	b.compare(fmt.Sprintf("show one of %d", count), nil,
		b.certctlCommand("show", thumbprint, "--json"), []string{"certutil", "-L", "-d", db, "-n", "bench 7"})
	fresh := func() error {
		for _, d := range []string{"a", "b"} {
			if err := os.RemoveAll(b.path(d)); err != nil {
				return err
			}
			if err := os.Mkdir(b.path(d), 0o700); err != nil {
				return err
			}
			if err := quiet("certutil", "-N", "-d", "sql:"+b.path(d), "--empty-password"); err != nil {
				return err
			}
		}
		return nil
	}
	b.compare("import one PFX", fresh,
		[]string{"env", "CERTDESK_USER_DB=" + b.path("a"), "XDG_STATE_HOME=" + b.path("state"), b.certctl, "import", b.path("sample.pfx"), "--password-file", b.path("sample.pass"), "--yes"},
		[]string{"pk12util", "-i", b.path("sample.pfx"), "-d", "sql:" + b.path("b"), "-w", b.path("sample.pass")})
	b.compare("read one PFX", nil,
		b.certctlCommand("show", b.path("sample.pfx"), "--password-file", b.path("sample.pass"), "--json"),
		[]string{"openssl", "pkcs12", "-in", b.path("sample.pfx"), "-passin", "file:" + b.path("sample.pass"), "-nodes"})
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) certctlCommand(args ...string) []string {
	return append([]string{"env", "CERTDESK_USER_DB=" + b.path("db"), "XDG_STATE_HOME=" + b.path("state"), b.certctl}, args...)
}

// compare runs both commands in turns and prints their medians.
func (b *bench) compare(what string, before func() error, ours, peer []string) {
	var a, p []time.Duration
	for range b.rounds {
		if before != nil {
			if err := before(); err != nil {
				log.Fatalf("%s: %v", what, err)
			}
		}
		a = append(a, timed(what, ours))
		p = append(p, timed(what, peer))
	}
	ma, mp := median(a), median(p)
	fmt.Printf("%-28s %8.1fms  %-34s %8.1fms %6.1fx\n", what, ms(ma), strings.Join(peer[:2], " "), ms(mp), float64(mp)/float64(ma))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

func timed(what string, argv []string) time.Duration {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout = io.Discard
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	d := time.Since(start)
	if err != nil {
		log.Fatalf("%s: %s: %v\n%s", what, strings.Join(argv, " "), err, stderr.String())
	}
	return d
}

func quiet(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// A kind is what a database is full of. Which it is decides how the two
// programs compare: certutil is slowest with issued certificates, certctl with
// self-signed CAs, whose signatures it verifies before it calls them roots.
type kind string

const (
	issued       kind = "issued"
	selfSigned   kind = "self-signed"
	selfSignedCA kind = "self-signed CAs"
)

func (k kind) dir() string {
	if k == issued {
		return "db"
	}
	return "db-" + strings.ReplaceAll(string(k), " ", "-")
}

// prepare makes a database of issued certificates, and a PFX with openssl. It
// returns the thumbprint of one certificate.
func (b *bench) prepare(count int) (string, error) {
	chosen, err := b.fill(issued, count)
	if err != nil {
		return "", err
	}
	return chosen, quiet("scripts/sample.sh", b.dir)
}

// fill makes a database of count certificates with certutil's batch mode.
func (b *bench) fill(k kind, count int) (string, error) {
	fmt.Printf("making a database of %d certificates, %s\n", count, k)
	db := b.path(k.dir())
	if err := os.Mkdir(db, 0o700); err != nil {
		return "", err
	}
	if err := quiet("certutil", "-N", "-d", "sql:"+db, "--empty-password"); err != nil {
		return "", err
	}
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	var batch strings.Builder
	chosen := ""
	for i := range count {
		der, err := certificateDER(k, ca, i)
		if err != nil {
			return "", err
		}
		name := filepath.Join(db, fmt.Sprintf("c%d.pem", i))
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			return "", err
		}
		if i == 7 {
			chosen = certificate.FingerprintOf(der).String()
		}
		fmt.Fprintf(&batch, "-A -n \"bench %d\" -t \",,\" -a -i %s\n", i, name)
	}
	file := b.path("batch")
	if err := os.WriteFile(file, []byte(batch.String()), 0o600); err != nil {
		return "", err
	}
	return chosen, quiet("certutil", "-B", "-d", "sql:"+db, "-i", file)
}

// certificateDER makes a certificate with a key of its own, as a store has
// them.
func certificateDER(k kind, ca *ecdsa.PrivateKey, i int) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(int64(1_000_000 + i)), Subject: pkix.Name{CommonName: fmt.Sprintf("bench %d", i), Organization: []string{"Bench"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		DNSNames: []string{fmt.Sprintf("host%d.bench.example", i)},
	}
	parent, signer := t, key
	switch k {
	case issued:
		parent, signer = &x509.Certificate{Subject: pkix.Name{CommonName: "Bench CA"}}, ca
	case selfSignedCA:
		t.BasicConstraintsValid, t.IsCA, t.KeyUsage, t.ExtKeyUsage, t.DNSNames = true, true, x509.KeyUsageCertSign, nil, nil
	}
	return x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
}
