//go:build !windows

package main

import "certdesk/ui"

// highContrast is Windows'.
func highContrast() *ui.SystemColors { return nil }
