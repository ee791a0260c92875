package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"certdesk/ui/uitest"
)

// names is a source of rows of one word each.
type names []string

func (n names) Len() int                       { return len(n) }
func (n names) ID(i int) string                { return n[i] }
func (n names) Name(i int) string              { return n[i] }
func (n names) Cell(i int, _ string) tableCell { return tableCell{text: n[i]} }

func newTestTable(t *testing.T, rows ...string) (*dataTable, fyne.Window) {
	t.Helper()
	app := uitest.NewApp(t)
	app.Settings().SetTheme(&look{mode: AlwaysLight})
	table := newDataTable([]*tableColumn{
		{key: "name", title: "Name", width: 120, grow: 1},
		{key: "icon", width: 28, icon: true},
		{key: "more", title: "More", width: 100},
		{key: "least", title: "Least", width: 100, hide: 1},
	})
	w := test.NewTempWindow(t, table)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(500, 300))
	table.SetSource(names(rows))
	return table, w
}

func chosen(t *dataTable) string {
	var out []string
	for _, i := range t.Selected() {
		out = append(out, t.source.ID(i))
	}
	return strings.Join(out, " ")
}

func TestTableKeyboard(t *testing.T) {
	table, _ := newTestTable(t, "anna", "berta", "bruno", "carl", "dora")
	opened := 0
	table.onOpen = func() { opened++ }
	for _, tt := range []struct {
		key  fyne.KeyName
		mods fyne.KeyModifier
		want string
	}{
		{fyne.KeyDown, 0, "anna"},
		{fyne.KeyDown, 0, "berta"},
		{fyne.KeyDown, fyne.KeyModifierShift, "berta bruno"},
		{fyne.KeyDown, fyne.KeyModifierShift, "berta bruno carl"},
		{fyne.KeyUp, fyne.KeyModifierShift, "berta bruno"},
		{fyne.KeyHome, fyne.KeyModifierShift, "anna berta"},
		{fyne.KeyEnd, 0, "dora"},
		{fyne.KeyDown, 0, "dora"},
		{fyne.KeyPageUp, 0, "anna"},
		{fyne.KeyPageDown, 0, "dora"},
		{fyne.KeyHome, 0, "anna"},
		{fyne.KeySpace, 0, ""},
		{fyne.KeyReturn, 0, "anna"},
	} {
		if table.key(tt.key, tt.mods); chosen(table) != tt.want {
			t.Errorf("%s %d: selected %q, want %q", tt.key, tt.mods, chosen(table), tt.want)
		}
	}
	if opened != 1 {
		t.Errorf("Enter opened %d times", opened)
	}
	table.body.TypedShortcut(&fyne.ShortcutSelectAll{})
	if n := len(table.Selected()); n != 5 {
		t.Errorf("Ctrl+A selected %d of 5", n)
	}
}

func TestTableTypeAhead(t *testing.T) {
	table, _ := newTestTable(t, "anna", "berta", "bruno", "carl")
	now := time.Now()
	for _, tt := range []struct {
		typed rune
		after time.Duration
		want  string
	}{
		{'b', 0, "berta"},
		{'R', 0, "bruno"}, // "br"
		{'c', 2 * time.Second, "carl"},
		{'b', 2 * time.Second, "berta"},
		{'b', 0, "bruno"}, // the same letter again goes on
		{'b', 0, "berta"},
	} {
		now = now.Add(tt.after)
		if table.typeAhead(tt.typed, now); chosen(table) != tt.want {
			t.Errorf("%c: %q, want %q", tt.typed, chosen(table), tt.want)
		}
	}
}

func TestTableMouse(t *testing.T) {
	table, _ := newTestTable(t, "a", "b", "c", "d", "e")
	menus, changes := 0, 0
	table.onMenu, table.onSelect = func(fyne.Position) { menus++ }, func() { changes++ }
	press := func(row int, button desktop.MouseButton, mods fyne.KeyModifier) {
		e := &desktop.MouseEvent{Button: button, Modifier: mods}
		e.Position = fyne.NewPos(50, float32(row)*rowHeight+5)
		table.body.MouseDown(e)
	}
	press(1, desktop.MouseButtonPrimary, 0)
	press(3, desktop.MouseButtonPrimary, fyne.KeyModifierShift)
	press(0, desktop.MouseButtonPrimary, fyne.KeyModifierShortcutDefault)
	if got := chosen(table); got != "a b c d" {
		t.Errorf("selected %q", got)
	}
	press(2, desktop.MouseButtonSecondary, 0)
	table.body.TappedSecondary(&fyne.PointEvent{Position: fyne.NewPos(50, 2*rowHeight+5)})
	if got := chosen(table); got != "a b c d" || menus != 1 {
		t.Errorf("right click on a selected row: selected %q, %d menus", got, menus)
	}
	press(4, desktop.MouseButtonSecondary, 0)
	if got := chosen(table); got != "e" {
		t.Errorf("right click on another row selected %q", got)
	}
	if changes != 4 {
		t.Errorf("%d changes told, want 4", changes)
	}
}

// TestTableKeepsSelection checks that what is selected is a row's identity,
// not its place.
func TestTableKeepsSelection(t *testing.T) {
	table, _ := newTestTable(t, "a", "b", "c", "d")
	table.click(1, 0)
	table.click(2, fyne.KeyModifierShortcutDefault)
	table.SetSource(names{"d", "c", "b", "a"})
	if got := chosen(table); got != "c b" {
		t.Errorf("after a sort %q", got)
	}
	if table.current != 1 {
		t.Errorf("the keyboard is at %d, want 1", table.current)
	}
	told := 0
	table.onSelect = func() { told++ }
	table.SetSource(names{"a", "b"})
	if got := chosen(table); got != "b" || told != 1 {
		t.Errorf("after rows went away %q, told %d times", got, told)
	}
}

func TestTableHead(t *testing.T) {
	table, _ := newTestTable(t, "a")
	var sorts []string
	table.onSort = func(key string, up bool) { sorts = append(sorts, fmt.Sprint(key, up)) }
	tap := func(x float32) { table.head.Tapped(&fyne.PointEvent{Position: fyne.NewPos(x, 10)}) }
	tap(20)
	tap(20)
	tap(table.columns[1].x + 10) // icons do not sort
	table.head.FocusGained()
	table.head.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	table.head.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if want := []string{"nametrue", "namefalse", "moretrue"}; !slices.Equal(sorts, want) {
		t.Errorf("sorts %v, want %v", sorts, want)
	}
	edge := table.columns[2].x + table.columns[2].drawn
	before := table.columns[2].drawn
	table.head.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(edge-2+30, 5)}, Dragged: fyne.NewDelta(30, 0)})
	table.head.DragEnd()
	if got := table.columns[2].drawn; got != before+30 {
		t.Errorf("dragged from %v to %v, want 30 more", before, got)
	}
}

func TestTableHidesColumns(t *testing.T) {
	table, w := newTestTable(t, "a")
	if !table.columns[3].shown {
		t.Error("hidden with room for it")
	}
	w.Resize(fyne.NewSize(300, 300))
	if table.columns[3].shown {
		t.Error("shown without room for it")
	}
}

// TestTableManyRows holds scrolling to the rows in view.
func TestTableManyRows(t *testing.T) {
	table, _ := newTestTable(t)
	rows := make(names, 100_000)
	for i := range rows {
		rows[i] = fmt.Sprintf("row %06d", i)
	}
	table.SetSource(rows)
	if n := len(table.body.pool); n > 20 {
		t.Errorf("%d rows in the pool of a table 300 pixels high", n)
	}
	begin := time.Now()
	for i := range 200 {
		table.scroll.ScrollToOffset(fyne.NewPos(0, float32(i)*60))
		table.body.fillRows(false)
	}
	if d := time.Since(begin) / 200; d > 20*time.Millisecond {
		t.Errorf("a scroll step takes %v", d)
	}
	table.key(fyne.KeyEnd, 0)
	if got := chosen(table); got != "row 099999" {
		t.Errorf("End selects %q", got)
	}
	last := table.body.pool[99_999%len(table.body.pool)]
	if last.index != 99_999 || last.cells[0].text.Text != "row 099999" {
		t.Errorf("the last row shows %d %q", last.index, last.cells[0].text.Text)
	}
}

// TestTableIdle checks that nothing asks for another frame when nothing
// happens: a Refresh in a Layout made the window repaint for ever.
func TestTableIdle(t *testing.T) {
	table, w := newTestTable(t, "a", "b")
	objects := len(table.body.objects)
	w.Resize(fyne.NewSize(520, 300))
	for range 3 {
		table.body.Refresh()
		w.Resize(fyne.NewSize(520, 300))
	}
	if n := len(table.body.objects); n != objects {
		t.Errorf("%d objects became %d without more rows in view", objects, n)
	}
}
