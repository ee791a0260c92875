package request

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/combiner"
	"certdesk/internal/csr"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/placement"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newService(t *testing.T) *Service {
	t.Helper()
	dir := t.TempDir()
	store := certstore.NewMemory()
	clock := func() time.Time { return now }
	imp := &importer.Service{Store: store, Journal: journal.Open(filepath.Join(dir, "journal")), Now: clock}
	s, err := Open(imp, func(k string) string { return map[string]string{"XDG_STATE_HOME": dir}[k] }, "linux")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func options(cn string) Options {
	p, _ := csr.FindProfile("general")
	return Options{Spec: csr.Spec{Subject: csr.Subject{CommonName: cn}, Purposes: []csr.Purpose{csr.Client}, Key: csr.P256}, Profile: p,
		KeyIn: InStore, Location: certstore.User, KDF: certfile.Scrypt}
}

// issue answers a request as a CA does, with its root behind it.
func issue(t *testing.T, der []byte) *certfile.Contents {
	t.Helper()
	req, err := x509.ParseCertificateRequest(der)
	if err == nil {
		err = req.CheckSignature()
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := csr.NewKey(csr.P256)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: now, NotAfter: now.AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), RawSubject: req.RawSubject, NotBefore: now, NotAfter: now.AddDate(1, 0, 0), ExtraExtensions: req.Extensions}
	c := &certfile.Contents{Format: certfile.PEM}
	for _, x := range []struct {
		template *x509.Certificate
		public   crypto.PublicKey
	}{{leaf, req.PublicKey}, {ca, key.Public()}} {
		der, err := x509.CreateCertificate(rand.Reader, x.template, ca, x.public, key)
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = append(c.Certificates, certfile.Cert{Certificate: certificate.Parse(der)})
	}
	return c
}

func TestStoreKey(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	r, err := s.New(ctx, options("a.example.test"))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Open(s.Importer, func(string) string { return filepath.Dir(filepath.Dir(s.Path)) }, "linux")
	if all, err := again.List(); err != nil || len(all) != 1 || all[0].Status != Pending || string(all[0].Request) != string(r.Request) {
		t.Fatalf("after a restart: %+v, %v", all, err)
	}
	if got := s.Waiting(); len(got) != 1 || got[0].Container != certstore.ContainerOf(r.ID) {
		t.Errorf("waiting: %+v", got)
	}
	answer := issue(t, r.Request)
	found, leaf, err := s.Match("", answer)
	if err != nil || found.ID != r.ID {
		t.Fatalf("%+v, %v", found, err)
	}
	plan, err := s.Plan(ctx, found, answer, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if it := plan.Items[0]; it.Store != certstore.My || it.Action != placement.Add || !it.HasKey() {
		t.Errorf("%+v", it)
	}
	if len(plan.Asks()) != 1 {
		t.Error("the root is not asked for")
	}
	report, err := s.Apply(ctx, found, leaf, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if done, _ := s.Find(r.ID); done.Status != Completed || done.Answer.Journal != report.Journal || len(s.Waiting()) != 0 {
		t.Errorf("%+v", done)
	}
	if _, err := s.Importer.Undo(ctx, report.Journal); err != nil {
		t.Fatal(err)
	}
	if back, _ := s.Find(r.ID); back.Status != Pending || back.Answer != nil {
		t.Errorf("after undo: %+v", back)
	}
	// The key waits again: the same answer completes it again, by a plain import too.
	plan, err = s.Importer.Plan(ctx, importer.Source{Name: "x"}, answer, importer.Options{Location: certstore.User})
	if err == nil {
		_, err = s.Importer.Apply(ctx, plan, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if done, _ := s.Find(r.ID); done.Status != Completed {
		t.Errorf("after a plain import: %+v", done)
	}
	if _, err := s.Discard(ctx, must(s.Find(r.ID))); err != nil {
		t.Fatal(err)
	}
	row := rowOf(t, s, leaf)
	if row == nil || row.Key != certstore.KeyPresent {
		t.Errorf("discarding the record of a completed request: %+v", row)
	}

	// Renewed with the same key, and with a new one.
	opt, _ := Renewal(row)
	opt.SameKey = true
	same, err := s.New(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	if string(same.PublicKey) != string(leaf.RawSubjectPublicKeyInfo) {
		t.Error("another key")
	}
	opt.SameKey = false
	other, err := s.New(ctx, opt)
	if err != nil || other.Subject != same.Subject || string(other.PublicKey) == string(same.PublicKey) {
		t.Errorf("%+v, %v", other, err)
	}
	answer = issue(t, same.Request)
	found, leaf, err = s.Match("", answer)
	if err != nil || found.ID != same.ID {
		t.Fatalf("%+v, %v", found, err)
	}
	if plan, err = s.Plan(ctx, found, answer, importer.Options{}); err == nil {
		_, err = s.Apply(ctx, found, leaf, plan, nil)
	}
	if row := rowOf(t, s, leaf); err != nil || row == nil || row.Key != certstore.KeyPresent {
		t.Errorf("%v, %+v", err, row)
	}
}

func must(r Record, err error) Record {
	if err != nil {
		panic(err)
	}
	return r
}

func rowOf(t *testing.T, s *Service, c *certificate.Certificate) *inventory.Row {
	t.Helper()
	inv, errs := inventory.Load(t.Context(), s.Store, inventory.Options{Now: now})
	if errs != nil {
		t.Fatal(errs)
	}
	if rows := inv.At(c.Fingerprint()); len(rows) > 0 {
		return rows[0]
	}
	return nil
}

func TestFileKey(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	o := options("f.example.test")
	o.KeyIn, o.File, o.Password = InFile, filepath.Join(t.TempDir(), "f.csr"), []byte("secret")
	o.Spec.Key = csr.Ed25519
	r, err := s.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	answer := issue(t, r.Request)
	if _, err := s.WithKey(ctx, r, answer, certfile.Password{Given: true, Text: []byte("wrong")}); !errors.Is(err, certfile.ErrPassword) {
		t.Errorf("%v", err)
	}
	full, err := s.WithKey(ctx, r, answer, certfile.Password{Given: true, Text: []byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	f := NewFile{Path: filepath.Join(t.TempDir(), "f.p12"), Profile: certfile.Modern, Password: []byte("new")}
	res, command, err := s.Combine(r, full, &inventory.Inventory{}, f)
	if err != nil || res.Leaf == nil || !strings.Contains(command, r.KeyFile) {
		t.Fatalf("%+v, %q, %v", res, command, err)
	}
	if st, err := os.Stat(f.Path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	if _, _, err := s.Combine(r, full, &inventory.Inventory{}, f); !errors.Is(err, ErrExists) {
		t.Errorf("%v", err)
	}
	if done, _ := s.Find(r.ID); done.Status != Completed || done.Answer.File != f.Path {
		t.Errorf("%+v", done)
	}

	// A key file that was changed since is left alone.
	o.File = filepath.Join(t.TempDir(), "g.csr")
	g, err := s.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.KeyFile, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Discard(ctx, g); !left || err != nil {
		t.Errorf("%v, %v", left, err)
	}
	if data, _ := os.ReadFile(g.KeyFile); string(data) != "mine" {
		t.Errorf("%q", data)
	}
}

// TestNothingIsLeft lets the last step fail: neither key nor record stay.
func TestNothingIsLeft(t *testing.T) {
	s := newService(t)
	o := options("n.example.test")
	o.File = filepath.Join(t.TempDir(), "not-there", "n.csr")
	if _, err := s.New(t.Context(), o); err == nil {
		t.Fatal("written into a folder that is not there")
	}
	if all, err := s.List(); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	o.KeyIn, o.Password = InFile, []byte("x")
	if _, err := s.New(t.Context(), o); err == nil {
		t.Error("a key file in a folder that is not there")
	}
	if all, _ := s.List(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// TestCrash leaves what a crash right after the key was made leaves.
func TestCrash(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	r := Record{ID: s.newID(), Time: now, CommonName: "c", KeyIn: InStore, Location: certstore.User}
	r.Key = &certstore.PendingKey{Location: certstore.User, Container: certstore.ContainerOf(r.ID)}
	if err := s.save(r); err != nil {
		t.Fatal(err)
	}
	key := certstore.KeyRequest{Location: certstore.User, Algorithm: certstore.P256, Name: r.ID}
	g := s.Store.(certstore.KeyGenerator)
	made, err := g.Generate(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Find("c")
	if err != nil || found.Status != Unfinished {
		t.Fatalf("%+v, %v", found, err)
	}
	if _, err := s.Discard(ctx, found); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Pending(ctx, made); !errors.Is(err, certstore.ErrNotFound) {
		t.Errorf("the key is still there: %v", err)
	}
}

func TestMismatch(t *testing.T) {
	s := newService(t)
	a, err := s.New(t.Context(), options("a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.New(t.Context(), options("b"))
	if err != nil {
		t.Fatal(err)
	}
	answer := issue(t, b.Request)
	_, _, err = s.Match(a.ID, answer)
	if !errors.Is(err, combiner.ErrMismatch) || !strings.Contains(err.Error(), a.KeyHash()) || !strings.Contains(err.Error(), b.KeyHash()) {
		t.Errorf("%v", err)
	}
	if _, err := s.Discard(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Match("", answer); !errors.Is(err, ErrNoRequest) || !strings.Contains(err.Error(), a.KeyHash()) {
		t.Errorf("%v", err)
	}
	if _, _, err := s.Match("nobody", answer); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestReadAnswer(t *testing.T) {
	for _, text := range []string{"", "hello", "-----BEGIN CERTIFICATE-----\nMIIB\n", strings.Repeat("A", 500)} {
		if c, err := ReadAnswer(t.Context(), []byte(text)); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}
