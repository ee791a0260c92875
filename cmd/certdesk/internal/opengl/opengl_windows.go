// Package opengl says whether the window can be drawn with OpenGL, without
// needing it: linked into a program, it also makes that start where there is
// no OPENGL32.dll, see late_windows.c.
package opengl

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What the toolkit asks GLFW for.
const needMajor, needMinor = 2, 1

var (
	user32 = windows.NewLazySystemDLL("user32.dll")
	gdi32  = windows.NewLazySystemDLL("gdi32.dll")
	// Where GLFW looks as well: Mesa's library beside the program counts.
	opengl32 = windows.NewLazyDLL("opengl32.dll")

	createWindow  = user32.NewProc("CreateWindowExW")
	destroyWindow = user32.NewProc("DestroyWindow")
	getDC         = user32.NewProc("GetDC")
	releaseDC     = user32.NewProc("ReleaseDC")

	choosePixelFormat = gdi32.NewProc("ChoosePixelFormat")
	setPixelFormat    = gdi32.NewProc("SetPixelFormat")

	createContext = opengl32.NewProc("wglCreateContext")
	deleteContext = opengl32.NewProc("wglDeleteContext")
	makeCurrent   = opengl32.NewProc("wglMakeCurrent")
	getString     = opengl32.NewProc("glGetString")
)

const glVersion = 0x1f02

// pixelFormat is PIXELFORMATDESCRIPTOR.
type pixelFormat struct {
	size, version                                           uint16
	flags                                                   uint32
	pixelType, colorBits                                    byte
	_                                                       [8]byte // bits and shifts of colours
	_                                                       [5]byte // accumulation buffer
	depthBits, stencilBits, auxBuffers, layerType, reserved byte
	layerMask, visibleMask, damageMask                      uint32
}

// Check returns nil if OpenGL is good enough for the toolkit, else what is
// missing. It asks the driver of a window that is never shown.
func Check() error {
	runtime.LockOSThread() // a context belongs to a thread
	defer runtime.UnlockOSThread()
	for _, p := range []*windows.LazyProc{createContext, deleteContext, makeCurrent, getString} {
		if err := p.Find(); err != nil {
			return fmt.Errorf("OpenGL: %w", err)
		}
	}
	version, err := driverVersion()
	if err != nil {
		return fmt.Errorf("OpenGL: %w", err)
	}
	if !enough(version) {
		return fmt.Errorf("OpenGL %d.%d or newer is needed, this session has %s", needMajor, needMinor, version)
	}
	return nil
}

// driverVersion returns what the driver says of itself, such as "4.6.0 NVIDIA".
func driverVersion() (string, error) {
	class, title := windows.StringToUTF16Ptr("STATIC"), windows.StringToUTF16Ptr("Certdesk")
	window, _, err := createWindow.Call(0, uintptr(unsafe.Pointer(class)), uintptr(unsafe.Pointer(title)), 0, 0, 0, 16, 16, 0, 0, 0, 0)
	if window == 0 {
		return "", fmt.Errorf("window: %w", err)
	}
	defer destroyWindow.Call(window)
	dc, _, err := getDC.Call(window)
	if dc == 0 {
		return "", fmt.Errorf("device context: %w", err)
	}
	defer releaseDC.Call(window, dc)
	const drawToWindow, supportOpenGL, doubleBuffer = 0x4, 0x20, 0x1
	want := pixelFormat{version: 1, flags: drawToWindow | supportOpenGL | doubleBuffer, colorBits: 32, depthBits: 24, stencilBits: 8}
	want.size = uint16(unsafe.Sizeof(want))
	format, _, err := choosePixelFormat.Call(dc, uintptr(unsafe.Pointer(&want)))
	if format == 0 {
		return "", fmt.Errorf("pixel format: %w", err)
	}
	if r, _, err := setPixelFormat.Call(dc, format, uintptr(unsafe.Pointer(&want))); r == 0 {
		return "", fmt.Errorf("pixel format: %w", err)
	}
	context, _, err := createContext.Call(dc)
	if context == 0 {
		return "", fmt.Errorf("context: %w", err)
	}
	defer deleteContext.Call(context)
	if r, _, err := makeCurrent.Call(dc, context); r == 0 {
		return "", fmt.Errorf("context: %w", err)
	}
	defer makeCurrent.Call(0, 0)
	p, _, _ := getString.Call(glVersion)
	if p == 0 {
		return "", fmt.Errorf("no version")
	}
	return windows.BytePtrToString(*(**byte)(unsafe.Pointer(&p))), nil
}

// enough reports whether a version string begins with a number that suffices.
func enough(version string) bool {
	number, _, _ := strings.Cut(version, " ")
	parts := strings.Split(number, ".")
	if len(parts) < 2 {
		return false
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err == nil && err2 == nil && (major > needMajor || major == needMajor && minor >= needMinor)
}
