package check_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

// The judges that these tests compare with have the time from the clock, so
// the certificates here are made for today.
func TestMain(m *testing.M) {
	certtest.Now = time.Now().UTC().Truncate(time.Second)
	os.Exit(m.Run())
}

// A listing is a store that holds what a test put there.
type listing struct {
	certstore.Store
	entries []certstore.Entry
}

func (l listing) Entries(_ context.Context, loc certstore.Location) iter.Seq2[certstore.Entry, error] {
	return func(yield func(certstore.Entry, error) bool) {
		for _, e := range l.entries {
			if e.Location == loc && !yield(e, nil) {
				return
			}
		}
	}
}

// A world is one certificate in the user's Personal store with its key, issued
// by an intermediate that a trusted root issued, and what else a case needs.
type world struct {
	leaf    certtest.Issuer
	issuers []certtest.Issuer // root last
	entries []certstore.Entry // more of them
	opt     check.Options
	edit    func(all []certstore.Entry) // the leaf's entry first, then the issuers'
}

func (w world) inventory(t testing.TB) (*inventory.Inventory, *inventory.Row) {
	t.Helper()
	all := []certstore.Entry{{Location: certstore.User, Store: certstore.My, DER: w.leaf.Raw, Key: certstore.KeyPresent, Exportable: true}}
	for i, c := range w.issuers {
		e := certstore.Entry{Location: certstore.User, Store: certstore.CA, DER: c.Raw, Key: certstore.KeyNone}
		if i == len(w.issuers)-1 {
			e.Store, e.Trusted = certstore.Root, true
		}
		all = append(all, e)
	}
	if w.edit != nil {
		w.edit(all)
	}
	all = append(all, w.entries...)
	inv, errs := inventory.Load(t.Context(), listing{entries: all}, inventory.Options{Now: certtest.Now})
	if errs != nil {
		t.Fatal(errs)
	}
	for _, r := range inv.Rows {
		if r.Certificate.Fingerprint() == w.leaf.Fingerprint() && r.Location == all[0].Location && r.Store == all[0].Store {
			return inv, r
		}
	}
	return inv, nil
}

func (w world) judge(t testing.TB, p finding.Purpose) check.Verdict {
	t.Helper()
	inv, row := w.inventory(t)
	w.opt.Now = certtest.Now
	return check.Judge(check.Subject{Certificate: w.leaf.Certificate, Row: row}, p, inv, w.opt)
}

// A maker makes the certificates of the cases under one root and intermediate.
type maker struct {
	t           *testing.T
	root, inter certtest.Issuer
	rsa, small  *rsa.PrivateKey
	made        int // leaves, each with a name of its own as NSS wants it
}

func (m *maker) name() string { m.made++; return fmt.Sprintf("leaf %d", m.made) }

func newMaker(t *testing.T) *maker {
	t.Helper()
	m := &maker{t: t, rsa: newRSA(t, 2048), small: newRSA(t, 1024)}
	m.root = certtest.Root(t, "Root", certtest.Valid(-3000, 4000))
	m.inter = certtest.Intermediate(t, m.root, "Intermediate", certtest.Valid(-2000, 3000))
	return m
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (m *maker) under(leaf certtest.Issuer) world {
	return world{leaf: leaf, issuers: []certtest.Issuer{m.inter, m.root}}
}

// ec and rs make a certificate with a P-256 or an RSA key, valid for a year.
func (m *maker) ec(opts ...certtest.Option) world {
	return m.under(certtest.Make(m.t, &m.inter, m.name(), append([]certtest.Option{certtest.Valid(-10, 300)}, opts...)...))
}

func (m *maker) rs(opts ...certtest.Option) world { return m.key(m.rsa, opts...) }

func (m *maker) key(key crypto.Signer, opts ...certtest.Option) world {
	return m.under(certtest.MakeWithKey(m.t, &m.inter, m.name(), key, append([]certtest.Option{certtest.Valid(-10, 300)}, opts...)...))
}

// by makes a leaf issued by issuers, root last.
func (m *maker) by(issuers []certtest.Issuer, opts ...certtest.Option) world {
	return world{leaf: certtest.Make(m.t, &issuers[0], m.name(), append([]certtest.Option{certtest.Valid(-10, 300)}, opts...)...), issuers: issuers}
}

func (m *maker) ed25519() crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	return key
}

func (m *maker) p224() crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	return key
}

// public makes the world's root one that the system ships.
func (w world) public() world {
	old := w.edit
	w.edit = func(all []certstore.Entry) {
		if old != nil {
			old(all)
		}
		all[len(all)-1].Shipped, all[len(all)-1].Location = true, certstore.Machine
	}
	return w
}

func (w world) with(entries ...certstore.Entry) world { w.entries = entries; return w }

func (w world) by(c keyusage.Consumer) world { w.opt.UsedBy = c; return w }

func (w world) host(h string) world { w.opt.Host = h; return w }

func (w world) entry(edit func(e *certstore.Entry)) world {
	w.edit = func(all []certstore.Entry) { edit(&all[0]) }
	return w
}

// The usual shapes.
var (
	signs    = x509.KeyUsageDigitalSignature
	commits  = x509.KeyUsageContentCommitment
	enciphs  = x509.KeyUsageKeyEncipherment
	agrees   = x509.KeyUsageKeyAgreement
	dataEnc  = x509.KeyUsageDataEncipherment
	issues   = x509.KeyUsageCertSign
	ku       = certtest.Usage
	eku      = certtest.Purposes
	forTLS   = eku(x509.ExtKeyUsageClientAuth)
	forHosts = eku(x509.ExtKeyUsageServerAuth)
	forMail  = eku(x509.ExtKeyUsageEmailProtection)
	forCode  = eku(x509.ExtKeyUsageCodeSigning)
	host     = certtest.DNS("www.example.com", "*.wild.example")
)

func mailTo(a string) certtest.Option {
	return func(c *x509.Certificate) { c.EmailAddresses = []string{a} }
}

func oid(dotted string) asn1.ObjectIdentifier {
	var id asn1.ObjectIdentifier
	for part := range strings.SplitSeq(dotted, ".") {
		n := 0
		for _, d := range part {
			n = n*10 + int(d-'0')
		}
		id = append(id, n)
	}
	return id
}

// oids adds purposes by number.
func oids(dotted ...string) certtest.Option {
	return func(c *x509.Certificate) {
		for _, d := range dotted {
			c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, oid(d))
		}
	}
}

// raw adds an extension as it is.
func raw(id string, critical bool, value ...byte) certtest.Option {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: oid(id), Critical: critical, Value: value})
	}
}

func policy(dotted string) certtest.Option {
	return func(c *x509.Certificate) {
		id, err := x509.ParseOID(dotted)
		if err != nil {
			panic(err)
		}
		c.Policies = append(c.Policies, id)
	}
}

func sha1(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }

// plainCA is a CA as a careless tool makes it: basicConstraints not critical,
// no subject key identifier, which x509 adds to a CA of its own.
func plainCA(c *x509.Certificate) {
	c.BasicConstraintsValid, c.IsCA, c.KeyUsage = false, false, issues
	raw(certificate.OIDBasicConstraints, false, 0x30, 3, 1, 1, 0xff)(c)
}
