package parts

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// A Label is one line of text in a role's colour. Unless it was told to
// [Label.Shrink] it is never narrower than its text.
type Label struct {
	widget.BaseWidget
	full   string
	role   fyne.ThemeColorName
	shrink bool
	wide   bool // shrinks, but asks for its full width
	steady bool // asks for the width of its bold text
	text   *canvas.Text
}

// NewLabel returns a line of text of a size in whole pixels.
func NewLabel(text string, size float32, role fyne.ThemeColorName) *Label {
	l := &Label{full: text, role: role, text: canvas.NewText(text, ColorOf(role))}
	l.text.TextSize = size
	l.ExtendBaseWidget(l)
	return l
}

// Body returns normal text.
func Body(text string) *Label { return NewLabel(text, 13, Text) }

// Small returns second-rank text, such as the label of a field.
func Small(text string) *Label { return NewLabel(text, 12, Text2) }

// Heading returns the title of a dialog or page.
func Heading(text string) *Label { return NewLabel(text, 19, Text).Bold() }

// Mono returns text in letters of one width, for serial numbers and the like.
func Mono(text string) *Label {
	l := NewLabel(text, 12, Text)
	l.text.TextStyle.Monospace = true
	return l
}

// Bold makes the label bold.
func (l *Label) Bold() *Label { l.text.TextStyle.Bold = true; return l }

// Shrink lets the label be narrower than its text, which then ends in "…".
// All text that comes from a certificate must be able to.
func (l *Label) Shrink() *Label { l.shrink = true; return l }

// Sized sets the text size in whole pixels.
func (l *Label) Sized(size float32) *Label { l.text.TextSize = size; return l }

// Steady keeps the label's width when it becomes bold.
func (l *Label) Steady() *Label { l.steady = true; return l }

// Trailing aligns the text to the right.
func (l *Label) Trailing() *Label { l.text.Alignment = fyne.TextAlignTrailing; return l }

// Text returns the full text.
func (l *Label) Text() string { return l.full }

// SetText changes the text.
func (l *Label) SetText(text string) {
	if l.full != text {
		l.full = text
		l.Refresh()
	}
}

// SetRole changes the colour.
func (l *Label) SetRole(role fyne.ThemeColorName) {
	if l.role != role {
		l.role = role
		l.Refresh()
	}
}

// SetBold makes the text bold or not.
func (l *Label) SetBold(on bool) {
	if l.text.TextStyle.Bold != on {
		l.text.TextStyle.Bold = on
		l.Refresh()
	}
}

// MinSize returns the room the text needs.
func (l *Label) MinSize() fyne.Size {
	l.ExtendBaseWidget(l)
	style := l.text.TextStyle
	style.Bold = style.Bold || l.steady
	m := fyne.MeasureText(l.full, l.text.TextSize, style)
	if l.shrink && !l.wide {
		m.Width = min(m.Width, 24)
	}
	return fyne.NewSize(float32(int(m.Width+.999)), round(m.Height))
}

// Resize cuts the text to the new width.
func (l *Label) Resize(s fyne.Size) {
	l.BaseWidget.Resize(s)
	l.fit(s.Width)
}

func (l *Label) fit(width float32) {
	want := l.full
	if l.shrink {
		want = Ellipsis(l.full, width, l.text.TextSize, l.text.TextStyle)
	}
	if l.text.Text != want {
		l.text.Text = want
		l.text.Refresh()
	}
}

// Refresh takes the colour from the theme again.
func (l *Label) Refresh() {
	l.text.Color = ColorOf(l.role)
	l.fit(l.Size().Width)
	l.text.Refresh()
	l.BaseWidget.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *Label) CreateRenderer() fyne.WidgetRenderer {
	return &labelRenderer{label: l, WidgetRenderer: widget.NewSimpleRenderer(l.text)}
}

type labelRenderer struct {
	fyne.WidgetRenderer
	label *Label
}

func (r *labelRenderer) Refresh() {
	r.label.text.Color = ColorOf(r.label.role)
	r.WidgetRenderer.Refresh()
}

// A Paragraph is text that wraps at the width it gets.
type Paragraph struct {
	widget.BaseWidget
	full  string
	size  float32
	role  fyne.ThemeColorName
	style fyne.TextStyle
	width float32 // the lines were broken for
	lines *fyne.Container
}

// NewParagraph returns wrapping text of a size in whole pixels.
func NewParagraph(text string, size float32, role fyne.ThemeColorName) *Paragraph {
	p := &Paragraph{full: text, size: size, role: role, lines: container.NewWithoutLayout()}
	p.ExtendBaseWidget(p)
	p.flow(300)
	return p
}

// Para returns wrapping text of normal size.
func Para(text string) *Paragraph { return NewParagraph(text, 13, Text) }

// SmallPara returns second-rank wrapping text.
func SmallPara(text string) *Paragraph { return NewParagraph(text, 12, Text2) }

// Bold makes the paragraph bold.
func (p *Paragraph) Bold() *Paragraph { p.style.Bold = true; p.flow(p.width); return p }

// Mono sets the paragraph in letters of one width.
func (p *Paragraph) Mono() *Paragraph { p.style.Monospace = true; p.flow(p.width); return p }

// Text returns the full text.
func (p *Paragraph) Text() string { return p.full }

// SetText changes the text.
func (p *Paragraph) SetText(text string) {
	if p.full != text {
		p.full = text
		p.flow(p.width)
		p.Refresh()
	}
}

// SetRole changes the colour.
func (p *Paragraph) SetRole(role fyne.ThemeColorName) { p.role = role; p.Refresh() }

func (p *Paragraph) lineHeight() float32 { return round(p.size * 1.42) }

// flow breaks the text into lines of at most width.
func (p *Paragraph) flow(width float32) {
	p.width = width
	lines := breakLines(p.full, width, func(s string) float32 { return fyne.MeasureText(s, p.size, p.style).Width })
	p.lines.Objects = p.lines.Objects[:0]
	for i, s := range lines {
		t := canvas.NewText(s, ColorOf(p.role))
		t.TextSize, t.TextStyle = p.size, p.style
		t.Move(fyne.NewPos(0, float32(i)*p.lineHeight()))
		t.Resize(t.MinSize())
		p.lines.Objects = append(p.lines.Objects, t)
	}
}

// breakLines breaks text at spaces and newlines; a word wider than a line is
// broken anywhere.
func breakLines(text string, width float32, measure func(string) float32) []string {
	var lines []string
	for para := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.SplitSeq(para, " ") {
			try := word
			if line != "" {
				try = line + " " + word
			}
			if measure(try) <= width {
				line = try
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			line = word
			for runes := []rune(line); len(runes) > 1 && measure(line) > width; runes = []rune(line) {
				n := 1
				for n < len(runes) && measure(string(runes[:n+1])) <= width {
					n++
				}
				lines = append(lines, string(runes[:n]))
				line = string(runes[n:])
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// MinSize returns the height at the current width; the width can be any.
func (p *Paragraph) MinSize() fyne.Size {
	return fyne.NewSize(40, float32(len(p.lines.Objects))*p.lineHeight())
}

// Resize breaks the lines anew for another width.
func (p *Paragraph) Resize(s fyne.Size) {
	if s.Width != p.width && s.Width > 0 {
		p.flow(s.Width)
		p.BaseWidget.Resize(s)
		canvas.Refresh(p)
		return
	}
	p.BaseWidget.Resize(s)
}

// Refresh takes the colour from the theme again.
func (p *Paragraph) Refresh() {
	p.recolor()
	p.BaseWidget.Refresh()
}

func (p *Paragraph) recolor() {
	for _, o := range p.lines.Objects {
		o.(*canvas.Text).Color = ColorOf(p.role)
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Paragraph) CreateRenderer() fyne.WidgetRenderer {
	return &paragraphRenderer{para: p, WidgetRenderer: widget.NewSimpleRenderer(p.lines)}
}

type paragraphRenderer struct {
	fyne.WidgetRenderer
	para *Paragraph
}

func (r *paragraphRenderer) Refresh() {
	r.para.recolor()
	r.WidgetRenderer.Refresh()
}

type cutKey struct {
	text        string
	width, size float32
	style       fyne.TextStyle
}

// cuts remembers what [Ellipsis] found; only the UI goroutine uses it.
var cuts = map[cutKey]string{}

// Ellipsis returns text, or as much of its beginning as fits into width with
// "…" after it.
func Ellipsis(text string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 {
		return ""
	}
	key := cutKey{text, width, size, style}
	if s, ok := cuts[key]; ok {
		return s
	}
	if len(cuts) > 20_000 {
		clear(cuts)
	}
	cuts[key] = cut(text, width, func(s string) float32 { return fyne.MeasureText(s, size, style).Width })
	return cuts[key]
}

func cut(text string, width float32, measure func(string) float32) string {
	if measure(text) <= width+.5 {
		return text
	}
	runes := []rune(text)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if measure(string(runes[:mid])+"…") <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return strings.TrimRight(string(runes[:low]), " ") + "…"
}
