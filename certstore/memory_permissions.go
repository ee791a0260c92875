package certstore

import (
	"bytes"
	"context"

	"certdesk/certstore/internal/secdesc"
)

var _ KeyPermitter = (*memory)(nil)

// memoryAccounts knows the accounts that need no look-up.
var memoryAccounts = accounts{
	name: func(s secdesc.SID) string {
		if n := s.Name(); n != "" {
			return n
		}
		return string(s)
	},
	find: func(name string) (secdesc.SID, error) {
		if sid, ok := secdesc.Account(name); ok {
			return sid, nil
		}
		return "", noAccount(name)
	},
}

// memoryDescriptor is what a new key has: that of Windows' keys of the
// machine.
func memoryDescriptor() []byte {
	d, err := secdesc.ParseSDDL("O:SYG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)")
	if err != nil {
		panic(err) // it is a constant
	}
	b, err := d.Bytes()
	if err != nil {
		panic(err)
	}
	return b
}

// withKey runs f on the key of an entry.
func (m *memory) withKey(ctx context.Context, ref Ref, f func(*memoryKey) error) error {
	return m.with(ctx, "permissions", ref, func(p *pile, c *memoryCertificate) error {
		k := p.keys[string(c.KeyID())]
		if k == nil {
			return errNoKey
		}
		if k.descriptor == nil {
			k.descriptor = memoryDescriptor()
		}
		return f(k)
	})
}

// KeyPermissions implements [KeyPermitter].
func (m *memory) KeyPermissions(ctx context.Context, ref Ref) (p KeyPermissions, err error) {
	err = m.withKey(ctx, ref, func(k *memoryKey) error {
		p, err = memoryAccounts.permissions("key file", "memory", k.descriptor)
		return err
	})
	return p, err
}

// PlanKeyPermissions implements [KeyPermitter].
func (m *memory) PlanKeyPermissions(ctx context.Context, ref Ref, c KeyChange) (before, after KeyPermissions, err error) {
	err = m.withKey(ctx, ref, func(k *memoryKey) error {
		if before, err = memoryAccounts.permissions("key file", "memory", k.descriptor); err == nil {
			after, err = memoryAccounts.plan(before, c, secdesc.Use)
		}
		return err
	})
	return before, after, err
}

// SetKeyPermissions implements [KeyPermitter].
func (m *memory) SetKeyPermissions(ctx context.Context, ref Ref, from, to []byte) error {
	return m.withKey(ctx, ref, func(k *memoryKey) error {
		return swap(from, to, func() ([]byte, error) { return k.descriptor, nil }, func(b []byte) error {
			k.descriptor = bytes.Clone(b)
			return nil
		})
	})
}
