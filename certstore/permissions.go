package certstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"certdesk/certstore/internal/secdesc"
)

// A KeyAccess is what an account may do with a private key.
type KeyAccess string

// The accesses.
const (
	AccessUse  KeyAccess = "use"  // sign and decrypt with it
	AccessFull KeyAccess = "full" // also delete it, and say who may use it
)

// A KeyUser is an account that may use a private key, or is denied it.
type KeyUser struct {
	Account   string // as the system writes it; the SID where it has no name
	SID       string // Windows; "" elsewhere
	Access    KeyAccess
	Denied    bool   // it may not, whatever else allows it
	Inherited bool   // by the folder that the key is kept in
	Revocable bool   // a revocation would be accepted
	Through   string // how, for people: "owner of key4.db"; "" where the key names the account
}

// KeyPermissions say who may use one private key.
type KeyPermissions struct {
	Kind      string // what has the permissions: "CNG key", "CryptoAPI key", "key file" or "NSS database"
	Path      string // where it is: a file, a folder or a key container
	Owner     string
	Everybody bool // there is no list: everybody may
	Users     []KeyUser
	Password  bool // they need a password besides
	// Fixed is why they cannot be changed here, nil when they can.
	Fixed error
	// Descriptor is Windows' security descriptor in self-relative form, nil
	// on other systems; SDDL is the same as text, where it can be written.
	Descriptor []byte
	SDDL       string
}

// Reason says why the permissions cannot be changed, "" when they can.
func (p KeyPermissions) Reason() string {
	if p.Fixed == nil {
		return ""
	}
	why := p.Fixed
	if e, ok := errors.AsType[*Error](why); ok { // which place it is stands beside it
		why = e.Err
	}
	return strings.TrimPrefix(why.Error(), ErrNotPossible.Error()+": ")
}

// A KeyChange grants an account the use of a key, or revokes it.
type KeyChange struct {
	Account string // a name as the system writes it, or a SID
	Revoke  bool
}

// A KeyPermitter is a Store that knows who may use its private keys.
type KeyPermitter interface {
	// KeyPermissions tells who may use the key of an entry. It fails with
	// [ErrNotFound] if there is none. It never prompts.
	KeyPermissions(ctx context.Context, ref Ref) (KeyPermissions, error)

	// PlanKeyPermissions returns the permissions as they are and as they
	// would be, and changes nothing. It adds to the list or takes from it
	// and never replaces it. after.Descriptor equals before.Descriptor where
	// nothing has to be done. It fails with [ErrNoAccount] for an unknown
	// account, and with [ErrNotPossible] for what the system or good sense
	// forbids.
	PlanKeyPermissions(ctx context.Context, ref Ref, c KeyChange) (before, after KeyPermissions, err error)

	// SetKeyPermissions sets the list of the descriptor to if it is that of
	// the descriptor from; it fails with [ErrChanged] if it is another.
	// If it is that of to already, there is nothing to do.
	SetKeyPermissions(ctx context.Context, ref Ref, from, to []byte) error
}

// errNoKey says that there is no key to have permissions.
var errNoKey = &because{ErrNotFound, errors.New("there is no private key")}

// accounts are how a system names accounts.
type accounts struct {
	name func(secdesc.SID) string
	find func(string) (secdesc.SID, error)
}

// permissions reads a descriptor.
func (a accounts) permissions(kind, path string, descriptor []byte) (KeyPermissions, error) {
	d, err := secdesc.Parse(descriptor)
	if err != nil {
		return KeyPermissions{}, err
	}
	p := KeyPermissions{Kind: kind, Path: path, Descriptor: descriptor}
	p.SDDL, _ = d.SDDL() // what it cannot write is in Users in part, and kept in any case
	if d.Owner != "" {
		p.Owner = a.name(d.Owner)
	}
	var users []secdesc.User
	users, p.Everybody = d.Users()
	for _, u := range users {
		access := AccessUse
		if u.Access == secdesc.Full {
			access = AccessFull
		}
		p.Users = append(p.Users, KeyUser{Account: a.name(u.SID), SID: string(u.SID), Access: access, Denied: u.Denied, Inherited: u.Inherited, Revocable: d.Revocable(u)})
	}
	return p, nil
}

// plan carries out c on the permissions p; mask is what to grant.
func (a accounts) plan(p KeyPermissions, c KeyChange, mask uint32) (KeyPermissions, error) {
	if p.Fixed != nil {
		return p, p.Fixed
	}
	sid, err := a.find(c.Account)
	if err != nil {
		return p, err
	}
	d, err := secdesc.Parse(p.Descriptor)
	if err != nil {
		return p, err
	}
	var changed bool
	if c.Revoke {
		changed, err = d.Revoke(sid)
	} else {
		changed, err = d.Grant(sid, mask)
	}
	if err != nil {
		return p, &impossible{err.Error(), refusals[err]}
	}
	if !changed {
		return p, nil
	}
	b, err := d.Bytes()
	if err != nil {
		return p, &impossible{err.Error(), refusals[err]}
	}
	return a.permissions(p.Kind, p.Path, b)
}

// refusals say what to do instead.
var refusals = map[error]string{
	secdesc.ErrEverybody: "Give it an access list with Manage Private Keys of the certificates console first.",
	secdesc.ErrDenied:    "Remove the entry that denies it with Manage Private Keys of the certificates console; somebody set it on purpose.",
	secdesc.ErrInherited: "Take the account's right to the folder away, if that is wanted for all keys in it.",
	secdesc.ErrFull:      "Grant a group instead of single accounts, and take entries away with Manage Private Keys of the certificates console.",
	secdesc.ErrNeeded:    "Without them nobody could give the key back. Delete the certificate with its key if nobody is to use it.",
}

// sameList reports whether two descriptors list the same.
func sameList(a, b []byte) (bool, error) {
	x, err := secdesc.Parse(a)
	if err != nil {
		return false, err
	}
	y, err := secdesc.Parse(b)
	if err != nil {
		return false, err
	}
	return secdesc.SameAccess(x, y), nil
}

// swap carries out SetKeyPermissions: it compares what is with from and to,
// and then has set write to and looks at what has become of it.
func swap(from, to []byte, get func() ([]byte, error), set func([]byte) error) error {
	now, err := get()
	if err != nil {
		return err
	}
	if same, err := sameList(now, to); same || err != nil {
		return err
	}
	if same, err := sameList(now, from); !same || err != nil {
		if err == nil {
			err = ErrChanged
		}
		return err
	}
	if err := set(to); err != nil {
		return err
	}
	if now, err = get(); err != nil {
		return err
	}
	same, err := sameList(now, to)
	if err == nil && !same {
		err = &impossible{"the system took the change and did not keep it", "The key's provider has no permissions of its own; look at the key with Manage Private Keys of the certificates console."}
	}
	return err
}

// noAccount is the error for a name that nobody has.
func noAccount(name string) error {
	return &because{ErrNoAccount, fmt.Errorf("%.80q", name)}
}
