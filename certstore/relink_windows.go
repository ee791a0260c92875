package certstore

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

var (
	_ Relinker  = (*windowsStore)(nil)
	_ KeyLister = (*windowsStore)(nil)
)

// A storedKey is a private key that Windows keeps in software.
type storedKey struct {
	link   *link
	public crypto.PublicKey
}

// errNoCNGList is why Wine's keys of CNG are not listed.
var errNoCNGList = &because{ErrNotPossible, errors.New("Wine does not list the keys of CNG")}

// storedKeys returns the keys of a location whose public half can be read
// without a prompt and whose name begins with prefix, by name, and why there
// may be more. With a prefix of the store, which only tests have, others are
// none of its business.
func (s *windowsStore) storedKeys(ctx context.Context, loc Location, prefix string) ([]storedKey, error) {
	prefix = s.prefix + prefix
	capi, cng := usual(ProviderCAPI), usual(ProviderCNG)
	l := newLink(capi, loc, "")
	names, err := wincrypt.CryptEnumContainers(l.Provider, l.ProvType, l.Flags)
	var keys []storedKey
	for _, name := range names {
		if ctx.Err() != nil {
			return keys, ctx.Err()
		}
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		for _, spec := range []uint32{windows.AT_KEYEXCHANGE, windows.AT_SIGNATURE} {
			l := newLink(capi, loc, name)
			l.KeySpec = spec
			if public, err := publicOf(l); err == nil { // else the container is empty, or somebody else's
				keys = append(keys, storedKey{l, public})
			}
		}
	}
	names, cngErr := s.namesOfCNG(loc)
	for _, name := range names {
		if ctx.Err() != nil {
			return keys, ctx.Err()
		}
		if l := newLink(cng, loc, name); strings.HasPrefix(name, prefix) {
			if public, err := publicOf(l); err == nil {
				keys = append(keys, storedKey{l, public})
			}
		}
	}
	slices.SortFunc(keys, func(a, b storedKey) int { return cmp.Compare(a.link.Container, b.link.Container) })
	return keys, errors.Join(err, cngErr)
}

// namesOfCNG lists CNG's keys in software.
func (s *windowsStore) namesOfCNG(loc Location) ([]string, error) {
	if wincrypt.OnWine() != "" { // its NCryptEnumKeys is a stub, and some stubs end the process
		return nil, errNoCNGList
	}
	p, err := wincrypt.NCryptOpenStorageProvider(wincrypt.MS_KEY_STORAGE_PROVIDER)
	if err != nil {
		return nil, err
	}
	defer wincrypt.NCryptFreeObject(p)
	return wincrypt.NCryptEnumKeys(p, wincrypt.NCRYPT_SILENT_FLAG|newLink(usual(ProviderCNG), loc, "").Flags)
}

// publicOf returns the public half of the key that l leads to, without a
// prompt.
func publicOf(l *link) (crypto.PublicKey, error) {
	k, err := open(l, windows.CRYPT_SILENT)
	if err != nil {
		return nil, err
	}
	defer k.close()
	if k.key != 0 {
		blob, err := wincrypt.NCryptExportKey(k.key, wincrypt.BCRYPT_PUBLIC_KEY_BLOB, 0)
		if err != nil {
			return nil, err
		}
		return parseCNGPublicBlob(blob)
	}
	var public crypto.PublicKey
	err = k.withUserKey(func(h wincrypt.Key) error {
		blob, err := wincrypt.CryptExportKey(h, wincrypt.PUBLICKEYBLOB)
		if err == nil {
			public, err = parsePublicBlob(blob)
		}
		return err
	})
	return public, err
}

// keyLink is l as data.
func keyLink(l *link) KeyLink {
	if l == nil {
		return KeyLink{}
	}
	return KeyLink{l.Container, l.Provider, l.ProvType, l.KeySpec, l.Flags}
}

// link is the reverse of keyLink.
func (l KeyLink) link() *link {
	if l == (KeyLink{}) {
		return nil
	}
	return &link{Container: l.Container, Provider: l.Provider, ProvType: l.Type, KeySpec: l.Spec, Flags: l.Flags}
}

// FindKeys implements [Relinker].
func (s *windowsStore) FindKeys(ctx context.Context, loc Location, refs ...Ref) ([]FoundKey, error) {
	var list []FoundKey
	err := s.during(ctx, "relink", Ref{Location: loc}, func() (*certificate.Certificate, error) {
		all, err := s.all(loc)
		if err != nil {
			return nil, err
		}
		asked := wanted(loc, refs)
		var stored []storedKey
		read := false
		for _, e := range all {
			ref := Ref{loc, e.store.name, e.Fingerprint()}
			if !asked[ref] {
				continue
			}
			if s.leads(e) {
				list = append(list, FoundKey{ref, keyLink(e.link), keyLink(e.link)})
				continue
			}
			if !read { // what cannot be listed is not found; the rest is
				stored, _ = s.storedKeys(ctx, loc, "")
				read = true
			}
			if l := s.keyOf(e, stored, all); l != nil {
				list = append(list, FoundKey{ref, keyLink(e.link), keyLink(l)})
			}
		}
		return nil, ctx.Err()
	})
	return list, err
}

// leads reports whether the link of e leads to its key. Keys in hardware are
// not opened.
func (s *windowsStore) leads(e held) bool {
	if e.link == nil || !inSoftware(e.link) {
		return e.link != nil
	}
	public, err := publicOf(e.link)
	if err == nil {
		return belongs(e.Certificate, public)
	}
	state, _ := s.inspect(e.link)
	return state == KeyPresent
}

// belongs reports whether a public key is that of c.
func belongs(c *certificate.Certificate, public crypto.PublicKey) bool {
	own, err := c.PublicKey()
	if err != nil {
		return false
	}
	k, ok := own.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(public)
}

// keyOf returns a link to the key of e: that of another certificate, one that
// was listed, or one with the name that this program gives it.
func (s *windowsStore) keyOf(e held, stored []storedKey, all []held) *link {
	for _, o := range all {
		if o.link != nil && o.link != e.link && string(o.KeyID()) == string(e.KeyID()) && s.leads(o) {
			return o.link
		}
	}
	for _, k := range stored {
		if belongs(e.Certificate, k.public) {
			return k.link
		}
	}
	for _, l := range s.orphans(e.store.loc, e.Certificate, nil) {
		if public, err := publicOf(l); err == nil && belongs(e.Certificate, public) {
			return l
		}
	}
	return nil
}

// Relink implements [Relinker].
func (s *windowsStore) Relink(ctx context.Context, ref Ref, from, to KeyLink) error {
	return s.linking(ctx, ref, func(e held, set func(from, to KeyLink) error) error {
		return relink(from, to, set, func() error { return s.prove(e.Certificate, to.link()) })
	})
}

// Unlink implements [Relinker].
func (s *windowsStore) Unlink(ctx context.Context, ref Ref, from, to KeyLink) error {
	return s.linking(ctx, ref, func(_ held, set func(from, to KeyLink) error) error { return set(from, to) })
}

// linking calls f with an entry and what changes its link.
func (s *windowsStore) linking(ctx context.Context, ref Ref, f func(e held, set func(from, to KeyLink) error) error) error {
	return s.during(ctx, "relink", ref, func() (*certificate.Certificate, error) {
		e, err := s.change(ref)
		if err != nil {
			return e.Certificate, err
		}
		now := keyLink(e.link)
		return e.Certificate, f(e, func(from, to KeyLink) error {
			if now != from {
				return ErrChanged
			}
			err := e.store.add(e.Certificate, nil, properties{link: to.link()})
			if err == nil {
				now = to
			}
			return err
		})
	})
}

// LooseKeys implements [KeyLister]. Keys that Windows keeps for itself or for
// other programs are among them.
func (s *windowsStore) LooseKeys(ctx context.Context, loc Location) ([]LooseKey, error) {
	var list []LooseKey
	err := s.during(ctx, "list", Ref{Location: loc}, func() (*certificate.Certificate, error) {
		used, err := s.references()
		if err != nil {
			return nil, err
		}
		var known []held
		for _, l := range []Location{User, Machine} {
			all, err := s.all(l)
			if err != nil {
				return nil, err
			}
			known = append(known, all...)
		}
		stored, err := s.storedKeys(ctx, loc, "")
		for _, k := range stored {
			owned := func(e held) bool { return belongs(e.Certificate, k.public) }
			if uses(used, k.link) || slices.ContainsFunc(known, owned) {
				continue
			}
			list = append(list, LooseKey{Location: loc, Name: k.link.Container, ID: k.link.Container, Algorithm: keyTypeOf(k.public),
				Request: madeForRequest(strings.TrimPrefix(k.link.Container, s.prefix)), Path: k.link.Provider, Remove: removal(k.link)})
		}
		return nil, err
	})
	return list, err
}

// removal is the command of Windows that deletes a key.
func removal(l *link) string {
	user := "-user "
	if machineKey(l) {
		user = ""
	}
	return fmt.Sprintf("certutil %s-csp %q -delkey %q", user, l.Provider, l.Container)
}
