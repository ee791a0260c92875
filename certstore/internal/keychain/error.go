package keychain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Error is a call that failed.
type Error struct {
	Call   string
	Status Status // of a CFError: its code
	Text   string // the system's sentence; may be empty
}

// Error returns the call, the system's sentence and the number.
func (e *Error) Error() string {
	if text := strings.TrimRight(e.Text, ". \n"); text != "" {
		return fmt.Sprintf("%s: %s (%d)", e.Call, text, e.Status)
	}
	return fmt.Sprintf("%s: error %d", e.Call, e.Status)
}

// The numbers that something is made of (SecBase.h, Authorization.h, MacErrors.h).
const (
	ErrUserCanceled             Status = -128
	ErrWritePermission          Status = -61
	ErrNotAvailable             Status = -25291
	ErrReadOnly                 Status = -25292
	ErrAuthFailed               Status = -25293
	ErrNoSuchKeychain           Status = -25294
	ErrInvalidKeychain          Status = -25295
	ErrDuplicateItem            Status = -25299
	ErrItemNotFound             Status = -25300
	ErrNoDefaultKeychain        Status = -25307
	ErrInteractionNotAllowed    Status = -25308
	ErrInteractionRequired      Status = -25315
	ErrDataNotAvailable         Status = -25316
	ErrNoAccessForItem          Status = -25243
	ErrNoTrustSettings          Status = -25263
	ErrPKCS12VerifyFailure      Status = -25264
	ErrUnsupportedKeyFormat     Status = -25257
	ErrDecode                   Status = -26275
	ErrInternalComponent        Status = -2070
	ErrMissingEntitlement       Status = -34018
	ErrAuthorizationDenied      Status = -60005
	ErrAuthorizationCanceled    Status = -60006
	ErrAuthorizationInteraction Status = -60007
)

// Check returns the error that s stands for, nil for success.
func (l *Library) Check(call string, s Status) error {
	if s == 0 {
		return nil
	}
	text := l.SecCopyErrorMessageString(s, 0)
	e := &Error{Call: call, Status: s, Text: l.Text(text)}
	if text != 0 {
		l.CFRelease(text)
	}
	return e
}

// CheckCFError returns the error that the CFError ref stands for, and
// releases it. ref may be NULL, where a call failed and gave no reason.
func (l *Library) CheckCFError(call string, ref Ref) error {
	if ref == 0 {
		return &Error{Call: call, Status: ErrInternalComponent, Text: "the system gives no reason"}
	}
	defer l.CFRelease(ref)
	e := &Error{Call: call, Status: Status(l.CFErrorGetCode(ref))}
	if text := l.CFErrorCopyDescription(ref); text != 0 {
		e.Text = l.Text(text)
		l.CFRelease(text)
	}
	return e
}

// IsStatus reports whether err is one of the numbers.
func IsStatus(err error, numbers ...Status) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(numbers, e.Status)
}
