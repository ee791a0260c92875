package parts

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// A Wizard is a dialog of several pages with a rail of its steps at the left.
type Wizard struct {
	*Dialog
	steps []string
	rail  *fyne.Container
	head  *fyne.Container
	left  *fyne.Container
}

const (
	railWidth = 172
	railFrom  = 660 // pixels of the wizard from which there is room for its rail
)

// railLayout puts the rail beside the page, or leaves it out.
type railLayout struct{}

func (railLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[1].MinSize() }

func (railLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	left := float32(0)
	if s.Width >= railFrom {
		left = o[0].MinSize().Width
		place(o[0], 0, 0, left, s.Height)
		if !o[0].Visible() {
			o[0].Show()
		}
	} else if o[0].Visible() {
		o[0].Hide()
	}
	place(o[1], left, 0, s.Width-left, s.Height)
}

// NewWizard returns a wizard of a size in pixels, not yet shown.
func NewWizard(c fyne.Canvas, title, icon string, steps []string, width, height float32) *Wizard {
	d := &Dialog{canvas: c, title: Heading("").Shrink(), sub: NewLabel("", 13, Text2).Shrink(), body: Stack(), foot: HBox(8),
		note: Small("").Shrink(), toast: NewToast(12), size: fyne.NewSize(width, height)}
	w := &Wizard{Dialog: d, steps: steps, rail: VBox(2), left: Stack()}
	railHead := Pad(18, 8, 18, 14, VBox(6, Start(NewIcon(icon, 30, Accent)), NewLabel(title, 14, Text).Bold()))
	rail := Fixed(railWidth, -1, Stack(Fill(Chrome).Round(8, 0, 0, 8), Border(railHead, nil, nil, nil, VBox(0, w.rail))))
	cross := IconButton("close", "Close", d.Cancel)
	w.head = VBox(3, d.title)
	top := Pad(16, 8, 24, 14, Border(nil, nil, nil, VBox(0, cross), w.head))
	bottom := Stack(Fill(Chrome).Round(0, 0, 8, 0), Border(HLine(), nil, nil, nil,
		Pad(10, 10, 20, 20, Border(nil, nil, nil, d.foot, Middle(w.left)))))
	content := container.New(railLayout{}, Border(nil, nil, nil, VLine(), rail), Border(top, bottom, nil, nil, room(d.body), d.toast.Object()))
	frame := &limited{inner: Stack(Outlined(Content, Line, 8), Pad(1, 1, 1, 1, content)), want: d.size}
	frame.ExtendBaseWidget(frame)
	d.root = Stack(&scrim{Surface: Fill(Scrim)}, Center(frame))
	d.ExtendBaseWidget(d)
	return w
}

// SetPage shows a page: its step counts from 0, one beyond the last ticks all;
// left is what stands at the left of the buttons, may be nil.
func (w *Wizard) SetPage(step int, title, sub string, body, left fyne.CanvasObject) {
	w.title.SetText(title)
	w.sub.SetText(sub)
	w.head.Objects = []fyne.CanvasObject{w.title}
	if sub != "" {
		w.head.Add(w.sub)
	}
	w.rail.Objects = nil
	for i, name := range w.steps {
		w.rail.Add(stepMark(i, step, name))
	}
	w.left.Objects = nil
	if left != nil {
		w.left.Objects = []fyne.CanvasObject{left}
	}
	w.body.Objects = []fyne.CanvasObject{body}
	w.root.Refresh()
}

func stepMark(i, step int, name string) fyne.CanvasObject {
	role := Text3
	var mark fyne.CanvasObject = Stack(Outlined(Clear, Text3, 9), Center(NewLabel(strconv.Itoa(i+1), 11, Text3)))
	label := NewLabel(name, 13, role)
	switch {
	case i < step:
		mark = NewIcon("ok", 18, OK)
		label.SetRole(Text2)
	case i == step:
		mark = Stack(Outlined(Accent, "", 9), Center(NewLabel(strconv.Itoa(i+1), 11, OnAccent).Bold()))
		label.Bold().SetRole(Text)
	}
	return Pad(5, 5, 18, 10, HBox(10, Middle(Fixed(18, 18, mark)), Middle(label)))
}

// NoteLine returns a quiet line with an icon, for the left of a footer or
// under a field.
func NoteLine(icon, text string, role fyne.ThemeColorName) *fyne.Container {
	return Border(nil, nil, Pad(0, 0, 0, 6, Middle(NewIcon(icon, 14, role))), nil, Middle(NewLabel(text, 12, role).Shrink()))
}

// Labelled puts a field's name over it.
func Labelled(name string, field ...fyne.CanvasObject) *fyne.Container {
	return VBox(5, append([]fyne.CanvasObject{NewLabel(name, 13, Text2)}, field...)...)
}

// List returns a framed column of rows with lines between them.
func List(rows ...fyne.CanvasObject) *fyne.Container {
	box := VBox(0)
	for i, r := range rows {
		if i > 0 {
			box.Add(FaintHLine())
		}
		box.Add(r)
	}
	return Stack(Outlined(Content, Line, 6), Pad(1, 1, 1, 1, box))
}
