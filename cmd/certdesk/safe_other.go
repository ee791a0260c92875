//go:build !windows || tinygo

package main

// startSafe is for Windows, where OpenGL may be missing.
func startSafe([]string) (code int, done bool) { return 0, false }
