package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

const sidebarWidth = 236 // pixels

// sidebar chooses what is listed: quick views, and the stores of each
// location with their counts.
type sidebar struct {
	shell  *shell
	object fyne.CanvasObject
	list   *fyne.Container
	foot   *fyne.Container
	page   *fyne.Container

	rows   map[model.Scope]*sidebarRow
	order  []*sidebarRow // top to bottom, for the arrow keys
	places []certstore.Place
	closed map[certstore.Location]bool
}

// A sidebarRow is one line of the sidebar.
type sidebarRow struct {
	*parts.Press
	icon  *parts.Icon
	label *parts.Label
	badge *parts.Badge
	count *parts.Label
	mark  *parts.Surface
}

func newSidebar(s *shell) *sidebar {
	b := &sidebar{shell: s, list: parts.VBox(0), foot: parts.Stack(), rows: map[model.Scope]*sidebarRow{}, closed: map[certstore.Location]bool{}}
	b.page = parts.Page(parts.Pad(4, 8, 0, 0, b.list))
	b.object = parts.Fixed(sidebarWidth, -1, parts.Fill(parts.Chrome), parts.Border(nil, b.foot, nil, nil, b.page))
	b.build()
	return b
}

// show brings counts and stores in line with what was read.
func (b *sidebar) show(s *model.Snapshot) {
	if !samePlaces(b.places, s.Places) {
		b.places = s.Places
		b.build()
	}
	counts := s.Counts()
	for scope, row := range b.rows {
		row.show(counts[scope], scope.Quick != model.NoQuick)
	}
	b.showFoot()
	b.mark(b.shell.list.Query())
}

func samePlaces(a, b []certstore.Place) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Location != b[i].Location || a[i].Name != b[i].Name || (a[i].ReadOnly == nil) != (b[i].ReadOnly == nil) {
			return false
		}
	}
	return true
}

// build makes the lines anew.
func (b *sidebar) build() {
	b.rows, b.order = map[model.Scope]*sidebarRow{}, nil
	b.list.Objects = []fyne.CanvasObject{parts.Pad(8, 2, 14, 12, parts.Small(lang.X("sidebar.quick", "Quick views")).Bold())}
	for _, q := range []struct {
		quick model.Quick
		icon  string
		name  string
	}{
		{model.QuickAttention, "flag", lang.X("quick.attention", "Needs attention")},
		{model.QuickExpiring, "clock", lang.X("quick.expiring", "Expiring in 30 days")},
		{model.QuickSignIn, "key", lang.X("quick.signIn", "Can sign in (client)")},
		{model.QuickMisplaced, "move", lang.X("quick.misplaced", "In the wrong store")},
	} {
		b.add(model.Scope{Quick: q.quick}, q.icon, q.name, 10)
	}
	for _, l := range []certstore.Location{certstore.User, certstore.Machine} {
		b.addLocation(l)
	}
	b.list.Refresh()
	b.page.Refresh()
}

func (b *sidebar) addLocation(l certstore.Location) {
	chevron := "chevron-down"
	if b.closed[l] {
		chevron = "chevron-right"
	}
	head := parts.HBox(6, parts.Middle(parts.NewIcon(chevron, 11, parts.Text3)), parts.Middle(parts.NewIcon(locationIcon(l), 15, parts.Text2)),
		parts.Middle(parts.Small(locationName(l)).Bold()))
	note := ""
	if l == certstore.Machine && b.readOnly(l) {
		note = lang.X("sidebar.readOnly", "read only")
	}
	line := parts.NewPress(parts.Fixed(-1, 27, parts.Pad(0, 0, 8, 8, parts.Border(nil, nil, head, parts.Middle(parts.NewLabel(note, 11, parts.Text3))))),
		parts.Clear, "", 4, func() {
			b.closed[l] = !b.closed[l]
			b.build()
			if s, err := b.shell.list.Snapshot.Get(); err == nil && s != nil {
				b.show(s)
			}
		})
	b.list.Add(parts.Pad(6, 0, 2, 6, line))
	if b.closed[l] {
		return
	}
	for _, p := range b.places {
		if p.Location == l {
			b.add(model.Scope{Location: l, Store: p.Name}, storeIcon(p.Name), storeName(p.Name), 22)
		}
	}
}

// readOnly reports whether nothing can be changed in a location.
func (b *sidebar) readOnly(l certstore.Location) bool {
	any := false
	for _, p := range b.places {
		if p.Location == l {
			if p.ReadOnly == nil {
				return false
			}
			any = true
		}
	}
	return any
}

func (b *sidebar) showFoot() {
	b.foot.Objects = nil
	icon, text, role := "admin", lang.X("sidebar.machineWritable", "Machine stores can be changed"), parts.OK
	if b.readOnly(certstore.Machine) {
		icon, text, role = "lock", lang.X("sidebar.machineReadOnly", "Machine stores: read only"), parts.Text3
	}
	if len(b.places) > 0 {
		b.foot.Add(parts.Border(parts.HLine(), nil, nil, nil, parts.Pad(7, 7, 14, 12,
			parts.HBox(7, parts.Middle(parts.NewIcon(icon, 15, role)), parts.Middle(parts.Small(text))))))
	}
	b.foot.Refresh()
}

func (b *sidebar) add(scope model.Scope, icon, name string, indent float32) {
	r := &sidebarRow{icon: parts.NewIcon(icon, 16, parts.Text2), label: parts.Body(name).Shrink(), badge: parts.NewBadge(),
		count: parts.Small("").Trailing(), mark: parts.Outlined(parts.Clear, "", 1)}
	right := parts.HBox(6, r.badge, parts.Middle(parts.Fixed(26, -1, r.count)))
	body := parts.Fixed(-1, 27, parts.Border(nil, nil, parts.Pad(0, 0, indent, 8, parts.Middle(r.icon)), parts.Pad(0, 0, 4, 8, right), parts.Middle(r.label)))
	r.Press = parts.NewPress(parts.Stack(body, parts.Border(nil, nil, parts.Pad(6, 6, 0, 0, parts.Fixed(3, -1, r.mark)), nil)), parts.Clear, "", 4,
		func() { b.choose(scope) })
	place := len(b.order)
	r.OnKey = func(k fyne.KeyName) { b.key(place, scope, k) }
	b.rows[scope], b.order = r, append(b.order, r)
	b.list.Add(parts.Pad(0, 0, 6, 6, r.Press))
}

// key moves up and down the lines; Right goes to the table.
func (b *sidebar) key(place int, scope model.Scope, k fyne.KeyName) {
	switch {
	case k == fyne.KeyDown && place+1 < len(b.order):
		parts.Focus(b.order[place+1].Press)
		b.order[place+1].Activate()
	case k == fyne.KeyUp && place > 0:
		parts.Focus(b.order[place-1].Press)
		b.order[place-1].Activate()
	case k == fyne.KeyRight:
		parts.Focus(b.shell.table.data.body)
	default:
		b.shell.key(k)
	}
}

// choose lists another scope. A search ends: it looks in every store.
func (b *sidebar) choose(scope model.Scope) {
	b.shell.toolbar.clearSearch()
	go b.shell.list.Ask(func(q *model.Query) { q.Scope, q.Search = scope, "" })
}

// mark shows which line is listed.
func (b *sidebar) mark(q model.Query) {
	for scope, r := range b.rows {
		r.setChosen(scope == q.Scope && q.Search == "")
	}
}

func (r *sidebarRow) setChosen(on bool) {
	fill, icon, mark := parts.Clear, parts.Text2, parts.Clear
	if on {
		fill, icon, mark = parts.Selected, parts.Accent, parts.Accent
	}
	r.label.SetBold(on)
	r.icon.SetRole(icon)
	r.mark.SetRoles(mark, "")
	r.SetStyle(fill, "")
	r.Repaint()
}

// show shows how many certificates a line stands for. Problems are counted
// for stores only: a quick view of problems is one itself.
func (r *sidebarRow) show(n model.Count, quick bool) {
	r.count.SetText(strconv.Itoa(n.Total))
	switch {
	case quick:
	case n.Errors > 0:
		r.badge.Count(n.Errors, parts.KindError)
	default:
		r.badge.Count(n.Warnings, parts.KindWarning)
	}
	r.Refresh()
}
