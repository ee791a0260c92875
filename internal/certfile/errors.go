package certfile

import (
	"context"
	"errors"
)

// noPassword is the type of [ErrNoPassword], which is a kind of [ErrPassword].
type noPassword struct{}

func (noPassword) Error() string { return "a password is needed" }

// Is reports whether target is ErrPassword.
func (noPassword) Is(target error) bool { return target == ErrPassword }

// A cause is one of the Err variables with its detail, before it is known
// which object of the file it is about.
type cause struct {
	err    error
	detail string
}

func (c cause) Error() string { return c.err.Error() + ": " + c.detail }
func (c cause) Unwrap() error { return c.err }

func unsupported(name string) error { return cause{ErrUnsupported, name} }
func tooMuch(detail string) error   { return cause{ErrTooMuch, detail} }
func damaged(detail string) error   { return cause{ErrDamaged, detail} }

// errAt makes an [Error] of err, which an operation on object met.
func errAt(op, object string, err error) error {
	var c cause
	var cut errTruncated
	if e := (*Error)(nil); errors.As(err, &e) {
		return err
	}
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &c):
		return &Error{op, object, c.detail, c.err}
	case errors.Is(err, errTooDeep) || errors.Is(err, errTooMany):
		return &Error{op, object, err.Error(), ErrTooMuch}
	case errors.As(err, &cut), errors.Is(err, errMalformed):
		return &Error{op, object, err.Error(), ErrDamaged}
	case errors.Is(err, ErrNoPassword):
		return &Error{op, object, "", ErrNoPassword}
	case errors.Is(err, ErrPassword):
		return &Error{op, object, "", ErrPassword}
	case errors.Is(err, ErrUnknown):
		return &Error{op, object, "", ErrUnknown}
	}
	return &Error{op, object, err.Error(), ErrDamaged}
}
