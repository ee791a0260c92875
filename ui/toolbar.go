package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// toolbar starts what can be done with the selected certificates, and
// searches.
type toolbar struct {
	shell                   *shell
	object                  fyne.CanvasObject
	export, move, del, tidy *parts.Button
	tools, fresh            *parts.Button
	search                  *parts.Field
	worded                  []*parts.Button // lose their words in a narrow window
	buttons                 *fyne.Container
	whole                   float32 // how wide buttons is with all words
	asked                   int     // counts what was typed, so that only the last is searched
}

func newToolbar(s *shell) *toolbar {
	t := &toolbar{shell: s}
	rows := func(f func([]*model.Row)) func() { return func() { f(s.selected()) } }
	t.export = parts.ToolButton("export", lang.X("toolbar.export", "Export…"), rows(s.startExport))
	t.move = parts.ToolButton("move", lang.X("toolbar.move", "Move to"), t.moveMenu)
	t.del = parts.ToolButton("delete", lang.X("toolbar.delete", "Delete"), rows(s.startDelete))
	t.tidy = parts.ToolButton("tidy", lang.X("toolbar.tidy", "Tidy…"), s.startTidy)
	undo := parts.IconButton("undo", lang.X("toolbar.undo", "Undo…"), s.startUndo)
	probe := parts.ToolButton("plug", lang.X("toolbar.probe", "Test…"), func() {
		if r := s.selected(); len(r) == 1 && r[0].Row.Key != certstore.KeyNone {
			s.startProbe(r[0])
			return
		}
		s.startProbe(nil)
	})
	refresh := parts.IconButton("refresh", lang.X("toolbar.refresh", "Refresh"), s.reload)
	colours := parts.IconButton("theme", lang.X("toolbar.colours", "Colours"), s.nextTheme)
	t.fresh = parts.ToolButton("plus", lang.X("toolbar.new", "New"), t.newMenu)
	t.tools = parts.ToolButton("wrench", lang.X("toolbar.tools", "Diagnose"), t.toolsMenu)
	t.worded = []*parts.Button{t.fresh, t.export, t.move, t.del, t.tidy, probe, t.tools}
	t.buttons = parts.HBox(2, parts.Middle(parts.Primary("import", lang.X("toolbar.import", "Import…"), func() { s.startImport(nil) })), parts.Gap(6, 1), parts.Middle(t.fresh),
		parts.Middle(t.export), parts.Middle(t.move), parts.Middle(t.del), parts.Gap(4, 1), parts.Pad(10, 10, 0, 0, parts.VLine()), parts.Gap(4, 1),
		parts.Middle(t.tidy), parts.Middle(probe), parts.Middle(t.tools))
	t.search = parts.NewSearch(lang.X("search.hint", "Name, serial or thumbprint"), t.typed)
	t.search.OnEscape = func() {
		if t.search.Text == "" {
			parts.Focus(s.table.data.body)
			return
		}
		t.search.SetText("")
	}
	t.search.OnSubmitted = func(string) { parts.Focus(s.table.data.body) }
	t.search.OnArrow = func(fyne.KeyName) { parts.Focus(s.table.data.body) }
	t.whole = t.buttons.MinSize().Width
	row := container.New(t, t.buttons, parts.Middle(parts.Fixed(-1, 30, t.search)), parts.Middle(parts.HBox(2, undo, refresh, colours)))
	t.object = parts.Stack(parts.Fill(parts.Chrome), parts.Fixed(-1, 46, parts.Border(nil, parts.HLine(), nil, nil, parts.Pad(0, 0, 10, 10, row))))
	return t
}

// How wide the search is, in pixels: at least; at least where the buttons have
// words; and at most.
const searchMin, searchWorded, searchMax = 100, 180, 296

// MinSize implements fyne.Layout: that of the buttons without words.
func (t *toolbar) MinSize(o []fyne.CanvasObject) fyne.Size {
	words := float32(0)
	for _, b := range t.worded {
		words += b.WordWidth()
	}
	return fyne.NewSize(t.whole-words+8+searchMin+8+o[2].MinSize().Width, o[0].MinSize().Height)
}

// Layout implements fyne.Layout: buttons on the left, which show their words
// if there is room, search and colours on the right.
func (t *toolbar) Layout(o []fyne.CanvasObject, s fyne.Size) {
	colours := o[2].MinSize().Width
	room := s.Width - colours - 16
	for _, b := range t.worded {
		b.ShowWord(t.whole+searchWorded <= room)
	}
	left := o[0].MinSize().Width
	search := min(searchMax, max(searchMin, room-left))
	for i, place := range [][2]float32{{0, left}, {s.Width - colours - 8 - search, search}, {s.Width - colours, colours}} {
		o[i].Move(fyne.NewPos(place[0], 0))
		o[i].Resize(fyne.NewSize(place[1], s.Height))
	}
}

const typingPause = 150 * time.Millisecond // before a search starts

// typed searches for what was typed, once the typing pauses.
func (t *toolbar) typed(text string) {
	t.asked++
	mine := t.asked
	time.AfterFunc(typingPause, func() {
		fyne.Do(func() {
			if mine == t.asked {
				go t.shell.list.Ask(func(q *model.Query) { q.Search = text })
			}
		})
	})
}

// clearSearch empties the field without searching.
func (t *toolbar) clearSearch() {
	if t.search.Text != "" {
		changed := t.search.OnChanged
		t.search.OnChanged = nil
		t.search.SetText("")
		t.search.OnChanged = changed
		t.asked++
	}
}

// show enables what makes sense for the selected rows. What cannot be changed
// says so when it is tried.
func (t *toolbar) show(rows []*model.Row) {
	t.export.SetEnabled(len(rows) > 0)
	t.move.SetEnabled(len(rows) > 0)
	t.del.SetEnabled(len(rows) > 0)
}

func (t *toolbar) moveMenu() {
	rows := t.shell.selected()
	if t.shell.explain(lang.X("move.cannot", "This cannot be moved"), t.shell.whyFixed(rows)) {
		return
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.move)
	parts.PopUpMenu(t.shell.win.Canvas(), at.AddXY(0, t.move.Size().Height+2), t.shell.moveItems(rows)...)
}

// moveItems are the stores that rows can be moved to; those that cannot say
// why.
func (s *shell) moveItems(rows []*model.Row) []*fyne.MenuItem {
	snapshot, err := s.list.Snapshot.Get()
	if err != nil || snapshot == nil {
		return nil
	}
	var items []*fyne.MenuItem
	var last certstore.Location
	for _, p := range snapshot.Places {
		if last != "" && p.Location != last {
			items = append(items, fyne.NewMenuItemSeparator())
		}
		last = p.Location
		item := fyne.NewMenuItem(placeName(p.Location, p.Name), func() { s.startMove(rows, p.Location, p.Name) })
		switch {
		case allAt(rows, p):
			because(item, lang.X("why.there", "it is there"))
		case s.wayTo(p.Location, p.Name) == elevate.Never:
			because(item, whyReadOnly(p.ReadOnly).short)
		}
		items = append(items, item)
	}
	return items
}

// allAt reports whether all rows are in a place already.
func allAt(rows []*model.Row, p certstore.Place) bool {
	for _, r := range rows {
		if r.Location != p.Location || r.Store != p.Name {
			return false
		}
	}
	return true
}
