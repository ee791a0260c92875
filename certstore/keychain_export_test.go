package certstore

import (
	"crypto"
	"crypto/rsa"

	"certdesk/certstore/internal/keychain"
)

// NewKeychainStore is what Open returns on macOS, on another library.
func NewKeychainStore(lib *keychain.Library, opts Options) Store {
	return newKeychainStore(lib, opts)
}

// EncodePSS is encodePSS.
func EncodePSS(public *rsa.PublicKey, hash crypto.Hash, digest []byte, salt int) ([]byte, error) {
	return encodePSS(public, hash, digest, salt)
}

// KeychainCauses is keychainCauses.
func KeychainCauses() map[error][]keychain.Status { return keychainCauses }
