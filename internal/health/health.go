// Package health looks at whole stores and says what is not in order there:
// certificates in the wrong store, expired and expiring ones, duplicates, keys
// without certificates and certificates without keys, weak algorithms, a list
// of trusted issuers that is too long. It changes nothing, and each problem
// comes with what can be done about it.
package health

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/placement"
)

// A Kind says what a problem is about.
type Kind string

// The kinds, in the order of a report.
const (
	RootNotSelfSigned Kind = "root-not-self-signed"     // an issued certificate among the trusted roots
	InPersonal        Kind = "intermediate-in-personal" // a CA without its key in Personal
	Misplaced         Kind = "misplaced"                // otherwise in the wrong store
	Blocked           Kind = "blocked"                  // also, or its issuer, among the untrusted certificates
	NoKey             Kind = "key-missing"              // in Personal without its private key
	BrokenKey         Kind = "key-broken"               // the key is there and cannot be used
	Expired           Kind = "expired"
	Expiring          Kind = "expiring"
	WeakAlgorithm     Kind = "weak"
	LongIssuerList    Kind = "issuer-list" // longer than 16 KB
	OrphanKey         Kind = "key-orphan"  // a private key without certificate
	Duplicate         Kind = "duplicate"   // the same certificate in several places
	Renewed           Kind = "renewed"     // a newer certificate of the same name and purposes is here
)

// Kinds lists the kinds in that order.
var Kinds = []Kind{RootNotSelfSigned, InPersonal, Misplaced, Blocked, NoKey, BrokenKey, Expired, Expiring, WeakAlgorithm, LongIssuerList, OrphanKey, Duplicate, Renewed}

var titles = map[Kind]string{
	RootNotSelfSigned: "Issued certificates among the trusted roots", InPersonal: "Intermediate certificates in Personal",
	Misplaced: "Certificates in the wrong store", Blocked: "Blocked certificates", NoKey: "Personal certificates without their private key",
	BrokenKey: "Private keys that cannot be used", Expired: "Expired certificates", Expiring: "Certificates that expire soon",
	WeakAlgorithm: "Weak algorithms and keys", LongIssuerList: "List of issuers longer than 16 KB", OrphanKey: "Private keys without a certificate",
	Duplicate: "The same certificate in several places", Renewed: "Renewed certificates that are still here",
}

// Title returns the words for people.
func (k Kind) Title() string { return titles[k] }

// A Problem is one thing that is not in order.
type Problem struct {
	Kind     Kind
	ID       string // of the rule in docs/findings.md, or ""
	Severity finding.Severity
	Message  string
	Row      *inventory.Row      // the certificate; nil for a key or a whole store
	Key      *certstore.LooseKey // of OrphanKey
	Location certstore.Location
	Store    certstore.Name // "" for a whole location
	Fix      string         // what to do, a full sentence
	Command  string         // a command line that does it; may be empty
}

// Subject names what the problem is about.
func (p Problem) Subject() string {
	switch {
	case p.Row != nil:
		return p.Row.Certificate.CommonName()
	case p.Key != nil && p.Key.Name != "":
		return p.Key.Name
	case p.Key != nil:
		return "key " + p.Key.ID
	}
	return string(p.Location)
}

// A Count says how many certificates a store holds.
type Count struct {
	Location certstore.Location
	Store    certstore.Name
	N        int
}

// A Report is the state of the stores at one moment.
type Report struct {
	At         time.Time
	Computer   string // its name, or ""
	Days       int    // how soon is soon
	Counts     []Count
	Problems   []Problem // by kind, worst first
	NotChecked []string  // what could not be looked at, full sentences
}

// Worst returns how many problems there are of each severity.
func (r Report) Worst() (errors, warnings, infos int) {
	for _, p := range r.Problems {
		switch p.Severity {
		case finding.Error:
			errors++
		case finding.Warning:
			warnings++
		default:
			infos++
		}
	}
	return errors, warnings, infos
}

// Of returns the problems of one kind.
func (r Report) Of(k Kind) []Problem {
	var list []Problem
	for _, p := range r.Problems {
		if p.Kind == k {
			list = append(list, p)
		}
	}
	return list
}

// Options say what to look at.
type Options struct {
	Now       time.Time
	Days      int    // how soon is soon; 0 means 30
	Computer  string // its name for the report
	Unread    []error
	Keys      certstore.KeyLister  // lists keys without certificates; nil: the store cannot
	Relinker  certstore.Relinker   // finds the keys of certificates that lost the link; nil: the store cannot
	Locations []certstore.Location // none means both
}

// maxChains bounds the personal certificates whose chains are built.
const maxChains = 2000

// Look examines what inv holds. It fails only when ctx ends.
func Look(ctx context.Context, inv *inventory.Inventory, opt Options) (Report, error) {
	if opt.Days == 0 {
		opt.Days = 30
	}
	if len(opt.Locations) == 0 {
		opt.Locations = []certstore.Location{certstore.User, certstore.Machine}
	}
	e := &exam{inv: inv, opt: opt, r: Report{At: opt.Now, Computer: opt.Computer, Days: opt.Days}, found: map[certstore.Ref]certstore.FoundKey{}}
	for _, err := range opt.Unread {
		e.r.NotChecked = append(e.r.NotChecked, "Not read: "+err.Error()+".")
	}
	for _, l := range opt.Locations {
		e.lost(ctx, l)
	}
	for _, row := range inv.Rows {
		e.count(row)
		if err := ctx.Err(); err != nil {
			return e.r, err
		}
		e.place(row)
		e.key(row)
		e.dates(row)
		e.weak(row)
	}
	e.blocked()
	e.duplicates()
	e.renewed()
	for _, l := range opt.Locations {
		e.issuers(l)
		e.orphans(ctx, l)
	}
	e.r.NotChecked = append(e.r.NotChecked, "Revocation is not asked for: certctl check ID --revocation does.")
	slices.SortStableFunc(e.r.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), cmp.Compare(a.Severity.Rank(), b.Severity.Rank()))
	})
	return e.r, ctx.Err()
}

type exam struct {
	inv *inventory.Inventory
	opt Options
	r   Report

	found map[certstore.Ref]certstore.FoundKey // of rows that lost the link to their key
}

func (e *exam) count(row *inventory.Row) {
	for i := range e.r.Counts {
		if c := &e.r.Counts[i]; c.Location == row.Location && c.Store == row.Store {
			c.N++
			return
		}
	}
	e.r.Counts = append(e.r.Counts, Count{row.Location, row.Store, 1})
}

// about adds a problem of a certificate.
func (e *exam) about(row *inventory.Row, k Kind, id string, s finding.Severity, fix, command, format string, args ...any) {
	e.r.Problems = append(e.r.Problems, Problem{Kind: k, ID: id, Severity: s, Message: fmt.Sprintf(format, args...), Row: row, Location: row.Location, Store: row.Store, Fix: fix, Command: command})
}

func short(row *inventory.Row) string { return row.Fingerprint().String()[:16] }

func moveCommand(row *inventory.Row, to certstore.Name) string {
	return fmt.Sprintf("certctl move %s --to %s --location %s", short(row), to, row.Location)
}

func deleteCommand(row *inventory.Row) string {
	return fmt.Sprintf("certctl delete %s --location %s --store %s", short(row), row.Location, row.Store)
}

func (e *exam) place(row *inventory.Row) {
	c := row.Certificate
	switch {
	case IssuedRoot(row):
		to := certstore.CA
		if !c.IsCA() {
			to = certstore.People
		}
		e.about(row, RootNotSelfSigned, "P-01", finding.Error, "Move it to "+placement.Title(to)+".", moveCommand(row, to),
			"It was issued by %s and stands among the trusted roots. On Windows one such certificate breaks client logon for every site (403.16).", c.IssuerName())
	case row.Store == certstore.My && row.Key == certstore.KeyNone && c.IsCA():
		to := certstore.CA
		if c.Role() == certificate.Root {
			to = certstore.Root
			e.about(row, InPersonal, "P-03", finding.Warning, "Delete it, or trust it after comparing its SHA-256.", deleteCommand(row), "A root certificate without its private key stands in Personal.")
			return
		}
		e.about(row, InPersonal, "P-03", finding.Warning, "Move it to "+placement.Title(to)+".", moveCommand(row, to), "A CA certificate without its private key stands in Personal.")
	case row.Misplaced != "" && !row.ReadOnly:
		e.about(row, Misplaced, "P-04", finding.Warning, "Move it to "+placement.Title(row.Misplaced)+"; certctl tidy moves all of them.", moveCommand(row, row.Misplaced),
			"It stands in %s and belongs in %s.", placement.Title(row.Store), placement.Title(row.Misplaced))
	}
}

func (e *exam) key(row *inventory.Row) {
	lost, found := e.found[row.Ref()]
	switch {
	case found:
		k, id, message := NoKey, "C-05", "Its private key is here and nothing leads to it: "+lost.Found.String()+"."
		if row.Key == certstore.KeyUnusable {
			k, id, message = BrokenKey, "K-01", "It leads to a key that cannot be used; its own is here: "+lost.Found.String()+"."
		}
		e.about(row, k, id, finding.Error, "Link them again.", fmt.Sprintf("certctl key relink %s --location %s --store %s", short(row), row.Location, row.Store), "%s", message)
	case row.Key == certstore.KeyUnusable:
		e.about(row, BrokenKey, "K-01", finding.Error, "Import the PFX file again.", "", "Its private key is there, but it cannot sign.")
	case row.Key == certstore.KeyNone && row.Store == certstore.My && !row.Certificate.IsCA():
		e.about(row, NoKey, "C-05", finding.Error, "Import the PFX file with the key.", "", "It stands in Personal without its private key.")
	}
}

// dates judges validity. The roots that the system ships are the system's
// business.
func (e *exam) dates(row *inventory.Row) {
	c := row.Certificate
	if row.ReadOnly && row.Store == certstore.Root || c.NotAfter.IsZero() || row.Store == certstore.Disallowed {
		return
	}
	s := finding.Warning
	if row.Key != certstore.KeyNone {
		s = finding.Error
	}
	left := c.NotAfter.Sub(e.opt.Now)
	switch {
	case left < 0:
		fix := "Renew it if it is still used; then delete it."
		if row.Key != certstore.KeyNone && slices.Contains(c.ExtKeyUsage, certificate.EmailProtection) {
			fix = "Renew it, and keep its key: old encrypted mail needs it."
		}
		e.about(row, Expired, "C-06", s, fix, deleteCommand(row), "It expired on %s.", c.NotAfter.Format(time.DateOnly))
	case left < time.Duration(e.opt.Days)*24*time.Hour:
		e.about(row, Expiring, "S-20", finding.Warning, "Renew it.", "", "It expires on %s, in %d days.", c.NotAfter.Format(time.DateOnly), int(left.Hours()/24))
	}
}

func (e *exam) weak(row *inventory.Row) {
	if row.ReadOnly && row.Store == certstore.Root || row.Store == certstore.Disallowed {
		return
	}
	if text := Weak(row.Certificate); text != "" {
		e.about(row, WeakAlgorithm, "", finding.Warning, "Have it issued again with RSA 2048 or more, or P-256, and SHA-256.", "", "It is weak: %s.", text)
	}
}

// blocked looks for certificates that are blocked, and personal ones whose
// chain runs through a blocked one.
func (e *exam) blocked() {
	disallowed := map[certificate.Fingerprint]bool{}
	for _, row := range e.inv.Rows {
		if row.Store == certstore.Disallowed {
			disallowed[row.Fingerprint()] = true
		}
	}
	if len(disallowed) == 0 {
		return
	}
	const fix = "If it was blocked by mistake, take it out of the untrusted certificates; else replace it."
	chains := 0
	for _, row := range e.inv.Rows {
		if row.Store == certstore.Disallowed {
			continue
		}
		if disallowed[row.Fingerprint()] {
			e.about(row, Blocked, "P-05", finding.Error, fix, fmt.Sprintf("certctl delete %s --store disallowed", short(row)), "The same certificate is among the untrusted certificates.")
			continue
		}
		if row.Key == certstore.KeyNone || chains == maxChains {
			continue
		}
		chains++
		for _, l := range chain.Links(e.inv, row.Certificate, nil, e.opt.Now)[1:] {
			if l.Status == chain.Blocked {
				e.about(row, Blocked, "P-05", finding.Error, fix, "", "Its issuer %s is among the untrusted certificates.", l.Name)
			}
		}
	}
}

// duplicates finds certificates in several places, other than the roots that
// user and system both trust.
func (e *exam) duplicates() {
	seen := map[certificate.Fingerprint]bool{}
	for _, row := range e.inv.Rows {
		fp := row.Fingerprint()
		places := e.inv.At(fp)
		if len(places) < 2 || seen[fp] {
			continue
		}
		seen[fp] = true
		var where []string
		var spare *inventory.Row
		for _, p := range places {
			where = append(where, string(p.Location)+"/"+string(p.Store))
			if !p.ReadOnly && !p.Inherited && p.Key == certstore.KeyNone {
				spare = p
			}
		}
		if places[0].Inherited || places[len(places)-1].Inherited {
			continue // Windows shows the machine's through the user's store
		}
		command := ""
		if spare != nil && spare.Store != certstore.Disallowed {
			command = deleteCommand(spare)
		}
		e.about(row, Duplicate, "", finding.Info, "Delete the copies that no program needs.", command, "The same certificate is in %s.", strings.Join(where, " and "))
	}
}

// renewed finds certificates with a key of which a newer one of the same name
// and purposes has one, too.
func (e *exam) renewed() {
	newest := map[string]*inventory.Row{}
	name := func(row *inventory.Row) string {
		c := row.Certificate
		var san []string
		for _, n := range c.AltNames {
			san = append(san, n.Type+":"+n.Value)
		}
		slices.Sort(san)
		return string(row.Location) + "\x00" + string(c.RawSubject) + "\x00" + strings.Join(san, "\x01") + "\x00" + strings.Join(slices.Sorted(slices.Values(c.ExtKeyUsage)), " ")
	}
	keyed := slices.DeleteFunc(slices.Clone(e.inv.Rows), func(r *inventory.Row) bool {
		return r.Key == certstore.KeyNone || r.Certificate.IsCA() || len(r.Certificate.RawSubject) <= 2
	})
	for _, row := range keyed {
		if old := newest[name(row)]; old == nil || row.Certificate.NotAfter.After(old.Certificate.NotAfter) {
			newest[name(row)] = row
		}
	}
	for _, row := range keyed {
		if best := newest[name(row)]; !bytes.Equal(best.DER, row.DER) {
			e.about(row, Renewed, "P-10", finding.Info, "See that no binding or mapping still uses the old one, then delete it.", deleteCommand(row),
				"It was renewed by the certificate with the SHA-1 %s, valid until %s.", best.Certificate.SHA1(), best.Certificate.NotAfter.Format(time.DateOnly))
		}
	}
}

func (e *exam) issuers(l certstore.Location) {
	if n, size := IssuerList(e.inv, l); size > MaxIssuerList {
		s := finding.Warning
		if l == certstore.User {
			s = finding.Info // servers run as the machine
		}
		e.r.Problems = append(e.r.Problems, Problem{Kind: LongIssuerList, ID: "P-07", Severity: s, Location: l, Store: certstore.Root,
			Message: fmt.Sprintf("The names of %d trusted roots take %d bytes; a Windows server cuts the list that it sends at %d, so clients of the others offer nothing.", n, size, MaxIssuerList),
			Fix:     "Remove roots that nobody needs, give the site a list of its own, or switch SendTrustedIssuerList off."})
	}
}

// lost looks for the keys of certificates that have none, or none that works.
func (e *exam) lost(ctx context.Context, l certstore.Location) {
	if e.opt.Relinker == nil {
		return
	}
	var refs []certstore.Ref
	for _, row := range e.inv.Rows {
		if row.Location == l && !row.ReadOnly && !row.Inherited && (row.Key == certstore.KeyNone || row.Key == certstore.KeyUnusable) {
			refs = append(refs, row.Ref())
		}
	}
	if len(refs) == 0 {
		return
	}
	found, err := e.opt.Relinker.FindKeys(ctx, l, refs...)
	if err != nil {
		e.r.NotChecked = append(e.r.NotChecked, fmt.Sprintf("Certificates that lost the link to their private key: %v.", err))
	}
	for _, f := range found {
		if f.Lost() {
			e.found[f.Ref] = f
		}
	}
}

func (e *exam) orphans(ctx context.Context, l certstore.Location) {
	if e.opt.Keys == nil {
		const text = "Private keys without a certificate cannot be listed on this system."
		if !slices.Contains(e.r.NotChecked, text) {
			e.r.NotChecked = append(e.r.NotChecked, text)
		}
		return
	}
	keys, err := e.opt.Keys.LooseKeys(ctx, l)
	if err != nil {
		e.r.NotChecked = append(e.r.NotChecked, fmt.Sprintf("Private keys without a certificate: %v.", err))
	}
	for i := range keys {
		k := &keys[i]
		p := Problem{Kind: OrphanKey, Severity: finding.Warning, Key: k, Location: l, Message: "No certificate here belongs to this private key",
			Fix: "Import its certificate, or delete it if nothing was encrypted for it and no program needs it: " + k.Remove + "."}
		if k.Algorithm != "" {
			p.Message += " (" + k.Algorithm + ")"
		}
		p.Message += "."
		if k.Request {
			p.Severity, p.Fix = finding.Info, "Wait for the CA's answer to the request."
			p.Message = "It was made for a certificate request that has no answer yet."
		}
		e.r.Problems = append(e.r.Problems, p)
	}
}
