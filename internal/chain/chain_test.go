package chain_test

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

func load(t *testing.T, store certstore.Store) *inventory.Inventory {
	t.Helper()
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return inv
}

func put(t *testing.T, store certstore.Store, loc certstore.Location, name certstore.Name, c *certificate.Certificate) {
	t.Helper()
	if err := store.Put(t.Context(), loc, name, certstore.Item{DER: c.Raw}); err != nil {
		t.Fatal(err)
	}
}

func build(t *testing.T, store certstore.Store, leaf *certificate.Certificate, p finding.Purpose, extra ...*certificate.Certificate) chain.Result {
	t.Helper()
	return chain.Build(load(t, store), leaf, chain.Options{Now: certtest.Now, Purpose: p, Extra: chain.FromFile(extra)})
}

func text(p chain.Path) string {
	var out []string
	for _, l := range p.Links {
		name := l.Name
		if l.Status == chain.Missing {
			name = "?"
		}
		out = append(out, name+" "+string(l.Status)+" "+string(l.Found))
	}
	return strings.Join(out, ", ")
}

func ids(fs []finding.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.ID)
	}
	return strings.Join(out, " ")
}

// TestWhereFound builds one chain from nothing, from a file, from stores.
func TestWhereFound(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	expired := certtest.MakeWithKey(t, &root, "Sub", inter.Key, certtest.CA, certtest.Valid(-50, -1)) // the same name and key, worn out
	leaf := certtest.Client(t, inter, "Leaf").Certificate
	store := certstore.NewMemory()
	want := func(what string, r chain.Result, path, findings string, p finding.Purpose) {
		t.Helper()
		if got := text(r.Best()); got != path {
			t.Errorf("%s: %s, want %s", what, got, path)
		}
		if got := ids(r.Findings(p)); got != findings {
			t.Errorf("%s: findings %q, want %q", what, got, findings)
		}
	}
	want("empty stores", build(t, store, leaf, finding.Client), "Leaf ok file, ? missing missing", "C-08", finding.Client)
	want("empty stores", build(t, store, leaf, finding.Server), "Leaf ok file, ? missing missing", "S-19", finding.Server)
	want("from the file", build(t, store, leaf, finding.Server, root.Certificate, expired.Certificate, inter.Certificate),
		"Leaf ok file, Sub ok file, Root not-trusted file", "T-01", finding.Server)
	put(t, store, certstore.User, certstore.Root, root.Certificate)
	put(t, store, certstore.User, certstore.CA, inter.Certificate)
	want("trusted", build(t, store, leaf, finding.Client), "Leaf ok file, Sub ok store, Root trusted store", "", finding.Client)
	put(t, store, certstore.User, certstore.CA, expired.Certificate)
	want("expired twin", build(t, store, leaf, finding.Client), "Leaf ok file, Sub ok store, Root trusted store", "P-11", finding.Client)
	put(t, store, certstore.Machine, certstore.Disallowed, inter.Certificate)
	blocked := build(t, store, leaf, finding.Client)
	want("blocked, but for the expired twin", blocked, "Leaf ok file, Sub expired store, Root trusted store", "A-09", finding.Client)
	if got := text(blocked.Paths[1]); got != "Leaf ok file, Sub blocked store, Root trusted store" {
		t.Errorf("second path: %s", got)
	}
	for _, r := range load(t, store).Rows {
		if r.Certificate.Fingerprint() == expired.Certificate.Fingerprint() {
			if err := store.Delete(t.Context(), r.Ref(), certstore.DeleteAll); err != nil {
				t.Fatal(err)
			}
		}
	}
	want("blocked", build(t, store, leaf, finding.Client), "Leaf ok file, Sub blocked store, Root trusted store", "P-05", finding.Client)
}

// TestCrossSigned wants both paths of a CA that two roots signed, the trusted
// one first, whichever was found first.
func TestCrossSigned(t *testing.T) {
	old, next := certtest.Root(t, "Old Root"), certtest.Root(t, "New Root")
	cross := certtest.MakeWithKey(t, &old, "New Root", next.Key, certtest.CA)
	leaf := certtest.Client(t, next, "Leaf").Certificate
	for _, trusted := range []certtest.Issuer{old, next} {
		store := certstore.NewMemory()
		put(t, store, certstore.User, certstore.Root, trusted.Certificate)
		r := build(t, store, leaf, finding.Client, cross.Certificate, old.Certificate, next.Certificate)
		if len(r.Paths) != 2 || r.Cut {
			t.Fatalf("%s trusted: %d paths", trusted.CommonName(), len(r.Paths))
		}
		if end := r.Best().End(); end.Status != chain.Trusted || end.Name != trusted.CommonName() {
			t.Errorf("%s trusted: the best path is %s", trusted.CommonName(), text(r.Best()))
		}
	}
}

// TestMesh wants an answer from CAs that all signed each other.
func TestMesh(t *testing.T) {
	var roots []certtest.Issuer
	for _, n := range "ABCDEFGH" {
		roots = append(roots, certtest.Root(t, string(n)))
	}
	var all []*certificate.Certificate
	for i := range roots {
		for j := range roots {
			if i != j {
				all = append(all, certtest.MakeWithKey(t, &roots[i], roots[j].CommonName(), roots[j].Key, certtest.CA).Certificate)
			}
		}
	}
	r := build(t, certstore.NewMemory(), certtest.Client(t, roots[0], "Leaf").Certificate, finding.Client, all...)
	if !r.Cut || len(r.Paths) == 0 || len(r.Paths) > 30 {
		t.Errorf("%d paths, cut %v", len(r.Paths), r.Cut)
	}
	for _, p := range r.Paths {
		if len(p.Links) > 13 {
			t.Errorf("a path of %d", len(p.Links))
		}
	}
}

// TestRejected wants to hear why a certificate with the issuer's name is not
// the issuer.
func TestRejected(t *testing.T) {
	root := certtest.Root(t, "Root")
	namesake := certtest.Root(t, "Root")
	leaf := certtest.Client(t, root, "Leaf").Certificate
	r := build(t, certstore.NewMemory(), leaf, finding.Client, namesake.Certificate)
	if got := ids(r.Findings(finding.Client)); got != "T-02 C-08" {
		t.Fatalf("findings %s", got)
	}
	end := r.Best().End()
	if !bytes.Equal(end.KeyID, root.SubjectKeyID) || len(end.Rejected) != 1 {
		t.Errorf("missing %+v", end)
	}
	damaged := bytes.Clone(leaf.Raw)
	damaged[len(damaged)-1] ^= 1
	r = build(t, certstore.NewMemory(), certificate.Parse(damaged), finding.Client, root.Certificate)
	fs := r.Findings(finding.Client)
	if ids(fs) != "T-02 C-08" || !strings.Contains(finding.WordsOf(fs[0]).Message, "damaged or forged") {
		t.Errorf("damaged: %+v", fs)
	}
}

// TestNameEncoding wants the CA named whose name is the issuer's but for its
// encoding.
func TestNameEncoding(t *testing.T) {
	root := certtest.Root(t, "Root")
	plain := certtest.Client(t, root, "Leaf").Certificate
	leaf := certtest.Resign(t, root, plain, func(tbs []byte) []byte {
		return bytes.Replace(tbs, plain.RawIssuer, bytes.ReplaceAll(plain.RawIssuer, []byte{0x13}, []byte{0x0c}), 1)
	})
	if bytes.Equal(leaf.RawIssuer, root.RawSubject) {
		t.Fatal("the names are the same")
	}
	stored := certstore.NewMemory()
	put(t, stored, certstore.User, certstore.Root, root.Certificate)
	for _, r := range []chain.Result{build(t, stored, leaf, finding.Client), build(t, certstore.NewMemory(), leaf, finding.Client, root.Certificate)} {
		fs := r.Findings(finding.Client)
		if ids(fs) != "T-02 C-08" || !strings.Contains(finding.WordsOf(fs[0]).Message, "byte for byte") {
			t.Errorf("%+v", fs)
		}
	}
	other := certtest.Root(t, "Root")
	if r := build(t, certstore.NewMemory(), leaf, finding.Client, other.Certificate); ids(r.Findings(finding.Client)) != "C-08" {
		t.Errorf("of another key: %+v", r.Findings(finding.Client))
	}
}

// TestAccept is the question of the MOVEit administrator: what must be
// trusted where, so that this computer accepts the client's certificate?
func TestAccept(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf").Certificate
	own := certtest.Make(t, nil, "Own", certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth)).Certificate
	actions := func(store certstore.Store, c *certificate.Certificate, extra ...*certificate.Certificate) (chain.Acceptance, string) {
		a := build(t, store, c, finding.Client, extra...).Accept(load(t, store))
		var out []string
		for _, x := range a.Actions {
			out = append(out, strings.TrimSpace(string(x.Do)+" "+x.Name+" "+string(x.Location)+"/"+string(x.Store)))
			if x.Text == "" {
				t.Errorf("%s %s has no words", x.Do, x.Name)
			}
		}
		return a, strings.Join(out, ", ")
	}
	store := certstore.NewMemory()
	if a, got := actions(store, own); a.Accepted || got != "add Own machine/root" {
		t.Errorf("self-signed: %s", got)
	}
	a, got := actions(store, leaf)
	if a.Accepted || got != "get "+leaf.Issuer().String()+" /" || !strings.Contains(a.Actions[0].Text, hex.EncodeToString(inter.SubjectKeyID)) {
		t.Errorf("unknown CA: %s %+v", got, a)
	}
	if _, got := actions(store, leaf, inter.Certificate, root.Certificate); got != "add Sub machine/ca, add Root machine/root" {
		t.Errorf("from a file: %s", got)
	}
	put(t, store, certstore.User, certstore.Root, root.Certificate)
	put(t, store, certstore.User, certstore.CA, inter.Certificate)
	if a, got := actions(store, leaf); a.Accepted || !a.User || got != "add Root machine/root" {
		t.Errorf("trusted by the user only: %s %+v", got, a)
	}
	put(t, store, certstore.Machine, certstore.Root, root.Certificate)
	if a, got := actions(store, leaf); !a.Accepted || got != "" {
		t.Errorf("trusted: %s", got)
	}
	put(t, store, certstore.Machine, certstore.Disallowed, leaf)
	if a, got := actions(store, leaf); a.Accepted || got != "unblock Leaf machine/disallowed" {
		t.Errorf("blocked: %s", got)
	}
}

// TestRefusedByGo chains through certificates that Go's parser refuses.
func TestRefusedByGo(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	odd := certtest.Resign(t, root, inter.Certificate, func(tbs []byte) []byte {
		i := bytes.Index(tbs, append([]byte{2, byte(len(inter.SerialNumber))}, inter.SerialNumber...))
		tbs[i+2] |= 0x80
		return tbs
	})
	if odd.Problem() == nil {
		t.Fatal("Go reads it")
	}
	leaf := certtest.Client(t, inter, "Leaf").Certificate
	store := certstore.NewMemory()
	put(t, store, certstore.User, certstore.Root, root.Certificate)
	r := build(t, store, leaf, finding.Client, odd, certificate.Parse([]byte("no certificate")))
	if !r.Best().Trusted() || len(r.Best().Links) != 3 {
		t.Errorf("%s %+v", text(r.Best()), r.Best().Findings)
	}
	for _, der := range [][]byte{nil, {0x30}, []byte("no certificate"), leaf.Raw[:200]} {
		if r := build(t, store, certificate.Parse(der), finding.Client, odd); len(r.Paths) == 0 || r.Best().Trusted() {
			t.Errorf("%x: %+v", der, r)
		}
	}
}

func TestCertificates(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf").Certificate
	p := build(t, certstore.NewMemory(), leaf, finding.Client, inter.Certificate, root.Certificate).Best()
	names := func(cs []*certificate.Certificate) (out []string) {
		for _, c := range cs {
			out = append(out, c.CommonName())
		}
		return out
	}
	if got := names(p.Certificates(false)); !slices.Equal(got, []string{"Leaf", "Sub"}) {
		t.Errorf("to send: %v", got)
	}
	if got := names(p.Certificates(true)); !slices.Equal(got, []string{"Leaf", "Sub", "Root"}) {
		t.Errorf("all: %v", got)
	}
}
