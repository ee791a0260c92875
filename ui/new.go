package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/ui/parts"
)

// newMenu opens the menu of what can be made.
func (t *toolbar) newMenu() {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.fresh)
	parts.PopUpMenu(t.shell.win.Canvas(), at.AddXY(0, t.fresh.Size().Height+2), t.shell.newItems()...)
}

// newItems are the entries of the New menu.
func (s *shell) newItems() []*fyne.MenuItem {
	item := func(text string, do func()) *fyne.MenuItem { return fyne.NewMenuItem(text, do) }
	ask := item(lang.X("new.request", "Certificate request…"), func() { s.openRequest(nil) })
	pending := item(lang.X("new.pending", "Pending requests…"), s.openPending)
	answer := item(lang.X("new.answer", "Answer from a CA…"), func() { s.openAnswer("") })
	if s.requests == nil {
		for _, i := range []*fyne.MenuItem{ask, pending, answer} {
			because(i, lang.X("why.noRequests", "no folder to record them in"))
		}
	}
	items := []*fyne.MenuItem{
		ask, pending, answer, fyne.NewMenuItemSeparator(),
		item(lang.X("new.combine", "PFX from certificate and key…"), func() { s.openCombine(nil) }),
		item(lang.X("new.split", "Split a PFX into PEM files…"), func() { s.openPFX(pfxSplit, "") }),
		item(lang.X("new.password", "Change the password of a PFX…"), func() { s.openPFX(pfxPassword, "") }),
		item(lang.X("new.repair", "Repair a PFX for another system…"), func() { s.openPFX(pfxRepair, "") }),
		fyne.NewMenuItemSeparator(),
	}
	return append(items, s.authorityItems()...)
}
