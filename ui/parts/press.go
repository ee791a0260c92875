package parts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// A Press is a surface that a click, Space or Enter activates. Tab reaches it
// and draws a ring around it. Every button here is one.
type Press struct {
	widget.BaseWidget

	// OnTapped is called on the UI goroutine.
	OnTapped func()
	// OnSecondary is called for a right click with the pointer's place.
	OnSecondary func(fyne.Position)
	// OnKey gets keys other than Space, Enter and Escape; may be nil.
	OnKey func(fyne.KeyName)

	content           fyne.CanvasObject
	back, over, ring  *Surface
	fill, hover, edge fyne.ThemeColorName
	radius            float32
	hovered, focused  bool
	disabled          bool
	onState           func(disabled bool)
}

// Declare conformity with interfaces.
var (
	_ fyne.Tappable          = (*Press)(nil)
	_ fyne.SecondaryTappable = (*Press)(nil)
	_ fyne.Disableable       = (*Press)(nil)
	_ fyne.Focusable         = (*Press)(nil)
	_ desktop.Hoverable      = (*Press)(nil)
	_ desktop.Cursorable     = (*Press)(nil)
)

// NewPress returns a surface in role fill with a line around it in role edge
// ("" for none). Hover is laid over it under the pointer.
func NewPress(content fyne.CanvasObject, fill, edge fyne.ThemeColorName, radius float32, tapped func()) *Press {
	p := &Press{}
	p.setUp(content, fill, edge, radius, tapped)
	p.ExtendBaseWidget(p)
	return p
}

// setUp makes the parts of a Press that is embedded in another widget.
func (p *Press) setUp(content fyne.CanvasObject, fill, edge fyne.ThemeColorName, radius float32, tapped func()) {
	p.content, p.fill, p.edge, p.hover, p.OnTapped = content, fill, edge, Hover, tapped
	p.back, p.over, p.ring = Outlined(fill, edge, radius), Outlined(Clear, "", radius), Outlined(Clear, Clear, radius)
}

// SetStyle changes the surface's roles.
func (p *Press) SetStyle(fill, edge fyne.ThemeColorName) {
	p.fill, p.edge = fill, edge
	p.update()
}

// Repaint shows a style that was set.
func (p *Press) Repaint() { p.update() }

// update paints the state.
func (p *Press) update() {
	fill, over, ring := p.fill, Clear, Clear
	switch {
	case p.disabled:
		if fill == Accent || fill == Err {
			fill = SelectedIdle
		}
	case p.hovered && p.hover == Hover:
		over = Hover
	case p.hovered:
		fill = p.hover
	}
	if p.focused {
		ring = Ring
		if p.fill == Accent {
			ring = Text
		}
	}
	p.back.SetRoles(fill, p.edge)
	p.over.SetRoles(over, "")
	p.ring.SetRoles(Clear, ring)
}

// MinSize returns the content's.
func (p *Press) MinSize() fyne.Size { return p.content.MinSize() }

// CreateRenderer implements fyne.Widget.
func (p *Press) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(Stack(p.back, p.over, p.content, p.ring))
}

// Activate does what a click does.
func (p *Press) Activate() {
	if !p.disabled && p.OnTapped != nil {
		p.OnTapped()
	}
}

// Tapped implements fyne.Tappable.
func (p *Press) Tapped(*fyne.PointEvent) { p.Activate() }

// TappedSecondary implements fyne.SecondaryTappable.
func (p *Press) TappedSecondary(e *fyne.PointEvent) {
	if p.OnSecondary != nil && !p.disabled {
		p.OnSecondary(e.AbsolutePosition)
	}
}

// MouseIn implements desktop.Hoverable.
func (p *Press) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.update() }

// MouseMoved implements desktop.Hoverable.
func (p *Press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *Press) MouseOut() { p.hovered = false; p.update() }

// Cursor implements desktop.Cursorable.
func (p *Press) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// FocusGained implements fyne.Focusable.
func (p *Press) FocusGained() { p.focused = true; p.update() }

// FocusLost implements fyne.Focusable.
func (p *Press) FocusLost() { p.focused = false; p.update() }

// TypedRune implements fyne.Focusable.
func (p *Press) TypedRune(rune) {}

// TypedKey activates on Space and Enter, and hands Escape to the dialog.
func (p *Press) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Activate()
	case fyne.KeyEscape:
		Escape(p)
	default:
		if p.OnKey != nil {
			p.OnKey(e.Name)
		}
	}
}

// Enable implements fyne.Disableable.
func (p *Press) Enable() { p.setDisabled(false) }

// Disable implements fyne.Disableable. A disabled button is not focused by Tab.
func (p *Press) Disable() { p.setDisabled(true) }

// SetEnabled enables or disables.
func (p *Press) SetEnabled(on bool) { p.setDisabled(!on) }

// Disabled implements fyne.Disableable.
func (p *Press) Disabled() bool { return p.disabled }

func (p *Press) setDisabled(off bool) {
	if p.disabled == off {
		return
	}
	p.disabled = off
	if off && p.focused {
		if c := canvasOf(p); c != nil {
			c.Unfocus()
		}
	}
	if p.onState != nil {
		p.onState(off)
	}
	p.update()
}

// canvasOf returns the canvas an object is shown on, or nil.
func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	if app := fyne.CurrentApp(); app != nil {
		return app.Driver().CanvasForObject(o)
	}
	return nil
}

// Focus moves the keyboard to an object that is shown.
func Focus(o fyne.Focusable) {
	object, ok := o.(fyne.CanvasObject)
	if !ok {
		return
	}
	if c := canvasOf(object); c != nil {
		c.Focus(o)
	}
}
