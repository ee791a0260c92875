package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/certstore"
	"certdesk/cmd/certdesk/internal/filedialog"
	"certdesk/internal/elevate"
	"certdesk/internal/journal"
)

var (
	procShellExecuteEx = windows.NewLazySystemDLL("shell32.dll").NewProc("ShellExecuteExW")
	procGetProcessID   = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetProcessId")
)

// elevator starts certctl.exe beside this program as administrator. It is not
// this program itself: that loads OpenGL from wherever it is found first,
// which a process with such rights must not.
func elevator() *elevate.Elevator {
	dir, err := journal.DefaultPath(os.Getenv)
	if err != nil {
		return nil
	}
	return &elevate.Elevator{
		Dir:      filepath.Join(filepath.Dir(dir), "Elevate"),
		Elevated: func() bool { return os.Getenv(readOnlyVariable) == "" && windows.GetCurrentProcessToken().IsElevated() },
		Start:    runAs,
	}
}

// readOnlyVariable makes the machine's stores read-only for this process and
// what it does that of a user without rights; see certstore.Open.
// With the value refused nobody says yes to Windows' question. Tests set it.
const (
	readOnlyVariable = "CERTDESK_MACHINE_READONLY"
	refused          = "refused"
)

// shellExecuteInfo is SHELLEXECUTEINFOW, shellapi.h.
type shellExecuteInfo struct {
	size                              uint32
	mask                              uint32
	window                            windows.Handle
	verb, file, parameters, directory *uint16
	show                              int32
	instance                          windows.Handle
	idList                            uintptr
	class                             *uint16
	key                               windows.Handle
	hotKey                            uint32
	icon                              windows.Handle
	process                           windows.Handle
}

type elevated struct {
	pid  int
	done chan struct{}
}

func (e *elevated) PID() int              { return e.pid }
func (e *elevated) Done() <-chan struct{} { return e.done }

// runAs starts certctl.exe with administrator's rights, after Windows has
// asked; it blocks meanwhile.
func runAs(_ context.Context, args []string) (elevate.Process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	helper := filepath.Join(filepath.Dir(exe), "certctl.exe")
	if _, err := os.Stat(helper); err != nil {
		return nil, fmt.Errorf("certctl.exe belongs beside certdesk.exe: %w", err)
	}
	var words []string
	for _, a := range args {
		words = append(words, syscall.EscapeArg(a))
	}
	verb, err1 := windows.UTF16PtrFromString("runas")
	file, err2 := windows.UTF16PtrFromString(helper)
	parameters, err3 := windows.UTF16PtrFromString(strings.Join(words, " "))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	const noCloseProcess, noAsync, noUI = 0x40, 0x100, 0x400
	info := shellExecuteInfo{mask: noCloseProcess | noAsync | noUI, verb: verb, file: file, parameters: parameters, show: windows.SW_HIDE}
	info.window = windows.Handle(filedialog.Window()) // without it the question may only blink in the task bar
	info.size = uint32(unsafe.Sizeof(info))
	if os.Getenv(readOnlyVariable) == refused {
		return nil, certstore.ErrCanceled
	}
	runtime.LockOSThread() // the shell may use COM
	defer runtime.UnlockOSThread()
	if err := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED|windows.COINIT_DISABLE_OLE1DDE); err == nil {
		defer windows.CoUninitialize()
	}
	if r, _, err := procShellExecuteEx.Call(uintptr(unsafe.Pointer(&info))); r == 0 {
		if errors.Is(err, windows.ERROR_CANCELLED) {
			return nil, certstore.ErrCanceled
		}
		return nil, fmt.Errorf("start certctl.exe as administrator: %w", err)
	}
	if info.process == 0 {
		return nil, errors.New("start certctl.exe as administrator: there is no process")
	}
	pid, _, _ := procGetProcessID.Call(uintptr(info.process))
	e := &elevated{int(pid), make(chan struct{})}
	go func() {
		windows.WaitForSingleObject(info.process, windows.INFINITE)
		windows.CloseHandle(info.process)
		close(e.done)
	}()
	return e, nil
}
