package parts

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"certdesk/ui/uitest"
)

// TestWheelOverField checks that the wheel moves the page over a field of one
// line, and the text over one of several.
func TestWheelOverField(t *testing.T) {
	uitest.NewApp(t)
	line, paste, password := NewField("name"), NewPaste("text", 3, nil), NewPassword("")
	paste.SetText(strings.Repeat("line\n", 50))
	rows := VBox(8, Labelled("Name", line), Labelled("Text", paste), Labelled("Password", password))
	for range 20 {
		rows.Add(Body("more"))
	}
	page := Page(Pad(10, 10, 10, 10, rows))
	w := test.NewTempWindow(t, page)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(300, 200))
	scroll := page.Objects[0].(*container.Scroll)
	over := func(o fyne.CanvasObject) float32 {
		scroll.ScrollToTop()
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
		test.Scroll(w.Canvas(), at.AddXY(20, 12), 0, -30)
		return scroll.Offset.Y
	}
	for _, tt := range []struct {
		over  *Field
		name  string
		moves bool
	}{{line, "one line", true}, {paste, "several lines", false}, {password, "password", true}} {
		if y := over(tt.over); (y > 0) != tt.moves {
			t.Errorf("%s: the page is at %v", tt.name, y)
		}
	}
}
