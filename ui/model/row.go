// Package model is the state behind each screen. It knows no widget: what
// changes is a binding, and methods that read stores or compute block, so a
// view calls them in a goroutine of its own.
package model

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

// A Row is one certificate in one place, as the list shows it.
type Row struct {
	*inventory.Row
	ID       string // identifies the row as long as it stands where it does
	Name     string // friendly name, or the certificate's own
	Issuer   string
	Purposes string
	Serial   string           // as Windows spells it
	Status   string           // the worst finding in one to three words, or that a partner's key is not here; "" if all is well
	Severity finding.Severity // of a problem, "" if there is none
	Client   bool             // made for TLS clients
	SignIn   bool             // a client certificate with key and without errors

	folded, foldedIssuer string // Name and Issuer in lower case
}

// newRow prepares what the list sorts and shows.
func newRow(r *inventory.Row) *Row {
	c := r.Certificate
	row := &Row{Row: r, ID: string(r.Location) + "/" + string(r.Store) + "/" + string(hex.AppendEncode(nil, c.SerialNumber)) + "/" + c.Fingerprint().String(),
		Name: c.CommonName(), Issuer: c.IssuerName(), Serial: c.Serials().Spaced, Purposes: purposes(c)}
	if row.Name == "" {
		row.Name = r.FriendlyName
	}
	row.folded, row.foldedIssuer = strings.ToLower(row.Name), strings.ToLower(row.Issuer)
	if len(r.Findings) > 0 && r.Findings[0].Severity != finding.Info {
		row.Severity = r.Findings[0].Severity
		row.Status = finding.WordsOf(r.Findings[0]).Short
	} else if i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.ID == "C-05" }); i >= 0 {
		row.Status = finding.WordsOf(r.Findings[i]).Short // a partner's: in order, and of no use to sign in
	}
	row.Client = slices.Contains(keyusage.Infer(c), finding.Client)
	row.SignIn = row.Client && row.HasKey() && !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool {
		return f.Severity == finding.Error && (f.Purpose == finding.Client || f.Purpose == finding.Any)
	})
	return row
}

// HasKey reports whether there is a private key with the certificate.
func (r *Row) HasKey() bool { return r.Row.Key != certstore.KeyNone && r.Row.Key != "" }

// shortPurposes are one-word names for a narrow column.
var shortPurposes = map[string]string{
	certificate.ClientAuth: "Client", certificate.ServerAuth: "Server", certificate.EmailProtection: "Email",
	certificate.CodeSigning: "Code", certificate.TimeStamping: "Time stamp", certificate.OCSPSigning: "OCSP", certificate.AnyExtKeyUsage: "Any",
}

func purposes(c *certificate.Certificate) string {
	var words []string
	if c.IsCA() {
		words = append(words, "CA")
	}
	for _, oid := range c.ExtKeyUsage {
		if w, ok := shortPurposes[oid]; ok {
			words = append(words, w)
		} else {
			words = append(words, certificate.PurposeWords(oid))
		}
	}
	return strings.Join(words, " · ")
}

// A Filter keeps some rows of a scope.
type Filter int

// The filters.
const (
	All Filter = iota
	WithKey
	ForClients
	Problems
)

// A Quick is a view over all stores.
type Quick string

// The quick views; NoQuick is a store of a location.
const (
	NoQuick        Quick = ""
	QuickAttention Quick = "attention"
	QuickExpiring  Quick = "expiring"
	QuickSignIn    Quick = "sign-in"
	QuickMisplaced Quick = "misplaced"
)

// A Scope is what the sidebar chooses: a quick view, or a store.
type Scope struct {
	Quick    Quick
	Location certstore.Location
	Store    certstore.Name
}

// A Query says which rows are shown, and in which order.
type Query struct {
	Scope     Scope
	Filter    Filter
	Search    string // searches all stores when not empty
	Sort      string // a column: status, key, name, issuer, expires, purposes, serial, store or thumb
	Ascending bool
}

// inScope reports whether a row belongs to a scope.
func (s Scope) contains(r *Row, now time.Time) bool {
	switch s.Quick {
	case QuickAttention:
		return r.Severity != "" && r.tended()
	case QuickExpiring:
		return expiring(r, now) && r.tended()
	case QuickSignIn:
		return r.SignIn
	case QuickMisplaced:
		return r.Misplaced != "" && !r.Inherited // the machine's own row says it
	}
	return r.Location == s.Location && r.Store == s.Store
}

// tended reports whether somebody looks after a row: what this user may change,
// and what an administrator's rights are for in Personal. Nobody can do
// anything about the distribution's own.
func (r *Row) tended() bool {
	return !r.ReadOnly || r.Store == certstore.My && !r.Inherited && !r.Shipped && r.Provided == ""
}

func expiring(r *Row, now time.Time) bool {
	left := r.Certificate.NotAfter.Sub(now)
	return left > 0 && left < keyusage.SoonDays*24*time.Hour
}

func (f Filter) keeps(r *Row) bool {
	switch f {
	case WithKey:
		return r.HasKey()
	case ForClients:
		return r.Client
	case Problems:
		return r.Severity != ""
	}
	return true
}

// compareRows orders two rows by a column, ties by name and place.
func compareRows(a, b *Row, column string) int {
	order := 0
	switch column {
	case "status":
		order = cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Status, b.Status))
	case "key":
		order = cmp.Compare(a.Row.Key, b.Row.Key)
	case "issuer":
		order = cmp.Compare(a.foldedIssuer, b.foldedIssuer)
	case "expires":
		order = a.Certificate.NotAfter.Compare(b.Certificate.NotAfter)
	case "purposes":
		order = cmp.Compare(a.Purposes, b.Purposes)
	case "serial":
		order = cmp.Compare(a.Serial, b.Serial)
	case "store":
		order = cmp.Or(cmp.Compare(b.Location, a.Location), cmp.Compare(a.Store, b.Store))
	}
	return cmp.Or(order, cmp.Compare(a.folded, b.folded), cmp.Compare(a.ID, b.ID))
}

func rank(r *Row) int {
	if r.Severity == "" {
		return 3
	}
	return r.Severity.Rank()
}
