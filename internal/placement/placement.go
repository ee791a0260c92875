// Package placement decides where certificates belong: the contents of a file
// when it is imported ([Decide]), and what stands in a store already
// ([Belongs], [Judge]). It looks at nothing but its arguments.
package placement

import (
	"bytes"
	"cmp"
	"fmt"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
	"certdesk/internal/target"

	"certdesk/certstore"
)

// An Action is what an import does with one certificate.
type Action string

// The actions.
const (
	Add          Action = "add"
	AlreadyThere Action = "already-there"
	Skip         Action = "skip"
	Ask          Action = "ask"     // a root: not imported unless the person says yes
	Replace      Action = "replace" // the certificate is there; its key or its trust is added
)

// An Item is one line of a plan.
type Item struct {
	Certificate *certificate.Certificate
	Key         int // index in the file's keys; -1: none
	Role        certificate.Role
	Location    certstore.Location
	Store       certstore.Name
	Action      Action
	Reason      string   // one sentence
	Name        string   // friendly name to give; "" for the store's choice
	KeyPlan     *KeyPlan // how the key will be kept; nil when none is stored
	Findings    []finding.Finding
	// Waiting is the key in the store that has waited for this certificate
	// since its request was made; nil: none.
	Waiting *certstore.PendingKey

	keyLeftOut bool // the file holds a key that the target has no use for
}

// HasKey reports whether the private key comes along, or waits in the store.
func (it Item) HasKey() bool { return it.Key >= 0 || it.Waiting != nil }

// A KeyPlan says how a private key will be kept, and what became of what the
// file asked for.
type KeyPlan struct {
	certstore.KeyPlan // Reason is for this provider, whoever chose it
	Exportable        bool
	Protected         bool // Windows asks at every use

	FileProvider string // the provider that the file names, or ""
	FileMachine  bool   // the file asks for the machine's key set
	FileUse      FileUse
	FileReason   string // what was done with that, full sentences; "" when the file asks for nothing
}

// A FileUse says what became of the provider and key set that a file asks
// for.
type FileUse string

// The uses.
const (
	FileSilent   FileUse = "none"     // the file asks for nothing
	FileStripped FileUse = "stripped" // it is left out
	FileHonoured FileUse = "honoured" // the provider is used; the key set is the location's in any case
)

// Options are a person's choices.
type Options struct {
	Location     certstore.Location
	Target       *target.Target // who will use it, nil for nobody in particular; Location is the target's
	FriendlyName string         // for the certificate with the key; "" keeps the file's
	Exportable   bool           // the key is to be exportable
	TrustRoots   bool           // every root of the file
	Trust        map[certificate.Fingerprint]bool
	Question     keyusage.Question
	// Waiting are keys in the stores whose requests were not answered yet, and
	// without a container those that are there otherwise.
	Waiting []certstore.PendingKey
}

// Present tells what is in the stores already: the entries of one certificate
// in both locations.
type Present func(certificate.Fingerprint) []certstore.Entry

// Decide places every certificate of contents, first rule that matches: with
// its key, Personal; a CA that is not self-signed, Intermediate CAs; a
// self-signed CA, Trusted Roots if the person says so; already trusted, left
// alone; else Other People.
func Decide(contents *certfile.Contents, opt Options, present Present) []Item {
	keyOf := map[int]int{}
	for k, key := range contents.Keys {
		if _, taken := keyOf[key.Certificate]; key.Certificate >= 0 && !taken {
			keyOf[key.Certificate] = k
		}
	}
	keyed := map[certificate.Fingerprint]int{}
	for i, c := range contents.Certificates {
		if k, ok := keyOf[i]; ok {
			keyed[c.Certificate.Fingerprint()] = k
		}
	}
	seen := map[certificate.Fingerprint]bool{}
	items := make([]Item, 0, len(contents.Certificates))
	for _, c := range contents.Certificates {
		fp := c.Certificate.Fingerprint()
		it := Item{Certificate: c.Certificate, Key: -1, Role: c.Certificate.Role(), Location: opt.Location, Name: c.FriendlyName}
		if k, ok := keyed[fp]; ok {
			it.Key = k
			if it.Name == "" {
				it.Name = contents.Keys[k].FriendlyName
			}
			if opt.FriendlyName != "" {
				it.Name = opt.FriendlyName
			}
		}
		if seen[fp] {
			it.Store, it.Action, it.Reason = belongsTo(it), Skip, "The file holds this certificate twice."
		} else {
			seen[fp] = true
			withoutKey(&it, opt)
			waiting(&it, opt)
			decide(&it, opt, present(fp))
			forTarget(&it, opt)
		}
		it.Findings = findings(it, contents.Format, opt)
		items = append(items, it)
	}
	return items
}

// waiting joins a certificate to the key that waits for it.
func waiting(it *Item, opt Options) {
	if it.Key >= 0 || exact(opt) {
		return
	}
	id := it.Certificate.KeyID()
	for i := range opt.Waiting {
		w := &opt.Waiting[i]
		if w.Location == opt.Location && id != nil && bytes.Equal(certificate.KeyIDOf(w.PublicKey), id) {
			it.Waiting, it.Name = w, cmp.Or(opt.FriendlyName, it.Name)
			return
		}
	}
}

func belongsTo(it Item) certstore.Name {
	switch {
	case it.HasKey():
		return certstore.My
	case it.Role == certificate.Intermediate:
		return certstore.CA
	case it.Role == certificate.Root:
		return certstore.Root
	}
	return certstore.People
}

func decide(it *Item, opt Options, there []certstore.Entry) {
	it.Store, it.Action = belongsTo(*it), Add
	var here *certstore.Entry
	var trusted *certstore.Entry
	for i := range there {
		e := &there[i]
		if e.Unused() {
			continue
		}
		// The machine's key, seen from the user's Personal, is nobody else's.
		if e.Location == opt.Location && (here == nil || e.Store == it.Store) && !(e.Inherited && it.Store == certstore.My) {
			here = e
		}
		if (e.Anchor() || e.Store == certstore.Root) && (trusted == nil || e.Location == opt.Location) {
			trusted = e
		}
	}
	switch it.Store {
	case certstore.My:
		it.Reason = "It comes with its private key."
		if it.Waiting != nil {
			it.Reason = "Its private key is in the store since the request was made."
			if it.Waiting.Container == "" {
				it.Reason = "Its private key is in the store already."
			}
		}
		if here == nil {
			return
		}
		keyed := here.Key == certstore.KeyPresent || here.Key == certstore.KeyLocked
		switch {
		case keyed && here.Store == certstore.My:
			it.Action, it.Reason = AlreadyThere, "The same certificate and key are in Personal already"+stays(it, here, opt)+"."
		case keyed: // a certificate may be in several of Windows' stores
			it.Reason = fmt.Sprintf("It comes with its private key; the one in %s stays.", Title(here.Store))
		case here.Key == certstore.KeyUnusable:
			it.Action, it.Reason = Replace, fmt.Sprintf("The certificate is in %s with a private key that cannot be used; the key is stored again.", Title(here.Store))
		default:
			it.Action, it.Reason = Replace, fmt.Sprintf("The certificate is in %s without its private key; the key is added.", Title(here.Store))
		}
	case certstore.Root:
		decideRoot(it, opt, here, trusted)
	default:
		it.Reason = "It has no private key here; it belongs to somebody else."
		if it.Store == certstore.CA {
			it.Reason = "It is a CA certificate that another CA issued."
		}
		if here != nil && (here.Store == it.Store || here.Store == certstore.Disallowed || !exact(opt)) {
			it.Store, it.Action = here.Store, AlreadyThere
			it.Reason = fmt.Sprintf("The same certificate is in %s already.", Title(here.Store))
		}
	}
}

// stays says that a key which is there keeps its mark, where another was asked
// for. A locked store does not tell.
func stays(it *Item, here *certstore.Entry, opt Options) string {
	switch {
	case it.Key < 0 || here.Key != certstore.KeyPresent || here.Exportable == opt.Exportable:
		return ""
	case here.Exportable:
		return "; the key there is exportable and stays so"
	}
	return "; the key there is marked not exportable and stays so"
}

func decideRoot(it *Item, opt Options, here, trusted *certstore.Entry) {
	yes := opt.TrustRoots || opt.Trust[it.Certificate.Fingerprint()]
	switch {
	case trusted != nil && trusted.Location == opt.Location:
		it.Action, it.Reason = AlreadyThere, "It is among the trusted roots already."
	case trusted != nil && trusted.Location == certstore.Machine:
		it.Action, it.Reason = Skip, "This computer trusts it already."
	case here != nil && here.Store == certstore.Disallowed:
		it.Store, it.Action, it.Reason = here.Store, Skip, "It is among the untrusted certificates; take it out there first."
	case yes && here != nil:
		it.Action, it.Reason = Replace, fmt.Sprintf("It is in %s, not trusted; it will be trusted as you asked.", Title(here.Store))
	case yes:
		it.Reason = "It is a root, and you asked to trust it."
	default:
		it.Action, it.Reason = Ask, "It is a root: whoever holds its key can vouch for anybody. It is not imported unless you say so."
	}
}

func findings(it Item, format string, opt Options) []finding.Finding {
	fs := keyusage.Survey(it.Certificate, opt.Question)
	if it.HasKey() {
		fs = append(fs, keyusage.Personal(it.Certificate)...)
	}
	if !it.HasKey() && format == certfile.PKCS12 && !exact(opt) {
		for _, p := range keyusage.Infer(it.Certificate) {
			if p == finding.Client {
				fs = append(fs, keyusage.NoKey(p, finding.Error))
			}
		}
	}
	finding.Sort(fs)
	return fs
}

var titles = map[certstore.Name]string{
	certstore.My: "Personal", certstore.CA: "Intermediate CAs", certstore.Root: "Trusted roots", certstore.People: "Other people",
	certstore.TrustedPeople: "Trusted people", certstore.Disallowed: "Untrusted",
	// Stores that Windows has besides, after the titles of its certificates console.
	"trust": "Enterprise trust", "trustedpublisher": "Trusted publishers", "authroot": "Third-party roots", "clientauthissuer": "Client authentication issuers",
	"smartcardroot": "Smart card roots", "trusteddevices": "Trusted devices", "webhosting": "Web hosting", "remote desktop": "Remote Desktop",
	"request": "Enrollment requests", "flightroot": "Preview build roots", "testsignroot": "Test roots",
}

// Title returns the name of a store as people read it.
func Title(n certstore.Name) string {
	if t, ok := titles[n]; ok {
		return t
	}
	return string(n)
}

// Names are the stores every system has, in the order people expect.
var Names = []certstore.Name{certstore.My, certstore.CA, certstore.Root, certstore.People, certstore.TrustedPeople, certstore.Disallowed}

// Belongs returns the store an entry belongs to, or "" if it is in the right
// one. What a person put among the trusted or untrusted people on purpose is
// right where it is, but for CA certificates.
func Belongs(e certstore.Entry, c *certificate.Certificate) certstore.Name {
	hasKey := e.Key != certstore.KeyNone && e.Key != ""
	switch role := c.Role(); {
	case e.Store == certstore.Disallowed || c.RawSubject == nil || e.Unused():
	case role == certificate.Intermediate && (e.Store == certstore.Root || e.Store == certstore.People || e.Store == certstore.TrustedPeople):
		return certstore.CA
	case role == certificate.Intermediate && e.Store == certstore.My && !hasKey:
		return certstore.CA
	case role == certificate.EndEntity && (e.Store == certstore.Root || e.Store == certstore.CA) && !hasKey:
		return certstore.People
	}
	return ""
}

// Judge returns the findings about where an entry stands.
func Judge(e certstore.Entry, c *certificate.Certificate) []finding.Finding {
	if c.RawSubject == nil || e.Store == certstore.Disallowed || e.Unused() {
		return nil
	}
	hasKey := e.Key != certstore.KeyNone && e.Key != ""
	make1 := func(id string, s finding.Severity, source string, fix finding.Fix, to certstore.Name) []finding.Finding {
		return []finding.Finding{{ID: id, Severity: s, Source: source, Fix: fix, Evidence: finding.Evidence{Field: "store", Value: string(e.Location) + "/" + string(e.Store)},
			Params: map[string]string{"store": Title(e.Store), "to": string(to), "issuer": c.IssuerName()}}}
	}
	switch role := c.Role(); {
	case role == certificate.Intermediate && e.Store == certstore.Root:
		return make1("P-01", finding.Error, "Microsoft KB 2802568", finding.FixMove, certstore.CA)
	case role == certificate.Root && e.Store == certstore.CA:
		return make1("P-02", finding.Info, "RFC 5280 6.1.1", finding.FixTrust, certstore.Root)
	case c.IsCA() && e.Store == certstore.My && !hasKey:
		return make1("P-03", finding.Warning, "Windows system stores", finding.FixMove, certstore.CA)
	case !c.IsCA() && (e.Store == certstore.Root || e.Store == certstore.CA):
		if role == certificate.SelfSigned {
			return make1("P-04", finding.Info, "RFC 5280 4.2.1.9", finding.FixNone, certstore.People)
		}
		return make1("P-04", finding.Warning, "RFC 5280 4.2.1.9", finding.FixMove, certstore.People)
	}
	return nil
}
