package secdesc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Control bits of a descriptor, [MS-DTYP] 2.4.6.
const (
	DACLPresent       = 0x0004
	SACLPresent       = 0x0010
	DACLAutoInherited = 0x0400
	DACLProtected     = 0x1000
	selfRelative      = 0x8000
)

// Types of entries, [MS-DTYP] 2.4.4.1.
const (
	Allow byte = 0
	Deny  byte = 1
)

// Flags of entries.
const (
	ObjectInherit    byte = 0x01
	ContainerInherit byte = 0x02
	NoPropagate      byte = 0x04
	InheritOnly      byte = 0x08
	Inherited        byte = 0x10
)

// An ACE is one entry of an access control list. Of types other than Allow and
// Deny the content is kept as it is in Body.
type ACE struct {
	Type, Flags byte
	Mask        uint32
	SID         SID
	Body        []byte // what follows the header, where Type is neither Allow nor Deny
}

func (a ACE) equal(b ACE) bool {
	return a.Type == b.Type && a.Flags == b.Flags && specific(a.Mask) == specific(b.Mask) && a.SID == b.SID && bytes.Equal(a.Body, b.Body)
}

// A Descriptor is a security descriptor. Owner and Group may be "".
type Descriptor struct {
	Control      uint16
	Owner, Group SID
	DACL         []ACE // nil with DACLPresent set means that everybody may do everything
	NullDACL     bool
	revision     byte   // of the DACL
	sacl         []byte // as it was read
}

// ErrDescriptor means that bytes or a text are no security descriptor.
var ErrDescriptor = errors.New("not a security descriptor")

const maxSize = 1 << 17 // two lists of at most 64 KiB

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrDescriptor, what) }

// Parse reads the self-relative form.
func Parse(b []byte) (*Descriptor, error) {
	if len(b) < 20 || len(b) > maxSize || b[0] != 1 {
		return nil, malformed("its header is malformed")
	}
	d := &Descriptor{Control: binary.LittleEndian.Uint16(b[2:])}
	if d.Control&selfRelative == 0 {
		return nil, malformed("it is not self-relative")
	}
	d.Control &^= selfRelative
	at := func(i int) ([]byte, error) {
		off := binary.LittleEndian.Uint32(b[4+4*i:])
		if off == 0 {
			return nil, nil
		}
		if off < 20 || off >= uint32(len(b)) {
			return nil, malformed("an offset is outside of it")
		}
		return b[off:], nil
	}
	for i, sid := range []*SID{&d.Owner, &d.Group} {
		p, err := at(i)
		if err == nil && p != nil {
			*sid, _, err = readSID(p)
		}
		if err != nil {
			return nil, err
		}
	}
	sacl, err := at(2)
	if err == nil && sacl != nil && d.Control&SACLPresent != 0 {
		var n int
		if _, _, n, err = readACL(sacl); err == nil {
			d.sacl = bytes.Clone(sacl[:n])
		}
	}
	if err != nil {
		return nil, err
	}
	dacl, err := at(3)
	if err == nil && d.Control&DACLPresent != 0 {
		if dacl == nil {
			d.NullDACL = true
		} else {
			d.DACL, d.revision, _, err = readACL(dacl)
		}
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// readACL reads an ACL at the start of b and returns its length.
func readACL(b []byte) (list []ACE, revision byte, n int, err error) {
	if len(b) < 8 {
		return nil, 0, 0, malformed("a list is cut off")
	}
	n = int(binary.LittleEndian.Uint16(b[2:]))
	count := int(binary.LittleEndian.Uint16(b[4:]))
	if n < 8 || n > len(b) {
		return nil, 0, 0, malformed("a list is cut off")
	}
	rest := b[8:n]
	for range count {
		if len(rest) < 4 {
			return nil, 0, 0, malformed("an entry is cut off")
		}
		size := int(binary.LittleEndian.Uint16(rest[2:]))
		if size < 4 || size > len(rest) {
			return nil, 0, 0, malformed("an entry is cut off")
		}
		a := ACE{Type: rest[0], Flags: rest[1]}
		body := rest[4:size]
		if a.Type == Allow || a.Type == Deny {
			if len(body) < 4 {
				return nil, 0, 0, malformed("an entry is cut off")
			}
			a.Mask = binary.LittleEndian.Uint32(body)
			if a.SID, _, err = readSID(body[4:]); err != nil {
				return nil, 0, 0, err
			}
		} else {
			a.Body = bytes.Clone(body)
		}
		list = append(list, a)
		rest = rest[size:]
	}
	return list, b[0], n, nil
}

func (d *Descriptor) daclBytes() ([]byte, error) {
	out := []byte{max(2, d.revision), 0, 0, 0}
	out = binary.LittleEndian.AppendUint16(out, uint16(len(d.DACL)))
	out = append(out, 0, 0)
	for _, a := range d.DACL {
		body := a.Body
		if a.Type == Allow || a.Type == Deny {
			body = append(binary.LittleEndian.AppendUint32(nil, a.Mask), a.SID.bytes()...)
		}
		out = append(out, a.Type, a.Flags)
		out = binary.LittleEndian.AppendUint16(out, uint16(4+len(body)))
		out = append(out, body...)
	}
	if len(out) > 0xffff {
		return nil, ErrFull
	}
	binary.LittleEndian.PutUint16(out[2:], uint16(len(out)))
	return out, nil
}

// Bytes returns the self-relative form.
func (d *Descriptor) Bytes() ([]byte, error) {
	var dacl []byte
	if d.Control&DACLPresent != 0 && !d.NullDACL {
		var err error
		if dacl, err = d.daclBytes(); err != nil {
			return nil, err
		}
	}
	parts := [4][]byte{2: d.sacl, 3: dacl}
	for i, s := range []SID{d.Owner, d.Group} {
		if s != "" {
			parts[i] = s.bytes()
		}
	}
	out := []byte{1, 0}
	out = binary.LittleEndian.AppendUint16(out, d.Control|selfRelative)
	off := 20
	for _, p := range parts {
		if p == nil {
			out = binary.LittleEndian.AppendUint32(out, 0)
			continue
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(off))
		off += len(p)
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out, nil
}

// SameAccess reports whether two descriptors have the same DACL. Control bits
// do not count, which Windows sets by itself, nor whether rights are generic
// ones or those of files that they stand for.
func SameAccess(a, b *Descriptor) bool {
	return a.NullDACL == b.NullDACL && (a.Control^b.Control)&DACLPresent == 0 && slices.EqualFunc(a.DACL, b.DACL, ACE.equal)
}
