package soft

import (
	"image"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

// surface is the window's canvas: Fyne's canvas in memory, which knows when it
// has to be painted again and keeps the layout up to date.
type surface struct {
	test.WindowlessCanvas
	screen  Screen
	dirty   atomic.Bool
	sizes   map[fyne.CanvasObject]fyne.Size // smallest sizes at the last painting
	focus   fyne.Focusable                  // to have the keyboard once no overlay is in the way
	painter painter
}

// Declare conformity with interfaces.
var _ fyne.Canvas = (*surface)(nil)

func newSurface(screen Screen) *surface {
	s := &surface{WindowlessCanvas: software.NewCanvas(), screen: screen}
	s.SetScale(screen.Scale())
	return s
}

// SetDirty has the canvas painted soon.
func (s *surface) SetDirty() {
	if !s.dirty.Swap(true) {
		s.screen.Invalidate()
	}
}

// Refresh implements fyne.Canvas.
func (s *surface) Refresh(fyne.CanvasObject) { s.SetDirty() }

// SetContent implements fyne.Canvas.
func (s *surface) SetContent(o fyne.CanvasObject) {
	s.WindowlessCanvas.SetContent(o)
	s.SetDirty()
}

// Resize changes the size, in device independent pixels.
func (s *surface) Resize(size fyne.Size) {
	s.WindowlessCanvas.Resize(size)
	s.SetDirty()
}

// InteractiveArea is all of the canvas; the one in memory pretends to have a
// margin.
func (s *surface) InteractiveArea() (fyne.Position, fyne.Size) { return fyne.Position{}, s.Size() }

// Capture returns what the window shows.
func (s *surface) Capture() image.Image { return s.painter.paint(s).pixels }

// TypedShortcut runs what was added for a shortcut.
func (s *surface) TypedShortcut(sc fyne.Shortcut) {
	s.WindowlessCanvas.(fyne.Shortcutable).TypedShortcut(sc)
}

// Focus gives o the keyboard; if an overlay is in the way, once that is gone.
func (s *surface) Focus(o fyne.Focusable) {
	s.WindowlessCanvas.Focus(o)
	if o != nil && s.Focused() != o && s.Overlays().Top() != nil {
		s.focus = o
	}
	s.SetDirty()
}

// Overlays implements fyne.Canvas.
func (s *surface) Overlays() fyne.OverlayStack {
	return overlays{s.WindowlessCanvas.Overlays(), s}
}

// roots returns the object trees, the lowest first.
func (s *surface) roots() []fyne.CanvasObject {
	return append([]fyne.CanvasObject{s.Content()}, s.Overlays().List()...)
}

// top returns the object tree that gets events.
func (s *surface) top() fyne.CanvasObject {
	if o := s.Overlays().Top(); o != nil {
		return o
	}
	return s.Content()
}

// overlays is the stack of what lies over the content.
type overlays struct {
	fyne.OverlayStack
	surface *surface
}

// Add implements fyne.OverlayStack.
func (l overlays) Add(o fyne.CanvasObject) {
	l.OverlayStack.Add(o)
	// What fills the canvas was given the one in memory's margin.
	if at, size := l.surface.WindowlessCanvas.InteractiveArea(); o != nil && o.Position() == at && o.Size() == size {
		o.Move(fyne.Position{})
		o.Resize(l.surface.Size())
	}
	l.surface.SetDirty()
}

// Remove implements fyne.OverlayStack.
func (l overlays) Remove(o fyne.CanvasObject) {
	l.OverlayStack.Remove(o)
	if f := l.surface.focus; f != nil {
		l.surface.focus = nil
		l.surface.Focus(f)
	}
	l.surface.SetDirty()
}

// fit lays out anew what contains something whose smallest size changed since
// the last time, and returns the canvas' smallest size. Fyne's desktop driver
// does this before each frame; without it a label that becomes longer is cut.
func (s *surface) fit() fyne.Size {
	old := s.sizes
	s.sizes = make(map[fyne.CanvasObject]fyne.Size, len(old))
	var visit func(o fyne.CanvasObject) (changed bool)
	visit = func(o fyne.CanvasObject) bool {
		if o == nil || !o.Visible() {
			return false
		}
		inside := false
		for _, child := range children(o) {
			inside = visit(child) || inside
		}
		if inside {
			layOut(o)
		}
		smallest := o.MinSize()
		s.sizes[o] = smallest
		before, known := old[o]
		return !known || before != smallest
	}
	for _, root := range s.roots() {
		if !visit(root) {
			continue
		}
		if bigger := root.MinSize().Max(root.Size()); bigger != root.Size() && root.Size() != s.Size() {
			root.Resize(bigger)
		} else {
			layOut(root)
		}
	}
	if c := s.Content(); c != nil {
		return c.MinSize()
	}
	return fyne.Size{}
}

func layOut(o fyne.CanvasObject) {
	switch o := o.(type) {
	case *fyne.Container:
		if o.Layout != nil {
			o.Layout.Layout(o.Objects, o.Size())
		}
	case fyne.Widget:
		test.WidgetRenderer(o).Layout(o.Size())
	}
}

// restyle has everything drawn in the colours and the scale of now.
func (s *surface) restyle() {
	var refresh func(fyne.CanvasObject)
	refresh = func(o fyne.CanvasObject) {
		for _, child := range children(o) {
			refresh(child)
		}
		layOut(o)
		o.Refresh()
	}
	for _, root := range s.roots() {
		if root != nil {
			refresh(root)
		}
	}
	s.SetDirty()
}
