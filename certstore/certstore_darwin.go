package certstore

import (
	"context"

	"certdesk/certstore/internal/keychain/dylib"
)

// Open returns the stores of this system: the user's keychain, and the System
// keychain with the roots that macOS ships. It reads and creates nothing yet.
//
// The variables CERTDESK_USER_KEYCHAIN, CERTDESK_MACHINE_KEYCHAIN and
// CERTDESK_ROOTS_KEYCHAIN name other keychain files.
func Open(ctx context.Context, opts Options) (Store, error) {
	lib, err := dylib.Load(dylib.CoreFoundation, dylib.Security)
	if err != nil {
		return nil, &Error{Op: "open", Location: User, Err: &because{ErrUnavailable, err},
			Advise: "This version of macOS lacks what Certdesk was written for; look for a newer Certdesk."}
	}
	return newKeychainStore(lib, opts), nil
}
