package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// undoable returns the record of a change that can be undone now.
func (s *Service) undoable(id string) (journal.Record, error) {
	r, err := s.Journal.Read(id)
	if err == nil {
		switch r.Status {
		case journal.Undone, journal.Failed:
			err = ErrAlreadyUndone
		case journal.Running:
			err = journal.ErrRunning
		}
	}
	if err != nil {
		return r, fmt.Errorf("undo %s: %w", id, err)
	}
	return r, nil
}

// Undo takes back the change id: what it added and nobody changed since. It
// also cleans up after a crash in the middle of a change.
func (s *Service) Undo(ctx context.Context, id string) ([]Undone, error) {
	r, err := s.undoable(id)
	if err != nil {
		return nil, err
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

// Preview returns what [Service.Undo] would do, and changes nothing. Whether
// somebody changed the permissions or the link of a key since is met only when
// they are given back.
func (s *Service) Preview(ctx context.Context, id string) ([]Undone, error) {
	r, err := s.undoable(id)
	if err != nil {
		return nil, err
	}
	var undone []Undone
	for _, st := range slices.Backward(r.Steps) {
		u := Undone{Step: st}
		if s.special(st) == nil {
			if u, _, err = s.fate(ctx, st); err != nil {
				return nil, fmt.Errorf("undo %s: %w", id, err)
			}
		}
		undone = append(undone, u)
	}
	return undone, nil
}

// restore goes through the steps backwards.
func (s *Service) restore(ctx context.Context, r journal.Record) ([]Undone, error) {
	var undone []Undone
	for _, st := range slices.Backward(r.Steps) {
		if give := s.special(st); give != nil {
			changed, err := give(ctx, st)
			if err != nil {
				return undone, err
			}
			undone = append(undone, Undone{Step: st, Changed: changed})
			continue
		}
		u, differs, err := s.fate(ctx, st)
		if err != nil {
			return undone, err
		}
		if differs {
			if err := s.Store.Restore(ctx, st.Location, st.DER, st.Before); err != nil {
				return undone, err
			}
		}
		undone = append(undone, u)
	}
	return undone, nil
}

// fate tells what becomes of a step about a State: whether somebody changed
// the certificate since, and if not, whether it differs from what was before.
func (s *Service) fate(ctx context.Context, st journal.Step) (u Undone, differs bool, err error) {
	now, err := s.Store.State(ctx, st.Location, st.DER)
	if err != nil {
		return u, false, err
	}
	u.Step = st
	if now == st.Before && st.After != nil {
		return u, false, nil
	}
	u.Changed = st.After != nil && !same(now, *st.After)
	return u, !u.Changed, nil
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
