//go:build !windows

package main

func register() error { return errNoRegistry }

func unregister() error { return errNoRegistry }
