package model

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"fyne.io/fyne/v2/data/binding"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
	"certdesk/internal/signatures"
	"certdesk/internal/target"
)

// An ImportScreen is one of the screens of an import.
type ImportScreen int

// The screens.
const (
	ImportChoose ImportScreen = iota // file, password, location
	ImportPlan                       // what goes where
	ImportRun                        // at it
	ImportDone                       // what was done, or why not
)

// An ImportState is all that the screens of an import show.
type ImportState struct {
	Screen ImportScreen
	Files  []string // paths, imported one after the other
	Index  int      // of the file at hand

	Source   importer.Source
	FileErr  error              // why the file cannot be read
	Known    *certfile.Contents // what is known of the file without a password
	Findings []finding.Finding  // about the file
	Places   []certstore.Place
	Options  importer.Options
	Targets  []target.Target // those of this system
	Chosen   bool            // a person said who will use the certificate

	Trying      bool // a password is being tried
	Opened      bool
	EmptyOpened bool   // with the empty password
	Keys        int    // in the opened file
	Certs       int    // likewise
	Hint        string // the friendly name that the file gives
	PasswordErr error

	Planning bool
	Plan     *importer.Plan
	PlanErr  error
	Moves    []importer.Relocation // misplaced copies of what is in the file
	Move     bool                  // they are moved too
	Main     *certificate.Certificate
	Verdicts []check.Verdict // of Main, for what it was made for

	Done, Total int
	What        string // the certificate at hand

	Stopping bool
	Result   *ImportResult
}

// An ImportResult is what became of an import.
type ImportResult struct {
	Report  *importer.Report // nil when Err is set
	Err     error
	Moved   int
	MoveErr error // the import succeeded, moving the old copies did not
	Journal []string

	Row       *inventory.Row // where Main is now; may be nil
	Inventory *inventory.Inventory
	Chain     []chain.Link
	Verdicts  []check.Verdict
	Sendable  bool      // Row can be tried against a server that asks for a client certificate
	Users     *KeyUsers // who may use Row's key, where accounts of services may need it; nil elsewhere

	Undoing bool
	Undone  []importer.Undone
	UndoErr error
	WasUndo bool
}

// Count returns how many items of the plan have one of the actions.
func (r *ImportResult) Count(actions ...placement.Action) int {
	n := 0
	for _, o := range r.Report.Outcomes {
		if slices.Contains(actions, o.Item.Action) {
			n++
		}
	}
	return n
}

// An Import is the state of the import screens. Its methods block; a view
// calls them in goroutines.
type Import struct {
	// Changed counts changes of the state.
	Changed binding.Int
	// Elevator makes changes that need an administrator's rights; may be nil.
	Elevator *elevate.Elevator

	service    *importer.Service
	signatures *signatures.Cache // which roots were verified; may be nil

	mu       sync.Mutex
	count    int
	state    ImportState
	contents *certfile.Contents
	tries    int                // counts passwords, so that a late answer is dropped
	plans    int                // likewise
	stop     context.CancelFunc // ends the try that is under way
}

// NewImport returns an import of nothing yet, on a system named as
// runtime.GOOS names it. The cache may be nil.
func NewImport(service *importer.Service, system string, cache *signatures.Cache) *Import {
	m := &Import{Changed: binding.NewInt(), service: service, signatures: cache}
	m.state.Targets = target.For(system)
	m.state.Options = importer.Options{Location: certstore.User, Exportable: importer.DefaultExportable}
	m.state.preset(true)
	return m
}

// State returns what to show.
func (m *Import) State() ImportState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// change changes the state and tells who listens.
func (m *Import) change(f func(*ImportState)) {
	m.mu.Lock()
	f(&m.state)
	m.count++
	n := m.count
	m.mu.Unlock()
	_ = m.Changed.Set(n) // Set on a value of our own cannot fail
}

func (m *Import) time() time.Time {
	if m.service.Now != nil {
		return m.service.Now()
	}
	return time.Now()
}

// SetFiles says which files are to be imported, and starts with the first.
func (m *Import) SetFiles(paths []string) {
	m.change(func(s *ImportState) { s.Files, s.Index = slices.Clone(paths), 0 })
}

// AddFiles adds files that are to be imported later.
func (m *Import) AddFiles(paths []string) {
	m.change(func(s *ImportState) {
		if len(s.Files) == 0 && s.Source.Path != "" {
			s.Files = []string{s.Source.Path}
		}
		s.Files = append(slices.Clone(s.Files), paths...)
	})
}

// Next goes on to the next file and returns its path, "" if there is none.
func (m *Import) Next() string {
	path := ""
	m.reset()
	m.change(func(s *ImportState) {
		if s.Index+1 < len(s.Files) {
			s.Index++
			path = s.Files[s.Index]
		}
		m.forgetFile(s)
	})
	return path
}

// reset stops what is under way and wipes keys.
func (m *Import) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	m.plans++
	if m.stop != nil {
		m.stop()
	}
	if m.contents != nil {
		m.contents.Wipe()
		m.contents = nil
	}
}

// Close stops what is under way and wipes keys.
func (m *Import) Close() { m.reset() }

// LoadPlaces finds out where can be stored.
func (m *Import) LoadPlaces(ctx context.Context) {
	places := m.service.Store.Places(ctx)
	m.change(func(s *ImportState) { s.Places = places })
}

// ReadOnly returns why nothing can be stored in the personal store of a
// location, nil if it can.
func (s *ImportState) ReadOnly(l certstore.Location) error {
	for _, p := range s.Places {
		if p.Location == l && p.Name == certstore.My {
			return p.ReadOnly
		}
	}
	return nil
}

// LoadFailed says that the file could not be read at all.
func (m *Import) LoadFailed(path string, err error) {
	m.reset()
	m.change(func(s *ImportState) {
		m.forgetFile(s)
		s.Source, s.FileErr = importer.SourceOf(path, nil), err
	})
}

func (m *Import) forgetFile(s *ImportState) {
	opt := s.Options
	opt.FriendlyName, opt.HonourCSP, opt.TrustRoots, opt.Trust = "", false, false, nil // those were about the file
	*s = ImportState{Screen: ImportChoose, Files: s.Files, Index: s.Index, Places: s.Places, Targets: s.Targets, Chosen: s.Chosen, Options: opt}
}

// Load looks into a file. If it needs no password, or the empty one, it is
// open afterwards.
func (m *Import) Load(ctx context.Context, path string, data []byte) {
	m.reset()
	known, err := certfile.Inspect(data)
	m.change(func(s *ImportState) {
		m.forgetFile(s)
		s.Source, s.FileErr, s.Known = importer.SourceOf(path, data), err, known
		if err == nil {
			s.Findings = check.FileFindings(s.Source.Name, known, keyusage.AnyConsumer)
		}
	})
	if err == nil {
		m.Try(ctx, certfile.Password{Given: known.NeedPassword})
	}
}

// ClearPassword forgets the answer to an earlier password.
func (m *Import) ClearPassword() {
	m.mu.Lock()
	m.tries++
	if m.stop != nil {
		m.stop()
	}
	m.mu.Unlock()
	m.change(func(s *ImportState) { s.Trying, s.PasswordErr, s.Opened, s.EmptyOpened = false, nil, false, false })
}

// Try opens the file with a password, wipes that, and reports whether the
// file is open. A later Try ends an earlier one.
func (m *Import) Try(ctx context.Context, pw certfile.Password) bool {
	defer clear(pw.Text)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.mu.Lock()
	if m.stop != nil {
		m.stop()
	}
	m.tries++
	mine := m.tries
	m.stop = cancel
	data := m.state.Source.Data
	m.mu.Unlock()
	m.change(func(s *ImportState) { s.Trying, s.PasswordErr, s.Opened, s.EmptyOpened = true, nil, false, false })

	contents, err := certfile.Read(ctx, data, pw)
	m.mu.Lock()
	late := mine != m.tries
	if late && err == nil {
		contents.Wipe()
	}
	if !late && err == nil {
		if m.contents != nil {
			m.contents.Wipe()
		}
		m.contents = contents
	}
	m.mu.Unlock()
	if late {
		return false
	}
	m.change(func(s *ImportState) {
		s.Trying = false
		switch {
		case err == nil:
			s.Opened, s.Keys, s.Certs = true, len(contents.Keys), len(contents.Certificates)
			s.EmptyOpened = pw.Given && len(pw.Text) == 0
			s.Findings = check.FileFindings(s.Source.Name, contents, keyusage.AnyConsumer)
			s.Hint = friendlyName(contents)
			s.preset(len(contents.Keys) > 0)
		case pw.Given && len(pw.Text) == 0 && errors.Is(err, certfile.ErrPassword): // the empty password was only tried
		case ctx.Err() != nil:
		default:
			s.PasswordErr = err
		}
	})
	return err == nil
}

// friendlyName returns the name that the file gives to what has a key.
func friendlyName(c *certfile.Contents) string {
	for _, k := range c.Keys {
		if k.Certificate >= 0 && c.Certificates[k.Certificate].FriendlyName != "" {
			return c.Certificates[k.Certificate].FriendlyName
		}
		if k.FriendlyName != "" {
			return k.FriendlyName
		}
	}
	return ""
}

// SetOptions changes the choices, before the plan is made.
func (m *Import) SetOptions(f func(*importer.Options)) {
	m.change(func(s *ImportState) { f(&s.Options) })
}

// SetMove says whether misplaced copies are moved too.
func (m *Import) SetMove(on bool) { m.change(func(s *ImportState) { s.Move = on }) }

// Trust says yes or no to a root of the plan, and plans again.
func (m *Import) Trust(ctx context.Context, fp certificate.Fingerprint, yes bool) {
	m.change(func(s *ImportState) {
		trust := map[certificate.Fingerprint]bool{}
		for k, v := range s.Options.Trust {
			trust[k] = v
		}
		trust[fp] = yes
		s.Options.Trust = trust
	})
	m.MakePlan(ctx)
}

// MakePlan decides what goes where, and shows that.
func (m *Import) MakePlan(ctx context.Context) {
	m.mu.Lock()
	m.plans++
	mine, contents, src, opt := m.plans, m.contents, m.state.Source, m.state.Options
	m.mu.Unlock()
	if contents == nil {
		return
	}
	m.change(func(s *ImportState) { s.Planning, s.PlanErr = true, nil })
	plan, err := m.service.Plan(ctx, src, contents, opt)
	var inv *inventory.Inventory
	if err == nil {
		inv, _ = inventory.Load(ctx, m.service.Store, inventory.Options{Now: m.time(), Signatures: m.signatures}) // the list says what cannot be read
	}
	m.mu.Lock()
	late := mine != m.plans
	m.mu.Unlock()
	if late {
		return
	}
	m.change(func(s *ImportState) {
		s.Planning = false
		if s.PlanErr = err; err != nil {
			return
		}
		first := s.Plan == nil || s.Screen == ImportChoose
		s.Plan, s.Moves, s.Screen = plan, misplaced(inv, plan), ImportPlan
		if first {
			s.Move = len(s.Moves) > 0
		}
		s.Main = mainOf(plan)
		s.Verdicts = verdicts(s.Main, plan, contents, inv, m.time())
	})
}

// misplaced returns the copies of the plan's certificates that stand in a
// wrong store.
func misplaced(inv *inventory.Inventory, plan *importer.Plan) []importer.Relocation {
	var ms []importer.Relocation
	for _, r := range importer.Misplaced(inv) {
		if slices.ContainsFunc(plan.Items, func(it placement.Item) bool { return it.Certificate.Fingerprint() == r.Row.Fingerprint() }) {
			ms = append(ms, r)
		}
	}
	return ms
}

// mainOf returns the certificate that the import is about: the first with a
// key, else the first that is no CA, else the first.
func mainOf(plan *importer.Plan) *certificate.Certificate {
	var leaf *certificate.Certificate
	for _, it := range plan.Items {
		if it.HasKey() {
			return it.Certificate
		}
		if leaf == nil && !it.Certificate.IsCA() {
			leaf = it.Certificate
		}
	}
	if leaf == nil && len(plan.Items) > 0 {
		leaf = plan.Items[0].Certificate
	}
	return leaf
}

func verdicts(c *certificate.Certificate, plan *importer.Plan, contents *certfile.Contents, inv *inventory.Inventory, now time.Time) []check.Verdict {
	if c == nil || c.IsCA() {
		return nil
	}
	subject := check.Subject{Certificate: c, PFX: contents.Format == certfile.PKCS12}
	for _, it := range plan.Items {
		if it.Certificate == c {
			subject.HasKey = it.HasKey()
		} else {
			subject.Extra = append(subject.Extra, it.Certificate)
		}
	}
	var vs []check.Verdict
	for _, p := range check.Purposes(c) {
		v := check.Judge(subject, p, inv, check.Options{Now: now})
		if trusts(plan, chain.Links(inv, c, subject.Extra, now)) {
			v = v.Without("T-01")
		}
		vs = append(vs, v)
	}
	return vs
}

// trusts reports whether the plan adds the root that a chain ends at.
func trusts(plan *importer.Plan, chain []chain.Link) bool {
	if len(chain) == 0 || chain[len(chain)-1].Certificate == nil {
		return false
	}
	fp := chain[len(chain)-1].Certificate.Fingerprint()
	return slices.ContainsFunc(plan.Items, func(it placement.Item) bool {
		return it.Store == certstore.Root && (it.Action == placement.Add || it.Action == placement.Replace) && it.Certificate.Fingerprint() == fp
	})
}

// Back returns to the choice of file and location.
func (m *Import) Back() {
	m.mu.Lock()
	m.plans++
	m.mu.Unlock()
	m.change(func(s *ImportState) { s.Screen, s.Plan, s.Planning, s.Result = ImportChoose, nil, false, nil })
}
