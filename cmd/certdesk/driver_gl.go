//go:build !tinygo

package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

// newApp returns an app that draws with OpenGL.
func newApp() (fyne.App, error) { return app.NewWithID(appID), nil }
