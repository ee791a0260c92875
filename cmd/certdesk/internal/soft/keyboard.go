package soft

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Pressed is for when a key went down, again and again while it is held.
func (w *Window) Pressed(key fyne.KeyName, repeat bool) {
	e := &fyne.KeyEvent{Name: key}
	if k, ok := w.surface.Focused().(desktop.Keyable); ok && !repeat {
		k.KeyDown(e)
	}
	mods := w.driver.screen.Modifiers()
	if key == fyne.KeyTab && mods&^fyne.KeyModifierShift == 0 && w.tab(mods) {
		return
	}
	if sc := w.shortcut(key, mods); sc != nil && w.typeShortcut(sc) {
		return
	}
	if f := w.surface.Focused(); f != nil {
		f.TypedKey(e)
	} else if f := w.surface.OnTypedKey(); f != nil {
		f(e)
	}
}

// Released is for when a key went up.
func (w *Window) Released(key fyne.KeyName) {
	if k, ok := w.surface.Focused().(desktop.Keyable); ok {
		k.KeyUp(&fyne.KeyEvent{Name: key})
	}
}

// Typed is for when a character was typed, which can take many keys.
func (w *Window) Typed(r rune) {
	if f := w.surface.Focused(); f != nil {
		f.TypedRune(r)
	} else if f := w.surface.OnTypedRune(); f != nil {
		f(r)
	}
}

// Focused is for when the window got or lost the keyboard.
func (w *Window) Focused(focused bool) {
	f := w.surface.Focused()
	switch {
	case focused:
		w.driver.hook(lifecycle.OnEnteredForeground)
		if f != nil {
			f.FocusGained()
		}
	default:
		if f != nil {
			f.FocusLost()
		}
		w.driver.hook(lifecycle.OnExitedForeground)
	}
}

// tab moves the keyboard on, unless a widget wants the key.
func (w *Window) tab(mods fyne.KeyModifier) bool {
	if t, ok := w.surface.Focused().(fyne.Tabbable); ok && t.AcceptsTab() {
		return false
	}
	if mods&fyne.KeyModifierShift != 0 {
		w.surface.FocusPrevious()
	} else {
		w.surface.FocusNext()
	}
	return true
}

// shortcut returns what the key with the modifiers means, or nil.
func (w *Window) shortcut(key fyne.KeyName, mods fyne.KeyModifier) fyne.Shortcut {
	clip := w.driver.screen
	switch {
	case mods == fyne.KeyModifierControl:
		switch key {
		case fyne.KeyZ:
			return &fyne.ShortcutUndo{}
		case fyne.KeyY:
			return &fyne.ShortcutRedo{}
		case fyne.KeyV:
			return &fyne.ShortcutPaste{Clipboard: clip}
		case fyne.KeyC, fyne.KeyInsert:
			return &fyne.ShortcutCopy{Clipboard: clip}
		case fyne.KeyX:
			return &fyne.ShortcutCut{Clipboard: clip}
		case fyne.KeyA:
			return &fyne.ShortcutSelectAll{}
		}
	case mods == fyne.KeyModifierShift && key == fyne.KeyInsert:
		return &fyne.ShortcutPaste{Clipboard: clip}
	case mods == fyne.KeyModifierShift && key == fyne.KeyDelete:
		return &fyne.ShortcutCut{Clipboard: clip}
	}
	switch key {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
		desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight, fyne.KeyUnknown:
		return nil
	}
	if mods&^fyne.KeyModifierShift == 0 {
		return nil
	}
	return &desktop.CustomShortcut{KeyName: key, Modifier: mods}
}

// typeShortcut hands a shortcut to the focused widget, else to the canvas, and
// reports whether it was used up. Of a disabled text one may only copy.
func (w *Window) typeShortcut(sc fyne.Shortcut) bool {
	f, ok := w.surface.Focused().(fyne.Shortcutable)
	if !ok {
		w.surface.TypedShortcut(sc)
		return true
	}
	if text, ok := f.(interface {
		fyne.Disableable
		SelectedText() string
	}); ok && text.Disabled() && sc.ShortcutName() != "Copy" {
		return false
	}
	f.TypedShortcut(sc)
	return true
}
