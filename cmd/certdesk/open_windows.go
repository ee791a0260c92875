package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"unsafe"

	"fyne.io/fyne/v2/driver"
	"golang.org/x/sys/windows"

	"certdesk/internal/pipe"
)

var (
	procIsIconic                 = windows.NewLazySystemDLL("user32.dll").NewProc("IsIconic")
	procShowWindow               = windows.NewLazySystemDLL("user32.dll").NewProc("ShowWindow")
	procSetForegroundWindow      = windows.NewLazySystemDLL("user32.dll").NewProc("SetForegroundWindow")
	procAllowSetForegroundWindow = windows.NewLazySystemDLL("user32.dll").NewProc("AllowSetForegroundWindow")
	procGetNamedPipeServerPID    = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetNamedPipeServerProcessId")
)

// pipeOf returns the pipe of the user's window and who may open it: this user
// alone. Each session (desktop) has a window of its own: one that is on
// another desktop could not come to the front here.
func pipeOf() (path, sddl string, err error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", "", fmt.Errorf("who is the user: %w", err)
	}
	var session uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session); err != nil {
		return "", "", fmt.Errorf("which session: %w", err)
	}
	sid := user.User.Sid.String()
	return fmt.Sprintf(`\\.\pipe\certdesk-%s-%d`, sid, session), "D:P(A;;GA;;;" + sid + ")", nil
}

// single hands paths to the window that is open, and reports whether there
// was one; else it becomes the one that listens. An error means that later
// starts will open windows of their own.
func single(paths []string) (h *handover, handed bool, err error) {
	path, sddl, err := pipeOf()
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	for range 5 { // two starts at once: one makes the pipe, the other finds it
		ctx, cancel := context.WithTimeout(context.Background(), messageTime)
		c, dialErr := pipe.Dial(ctx, path)
		cancel()
		switch {
		case dialErr == nil:
			if err = admit(c); err != nil {
				c.Close()
				return nil, false, fmt.Errorf("single window: %w", err)
			}
			if err = send(c, paths); err == nil {
				return nil, true, nil
			}
		case errors.Is(dialErr, os.ErrNotExist):
			var l *pipe.Listener
			if l, err = pipe.Listen(path, sddl); err == nil {
				return &handover{l}, false, nil
			}
		default: // such as the pipe of a window that runs as administrator
			return nil, false, fmt.Errorf("single window: %w", dialErr)
		}
	}
	return nil, false, fmt.Errorf("single window: %w", err)
}

// admit makes sure that a program of this user is at the other end of c: the
// pipe's name is no secret, and somebody else may have taken it first. It lets
// that program bring its window to the front, which Windows grants to the
// program that a person has just used.
func admit(c net.Conn) error {
	f, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return errors.New("this is no pipe")
	}
	var pid uint32
	if r, _, err := procGetNamedPipeServerPID.Call(f.Fd(), uintptr(unsafe.Pointer(&pid))); r == 0 {
		return fmt.Errorf("who has the pipe: %w", err)
	}
	theirs, err := userOf(pid)
	if err != nil {
		return fmt.Errorf("who has the pipe: %w", err)
	}
	ours, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("who is the user: %w", err)
	}
	if !theirs.Equals(ours.User.Sid) {
		return fmt.Errorf("the pipe is of the account %s", theirs)
	}
	procAllowSetForegroundWindow.Call(uintptr(pid)) // what it refuses, only the task bar shows
	return nil
}

// userOf returns whose process pid is.
func userOf(pid uint32) (*windows.SID, error) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(process)
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return nil, err
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return nil, err
	}
	return user.User.Sid.Copy()
}

// raise brings the window to the front, also from the task bar.
func raise(native any) {
	w, ok := native.(driver.WindowsWindowContext)
	if !ok || w.HWND == 0 {
		return
	}
	const restore = 9
	if iconic, _, _ := procIsIconic.Call(w.HWND); iconic != 0 {
		procShowWindow.Call(w.HWND, restore)
	}
	procSetForegroundWindow.Call(w.HWND) // where Windows refuses, the task bar blinks
}
