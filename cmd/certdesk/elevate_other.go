//go:build !windows

package main

import "certdesk/internal/elevate"

// elevator is nil: where there is sudo, the advice names it.
func elevator() *elevate.Elevator { return nil }
