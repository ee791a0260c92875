package gdi

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// virtual key codes with a meaning of their own
const (
	vkReturn  = 0x0d
	vkShift   = 0x10
	vkControl = 0x11
	vkMenu    = 0x12
	vkLWin    = 0x5b
	vkRWin    = 0x5c
	vkF10     = 0x79
	vkRMenu   = 0xa5
)

// keys are the names of virtual key codes. Letters and digits are their own.
var keys = map[uintptr]fyne.KeyName{
	0x08: fyne.KeyBackspace, 0x09: fyne.KeyTab, vkReturn: fyne.KeyReturn, 0x1b: fyne.KeyEscape, 0x20: fyne.KeySpace,
	0x21: fyne.KeyPageUp, 0x22: fyne.KeyPageDown, 0x23: fyne.KeyEnd, 0x24: fyne.KeyHome,
	0x25: fyne.KeyLeft, 0x26: fyne.KeyUp, 0x27: fyne.KeyRight, 0x28: fyne.KeyDown,
	0x2c: desktop.KeyPrintScreen, 0x2d: fyne.KeyInsert, 0x2e: fyne.KeyDelete, 0x5d: desktop.KeyMenu, 0x14: desktop.KeyCapsLock,
	vkShift: desktop.KeyShiftLeft, vkControl: desktop.KeyControlLeft, vkMenu: desktop.KeyAltLeft, vkLWin: desktop.KeySuperLeft, vkRWin: desktop.KeySuperRight,
	0x70: fyne.KeyF1, 0x71: fyne.KeyF2, 0x72: fyne.KeyF3, 0x73: fyne.KeyF4, 0x74: fyne.KeyF5, 0x75: fyne.KeyF6,
	0x76: fyne.KeyF7, 0x77: fyne.KeyF8, 0x78: fyne.KeyF9, vkF10: fyne.KeyF10, 0x7a: fyne.KeyF11, 0x7b: fyne.KeyF12,
	0x6a: fyne.KeyAsterisk, 0x6b: fyne.KeyPlus, 0x6d: fyne.KeyMinus, 0x6e: fyne.KeyPeriod, 0x6f: fyne.KeySlash,
	0xbb: fyne.KeyEqual, 0xbc: fyne.KeyComma, 0xbd: fyne.KeyMinus, 0xbe: fyne.KeyPeriod,
}

// bits of a key message's second argument
const (
	keyExtended = 1 << 24
	keyWasDown  = 1 << 30
	scanRight   = 0x36 // of the right Shift, which is not an extended key
)

// keyName returns the name of a key, as Fyne's desktop driver says it.
func keyName(code, l uintptr) fyne.KeyName {
	extended := l&keyExtended != 0
	switch {
	case code >= 'A' && code <= 'Z' || code >= '0' && code <= '9':
		return fyne.KeyName(rune(code))
	case code >= 0x60 && code <= 0x69: // of the number pad
		return fyne.KeyName(rune(code - 0x60 + '0'))
	case code == vkReturn && extended:
		return fyne.KeyEnter
	case code == vkControl && extended:
		return desktop.KeyControlRight
	case code == vkMenu && extended:
		return desktop.KeyAltRight
	case code == vkShift && l>>16&0xff == scanRight:
		return desktop.KeyShiftRight
	}
	return keys[code]
}

// Modifiers implements soft.Screen. AltGr, which Windows reports as Ctrl and
// the right Alt, makes characters and is none.
func (s *Screen) Modifiers() (mods fyne.KeyModifier) {
	down := func(code uintptr) bool {
		r, _, _ := getKeyState.Call(code)
		return int16(r) < 0
	}
	control, alt := down(vkControl), down(vkMenu)
	if control && down(vkRMenu) {
		control, alt = false, false
	}
	for _, k := range []struct {
		down bool
		mod  fyne.KeyModifier
	}{{down(vkShift), fyne.KeyModifierShift}, {control, fyne.KeyModifierControl}, {alt, fyne.KeyModifierAlt}, {down(vkLWin) || down(vkRWin), fyne.KeyModifierSuper}} {
		if k.down {
			mods |= k.mod
		}
	}
	return mods
}
