package model

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"fyne.io/fyne/v2/data/binding"

	"certdesk/certstore"
	"certdesk/internal/inventory"
	"certdesk/internal/signatures"
)

// A Snapshot is what the stores held at one moment.
type Snapshot struct {
	Inventory *inventory.Inventory
	Rows      []*Row
	Places    []certstore.Place // with the stores that rows are in
	Errors    []error           // what could not be read
	Partial   bool              // the stores were not read to their end
	At        time.Time

	counts map[Scope]Count
}

// A View is the rows that a query asks for.
type View struct {
	Query    Query
	Rows     []*Row
	Snapshot *Snapshot
}

// A Count is how many rows a sidebar line stands for.
type Count struct{ Total, Errors, Warnings int }

// Inventory is the list of certificates. Its fields may be read and bound
// from any goroutine.
type Inventory struct {
	Snapshot binding.Item[*Snapshot] // nil before the first Load
	View     binding.Item[*View]     // nil before the first Load
	Busy     binding.Bool            // the stores are being read
	Progress binding.Int             // how many certificates were read so far

	Signatures *signatures.Cache // which roots were verified; set before the first Load, may be nil

	store certstore.Store
	now   func() time.Time

	mu       sync.Mutex
	query    Query
	serial   int // counts queries, so that a late answer is dropped
	loads    int // counts readings begun
	shown    int // the reading that snapshot comes from
	snapshot *Snapshot

	publishing sync.Mutex // held while a Snapshot is set, so that the newest comes last
	publish    sync.Mutex // held while a View is set, likewise
}

// NewInventory returns the list of what store holds, not yet read.
func NewInventory(store certstore.Store, now func() time.Time) *Inventory {
	if now == nil {
		now = time.Now
	}
	return &Inventory{Snapshot: binding.NewItem(same[*Snapshot]), View: binding.NewItem(same[*View]), Busy: binding.NewBool(), Progress: binding.NewInt(),
		store: store, now: now,
		query: Query{Scope: start, Sort: "status", Ascending: true}}
}

func same[T comparable](a, b T) bool { return a == b }

// Now returns the time that certificates are judged at.
func (m *Inventory) Now() time.Time { return m.now() }

// Store returns the stores that are listed.
func (m *Inventory) Store() certstore.Store { return m.store }

// Load reads the stores and shows the current query again. It blocks. The
// first time it shows what it has while it reads on, and keeps that when ctx
// ends early; later the list stays as it was then.
func (m *Inventory) Load(ctx context.Context) {
	m.mu.Lock()
	m.loads++
	mine, first := m.loads, m.snapshot == nil
	m.mu.Unlock()
	_ = m.Busy.Set(true) // Set on a value of our own cannot fail
	defer func() {
		m.mu.Lock()
		last := mine == m.loads
		m.mu.Unlock()
		if last {
			_ = m.Busy.Set(false)
		}
	}()
	now := m.now()
	opt := inventory.Options{Now: now, Signatures: m.Signatures, Progress: m.progress()}
	if first {
		var rows []*Row
		opt.Partial = func(inv *inventory.Inventory) {
			rows = append(rows, prepare(inv.Rows[len(rows):])...)
			m.show(mine, &Snapshot{Inventory: inv, Rows: slices.Clip(rows), Places: m.store.Places(ctx), Partial: true, At: now})
		}
	}
	inv, errs := inventory.Load(ctx, m.store, opt)
	switch {
	case ctx.Err() == nil:
		if first {
			m.avoid(errs)
		}
		m.show(mine, &Snapshot{Inventory: inv, Rows: prepare(inv.Rows), Places: m.store.Places(ctx), Errors: errs, At: now})
	case first && len(inv.Rows) > 0:
		m.show(mine, &Snapshot{Inventory: inv, Rows: prepare(inv.Rows), Places: m.store.Places(context.WithoutCancel(ctx)), Partial: true, At: now})
	}
	if len(inv.Rows) > 10000 {
		debug.FreeOSMemory() // reading needs twice of what stays
	}
}

// start is what a window lists first.
var start = Scope{Location: certstore.User, Store: certstore.My}

// avoid lists the system's trust anchors instead where the user's store cannot
// be read.
func (m *Inventory) avoid(errs []error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, err := range errs {
		if e, ok := errors.AsType[*certstore.Error](err); ok && e.Location == start.Location && m.query.Scope == start {
			m.query.Scope = Scope{Location: certstore.Machine, Store: certstore.Root}
		}
	}
}

// show publishes what a reading found, unless one that began later is shown
// already.
func (m *Inventory) show(mine int, s *Snapshot) {
	s.addPlaces()
	s.counts = s.count()
	m.publishing.Lock() // or the snapshot of an older reading could be set last
	defer m.publishing.Unlock()
	m.mu.Lock()
	if mine < m.shown { // a reading that began later is shown already
		m.mu.Unlock()
		return
	}
	m.shown, m.snapshot = mine, s
	m.mu.Unlock()
	_ = m.Snapshot.Set(s)
	m.answer()
}

// progress returns a function that publishes how far a reading is, not so
// often that showing it keeps a slow computer from anything else.
func (m *Inventory) progress() func(int) {
	last := time.Now()
	return func(n int) {
		if time.Since(last) > 300*time.Millisecond {
			last = time.Now()
			_ = m.Progress.Set(n)
		}
	}
}

// prepare makes the list's rows on all processors.
func prepare(rows []*inventory.Row) []*Row {
	out := make([]*Row, len(rows))
	var group sync.WaitGroup
	const batch = 512
	work := make(chan int, len(rows)/batch+1)
	for i := 0; i < len(rows); i += batch {
		work <- i
	}
	close(work)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range work {
				for k := i; k < min(i+batch, len(rows)); k++ {
					out[k] = newRow(rows[k])
				}
			}
		})
	}
	group.Wait()
	return out
}

// addPlaces adds the places that have rows but were not listed.
func (s *Snapshot) addPlaces() {
	for _, r := range s.Rows {
		if !slices.ContainsFunc(s.Places, func(p certstore.Place) bool { return p.Location == r.Location && p.Name == r.Store }) {
			s.Places = append(s.Places, certstore.Place{Location: r.Location, Name: r.Store})
		}
	}
}

// Counts returns the counts of all places and quick views. What the
// distribution ships counts as no problem: nobody can change it here.
func (s *Snapshot) Counts() map[Scope]Count { return s.counts }

// count counts in one pass.
func (s *Snapshot) count() map[Scope]Count {
	counts := map[Scope]Count{}
	for _, r := range s.Rows {
		for _, scope := range []Scope{{Quick: QuickAttention}, {Quick: QuickExpiring}, {Quick: QuickSignIn}, {Quick: QuickMisplaced}, {Location: r.Location, Store: r.Store}} {
			if !scope.contains(r, s.At) {
				continue
			}
			n := counts[scope]
			n.Total++
			switch {
			case r.ReadOnly:
			case rank(r) == 0:
				n.Errors++
			case rank(r) == 1:
				n.Warnings++
			}
			counts[scope] = n
		}
	}
	return counts
}

// Query returns the current query.
func (m *Inventory) Query() Query {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.query
}

// Ask changes the query. The answer comes as a new View; call it in a
// goroutine, for it sorts.
func (m *Inventory) Ask(change func(*Query)) {
	m.mu.Lock()
	change(&m.query)
	m.mu.Unlock()
	m.answer()
}

// answer computes the rows of the current query. An answer that was overtaken
// by a newer question is dropped.
func (m *Inventory) answer() {
	m.mu.Lock()
	m.serial++
	mine, q, s := m.serial, m.query, m.snapshot
	m.mu.Unlock()
	if s == nil {
		return
	}
	overtaken := func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return mine != m.serial
	}
	rows := s.selectRows(q, overtaken)
	slices.SortFunc(rows, func(a, b *Row) int {
		if q.Ascending {
			return compareRows(a, b, q.Sort)
		}
		return compareRows(b, a, q.Sort)
	})
	m.publish.Lock()
	defer m.publish.Unlock()
	if !overtaken() {
		_ = m.View.Set(&View{Query: q, Rows: rows, Snapshot: s})
	}
}

// selectRows returns the rows a query asks for, unsorted. A search looks in
// every store.
func (s *Snapshot) selectRows(q Query, overtaken func() bool) []*Row {
	var rows []*Row
	for i, r := range s.Rows {
		if i%1000 == 0 && overtaken() {
			return nil
		}
		if q.Search == "" && !q.Scope.contains(r, s.At) || !q.Filter.keeps(r) {
			continue
		}
		if r.Matches(q.Search) {
			rows = append(rows, r)
		}
	}
	return rows
}

// Row returns the row of an id, or nil.
func (s *Snapshot) Row(id string) *Row {
	for _, r := range s.Rows {
		if r.ID == id {
			return r
		}
	}
	return nil
}
