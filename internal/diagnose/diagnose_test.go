package diagnose_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/diagnose"
	"certdesk/internal/explain"
	"certdesk/internal/inventory"
)

// A desk is a store to be looked at.
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

func (d desk) machine(text string) diagnose.Machine {
	d.Helper()
	inv, errs := inventory.Load(d.Context(), d.store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		d.Fatal(errs)
	}
	return diagnose.Machine{Inventory: inv, Places: d.store.Places(d.Context()), Signer: diagnose.ProveWith(d.store), Now: certtest.Now, Text: text}
}

// outcome runs the checks for text and returns the one asked for.
func outcome(t *testing.T, m diagnose.Machine, text string, c explain.Check) diagnose.Outcome {
	t.Helper()
	m.Text = text
	all, err := diagnose.Run(t.Context(), m, explain.Parse(text))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(o diagnose.Outcome) bool { return o.Check == c })
	if i < 0 {
		t.Fatalf("%s does not ask for %s: %v", text, c, all)
	}
	return all[i]
}

// TestChecks: each check applies to a store that has the fault and names the
// culprit, and not to one without.
func TestChecks(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	good := func(d desk) {
		d.put(certstore.Machine, certstore.Root, root, false)
		d.put(certstore.User, certstore.CA, inter, false)
		d.put(certstore.User, certstore.My, certtest.Client(t, inter, "fine"), true)
		d.put(certstore.User, certstore.My, certtest.Make(t, &inter, "server", certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageServerAuth), certtest.DNS("www.example.com")), true)
	}
	own := certtest.Root(t, "Own Root")
	sub := certtest.Intermediate(t, own, "Own Sub")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	usage, purposes := certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth)
	for _, tt := range []struct {
		code    string
		check   explain.Check
		culprit string
		fault   func(desk)
	}{
		{"403.16", explain.RootStore, "Own Sub", func(d desk) { d.put(certstore.Machine, certstore.Root, sub, false) }},
		{"0x800b0109", explain.Trust, "own", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, own, "own"), true)
			d.put(certstore.User, certstore.CA, own, false)
		}},
		{"403.16", explain.MachineCA, "own", func(d desk) {
			d.put(certstore.User, certstore.Root, own, false)
			d.put(certstore.User, certstore.My, certtest.Client(t, own, "own"), true)
		}},
		{"0x800b010a", explain.Issuer, "own", func(d desk) { d.put(certstore.User, certstore.My, certtest.Client(t, own, "own"), true) }},
		{"0x800b0111", explain.Blocked, "own", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, own, "own"), true)
			d.put(certstore.Machine, certstore.Disallowed, own, false)
		}},
		{"403.17", explain.Validity, "old", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, inter, "old", certtest.Valid(-20, -1)), true)
		}},
		{"1312", explain.Key, "bad key", nil},
		{"403.7", explain.Client, "no signing", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Client(t, inter, "no signing", certtest.Usage(x509.KeyUsageKeyAgreement)), true)
		}},
		{"0x800b0110", explain.Server, "lame", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Make(t, &inter, "lame", usage, certtest.Purposes(x509.ExtKeyUsageServerAuth)), true)
		}},
		{"ERR_CERT_COMMON_NAME_INVALID", explain.HostName, "nameless", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.Make(t, &inter, "nameless", usage, certtest.Purposes(x509.ExtKeyUsageServerAuth)), true)
		}},
		{"0x80090331", explain.Weak, "short", func(d desk) {
			d.put(certstore.User, certstore.My, certtest.MakeWithKey(t, &inter, "short", short, usage, purposes), true)
		}},
		{"0x800b0104", explain.CARules, "below", func(d desk) {
			none := certtest.Intermediate(t, own, "none below", func(c *x509.Certificate) { c.MaxPathLenZero = true })
			deep := certtest.Intermediate(t, none, "deep")
			for _, c := range []certtest.Issuer{none, deep} {
				d.put(certstore.User, certstore.CA, c, false)
			}
			d.put(certstore.Machine, certstore.Root, own, false)
			d.put(certstore.User, certstore.My, certtest.Client(t, deep, "below"), true)
		}},
	} {
		d := desk{t, certstore.NewMemory()}
		good(d)
		if o := outcome(t, d.machine(""), tt.code, tt.check); o.Status == diagnose.Applies {
			t.Errorf("%s %s applies where nothing is wrong: %+v", tt.code, tt.check, o)
		}
		m := d.machine("")
		if tt.fault != nil {
			tt.fault(d)
			m = d.machine("")
		} else { // a key that does not sign
			m.Signer = func(_ context.Context, r *inventory.Row) error {
				return errors.New("it does not")
			}
			tt.culprit = "fine"
		}
		o := outcome(t, m, tt.code, tt.check)
		if o.Status != diagnose.Applies || o.Message == "" || o.Fix == "" {
			t.Errorf("%s %s: %+v", tt.code, tt.check, o)
		}
		if !slices.ContainsFunc(o.Subjects, func(s diagnose.Subject) bool { return s.Row.Certificate.CommonName() == tt.culprit && s.Detail != "" }) {
			t.Errorf("%s %s names %v, not %s", tt.code, tt.check, o.Subjects, tt.culprit)
		}
	}
}

func TestIssuerList(t *testing.T) {
	d := desk{t, certstore.NewMemory()}
	long := strings.Repeat("x", 200)
	for i := range 70 {
		d.put(certstore.Machine, certstore.Root, certtest.Root(t, string(rune('A'+i))+long), false)
	}
	if o := outcome(t, d.machine(""), "event 36885", explain.IssuerList); o.Status != diagnose.Applies || !strings.Contains(o.Message, "70 roots") {
		t.Errorf("%+v", o)
	}
}

func TestText(t *testing.T) {
	d := desk{t, certstore.NewMemory()}
	ca := certtest.Root(t, "Root")
	leaf := certtest.Client(t, ca, "leaf")
	d.put(certstore.User, certstore.People, leaf, false)
	m := d.machine("")
	for text, want := range map[string]diagnose.Status{
		"0x80092004 thumbprint " + leaf.SHA1():             diagnose.Clear,
		"0x80092004 thumbprint " + strings.Repeat("0", 40): diagnose.Applies,
		"0x80092004 thumbprint \u200e" + leaf.SHA1():       diagnose.Applies,
		"0x80092004": diagnose.NotChecked,
	} {
		if o := outcome(t, m, text, explain.Named); o.Status != want {
			t.Errorf("%q: %+v", text, o)
		}
	}
	line := certfile.OneLineBase64(leaf.Raw)
	for text, want := range map[string]diagnose.Status{
		"401.1 0x80093102 certificate=\"" + line + "\"":       diagnose.Clear,
		"401.1 0x80093102 certificate=\"" + line[:100] + "\"": diagnose.Applies,
		"401.1 0x80093102": diagnose.NotChecked,
	} {
		if o := outcome(t, m, text, explain.Base64); o.Status != want {
			t.Errorf("%q: %+v", text, o)
		}
	}
}

// TestEveryCode runs the checks of every code on an empty store and on one
// with odd certificates; none may fail or be without words.
func TestEveryCode(t *testing.T) {
	odd, err := certtest.NegativeSerial()
	if err != nil {
		t.Fatal(err)
	}
	full := desk{t, certstore.NewMemory()}
	full.put(certstore.User, certstore.CA, certtest.Root(t, "Root"), false)
	full.put(certstore.User, certstore.People, certtest.Issuer{Certificate: certificate.Parse(odd)}, false)
	for _, d := range []desk{{t, certstore.NewMemory()}, full} {
		m := d.machine("")
		m.Unread = []error{errors.New("somewhere")}
		for _, c := range explain.All() {
			all, err := diagnose.Run(t.Context(), m, explain.Result{Matches: []explain.Match{{Code: c}}})
			if err != nil || len(all) != len(c.Checks) {
				t.Errorf("%s: %d outcomes, %v", c.ID, len(all), err)
			}
			for _, o := range all {
				if o.Title == "" || o.Message == "" || o.Status == "" || o.Status != diagnose.Clear && o.Fix == "" && len(o.Subjects) == 0 {
					t.Errorf("%s: no words in %+v", c.ID, o)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := diagnose.Run(ctx, full.machine(""), explain.Parse("403.16")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}
