package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"certdesk/ui/parts"
)

// tableHead shows the columns' titles: a click sorts, dragging an edge
// resizes. With the keyboard, Left and Right go from title to title and Space
// sorts.
type tableHead struct {
	widget.BaseWidget
	table   *dataTable
	back    *canvas.Rectangle
	cells   []tableHeadCell
	objects []fyne.CanvasObject

	hovered int  // column under the pointer, -1: none
	edge    bool // the pointer is on its right edge
	dragged int  // column being resized, -1: none
	current int  // column with the keyboard, -1: none
}

// Declare conformity with interfaces.
var (
	_ fyne.Tappable      = (*tableHead)(nil)
	_ fyne.Draggable     = (*tableHead)(nil)
	_ fyne.Focusable     = (*tableHead)(nil)
	_ desktop.Hoverable  = (*tableHead)(nil)
	_ desktop.Cursorable = (*tableHead)(nil)
)

type tableHeadCell struct {
	back, line *canvas.Rectangle
	text       *canvas.Text
	arrow      *canvas.Image
}

func newTableHead(t *dataTable) *tableHead {
	h := &tableHead{table: t, back: canvas.NewRectangle(nil), hovered: -1, dragged: -1, current: -1}
	h.objects = []fyne.CanvasObject{h.back}
	for _, c := range t.columns {
		cell := tableHeadCell{canvas.NewRectangle(nil), canvas.NewRectangle(nil), canvas.NewText(c.title, nil), canvas.NewImageFromResource(nil)}
		cell.text.TextSize = 12
		cell.arrow.FillMode = canvas.ImageFillContain
		cell.arrow.Resize(fyne.NewSize(12, 12))
		h.cells = append(h.cells, cell)
		h.objects = append(h.objects, cell.back, cell.text, cell.arrow, cell.line)
	}
	h.ExtendBaseWidget(h)
	return h
}

// MinSize implements fyne.CanvasObject.
func (h *tableHead) MinSize() fyne.Size { return fyne.NewSize(100, headHeight) }

// Resize fills the background.
func (h *tableHead) Resize(s fyne.Size) {
	h.BaseWidget.Resize(s)
	h.back.Resize(s)
}

// CreateRenderer implements fyne.Widget.
func (h *tableHead) CreateRenderer() fyne.WidgetRenderer { return &tableHeadRenderer{h} }

type tableHeadRenderer struct{ head *tableHead }

func (r *tableHeadRenderer) Destroy()                     {}
func (r *tableHeadRenderer) Layout(fyne.Size)             {} // cells are placed by show; see tableBodyRenderer
func (r *tableHeadRenderer) MinSize() fyne.Size           { return r.head.MinSize() }
func (r *tableHeadRenderer) Objects() []fyne.CanvasObject { return r.head.objects }
func (r *tableHeadRenderer) Refresh()                     { r.head.show() }

// show places and paints the titles.
func (h *tableHead) show() {
	h.back.FillColor = parts.ColorOf(parts.Header)
	for k, c := range h.table.columns {
		h.cells[k].show(h, k, c)
	}
	canvas.Refresh(h)
}

func (o *tableHeadCell) show(h *tableHead, k int, c *tableColumn) {
	for _, object := range []fyne.CanvasObject{o.back, o.line, o.text, o.arrow} {
		if c.shown {
			object.Show()
		} else {
			object.Hide()
		}
	}
	if !c.shown {
		return
	}
	sorted := c.key == h.table.sortKey
	role, pad := parts.Text2, float32(6)
	if sorted {
		role = parts.Text
	}
	if k == 0 {
		pad = 14
	}
	o.text.Color, o.text.TextStyle.Bold = parts.ColorOf(role), sorted
	o.text.Text = parts.Ellipsis(c.title, c.drawn-pad-18, 12, o.text.TextStyle)
	o.text.Move(fyne.NewPos(c.x+pad, 5))
	o.text.Resize(o.text.MinSize())
	o.back.Move(fyne.NewPos(c.x, 0))
	o.back.Resize(fyne.NewSize(c.drawn, headHeight))
	o.back.FillColor, o.back.StrokeWidth = parts.ColorOf(parts.Clear), 0
	if k == h.hovered && !c.icon {
		o.back.FillColor = parts.ColorOf(parts.Hover)
	}
	if k == h.current {
		o.back.StrokeColor, o.back.StrokeWidth = parts.ColorOf(parts.Ring), 1
	}
	o.line.FillColor = parts.ColorOf(parts.Line)
	o.line.Move(fyne.NewPos(c.x, 6))
	o.line.Resize(fyne.NewSize(1, headHeight-12))
	if k < 2 {
		o.line.Hide()
	}
	if !sorted {
		o.arrow.Hide()
		return
	}
	icon := "sort-up"
	if !h.table.ascending {
		icon = "sort-down"
	}
	o.arrow.Resource = parts.IconResource(icon, parts.Accent)
	o.arrow.Move(fyne.NewPos(c.x+pad+o.text.MinSize().Width+3, 8))
	o.arrow.Refresh()
}

// columnAt returns the column at x and whether x is on its right edge.
func (h *tableHead) columnAt(x float32) (column int, edge bool) {
	last := -1
	for k, c := range h.table.columns {
		if !c.shown {
			continue
		}
		if x < c.x+4 && last >= 0 && !h.table.columns[last].icon {
			return last, true
		}
		if x < c.x+c.drawn {
			return k, !c.icon && x > c.x+c.drawn-5
		}
		last = k
	}
	return -1, false
}

// Tapped sorts.
func (h *tableHead) Tapped(e *fyne.PointEvent) {
	if k, edge := h.columnAt(e.Position.X); k >= 0 && !edge {
		h.table.sortBy(h.table.columns[k])
	}
}

// MouseIn implements desktop.Hoverable.
func (h *tableHead) MouseIn(e *desktop.MouseEvent) { h.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (h *tableHead) MouseMoved(e *desktop.MouseEvent) {
	if k, edge := h.columnAt(e.Position.X); k != h.hovered || edge != h.edge {
		h.hovered, h.edge = k, edge
		h.show()
	}
}

// MouseOut implements desktop.Hoverable.
func (h *tableHead) MouseOut() { h.hovered, h.edge = -1, false; h.show() }

// Cursor implements desktop.Cursorable.
func (h *tableHead) Cursor() desktop.Cursor {
	if h.edge || h.dragged >= 0 {
		return desktop.HResizeCursor
	}
	return desktop.DefaultCursor
}

// Dragged resizes the column whose edge was taken.
func (h *tableHead) Dragged(e *fyne.DragEvent) {
	if h.dragged < 0 {
		k, edge := h.columnAt(e.Position.X - e.Dragged.DX)
		if !edge {
			return
		}
		h.dragged = k
	}
	h.table.resizeColumn(h.table.columns[h.dragged], e.Dragged.DX)
}

// DragEnd implements fyne.Draggable.
func (h *tableHead) DragEnd() { h.dragged = -1 }

// FocusGained implements fyne.Focusable.
func (h *tableHead) FocusGained() { h.current = 0; h.show() }

// FocusLost implements fyne.Focusable.
func (h *tableHead) FocusLost() { h.current = -1; h.show() }

// TypedRune implements fyne.Focusable.
func (h *tableHead) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (h *tableHead) TypedKey(e *fyne.KeyEvent) {
	step := 0
	switch e.Name {
	case fyne.KeyRight:
		step = 1
	case fyne.KeyLeft:
		step = -1
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if h.current >= 0 {
			h.table.sortBy(h.table.columns[h.current])
		}
		return
	case fyne.KeyDown:
		parts.Focus(h.table.body)
		return
	default:
		if h.table.onKey != nil {
			h.table.onKey(e.Name)
		}
		return
	}
	for k := h.current + step; k >= 0 && k < len(h.table.columns); k += step {
		if c := h.table.columns[k]; c.shown && !c.icon {
			h.current = k
			h.show()
			return
		}
	}
}
