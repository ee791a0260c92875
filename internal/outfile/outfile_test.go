package outfile

import (
	"errors"
	"io/fs"
	"os"
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
