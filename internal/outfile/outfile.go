// Package outfile writes files for people: whole or not at all.
package outfile

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Modes of files.
const (
	Public  os.FileMode = 0o644
	Private os.FileMode = 0o600 // with a private key in it
)

// A FolderError is a folder in which no file can be made.
type FolderError struct {
	Dir string
	Err error
}

// Error names the folder and not the file that was tried in it.
func (e *FolderError) Error() string {
	err := e.Err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return "the folder " + e.Dir + ": " + err.Error()
}

// Unwrap returns the system's error.
func (e *FolderError) Unwrap() error { return e.Err }

// ErrName means that the system keeps a name for its devices: what Windows
// calls con, nul, aux, com1 and the like is no file, whatever is written to it.
var ErrName = errors.New("the name of a device on this system, not of a file")

// CheckName fails with [ErrName] if no file can have the name of path.
func CheckName(path string) error {
	name := filepath.Base(path)
	if device, ok := strings.CutPrefix(filepath.VolumeName(path), `\\.\`); ok { // what becomes of such a name in an absolute path
		return fmt.Errorf("%s is %w", device, ErrName)
	}
	if name == ".." || os.IsPathSeparator(name[0]) || filepath.IsLocal(name) { // that a folder is no file is said when it is opened
		return nil
	}
	return fmt.Errorf("%s is %w", name, ErrName)
}

// Write replaces path with data in one step: a reader sees the old file or
// the new one. The mode holds from the first byte on. A device or a pipe is
// written to as it is.
func Write(path string, data []byte, mode os.FileMode) error {
	return WriteUntil(nil, path, data, mode)
}

// WriteUntil is Write that gives up waiting for somebody to read from a pipe
// when ended is closed, and then fails with [context.Canceled]. A file is
// written whole or not at all in any case.
func WriteUntil(ended <-chan struct{}, path string, data []byte, mode os.FileMode) error {
	if err := CheckName(path); err != nil {
		return err
	}
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return writeThrough(ended, path, data)
	}
	f, err := createTemp(filepath.Dir(path), mode)
	if err != nil {
		return &FolderError{filepath.Dir(path), err}
	}
	_, err = f.Write(data)
	if err == nil && mode != Private {
		err = f.Chmod(mode) // Unix: it was made with mode 0600
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
		if link, ok := errors.AsType[*os.LinkError](err); ok { // the other name says nothing to anybody
			err = &fs.PathError{Op: "write", Path: path, Err: link.Err}
		}
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func createTemp(dir string, mode os.FileMode) (*os.File, error) {
	if mode == Private {
		return CreatePrivate(filepath.Join(dir, ".certdesk-"+rand.Text()))
	}
	return os.CreateTemp(dir, ".certdesk-*")
}

// CreatePrivate makes a file that this user alone may read and write, before
// there is anything in it. It fails if there is a file.
func CreatePrivate(path string) (*os.File, error) { return createPrivate(path) }

// writeThrough writes to a device or a pipe. To open a pipe that nobody reads
// listens to nothing, so that is waited for from outside; what was not
// written goes with the process.
func writeThrough(ended <-chan struct{}, path string, data []byte) error {
	data = bytes.Clone(data) // the caller may wipe it meanwhile
	done := make(chan error, 1)
	go func() {
		defer clear(data)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			done <- err
			return
		}
		select {
		case <-ended: // a reader came too late
		default:
			_, err = f.Write(data)
		}
		done <- errors.Join(err, f.Close())
	}()
	select {
	case err := <-done:
		return err
	case <-ended:
		return context.Canceled
	}
}

// Exists reports whether there is a file with content at path that Write would
// replace. An empty one, as mktemp makes, is nobody's loss.
func Exists(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Size() > 0
}

// Folder returns where people look for files that a program wrote: their
// Downloads, or their home.
func Folder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if d := filepath.Join(home, "Downloads"); isDir(d) {
		return d
	}
	return home
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
