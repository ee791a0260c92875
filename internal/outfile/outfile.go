// Package outfile writes files for people: whole or not at all.
package outfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// Write replaces path with data in one step: a reader sees the old file or
// the new one. The mode holds from the first byte on. A device or a pipe is
// written to as it is.
func Write(path string, data []byte, mode os.FileMode) error {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
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
