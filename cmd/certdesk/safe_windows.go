//go:build !tinygo

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"

	"certdesk/cmd/certdesk/internal/opengl"
)

// safeName is the same program, drawn without OpenGL.
const safeName = "certdesk-safe.exe"

// startSafe runs certdesk-safe.exe in place of this program if there is no
// OpenGL to draw with, as on a server over Remote Desktop: the toolkit would
// wait for ever without a window. It returns the exit code.
func startSafe(args []string) (code int, done bool) {
	cause := opengl.Check()
	if cause == nil {
		return 0, false
	}
	self, err := os.Executable()
	if err != nil {
		return complain(cause, err), true
	}
	safe := exec.Command(filepath.Join(filepath.Dir(self), safeName), args...)
	safe.Stdin, safe.Stdout, safe.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = safe.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), true
	}
	if err != nil {
		return complain(cause, err), true
	}
	return 0, true
}

// complain says in a box of Windows' own why there is no window.
func complain(cause, err error) (code int) {
	text := fmt.Sprintf("Certdesk cannot draw its window: %s.\n\nThe program that does without OpenGL was not started: %s.\n\n"+
		"Copy %s into the same folder as certdesk.exe, or use certctl.exe on the command line.", words(cause), words(err), safeName)
	fmt.Fprintln(os.Stderr, "certdesk:", text)
	t, _ := windows.UTF16PtrFromString(text) // fails on a NUL, which no error has
	title, _ := windows.UTF16PtrFromString("Certdesk")
	_, _ = windows.MessageBox(0, t, title, windows.MB_ICONERROR|windows.MB_OK) // there is nobody else to tell
	return 1
}

// words is an error without the full stop that Windows ends its own with.
func words(err error) string { return strings.TrimSuffix(err.Error(), ".") }
