package parts

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"certdesk/ui/uitest"
)

func TestBreakLines(t *testing.T) {
	measure := func(s string) float32 { return float32(len([]rune(s))) }
	for _, tt := range []struct {
		text  string
		width float32
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two", 20, []string{"one two"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"a\nb", 5, []string{"a", "b"}},
		{"abcdefgh ij", 3, []string{"abc", "def", "gh", "ij"}},
	} {
		if got := breakLines(tt.text, tt.width, measure); !slices.Equal(got, tt.want) {
			t.Errorf("breakLines(%q, %v) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestCut(t *testing.T) {
	measure := func(s string) float32 { return float32(len([]rune(s))) }
	for _, tt := range []struct {
		text  string
		width float32
		want  string
	}{{"short", 5, "short"}, {"longer", 5, "long…"}, {"two words", 5, "two…"}, {"x", 0, "…"}} {
		if got := cut(tt.text, tt.width, measure); got != tt.want {
			t.Errorf("cut(%q, %v) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

// TestParagraphHeight checks that a page gives a paragraph its height in the
// first pass.
func TestParagraphHeight(t *testing.T) {
	uitest.NewApp(t)
	p := Para("A sentence that is much too long to fit into so narrow a window as this one is, so it has to wrap.")
	after := Body("after")
	w := test.NewTempWindow(t, Page(VBox(4, p, after)))
	w.SetPadded(false)
	w.Resize(fyne.NewSize(200, 300))
	if h := p.Size().Height; h < 3*p.lineHeight() {
		t.Errorf("height %v at width %v, want at least three lines", h, p.Size().Width)
	}
	if after.Position().Y < p.Size().Height {
		t.Errorf("text below starts at %v, inside the paragraph of height %v", after.Position().Y, p.Size().Height)
	}
}

func TestPressKeyboard(t *testing.T) {
	uitest.NewApp(t)
	n := 0
	a, b := Secondary("", "A", func() { n++ }), Secondary("", "B", func() { n += 10 })
	w := test.NewTempWindow(t, HBox(0, a, b))
	w.Canvas().FocusNext()
	if w.Canvas().Focused() != fyne.Focusable(a) {
		t.Fatal("Tab does not reach the first button")
	}
	a.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	a.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if n != 2 {
		t.Errorf("Space and Enter activated %d times, want 2", n)
	}
	b.Disable()
	test.Tap(b)
	if n != 2 {
		t.Error("a disabled button acts")
	}
}

func TestDialogKeys(t *testing.T) {
	uitest.NewApp(t)
	w := test.NewTempWindow(t, Body("window"))
	w.Resize(fyne.NewSize(600, 400))
	done, closed := 0, 0
	field := NewField("name")
	d := NewDialog(w.Canvas(), "Title", "", 300, 200)
	d.SetBody(field)
	ok := Primary("", "OK", func() { done++ })
	d.SetButtons(ok, ok)
	d.OnClosed = func() { closed++ }
	d.Show()
	w.Canvas().Focus(field)
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if done != 1 {
		t.Error("Enter in a field does not press the default button")
	}
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if closed != 1 || d.Shown() || w.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close the dialog")
	}
}

func TestSegmentsAndCards(t *testing.T) {
	uitest.NewApp(t)
	got := []int{}
	s := NewSegments([]string{"All", "Some"}, func(i int) { got = append(got, i) })
	c := NewCards([]Option{{Title: "A"}, {Title: "B", Note: "note"}}, true, 0, func(i int) { got = append(got, 10+i) })
	w := test.NewTempWindow(t, VBox(0, s.Object(), c.Object()))
	w.Resize(fyne.NewSize(300, 200))
	test.Tap(s.buttons[1])
	test.Tap(s.buttons[1])
	test.Tap(c.cards[1])
	c.cards[1].TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp})
	if !slices.Equal(got, []int{1, 11, 10}) {
		t.Errorf("changes %v", got)
	}
}
