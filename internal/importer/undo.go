package importer

import (
	"context"
	"errors"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/journal"
)

// An Undone says what became of one step of a change that was undone.
type Undone struct {
	Step    journal.Step
	Changed bool // somebody changed it since: it was left alone
}

// ErrNothingToUndo means that no import is left to be undone.
var ErrNothingToUndo = errors.New("there is no import to undo")

// ErrAlreadyUndone means that the record was undone before.
var ErrAlreadyUndone = errors.New("it was undone already")

// Unfinished returns the changes whose process died, newest first.
func (s *Service) Unfinished() ([]journal.Record, error) {
	all, err := s.Journal.List()
	var rs []journal.Record
	for _, r := range all {
		if r.Status == journal.Unfinished {
			rs = append(rs, r)
		}
	}
	return rs, err
}

// Latest returns the record that undo without an id takes: an unfinished
// change first, else the newest import that is not undone.
func (s *Service) Latest() (journal.Record, error) {
	all, err := s.Journal.List()
	if err != nil {
		return journal.Record{}, err
	}
	for _, want := range []journal.Status{journal.Unfinished, journal.Done} {
		for _, r := range all {
			if r.Status == want && (want == journal.Unfinished || r.Kind == journal.Import) {
				return r, nil
			}
		}
	}
	return journal.Record{}, ErrNothingToUndo
}

// Undo takes back the change id: what it added and nobody changed since. It
// also cleans up after a crash in the middle of a change.
func (s *Service) Undo(ctx context.Context, id string) ([]Undone, error) {
	r, err := s.Journal.Read(id)
	if err != nil {
		return nil, fmt.Errorf("undo %s: %w", id, err)
	}
	switch r.Status {
	case journal.Undone, journal.Failed:
		return nil, fmt.Errorf("undo %s: %w", id, ErrAlreadyUndone)
	case journal.Running:
		return nil, fmt.Errorf("undo %s: %w", id, journal.ErrRunning)
	}
	w, err := s.Journal.Resume(id)
	if err != nil {
		return nil, fmt.Errorf("undo %s: %w", id, err)
	}
	undone, err := s.restore(ctx, r)
	if err != nil {
		w.Abandon()
		return undone, fmt.Errorf("undo %s: %w", id, err)
	}
	if err := w.End(journal.Undone); err != nil {
		return undone, fmt.Errorf("undo %s: journal: %w", id, err)
	}
	return undone, nil
}

// restore goes through the steps backwards.
func (s *Service) restore(ctx context.Context, r journal.Record) ([]Undone, error) {
	var undone []Undone
	for i := len(r.Steps) - 1; i >= 0; i-- {
		st := r.Steps[i]
		if give := s.special(st); give != nil {
			changed, err := give(ctx, st)
			if err != nil {
				return undone, err
			}
			undone = append(undone, Undone{Step: st, Changed: changed})
			continue
		}
		now, err := s.Store.State(ctx, st.Location, st.DER)
		if err != nil {
			return undone, err
		}
		u := Undone{Step: st}
		switch {
		case now == st.Before && st.After != nil:
		case st.After != nil && !same(now, *st.After):
			u.Changed = true
		default:
			if err := s.Store.Restore(ctx, st.Location, st.DER, st.Before); err != nil {
				return undone, err
			}
		}
		undone = append(undone, u)
	}
	return undone, nil
}

// special returns what takes back a step that is not about a State.
func (s *Service) special(st journal.Step) func(context.Context, journal.Step) (changed bool, err error) {
	switch {
	case st.Permissions != nil:
		return s.restorePermissions
	case st.Link != nil:
		return s.restoreLink
	}
	return nil
}

// same reports whether a certificate is as a step left it. Whether another
// certificate has come to share its key since is no change of this one, and
// a locked store does not tell whether a key is exportable.
func same(a, b certstore.State) bool {
	a.KeyShared, b.KeyShared = false, false
	a.Exportable, b.Exportable = false, false
	return a == b
}
