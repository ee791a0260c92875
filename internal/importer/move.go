package importer

import (
	"context"
	"fmt"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

// A Relocation is one certificate that is to stand elsewhere.
type Relocation struct {
	Row      *inventory.Row
	Location certstore.Location
	Store    certstore.Name
}

// Misplaced returns the relocations that would tidy the inventory up: each
// misplaced certificate that can be changed, to the store it belongs to.
func Misplaced(inv *inventory.Inventory) []Relocation {
	var ms []Relocation
	for _, r := range inv.Rows {
		if r.Misplaced != "" && !r.Inherited && !r.ReadOnly {
			ms = append(ms, Relocation{r, r.Location, r.Misplaced})
		}
	}
	return ms
}

// Movable picks the row that a move to the location target is about: the one
// that is there already, else the only one there is. An empty target means
// that nothing was said. It fails with [inventory.ErrAmbiguous].
func Movable(rows []*inventory.Row, target certstore.Location) (*inventory.Row, error) {
	var there, changeable []*inventory.Row
	for _, r := range rows {
		if r.Location == target && !r.Inherited {
			there = append(there, r)
		}
		if !r.ReadOnly {
			changeable = append(changeable, r)
		}
	}
	if len(there) > 0 {
		rows, changeable = there, slices.DeleteFunc(changeable, func(r *inventory.Row) bool { return r.Location != target })
	}
	switch {
	case len(changeable) == 1:
		return changeable[0], nil
	case len(rows) == 1: // the store says why not
		return rows[0], nil
	}
	how := "in both locations"
	if l := rows[0].Location; !slices.ContainsFunc(rows, func(r *inventory.Row) bool { return r.Location != l }) {
		how = "in several stores"
	}
	return nil, fmt.Errorf("%w: it stands %s", inventory.ErrAmbiguous, how)
}

// KeyGoes reports whether deleting a row would delete its private key: not
// where mode keeps it or another certificate uses it.
func (s *Service) KeyGoes(ctx context.Context, row *inventory.Row, mode certstore.DeleteMode) (bool, error) {
	if mode == certstore.DeleteKeepKey || row.Key == certstore.KeyNone {
		return false, nil
	}
	st, err := s.Store.State(ctx, row.Location, row.DER)
	return !st.KeyShared, err
}

// Move carries out relocations as one change (kind is [journal.Move] or
// [journal.Tidy]) that can be undone. If one fails, those before are taken
// back. A certificate that goes to another location with its key leaves no
// record: the key is gone from where it was, and moving it back is the way.
func (s *Service) Move(ctx context.Context, kind string, moves []Relocation) (id string, err error) {
	var recorded []Relocation
	for _, m := range moves {
		if m.Location != m.Row.Location && m.Row.Key != certstore.KeyNone {
			if err := s.Store.Move(ctx, m.Row.Ref(), m.Location, m.Store); err != nil {
				return "", err
			}
			continue
		}
		recorded = append(recorded, m)
	}
	if len(recorded) == 0 {
		return "", nil
	}
	source := recorded[0].Row.Certificate.CommonName()
	if n := len(recorded); n > 1 {
		source = fmt.Sprintf("%d certificates", n)
	}
	w, err := s.Journal.Begin(journal.Header{Kind: kind, Source: source, Time: s.now(), Location: recorded[0].Row.Location})
	if err != nil {
		return "", fmt.Errorf("%s %s: journal: %w", kind, source, err)
	}
	for _, m := range recorded {
		if err := s.move(ctx, w, m); err != nil {
			return "", s.takeBack(w, kind, source, err)
		}
	}
	return w.ID, w.End(journal.Done)
}

func (s *Service) move(ctx context.Context, w *journal.Writer, m Relocation) error {
	c := m.Row.Certificate
	locations := []certstore.Location{m.Row.Location}
	if m.Location != m.Row.Location {
		locations = []certstore.Location{m.Location, m.Row.Location}
	}
	steps := make([]journal.Step, len(locations))
	for i, loc := range locations {
		before, err := s.Store.State(ctx, loc, c.Raw)
		if err != nil {
			return err
		}
		steps[i] = journal.Step{Location: loc, Store: m.Store, Subject: c.CommonName(), DER: c.Raw, Before: before}
		if err := w.Step(steps[i]); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	if err := s.Store.Move(ctx, m.Row.Ref(), m.Location, m.Store); err != nil {
		return err
	}
	for i := range steps {
		after, err := s.Store.State(ctx, steps[i].Location, c.Raw)
		if err != nil {
			return err
		}
		if err := w.Complete(steps[i], after); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}
