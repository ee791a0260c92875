package parts

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Chip returns a pill with a few words, and the kind's icon unless it is
// KindPlain.
func Chip(text string, kind Kind) fyne.CanvasObject {
	line, soft := kind.Roles()
	edge := soft
	if kind == KindPlain || kind == KindSkip {
		edge = ChipLine
	}
	row := HBox(4)
	if kind != KindPlain {
		row.Add(Middle(KindIcon(kind, 12)))
	}
	row.Add(NewLabel(text, 12, line).Shrink().keepWide())
	return Middle(Stack(Outlined(soft, edge, 9), Pad(1, 2, 8, 8, row)))
}

// FadedChip returns a pill for what is possible but not so.
func FadedChip(text string) fyne.CanvasObject {
	return Middle(Stack(Outlined(Clear, FaintLine, 9), Pad(1, 2, 8, 8, NewLabel(text, 12, Text3))))
}

// keepWide asks for the text's full width, but takes less.
func (l *Label) keepWide() *Label { l.wide = true; return l }

// A Badge is a number in a coloured pill. An empty one takes no room.
type Badge struct {
	widget.BaseWidget
	back  *Surface
	label *Label
	box   *fyne.Container
}

// NewBadge returns an empty badge.
func NewBadge() *Badge {
	b := &Badge{back: Outlined(Clear, "", 8), label: NewLabel("", 11, OnBadge).Bold()}
	b.box = Middle(Stack(b.back, Fixed(-1, 16, Center(Pad(0, 0, 5, 5, b.label)))))
	b.ExtendBaseWidget(b)
	b.Hide()
	return b
}

// Set shows text in the colour of a kind; "" hides the badge.
func (b *Badge) Set(text string, kind Kind) {
	role, _ := kind.Roles()
	if kind == KindPlain || kind == KindSkip {
		role = Text3
	}
	b.back.SetRoles(role, "")
	b.label.SetText(text)
	if text == "" {
		b.Hide()
	} else {
		b.Show()
	}
}

// Count sets the badge to a number, hidden at 0.
func (b *Badge) Count(n int, kind Kind) {
	if n == 0 {
		b.Set("", kind)
		return
	}
	b.Set(strconv.Itoa(n), kind)
}

// CreateRenderer implements fyne.Widget.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(b.box) }

// Card returns a framed area.
func Card(content fyne.CanvasObject) *fyne.Container {
	return Stack(Outlined(Content, Line, 6), content)
}

// SoftCard returns a tinted area.
func SoftCard(role fyne.ThemeColorName, content fyne.CanvasObject) *fyne.Container {
	return Stack(Outlined(role, "", 6), content)
}

// Banner says something important over a page: a bold title, a sentence and
// perhaps a button; body and action may be "" and nil.
func Banner(kind Kind, title, body string, action fyne.CanvasObject) *fyne.Container {
	_, soft := kind.Roles()
	text := VBox(1, NewParagraph(title, 13, Text).Bold())
	if body != "" {
		text.Add(Para(body))
	}
	var right fyne.CanvasObject
	if action != nil {
		right = Pad(0, 0, 10, 0, Middle(action))
	}
	return Stack(Outlined(soft, "", 6), Pad(9, 9, 12, 12,
		Border(nil, nil, Pad(0, 0, 0, 10, VBox(0, KindIcon(kind, 18))), right, text)))
}

// A Progress is a bar from 0 to 1, or one that only shows that work goes on.
type Progress struct {
	box     *fyne.Container
	known   *fyne.Container
	done    *Surface
	unknown *widget.ProgressBarInfinite
	share   *shareLayout
}

// NewProgress returns a bar that shows that work goes on.
func NewProgress() *Progress {
	p := &Progress{done: Outlined(Accent, "", 3), unknown: widget.NewProgressBarInfinite(), share: &shareLayout{}}
	p.known = container.New(p.share, Outlined(Line, "", 3), p.done)
	p.known.Hide()
	p.box = Fixed(-1, 6, p.unknown, p.known)
	return p
}

// Object returns what to put into a layout.
func (p *Progress) Object() fyne.CanvasObject { return p.box }

// Set shows a share of the work, from 0 to 1; below 0 it is not known.
func (p *Progress) Set(share float32) {
	if share < 0 {
		p.known.Hide()
		p.unknown.Show()
		p.unknown.Start()
		return
	}
	p.unknown.Stop()
	p.unknown.Hide()
	p.share.share = min(1, share)
	p.known.Show()
	p.known.Refresh()
}

// Stop ends the animation; call it when the bar is taken away.
func (p *Progress) Stop() { p.unknown.Stop() }

// Meter returns a bar with a share of it filled in the colour of a kind.
func Meter(share float32, kind Kind) fyne.CanvasObject {
	role, _ := kind.Roles()
	return Fixed(-1, 6, container.New(&shareLayout{share}, Outlined(Line, "", 3), Outlined(role, "", 3)))
}

// shareLayout makes its second object a share of the width.
type shareLayout struct{ share float32 }

func (s *shareLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 6) }

func (s *shareLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	place(o[0], 0, 0, size.Width, size.Height)
	place(o[1], 0, 0, size.Width*min(1, max(0, s.share)), size.Height)
}

// Fact returns a row of a name and what it is.
func Fact(name string, nameWidth float32, value fyne.CanvasObject) *fyne.Container {
	return Border(nil, nil, Fixed(nameWidth, -1, VBox(0, Pad(1, 0, 0, 6, Small(name).Shrink()))), nil, value)
}
