//go:build !windows

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// socketDir returns a directory of the user's own.
func socketDir() (string, error) {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if err := private(dir); err == nil {
			return dir, nil
		}
	}
	dir := filepath.Join(os.TempDir(), "certdesk-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return dir, private(dir)
}

// private reports as an error when others could get at dir.
func private(dir string) error {
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !st.IsDir() || !ok || int(sys.Uid) != os.Getuid() || st.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: not a private directory of this user", dir)
	}
	return nil
}

// single hands paths to the window that is open, and reports whether there
// was one; else it becomes the one that listens. An error means that later
// starts will open windows of their own.
func single(paths []string) (h *handover, handed bool, err error) {
	dir, err := socketDir()
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	path := filepath.Join(dir, "certdesk.sock")
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	defer lock.Close() // two starts at once: one waits for the other
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	if c, err := net.DialTimeout("unix", path, messageTime); err == nil && send(c, paths) == nil {
		return nil, true, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a crash: nobody answers
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	return &handover{l}, false, nil
}

// raise does nothing: the toolkit has asked the window manager already.
func raise(any) {}
