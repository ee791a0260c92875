package ui

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// listView is the table of certificates with its title and filter.
type listView struct {
	shell  *shell
	object fyne.CanvasObject
	header fyne.CanvasObject
	data   *dataTable

	title, where *parts.Label
	filter       *parts.Segments
	empty        *fyne.Container
	view         *model.View
	asked        bool // reading has begun at least once
}

func newListView(s *shell) *listView {
	l := &listView{shell: s, title: parts.NewLabel("", 15, parts.Text).Bold(), where: parts.NewLabel("", 13, parts.Text2).Shrink()}
	l.data = newDataTable([]*tableColumn{
		{key: "status", title: lang.X("column.status", "Status"), width: 138},
		{key: "key", width: 28, icon: true},
		{key: "name", title: lang.X("column.name", "Name"), width: 140, grow: 3},
		{key: "issuer", title: lang.X("column.issuer", "Issued by"), width: 92, grow: 2},
		{key: "expires", title: lang.X("column.expires", "Expires"), width: 190},
		{key: "purposes", title: lang.X("column.purposes", "Purposes"), width: 92, grow: .6, hide: 2},
		{key: "serial", title: lang.X("column.serial", "Serial number"), width: 112, grow: 1.2, mono: true},
		{key: "store", title: lang.X("column.store", "Store"), width: 150, grow: .5, hide: 1, off: true},
	})
	l.data.SetSort("status", true)
	l.data.onSort = func(key string, ascending bool) {
		go s.list.Ask(func(q *model.Query) { q.Sort, q.Ascending = key, ascending })
	}
	l.data.onSelect = s.showSelection
	l.data.onOpen = func() { s.detail.open() }
	l.data.onMenu = func(at fyne.Position) { parts.PopUpMenu(s.win.Canvas(), at, s.rowMenu()...) }
	l.data.onCopy = func() {
		if rows := l.selected(); len(rows) > 0 {
			s.copyText(rows[0].Certificate.Serials().Windows)
		}
	}
	l.data.onDelete = func() {
		if rows := l.selected(); len(rows) > 0 {
			s.startDelete(rows)
		}
	}
	l.data.onEscape = func() {
		if s.toolbar.search.Text != "" {
			s.toolbar.search.SetText("")
		}
	}
	l.filter = parts.NewSegments([]string{lang.X("filter.all", "All"), lang.X("filter.key", "With key"), lang.X("filter.client", "Client"), lang.X("filter.problems", "Problems")},
		func(i int) { go s.list.Ask(func(q *model.Query) { q.Filter = model.Filter(i) }) })
	l.header = parts.Fixed(-1, 42, parts.Border(nil, parts.HLine(), nil, nil, parts.Border(nil, nil,
		parts.Pad(0, 0, 14, 8, parts.Middle(l.title)), parts.Pad(0, 0, 8, 12, parts.Middle(l.filter.Object())), parts.Middle(l.where))))
	l.empty = parts.Stack()
	l.object = parts.Stack(l.data, parts.Pad(headHeight+1, 0, 0, 0, l.empty))
	l.showEmpty()
	return l
}

// show lists the rows of a view.
func (l *listView) show(v *model.View) {
	l.view = v
	l.data.SetColumn("store", v.Query.Search != "" || v.Query.Scope.Quick != model.NoQuick)
	l.data.SetSource(listSource{v, l.shell.list})
	title, where := scopeTitle(v.Query)
	l.title.SetText(title)
	l.where.SetText(where)
	l.showEmpty()
	l.header.Refresh()
}

func scopeTitle(q model.Query) (title, where string) {
	switch {
	case q.Search != "":
		return lang.X("search.title", "Search"), lang.X("search.everywhere", "in all stores")
	case q.Scope.Quick == model.QuickAttention:
		return lang.X("quick.attention", "Needs attention"), ""
	case q.Scope.Quick == model.QuickExpiring:
		return lang.X("quick.expiring", "Expiring in 30 days"), ""
	case q.Scope.Quick == model.QuickSignIn:
		return lang.X("quick.signIn", "Can sign in (client)"), ""
	case q.Scope.Quick == model.QuickMisplaced:
		return lang.X("quick.misplaced", "In the wrong store"), ""
	}
	return storeName(q.Scope.Store), lang.X("list.on", "on {{.Location}}", words{"Location": locationName(q.Scope.Location)})
}

// selected returns the selected rows.
func (l *listView) selected() []*model.Row {
	if l == nil || l.view == nil {
		return nil
	}
	var rows []*model.Row
	for _, i := range l.data.Selected() {
		rows = append(rows, l.view.Rows[i])
	}
	return rows
}

// showEmpty says in an empty table why it is empty and what can be done.
func (l *listView) showEmpty() {
	if l.view != nil && len(l.view.Rows) > 0 {
		l.empty.Hide()
		return
	}
	l.empty.Objects = []fyne.CanvasObject{parts.Fill(parts.Content), parts.Center(l.emptyText())}
	l.empty.Show()
	l.empty.Refresh()
}

func (l *listView) emptyText() fyne.CanvasObject {
	say := func(icon, title, text string, action fyne.CanvasObject) fyne.CanvasObject {
		box := parts.VBox(6, parts.Center(parts.NewIcon(icon, 38, parts.Text3)), parts.Center(parts.NewLabel(title, 15, parts.Text).Bold()), parts.Center(parts.Small(text)))
		if action != nil {
			box.Add(parts.Gap(1, 6))
			box.Add(parts.Center(action))
		}
		return box
	}
	busy, _ := l.shell.list.Busy.Get()
	switch v := l.view; {
	case v == nil && !busy && l.asked:
		return say("refresh", lang.X("empty.stopped", "The stores were not read"), lang.X("empty.stoppedText", "Reading was stopped."),
			parts.Secondary("refresh", lang.X("toolbar.refresh", "Refresh"), l.shell.reload))
	case v == nil, busy && v.Snapshot.Partial && v.Query.Search == "" && v.Query.Filter == model.All:
		text := lang.X("empty.readingText", "This takes a moment.")
		if n, _ := l.shell.list.Progress.Get(); n > 0 {
			text = lang.X("empty.readingSoFar", "{{.N}} certificates so far.", words{"N": thousands(n)})
		}
		return say("refresh", lang.X("empty.reading", "Reading the stores…"), text, nil)
	case v.Query.Search != "":
		return say("search", lang.X("empty.search", "Nothing found"),
			lang.X("empty.searchText", "Names, addresses, serial numbers and thumbprints of all stores were searched."),
			parts.Secondary("close", lang.X("empty.searchClear", "Clear the search"), func() { l.shell.toolbar.search.SetText("") }))
	case v.Query.Filter != model.All:
		return say("list", lang.X("empty.filter", "No certificate passes this filter"), "",
			parts.Secondary("", lang.X("empty.filterAll", "Show all"), func() {
				l.filter.SetSelected(0)
				go l.shell.list.Ask(func(q *model.Query) { q.Filter = model.All })
			}))
	case v.Query.Scope.Quick != model.NoQuick:
		return say("ok", lang.X("empty.quick", "Nothing here"), lang.X("empty.quickText", "No certificate needs to be listed here."), nil)
	case unreadable(v):
		return say("warning", lang.X("empty.unreadable", "This could not be read"), lang.X("empty.unreadableText", "The message above says why."), nil)
	case v.Query.Scope.Store == certstore.My:
		return say("pfx", lang.X("empty.my", "No personal certificates yet"),
			lang.X("empty.myText", "Drop a .pfx or .p12 file here, or import one. You see what will happen before it does."),
			parts.Primary("import", lang.X("toolbar.import", "Import…"), func() { l.shell.startImport(nil) }))
	}
	return say("layers", lang.X("empty.store", "This store is empty"), lang.X("empty.storeText", "Drop a certificate file here to import it."), nil)
}

// unreadable reports whether the listed location could not be read.
func unreadable(v *model.View) bool {
	for _, err := range v.Snapshot.Errors {
		if e, ok := errors.AsType[*certstore.Error](err); ok && e.Location == v.Query.Scope.Location {
			return true
		}
	}
	return false
}

// listSource shows the rows of a view in the table.
type listSource struct {
	view *model.View
	list *model.Inventory
}

// Len implements tableSource.
func (s listSource) Len() int { return len(s.view.Rows) }

// ID implements tableSource.
func (s listSource) ID(i int) string { return s.view.Rows[i].ID }

// Name implements tableSource.
func (s listSource) Name(i int) string { return s.view.Rows[i].Name }

// Cell implements tableSource.
func (s listSource) Cell(i int, column string) tableCell {
	r := s.view.Rows[i]
	switch column {
	case "status":
		kind := severityKind(r.Severity)
		if r.Severity == "" && r.Status != "" {
			kind = parts.KindInfo
		}
		role, _ := kind.Roles()
		if r.Status == "" {
			return tableCell{text: lang.X("status.ok", "OK"), role: parts.Text3, icon: kind.IconName(), iconRole: role}
		}
		return tableCell{text: r.Status, role: role, icon: kind.IconName(), iconRole: role}
	case "key":
		switch r.Row.Key {
		case certstore.KeyPresent:
			return tableCell{icon: "key", iconRole: parts.Text2}
		case certstore.KeyLocked:
			return tableCell{icon: "lock", iconRole: parts.Text2}
		case certstore.KeyUnusable:
			return tableCell{icon: "key-missing", iconRole: parts.Err}
		}
		if r.Store == certstore.My {
			return tableCell{icon: "key-missing", iconRole: parts.Err}
		}
		return tableCell{}
	case "name":
		return tableCell{text: r.Name}
	case "issuer":
		return tableCell{text: r.Issuer, role: parts.Text2}
	case "expires":
		role, now := parts.Text, s.list.Now()
		if kind := dateKind(r.Certificate.NotAfter, now); kind != parts.KindOK {
			role, _ = kind.Roles()
		}
		return tableCell{text: relative(r.Certificate.NotAfter, now), role: role, second: date(r.Certificate.NotAfter), secondFrom: 104}
	case "purposes":
		return tableCell{text: r.Purposes, role: parts.Text2}
	case "serial":
		return tableCell{text: r.Serial, role: parts.Text2}
	case "store":
		return tableCell{text: placeName(r.Location, r.Store), role: parts.Text2}
	}
	return tableCell{}
}
