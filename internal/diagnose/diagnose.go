// Package diagnose looks at a computer's certificate stores for the causes of
// an error code: it runs the checks that package explain names for the code,
// and says of each whether it applies here, which certificates prove it and
// what can be done, or why it could not be looked at.
//
// Nothing is changed, nothing is asked over the network, and no private key
// leaves its store; a key is tried out with a signature where that needs no
// password.
package diagnose

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/action"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/explain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// Limits of one diagnosis.
const (
	maxPersonal = 2000 // certificates judged
	maxSigned   = 25   // keys tried out
	maxShown    = 100  // subjects of one outcome
)

// A Status says what came of a check.
type Status string

// The statuses.
const (
	Applies    Status = "applies"
	Clear      Status = "clear"       // looked at, and it is not that
	NotChecked Status = "not-checked" // could not be looked at; the message says why, and what to do instead
)

// A Subject is a certificate that an outcome is about.
type Subject struct {
	Row    *inventory.Row
	Detail string // what is so about it
}

// An Outcome is the result of one check.
type Outcome struct {
	Check    explain.Check
	Title    string
	Status   Status
	Message  string
	Subjects []Subject // at most 100
	More     int       // further subjects
	Fix      string    // what to do, a full sentence or a command; may be empty
}

// A Machine is what there is to look at.
type Machine struct {
	Inventory *inventory.Inventory
	Unread    []error           // what of the stores could not be read
	Places    []certstore.Place // the stores
	Signer    Signer            // tries keys out; nil: they are not
	Now       time.Time         // UTC
	Text      string            // what was pasted, for the checks that look for certificates in it
}

// A Signer makes and verifies a signature with the key of a row.
type Signer func(context.Context, *inventory.Row) error

// Run runs the checks of the codes in r, each once: what applies first, then
// what does not, then what could not be looked at. It fails only when ctx
// ends.
func Run(ctx context.Context, m Machine, r explain.Result) ([]Outcome, error) {
	d := &diagnosis{Machine: m, ctx: ctx, result: r}
	var out []Outcome
	seen := map[explain.Check]bool{}
	for _, match := range r.Matches {
		for _, c := range match.Code.Checks {
			if seen[c] {
				continue
			}
			seen[c] = true
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			o := d.run(c)
			o.Fix = action.Say(o.Fix)
			out = append(out, o)
		}
	}
	rank := []Status{Applies, Clear, NotChecked}
	slices.SortStableFunc(out, func(a, b Outcome) int {
		return cmp.Compare(slices.Index(rank, a.Status), slices.Index(rank, b.Status))
	})
	return out, ctx.Err()
}

// A diagnosis is one run.
type diagnosis struct {
	Machine
	ctx    context.Context
	result explain.Result

	rows     []*inventory.Row // personal certificates, each once
	gathered bool
	cut      bool
	verdicts map[verdictKey]check.Verdict
}

type verdictKey struct {
	row     *inventory.Row
	purpose finding.Purpose
}

// personal returns the certificates that somebody here could use: those of
// Personal, and those with a key. A certificate that stands in several places
// is there once, with its key if it has one.
func (d *diagnosis) personal() []*inventory.Row {
	if d.gathered {
		return d.rows
	}
	d.gathered = true
	at := map[certificate.Fingerprint]int{}
	for _, r := range d.Inventory.Rows {
		if r.Store != certstore.My && r.Key == certstore.KeyNone || r.Store == certstore.Disallowed {
			continue
		}
		fp := r.Fingerprint()
		if i, ok := at[fp]; ok {
			if d.rows[i].Key == certstore.KeyNone {
				d.rows[i] = r
			}
			continue
		}
		if len(d.rows) == maxPersonal {
			d.cut = true
			break
		}
		at[fp] = len(d.rows)
		d.rows = append(d.rows, r)
	}
	return d.rows
}

// keyed returns those with a private key.
func (d *diagnosis) keyed() []*inventory.Row {
	return slices.DeleteFunc(slices.Clone(d.personal()), func(r *inventory.Row) bool { return r.Key == certstore.KeyNone })
}

func (d *diagnosis) judge(r *inventory.Row, p finding.Purpose) check.Verdict {
	k := verdictKey{r, p}
	v, ok := d.verdicts[k]
	if !ok {
		v = check.Judge(check.Subject{Certificate: r.Certificate, Row: r}, p, d.Inventory, check.Options{Now: d.Now})
		if d.verdicts == nil {
			d.verdicts = map[verdictKey]check.Verdict{}
		}
		d.verdicts[k] = v
	}
	return v
}

// path returns the best path of a personal certificate.
func (d *diagnosis) path(r *inventory.Row) chain.Path { return d.judge(r, finding.Client).Paths.Best() }

func (d *diagnosis) run(c explain.Check) Outcome {
	o := Outcome{Check: c, Title: titles[c]}
	if text, ok := elsewhere[c]; ok {
		o.Status, o.Message, o.Fix = NotChecked, text.why, text.instead
		return o
	}
	f, ok := checks[c]
	if !ok {
		o.Status, o.Message = NotChecked, "This version cannot look at it."
		return o
	}
	f(d, &o)
	if n := len(o.Subjects); n > maxShown {
		o.Subjects, o.More = o.Subjects[:maxShown], n-maxShown
	}
	if d.cut {
		o.Message += fmt.Sprintf(" Only the first %d personal certificates were looked at.", maxPersonal)
	}
	if len(d.Unread) > 0 && o.Status == Clear {
		o.Message += " Part of the stores could not be read, so this is not the whole picture."
	}
	return o
}

// decide gives o the status of what was found: applies says in how many
// words, clear what to say when nothing was.
func (o *Outcome) decide(applies, clear string) {
	if len(o.Subjects) > 0 {
		o.Status, o.Message = Applies, strings.ReplaceAll(applies, "{n}", count(len(o.Subjects)))
		return
	}
	o.Status, o.Message, o.Fix = Clear, clear, ""
}

func count(n int) string {
	if n == 1 {
		return "1 certificate"
	}
	return fmt.Sprintf("%d certificates", n)
}

func (o *Outcome) add(r *inventory.Row, format string, args ...any) {
	o.Subjects = append(o.Subjects, Subject{r, fmt.Sprintf(format, args...)})
}

// short is how commands name a certificate.
func short(r *inventory.Row) string { return r.Fingerprint().String()[:16] }

// nobody says that there is no personal certificate, and reports whether that
// is so.
func (d *diagnosis) nobody(o *Outcome) bool {
	if len(d.personal()) > 0 {
		return false
	}
	o.Status, o.Message = NotChecked, "There is no personal certificate on this computer to look at."
	o.Fix = "If the certificate is in a file, look at it with «check FILE»."
	return true
}
