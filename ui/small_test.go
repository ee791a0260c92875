package ui

import (
	"fmt"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"certdesk/certstore"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// beyond returns what a person cannot reach in a canvas: what lies outside it,
// or at the right in something that scrolls down only.
func beyond(o fyne.CanvasObject, at fyne.Position, canvas fyne.Size) (lost []string) {
	if o == nil || !o.Visible() {
		return nil
	}
	at = at.Add(o.Position())
	end := at.Add(o.Size())
	if _, ok := o.(fyne.Focusable); ok && (at.X < 0 || at.Y < 0 || end.X > canvas.Width || end.Y > canvas.Height) {
		lost = append(lost, fmt.Sprintf("%T at %v, size %v: %q", o, at, o.Size(), texts(o)))
	}
	var inner []fyne.CanvasObject
	switch w := o.(type) {
	case *container.Scroll:
		if m := w.Content.MinSize(); w.Direction == container.ScrollVerticalOnly && m.Width > w.Size().Width+1 {
			lost = append(lost, fmt.Sprintf("%g pixels at the right of %q", m.Width-w.Size().Width, texts(w.Content)))
		}
		if end.X > canvas.Width || end.Y > canvas.Height {
			lost = append(lost, fmt.Sprintf("part of what scrolls, %v at %v: %q", w.Size(), at, texts(w.Content)))
		}
	case *fyne.Container:
		inner = w.Objects
	case fyne.Widget:
		inner = test.WidgetRenderer(w).Objects()
	}
	for _, x := range inner {
		lost = append(lost, beyond(x, at, canvas)...)
	}
	return lost
}

// TestSmallWindow opens dialogs in the smallest window there can be, which fits
// a screen of 640 by 360: whatever does not fit has to scroll, and the buttons
// stay.
func TestSmallWindow(t *testing.T) {
	path, leaf, _, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newRequestShell(t)
		put(t, s, certstore.My, leaf, true)
		put(t, s, certstore.Root, root, false)
		row := load(t, s, leaf.Certificate)
		smallest := s.win.Content().MinSize()
		if smallest.Width > 640 || smallest.Height > 300 {
			t.Errorf("the window cannot be smaller than %v", smallest)
		}
		s.win.Resize(smallest)
		size := s.win.Canvas().Size()
		check := func(name string) {
			t.Helper()
			uitest.Settle()
			d := parts.TopDialog(s.win.Canvas())
			if d == nil {
				t.Fatalf("%s: no dialog", name)
			}
			for _, lost := range beyond(d, fyne.Position{}, size) {
				t.Errorf("%s at %v: out of reach: %s", name, size, lost)
			}
		}
		for name, open := range map[string]func(){
			"export":     func() { s.startExport(s.rowsOf(row)) },
			"test":       func() { s.startProbe(row) },
			"allow":      func() { s.openGrant(row.Row, nil) },
			"hand-over":  func() { s.openHandover(leaf.Certificate, nil) },
			"combine":    func() { s.openCombine([]string{path}) },
			"undo":       s.startUndo,
			"delete":     func() { s.startDelete(s.rowsOf(row)) },
			"trust":      func() { s.startTrust(load(t, s, root.Certificate)) },
			"health":     s.openHealth,
			"authority":  func() { s.openAuthorities() },
			"where used": func() { s.openUses(leaf.Certificate) },
		} {
			open()
			check(name)
			parts.TopDialog(s.win.Canvas()).Close()
		}
		s.openRenewal(row)
		check("request")
		for _, page := range []string{"names and key", "request made"} {
			press(s, fyne.KeyReturn)
			check(page)
		}
		parts.TopDialog(s.win.Canvas()).Close()
		s.startImport([]string{path})
		uitest.Settle()
		typePassword(s, testPassword)
		check("import")
		for _, page := range []string{"plan", "imported"} {
			press(s, fyne.KeyReturn)
			check(page)
		}
		sees(t, s, "Imported")
	})
}
