// Package inventory lists what is in the stores, with what can be said about
// each certificate: its findings, where it belongs, its chain. It is the one
// place where both front ends look certificates up.
package inventory

import (
	"bytes"
	"context"
	"encoding/hex"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
	"certdesk/internal/signatures"
)

// A Row is one certificate in one place.
type Row struct {
	certstore.Entry
	Certificate *certificate.Certificate
	Misplaced   certstore.Name    // the store it belongs to; "" when it is in the right one
	Findings    []finding.Finding // worst first

	fold   sync.Once
	folded string // what a search looks in, see [Row.Matches]
}

// Options say what [Load] reads.
type Options struct {
	Locations []certstore.Location // none means both
	Now       time.Time            // the zero time means now
	Bare      bool                 // certificates only, for looking them up: no findings, nothing misplaced
	Overview  bool                 // for a table: faster where the store knows how, see [certstore.Overviewer]
	// Signatures remembers which roots were verified; nil verifies them all.
	Signatures *signatures.Cache
	// Progress is called now and then with the number of certificates read so
	// far; it may be nil.
	Progress func(read int)
	// Partial is called now and then with what was judged so far, from one
	// goroutine that is not the caller's; its rows are those of the call before
	// and more. What compares certificates, N-04, is not found yet. It may be nil.
	Partial func(*Inventory)
}

// An Inventory is what the stores held at one moment.
type Inventory struct {
	Rows []*Row // user first, then in the order of [placement.Names]

	bySubject map[string][]*Row
	byPrint   map[certificate.Fingerprint][]*Row
}

// Load reads the stores. What could be read is returned along with the
// errors; the inventory is never nil.
func Load(ctx context.Context, store certstore.Store, opt Options) (*Inventory, []error) {
	if len(opt.Locations) == 0 {
		opt.Locations = []certstore.Location{certstore.User, certstore.Machine}
	}
	if opt.Now.IsZero() {
		opt.Now = time.Now()
	}
	var rows []*Row
	var errs []error
	work := make(chan func(), 1024)
	var group sync.WaitGroup
	seen := newPartial(opt.Partial)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	judge := func(batch []*Row) func() {
		return func() {
			for _, r := range batch {
				r.Certificate = r.Parse()
				if !opt.Bare {
					opt.Signatures.Verify(r.Certificate)
					r.Judge(opt.Now)
				}
			}
			seen.add(batch)
		}
	}
	entries := store.Entries
	if o, ok := store.(certstore.Overviewer); ok && opt.Overview {
		entries = func(ctx context.Context, loc certstore.Location) iter.Seq2[certstore.Entry, error] {
			return o.Overview(ctx, loc, func(c *certificate.Certificate) {
				work <- func() { // what takes longest of judging it
					_ = c.Problem() // which it remembers
					opt.Signatures.Verify(c)
				}
			})
		}
	}
	const batchSize = 64 // certificates judged at a time, while the store reads on
	for _, loc := range opt.Locations {
		var batch []*Row
		for e, err := range entries(ctx, loc) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			r := &Row{Entry: e}
			rows, batch = append(rows, r), append(batch, r)
			if len(batch) == batchSize {
				work <- judge(batch)
				batch = nil
				if opt.Progress != nil {
					opt.Progress(len(rows))
				}
			}
		}
		if len(batch) > 0 {
			work <- judge(batch)
		}
	}
	close(work)
	group.Wait()
	seen.end()
	opt.Signatures.Save()
	twins(rows)
	inv := index(rows)
	slices.SortStableFunc(inv.Rows, compare)
	return inv, errs
}

// A partial shows what was judged while the rest is read.
type partial struct {
	show chan []*Row // nil: nobody looks
	done chan struct{}

	mu   sync.Mutex
	rows []*Row
	next int // how many rows are worth showing again
}

func newPartial(show func(*Inventory)) *partial {
	p := &partial{done: make(chan struct{}), next: 128}
	if show != nil {
		p.show = make(chan []*Row, 1) // the first are shown in any case
		go func() {
			defer close(p.done)
			for rows := range p.show {
				show(index(rows))
			}
		}()
	}
	return p
}

// add takes rows that were judged. They are shown with those before if there
// are half as many again as the last time, so that all the showing together
// costs no more than the last does, and if that was taken.
func (p *partial) add(batch []*Row) {
	if p.show == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows = append(p.rows, batch...)
	if len(p.rows) < p.next {
		return
	}
	select {
	case p.show <- slices.Clip(p.rows):
		p.next = len(p.rows) * 3 / 2
	default:
	}
}

func (p *partial) end() {
	if p.show != nil {
		close(p.show)
		<-p.done
	}
}

// Judge finds out what can be said about a row, as [Load] does of every row
// unless Options.Bare is set.
func (r *Row) Judge(now time.Time) {
	c := r.Certificate
	r.Misplaced = placement.Belongs(r.Entry, c)
	fs := append(r.Findings, keyusage.Survey(c, keyusage.Question{Now: now})...) // a twin is known already
	fs = append(fs, placement.Judge(r.Entry, c)...)
	if r.Key != certstore.KeyNone {
		fs = append(fs, keyusage.Personal(c)...)
	}
	if r.Key == certstore.KeyUnusable {
		fs = append(fs, keyusage.BrokenKey(string(r.Key)))
	}
	if r.Key == certstore.KeyNone && (r.Store == certstore.My || r.Store == certstore.People) && slices.Contains(keyusage.Infer(c), finding.Client) {
		s := finding.Info // a partner's certificate has its key elsewhere
		if r.Store == certstore.My {
			s = finding.Error
		}
		fs = append(fs, keyusage.NoKey(finding.Client, s))
	}
	finding.Sort(fs)
	r.Findings = fs
}

// index returns an inventory of rows.
func index(rows []*Row) *Inventory {
	inv := &Inventory{Rows: rows, bySubject: make(map[string][]*Row, len(rows)), byPrint: make(map[certificate.Fingerprint][]*Row, len(rows))}
	for _, r := range rows {
		c := r.Certificate
		fp := c.Fingerprint()
		inv.bySubject[string(c.RawSubject)] = append(inv.bySubject[string(c.RawSubject)], r)
		inv.byPrint[fp] = append(inv.byPrint[fp], r)
	}
	return inv
}

// twins gives N-04 to different certificates with one issuer and serial
// number. They get rows of their own: the others were shown already.
func twins(rows []*Row) {
	first := make(map[string]int, len(rows))
	for i, r := range rows {
		c := r.Certificate
		if len(c.SerialNumber) == 0 {
			continue
		}
		id := string(c.RawIssuer) + "\x00" + string(c.SerialNumber)
		k, ok := first[id]
		if !ok {
			first[id] = i
		} else if other := rows[k].Certificate; other.Fingerprint() != c.Fingerprint() {
			rows[k], rows[i] = rows[k].sameSerial(c), r.sameSerial(other)
		}
	}
}

// sameSerial returns the row with the finding that other is its twin.
func (r *Row) sameSerial(other *certificate.Certificate) *Row {
	findings := append(slices.Clone(r.Findings), TwinFinding(other))
	finding.Sort(findings)
	return &Row{Entry: r.Entry, Certificate: r.Certificate, Misplaced: r.Misplaced, Findings: findings}
}

// Twin returns a row with another certificate of the same issuer and serial
// number as c, nil if there is none.
func (inv *Inventory) Twin(c *certificate.Certificate) *Row {
	for _, r := range inv.Rows {
		if SameSerial(r.Certificate, c) {
			return r
		}
	}
	return nil
}

// SameSerial reports whether a and b are two certificates with one issuer and
// serial number.
func SameSerial(a, b *certificate.Certificate) bool {
	return len(a.SerialNumber) > 0 && bytes.Equal(a.SerialNumber, b.SerialNumber) && bytes.Equal(a.RawIssuer, b.RawIssuer) && !bytes.Equal(a.Raw, b.Raw)
}

// TwinFinding is the finding for a certificate whose twin is other.
func TwinFinding(other *certificate.Certificate) finding.Finding {
	return finding.Finding{ID: "N-04", Severity: finding.Error, Source: "RFC 5280 4.1.2.2", Fix: finding.FixAsk, Evidence: finding.Evidence{Field: "serial", Value: hex.EncodeToString(other.SerialNumber)},
		Params: map[string]string{"other": other.CommonName() + ", SHA-256 " + other.Fingerprint().String()[:16]}}
}

// At returns the rows of one certificate: it may be in several places.
func (inv *Inventory) At(fp certificate.Fingerprint) []*Row { return inv.byPrint[fp] }

// WithSubject returns the rows whose subject is the DER Name raw: those that
// may have issued what names it as issuer.
func (inv *Inventory) WithSubject(raw []byte) []*Row { return inv.bySubject[string(raw)] }

// Entries returns the entries of one certificate, as package placement asks
// for them.
func (inv *Inventory) Entries(fp certificate.Fingerprint) []certstore.Entry {
	var es []certstore.Entry
	for _, r := range inv.byPrint[fp] {
		es = append(es, r.Entry)
	}
	return es
}

// KeyHolders returns the rows whose certificate has the public key id (see
// [certificate.Certificate.KeyID]).
func (inv *Inventory) KeyHolders(id []byte) []*Row {
	var rows []*Row
	for _, r := range inv.Rows {
		if slices.Equal(r.Certificate.KeyID(), id) {
			rows = append(rows, r)
		}
	}
	return rows
}

func compare(a, b *Row) int {
	rank := func(r *Row) int {
		n := slices.Index(placement.Names, r.Store)
		if n < 0 {
			n = len(placement.Names)
		}
		if r.Location == certstore.Machine {
			n += 100
		}
		return n
	}
	return rank(a) - rank(b)
}
