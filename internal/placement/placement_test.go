package placement_test

import (
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
)

func TestDecide(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf")
	self := certtest.Make(t, nil, "Self")
	there := func(loc certstore.Location, store certstore.Name, key certstore.KeyState) []certstore.Entry {
		return []certstore.Entry{{Location: loc, Store: store, Key: key, Trusted: store == certstore.Root}}
	}
	none := certstore.KeyNone
	for _, tt := range []struct {
		name   string
		cert   certtest.Issuer
		key    bool
		trust  bool
		there  []certstore.Entry
		store  certstore.Name
		action placement.Action
	}{
		{"leaf with key", leaf, true, false, nil, certstore.My, placement.Add},
		{"leaf without key", leaf, false, false, nil, certstore.People, placement.Add},
		{"leaf whose key arrives later", leaf, true, false, there(certstore.User, certstore.People, none), certstore.My, placement.Replace},
		{"leaf with key again", leaf, true, false, there(certstore.User, certstore.My, certstore.KeyPresent), certstore.My, placement.AlreadyThere},
		{"leaf with key behind a password", leaf, true, false, there(certstore.User, certstore.My, certstore.KeyLocked), certstore.My, placement.AlreadyThere},
		{"leaf with key in the other location", leaf, true, false, there(certstore.Machine, certstore.My, certstore.KeyPresent), certstore.My, placement.Add},
		{"intermediate", inter, false, false, nil, certstore.CA, placement.Add},
		{"intermediate with its key", inter, true, false, nil, certstore.My, placement.Add},
		{"intermediate again", inter, false, false, there(certstore.User, certstore.CA, none), certstore.CA, placement.AlreadyThere},
		{"root", root, false, false, nil, certstore.Root, placement.Ask},
		{"root on a yes", root, false, true, nil, certstore.Root, placement.Add},
		{"root that the system trusts", root, false, false, there(certstore.Machine, certstore.Root, none), certstore.Root, placement.Skip},
		{"root that the user trusts", root, false, true, there(certstore.User, certstore.Root, none), certstore.Root, placement.AlreadyThere},
		{"root that stands untrusted", root, false, true, there(certstore.User, certstore.CA, none), certstore.Root, placement.Replace},
		{"root that is blocked", root, false, true, there(certstore.User, certstore.Disallowed, none), certstore.Disallowed, placement.Skip},
		{"self-signed leaf", self, false, true, nil, certstore.People, placement.Add},
		{"self-signed leaf with key", self, true, false, nil, certstore.My, placement.Add},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &certfile.Contents{Format: certfile.PEM, Certificates: []certfile.Cert{{Certificate: tt.cert.Certificate}}}
			if tt.key {
				c.Keys = []certfile.Key{{Certificate: 0, State: certfile.KeyOK}}
			}
			items := placement.Decide(c, placement.Options{Location: certstore.User, TrustRoots: tt.trust, Question: keyusage.Question{Now: certtest.Now}},
				func(certificate.Fingerprint) []certstore.Entry { return tt.there })
			if len(items) != 1 || items[0].Store != tt.store || items[0].Action != tt.action || items[0].Reason == "" {
				t.Errorf("got %+v, want %s %s", items, tt.action, tt.store)
			}
			if (items[0].Key >= 0) != tt.key {
				t.Errorf("key %d", items[0].Key)
			}
		})
	}
}

func TestDecideTwice(t *testing.T) {
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	c := &certfile.Contents{Certificates: []certfile.Cert{{Certificate: leaf.Certificate}, {Certificate: leaf.Certificate}}}
	items := placement.Decide(c, placement.Options{Location: certstore.User}, func(certificate.Fingerprint) []certstore.Entry { return nil })
	if len(items) != 2 || items[0].Action != placement.Add || items[1].Action != placement.Skip {
		t.Errorf("got %+v", items)
	}
}

// TestStanding checks P-01 to P-04 and where each belongs.
func TestStanding(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf")
	self := certtest.Make(t, nil, "Self")
	for _, tt := range []struct {
		name    string
		cert    certtest.Issuer
		store   certstore.Name
		key     certstore.KeyState
		id      string
		sev     finding.Severity
		belongs certstore.Name
	}{
		{"root in root", root, certstore.Root, "none", "", "", ""},
		{"intermediate in root", inter, certstore.Root, "none", "P-01", finding.Error, certstore.CA},
		{"intermediate in ca", inter, certstore.CA, "none", "", "", ""},
		{"root in ca", root, certstore.CA, "none", "P-02", finding.Info, ""},
		{"intermediate in my", inter, certstore.My, "none", "P-03", finding.Warning, certstore.CA},
		{"intermediate with key in my", inter, certstore.My, "present", "", "", ""},
		{"leaf in root", leaf, certstore.Root, "none", "P-04", finding.Warning, certstore.People},
		{"leaf in ca", leaf, certstore.CA, "none", "P-04", finding.Warning, certstore.People},
		{"self-signed leaf in root", self, certstore.Root, "none", "P-04", finding.Info, ""},
		{"leaf in people", leaf, certstore.People, "none", "", "", ""},
		{"intermediate in people", inter, certstore.People, "none", "", "", certstore.CA},
		{"anything untrusted", inter, certstore.Disallowed, "none", "", "", ""},
	} {
		e := certstore.Entry{Location: certstore.User, Store: tt.store, Key: tt.key}
		if got := placement.Belongs(e, tt.cert.Certificate); got != tt.belongs {
			t.Errorf("%s: belongs in %q, want %q", tt.name, got, tt.belongs)
		}
		fs := placement.Judge(e, tt.cert.Certificate)
		switch {
		case tt.id == "" && len(fs) > 0:
			t.Errorf("%s: %+v", tt.name, fs)
		case tt.id != "" && (len(fs) != 1 || fs[0].ID != tt.id || fs[0].Severity != tt.sev):
			t.Errorf("%s: %+v, want %s %s", tt.name, fs, tt.sev, tt.id)
		}
	}
}
