package main

import (
	"context"

	"fyne.io/fyne/v2/driver"

	"certdesk/cmd/certdesk/internal/filedialog"
	"certdesk/ui"
)

// picker returns the desktop's file dialogs, which stand over the window.
func picker(window func() *ui.Window) ui.Picker {
	return &filedialog.Dialogs{Parent: func(ctx context.Context) uintptr {
		handle := make(chan uintptr, 1)
		window().Native(func(native any) {
			x, _ := native.(driver.X11WindowContext)
			handle <- x.WindowHandle
		})
		select {
		case id := <-handle:
			return id
		case <-ctx.Done():
			return 0
		}
	}}
}
