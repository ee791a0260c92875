package ui

import (
	"fyne.io/fyne/v2"

	"certdesk/ui/parts"
)

// newMenu opens the menu of what can be made.
func (t *toolbar) newMenu() {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.fresh)
	parts.PopUpMenu(t.shell.win.Canvas(), at.AddXY(0, t.fresh.Size().Height+2), t.shell.newItems()...)
}

// newItems are the entries of the New menu.
func (s *shell) newItems() []*fyne.MenuItem { return s.authorityItems() }
