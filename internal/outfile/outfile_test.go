package outfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "client.pfx")
	if Exists(path) {
		t.Fatal("there is a file already")
	}
	for _, tt := range []struct {
		text string
		mode os.FileMode
	}{{"first", Public}, {"second, with a key", Private}} {
		if err := Write(path, []byte(tt.text), tt.mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != tt.text {
			t.Errorf("read back %q, %v", got, err)
		}
		if st, _ := os.Stat(path); st.Mode().Perm() != tt.mode && runtime.GOOS != "windows" { // there it is TestPrivate
			t.Errorf("mode %v, want %v", st.Mode().Perm(), tt.mode)
		}
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".certdesk-*"))
	if len(left) > 0 || !Exists(path) {
		t.Errorf("left over: %v", left)
	}
}

// TestWriteUntil waits for a reader of a pipe no longer than it may.
func TestWriteUntil(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no pipes among its files")
	}
	path := filepath.Join(t.TempDir(), "pipe")
	if out, err := exec.CommandContext(t.Context(), "mkfifo", path).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v: %s", err, out)
	}
	ended := make(chan struct{})
	done := make(chan error, 1)
	go func() { done <- WriteUntil(ended, path, []byte("late"), Public) }()
	close(ended)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("nobody reads: %v", err)
	}
	// Who reads now gets nothing of it; the writer opened the pipe, and closes it.
	if got, err := os.ReadFile(path); err != nil || len(got) > 0 {
		t.Errorf("a late reader gets %q, %v", got, err)
	}
	go func() { done <- WriteUntil(make(chan struct{}), path, []byte("in time"), Public) }()
	got, err := os.ReadFile(path)
	if err := errors.Join(err, <-done); err != nil || string(got) != "in time" {
		t.Errorf("a reader gets %q, %v", got, err)
	}
}

// TestCheckName has names that are files everywhere; those of devices are in
// the command scripts, as only Windows has them.
func TestCheckName(t *testing.T) {
	for _, path := range []string{"a.pem", "console.pem", "../a.pem", "..", ".", "/", "d/auxiliary"} {
		if err := CheckName(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"con", "NUL", "d/com1", `\\.\aux`} {
		if err := CheckName(path); errors.Is(err, ErrName) != (runtime.GOOS == "windows") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWriteLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	err := Write(filepath.Join(dir, "none", "a.pem"), nil, Public)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "the folder "+filepath.Join(dir, "none")+": ") || strings.Contains(err.Error(), ".certdesk-") {
		t.Errorf("written into a folder that does not exist: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), []byte("x"), Public); err == nil {
		t.Error("a folder was replaced")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left over: %v", names)
	}
}
