package nss

import (
	"errors"
	"fmt"
)

// What an [Error] can mean. Compare with [errors.Is].
var (
	ErrBusy        = errors.New("the database is locked by another program")
	ErrReadOnly    = errors.New("the database is read-only")
	ErrLocked      = errors.New("the database needs its password")
	ErrPassword    = errors.New("wrong password")
	ErrKeyUnusable = errors.New("softoken cannot use the key")
	ErrChanged     = errors.New("another program changed the database meanwhile")
	ErrDatabase    = errors.New("the database cannot be opened")
	ErrFull        = errors.New("no space left")
	ErrUnavailable = errors.New("softoken is not available")
)

// PKCS#11 return values (CKR) that are told apart.
const (
	ckrHostMemory               = 0x2
	ckrGeneralError             = 0x5
	ckrAttributeReadOnly        = 0x10
	ckrAttributeTypeInvalid     = 0x12
	CKR_ATTRIBUTE_VALUE_INVALID = 0x13 // a certificate's label belongs to another subject; or a key type is unknown
	ckrDeviceError              = 0x30
	ckrDeviceMemory             = 0x31
	ckrObjectHandleInvalid      = 0x82
	ckrPINIncorrect             = 0xA0
	ckrSessionClosed            = 0xB0
	ckrSessionHandleInvalid     = 0xB3
	ckrSessionReadOnly          = 0xB5
	ckrTokenWriteProtected      = 0xE2
	ckrUserAlreadyLoggedIn      = 0x100
	ckrUserNotLoggedIn          = 0x101
	ckrUserPINNotInit           = 0x102
	ckrAlreadyInitialized       = 0x191
	ckrNSSCertDBFailed          = vendor + 1
	ckrNSSKeyDBFailed           = vendor + 2
)

var codeNames = map[uint]string{
	ckrHostMemory: "CKR_HOST_MEMORY", ckrGeneralError: "CKR_GENERAL_ERROR", ckrAttributeReadOnly: "CKR_ATTRIBUTE_READ_ONLY",
	ckrAttributeTypeInvalid: "CKR_ATTRIBUTE_TYPE_INVALID", CKR_ATTRIBUTE_VALUE_INVALID: "CKR_ATTRIBUTE_VALUE_INVALID",
	ckrDeviceError: "CKR_DEVICE_ERROR", ckrDeviceMemory: "CKR_DEVICE_MEMORY", ckrObjectHandleInvalid: "CKR_OBJECT_HANDLE_INVALID",
	ckrPINIncorrect: "CKR_PIN_INCORRECT", ckrSessionClosed: "CKR_SESSION_CLOSED", ckrSessionHandleInvalid: "CKR_SESSION_HANDLE_INVALID",
	ckrSessionReadOnly: "CKR_SESSION_READ_ONLY", ckrTokenWriteProtected: "CKR_TOKEN_WRITE_PROTECTED",
	ckrUserAlreadyLoggedIn: "CKR_USER_ALREADY_LOGGED_IN", ckrUserNotLoggedIn: "CKR_USER_NOT_LOGGED_IN",
	ckrUserPINNotInit: "CKR_USER_PIN_NOT_INITIALIZED", ckrAlreadyInitialized: "CKR_CRYPTOKI_ALREADY_INITIALIZED",
	ckrNSSCertDBFailed: "CKR_NSS_CERTDB_FAILED", ckrNSSKeyDBFailed: "CKR_NSS_KEYDB_FAILED",
}

// An Error is a PKCS#11 call and what it returned.
type Error struct {
	Call string // such as "C_CreateObject"
	Code uint   // the CKR value
}

// Error returns the call and the code with its name.
func (e *Error) Error() string {
	if n, ok := codeNames[e.Code]; ok {
		return fmt.Sprintf("%s: %s (0x%X)", e.Call, n, e.Code)
	}
	return fmt.Sprintf("%s: 0x%X", e.Call, e.Code)
}

// Is reports whether e means target, one of the Err variables.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case ckrSessionReadOnly, ckrTokenWriteProtected, ckrAttributeReadOnly:
		return target == ErrReadOnly
	case ckrUserNotLoggedIn:
		return target == ErrLocked
	case ckrPINIncorrect:
		return target == ErrPassword && e.Call != "C_InitPIN" // which says so when the empty password of a new database cannot be written
	case ckrObjectHandleInvalid, ckrSessionHandleInvalid, ckrSessionClosed:
		return target == ErrChanged
	case ckrNSSCertDBFailed, ckrNSSKeyDBFailed:
		return target == ErrDatabase
	case ckrDeviceMemory:
		return target == ErrFull
	case ckrHostMemory: // what C_SignInit says of a key it cannot decrypt or whose curve it does not know
		return target == ErrKeyUnusable && e.Call == "C_SignInit"
	}
	return false
}

// code returns the CKR value of err, 0 if it has none.
func code(err error) uint {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}

// IsCode reports whether err carries the CKR value c.
func IsCode(err error, c uint) bool { return c != 0 && code(err) == c }
