package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"certdesk/ui/parts"
)

// tableBody shows the rows in view and takes the events of all of them.
type tableBody struct {
	widget.BaseWidget
	table   *dataTable
	pool    []*tableRow // row i is shown by pool[i%len(pool)]
	objects []fyne.CanvasObject
}

// Declare conformity with interfaces.
var (
	_ desktop.Mouseable      = (*tableBody)(nil)
	_ desktop.Hoverable      = (*tableBody)(nil)
	_ fyne.DoubleTappable    = (*tableBody)(nil)
	_ fyne.SecondaryTappable = (*tableBody)(nil)
	_ fyne.Focusable         = (*tableBody)(nil)
	_ fyne.Shortcutable      = (*tableBody)(nil)
)

// A tableRow is the canvas objects of one row, used again for another row
// when this one is out of view.
type tableRow struct {
	index      int // -1: hidden
	back, mark *canvas.Rectangle
	line       *canvas.Rectangle
	cells      []tableCellObjects
}

type tableCellObjects struct {
	icon         *canvas.Image
	text, second *canvas.Text
}

func newTableBody(t *dataTable) *tableBody {
	b := &tableBody{table: t}
	b.ExtendBaseWidget(b)
	return b
}

// MinSize returns the height of all rows.
func (b *tableBody) MinSize() fyne.Size {
	return fyne.NewSize(100, float32(b.table.source.Len())*rowHeight)
}

// CreateRenderer implements fyne.Widget.
func (b *tableBody) CreateRenderer() fyne.WidgetRenderer { return &tableBodyRenderer{b} }

type tableBodyRenderer struct{ body *tableBody }

func (r *tableBodyRenderer) Destroy()                     {}
func (r *tableBodyRenderer) Layout(fyne.Size)             {} // rows place themselves; a Refresh here would repaint for ever
func (r *tableBodyRenderer) MinSize() fyne.Size           { return r.body.MinSize() }
func (r *tableBodyRenderer) Objects() []fyne.CanvasObject { return r.body.objects }
func (r *tableBodyRenderer) Refresh()                     { r.body.refill() }

// refill shows all rows in view anew, after something about them changed.
func (b *tableBody) refill() {
	b.fillRows(true)
	canvas.Refresh(b)
}

// fillRows gives rows that came into view to pooled objects; with all, every
// row in view.
func (b *tableBody) fillRows(all bool) {
	t := b.table
	height := t.scroll.Size().Height
	if height <= 0 || t.width <= 0 {
		return
	}
	for need := int(height/rowHeight) + 2; len(b.pool) < need; {
		b.pool = append(b.pool, b.newRow())
		all = true // the others have a new place in the pool
	}
	first := int(t.scroll.Offset.Y / rowHeight)
	for i := first; i < first+len(b.pool); i++ {
		r := b.pool[i%len(b.pool)]
		switch {
		case i >= t.source.Len():
			if r.index >= 0 || all {
				r.hide()
			}
		case r.index != i || all:
			b.fill(r, i)
		}
	}
}

func (b *tableBody) newRow() *tableRow {
	r := &tableRow{index: -1, back: canvas.NewRectangle(nil), mark: canvas.NewRectangle(nil), line: canvas.NewRectangle(nil)}
	b.objects = append(b.objects, r.back, r.line, r.mark)
	for _, c := range b.table.columns {
		o := tableCellObjects{icon: canvas.NewImageFromResource(nil), text: canvas.NewText("", nil), second: canvas.NewText("", nil)}
		o.icon.FillMode = canvas.ImageFillContain
		o.icon.Resize(fyne.NewSize(15, 15))
		o.text.TextSize, o.second.TextSize = 13, 13
		if c.mono {
			o.text.TextSize, o.text.TextStyle.Monospace = 12, true
		}
		r.cells = append(r.cells, o)
		b.objects = append(b.objects, o.icon, o.text, o.second)
	}
	r.hide()
	return r
}

func (r *tableRow) hide() {
	r.index = -1
	r.back.Hide()
	r.mark.Hide()
	r.line.Hide()
	for _, c := range r.cells {
		c.hide()
	}
}

func (c *tableCellObjects) hide() {
	c.icon.Hide()
	c.text.Hide()
	c.second.Hide()
}

// fill shows row i with the objects r.
func (b *tableBody) fill(r *tableRow, i int) {
	t := b.table
	r.index = i
	y := float32(i) * rowHeight
	b.paintBack(r, i)
	r.back.Move(fyne.NewPos(0, y))
	r.back.Resize(fyne.NewSize(t.width, rowHeight))
	r.back.Show()
	r.line.FillColor = parts.ColorOf(parts.FaintLine)
	r.line.Move(fyne.NewPos(0, y+rowHeight-1))
	r.line.Resize(fyne.NewSize(t.width, 1))
	r.line.Show()
	for k, col := range t.columns {
		o := &r.cells[k]
		if !col.shown {
			o.hide()
			continue
		}
		cell := t.source.Cell(i, col.key)
		x := col.x + 6
		if k == 0 {
			x += 7
		}
		if x = o.showIcon(cell, x, y); col.icon {
			o.text.Hide()
			o.second.Hide()
			continue
		}
		room := col.x + col.drawn - 6 - x
		if cell.second != "" && room > cell.secondFrom+50 {
			o.second.Show()
			showText(o.second, cell.second, parts.Text3, x+cell.secondFrom, y, room-cell.secondFrom)
			room = cell.secondFrom - 6
		} else {
			o.second.Hide()
		}
		role := cell.role
		if role == "" {
			role = parts.Text
		}
		o.text.Show()
		showText(o.text, cell.text, role, x, y, room)
	}
}

// showIcon returns where the text begins.
func (c *tableCellObjects) showIcon(cell tableCell, x, y float32) float32 {
	if cell.icon == "" {
		c.icon.Hide()
		return x
	}
	if res := parts.IconResource(cell.icon, cell.iconRole); c.icon.Resource != res {
		c.icon.Resource = res
		c.icon.Refresh()
	}
	c.icon.Move(fyne.NewPos(x, y+5))
	c.icon.Show()
	return x + 21
}

func showText(t *canvas.Text, text string, role fyne.ThemeColorName, x, y, room float32) {
	text = parts.Ellipsis(text, room, t.TextSize, t.TextStyle)
	c := parts.ColorOf(role)
	if t.Text != text || t.Color != c {
		t.Text, t.Color = text, c
		t.Resize(t.MinSize())
		t.Refresh()
	}
	t.Move(fyne.NewPos(x, y+float32(int((rowHeight-t.MinSize().Height)/2))))
}

// paintBack paints what says selected, under the pointer, with the keyboard.
func (b *tableBody) paintBack(r *tableRow, i int) {
	t := b.table
	selected := t.selected[t.source.ID(i)]
	role := parts.Clear
	switch {
	case selected && t.focused:
		role = parts.Selected
	case selected:
		role = parts.SelectedIdle
	case t.hovered == i:
		role = parts.RowHover
	}
	r.back.FillColor, r.back.StrokeWidth = parts.ColorOf(role), 0
	if t.focused && t.current == i {
		r.back.StrokeColor, r.back.StrokeWidth = parts.ColorOf(parts.Ring), 1
	}
	r.back.Refresh()
	if !selected {
		r.mark.Hide()
		return
	}
	r.mark.FillColor = parts.ColorOf(parts.Accent)
	r.mark.Move(fyne.NewPos(0, float32(i)*rowHeight+3))
	r.mark.Resize(fyne.NewSize(3, rowHeight-7))
	r.mark.Show()
}

// rowAt returns the row at a place, -1 for none.
func (b *tableBody) rowAt(p fyne.Position) int {
	if i := int(p.Y / rowHeight); i >= 0 && i < b.table.source.Len() {
		return i
	}
	return -1
}

// MouseDown selects: a Tapped would come only after the double click delay.
func (b *tableBody) MouseDown(e *desktop.MouseEvent) {
	parts.Focus(b)
	i := b.rowAt(e.Position)
	if i < 0 {
		if e.Modifier == 0 {
			b.table.Clear()
		}
		return
	}
	if e.Button == desktop.MouseButtonSecondary && b.table.selected[b.table.source.ID(i)] {
		return // the menu is for all that is selected
	}
	b.table.click(i, e.Modifier)
}

// MouseUp implements desktop.Mouseable.
func (b *tableBody) MouseUp(*desktop.MouseEvent) {}

// Tapped keeps a click from whatever is below.
func (b *tableBody) Tapped(*fyne.PointEvent) {}

// DoubleTapped opens the row.
func (b *tableBody) DoubleTapped(e *fyne.PointEvent) {
	if b.rowAt(e.Position) >= 0 && b.table.onOpen != nil {
		b.table.onOpen()
	}
}

// TappedSecondary shows the menu.
func (b *tableBody) TappedSecondary(e *fyne.PointEvent) {
	if b.rowAt(e.Position) >= 0 && b.table.onMenu != nil {
		b.table.onMenu(e.AbsolutePosition)
	}
}

func (b *tableBody) hover(i int) {
	t := b.table
	if t.hovered == i {
		return
	}
	old := t.hovered
	t.hovered = i
	for _, k := range []int{old, i} {
		if k < 0 || len(b.pool) == 0 {
			continue
		}
		if r := b.pool[k%len(b.pool)]; r.index == k {
			b.paintBack(r, k)
		}
	}
}

// MouseIn implements desktop.Hoverable.
func (b *tableBody) MouseIn(e *desktop.MouseEvent) { b.hover(b.rowAt(e.Position)) }

// MouseMoved implements desktop.Hoverable.
func (b *tableBody) MouseMoved(e *desktop.MouseEvent) { b.hover(b.rowAt(e.Position)) }

// MouseOut implements desktop.Hoverable.
func (b *tableBody) MouseOut() { b.hover(-1) }

// FocusGained implements fyne.Focusable.
func (b *tableBody) FocusGained() {
	b.table.focused = true
	if b.table.current < 0 && b.table.source.Len() > 0 {
		b.table.current = 0
	}
	b.refill()
}

// FocusLost implements fyne.Focusable.
func (b *tableBody) FocusLost() { b.table.focused = false; b.refill() }

// TypedRune goes to the next row whose name begins with what was typed.
func (b *tableBody) TypedRune(r rune) {
	if r == ' ' && b.table.typed == "" {
		return
	}
	b.table.typeAhead(r, time.Now())
}

func (t *dataTable) typeAhead(r rune, now time.Time) {
	n := t.source.Len()
	if n == 0 {
		return
	}
	start := 0 // a longer word may still fit the row where we are
	if now.Sub(t.typedAt) > typeAheadGap || t.typed == strings.ToLower(string(r)) {
		t.typed, start = "", 1
	}
	t.typed, t.typedAt = t.typed+strings.ToLower(string(r)), now
	for k := range n {
		i := (max(0, t.current) + start + k) % n
		if strings.HasPrefix(strings.ToLower(t.source.Name(i)), t.typed) {
			t.select1(i)
			return
		}
	}
}

// TypedKey implements fyne.Focusable.
func (b *tableBody) TypedKey(e *fyne.KeyEvent) {
	var mods fyne.KeyModifier
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		mods = d.CurrentKeyModifiers()
	}
	b.table.key(e.Name, mods)
}

// key does what a key does in a table.
func (t *dataTable) key(name fyne.KeyName, mods fyne.KeyModifier) {
	call := func(f func()) {
		if f != nil {
			f()
		}
	}
	to := t.current
	switch name {
	case fyne.KeyDown:
		to++
	case fyne.KeyUp:
		to--
	case fyne.KeyPageDown:
		to += t.pageRows()
	case fyne.KeyPageUp:
		to -= t.pageRows()
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = t.source.Len() - 1
	case fyne.KeySpace:
		if t.current >= 0 && t.typed == "" || time.Since(t.typedAt) > typeAheadGap {
			t.toggle(max(0, t.current))
		}
		return
	case fyne.KeyReturn, fyne.KeyEnter:
		if len(t.selected) == 0 && t.current >= 0 {
			t.select1(t.current)
		}
		call(t.onOpen)
		return
	case fyne.KeyDelete:
		call(t.onDelete)
		return
	case fyne.KeyEscape:
		call(t.onEscape)
		return
	case desktop.KeyMenu, fyne.KeyF10:
		if t.current >= 0 && t.onMenu != nil && (name == desktop.KeyMenu || mods&fyne.KeyModifierShift != 0) {
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.body)
			t.onMenu(at.AddXY(160, float32(t.current+1)*rowHeight))
		}
		return
	default:
		if t.onKey != nil {
			t.onKey(name)
		}
		return
	}
	if t.source.Len() == 0 {
		return
	}
	t.click(min(max(0, to), t.source.Len()-1), mods&fyne.KeyModifierShift)
}

// TypedShortcut implements fyne.Shortcutable.
func (b *tableBody) TypedShortcut(s fyne.Shortcut) {
	switch s.(type) {
	case *fyne.ShortcutSelectAll:
		b.table.selectAll()
	case *fyne.ShortcutCopy:
		if b.table.onCopy != nil {
			b.table.onCopy()
		}
	default:
		if b.table.onShortcut != nil {
			b.table.onShortcut(s)
		}
	}
}
