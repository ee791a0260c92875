// Package gdi shows a window of package soft on Windows with nothing but
// user32 and gdi32, which every Windows with a desktop has.
package gdi

import (
	"fmt"
	"image"
	"math"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"unicode/utf16"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/embedded"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"certdesk/cmd/certdesk/internal/soft"
)

const tickTime = 40 // milliseconds between two steps of an animation

// Screen is a [soft.Screen] in a window of Windows.
type Screen struct {
	hwnd   uintptr
	thread uint32
	window *soft.Window // nil until Loop
	pixels *image.RGBA

	cursor   uintptr
	scale    float32
	variant  fyne.ThemeVariant
	woken    atomic.Bool
	ticking  bool
	tracking bool // Windows will say when the pointer leaves
	high     rune // first half of a character that takes two messages
}

// Declare conformity with interfaces.
var (
	_ soft.Screen     = (*Screen)(nil)
	_ embedded.Driver = (*Screen)(nil)
)

// screen is the one window's; Windows calls a plain function.
var screen *Screen

// New makes the window, hidden. It binds the goroutine, which has to be the
// one that calls Loop, to its thread.
func New() (*Screen, error) {
	runtime.LockOSThread()
	s := &Screen{thread: windows.GetCurrentThreadId(), scale: 1, variant: systemVariant()}
	screen = s
	module, _, _ := getModuleHandle.Call(0)
	icon, _, _ := loadIcon.Call(module, 1)
	s.SetCursor(desktop.DefaultCursor)
	class := windowClass{
		proc: windows.NewCallback(windowProc), instance: module, icon: icon,
		name: windows.StringToUTF16Ptr("Certdesk"),
	}
	class.size = uint32(unsafe.Sizeof(class))
	if r, _, err := registerClass.Call(uintptr(unsafe.Pointer(&class))); r == 0 {
		return nil, fmt.Errorf("window class: %w", err)
	}
	const useDefault = 0x80000000
	hwnd, _, err := createWindow.Call(0, uintptr(unsafe.Pointer(class.name)), uintptr(unsafe.Pointer(class.name)), overlappedWindow,
		useDefault, useDefault, useDefault, useDefault, 0, 0, module, 0)
	if hwnd == 0 {
		return nil, fmt.Errorf("window: %w", err)
	}
	s.hwnd = hwnd
	s.scale = s.systemScale()
	dragAcceptFiles.Call(hwnd, 1)
	return s, nil
}

// Loop implements soft.Screen.
func (s *Screen) Loop(w *soft.Window) {
	s.window = w
	s.sized()
	w.Work() // what was asked for before there was a loop
	showWindow.Call(s.hwnd, showNormal)
	updateWindow.Call(s.hwnd)
	var m message
	for {
		r, _, _ := getMessage.Call(uintptr(unsafe.Pointer(&m)), 0, 0, 0)
		if int32(r) <= 0 {
			return
		}
		translateMessage.Call(uintptr(unsafe.Pointer(&m)))
		dispatchMessage.Call(uintptr(unsafe.Pointer(&m)))
	}
}

// Stop implements soft.Screen.
func (s *Screen) Stop() { postMessage.Call(s.hwnd, wmAppStop, 0, 0) }

// OnLoop implements soft.Screen.
func (s *Screen) OnLoop() bool { return windows.GetCurrentThreadId() == s.thread }

// Wake implements soft.Screen.
func (s *Screen) Wake() {
	if !s.woken.Swap(true) {
		postMessage.Call(s.hwnd, wmAppWork, 0, 0)
	}
}

// Invalidate implements soft.Screen. One pixel is enough to be called: what
// has to be drawn is known after painting.
func (s *Screen) Invalidate() {
	r := rect{0, 0, 1, 1}
	invalidateRect.Call(s.hwnd, uintptr(unsafe.Pointer(&r)), 0)
}

// Tick implements soft.Screen.
func (s *Screen) Tick(on bool) {
	if on == s.ticking {
		return
	}
	s.ticking = on
	if on {
		setTimer.Call(s.hwnd, 1, tickTime, 0)
	} else {
		killTimer.Call(s.hwnd, 1)
	}
}

// SetTitle implements soft.Screen.
func (s *Screen) SetTitle(title string) {
	if p, err := windows.UTF16PtrFromString(title); err == nil {
		setWindowText.Call(s.hwnd, uintptr(unsafe.Pointer(p)))
	}
}

// SetCursor implements soft.Screen.
func (s *Screen) SetCursor(c desktop.StandardCursor) {
	id, ok := map[desktop.StandardCursor]uintptr{desktop.TextCursor: 32513, desktop.CrosshairCursor: 32515,
		desktop.PointerCursor: 32649, desktop.HResizeCursor: 32644, desktop.VResizeCursor: 32645}[c]
	if !ok {
		id = 32512
	}
	s.cursor = 0
	if c != desktop.HiddenCursor {
		s.cursor, _, _ = loadCursor.Call(0, id)
	}
	setCursor.Call(s.cursor)
}

// Resize implements soft.Screen.
func (s *Screen) Resize(width, height int) {
	w, h := s.outer(width, height)
	setWindowPos.Call(s.hwnd, 0, 0, 0, uintptr(w), uintptr(h), posNoMove|posNoZOrder|posNoActivate)
}

// outer returns the size of a window with an inside of a size.
func (s *Screen) outer(width, height int) (w, h int32) {
	r := rect{0, 0, int32(width), int32(height)}
	if adjustRectForDPI.Find() == nil && getDPIForWindow.Find() == nil {
		dpi, _, _ := getDPIForWindow.Call(s.hwnd)
		adjustRectForDPI.Call(uintptr(unsafe.Pointer(&r)), overlappedWindow, 0, 0, dpi)
	} else {
		adjustRect.Call(uintptr(unsafe.Pointer(&r)), overlappedWindow, 0, 0)
	}
	return r.right - r.left, r.bottom - r.top
}

// Raise implements soft.Screen.
func (s *Screen) Raise() {
	if minimized, _, _ := isIconic.Call(s.hwnd); minimized != 0 {
		showWindow.Call(s.hwnd, showRestore)
	}
	setForegroundWindow.Call(s.hwnd)
}

// Scale implements soft.Screen.
func (s *Screen) Scale() float32 { return s.scale }

// systemScale returns the scale of the monitor, in tenths like Fyne's own, times
// FYNE_SCALE.
func (s *Screen) systemScale() float32 {
	dpi := uintptr(96)
	if getDPIForWindow.Find() == nil {
		dpi, _, _ = getDPIForWindow.Call(s.hwnd)
	} else {
		dc, _, _ := getDC.Call(s.hwnd)
		dpi, _, _ = getDeviceCaps.Call(dc, logPixelsX)
		releaseDC.Call(s.hwnd, dc)
	}
	user := 1.0
	if f, err := strconv.ParseFloat(os.Getenv("FYNE_SCALE"), 32); err == nil && f >= 0.5 && f <= 10 {
		user = f
	}
	return float32(math.Round(max(0.5, float64(dpi)/96)*user*10) / 10)
}

// Variant implements soft.Screen.
func (s *Screen) Variant() fyne.ThemeVariant { return s.variant }

// systemVariant is light unless the person chose dark for apps.
func systemVariant() fyne.ThemeVariant {
	k, err := registry.OpenKey(registry.CURRENT_USER, `SOFTWARE\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return theme.VariantLight
	}
	defer k.Close()
	if light, _, err := k.GetIntegerValue("AppsUseLightTheme"); err == nil && light == 0 {
		return theme.VariantDark
	}
	return theme.VariantLight
}

// sized tells the window its size.
func (s *Screen) sized() {
	var r rect
	getClientRect.Call(s.hwnd, uintptr(unsafe.Pointer(&r)))
	s.window.Sized(int(r.right), int(r.bottom))
}

// paint draws what Windows or the window itself wants drawn. Windows counts it
// as done from the beginning, so that what changes meanwhile is painted next.
func (s *Screen) paint() {
	var p paintStruct
	beginPaint.Call(s.hwnd, uintptr(unsafe.Pointer(&p)))
	endPaint.Call(s.hwnd, uintptr(unsafe.Pointer(&p)))
	pixels, changed := s.window.Paint()
	if pixels == nil {
		return
	}
	s.pixels = pixels
	dc, _, _ := getDC.Call(s.hwnd)
	s.draw(dc, image.Rect(int(p.area.left), int(p.area.top), int(p.area.right), int(p.area.bottom)).Union(changed).Intersect(pixels.Rect))
	releaseDC.Call(s.hwnd, dc)
}

// draw copies a part of the pixels to the window.
func (s *Screen) draw(dc uintptr, r image.Rectangle) {
	if r.Empty() {
		return
	}
	// Go's order of colours, said to Windows instead of turned round.
	info := bitmapInfo{width: int32(s.pixels.Stride / 4), height: -int32(r.Dy()), planes: 1, bits: 32, compression: bitFields, red: 0xff, green: 0xff00, blue: 0xff0000}
	info.size = 40
	setDIBitsToDevice.Call(dc, uintptr(r.Min.X), uintptr(r.Min.Y), uintptr(r.Dx()), uintptr(r.Dy()), uintptr(r.Min.X), 0, 0, uintptr(r.Dy()),
		uintptr(unsafe.Pointer(&s.pixels.Pix[r.Min.Y*s.pixels.Stride])), uintptr(unsafe.Pointer(&info)), 0)
}

// char takes a character in UTF-16, one half after the other.
func (s *Screen) char(c rune) {
	if utf16.IsSurrogate(c) {
		if s.high == 0 {
			s.high = c
			return
		}
		c = utf16.DecodeRune(s.high, c)
	}
	s.high = 0
	if c >= ' ' && c != 0x7f { // Ctrl with a letter comes here too
		s.window.Typed(c)
	}
}

// Render implements embedded.Driver; package soft paints.
func (s *Screen) Render(image.Image) {}

// Run implements embedded.Driver; package soft has the loop.
func (s *Screen) Run(func()) {}

// ScreenSize implements embedded.Driver.
func (s *Screen) ScreenSize() fyne.Size { return fyne.Size{} }

// Queue implements embedded.Driver; package soft takes the events.
func (s *Screen) Queue() chan embedded.Event { return nil }
