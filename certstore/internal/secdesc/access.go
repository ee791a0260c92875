package secdesc

import (
	"errors"
	"slices"
)

// Rights. The generic ones stand for those of the object's kind, which are
// files, or registry keys under Wine; the lowest bit of all kinds means
// reading the data.
const (
	GenericAll   uint32 = 0x10000000
	GenericExec  uint32 = 0x20000000
	GenericWrite uint32 = 0x40000000
	GenericRead  uint32 = 0x80000000

	FileAll   uint32 = 0x001f01ff
	FileRead  uint32 = 0x00120089
	FileWrite uint32 = 0x00120116
	FileExec  uint32 = 0x001200a0
	KeyAll    uint32 = 0x000f003f
	KeyRead   uint32 = 0x00020019

	readData  uint32 = 0x00000001
	keyRights uint32 = 0x001f019b // CryptoKeyRights.FullControl of .NET
)

// Use is what an account needs to use a private key: read, as "Manage private
// keys" of the certificates console grants it.
const Use = GenericRead | FileRead

// An Access is what an entry allows.
type Access int

// The accesses.
const (
	None  Access = iota // nothing that concerns the use of a key
	Using               // using the key
	Full                // using it, deleting it, and saying who may
)

// AccessOf returns what a mask means for a key.
func AccessOf(mask uint32) Access {
	switch {
	case mask&GenericAll != 0, mask&keyRights == keyRights, mask&KeyAll == KeyAll:
		return Full
	case mask&(GenericRead|readData) != 0:
		return Using
	}
	return None
}

// specific replaces generic rights by those of files.
func specific(mask uint32) uint32 {
	for _, g := range []struct{ generic, file uint32 }{{GenericAll, FileAll}, {GenericRead, FileRead}, {GenericWrite, FileWrite}, {GenericExec, FileExec}} {
		if mask&g.generic != 0 {
			mask = mask&^g.generic | g.file
		}
	}
	return mask
}

// Why a change is refused.
var (
	ErrEverybody = errors.New("the key has no access list: everybody may use it")
	ErrDenied    = errors.New("an entry denies the account the key")
	ErrInherited = errors.New("the account may use the key because it may read the folder")
	ErrNeeded    = errors.New("the key's owner, SYSTEM and Administrators keep their access")
	ErrFull      = errors.New("the key's access list is full: Windows has no longer ones than 64 KiB")
)

// concerns reports whether an entry is about the object itself.
func (a ACE) concerns() bool { return a.Flags&InheritOnly == 0 && AccessOf(a.Mask) != None }

// isAlso reports whether every account that is sid is group too.
func (sid SID) isAlso(group SID) bool {
	return sid == group || group == everyone || group == authenticated && sid != anonymous
}

// Grant lets sid use the key with the rights mask, beside everything that is
// there. changed is false when it could already.
func (d *Descriptor) Grant(sid SID, mask uint32) (changed bool, err error) {
	if d.NullDACL || d.Control&DACLPresent == 0 {
		return false, ErrEverybody // one entry would lock all others out
	}
	own := -1
	for i, a := range d.DACL {
		switch {
		case a.Type == Deny && a.concerns() && sid.isAlso(a.SID):
			return false, ErrDenied
		case a.SID != sid:
		case a.Type == Allow && a.concerns():
			return false, nil
		case a.Type == Allow && a.Flags == 0:
			own = i
		}
	}
	d.DACL = slices.Clone(d.DACL)
	if own >= 0 {
		d.DACL[own].Mask |= mask
		return true, nil
	}
	// The canonical order is: denied, allowed, inherited ones.
	at := slices.IndexFunc(d.DACL, func(a ACE) bool { return a.Flags&Inherited != 0 })
	if at < 0 {
		at = len(d.DACL)
	}
	d.DACL = slices.Insert(d.DACL, at, ACE{Type: Allow, Mask: mask, SID: sid})
	return true, nil
}

// Revoke takes away the entries that let sid use the key. changed is false when
// there are none.
func (d *Descriptor) Revoke(sid SID) (changed bool, err error) {
	if d.NullDACL || d.Control&DACLPresent == 0 {
		return false, ErrEverybody
	}
	if sid == System || sid == Administrators || sid == d.Owner {
		return false, ErrNeeded
	}
	inherited := false
	list := slices.DeleteFunc(slices.Clone(d.DACL), func(a ACE) bool {
		if a.SID != sid || a.Type != Allow || !a.concerns() {
			return false
		}
		if a.Flags&Inherited != 0 {
			inherited = true
			return false
		}
		return true
	})
	if inherited {
		return false, ErrInherited
	}
	changed = len(list) != len(d.DACL)
	d.DACL = list
	return changed, nil
}

// Revocable reports whether Revoke would take the key from u.
func (d *Descriptor) Revocable(u User) bool {
	c := *d
	changed, err := c.Revoke(u.SID)
	return changed && err == nil && !u.Denied
}

// A User is an account that an entry allows or denies the key.
type User struct {
	SID       SID
	Access    Access
	Denied    bool
	Inherited bool
}

// Users lists whom the entries name, in their order; those of one account are
// joined. everybody is true where there is no list.
func (d *Descriptor) Users() (list []User, everybody bool) {
	if d.NullDACL || d.Control&DACLPresent == 0 {
		return nil, true
	}
	for _, a := range d.DACL {
		if a.Type != Allow && a.Type != Deny || !a.concerns() {
			continue
		}
		u := User{a.SID, AccessOf(a.Mask), a.Type == Deny, a.Flags&Inherited != 0}
		i := slices.IndexFunc(list, func(o User) bool { return o.SID == u.SID && o.Denied == u.Denied })
		if i < 0 {
			list = append(list, u)
			continue
		}
		list[i].Access = max(list[i].Access, u.Access)
		list[i].Inherited = list[i].Inherited && u.Inherited
	}
	return list, false
}
