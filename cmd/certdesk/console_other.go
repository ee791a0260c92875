//go:build !windows

package main

func attachConsole() {}

func tell(string, bool) {}
