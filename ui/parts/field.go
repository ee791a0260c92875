package parts

import (
	"fyne.io/fyne/v2"
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

	icon string
}

// NewField returns a field; hint is shown while it is empty.
func NewField(hint string) *Field {
	f := &Field{}
	f.Wrapping, f.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	f.SetPlaceHolder(hint)
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

// TypedShortcut implements fyne.Shortcutable.
func (f *Field) TypedShortcut(s fyne.Shortcut) { f.Entry.TypedShortcut(s) }
