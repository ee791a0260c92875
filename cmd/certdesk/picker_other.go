//go:build !windows && !linux

package main

import "certdesk/ui"

// picker leaves files to the toolkit's dialogs.
func picker(func() *ui.Window) ui.Picker { return nil }
