package gdi

import (
	"unsafe"

	"fyne.io/fyne/v2/driver/desktop"
	"golang.org/x/sys/windows"
)

// windowProc handles a message from Windows, on the loop's thread.
func windowProc(hwnd, m, w, l uintptr) uintptr {
	if screen.window != nil && hwnd == screen.hwnd {
		if r, done := screen.handle(uint32(m), w, l); done {
			return r
		}
	}
	r, _, _ := defWindowProc.Call(hwnd, m, w, l)
	return r
}

// handle returns the answer to a message; done is false if Windows should do
// what it always does.
func (s *Screen) handle(m uint32, w, l uintptr) (answer uintptr, done bool) {
	x, y := int(int16(l)), int(int16(l>>16))
	switch m {
	case wmPaint:
		s.paint()
	case wmEraseBackground:
		return 1, true // painting covers everything
	case wmSize:
		s.sized()
	case wmGetMinMaxInfo:
		info := (*minMaxInfo)(pointer(l))
		info.minTrack.x, info.minTrack.y = s.outer(s.window.MinSize())
	case wmDPIChanged:
		s.scale = s.systemScale()
		r := (*rect)(pointer(l))
		setWindowPos.Call(s.hwnd, 0, uintptr(r.left), uintptr(r.top), uintptr(r.right-r.left), uintptr(r.bottom-r.top), posNoZOrder|posNoActivate)
		s.sized()
	case wmSettingChange:
		if v := systemVariant(); v != s.variant {
			s.variant = v
			s.window.Restyled()
		}
		return 0, false

	case wmMouseMove:
		if !s.tracking {
			t := trackMouse{flags: trackLeave, hwnd: s.hwnd}
			t.size = uint32(unsafe.Sizeof(t))
			r, _, _ := trackMouseEvent.Call(uintptr(unsafe.Pointer(&t)))
			s.tracking = r != 0
		}
		s.window.Moved(x, y)
	case wmMouseLeave:
		s.tracking = false
		s.window.Left()
	case wmLeftDown, wmRightDown, wmMiddleDown:
		setCapture.Call(s.hwnd)
		s.window.Button(x, y, button[m], true)
	case wmLeftUp, wmRightUp, wmMiddleUp:
		if w&anyButton == 0 {
			releaseCapture.Call()
		}
		s.window.Button(x, y, button[m-1], false)
	case wmWheel, wmWheelSideways:
		p := point{int32(x), int32(y)}
		screenToClient.Call(s.hwnd, uintptr(unsafe.Pointer(&p)))
		notches := float32(int16(w>>16)) / 120
		if m == wmWheel {
			s.window.Scrolled(int(p.x), int(p.y), 0, notches)
		} else {
			s.window.Scrolled(int(p.x), int(p.y), -notches, 0)
		}
	case wmSetCursor:
		if l&0xffff != hitClient {
			return 0, false
		}
		setCursor.Call(s.cursor)
		return 1, true

	case wmKeyDown, wmSysKeyDown:
		s.window.Pressed(keyName(w, l), l&keyWasDown != 0)
		return 0, m == wmKeyDown || w == vkF10 // Alt+F4 and Alt+Space are Windows'
	case wmKeyUp, wmSysKeyUp:
		s.window.Released(keyName(w, l))
		return 0, m == wmKeyUp
	case wmChar:
		s.char(rune(w))
	case wmUnicodeChar:
		if w == 0xffff { // "do you understand this message?"
			return 1, true
		}
		s.char(rune(w))
	case wmSysChar:
		return 0, w != ' ' // no beep
	case wmSysCommand:
		return 0, w&0xfff0 == scKeyMenu && l != ' ' // Alt alone opens no menu
	case wmSetFocus:
		s.window.Focused(true)
	case wmKillFocus:
		s.window.Focused(false)
		return 0, false

	case wmTimer:
		s.window.Tick()
	case wmAppWork:
		s.woken.Store(false)
		s.window.Work()
	case wmDropFiles:
		s.dropped(w)
	case wmClose:
		s.window.Closing()
	case wmAppStop:
		destroyWindow.Call(s.hwnd)
	case wmDestroy:
		postQuitMessage.Call(0)
	default:
		return 0, false
	}
	return 0, true
}

// button is what a message of a button going down is about.
var button = map[uint32]desktop.MouseButton{wmLeftDown: desktop.MouseButtonPrimary, wmRightDown: desktop.MouseButtonSecondary,
	wmMiddleDown: desktop.MouseButtonTertiary}

// dropped hands over files that were let go over the window.
func (s *Screen) dropped(drop uintptr) {
	defer dragFinish.Call(drop)
	var at point
	dragQueryPoint.Call(drop, uintptr(unsafe.Pointer(&at)))
	n, _, _ := dragQueryFile.Call(drop, 0xffffffff, 0, 0)
	var paths []string
	for i := range n {
		length, _, _ := dragQueryFile.Call(drop, i, 0, 0)
		name := make([]uint16, length+1)
		dragQueryFile.Call(drop, i, uintptr(unsafe.Pointer(&name[0])), length+1)
		paths = append(paths, windows.UTF16ToString(name))
	}
	s.window.Dropped(int(at.x), int(at.y), paths)
}

// pointer turns an argument of a message into the pointer that it is.
func pointer(l uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&l)) }
