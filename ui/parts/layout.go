package parts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// round returns the nearest whole pixel: text at half pixels is blurred.
func round(f float32) float32 { return float32(int(f + .5)) }

func visible(o fyne.CanvasObject) bool { return o != nil && o.Visible() }

// place puts o at x, y with a size, all rounded to whole pixels.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(round(x), round(y)))
	o.Resize(fyne.NewSize(max(0, round(x+w)-round(x)), max(0, round(y+h)-round(y))))
}

// Border puts parts along the edges and the rest in the middle, without
// padding. Any edge may be nil.
func Border(top, bottom, left, right fyne.CanvasObject, middle ...fyne.CanvasObject) *fyne.Container {
	all := append([]fyne.CanvasObject{}, middle...)
	for _, o := range []fyne.CanvasObject{top, bottom, left, right} {
		if o != nil {
			all = append(all, o)
		}
	}
	return container.New(&borderLayout{top, bottom, left, right}, all...)
}

type borderLayout struct{ top, bottom, left, right fyne.CanvasObject }

func (b *borderLayout) edge(o fyne.CanvasObject) bool {
	return o == b.top || o == b.bottom || o == b.left || o == b.right
}

func (b *borderLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		if !b.edge(o) && o.Visible() {
			m = m.Max(o.MinSize())
		}
	}
	for _, o := range []fyne.CanvasObject{b.left, b.right} {
		if visible(o) {
			m.Width += o.MinSize().Width
			m.Height = max(m.Height, o.MinSize().Height)
		}
	}
	for _, o := range []fyne.CanvasObject{b.top, b.bottom} {
		if visible(o) {
			m.Height += o.MinSize().Height
			m.Width = max(m.Width, o.MinSize().Width)
		}
	}
	return m
}

func (b *borderLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	var left, top, right, bottom float32
	if visible(b.top) {
		place(b.top, 0, 0, s.Width, b.top.MinSize().Height) // a paragraph learns its width here
		top = round(b.top.MinSize().Height)
		place(b.top, 0, 0, s.Width, top)
	}
	if visible(b.bottom) {
		place(b.bottom, 0, 0, s.Width, b.bottom.MinSize().Height)
		bottom = round(b.bottom.MinSize().Height)
		place(b.bottom, 0, s.Height-bottom, s.Width, bottom)
	}
	if visible(b.left) {
		left = round(b.left.MinSize().Width)
		place(b.left, 0, top, left, s.Height-top-bottom)
	}
	if visible(b.right) {
		right = round(b.right.MinSize().Width)
		place(b.right, s.Width-right, top, right, s.Height-top-bottom)
	}
	for _, o := range objects {
		if !b.edge(o) && o.Visible() {
			place(o, left, top, s.Width-left-right, s.Height-top-bottom)
		}
	}
}

// HBox puts objects in a row, gap pixels apart, each as wide as it must be and
// as high as the row. A [Spacer] takes what is left.
func HBox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&hboxLayout{gap}, objects...)
}

type hboxLayout struct{ gap float32 }

func (h *hboxLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	n := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		n++
		m.Width += o.MinSize().Width
		m.Height = max(m.Height, o.MinSize().Height)
	}
	m.Width += h.gap * float32(max(0, n-1))
	return m
}

func (h *hboxLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	rest, spacers := s.Width-h.MinSize(objects).Width, 0
	for _, o := range objects {
		if isSpacer(o) {
			spacers++
		}
	}
	x := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		w := o.MinSize().Width
		if isSpacer(o) && rest > 0 {
			w += rest / float32(spacers)
		}
		place(o, x, 0, w, s.Height)
		x += w + h.gap
	}
}

// VBox stacks objects, gap pixels apart, each as high as it must be at the
// full width. A [Spacer] takes what is left.
func VBox(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&vboxLayout{gap}, objects...)
}

type vboxLayout struct{ gap float32 }

func (v *vboxLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	n := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		n++
		m.Width = max(m.Width, o.MinSize().Width)
		m.Height += o.MinSize().Height
	}
	m.Height += v.gap * float32(max(0, n-1))
	return m
}

func (v *vboxLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	spacers := 0
	for _, o := range objects {
		switch {
		case isSpacer(o):
			spacers++
		case o.Visible(): // a paragraph learns its width, and so its height, here
			o.Resize(fyne.NewSize(round(s.Width), round(o.MinSize().Height)))
		}
	}
	rest, y := s.Height-v.MinSize(objects).Height, float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := o.MinSize().Height
		if isSpacer(o) && rest > 0 {
			h += rest / float32(spacers)
		}
		place(o, 0, y, s.Width, h)
		y += h + v.gap
	}
}

type spacer struct{ *canvas.Rectangle }

// Spacer returns an empty object that takes the room left in an HBox or VBox.
func Spacer() fyne.CanvasObject { return spacer{canvas.NewRectangle(ColorOf(""))} }

func isSpacer(o fyne.CanvasObject) bool {
	_, ok := o.(spacer)
	return ok && o.Visible()
}

// Pad surrounds an object with space: top, bottom, left, right.
func Pad(top, bottom, left, right float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

// Middle keeps an object at its own height, centred, over the full width.
func Middle(o fyne.CanvasObject) *fyne.Container { return container.New(middleLayout{}, o) }

type middleLayout struct{}

func (middleLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (middleLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := round(o[0].MinSize().Height)
	place(o[0], 0, (s.Height-h)/2, s.Width, h)
}

// Center keeps an object at its own size in the middle; it is cut to the room
// there is.
func Center(o fyne.CanvasObject) *fyne.Container { return container.New(centerLayout{}, o) }

type centerLayout struct{}

func (centerLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (centerLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	m := o[0].MinSize().Min(s)
	place(o[0], (s.Width-m.Width)/2, (s.Height-m.Height)/2, m.Width, m.Height)
}

// Start keeps an object at its own width, at the left edge.
func Start(o fyne.CanvasObject) *fyne.Container { return HBox(0, o) }

// Fixed gives objects, one over the other, a minimum width and height; a
// negative one is left to the objects.
func Fixed(w, h float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&fixedLayout{w, h}, objects...)
}

type fixedLayout struct{ w, h float32 }

func (f *fixedLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for _, o := range objects {
		m = m.Max(o.MinSize())
	}
	if f.w >= 0 {
		m.Width = f.w
	}
	if f.h >= 0 {
		m.Height = f.h
	}
	return m
}

func (f *fixedLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		place(o, 0, 0, s.Width, s.Height)
	}
}

// Stack lays objects over each other.
func Stack(objects ...fyne.CanvasObject) *fyne.Container { return Fixed(-1, -1, objects...) }

// Gap is empty space.
func Gap(w, h float32) fyne.CanvasObject { return Fixed(w, h) }

// Columns divides the width among objects in proportion to shares, gap pixels
// apart.
func Columns(gap float32, shares []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&columnsLayout{gap, shares}, objects...)
}

type columnsLayout struct {
	gap    float32
	shares []float32
}

func (c *columnsLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var m fyne.Size
	for i, o := range objects {
		if i > 0 {
			m.Width += c.gap
		}
		m.Width += o.MinSize().Width
		m.Height = max(m.Height, o.MinSize().Height)
	}
	return m
}

func (c *columnsLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	sum := float32(0)
	for _, f := range c.shares {
		sum += f
	}
	room, x := s.Width-c.gap*float32(len(objects)-1), float32(0)
	for i, o := range objects {
		w := room * c.shares[i] / sum
		place(o, x, 0, w, s.Height)
		x += w + c.gap
	}
}

// Wrap puts objects in rows, going on to a new one when the width is used up.
func Wrap(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&wrapLayout{gap: gap}, objects...)
}

type wrapLayout struct{ gap, width float32 }

// flow calls put for each object with its place at a width, and returns the
// height used.
func (w *wrapLayout) flow(objects []fyne.CanvasObject, width float32, put func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	var x, y, line float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if x > 0 && x+m.Width > width {
			x, y, line = 0, y+line+w.gap, 0
		}
		if put != nil {
			put(o, fyne.NewPos(x, y), fyne.NewSize(min(m.Width, width), m.Height))
		}
		x += m.Width + w.gap
		line = max(line, m.Height)
	}
	return y + line
}

func (w *wrapLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := w.width
	if width == 0 {
		width = 300
	}
	return fyne.NewSize(20, w.flow(objects, width, nil))
}

func (w *wrapLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	w.width = s.Width
	w.flow(objects, s.Width, func(o fyne.CanvasObject, p fyne.Position, m fyne.Size) {
		place(o, p.X, p.Y, m.Width, m.Height)
	})
}

// Page scrolls its content down, at the full width. Paragraphs in it know
// their height in the first pass.
func Page(content fyne.CanvasObject) *fyne.Container {
	scroll := container.NewVScroll(content)
	addPage(scroll)
	return container.New(pageLayout{}, scroll)
}

// room gives an object the room there is, or all that it needs at least, and
// scrolls then.
func room(o fyne.CanvasObject) *fyne.Container {
	return container.New(roomLayout{}, container.NewScroll(o))
}

type roomLayout struct{}

func (roomLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 40) }

func (roomLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	scroll := o[0].(*container.Scroll)
	scroll.Content.Resize(s.Max(scroll.Content.MinSize())) // a paragraph learns its width here
	scroll.Content.Resize(s.Max(scroll.Content.MinSize()))
	scroll.Resize(s)
}

// ScrollAs scrolls a page as far as one that it takes the place of; nil: none.
func ScrollAs(page, before *fyne.Container) {
	if before == nil {
		return
	}
	page.Objects[0].(*container.Scroll).ScrollToOffset(before.Objects[0].(*container.Scroll).Offset)
}

type pageLayout struct{}

func (pageLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(o[0].(*container.Scroll).Content.MinSize().Width, 40)
}

func (pageLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	scroll := o[0].(*container.Scroll)
	scroll.Content.Resize(fyne.NewSize(s.Width, max(s.Height, scroll.Content.MinSize().Height)))
	scroll.Resize(s)
	scroll.Content.Resize(fyne.NewSize(s.Width, max(s.Height, scroll.Content.MinSize().Height)))
}
