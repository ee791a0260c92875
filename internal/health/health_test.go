package health_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/health"
	"certdesk/internal/inventory"
)

type desk struct {
	*testing.T
	store certstore.Store
}

func (d desk) put(loc certstore.Location, name certstore.Name, c certtest.Issuer, key bool) {
	d.Helper()
	item := certstore.Item{DER: c.Raw}
	if key {
		item.Key = c.PKCS8(d)
	}
	if err := d.store.Put(d.Context(), loc, name, item); err != nil {
		d.Fatal(err)
	}
}

func (d desk) look() health.Report {
	d.Helper()
	inv, errs := inventory.Load(d.Context(), d.store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		d.Fatal(errs)
	}
	r, err := health.Look(d.Context(), inv, health.Options{Now: certtest.Now, Keys: d.store.(certstore.KeyLister), Relinker: d.store.(certstore.Relinker), Computer: "<pc>"})
	if err != nil {
		d.Fatal(err)
	}
	return r
}

// TestKinds: each kind of problem is found where it is, names its culprit and
// what to do, and is not found in stores that are in order.
func TestKinds(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	good := func() desk {
		d := desk{t, certstore.NewMemory()}
		d.put(certstore.Machine, certstore.Root, root, false)
		d.put(certstore.User, certstore.CA, inter, false)
		d.put(certstore.User, certstore.My, certtest.Client(t, inter, "fine"), true)
		return d
	}
	if r := good().look(); len(r.Problems) != 0 || len(r.Counts) != 3 || len(r.NotChecked) != 1 {
		t.Errorf("stores in order: %+v", r)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	usage, purposes := certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth)
	san := certtest.DNS("renewed.example")
	for _, tt := range []struct {
		kind     health.Kind
		severity finding.Severity
		subject  string
		command  string
		fault    func(desk)
	}{
		{health.RootNotSelfSigned, finding.Error, "Wrong", "certctl move ", func(d desk) { d.put(certstore.Machine, certstore.Root, certtest.Intermediate(t, root, "Wrong"), false) }},
		{health.Blocked, finding.Error, "hit", "", func(d desk) {
			bad := certtest.Intermediate(t, root, "Bad")
			d.put(certstore.Machine, certstore.Disallowed, bad, false)
			d.put(certstore.User, certstore.My, certtest.Client(t, bad, "hit"), true)
		}},
		{health.Expired, finding.Error, "old", "certctl delete ", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, inter, "old", certtest.Valid(-9, -1)), true)
		}},
		{health.Expired, finding.Warning, "old partner", "certctl delete ", func(d desk) {
			d.put(certstore.User, certstore.People, certtest.Client(t, inter, "old partner", certtest.Valid(-9, -1)), false)
		}},
		{health.Expiring, finding.Warning, "soon", "", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, inter, "soon", certtest.Valid(-9, 20)), true)
		}},
		{health.WeakAlgorithm, finding.Warning, "short", "", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.MakeWithKey(t, &inter, "short", weak, usage, purposes), true)
		}},
		{health.Duplicate, finding.Info, "twice", "certctl delete ", func(d desk) {
			c := certtest.Client(t, inter, "twice")
			d.put(certstore.User, certstore.People, c, false)
			d.put(certstore.Machine, certstore.People, c, false)
		}},
		{health.Renewed, finding.Info, "renewed", "certctl delete ", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, inter, "renewed", san, certtest.Valid(-300, 60)), true)
			d.put(certstore.User, certstore.My, certtest.Client(t, inter, "renewed", san, certtest.Valid(-1, 365)), true)
		}},
		{health.LongIssuerList, finding.Warning, "machine", "", func(d desk) {
			for i := range 60 {
				d.put(certstore.Machine, certstore.Root, certtest.Root(t, string(rune('A'+i))+strings.Repeat("x", 250)), false)
			}
		}},
	} {
		d := good()
		tt.fault(d)
		r := d.look()
		list := r.Of(tt.kind)
		if len(list) != 1 || len(r.Problems) != 1 {
			t.Errorf("%s: %d of the kind, %d in all: %+v", tt.kind, len(list), len(r.Problems), r.Problems)
			continue
		}
		p := list[0]
		if p.Severity != tt.severity || p.Subject() != tt.subject || p.Message == "" || p.Fix == "" || !strings.HasPrefix(p.Command, tt.command) || p.Kind.Title() == "" {
			t.Errorf("%s: %+v", tt.kind, p)
		}
	}
	// What the stores of a real system allow, and the one in memory does not.
	rows := []*inventory.Row{}
	row := func(c certtest.Issuer, store certstore.Name, key certstore.KeyState) {
		rows = append(rows, &inventory.Row{Entry: certstore.Entry{Location: certstore.Machine, Store: store, DER: c.Raw, Key: key}, Certificate: c.Certificate})
	}
	row(inter, certstore.My, certstore.KeyNone)
	row(certtest.Client(t, inter, "keyless"), certstore.My, certstore.KeyNone)
	row(certtest.Client(t, inter, "broken"), certstore.My, certstore.KeyUnusable)
	r, err := health.Look(t.Context(), &inventory.Inventory{Rows: rows}, health.Options{Now: certtest.Now, Unread: []error{errors.New("no rights")}})
	if err != nil || len(r.Of(health.InPersonal)) != 1 || len(r.Of(health.NoKey)) != 1 || len(r.Of(health.BrokenKey)) != 1 {
		t.Errorf("Windows stores: %+v, %v", r, err)
	}
	if !slices.ContainsFunc(r.NotChecked, func(s string) bool { return strings.Contains(s, "cannot be listed") }) || !strings.Contains(r.NotChecked[0], "no rights") {
		t.Errorf("not checked: %q", r.NotChecked)
	}
}

func TestOrphanKey(t *testing.T) {
	d := desk{t, certstore.NewMemory()}
	c := certtest.Client(t, certtest.Root(t, "Root"), "gone")
	d.put(certstore.User, certstore.My, c, true)
	if err := d.store.Delete(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: c.Fingerprint()}, certstore.DeleteKeepKey); err != nil {
		t.Fatal(err)
	}
	list := d.look().Of(health.OrphanKey)
	if len(list) != 1 || list[0].Key == nil || list[0].Subject() != "key "+list[0].Key.ID || list[0].Fix == "" {
		t.Errorf("%+v", list)
	}
}

// hostile is a report of certificates with names that want to be formulas and
// markup.
func hostile(t *testing.T) health.Report {
	d := desk{t, certstore.NewMemory()}
	for _, name := range []string{`=HYPERLINK("http://x","y")`, "+1", "-1", "@SUM(A1)", " =1", "<script>alert(1)</script>", `"quoted", and more`, "＝1", "|calc"} {
		ca := certtest.Make(t, nil, "", certtest.CA, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: name} })
		d.put(certstore.User, certstore.My, certtest.Client(t, ca, name, certtest.Valid(-9, -1)), true)
	}
	return d.look()
}

func TestCSV(t *testing.T) {
	r := hostile(t)
	rows, err := csv.NewReader(bytes.NewReader(r.CSV())).ReadAll()
	if err != nil || len(rows) != len(r.Problems)+1 {
		t.Fatalf("%d lines, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if first := strings.TrimLeft(cell, " "); first != "" && strings.ContainsAny(first[:1], "=+-@\t|%") || strings.HasPrefix(first, "＝") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
		if len(row[8]) != 40 || len(row[9]) != 64 {
			t.Errorf("thumbprints %q %q", row[8], row[9])
		}
	}
}

func TestHTML(t *testing.T) {
	page, err := hostile(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, never := range []string{"<script", "http://x\"", "src=", "<link", "url(", "@import", "<pc>", "ZgotmplZ"} {
		if strings.Contains(text, never) {
			t.Errorf("the page holds %q", never)
		}
	}
	for _, want := range []string{"&lt;script&gt;alert(1)", "of &lt;pc&gt;", "Expired certificates (9)", "default-src &#39;none&#39;", "certctl delete "} {
		if !strings.Contains(text, want) && !strings.Contains(text, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("the page lacks %q", want)
		}
	}
	empty, err := health.Report{}.HTML()
	if err != nil || !strings.Contains(string(empty), "in order") {
		t.Errorf("an empty report: %v", err)
	}
}

func TestCanceled(t *testing.T) {
	d := desk{t, certstore.NewMemory()}
	d.put(certstore.User, certstore.Root, certtest.Root(t, "x"), false)
	inv, _ := inventory.Load(t.Context(), d.store, inventory.Options{Now: certtest.Now})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := health.Look(ctx, inv, health.Options{Now: certtest.Now}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}
