// Package finding holds findings as data: what is wrong with a certificate,
// a key, a file or where it is kept. The rules that make findings are in
// packages keyusage, placement, inventory and check; the words are in wording.go.
//
// Ids, conditions and severities follow facts/certificates.md section 4 of the
// project's notes; docs/findings.md repeats those that are implemented.
package finding

import (
	"cmp"
	"slices"
)

// A Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // will not work in at least one mainstream client
	Warning Severity = "warning" // fails in some, or is dangerous
	Info    Severity = "info"    // good to know
)

// Rank orders severities, worst first, from 0.
func (s Severity) Rank() int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	}
	return 2
}

// A Purpose is what a certificate is to be used for.
type Purpose string

// The purposes.
const (
	Client       Purpose = "client"
	Server       Purpose = "server"
	EmailSign    Purpose = "email-sign"
	EmailEncrypt Purpose = "email-encrypt"
	Code         Purpose = "code"
	Document     Purpose = "document"
	CA           Purpose = "ca"
	Any          Purpose = "" // the finding holds whatever the purpose
)

// A Fix is something this program can do about a finding.
type Fix string

// The fixes.
const (
	FixNone   Fix = ""
	FixMove   Fix = "move"   // move it to the store named by the parameter "store"
	FixTrust  Fix = "trust"  // trust it, after a question
	FixImport Fix = "import" // import the file with the key or the issuer
	FixGrant  Fix = "grant"  // let the account named by the parameter "account" use the key
	FixRelink Fix = "relink" // link it again to its key, which is there
	FixAsk    Fix = "ask"    // ask the CA for a new certificate; text in the advice
)

// Evidence is the field of a certificate, a store entry or a file that proves
// a finding.
type Evidence struct {
	Field string // as the JSON of certctl names it: "keyUsage", "notAfter", ...
	Value string // as people read it; the text {value} in the wording
}

// A Finding is one reason why something will not work or should be known.
type Finding struct {
	ID       string
	Severity Severity
	Purpose  Purpose
	Params   map[string]string // fill the placeholders of the wording
	Source   string            // the rule, such as "RFC 5280 4.2.1.3"
	Fix      Fix
	Evidence Evidence
}

// Purposes are all of them, in the order people expect.
var Purposes = []Purpose{Client, Server, EmailSign, EmailEncrypt, Code, Document, CA}

// Sort puts the worst first, and equals in the order of their ids.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.ID, b.ID))
	})
}

// Worst returns the worst severity in fs, "" if fs is empty.
func Worst(fs []Finding) Severity {
	worst := Severity("")
	for _, f := range fs {
		if worst == "" || f.Severity.Rank() < worst.Rank() {
			worst = f.Severity
		}
	}
	return worst
}
