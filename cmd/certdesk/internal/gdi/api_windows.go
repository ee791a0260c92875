package gdi

import "golang.org/x/sys/windows"

var (
	user32   = windows.NewLazySystemDLL("user32.dll")
	gdi32    = windows.NewLazySystemDLL("gdi32.dll")
	kernel32 = windows.NewLazySystemDLL("kernel32.dll")
	shell32  = windows.NewLazySystemDLL("shell32.dll")

	adjustRect          = user32.NewProc("AdjustWindowRectEx")
	adjustRectForDPI    = user32.NewProc("AdjustWindowRectExForDpi") // since Windows 10
	beginPaint          = user32.NewProc("BeginPaint")
	closeClipboard      = user32.NewProc("CloseClipboard")
	createWindow        = user32.NewProc("CreateWindowExW")
	defWindowProc       = user32.NewProc("DefWindowProcW")
	destroyWindow       = user32.NewProc("DestroyWindow")
	dispatchMessage     = user32.NewProc("DispatchMessageW")
	emptyClipboard      = user32.NewProc("EmptyClipboard")
	endPaint            = user32.NewProc("EndPaint")
	getClientRect       = user32.NewProc("GetClientRect")
	getClipboardData    = user32.NewProc("GetClipboardData")
	getDC               = user32.NewProc("GetDC")
	getDPIForWindow     = user32.NewProc("GetDpiForWindow") // since Windows 10
	getKeyState         = user32.NewProc("GetKeyState")
	getMessage          = user32.NewProc("GetMessageW")
	invalidateRect      = user32.NewProc("InvalidateRect")
	isIconic            = user32.NewProc("IsIconic")
	killTimer           = user32.NewProc("KillTimer")
	loadCursor          = user32.NewProc("LoadCursorW")
	loadIcon            = user32.NewProc("LoadIconW")
	openClipboard       = user32.NewProc("OpenClipboard")
	postMessage         = user32.NewProc("PostMessageW")
	postQuitMessage     = user32.NewProc("PostQuitMessage")
	registerClass       = user32.NewProc("RegisterClassExW")
	releaseCapture      = user32.NewProc("ReleaseCapture")
	releaseDC           = user32.NewProc("ReleaseDC")
	screenToClient      = user32.NewProc("ScreenToClient")
	setCapture          = user32.NewProc("SetCapture")
	setClipboardData    = user32.NewProc("SetClipboardData")
	setCursor           = user32.NewProc("SetCursor")
	setForegroundWindow = user32.NewProc("SetForegroundWindow")
	setTimer            = user32.NewProc("SetTimer")
	setWindowPos        = user32.NewProc("SetWindowPos")
	setWindowText       = user32.NewProc("SetWindowTextW")
	showWindow          = user32.NewProc("ShowWindow")
	trackMouseEvent     = user32.NewProc("TrackMouseEvent")
	translateMessage    = user32.NewProc("TranslateMessage")
	updateWindow        = user32.NewProc("UpdateWindow")

	getDeviceCaps     = gdi32.NewProc("GetDeviceCaps")
	setDIBitsToDevice = gdi32.NewProc("SetDIBitsToDevice")

	getModuleHandle = kernel32.NewProc("GetModuleHandleW")
	globalAlloc     = kernel32.NewProc("GlobalAlloc")
	globalFree      = kernel32.NewProc("GlobalFree")
	globalLock      = kernel32.NewProc("GlobalLock")
	globalSize      = kernel32.NewProc("GlobalSize")
	globalUnlock    = kernel32.NewProc("GlobalUnlock")

	dragAcceptFiles = shell32.NewProc("DragAcceptFiles")
	dragFinish      = shell32.NewProc("DragFinish")
	dragQueryFile   = shell32.NewProc("DragQueryFileW")
	dragQueryPoint  = shell32.NewProc("DragQueryPoint")
)

// messages
const (
	wmDestroy         = 0x0002
	wmSize            = 0x0005
	wmSetFocus        = 0x0007
	wmKillFocus       = 0x0008
	wmPaint           = 0x000f
	wmClose           = 0x0010
	wmEraseBackground = 0x0014
	wmSettingChange   = 0x001a
	wmSetCursor       = 0x0020
	wmGetMinMaxInfo   = 0x0024
	wmKeyDown         = 0x0100
	wmKeyUp           = 0x0101
	wmChar            = 0x0102
	wmSysKeyDown      = 0x0104
	wmSysKeyUp        = 0x0105
	wmSysChar         = 0x0106
	wmUnicodeChar     = 0x0109
	wmSysCommand      = 0x0112
	wmTimer           = 0x0113
	wmMouseMove       = 0x0200
	wmLeftDown        = 0x0201
	wmLeftUp          = 0x0202
	wmRightDown       = 0x0204
	wmRightUp         = 0x0205
	wmMiddleDown      = 0x0207
	wmMiddleUp        = 0x0208
	wmWheel           = 0x020a
	wmWheelSideways   = 0x020e
	wmDropFiles       = 0x0233
	wmMouseLeave      = 0x02a3
	wmDPIChanged      = 0x02e0
	wmAppWork         = 0x8000
	wmAppStop         = 0x8001
)

const (
	overlappedWindow = 0x00cf0000
	showNormal       = 1
	showRestore      = 9
	posNoMove        = 0x0002
	posNoZOrder      = 0x0004
	posNoActivate    = 0x0010
	hitClient        = 1
	trackLeave       = 2
	anyButton        = 0x0013 // of a mouse message's first argument
	scKeyMenu        = 0xf100
	bitFields        = 3
	logPixelsX       = 88
)

type point struct{ x, y int32 }

type rect struct{ left, top, right, bottom int32 }

// windowClass is WNDCLASSEXW.
type windowClass struct {
	size, style                        uint32
	proc                               uintptr
	classExtra, windowExtra            int32
	instance, icon, cursor, background uintptr
	menuName, name                     *uint16
	smallIcon                          uintptr
}

// message is MSG.
type message struct {
	hwnd    uintptr
	message uint32
	w, l    uintptr
	time    uint32
	at      point
	private uint32
}

// paintStruct is PAINTSTRUCT.
type paintStruct struct {
	dc       uintptr
	erase    int32
	area     rect
	reserved [40]byte
}

// bitmapInfo is BITMAPINFO with the masks of BI_BITFIELDS.
type bitmapInfo struct {
	size                 uint32
	width, height        int32
	planes, bits         uint16
	compression, bytes   uint32
	xPerMeter, yPerMeter int32
	used, important      uint32
	red, green, blue     uint32
}

// minMaxInfo is MINMAXINFO.
type minMaxInfo struct{ reserved, maxSize, maxPosition, minTrack, maxTrack point }

// trackMouse is TRACKMOUSEEVENT.
type trackMouse struct {
	size, flags uint32
	hwnd        uintptr
	hoverTime   uint32
}
