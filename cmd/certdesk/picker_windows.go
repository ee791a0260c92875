package main

import (
	"certdesk/cmd/certdesk/internal/filedialog"
	"certdesk/ui"
)

// picker returns Windows' own file dialogs.
func picker(func() *ui.Window) ui.Picker { return filedialog.Dialogs{} }
