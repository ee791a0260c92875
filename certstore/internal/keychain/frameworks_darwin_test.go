package keychain_test

import (
	"testing"

	"certdesk/certstore/internal/keychain"
	"certdesk/certstore/internal/keychain/dylib"
)

// load loads the real frameworks: it fails, and says which, if a symbol is
// missing on this version of macOS.
func load(t *testing.T) *keychain.Library {
	t.Helper()
	l, err := dylib.Load(dylib.CoreFoundation, dylib.Security)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
