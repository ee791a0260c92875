package placement_test

import (
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
	"certdesk/internal/target"
)

// TestTargets places a PFX and the files of partners and CAs for who will use
// them.
func TestTargets(t *testing.T) {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf")
	at := func(loc certstore.Location, store certstore.Name, key certstore.KeyState) []certstore.Entry {
		return []certstore.Entry{{Location: loc, Store: store, Key: key, Trusted: store == certstore.Root}}
	}
	for _, tt := range []struct {
		name   string
		id     target.ID
		cert   certtest.Issuer
		key    bool
		there  []certstore.Entry
		store  certstore.Name
		action placement.Action
		kept   bool // the key
		says   string
	}{
		{"a PFX for a browser", target.Browser, leaf, true, nil, certstore.My, placement.Add, true, "private key"},
		{"a certificate alone for a browser", target.Browser, leaf, false, nil, certstore.People, placement.Add, false, "not in this file"},
		{"a PFX for a site", target.IISSite, leaf, true, nil, certstore.My, placement.Add, true, ""},
		{"a PFX that Web Hosting has", target.IISSite, leaf, true, at(certstore.Machine, "webhosting", certstore.KeyPresent), certstore.My, placement.Add, true, "Web hosting stays"},
		{"a partner's certificate", target.BizTalkPartner, leaf, false, nil, certstore.People, placement.Add, false, "somebody else"},
		{"a partner's PFX", target.BizTalkPartner, leaf, true, nil, certstore.People, placement.Add, false, "left out"},
		{"a partner that is trusted", target.BizTalkPartner, leaf, false, at(certstore.Machine, certstore.TrustedPeople, certstore.KeyNone), certstore.People, placement.Add, false, ""},
		{"a partner that is blocked", target.BizTalkPartner, leaf, false, at(certstore.Machine, certstore.Disallowed, certstore.KeyNone), certstore.Disallowed, placement.Skip, false, "untrusted"},
		{"a partner again", target.BizTalkPartner, leaf, false, at(certstore.Machine, certstore.People, certstore.KeyNone), certstore.People, placement.AlreadyThere, false, ""},
		{"a root for IIS", target.IISClientTrust, root, false, nil, certstore.Root, placement.Ask, false, "unless you say so"},
		{"a root with its key for IIS", target.IISClientTrust, root, true, nil, certstore.Root, placement.Ask, false, "left out"},
		{"a root that only the user trusts", target.IISClientTrust, root, false, at(certstore.User, certstore.Root, certstore.KeyNone), certstore.Root, placement.Ask, false, ""},
		{"a root that the computer trusts", target.IISClientTrust, root, false, at(certstore.Machine, certstore.Root, certstore.KeyNone), certstore.Root, placement.AlreadyThere, false, ""},
		{"an intermediate for IIS", target.IISClientTrust, inter, false, nil, certstore.CA, placement.Add, false, ""},
		{"an intermediate among the roots", target.IISClientTrust, inter, false, at(certstore.Machine, certstore.Root, certstore.KeyNone), certstore.CA, placement.Add, false, ""},
		{"a client for IIS", target.IISClientTrust, leaf, false, nil, certstore.People, placement.Skip, false, "by their issuers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			who, err := target.Find(string(tt.id), "windows")
			if err != nil {
				t.Fatal(err)
			}
			c := &certfile.Contents{Format: certfile.PKCS12, Certificates: []certfile.Cert{{Certificate: tt.cert.Certificate}}}
			if tt.key {
				c.Keys = []certfile.Key{{Certificate: 0, State: certfile.KeyOK}}
			}
			items := placement.Decide(c, placement.Options{Location: who.Location, Target: &who, Question: keyusage.Question{Now: certtest.Now}},
				func(certificate.Fingerprint) []certstore.Entry { return tt.there })
			it := items[0]
			if it.Store != tt.store || it.Action != tt.action || it.Location != who.Location || (it.Key >= 0) != tt.kept || !strings.Contains(it.Reason, tt.says) {
				t.Errorf("%s %s/%s, key %t: %s", it.Action, it.Location, it.Store, it.Key >= 0, it.Reason)
			}
		})
	}
}

// TestUnused judges nothing that no program gets to see.
func TestUnused(t *testing.T) {
	root := certtest.Root(t, "Root")
	e := certstore.Entry{Location: certstore.User, Store: certstore.Root, DER: certtest.Intermediate(t, root, "CA").Raw, Key: certstore.KeyNone}
	if placement.Belongs(e, e.Parse()) != certstore.CA || len(placement.Judge(e, e.Parse())) != 1 {
		t.Fatal("it is not misplaced at all")
	}
	e.Provided = certstore.ByRegistry
	if to, found := placement.Belongs(e, e.Parse()), placement.Judge(e, e.Parse()); to != "" || len(found) != 0 {
		t.Errorf("it belongs to %q, %v", to, found)
	}
}

// TestOtherCopies is about Personal when the certificate is elsewhere too, as
// Windows allows.
func TestOtherCopies(t *testing.T) {
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	entry := func(loc certstore.Location, store certstore.Name, key certstore.KeyState, inherited bool) certstore.Entry {
		return certstore.Entry{Location: loc, Store: store, Key: key, Inherited: inherited}
	}
	present := certstore.KeyPresent
	for _, tt := range []struct {
		name   string
		there  []certstore.Entry
		action placement.Action
	}{
		{"with its key in Web Hosting", []certstore.Entry{entry(certstore.User, "webhosting", present, false)}, placement.Add},
		{"there and in Personal", []certstore.Entry{entry(certstore.User, certstore.My, present, false), entry(certstore.User, "webhosting", present, false)}, placement.AlreadyThere},
		{"the machine's, seen from the user", []certstore.Entry{entry(certstore.User, certstore.My, present, true), entry(certstore.Machine, certstore.My, present, false)}, placement.Add},
		{"in the registry, and not given out", []certstore.Entry{{Location: certstore.User, Store: certstore.My, Key: certstore.KeyNone, Provided: certstore.ByRegistry}}, placement.Add},
		{"with a broken key", []certstore.Entry{entry(certstore.User, certstore.My, certstore.KeyUnusable, false)}, placement.Replace},
	} {
		c := &certfile.Contents{Format: certfile.PKCS12, Certificates: []certfile.Cert{{Certificate: leaf.Certificate}}, Keys: []certfile.Key{{State: certfile.KeyOK}}}
		items := placement.Decide(c, placement.Options{Location: certstore.User, Question: keyusage.Question{Now: certtest.Now}},
			func(certificate.Fingerprint) []certstore.Entry { return tt.there })
		if items[0].Action != tt.action || items[0].Store != certstore.My {
			t.Errorf("%s: %s %s: %s", tt.name, items[0].Action, items[0].Store, items[0].Reason)
		}
	}
}
