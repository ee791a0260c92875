package ui

import (
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/journal"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// The dialogs that toolbar, menus, findings and dropped files start. All run
// on the UI goroutine and return at once. After a change they call
// [shell.reload].

// startImport opens the import wizard for files; none lets the person choose.
func (s *shell) startImport(paths []string) { s.notYet(lang.X("action.import", "Import")) }

// startExport opens the export dialog for rows.
func (s *shell) startExport(rows []*model.Row) { s.notYet(lang.X("action.export", "Export")) }

// startMove asks, then moves rows to a store.
func (s *shell) startMove(rows []*model.Row, to certstore.Location, store certstore.Name) {
	s.notYet(lang.X("action.move", "Move"))
}

// startDelete asks, then deletes rows.
func (s *shell) startDelete(rows []*model.Row) { s.notYet(lang.X("action.delete", "Delete")) }

// startTidy shows what is misplaced and where it would go.
func (s *shell) startTidy() { s.notYet(lang.X("action.tidy", "Tidy")) }

// startTrust asks, showing the SHA-256, and makes a root trusted.
func (s *shell) startTrust(row *model.Row) { s.notYet(lang.X("action.trust", "Trust")) }

// startRename asks for another friendly name.
func (s *shell) startRename(row *model.Row) { s.notYet(lang.X("action.rename", "Rename")) }

// startUnfinished offers to undo or finish changes whose process died.
func (s *shell) startUnfinished(records []journal.Record) {
	s.notYet(lang.X("action.unfinished", "Unfinished changes"))
}

func (s *shell) notYet(title string) {
	d := parts.NewDialog(s.win.Canvas(), title, "", 420, 200)
	d.SetBody(parts.Pad(14, 14, 20, 20, parts.Para(lang.X("action.notYet", "The window cannot do this yet. The command certctl can."))))
	ok := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(ok, ok)
	d.Show()
}
