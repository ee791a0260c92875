package certstore

import "certdesk/internal/certificate"

// A kind is what Linux and the memory store derive an entry's store from:
// their databases keep all certificates in one pile.
type kind struct {
	key        bool // the private key is there
	distrusted bool // marked as not to be trusted
	anchor     bool // trusted to issue certificates
	trusted    bool // trusted itself
}

// store returns the store that a certificate of this kind is shown in. A
// certificate with its key is Personal, whatever its trust.
func (k kind) store(c *certificate.Certificate) Name {
	switch {
	case k.key:
		return My
	case k.distrusted:
		return Disallowed
	case k.anchor:
		return Root
	case k.trusted:
		return TrustedPeople
	case c.IsCA():
		return CA
	}
	return People
}

// holds reports why the store name cannot hold c, or nil. key says that the
// private key is there or comes along.
func holds(name Name, c *certificate.Certificate, key bool) error {
	switch name {
	case My:
		if !key {
			return &impossible{"the private key is not there", "Import the PKCS#12 file (.pfx, .p12) that holds the private key; a certificate alone cannot be Personal."}
		}
	case Root, CA:
		if !c.IsCA() {
			return &impossible{"it is not a CA certificate", "Put it into Other People, or into Trusted People to trust this one certificate."}
		}
	case People, TrustedPeople:
		if c.IsCA() {
			return &impossible{"it is a CA certificate", "Put it into Intermediate CAs, or into Trusted Roots if it is to be trusted."}
		}
	case Disallowed:
	default:
		return &impossible{"there is no such store on this system", "The stores are my, ca, root, people, trustedpeople and disallowed."}
	}
	return nil
}

// movable reports why an entry of the store from cannot become one of the
// store to.
func movable(from, to Name, c *certificate.Certificate) error {
	if to == My && from != My {
		return holds(My, c, false)
	}
	if from == My && to != My {
		return &impossible{"its private key is there, which makes it Personal", "Delete the entry, or keep it; without its key it would be useless elsewhere."}
	}
	return holds(to, c, true)
}

// An impossible is an ErrNotPossible with its reason.
type impossible struct{ why, advice string }

func (e *impossible) Error() string        { return ErrNotPossible.Error() + ": " + e.why }
func (e *impossible) Is(target error) bool { return target == ErrNotPossible }

// A because is an error with the portable one it amounts to.
type because struct{ kind, err error }

func (b *because) Error() string   { return b.kind.Error() + ": " + b.err.Error() }
func (b *because) Unwrap() []error { return []error{b.kind, b.err} }
