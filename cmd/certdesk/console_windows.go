package main

import (
	"os"

	"golang.org/x/sys/windows"
)

var procAttachConsole = windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")

// attachConsole lets the program write to the console that it was started
// from: Windows gives a program with a window none. Output that goes to a
// file or a pipe stays there.
func attachConsole() {
	if h, err := windows.GetStdHandle(windows.STD_ERROR_HANDLE); err == nil && h != 0 && h != windows.InvalidHandle {
		return
	}
	const parent = ^uintptr(0)
	if r, _, _ := procAttachConsole.Call(parent); r == 0 {
		return // started from the desktop: nobody reads
	}
	if f, err := os.OpenFile("CONOUT$", os.O_RDWR, 0); err == nil {
		os.Stdout, os.Stderr = f, f
	}
}

// tell shows a text, which may be about a failure, to a person who has no
// console.
func tell(text string, failed bool) {
	if h, err := windows.GetStdHandle(windows.STD_ERROR_HANDLE); err == nil && h != 0 && h != windows.InvalidHandle || os.Stderr.Name() == "CONOUT$" {
		return
	}
	caption, err := windows.UTF16PtrFromString("Certdesk")
	if err != nil {
		return
	}
	message, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return
	}
	icon := uint32(windows.MB_ICONINFORMATION)
	if failed {
		icon = windows.MB_ICONERROR
	}
	_, _ = windows.MessageBox(0, message, caption, windows.MB_OK|icon) // nobody is left to be told
}
