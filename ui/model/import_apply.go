package model

import (
	"context"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/target"
)

// Changes returns what pressing Import will do: certificates added or
// completed, and copies moved.
func (s *ImportState) Changes() (add, move int) {
	if s.Plan != nil {
		add = s.Plan.Changes()
	}
	if s.Move {
		move = len(s.Moves)
	}
	return add, move
}

// Apply carries the plan out. Ending ctx takes back what was done.
func (m *Import) Apply(ctx context.Context) {
	st := m.State()
	if st.Plan == nil {
		return
	}
	add, move := st.Changes()
	m.change(func(s *ImportState) { s.Screen, s.Total, s.Done, s.What, s.Result = ImportRun, add+move, 0, "", nil })
	res := &ImportResult{}
	var moves []importer.Relocation
	if move > 0 {
		moves = st.Moves
	}
	service, done, err := m.Elevator.Service(ctx, m.service, elevate.ForImport(st.Plan, moves))
	if res.Err = err; err == nil {
		defer done()
		plan := st.Plan
		if service != m.service { // with the helper's rights the plan has no problem
			plan, res.Err = service.Replan(ctx, plan, plan.Options)
		}
		if res.Err == nil {
			res.Report, res.Err = service.Apply(ctx, plan, func(done, _ int, what string) {
				m.change(func(s *ImportState) { s.Done, s.What = done, what })
			})
		}
	}
	if res.Err == nil && res.Report.Journal != "" {
		res.Journal = append(res.Journal, res.Report.Journal)
	}
	if res.Err == nil && move > 0 {
		m.change(func(s *ImportState) { s.Done, s.What = add, st.Moves[0].Row.Certificate.CommonName() })
		id, err := service.Move(ctx, journal.Tidy, st.Moves)
		if res.MoveErr = err; err == nil {
			res.Moved = move
			if id != "" {
				res.Journal = append(res.Journal, id)
			}
		}
	}
	m.look(context.WithoutCancel(ctx), st.Main, res)
	m.change(func(s *ImportState) { s.Screen, s.Result, s.Stopping = ImportDone, res, false })
}

// SetStopping says that the person asked to stop.
func (m *Import) SetStopping() { m.change(func(s *ImportState) { s.Stopping = true }) }

// look finds what became of c.
func (m *Import) look(ctx context.Context, c *certificate.Certificate, res *ImportResult) {
	if c == nil || res.Err != nil {
		return
	}
	res.Inventory, _ = inventory.Load(ctx, m.service.Store, inventory.Options{Now: m.time(), Signatures: m.signatures})
	for _, r := range res.Inventory.At(c.Fingerprint()) {
		if res.Row == nil || r.Location == res.Report.Plan.Options.Location {
			res.Row = r
		}
	}
	res.Chain = chain.Links(res.Inventory, c, nil, m.time())
	if res.Row != nil && !c.IsCA() {
		for _, p := range check.Purposes(c) {
			res.Verdicts = append(res.Verdicts, check.Judge(check.Subject{Certificate: c, Row: res.Row}, p, res.Inventory, check.Options{Now: m.time()}))
		}
	}
	res.Sendable = res.Row != nil && sendable(res.Row) && slices.Contains(check.Purposes(c), finding.Client)
	res.Users = m.users(ctx, res.Row)
}

// users tells who may use the key of a row, nil where no service can see it
// or nobody can be let in.
func (m *Import) users(ctx context.Context, r *inventory.Row) *KeyUsers {
	if r == nil || r.Key == certstore.KeyNone || !target.ForServices(r.Location) {
		return nil
	}
	u := m.changes().KeyUsers(ctx, r)
	if u.Everybody || !u.Changeable {
		return nil
	}
	return &u
}

// LookAtUsers asks again who may use the key, after a change of that.
func (m *Import) LookAtUsers(ctx context.Context) {
	st := m.State()
	if st.Result == nil || st.Result.Users == nil {
		return
	}
	u := m.users(ctx, st.Result.Row)
	m.change(func(s *ImportState) {
		if s.Result == st.Result { // else it was undone by now
			res := *s.Result
			res.Users = u
			s.Result = &res
		}
	})
}

func (m *Import) changes() *Changes { return &Changes{m.service, m.Elevator} }

// Undo takes the import back, the moves first.
func (m *Import) Undo(ctx context.Context) {
	st := m.State()
	if st.Result == nil || len(st.Result.Journal) == 0 || st.Result.WasUndo {
		return
	}
	res := *st.Result
	res.Undoing, res.UndoErr = true, nil
	m.change(func(s *ImportState) { r := res; s.Result = &r })
	for len(res.Journal) > 0 {
		last := len(res.Journal) - 1
		undone, err := m.changes().Undo(ctx, res.Journal[last])
		res.Undone = append(res.Undone, undone...)
		if res.UndoErr = err; err != nil {
			break
		}
		res.Journal = res.Journal[:last]
	}
	res.Undoing, res.WasUndo = false, res.UndoErr == nil
	m.change(func(s *ImportState) { s.Result = &res })
}
