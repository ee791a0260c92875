// Package importer brings the contents of a file into the stores, with a plan
// that is shown first, and takes it back again.
//
//	contents, err := importer.Read(ctx, data, password)
//	plan := s.Plan(ctx, source, contents, options)
//	report, err := s.Apply(ctx, plan, progress)
//	undone, err := s.Undo(ctx, report.Journal)
//
// Each step is in the journal before it is made. An import that fails takes
// back what it did; one whose process dies is found by [Service.Unfinished].
package importer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
	"certdesk/internal/target"
)

// DefaultExportable says whether an imported key may leave the store again
// when the person does not say.
const DefaultExportable = true

// A Service imports into one Store.
type Service struct {
	Store   certstore.Store
	Journal *journal.Dir
	Now     func() time.Time // nil means time.Now
	// Waiting returns the keys in the store whose requests wait for an
	// answer; nil means that there are none.
	Waiting func() []certstore.PendingKey
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// A Source is the file that is imported.
type Source struct {
	Name string // shown to people
	Path string // absolute, if there is one
	Data []byte
}

// Options are a person's choices.
type Options struct {
	Location     certstore.Location
	FriendlyName string         // for the certificate with the key; "" keeps the file's
	Target       *target.Target // who will use it, nil for nobody in particular; Location is the target's
	Exportable   bool
	Provider     certstore.Provider               // how Windows is to keep the key; "" for the target's way, or the usual one
	HonourCSP    bool                             // keep the key with the provider that the file names, on Windows
	Protected    bool                             // strong protection: Windows asks at every use of the key
	TrustRoots   bool                             // every root of the file
	Trust        map[certificate.Fingerprint]bool // these roots
	Waiting      []certstore.PendingKey           // keys in the store that are completed, beside the service's
}

// A Plan is what an import will do. It can be printed; the keys ride along
// unexported.
type Plan struct {
	Source   Source
	Options  Options
	Items    []placement.Item
	Findings []finding.Finding // about the file
	// Problem is why no certificate can be stored in the location, nil if
	// they can: rights, or a missing system library.
	Problem error

	contents *certfile.Contents
}

// Changes returns how many items Apply will add or complete.
func (p *Plan) Changes() int {
	n := 0
	for _, it := range p.Items {
		if it.Action == placement.Add || it.Action == placement.Replace {
			n++
		}
	}
	return n
}

// Asks returns the roots that need an explicit yes.
func (p *Plan) Asks() []placement.Item {
	var roots []placement.Item
	for _, it := range p.Items {
		if it.Action == placement.Ask {
			roots = append(roots, it)
		}
	}
	return roots
}

// Plan decides what to do with contents. It reads the stores and changes
// nothing.
func (s *Service) Plan(ctx context.Context, src Source, contents *certfile.Contents, opt Options) (*Plan, error) {
	inv, _ := inventory.Load(ctx, s.Store, inventory.Options{Now: s.now(), Bare: true}) // what cannot be read cannot be "already there"
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	contents = withStoredCertificates(contents, inv)
	p := &Plan{Source: src, Options: opt, contents: contents, Findings: check.FileFindings(src.Name, contents, keyusage.AnyConsumer)}
	p.Items = placement.Decide(contents, placement.Options{
		Location: opt.Location, Target: opt.Target, FriendlyName: opt.FriendlyName, Exportable: opt.Exportable, TrustRoots: opt.TrustRoots, Trust: opt.Trust,
		Question: keyusage.Question{Now: s.now()}, Waiting: s.waiting(ctx, contents, opt),
	}, inv.Entries)
	for i := range p.Items {
		if other := twin(p.Items, inv, i); other != nil {
			p.Items[i].Findings = append(p.Items[i].Findings, inventory.TwinFinding(other))
			finding.Sort(p.Items[i].Findings)
		}
	}
	s.planKeys(p, inv)
	if p.Changes() > 0 {
		p.Problem = s.problem(ctx, p)
	}
	if p.Problem == nil {
		p.Problem = s.refusal(ctx, p)
	}
	return p, nil
}

// twin returns another certificate with the issuer and serial number of item
// i, from the stores or the same file.
func twin(items []placement.Item, inv *inventory.Inventory, i int) *certificate.Certificate {
	c := items[i].Certificate
	if r := inv.Twin(c); r != nil {
		return r.Certificate
	}
	for _, other := range items {
		if inventory.SameSerial(other.Certificate, c) {
			return other.Certificate
		}
	}
	return nil
}

// refusal asks the store whether it takes each item. What it refuses is
// marked, and keeps the whole plan from being carried out: half a chain is
// no import.
func (s *Service) refusal(ctx context.Context, p *Plan) error {
	a, ok := s.Store.(certstore.Acceptor)
	if !ok {
		return nil
	}
	var refused error
	for i := range p.Items {
		it := &p.Items[i]
		if it.Action != placement.Add && it.Action != placement.Replace || it.Waiting != nil {
			continue
		}
		if err := a.Accepts(ctx, it.Location, it.Store, p.item(*it)); err != nil {
			it.KeyPlan = nil
			it.Action, it.Reason = placement.Skip, "It cannot be stored: "+cause(err).Error()+"."
			refused = errors.Join(refused, err)
		}
	}
	return refused
}

// cause returns what is behind a store's error, without the place.
func cause(err error) error {
	if e, ok := errors.AsType[*certstore.Error](err); ok {
		return e.Err
	}
	return err
}

// item is what the store is given for one line of the plan.
func (p *Plan) item(it placement.Item) certstore.Item {
	item := certstore.Item{DER: it.Certificate.Raw, FriendlyName: it.Name}
	if it.Key < 0 {
		return item
	}
	key := p.contents.Keys[it.Key]
	item.Key, item.Exportable, item.Provider, item.Protected = key.PKCS8, p.Options.Exportable, p.Options.Provider, p.Options.Protected
	if p.Options.HonourCSP {
		item.ProviderName = key.Provider
	}
	if t := p.Options.Target; t != nil && item.Provider == certstore.ProviderDefault && t.Provider == certstore.ProviderCAPI {
		item.Provider = t.Provider
	}
	return item
}

// Replan plans again with other options.
func (s *Service) Replan(ctx context.Context, p *Plan, opt Options) (*Plan, error) {
	return s.Plan(ctx, p.Source, p.contents, opt)
}

// problem returns why the places that the plan changes cannot be changed.
func (s *Service) problem(ctx context.Context, p *Plan) error {
	places := s.Store.Places(ctx)
	for _, it := range p.Items {
		if it.Action != placement.Add && it.Action != placement.Replace {
			continue
		}
		i := slices.IndexFunc(places, func(pl certstore.Place) bool { return pl.Location == it.Location && pl.Name == it.Store })
		if i < 0 {
			return &certstore.Error{Op: "import", Location: it.Location, Store: it.Store, Err: certstore.ErrUnavailable}
		}
		if places[i].ReadOnly != nil {
			return places[i].ReadOnly
		}
	}
	return nil
}

// withStoredCertificates joins keys that came without a certificate to the
// certificate in the store that they belong to.
func withStoredCertificates(contents *certfile.Contents, inv *inventory.Inventory) *certfile.Contents {
	c := *contents
	c.Keys = slices.Clone(contents.Keys)
	c.Certificates = slices.Clone(contents.Certificates)
	for i := range c.Keys {
		if c.Keys[i].Certificate >= 0 || c.Keys[i].State != certfile.KeyOK {
			continue
		}
		id := keyID(c.Keys[i].PKCS8)
		if id == nil {
			continue
		}
		if rows := inv.KeyHolders(id); len(rows) > 0 {
			c.Keys[i].Certificate = len(c.Certificates)
			c.Certificates = append(c.Certificates, certfile.Cert{Certificate: rows[0].Certificate, FriendlyName: rows[0].FriendlyName})
		}
	}
	return &c
}

// An Outcome is what became of one item.
type Outcome struct {
	Item placement.Item
	Done bool // it was added or completed, and verified
}

// A Report is what an import did.
type Report struct {
	Journal  string // "" when there was nothing to do
	Plan     *Plan
	Outcomes []Outcome
}

// Progress is told what is being done: step done of total.
type Progress func(done, total int, what string)

// An Error is an import that failed.
type Error struct {
	Op     string // "import", "move", "tidy", "permissions" or "relink"
	Source string // the file
	Err    error
	// Left is why what had been done could not be taken back; nil when all
	// is as it was.
	Left error
}

// Error says what was imported and why it failed.
func (e *Error) Error() string {
	s := e.Err.Error()
	if c, ok := e.Err.(*certstore.Error); !ok || c.Op != e.Op { // else it says what was done, and where
		s = fmt.Sprintf("%s %s: %s", e.Op, e.Source, s)
	}
	if e.Left != nil {
		s += fmt.Sprintf("; taking it back: %v", e.Left)
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrNothing means that a file holds no certificate, nor the key of one in the
// stores.
var ErrNothing = errors.New("nothing to import: no certificate in it, and no key of a certificate that is in the stores")

// Apply carries out a plan: intermediates, then roots, then certificates with
// their keys. Each is verified, a key by a signature, before the next. If one
// fails, those before are taken back and the error is an [*Error].
func (s *Service) Apply(ctx context.Context, p *Plan, progress Progress) (*Report, error) {
	if progress == nil {
		progress = func(int, int, string) {}
	}
	if p.Problem != nil {
		return nil, &Error{Op: journal.Import, Source: p.Source.Name, Err: p.Problem}
	}
	if len(p.Items) == 0 {
		return nil, &Error{Op: journal.Import, Source: p.Source.Name, Err: ErrNothing}
	}
	p, err := s.afterCrash(ctx, p)
	if err != nil {
		return nil, err
	}
	report := &Report{Plan: p}
	for _, it := range p.Items {
		report.Outcomes = append(report.Outcomes, Outcome{Item: it})
	}
	total := p.Changes()
	if total == 0 {
		return report, nil
	}
	sum := sha256.Sum256(p.Source.Data)
	w, err := s.Journal.Begin(journal.Header{Kind: journal.Import, Source: p.Source.Name, Path: p.Source.Path,
		SHA256: hex.EncodeToString(sum[:]), Time: s.now(), Location: p.Options.Location})
	if err != nil {
		return nil, &Error{Op: journal.Import, Source: p.Source.Name, Err: fmt.Errorf("journal: %w", err)}
	}
	report.Journal = w.ID
	done := 0
	for _, i := range order(p.Items) {
		it := p.Items[i]
		progress(done, total, it.Certificate.CommonName())
		if err = ctx.Err(); err == nil {
			err = s.put(ctx, w, p, it)
		}
		if err != nil {
			return nil, s.takeBack(w, journal.Import, p.Source.Name, err)
		}
		report.Outcomes[i].Done = true
		done++
	}
	progress(done, total, "")
	if err := w.End(journal.Done); err != nil {
		return report, &Error{Op: journal.Import, Source: p.Source.Name, Err: fmt.Errorf("journal: %w", err)}
	}
	return report, nil
}

// afterCrash takes back what an import of the same file left when its process
// died, and plans again.
func (s *Service) afterCrash(ctx context.Context, p *Plan) (*Plan, error) {
	records, err := s.Unfinished()
	if err != nil || len(records) == 0 {
		return p, nil //nolint:nilerr // a journal that cannot be read is met again, and said, when it is written
	}
	sum := sha256.Sum256(p.Source.Data)
	again := false
	for _, r := range records {
		if r.Kind == journal.Import && r.SHA256 == hex.EncodeToString(sum[:]) && r.Location == p.Options.Location {
			if _, err := s.Undo(ctx, r.ID); err != nil {
				return nil, &Error{Op: journal.Import, Source: p.Source.Name, Err: fmt.Errorf("undo what its last import left: %w", err)}
			}
			again = true
		}
	}
	if !again {
		return p, nil
	}
	return s.Plan(ctx, p.Source, p.contents, p.Options)
}

// order returns the indexes of the items to change: intermediates (and other
// people's), then roots, then those with keys, so that a refusal half-way
// leaves nothing that looks complete.
func order(items []placement.Item) []int {
	rank := func(it placement.Item) int {
		switch {
		case it.HasKey():
			return 2
		case it.Store == certstore.Root:
			return 1
		}
		return 0
	}
	var idx []int
	for i, it := range items {
		if it.Action == placement.Add || it.Action == placement.Replace {
			idx = append(idx, i)
		}
	}
	slices.SortStableFunc(idx, func(a, b int) int { return rank(items[a]) - rank(items[b]) })
	return idx
}

func (s *Service) put(ctx context.Context, w *journal.Writer, p *Plan, it placement.Item) error {
	c := it.Certificate
	before, err := s.Store.State(ctx, it.Location, c.Raw)
	if err != nil {
		return err
	}
	step := journal.Step{Location: it.Location, Store: it.Store, Subject: c.CommonName(), DER: c.Raw, Before: before}
	if err := w.Step(step); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := s.add(ctx, p, it); err != nil {
		// Put left nothing, or another process was faster: in both cases
		// there is nothing of ours to be taken back.
		err = errors.Join(err, w.Skip())
		if !errors.Is(err, certstore.ErrExists) {
			return err
		}
		_, err = s.verify(ctx, it)
		return err
	}
	after, err := s.verify(ctx, it)
	if err != nil {
		return err
	}
	if err := w.Done(after); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// verify reads back what Put stored and proves the key.
func (s *Service) verify(ctx context.Context, it placement.Item) (certstore.State, error) {
	after, err := s.Store.State(ctx, it.Location, it.Certificate.Raw)
	if err != nil {
		return after, err
	}
	if !after.Certificate || it.HasKey() && !after.Key {
		return after, &certstore.Error{Op: "verify", Location: it.Location, Store: it.Store, Subject: it.Certificate.CommonName(), Err: certstore.ErrNotFound}
	}
	if !it.HasKey() {
		return after, nil
	}
	signer, err := s.Store.Signer(ctx, certstore.Ref{Location: it.Location, Store: it.Store, Fingerprint: it.Certificate.Fingerprint()})
	if err != nil {
		return after, err
	}
	return after, Prove(signer, it.Certificate)
}

// Prove makes the signer sign and verifies the signature with the
// certificate's public key. A mismatch is [certstore.ErrKey].
func Prove(signer crypto.Signer, c *certificate.Certificate) error {
	var text [32]byte
	rand.Read(text[:])
	digest := sha256.Sum256(text[:])
	pub, err := c.PublicKey()
	if err != nil {
		return fmt.Errorf("%w: %v", certstore.ErrKey, err)
	}
	input, opts := digest[:], crypto.SignerOpts(crypto.SHA256)
	if _, ok := pub.(ed25519.PublicKey); ok {
		opts = crypto.Hash(0)
	}
	sig, err := signer.Sign(rand.Reader, input, opts)
	if err != nil {
		return fmt.Errorf("%w: %w", certstore.ErrKey, err)
	}
	ok := false
	switch k := pub.(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, input, sig) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, input, sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, input, sig)
	}
	if !ok {
		return fmt.Errorf("%w: its signature does not fit the certificate", certstore.ErrKey)
	}
	return nil
}

func (s *Service) takeBack(w *journal.Writer, op, source string, cause error) error {
	failed := &Error{Op: op, Source: source, Err: cause}
	r, err := s.Journal.Read(w.ID)
	if err == nil {
		// The import may have been canceled; taking it back must not be.
		_, err = s.restore(context.Background(), r)
	}
	if err != nil {
		failed.Left = err
		w.Abandon() // the next start reports it
		return failed
	}
	w.End(journal.Failed)
	return failed
}

// SourceOf returns a Source for a file's path and bytes.
func SourceOf(path string, data []byte) Source {
	return Source{Name: filepath.Base(path), Path: path, Data: data}
}
