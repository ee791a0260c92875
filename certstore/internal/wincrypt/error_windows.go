package wincrypt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// An Error is a call that failed and the number it failed with.
type Error struct {
	Call string
	Code syscall.Errno
}

// Error returns the call, Windows' sentence and the number.
func (e *Error) Error() string {
	text := strings.TrimRight(e.Code.Error(), ". \r\n")
	if e.Code == syscall.EINVAL { // what x/sys makes of no reason
		return e.Call + ": Windows gives no reason"
	}
	if strings.HasPrefix(text, "winapi error") {
		return fmt.Sprintf("%s: error 0x%08X", e.Call, uint32(e.Code))
	}
	return fmt.Sprintf("%s: %s (0x%08X)", e.Call, text, uint32(e.Code))
}

// Unwrap returns the number, which [errors.Is] compares with the portable errors.
func (e *Error) Unwrap() error { return e.Code }

// A brief is an error of Windows without its sentence.
type brief struct{ err error }

// Brief returns err with the call and the number alone, for where other words
// say what the number means.
func Brief(err error) error { return &brief{err} }

func (b *brief) Error() string {
	if e, ok := errors.AsType[*Error](b.err); ok {
		return fmt.Sprintf("%s (0x%08X)", e.Call, uint32(e.Code))
	}
	if p, ok := errors.AsType[*fs.PathError](b.err); ok {
		if code, ok := errors.AsType[syscall.Errno](p.Err); ok {
			return fmt.Sprintf("%s %s (0x%08X)", p.Op, p.Path, uint32(code))
		}
	}
	if code, ok := b.err.(syscall.Errno); ok { //nolint:errorlint // what is wrapped says more
		return fmt.Sprintf("0x%08X", uint32(code))
	}
	return b.err.Error()
}

func (b *brief) Unwrap() error { return b.err }

// Wrap names the call that err comes from; nil stays nil.
func Wrap(call string, err error) error {
	if err == nil {
		return nil
	}
	if code, ok := errors.AsType[syscall.Errno](err); ok {
		return &Error{call, code}
	}
	return fmt.Errorf("%s: %w", call, err)
}

// IsCode reports whether err is one of Windows' codes, which x/sys declares
// as a Handle or as an Errno.
func IsCode[T windows.Handle | syscall.Errno](err error, codes ...T) bool {
	got, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return false
	}
	for _, c := range codes {
		if got == syscall.Errno(c) {
			return true
		}
	}
	return false
}

// call calls p and returns its result; a result of 0 is an error, that of the
// thread.
//
//go:uintptrescapes
func call(p *windows.LazyProc, args ...uintptr) (uintptr, error) {
	if err := p.Find(); err != nil {
		return 0, fmt.Errorf("%s: %w", p.Name, err)
	}
	r, _, err := p.Call(args...)
	if r != 0 {
		return r, nil
	}
	code, _ := err.(syscall.Errno) //nolint:errorlint // Call returns it as it is
	if code == 0 {
		code = syscall.EINVAL
	}
	return 0, &Error{p.Name, code}
}

// status calls p, whose result is an error code, 0 for none.
//
//go:uintptrescapes
func status(p *windows.LazyProc, args ...uintptr) error {
	if err := p.Find(); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if r, _, _ := p.Call(args...); uint32(r) != 0 {
		return &Error{p.Name, syscall.Errno(uint32(r))}
	}
	return nil
}

// OnWine returns the version of Wine, "" on Windows.
func OnWine() string {
	p := windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version")
	if p.Find() != nil {
		return ""
	}
	r, _, _ := p.Call()
	return windows.BytePtrToString(bytePtr(r))
}
