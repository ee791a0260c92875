package soft

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// dragFrom is how far the pointer moves before it drags, and wheelStep how far
// a notch of the wheel scrolls; both as in Fyne's desktop driver.
const (
	dragFrom  = 2
	wheelStep = 25
)

// pointer is what the mouse is doing.
type pointer struct {
	at      fyne.Position
	buttons desktop.MouseButton
	over    desktop.Hoverable
	cursor  desktop.StandardCursor
	pressed fyne.CanvasObject // where the last button went down

	dragged    fyne.Draggable
	dragAt     fyne.Position // of the last event about it
	dragOffset fyne.Position // of the dragged object on the canvas when it began
	dragStart  fyne.Position // of the dragged object in its parent then

	waiting fyne.CanvasObject // tapped once; a second tap makes a double one
	taps    int               // counts, so that an old timer ends nothing new
}

func (w *Window) find(p fyne.Position, matches func(fyne.CanvasObject) bool) (fyne.CanvasObject, fyne.Position) {
	return find(w.surface.top(), p, matches)
}

// Moved is for when the pointer moved to a place, in pixels.
func (w *Window) Moved(x, y int) {
	p := &w.pointer
	before := p.at
	p.at = w.place(x, y)

	cursor := desktop.DefaultCursor
	over, within := w.find(p.at, func(o fyne.CanvasObject) bool {
		if c, ok := o.(desktop.Cursorable); ok {
			cursor, _ = c.Cursor().(desktop.StandardCursor)
		}
		_, ok := o.(desktop.Hoverable)
		return ok
	})
	if cursor != p.cursor {
		p.cursor = cursor
		w.driver.screen.SetCursor(cursor)
	}

	d := p.at.Subtract(p.dragAt)
	if p.buttons&desktop.MouseButtonPrimary != 0 && p.dragged == nil && max(d.X, -d.X, d.Y, -d.Y) >= dragFrom {
		o, inside := w.find(before, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Draggable); return ok })
		if o != nil {
			p.dragged, p.dragOffset, p.dragStart = o.(fyne.Draggable), before.Subtract(inside), o.Position()
		}
	}

	hover, _ := over.(desktop.Hoverable)
	switch {
	case p.dragged != nil && (is(over, p.dragged) || is(p.over, p.dragged)):
		// what is dragged keeps its look
	case hover == nil:
		w.hoverOut()
	default:
		e := &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: within, AbsolutePosition: p.at}, Button: p.buttons, Modifier: w.driver.screen.Modifiers()}
		if hover == p.over {
			hover.MouseMoved(e)
			break
		}
		w.hoverOut()
		p.over = hover
		hover.MouseIn(e)
	}

	if p.dragged != nil {
		moved := p.dragStart.Subtract(p.dragged.(fyne.CanvasObject).Position())
		p.dragged.Dragged(&fyne.DragEvent{
			PointEvent: fyne.PointEvent{AbsolutePosition: p.at, Position: p.at.Subtract(p.dragOffset).Add(moved)},
			Dragged:    fyne.NewDelta(d.X, d.Y),
		})
		p.dragAt = p.at
	}
}

// is reports whether a and b are the same object.
func is(a, b any) bool { return a != nil && a == b }

func (w *Window) hoverOut() {
	if o := w.pointer.over; o != nil {
		w.pointer.over = nil
		o.MouseOut()
	}
}

// Left is for when the pointer left the window.
func (w *Window) Left() {
	if w.pointer.buttons == 0 {
		w.hoverOut()
	}
}

// Button is for when a button of the mouse went down or up at a place in
// pixels.
func (w *Window) Button(x, y int, button desktop.MouseButton, down bool) {
	p := &w.pointer
	if w.place(x, y) != p.at {
		w.Moved(x, y)
	}
	p.dragAt = p.at
	o, within := w.find(p.at, func(o fyne.CanvasObject) bool {
		switch o.(type) {
		case fyne.Tappable, fyne.SecondaryTappable, fyne.DoubleTappable, fyne.Focusable, desktop.Mouseable:
			return true
		case fyne.Draggable:
			return p.dragged != nil
		}
		return false
	})
	point := fyne.PointEvent{Position: within, AbsolutePosition: p.at}
	if down {
		p.buttons |= button
	} else {
		p.buttons &^= button
	}

	w.mouse(o, &desktop.MouseEvent{PointEvent: point, Button: button, Modifier: w.driver.screen.Modifiers()}, down)
	w.unfocus(o)
	if down {
		p.pressed = o
		return
	}
	if dragged := p.dragged; dragged != nil {
		p.dragged = nil
		dragged.DragEnd()
		w.Moved(x, y) // it may be over something else now
		return
	}
	if !is(o, p.pressed) {
		return
	}
	switch button {
	case desktop.MouseButtonSecondary:
		if t, ok := o.(fyne.SecondaryTappable); ok {
			t.TappedSecondary(&point)
		}
	case desktop.MouseButtonPrimary:
		w.tap(o, &point)
	}
}

// mouse tells an object of the button itself; what is dragged hears of its
// end wherever the pointer is.
func (w *Window) mouse(o fyne.CanvasObject, e *desktop.MouseEvent, down bool) {
	m, ok := o.(desktop.Mouseable)
	switch {
	case down && ok:
		m.MouseDown(e)
	case down:
	case w.pointer.dragged != nil:
		if d, ok := w.pointer.dragged.(desktop.Mouseable); ok {
			e.Position = e.AbsolutePosition.Subtract(w.pointer.dragOffset)
			d.MouseUp(e)
		} else if m != nil {
			m.MouseUp(e)
		}
	case ok:
		m.MouseUp(e)
	}
}

// unfocus takes the keyboard from a widget when something else was clicked
// that does not want it.
func (w *Window) unfocus(o fyne.CanvasObject) {
	if f, ok := o.(fyne.Focusable); ok && is(f, w.surface.Focused()) {
		return
	}
	under, _ := w.find(w.pointer.at, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Focusable); return ok })
	if under == nil {
		w.surface.Unfocus()
	}
}

// tap taps an object, which may be the first half of a double tap.
func (w *Window) tap(o fyne.CanvasObject, e *fyne.PointEvent) {
	p := &w.pointer
	double, ok := o.(fyne.DoubleTappable)
	if !ok {
		if t, ok := o.(fyne.Tappable); ok {
			t.Tapped(e)
		}
		return
	}
	p.taps++
	if is(o, p.waiting) {
		p.waiting = nil
		double.DoubleTapped(e)
		return
	}
	p.waiting = o
	mine := p.taps
	time.AfterFunc(w.driver.DoubleTapDelay(), func() {
		w.driver.DoFromGoroutine(func() {
			if p.taps != mine || p.waiting == nil {
				return
			}
			p.waiting = nil
			if t, ok := o.(fyne.Tappable); ok {
				t.Tapped(e)
			}
		}, false)
	})
}

// Scrolled is for when the wheel turned, in notches; up and left are positive.
// With Shift a wheel scrolls sideways.
func (w *Window) Scrolled(x, y int, dx, dy float32) {
	at := w.place(x, y)
	o, within := w.find(at, func(o fyne.CanvasObject) bool { _, ok := o.(fyne.Scrollable); return ok })
	if o == nil {
		return
	}
	if dx == 0 && w.driver.screen.Modifiers()&fyne.KeyModifierShift != 0 {
		dx, dy = dy, dx
	}
	o.(fyne.Scrollable).Scrolled(&fyne.ScrollEvent{
		PointEvent: fyne.PointEvent{Position: within, AbsolutePosition: at},
		Scrolled:   fyne.NewDelta(dx*wheelStep, dy*wheelStep),
	})
}
