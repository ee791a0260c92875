package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/storage"

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
	ask.Disabled, pending.Disabled, answer.Disabled = s.requests == nil, s.requests == nil, s.requests == nil
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

// chooseFile asks for a file; chosen gets its path.
func (s *shell) chooseFile(title string, extensions []string, near string, chosen func(string)) {
	if s.systemPicker(func(p Picker) (string, error) { return p.File(title, extensions, near) }, chosen) {
		return
	}
	s.fyneFile(near, extensions, chosen)
}

// chooseFolder asks for a folder.
func (s *shell) chooseFolder(title, near string, chosen func(string)) {
	if s.systemPicker(func(p Picker) (string, error) { return p.Folder(title, near) }, chosen) {
		return
	}
	s.fyneFolder(near, chosen)
}

// fileField is a field for a path with a button that chooses it.
func fileField(field *parts.Field, choose func()) fyne.CanvasObject {
	return parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(parts.SmallButton("folder", lang.X("button.choose", "Choose…"), choose))), field)
}

func (s *shell) fyneFile(near string, extensions []string, chosen func(string)) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			s.showProblem(lang.X("import.chooseProblem", "The file cannot be opened"), err)
			return
		}
		if r == nil {
			return
		}
		path := r.URI().Path()
		r.Close()
		chosen(path)
	}, s.win)
	if len(extensions) > 0 {
		var both []string
		for _, e := range extensions {
			both = append(both, e, strings.ToUpper(e))
		}
		d.SetFilter(storage.NewExtensionFileFilter(both))
	}
	s.showPicker(d, near)
}

func (s *shell) fyneFolder(near string, chosen func(string)) {
	d := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		switch {
		case err != nil:
			s.showProblem(lang.X("import.chooseProblem", "The file cannot be opened"), err)
		case folder != nil:
			chosen(folder.Path())
		}
	}, s.win)
	s.showPicker(d, near)
}
