package ui

import (
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"
)

// TestNarrowWindow wants a window that fits 640 pixels, with icons instead of
// words, and with words where there is room.
func TestNarrowWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		if w := s.win.Content().MinSize().Width; w > 640 {
			t.Errorf("the window cannot be narrower than %g", w)
		}
		for _, width := range []float32{1100, 820, 640, 1100} {
			s.win.Resize(fyne.NewSize(width, 600))
			alone := s.toolbar.export.MinSize().Width
			if worded := alone > s.toolbar.export.WordWidth()+20; worded != (width > 1000) {
				t.Errorf("at %g Export is %g wide", width, alone)
			}
			if right := s.toolbar.search.Position().X + s.toolbar.search.Size().Width; right > width {
				t.Errorf("at %g the search ends at %g", width, right)
			}
		}
	})
}
