package filedialog

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/ui"
)

// Dialogs shows dialogs over the program's window. Its methods block, on a
// thread of their own, until the person chose.
type Dialogs struct{}

// Open implements [ui.Picker].
func (Dialogs) Open(q ui.FileQuestion) ([]string, error) {
	options := uintptr(pathMustExist | fileMustExist)
	if q.Several {
		options |= allowMultiSelect
	}
	return ask(q, &classFileOpen, &interfaceOpen, options)
}

// Save implements [ui.Picker].
func (Dialogs) Save(q ui.FileQuestion) (string, error) {
	return first(ask(q, &classFileSave, &interfaceSave, pathMustExist|overwritePrompt))
}

// Folder implements [ui.Picker].
func (Dialogs) Folder(q ui.FileQuestion) (string, error) {
	return first(ask(q, &classFileOpen, &interfaceOpen, pathMustExist|pickFolders))
}

// options of a dialog, FILEOPENDIALOGOPTIONS
const (
	overwritePrompt  = 0x2
	noChangeDir      = 0x8
	pickFolders      = 0x20
	forceFileSystem  = 0x40
	allowMultiSelect = 0x200
	pathMustExist    = 0x800
	fileMustExist    = 0x1000
)

// methods by their place in the tables of IFileOpenDialog, IFileSaveDialog,
// IShellItem and IShellItemArray
const (
	release        = 2
	show           = 3
	setFileTypes   = 4
	setOptions     = 9
	setFolder      = 12
	setFileName    = 15
	setTitle       = 17
	getResult      = 20
	getResults     = 27 // of IFileOpenDialog only
	getDisplayName = 5
	getCount       = 7
	getItemAt      = 8
)

const (
	fileSystemPath = 0x80058000 // SIGDN_FILESYSPATH
	canceled       = 0x800704c7 // HRESULT of ERROR_CANCELLED
	inProcess      = 1          // CLSCTX_INPROC_SERVER
)

var (
	classFileOpen = windows.GUID{Data1: 0xdc1c5a9c, Data2: 0xe88a, Data3: 0x4dde, Data4: [8]byte{0xa5, 0xa1, 0x60, 0xf8, 0x2a, 0x20, 0xae, 0xf7}}
	interfaceOpen = windows.GUID{Data1: 0xd57c7288, Data2: 0xd4ad, Data3: 0x4768, Data4: [8]byte{0xbe, 0x02, 0x9d, 0x96, 0x95, 0x32, 0xd9, 0x60}}
	classFileSave = windows.GUID{Data1: 0xc0b4e2f3, Data2: 0xba21, Data3: 0x4773, Data4: [8]byte{0x8d, 0xba, 0x33, 0x5e, 0xc9, 0x46, 0xeb, 0x8b}}
	interfaceSave = windows.GUID{Data1: 0x84bccd23, Data2: 0x5fde, Data3: 0x4cdb, Data4: [8]byte{0xae, 0xa4, 0xaf, 0x64, 0xb8, 0x3d, 0x78, 0xab}}
	interfaceItem = windows.GUID{Data1: 0x43826d1e, Data2: 0xe718, Data3: 0x42ee, Data4: [8]byte{0xbc, 0x55, 0xa1, 0xe2, 0x61, 0xc3, 0x7b, 0xfe}}

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

// ask shows a dialog of a class and returns what was chosen, none if the
// person gave up.
func ask(q ui.FileQuestion, class, dialog *windows.GUID, options uintptr) (paths []string, err error) {
	done := make(chan struct{})
	owner := Window()
	go func() {
		defer close(done)
		runtime.LockOSThread() // COM and its windows belong to a thread
		if initErr := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED); initErr == nil {
			defer windows.CoUninitialize()
		}
		paths, err = choose(owner, q, class, dialog, options|forceFileSystem|noChangeDir)
	}() // the thread ends with the goroutine
	<-done
	if err != nil {
		return nil, fmt.Errorf("file dialog: %w", err)
	}
	return paths, nil
}

func choose(owner windows.HWND, q ui.FileQuestion, class, dialog *windows.GUID, options uintptr) ([]string, error) {
	var d *object
	r, _, _ := createInstance.Call(uintptr(unsafe.Pointer(class)), 0, inProcess, uintptr(unsafe.Pointer(dialog)), uintptr(unsafe.Pointer(&d)))
	if err := result(r); err != nil {
		return nil, err
	}
	defer d.call(release)
	if err := d.call(setOptions, options); err != nil {
		return nil, err
	}
	_ = d.call(setTitle, uintptr(unsafe.Pointer(utf16(q.Title)))) // the dialog has a title of its own
	if len(q.Filters) > 0 {
		var types []filter
		for _, f := range q.Filters {
			patterns := "*.*"
			if len(f.Extensions) > 0 {
				patterns = "*" + strings.Join(f.Extensions, ";*")
			}
			types = append(types, filter{utf16(f.Name), utf16(patterns)})
		}
		if err := d.call(setFileTypes, uintptr(len(types)), uintptr(unsafe.Pointer(&types[0]))); err != nil {
			return nil, err
		}
	}
	if folder := item(q.Near); folder != nil {
		_ = d.call(setFolder, uintptr(unsafe.Pointer(folder))) // else it begins where it likes
		_ = folder.call(release)
	}
	if options&overwritePrompt != 0 {
		_ = d.call(setFileName, uintptr(unsafe.Pointer(utf16(filepath.Base(q.Near)))))
	}
	if err := d.call(show, uintptr(owner)); err != nil {
		if err == windows.Errno(canceled) {
			return nil, nil
		}
		return nil, err
	}
	if options&allowMultiSelect == 0 {
		var chosen *object
		if err := d.call(getResult, uintptr(unsafe.Pointer(&chosen))); err != nil {
			return nil, err
		}
		path, err := pathOf(chosen)
		return []string{path}, err
	}
	var all *object
	if err := d.call(getResults, uintptr(unsafe.Pointer(&all))); err != nil {
		return nil, err
	}
	defer all.call(release)
	var n uint32
	if err := all.call(getCount, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	var paths []string
	for i := range n {
		var chosen *object
		if err := all.call(getItemAt, uintptr(i), uintptr(unsafe.Pointer(&chosen))); err != nil {
			return nil, err
		}
		path, err := pathOf(chosen)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// pathOf returns the path of a shell item, and releases it.
func pathOf(o *object) (string, error) {
	defer o.call(release)
	var name *uint16
	if err := o.call(getDisplayName, fileSystemPath, uintptr(unsafe.Pointer(&name))); err != nil {
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

// Window returns the program's window if the person is in it, else 0.
func Window() windows.HWND {
	w := windows.GetForegroundWindow()
	var process uint32
	if _, err := windows.GetWindowThreadProcessId(w, &process); err != nil || process != windows.GetCurrentProcessId() {
		return 0
	}
	return w
}
