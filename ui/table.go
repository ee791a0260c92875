package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"certdesk/ui/parts"
)

// A tableColumn is one column of a [dataTable].
type tableColumn struct {
	key, title string
	width      float32 // pixels; what it gets when there is no room to give away
	grow       float32 // share of the room that is left
	mono       bool
	icon       bool // shows icons only, and cannot be sorted or resized
	hide       int  // 0: always shown; else the highest goes first when there is no room
	off        bool // not shown at all

	shown    bool
	x, drawn float32 // where it is and how wide, pixels
}

// A tableCell is what one column shows of one row.
type tableCell struct {
	text       string
	role       fyne.ThemeColorName // "" is parts.Text
	icon       string
	iconRole   fyne.ThemeColorName
	second     string  // fainter text after the first
	secondFrom float32 // pixels from the first's beginning
}

// A tableSource holds the rows that a [dataTable] shows. It does not change:
// a new order or selection of rows is a new source.
type tableSource interface {
	Len() int
	// ID identifies a row over all sources.
	ID(row int) string
	// Cell returns what a column shows.
	Cell(row int, column string) tableCell
	// Name is what typing a few letters looks for.
	Name(row int) string
}

const (
	rowHeight    = 26 // pixels
	headHeight   = 27
	columnMin    = 44
	typeAheadGap = 900 * time.Millisecond // a longer pause starts a new word
)

// dataTable is a table of rows, tens of thousands if need be: sorted by its
// header, resized by the header's edges, with one or many rows selected by
// mouse or keyboard. It holds no state of a row; what is selected is known by
// the row's identity and so survives sorting and filtering.
//
// One body widget takes all events and shows a pool of plain canvas objects:
// the toolkit's own table took fifty times as long to scroll.
type dataTable struct {
	widget.BaseWidget

	// onSort asks for rows in another order.
	onSort func(key string, ascending bool)
	// onSelect is called after the selection changed, by person or program.
	onSelect func()
	// onOpen is called for a double click or Enter.
	onOpen func()
	// onMenu is called for a right click or the menu key, with a place.
	onMenu func(fyne.Position)
	// onCopy is called for Ctrl+C, onDelete for the Delete key.
	onCopy, onDelete func()
	// onShortcut is called for shortcuts that are not the table's own.
	onShortcut func(fyne.Shortcut)
	// onEscape is called for Escape, onKey for keys that are not the table's.
	onEscape func()
	onKey    func(fyne.KeyName)

	columns   []*tableColumn
	source    tableSource
	selected  map[string]bool
	current   int // row with the keyboard, -1: none
	anchor    int // where a range begins
	hovered   int
	focused   bool
	sortKey   string
	ascending bool
	width     float32

	typed   string
	typedAt time.Time

	head   *tableHead
	body   *tableBody
	scroll *container.Scroll
	root   *fyne.Container
}

// newDataTable returns an empty table.
func newDataTable(columns []*tableColumn) *dataTable {
	t := &dataTable{columns: columns, source: noRows{}, selected: map[string]bool{}, current: -1, anchor: -1, hovered: -1, ascending: true}
	t.body = newTableBody(t)
	t.head = newTableHead(t)
	t.scroll = container.NewVScroll(t.body)
	t.scroll.OnScrolled = func(fyne.Position) { t.body.fillRows(false) }
	t.root = parts.Border(parts.Border(nil, parts.HLine(), nil, nil, t.head), nil, nil, nil, t.scroll)
	t.ExtendBaseWidget(t)
	return t
}

type noRows struct{}

func (noRows) Len() int                   { return 0 }
func (noRows) ID(int) string              { return "" }
func (noRows) Cell(int, string) tableCell { return tableCell{} }
func (noRows) Name(int) string            { return "" }

// CreateRenderer implements fyne.Widget.
func (t *dataTable) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.root) }

// MinSize returns what is needed for a header and a few rows.
func (t *dataTable) MinSize() fyne.Size { return fyne.NewSize(280, 110) }

// Resize lays the columns out anew.
func (t *dataTable) Resize(s fyne.Size) {
	if s == t.Size() {
		return
	}
	t.layoutColumns(s.Width)
	t.BaseWidget.Resize(s)
	t.body.fillRows(true)
	t.head.show()
}

// SetSource shows other rows. What was selected stays selected if it is among
// them.
func (t *dataTable) SetSource(source tableSource) {
	currentID := ""
	if t.current >= 0 {
		currentID = t.source.ID(t.current)
	}
	before := len(t.selected)
	t.source, t.current, t.anchor, t.hovered = source, -1, -1, -1
	if before > 0 || currentID != "" {
		kept := make(map[string]bool, before)
		for i := range source.Len() {
			id := source.ID(i)
			if t.selected[id] {
				kept[id] = true
			}
			if id == currentID {
				t.current, t.anchor = i, i
			}
		}
		t.selected = kept
	}
	t.body.Resize(t.body.MinSize().Max(t.scroll.Size()))
	t.scroll.Refresh()
	if t.current >= 0 {
		t.reveal(t.current)
	}
	t.body.refill()
	if len(t.selected) != before {
		t.changed()
	}
}

// SetColumn shows a column or not.
func (t *dataTable) SetColumn(key string, shown bool) {
	for _, c := range t.columns {
		if c.key == key && c.off == shown {
			c.off = !shown
			t.layoutColumns(t.width)
			t.head.show()
			t.body.refill()
		}
	}
}

// SetSort marks the column that the rows are sorted by.
func (t *dataTable) SetSort(key string, ascending bool) {
	t.sortKey, t.ascending = key, ascending
	t.head.show()
}

// Selected returns the selected rows, top to bottom.
func (t *dataTable) Selected() []int {
	rows := make([]int, 0, len(t.selected))
	if len(t.selected) == 0 {
		return rows
	}
	if len(t.selected) == 1 && t.current >= 0 && t.selected[t.source.ID(t.current)] {
		return append(rows, t.current)
	}
	for i := range t.source.Len() {
		if t.selected[t.source.ID(i)] {
			rows = append(rows, i)
		}
	}
	return rows
}

// SelectID selects one row by its identity and brings it into view. It
// reports whether the row is there.
func (t *dataTable) SelectID(id string) bool {
	for i := range t.source.Len() {
		if t.source.ID(i) == id {
			t.select1(i)
			return true
		}
	}
	return false
}

// Clear selects nothing.
func (t *dataTable) Clear() {
	if len(t.selected) > 0 {
		clear(t.selected)
		t.changed()
	}
	t.body.refill()
}

func (t *dataTable) changed() {
	if t.onSelect != nil {
		t.onSelect()
	}
}

// select1 selects row i and nothing else.
func (t *dataTable) select1(i int) {
	clear(t.selected)
	t.selected[t.source.ID(i)] = true
	t.current, t.anchor = i, i
	t.reveal(i)
	t.body.refill()
	t.changed()
}

// selectTo selects the rows from the anchor to i.
func (t *dataTable) selectTo(i int) {
	if t.anchor < 0 {
		t.anchor = max(0, t.current)
	}
	clear(t.selected)
	for k := min(t.anchor, i); k <= max(t.anchor, i); k++ {
		t.selected[t.source.ID(k)] = true
	}
	t.current = i
	t.reveal(i)
	t.body.refill()
	t.changed()
}

// toggle selects row i or not, and leaves the others.
func (t *dataTable) toggle(i int) {
	if id := t.source.ID(i); t.selected[id] {
		delete(t.selected, id)
	} else {
		t.selected[id] = true
	}
	t.current, t.anchor = i, i
	t.body.refill()
	t.changed()
}

// selectAll selects every row.
func (t *dataTable) selectAll() {
	for i := range t.source.Len() {
		t.selected[t.source.ID(i)] = true
	}
	if t.current < 0 && t.source.Len() > 0 {
		t.current = 0
	}
	t.body.refill()
	t.changed()
}

// click selects as the modifiers say.
func (t *dataTable) click(i int, mods fyne.KeyModifier) {
	switch {
	case i < 0 || i >= t.source.Len():
	case mods&fyne.KeyModifierShift != 0:
		t.selectTo(i)
	case mods&fyne.KeyModifierShortcutDefault != 0:
		t.toggle(i)
	default:
		t.select1(i)
	}
}

// reveal scrolls as little as needed to show row i.
func (t *dataTable) reveal(i int) {
	top, offset, height := float32(i)*rowHeight, t.scroll.Offset.Y, t.scroll.Size().Height
	switch {
	case height <= 0:
	case top < offset:
		t.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+rowHeight > offset+height:
		t.scroll.ScrollToOffset(fyne.NewPos(0, top+rowHeight-height))
	}
}

// pageRows returns how many rows a page is.
func (t *dataTable) pageRows() int { return max(1, int(t.scroll.Size().Height/rowHeight)-1) }

// sortBy asks for rows sorted by a column, the other way round if they were.
func (t *dataTable) sortBy(c *tableColumn) {
	if c.icon || t.onSort == nil {
		return
	}
	ascending := t.sortKey != c.key || !t.ascending
	t.SetSort(c.key, ascending)
	t.onSort(c.key, ascending)
}

// layoutColumns decides which columns a width has room for, and gives what is
// left to those that grow.
func (t *dataTable) layoutColumns(width float32) {
	t.width = width
	const margin = 12 // for the scroll bar
	highest := 0
	for _, c := range t.columns {
		c.shown = !c.off
		highest = max(highest, c.hide)
	}
	need := func() (sum, grow float32) {
		for _, c := range t.columns {
			if c.shown {
				sum, grow = sum+c.width, grow+c.grow
			}
		}
		return sum + margin, grow
	}
	for p := highest; p > 0; p-- {
		if sum, _ := need(); sum <= width {
			break
		}
		for _, c := range t.columns {
			if c.hide == p {
				c.shown = false
			}
		}
	}
	sum, grow := need()
	left, x := max(0, width-sum), float32(0)
	for _, c := range t.columns {
		if !c.shown {
			continue
		}
		c.x, c.drawn = x, c.width
		if grow > 0 {
			c.drawn = float32(int(c.width + left*c.grow/grow))
		}
		x += c.drawn
	}
}

// resizeColumn makes a column wider by dx pixels. From then on no column
// grows by itself, or the edge would run away from the pointer.
func (t *dataTable) resizeColumn(c *tableColumn, dx float32) {
	for _, o := range t.columns {
		if o.shown {
			o.width, o.grow = o.drawn, 0
		}
	}
	c.width = float32(int(max(columnMin, c.width+dx)))
	t.layoutColumns(t.width)
	t.head.show()
	t.body.refill()
}
