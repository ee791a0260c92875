package gdi

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	unicodeText = 13 // CF_UNICODETEXT
	moveable    = 2
)

// openClipboard opens the clipboard, which another program may hold for a
// moment.
func (s *Screen) openClipboard() bool {
	for range 10 {
		if r, _, _ := openClipboard.Call(s.hwnd); r != 0 {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// Content returns the text on the clipboard, "" if there is none.
func (s *Screen) Content() string {
	if !s.openClipboard() {
		return ""
	}
	defer closeClipboard.Call()
	h, _, _ := getClipboardData.Call(unicodeText)
	if h == 0 {
		return ""
	}
	size, _, _ := globalSize.Call(h)
	p, _, _ := globalLock.Call(h)
	if p == 0 || size < 2 {
		return ""
	}
	defer globalUnlock.Call(h)
	return windows.UTF16ToString(unsafe.Slice((*uint16)(pointer(p)), size/2))
}

// SetContent puts text on the clipboard.
func (s *Screen) SetContent(text string) {
	units, err := windows.UTF16FromString(text)
	if err != nil || !s.openClipboard() {
		return
	}
	defer closeClipboard.Call()
	emptyClipboard.Call()
	h, _, _ := globalAlloc.Call(moveable, uintptr(len(units)*2))
	p, _, _ := globalLock.Call(h)
	if p == 0 {
		return
	}
	copy(unsafe.Slice((*uint16)(pointer(p)), len(units)), units)
	globalUnlock.Call(h)
	if r, _, _ := setClipboardData.Call(unicodeText, h); r == 0 {
		globalFree.Call(h) // else it is Windows' from now on
	}
}
