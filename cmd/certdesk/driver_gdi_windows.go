//go:build tinygo

package main

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"certdesk/cmd/certdesk/internal/gdi"
	"certdesk/cmd/certdesk/internal/soft"
)

// newApp returns an app that draws without OpenGL: certdesk-safe.exe.
func newApp() (fyne.App, error) {
	screen, err := gdi.New()
	if err != nil {
		return nil, fmt.Errorf("open the window: %w", err)
	}
	base := app.NewWithID(appID)
	app.SetDriverDetails(base, screen)
	return soft.New(base, screen), nil
}
