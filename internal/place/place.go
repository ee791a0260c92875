// Package place says where this program keeps files of its own.
package place

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// State returns the folder name of what must outlive the program but belongs
// to this computer, such as the journal: below $XDG_STATE_HOME, which is
// ~/.local/state unless set; %LOCALAPPDATA% on Windows.
func State(getenv func(string) string, name string) (string, error) {
	return below(getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"), name)
}

// Data returns the folder name of what a person would back up: below
// $XDG_DATA_HOME, which is ~/.local/share unless set; %LOCALAPPDATA% on
// Windows.
func Data(getenv func(string) string, name string) (string, error) {
	return below(getenv, "XDG_DATA_HOME", filepath.Join(".local", "share"), name)
}

func below(getenv func(string) string, variable, usual, name string) (string, error) {
	if s := getenv(variable); filepath.IsAbs(s) {
		return filepath.Join(s, "certdesk", name), nil
	}
	if runtime.GOOS == "windows" {
		if s := getenv("LOCALAPPDATA"); s != "" {
			return filepath.Join(s, "Certdesk", strings.ToUpper(name[:1])+name[1:]), nil
		}
	}
	home := getenv("HOME")
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", err
		}
	}
	return filepath.Join(home, usual, "certdesk", name), nil
}
