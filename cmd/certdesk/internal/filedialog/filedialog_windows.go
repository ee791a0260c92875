// Package filedialog shows Windows' own dialogs for choosing a file or a
// folder, with network places, recent files and a path that can be typed.
package filedialog

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Dialogs shows dialogs over the program's window. Its methods block, on a
// thread of their own, until the person chose; "" means that they did not.
type Dialogs struct{}

// File asks for a file with one of the extensions, such as ".pfx", or any
// file. near is a file or folder to begin at, or "".
func (Dialogs) File(title string, extensions []string, near string) (path string, err error) {
	return ask(title, forceFileSystem|pathMustExist|fileMustExist|noChangeDir, extensions, near)
}

// Folder asks for a folder.
func (Dialogs) Folder(title, near string) (path string, err error) {
	return ask(title, forceFileSystem|pathMustExist|pickFolders|noChangeDir, nil, near)
}

// options of a dialog, FILEOPENDIALOGOPTIONS
const (
	noChangeDir     = 0x8
	pickFolders     = 0x20
	forceFileSystem = 0x40
	pathMustExist   = 0x800
	fileMustExist   = 0x1000
)

// methods by their place in the table of IFileOpenDialog and IShellItem
const (
	release        = 2
	show           = 3
	setFileTypes   = 4
	setOptions     = 9
	setFolder      = 12
	setTitle       = 17
	getResult      = 20
	getDisplayName = 5
)

const (
	fileSystemPath = 0x80058000 // SIGDN_FILESYSPATH
	canceled       = 0x800704c7 // HRESULT of ERROR_CANCELLED
	inProcess      = 1          // CLSCTX_INPROC_SERVER
)

var (
	classFileOpen   = windows.GUID{Data1: 0xdc1c5a9c, Data2: 0xe88a, Data3: 0x4dde, Data4: [8]byte{0xa5, 0xa1, 0x60, 0xf8, 0x2a, 0x20, 0xae, 0xf7}}
	interfaceDialog = windows.GUID{Data1: 0xd57c7288, Data2: 0xd4ad, Data3: 0x4768, Data4: [8]byte{0xbe, 0x02, 0x9d, 0x96, 0x95, 0x32, 0xd9, 0x60}}
	interfaceItem   = windows.GUID{Data1: 0x43826d1e, Data2: 0xe718, Data3: 0x42ee, Data4: [8]byte{0xbc, 0x55, 0xa1, 0xe2, 0x61, 0xc3, 0x7b, 0xfe}}

	ole32          = windows.NewLazySystemDLL("ole32.dll")
	shell32        = windows.NewLazySystemDLL("shell32.dll")
	createInstance = ole32.NewProc("CoCreateInstance")
	itemFromPath   = shell32.NewProc("SHCreateItemFromParsingName")
)

// object is a COM object.
type object struct{ methods *[29]uintptr }

// call calls a method and returns its HRESULT as an error. Pointers among the
// arguments stay valid until it returns.
//
//go:uintptrescapes
func (o *object) call(method int, args ...uintptr) error {
	r, _, _ := syscall.SyscallN(o.methods[method], append([]uintptr{uintptr(unsafe.Pointer(o))}, args...)...)
	return result(r)
}

// result returns an error for a HRESULT that says failure.
func result(r uintptr) error {
	if int32(r) < 0 {
		return windows.Errno(uint32(r))
	}
	return nil
}

// filter is COMDLG_FILTERSPEC.
type filter struct{ name, patterns *uint16 }

// ask shows a dialog and returns what was chosen.
func ask(title string, options uintptr, extensions []string, near string) (path string, err error) {
	done := make(chan struct{})
	owner := window()
	go func() {
		defer close(done)
		runtime.LockOSThread() // COM and its windows belong to a thread
		if initErr := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED); initErr == nil {
			defer windows.CoUninitialize()
		}
		path, err = choose(owner, title, options, extensions, near)
	}() // the thread ends with the goroutine
	<-done
	if err != nil {
		return "", fmt.Errorf("file dialog: %w", err)
	}
	return path, nil
}

func choose(owner windows.HWND, title string, options uintptr, extensions []string, near string) (string, error) {
	var d *object
	r, _, _ := createInstance.Call(uintptr(unsafe.Pointer(&classFileOpen)), 0, inProcess, uintptr(unsafe.Pointer(&interfaceDialog)), uintptr(unsafe.Pointer(&d)))
	if err := result(r); err != nil {
		return "", err
	}
	defer d.call(release)
	if err := d.call(setOptions, options); err != nil {
		return "", err
	}
	if t, err := windows.UTF16PtrFromString(title); err == nil {
		_ = d.call(setTitle, uintptr(unsafe.Pointer(t))) // the dialog has a title of its own
	}
	if len(extensions) > 0 {
		patterns := "*" + strings.Join(extensions, ";*")
		types := []filter{{utf16(patterns), utf16(patterns)}, {utf16("*.*"), utf16("*.*")}}
		if err := d.call(setFileTypes, uintptr(len(types)), uintptr(unsafe.Pointer(&types[0]))); err != nil {
			return "", err
		}
	}
	if folder := item(near); folder != nil {
		_ = d.call(setFolder, uintptr(unsafe.Pointer(folder))) // else it begins where it likes
		_ = folder.call(release)
	}
	if err := d.call(show, uintptr(owner)); err != nil {
		if err == windows.Errno(canceled) {
			return "", nil
		}
		return "", err
	}
	var chosen *object
	if err := d.call(getResult, uintptr(unsafe.Pointer(&chosen))); err != nil {
		return "", err
	}
	defer chosen.call(release)
	var name *uint16
	if err := chosen.call(getDisplayName, fileSystemPath, uintptr(unsafe.Pointer(&name))); err != nil {
		return "", err
	}
	defer windows.CoTaskMemFree(unsafe.Pointer(name))
	return windows.UTF16PtrToString(name), nil
}

// item returns the folder of a path as the shell knows it, or nil. A path that
// is a file or is not there yet stands for the folder it is in.
func item(path string) *object {
	for range 2 {
		if path == "" {
			return nil
		}
		if attributes, err := windows.GetFileAttributes(utf16(path)); err == nil && attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0 {
			var o *object
			r, _, _ := itemFromPath.Call(uintptr(unsafe.Pointer(utf16(path))), 0, uintptr(unsafe.Pointer(&interfaceItem)), uintptr(unsafe.Pointer(&o)))
			if result(r) != nil {
				return nil
			}
			return o
		}
		path = path[:max(0, strings.LastIndexAny(path, `\/`))]
		if strings.HasSuffix(path, ":") {
			path += `\`
		}
	}
	return nil
}

// utf16 returns a string for Windows; one with a NUL is cut there.
func utf16(s string) *uint16 {
	s, _, _ = strings.Cut(s, "\x00")
	p, _ := windows.UTF16PtrFromString(s) // fails on a NUL only
	return p
}

// window returns the program's window if the person is in it, else 0.
func window() windows.HWND {
	w := windows.GetForegroundWindow()
	var process uint32
	if _, err := windows.GetWindowThreadProcessId(w, &process); err != nil || process != windows.GetCurrentProcessId() {
		return 0
	}
	return w
}
