package ui

import (
	"certdesk/certstore"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/ui/model"
)

// The dialogs that toolbar, menus, findings and dropped files start. All run
// on the UI goroutine and return at once. After a change they call
// [shell.reload].

// startImport opens the import wizard for files; none lets the person choose.
func (s *shell) startImport(paths []string) {
	if !s.noJournal() {
		s.openImport(paths)
	}
}

// startExport opens the export dialog for rows.
func (s *shell) startExport(rows []*model.Row) { s.exportRows(rows) }

// startMove asks, then moves rows to a store.
func (s *shell) startMove(rows []*model.Row, to certstore.Location, store certstore.Name) {
	if !s.noJournal() {
		s.openMove(rows, to, store)
	}
}

// startDelete asks, then deletes rows.
func (s *shell) startDelete(rows []*model.Row) { s.openDelete(rows) }

// startTidy shows what is misplaced and where it would go.
func (s *shell) startTidy() {
	if !s.noJournal() {
		s.openTidy()
	}
}

// startTrust asks, showing the SHA-256, and makes a root trusted.
func (s *shell) startTrust(row *model.Row) {
	if !s.noJournal() {
		s.openTrust(row)
	}
}

// startRename asks for another friendly name.
func (s *shell) startRename(row *model.Row) { s.openRename(row) }

// startUnfinished offers to undo or finish changes whose process died.
func (s *shell) startUnfinished(records []journal.Record) {
	s.openUnfinished(records)
}

// startUndo lists what can be undone, the newest import chosen.
func (s *shell) startUndo() { s.openUndo() }

// startProbe opens the connection test, with a certificate to send or nil.
func (s *shell) startProbe(row *model.Row) {
	inv := &inventory.Inventory{}
	if snapshot, err := s.list.Snapshot.Get(); err == nil && snapshot != nil {
		inv = snapshot.Inventory
	}
	var send *inventory.Row
	if row != nil {
		send = row.Row
	}
	s.openProbe(inv, send)
}
