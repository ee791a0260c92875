package certstore

import (
	"errors"
	"fmt"
)

// Why an operation failed. Compare with [errors.Is].
var (
	ErrExists        = errors.New("already in the store")
	ErrNotFound      = errors.New("not in the store")
	ErrCanceled      = errors.New("canceled at the prompt")
	ErrDenied        = errors.New("access denied")
	ErrPassword      = errors.New("wrong password")
	ErrLocked        = errors.New("the store is locked by a password")
	ErrBusy          = errors.New("another program is using the certificate database")
	ErrDamaged       = errors.New("the certificate database is damaged or of an old format")
	ErrKey           = errors.New("the private key cannot be used")
	ErrNotExportable = errors.New("the private key is marked not exportable")
	ErrNotPossible   = errors.New("not possible there")
	ErrUnavailable   = errors.New("the store is not available on this system")
	ErrChanged       = errors.New("somebody changed it meanwhile")
	ErrNoAccount     = errors.New("there is no such account")
	ErrNameInUse     = errors.New("the friendly name belongs to a certificate with another subject")
)

// An Error records a failed operation and what it was about.
type Error struct {
	Op       string // "list", "put", "move", "delete", "sign", "export", "rename", "restore", "open", "generate", "complete", "discard", "permissions" or "relink"
	Location Location
	Store    Name   // may be empty
	Subject  string // the certificate; empty for "list" and "open"
	Path     string // where: a directory or file; may be empty
	Err      error  // matches one of the Err variables where one fits
	Advise   string // what the user can do, a full sentence, or ""
}

// Error returns operation, object, place and cause.
func (e *Error) Error() string {
	where := string(e.Location)
	if e.Store != "" {
		where += "/" + string(e.Store)
	}
	if e.Path != "" {
		where += " (" + e.Path + ")"
	}
	if e.Subject == "" {
		return fmt.Sprintf("%s %s: %v", e.Op, where, e.Err)
	}
	return fmt.Sprintf("%s %q in %s: %v", e.Op, e.Subject, where, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Advice returns what the user can do about err, as a full sentence, or "" if
// nothing is known. The command line prints it after "hint:", the window
// shows it under the error.
func Advice(err error) string {
	e, ok := errors.AsType[*Error](err)
	if ok && e.Advise != "" {
		return e.Advise
	}
	if i, ok := errors.AsType[*impossible](err); ok && i.advice != "" {
		return i.advice
	}
	switch {
	case ok && e.Op == "permissions" && errors.Is(err, ErrKey):
		return "Use Manage Private Keys of the certificates console."
	case errors.Is(err, errNeedsCNG):
		return "Let CNG keep the key; for a program that cannot use CNG keys, ask for a certificate with an RSA key."
	case errors.Is(err, ErrExists):
		return "Nothing has to be done: it is the same certificate."
	case errors.Is(err, ErrDenied):
		return "Choose the user location, or run this again as root with sudo."
	case errors.Is(err, ErrCanceled):
		return "Nothing was changed. Start again when the password is known."
	case errors.Is(err, ErrPassword):
		return "This is the password of the certificate store, not of the file that is imported."
	case errors.Is(err, ErrLocked):
		return "Give the password of the certificate store (in Firefox: the primary password)."
	case errors.Is(err, ErrBusy):
		return "Close the browser or other program that uses it, and try again."
	case errors.Is(err, ErrDamaged):
		return "Put a backup of the directory in its place; an old cert8.db becomes a new one with certutil --upgrade-merge."
	case errors.Is(err, ErrNotExportable):
		return "Keep using the key in place, or ask for a new certificate."
	case errors.Is(err, ErrNoAccount):
		return `Write it as Windows does: COMPUTER\name, DOMAIN\name, IIS AppPool\pool, NT SERVICE\service, or the SID (S-1-5-...).`
	case errors.Is(err, ErrChanged):
		return "Look at it again, and repeat the change if it is still wanted."
	case errors.Is(err, ErrNameInUse):
		return "Choose another friendly name."
	}
	return ""
}
