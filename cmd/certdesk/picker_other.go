//go:build !windows

package main

import "certdesk/ui"

// picker leaves files to the toolkit's dialogs.
func picker() ui.Picker { return nil }
