package main

import (
	"image/color"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/ui"
)

var (
	procSystemParametersInfo = windows.NewLazySystemDLL("user32.dll").NewProc("SystemParametersInfoW")
	procGetSysColor          = windows.NewLazySystemDLL("user32.dll").NewProc("GetSysColor")
)

// highContrast returns the colours of a desktop in high contrast, nil if it is
// not.
func highContrast() *ui.SystemColors {
	var state struct { // HIGHCONTRASTW, winuser.h
		size, flags uint32
		scheme      *uint16
	}
	state.size = uint32(unsafe.Sizeof(state))
	const getHighContrast, on = 0x42, 1 // SPI_GETHIGHCONTRAST, HCF_HIGHCONTRASTON
	if r, _, _ := procSystemParametersInfo.Call(getHighContrast, uintptr(state.size), uintptr(unsafe.Pointer(&state)), 0); r == 0 || state.flags&on == 0 {
		return nil
	}
	get := func(index uintptr) color.NRGBA {
		c, _, _ := procGetSysColor.Call(index) // 0x00bbggrr
		return color.NRGBA{R: uint8(c), G: uint8(c >> 8), B: uint8(c >> 16), A: 0xff}
	}
	const window, windowText, highlight, highlightText, grayText = 5, 8, 13, 14, 17 // COLOR_...
	return &ui.SystemColors{Window: get(window), Text: get(windowText), Selected: get(highlight), OnSelected: get(highlightText), Disabled: get(grayText)}
}
