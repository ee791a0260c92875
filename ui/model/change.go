package model

import (
	"context"
	"errors"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/placement"
)

// Changes are what the dialogs do to certificates in the stores. Its methods
// block; a view calls them in goroutines.
type Changes struct {
	Service  *importer.Service
	Elevator *elevate.Elevator // for an administrator's rights; may be nil
}

// A KeyFate says what becomes of a private key when its certificate is
// deleted.
type KeyFate int

// The fates.
const (
	NoKey     KeyFate = iota
	KeyGoes           // it is deleted too, for ever
	KeyStays          // another certificate uses it
	KeyUnsure         // the store would not say
)

// Fates returns for each row what becomes of its key. A store that another
// program has locked is an error: asking it about each would take for ever.
func (c *Changes) Fates(ctx context.Context, rows []*inventory.Row) ([]KeyFate, error) {
	fates := make([]KeyFate, len(rows))
	for i, r := range rows {
		if r.Key == certstore.KeyNone || r.Key == "" {
			continue
		}
		s, err := c.Service.Store.State(ctx, r.Location, r.DER)
		switch {
		case errors.Is(err, certstore.ErrBusy) || ctx.Err() != nil:
			return nil, err
		case err != nil:
			fates[i] = KeyUnsure
		case s.KeyShared:
			fates[i] = KeyStays
		case s.Key:
			fates[i] = KeyGoes
		}
	}
	return fates, nil
}

// Delete deletes rows one by one and stops at the first that cannot be; done
// are those that were.
func (c *Changes) Delete(ctx context.Context, rows []*inventory.Row, keepKey bool) (done int, err error) {
	mode := certstore.DeleteAll
	if keepKey {
		mode = certstore.DeleteKeepKey
	}
	service, end, err := c.Elevator.Service(ctx, c.Service, elevate.ForDelete(rows, keepKey))
	if err != nil {
		return 0, err
	}
	defer end()
	for _, r := range rows {
		if err := service.Store.Delete(ctx, r.Ref(), mode); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// Move moves rows to a store, and returns the id of the journal record that
// takes it back, "" if there is none.
func (c *Changes) Move(ctx context.Context, rows []*inventory.Row, to certstore.Location, store certstore.Name) (id string, err error) {
	return c.relocate(ctx, journal.Move, Moves(rows, to, store))
}

// Moves returns what brings rows to a store.
func Moves(rows []*inventory.Row, to certstore.Location, store certstore.Name) []importer.Relocation {
	var moves []importer.Relocation
	for _, r := range rows {
		if r.Location != to || r.Store != store {
			moves = append(moves, importer.Relocation{Row: r, Location: to, Store: store})
		}
	}
	return moves
}

func (c *Changes) relocate(ctx context.Context, kind string, moves []importer.Relocation) (id string, err error) {
	service, end, err := c.Elevator.Service(ctx, c.Service, elevate.ForMoves(moves))
	if err != nil {
		return "", err
	}
	defer end()
	return service.Move(ctx, kind, moves)
}

// Tidy moves what is misplaced to where it belongs.
func (c *Changes) Tidy(ctx context.Context, moves []importer.Relocation) (id string, err error) {
	return c.relocate(ctx, journal.Tidy, moves)
}

// ToTidy returns what Tidy moves with the rights there are or that can be
// asked for, what only root can move, and of what is misplaced that which
// nobody can change here.
func ToTidy(s *Snapshot, e *elevate.Elevator, system string) (moves, root []importer.Relocation, fixed []*Row) {
	for _, r := range s.Rows {
		if r.Misplaced == "" || r.Inherited { // the machine's own row is moved
			continue
		}
		m := importer.Relocation{Row: r.Row, Location: r.Location, Store: r.Misplaced}
		switch e.WayOf(r.Row, s.Places, system) {
		case elevate.Direct, elevate.Helper:
			moves = append(moves, m)
		case elevate.Sudo:
			root = append(root, m)
		default:
			fixed = append(fixed, r)
		}
	}
	return moves, root, fixed
}

// WhyMisplaced returns the finding that says why a row is in the wrong place.
func WhyMisplaced(r *inventory.Row) finding.Words {
	for _, f := range placement.Judge(r.Entry, r.Certificate) {
		return finding.WordsOf(f)
	}
	return finding.Words{}
}

// Rename gives an entry another friendly name.
func (c *Changes) Rename(ctx context.Context, r *inventory.Row, name string) error {
	service, end, err := c.Elevator.Service(ctx, c.Service, elevate.ForRename(r, name))
	if err != nil {
		return err
	}
	defer end()
	n, ok := service.Store.(certstore.Renamer)
	if !ok {
		return &certstore.Error{Op: "rename", Location: r.Location, Store: r.Store, Subject: r.Certificate.CommonName(), Err: certstore.ErrNotPossible}
	}
	return n.Rename(ctx, r.Ref(), name)
}

// Journal returns the records that can be undone, newest first, and which of
// them undo is about when nobody says otherwise; -1 when there is none.
func (c *Changes) Journal() (records []journal.Record, latest int, err error) {
	all, err := c.Service.Journal.List()
	if err != nil {
		return nil, -1, err
	}
	for _, r := range all {
		if r.Status == journal.Done || r.Status == journal.Unfinished {
			records = append(records, r)
		}
	}
	l, err := c.Service.Latest()
	if errors.Is(err, importer.ErrNothingToUndo) {
		return records, min(0, len(records)-1), nil
	}
	return records, slices.IndexFunc(records, func(r journal.Record) bool { return r.ID == l.ID }), err
}

// Undo takes a change back.
func (c *Changes) Undo(ctx context.Context, id string) ([]importer.Undone, error) {
	record, err := c.Service.Journal.Read(id)
	if err != nil {
		return nil, err
	}
	service, end, err := c.Elevator.Service(ctx, c.Service, elevate.ForUndo(record))
	if err != nil {
		return nil, err
	}
	defer end()
	return service.Undo(ctx, id)
}
