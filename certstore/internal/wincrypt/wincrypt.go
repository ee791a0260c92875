// Package wincrypt calls the functions of crypt32, advapi32 and ncrypt that
// golang.org/x/sys/windows lacks. They keep Windows' names, so Microsoft's
// manual applies, and decide nothing.
//
// It is empty on other systems.
package wincrypt
