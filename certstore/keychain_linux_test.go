package certstore_test

import (
	"context"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/certstore/internal/keychain/standin"
)

// A mac is a user's and a machine's keychain of the stand-in.
type mac struct {
	*standin.Library
	user, machine, roots string
	password             func(ctx context.Context, place string, again bool) ([]byte, error)
}

// macPassword is that of the keychains.
const macPassword = "keychain password"

func newMac(t testing.TB) *mac {
	t.Helper()
	l := standin.Load(t)
	return &mac{Library: l, user: l.Keychain(macPassword), machine: l.Keychain(macPassword), roots: "none"}
}

func (m *mac) getenv(name string) string {
	switch name {
	case "CERTDESK_USER_KEYCHAIN":
		return m.user
	case "CERTDESK_MACHINE_KEYCHAIN":
		return m.machine
	case "CERTDESK_ROOTS_KEYCHAIN":
		return m.roots
	}
	return ""
}

func (m *mac) open() certstore.Store {
	return certstore.NewKeychainStore(m.Library.Library, certstore.Options{Getenv: m.getenv, Password: m.password})
}

// TestKeychain is the contract, on a stand-in for Apple's frameworks: it
// proves our half of the calls, not macOS.
func TestKeychain(t *testing.T) {
	certstoretest.TestLimited(t, certstoretest.Limits{FreeNames: true}, func(t *testing.T) certstore.Store { return newMac(t).open() })
}

// TestKeychainWithoutPSS is the contract with keys that have no PSS of their own,
// as some of old keychains and tokens: Certdesk encodes the digest itself.
func TestKeychainWithoutPSS(t *testing.T) {
	certstoretest.TestLimited(t, certstoretest.Limits{FreeNames: true}, func(t *testing.T) certstore.Store {
		m := newMac(t)
		m.Set("no PSS")
		return m.open()
	})
}

// TestKeychainKeepTrust is the contract with the trust that tests on a Mac
// keep in the process, so that it is not first tried there.
func TestKeychainKeepTrust(t *testing.T) {
	certstoretest.TestLimited(t, certstoretest.Limits{FreeNames: true}, func(t *testing.T) certstore.Store {
		m := newMac(t)
		keepTrust(t, m.Library.Library)
		return m.open()
	})
}
