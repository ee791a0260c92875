package parts

import (
	"slices"
	"weak"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// A wheel lies over a field of one line and takes nothing but the wheel, for
// the page around the field: the toolkit's own field would take it and do
// nothing, and a form would stop where the pointer happens to be.
type wheel struct {
	widget.BaseWidget
	field fyne.CanvasObject
}

func newWheel(field fyne.CanvasObject) *wheel {
	w := &wheel{field: field}
	w.ExtendBaseWidget(w)
	return w
}

// CreateRenderer implements fyne.Widget: there is nothing to be seen.
func (w *wheel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(Stack())
}

// Scrolled implements fyne.Scrollable.
func (w *wheel) Scrolled(e *fyne.ScrollEvent) {
	for _, p := range slices.Backward(pages) {
		if s := p.Value(); s != nil && holds(s.Content, w.field) {
			s.Scrolled(e)
			return
		}
	}
}

// pages are the scrolls of all pages that are still in use: an object does not
// know what it lies in.
var pages []weak.Pointer[container.Scroll]

func addPage(s *container.Scroll) {
	pages = slices.DeleteFunc(pages, func(p weak.Pointer[container.Scroll]) bool { return p.Value() == nil })
	pages = append(pages, weak.Make(s))
}

// holds says whether an object lies in a container, or in one of its own.
func holds(in, object fyne.CanvasObject) bool {
	c, ok := in.(*fyne.Container)
	return in == object || ok && slices.ContainsFunc(c.Objects, func(o fyne.CanvasObject) bool { return holds(o, object) })
}
