package certstore

import (
	"context"
	"strings"
)

// A LooseKey is a private key that no certificate of its location uses.
type LooseKey struct {
	Location  Location
	Name      string // its label or container, for people; may be empty
	ID        string // how the system names it: NSS's CKA_ID in hex
	Algorithm string // "RSA 2048", "EC P-256"; "" where it cannot be told
	Locked    bool   // only its public half could be seen
	Request   bool   // made for a certificate request that waits for its answer
	Path      string // where it is kept: a directory, or Windows' provider
	Remove    string // the command of the system's own tools that deletes it
}

// A KeyLister is a Store that can list private keys without certificates.
type KeyLister interface {
	// LooseKeys lists them, sorted by ID. It never prompts and changes
	// nothing; in a locked store it goes by the public halves. With an error
	// it returns what it could read.
	LooseKeys(ctx context.Context, loc Location) ([]LooseKey, error)
}

// madeForRequest reports whether a key has the name of one that
// [KeyGenerator.Generate] made.
func madeForRequest(name string) bool { return strings.HasPrefix(name, ContainerOf("")) }
