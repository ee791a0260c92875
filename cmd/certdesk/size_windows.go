package main

import (
	"unsafe"

	"fyne.io/fyne/v2/driver"
	"golang.org/x/sys/windows"
)

var procGetClientRect = windows.NewLazySystemDLL("user32.dll").NewProc("GetClientRect")

// sizeOf returns the size of the window's inside in pixels, 0, 0 if it is not
// known.
func sizeOf(native any) (width, height int) {
	w, ok := native.(driver.WindowsWindowContext)
	if !ok || w.HWND == 0 {
		return 0, 0
	}
	var r struct{ left, top, right, bottom int32 }
	if ok, _, _ := procGetClientRect.Call(w.HWND, uintptr(unsafe.Pointer(&r))); ok == 0 {
		return 0, 0
	}
	return int(r.right), int(r.bottom)
}
