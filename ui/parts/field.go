package parts

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// A Field is one line of typed text. Escape and Enter reach the dialog around
// it, unless OnEscape or OnSubmitted are set.
type Field struct {
	widget.Entry
	// OnEscape replaces what Escape does.
	OnEscape func()
	// OnArrow gets Up and Down, which have no meaning in one line.
	OnArrow func(fyne.KeyName)
	// OnLeft is called when another widget got the keyboard.
	OnLeft func()

	icon  string
	frame *Surface
}

// NewField returns a field; hint is shown while it is empty.
func NewField(hint string) *Field {
	f := &Field{frame: Outlined(Input, ChipLine, 4)}
	f.Wrapping, f.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	f.SetPlaceHolder(hint)
	f.ExtendBaseWidget(f)
	return f
}

// NewPaste returns a field of several lines for what is pasted.
func NewPaste(hint string, lines int, changed func(string)) *Field {
	f := NewField(hint)
	f.MultiLine, f.Wrapping, f.Scroll = true, fyne.TextWrapOff, fyne.ScrollBoth
	f.SetMinRowsVisible(lines)
	f.OnChanged = changed
	f.ExtendBaseWidget(f)
	return f
}

// NewPassword returns a field that hides what is typed, with a button that
// shows it.
func NewPassword(hint string) *Field {
	f := NewField(hint)
	f.Password = true
	f.ExtendBaseWidget(f)
	return f
}

// NewSearch returns a field with a looking glass. Escape empties it.
func NewSearch(hint string, changed func(string)) *Field {
	f := NewField(hint)
	f.icon = "search"
	f.Icon = IconResource(f.icon, Text3)
	f.OnChanged = changed
	f.OnEscape = func() { f.SetText("") }
	return f
}

// FocusGained implements fyne.Focusable.
func (f *Field) FocusGained() {
	f.frame.SetRoles(Input, Ring)
	f.Entry.FocusGained()
}

// FocusLost implements fyne.Focusable.
func (f *Field) FocusLost() {
	f.frame.SetRoles(Input, ChipLine)
	f.Entry.FocusLost()
	if f.OnLeft != nil {
		f.OnLeft()
	}
}

// CreateRenderer draws our own frame instead of the toolkit's box and border,
// which are blurred over two pixels.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	return &fieldRenderer{WidgetRenderer: f.Entry.CreateRenderer(), field: f, wheel: newWheel(f)}
}

type fieldRenderer struct {
	fyne.WidgetRenderer
	field   *Field
	wheel   *wheel
	objects []fyne.CanvasObject
}

func (r *fieldRenderer) Layout(s fyne.Size) {
	r.WidgetRenderer.Layout(s)
	r.field.frame.Move(fyne.NewPos(0, 0))
	r.field.frame.Resize(s)
	r.wheel.Resize(s)
}

func (r *fieldRenderer) MinSize() fyne.Size {
	m := r.WidgetRenderer.MinSize()
	return fyne.NewSize(m.Width, max(30, m.Height))
}

// Objects returns the frame and the toolkit's objects of this moment, without
// its box and border: the two rectangles that come first.
func (r *fieldRenderer) Objects() []fyne.CanvasObject {
	inner := r.WidgetRenderer.Objects()
	for range 2 {
		if _, ok := inner[0].(*canvas.Rectangle); ok {
			inner = inner[1:]
		}
	}
	if len(inner)+2 != len(r.objects) {
		r.objects = append([]fyne.CanvasObject{r.field.frame}, inner...)
		r.objects = append(r.objects, r.wheel)
		r.wheel.Hidden = r.field.MultiLine // there the wheel has lines to move
	}
	return r.objects
}

// Refresh takes the icon's colour from the theme again.
func (f *Field) Refresh() {
	if f.icon != "" {
		f.Icon = IconResource(f.icon, Text3)
	}
	f.Entry.Refresh()
}

// TypedKey implements fyne.Focusable.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyEscape:
		if f.OnEscape != nil {
			f.OnEscape()
			return
		}
		Escape(f)
		return
	case fyne.KeyReturn, fyne.KeyEnter:
		if f.OnSubmitted == nil && !f.MultiLine {
			Submit(f)
			return
		}
	case fyne.KeyDown, fyne.KeyUp:
		if f.OnArrow != nil {
			f.OnArrow(e.Name)
			return
		}
	}
	f.Entry.TypedKey(e)
}

// MaxPaste is how much a field of several lines takes at once, in bytes: it
// breaks the lines anew on the UI goroutine with every change.
const MaxPaste = 32 << 10

// TypedShortcut implements fyne.Shortcutable.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	if p, ok := s.(*fyne.ShortcutPaste); ok && f.MultiLine {
		s = &fyne.ShortcutPaste{Clipboard: beginning{p.Clipboard}}
	}
	f.Entry.TypedShortcut(s)
}

// beginning is a clipboard of which only the first [MaxPaste] bytes are seen.
type beginning struct{ fyne.Clipboard }

// Content returns the beginning of the clipboard's text.
func (b beginning) Content() string {
	text := b.Clipboard.Content()
	return strings.ToValidUTF8(text[:min(len(text), MaxPaste)], "")
}
