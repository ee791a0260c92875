package main

import (
	"net/url"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
)

// openFolder returns what shows a folder in the system's file manager.
func openFolder(a fyne.App) func(string) error {
	return func(path string) error {
		path = filepath.ToSlash(path)
		if !strings.HasPrefix(path, "/") {
			path = "/" + path // C:/Users
		}
		return a.OpenURL(&url.URL{Scheme: "file", Path: path})
	}
}
