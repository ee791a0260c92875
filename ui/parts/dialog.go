package parts

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// A Dialog lies over the window until it is answered. Escape does what
// OnCancel says, Enter presses the default button. Dialogs can be stacked.
type Dialog struct {
	widget.BaseWidget

	// OnCancel is what Escape and the cross do; nil closes the dialog. Set
	// it where a running job has to be stopped first.
	OnCancel func()
	// OnClosed is called after the dialog went away, whatever the way.
	OnClosed func()
	// OnFiles takes the paths of files that are dropped while the dialog is on
	// top; nil leaves them to the window.
	OnFiles func(paths []string)

	canvas  fyne.Canvas
	title   *Label
	sub     *Label
	body    *fyne.Container
	foot    *fyne.Container
	note    *Label
	toast   *Toast
	root    *fyne.Container
	primary *Button
	open    bool
	size    fyne.Size
}

// NewDialog returns a dialog of a size in pixels, not yet shown; sub, a
// second line under the title, may be "". A window smaller than the dialog
// cuts it down to its own size; the buttons stay, and what does not fit above
// them scrolls.
func NewDialog(c fyne.Canvas, title, sub string, width, height float32) *Dialog {
	d := &Dialog{canvas: c, title: Heading(title).Shrink(), sub: Small(sub).Shrink(), body: Stack(), foot: HBox(8),
		note: Small("").Shrink(), toast: NewToast(12), size: fyne.NewSize(width, height)}
	head := VBox(2, d.title)
	if sub != "" {
		head.Add(d.sub)
	}
	cross := IconButton("close", "Close", d.Cancel)
	top := Border(nil, HLine(), nil, nil, Pad(14, 12, 20, 14, Border(nil, nil, nil, Middle(cross), head)))
	bottom := Stack(Fill(Chrome).Round(0, 0, 8, 8), Border(HLine(), nil, nil, nil,
		Pad(10, 10, 20, 20, Border(nil, nil, nil, d.foot, Middle(d.note)))))
	frame := &limited{inner: Stack(Outlined(Content, Line, 8), Pad(1, 1, 1, 1, Border(top, bottom, nil, nil, room(d.body), d.toast.Object()))), want: d.size}
	frame.ExtendBaseWidget(frame)
	d.root = Stack(&scrim{Surface: Fill(Scrim)}, Center(frame))
	d.ExtendBaseWidget(d)
	return d
}

// SetTitle changes title and second line.
func (d *Dialog) SetTitle(title, sub string) {
	d.title.SetText(title)
	d.sub.SetText(sub)
}

// SetBody puts content between title and buttons. It is not padded.
func (d *Dialog) SetBody(content fyne.CanvasObject) {
	d.body.Objects = []fyne.CanvasObject{content}
	d.body.Refresh()
}

// SetNote changes the quiet line at the left of the buttons.
func (d *Dialog) SetNote(text string) { d.note.SetText(text) }

// SetButtons puts buttons at the right of the footer; the default one, which
// Enter presses, may be nil.
func (d *Dialog) SetButtons(primary *Button, buttons ...fyne.CanvasObject) {
	d.primary = primary
	d.foot.Objects = buttons
	d.foot.Refresh()
	d.root.Refresh()
}

// Show lays the dialog over the window.
func (d *Dialog) Show() {
	if !d.open {
		d.open = true
		d.BaseWidget.Show()
		d.canvas.Overlays().Add(d)
		d.Resize(d.canvas.Size())
	}
}

// Shown reports whether the dialog is open.
func (d *Dialog) Shown() bool { return d.open }

// Close takes the dialog away.
func (d *Dialog) Close() {
	if d.open {
		d.open = false
		if TopDialog(d.canvas) == d {
			d.canvas.Unfocus() // a field that nobody sees would blink on
		}
		d.canvas.Overlays().Remove(d)
		if d.OnClosed != nil {
			d.OnClosed()
		}
	}
}

// Cancel does what Escape does.
func (d *Dialog) Cancel() {
	if d.OnCancel != nil {
		d.OnCancel()
		return
	}
	d.Close()
}

// Submit presses the default button.
func (d *Dialog) Submit() {
	if d.primary != nil {
		d.primary.Activate()
	}
}

// Toast shows a word for a moment, above the dialog's buttons.
func (d *Dialog) Toast(text string) { d.toast.Show(text) }

// CreateRenderer implements fyne.Widget.
func (d *Dialog) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(d.root) }

// Escape is for widgets that have the keyboard: it cancels the dialog over
// the window, if any. It reports whether there was one.
func Escape(o fyne.CanvasObject) bool {
	d := TopDialog(canvasOf(o))
	if d != nil {
		d.Cancel()
	}
	return d != nil
}

// Submit is for widgets that have the keyboard: it presses the default button
// of the dialog over the window, if any.
func Submit(o fyne.CanvasObject) {
	if d := TopDialog(canvasOf(o)); d != nil {
		d.Submit()
	}
}

// TopDialog returns the dialog on top of a canvas, or nil.
func TopDialog(c fyne.Canvas) *Dialog {
	if c == nil {
		return nil
	}
	d, _ := c.Overlays().Top().(*Dialog)
	return d
}

// DialogKey gives a key that nothing focused took to the dialog on top, and
// reports whether there is one.
func DialogKey(c fyne.Canvas, key fyne.KeyName) bool {
	d := TopDialog(c)
	if d == nil {
		return false
	}
	switch key {
	case fyne.KeyEscape:
		d.Cancel()
	case fyne.KeyReturn, fyne.KeyEnter:
		d.Submit()
	}
	return true
}

// A scrim darkens the window and swallows clicks.
type scrim struct{ *Surface }

// Tapped implements fyne.Tappable.
func (s *scrim) Tapped(*fyne.PointEvent) {}

// limited asks for a size of its own instead of its content's, so that a
// dialog never makes the window grow.
type limited struct {
	widget.BaseWidget
	inner fyne.CanvasObject
	want  fyne.Size
}

// MinSize returns the wanted size.
func (l *limited) MinSize() fyne.Size { return l.want }

// Tapped keeps clicks on the dialog from the scrim.
func (l *limited) Tapped(*fyne.PointEvent) {}

// CreateRenderer implements fyne.Widget.
func (l *limited) CreateRenderer() fyne.WidgetRenderer {
	return &limitedRenderer{WidgetRenderer: widget.NewSimpleRenderer(l.inner), limited: l}
}

type limitedRenderer struct {
	fyne.WidgetRenderer
	limited *limited
}

func (r *limitedRenderer) MinSize() fyne.Size { return r.limited.want }

// A Toast says a word for a moment, such as "Copied".
type Toast struct {
	label *Label
	box   *fyne.Container
	shown int // counts calls, so that an old timer hides nothing new
}

// NewToast returns a hidden toast that floats some pixels above the bottom.
func NewToast(above float32) *Toast {
	t := &Toast{label: NewLabel("", 13, Content)}
	pill := Stack(Outlined(Text, "", 6), Pad(7, 7, 14, 14, HBox(7, Middle(NewIcon("tick", 15, Content)), t.label)))
	t.box = Border(nil, Pad(0, above, 0, 0, Center(pill)), nil, nil)
	t.box.Hide()
	return t
}

// Object returns what to lay over the content.
func (t *Toast) Object() fyne.CanvasObject { return t.box }

// Show shows text for two seconds.
func (t *Toast) Show(text string) {
	t.shown++
	mine := t.shown
	t.label.SetText(text)
	t.box.Show()
	t.box.Refresh()
	time.AfterFunc(2*time.Second, func() {
		fyne.Do(func() {
			if t.shown == mine {
				t.box.Hide()
			}
		})
	})
}
