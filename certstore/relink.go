package certstore

import (
	"context"
	"errors"
)

// A KeyLink is what leads from a certificate to its private key; the zero
// KeyLink is none. It is plain data without a secret, to be compared and, in
// the journal, to outlive the process.
type KeyLink struct {
	Container string `json:"container"`          // Windows: the key container or CNG's name of the key; NSS: CKA_ID in hex
	Provider  string `json:"provider,omitempty"` // Windows: the provider's name; else ""
	Type      uint32 `json:"type,omitempty"`     // Windows: PROV_..., 0 for CNG
	Spec      uint32 `json:"spec,omitempty"`     // Windows: AT_KEYEXCHANGE, AT_SIGNATURE, 0 for CNG
	Flags     uint32 `json:"flags,omitempty"`    // Windows: CRYPT_MACHINE_KEYSET and others
}

// String names the key for people.
func (l KeyLink) String() string {
	switch {
	case l.Container == "":
		return "none"
	case l.Provider == "":
		return l.Container
	}
	return l.Container + " (" + l.Provider + ")"
}

// A FoundKey is an entry whose private key is there. Was and Found are equal
// where the entry leads to it already.
type FoundKey struct {
	Ref   Ref
	Was   KeyLink // what the entry leads to now, if only to nothing
	Found KeyLink // where the key is
}

// Lost reports whether the entry has to be linked again.
func (f FoundKey) Lost() bool { return f.Was != f.Found }

// A Relinker is a Store that can find the private key of an entry that lost
// the link to it, and link them again.
type Relinker interface {
	// FindKeys looks among the private keys of a location for those of
	// entries, by their public halves. Entries without a key are left out. It
	// never prompts and changes nothing; keys in hardware are not looked at.
	FindKeys(ctx context.Context, loc Location, refs ...Ref) ([]FoundKey, error)

	// Relink makes the entry lead to the key to, and proves it by a
	// signature, for which it may prompt; if that fails the entry is as it
	// was and the error is [ErrKey]. It fails with [ErrChanged] unless from
	// is what the entry leads to.
	Relink(ctx context.Context, ref Ref, from, to KeyLink) error

	// Unlink is the way back: it makes the entry lead to what it led to,
	// though no key be there. It fails like Relink and proves nothing.
	Unlink(ctx context.Context, ref Ref, from, to KeyLink) error
}

// relink makes an entry lead to another key with set, and proves it.
func relink(from, to KeyLink, set func(from, to KeyLink) error, prove func() error) error {
	if err := set(from, to); err != nil {
		return err
	}
	err := prove()
	if err == nil {
		return nil
	}
	return errors.Join(err, set(to, from))
}

// wanted returns refs of a location as a set.
func wanted(loc Location, refs []Ref) map[Ref]bool {
	set := map[Ref]bool{}
	for _, r := range refs {
		if r.Location == loc {
			set[r] = true
		}
	}
	return set
}
