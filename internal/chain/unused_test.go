package chain_test

import (
	"context"
	"iter"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/chain"
)

// unused is a store whose entries no program gets to see.
type unused struct{ certstore.Store }

func (u unused) Entries(ctx context.Context, loc certstore.Location) iter.Seq2[certstore.Entry, error] {
	return func(yield func(certstore.Entry, error) bool) {
		for e, err := range u.Store.Entries(ctx, loc) {
			e.Provided, e.Trusted = certstore.ByRegistry, false
			if !yield(e, err) {
				return
			}
		}
	}
}

// TestUnused wants a root that the system does not give out to be trusted by
// nobody, and one that is untrusted there to block nobody.
func TestUnused(t *testing.T) {
	root, bad := certtest.Root(t, "Root"), certtest.Root(t, "Bad")
	store := certstore.NewMemory()
	put(t, store, certstore.Machine, certstore.Root, root.Certificate)
	put(t, store, certstore.Machine, certstore.Disallowed, bad.Certificate)
	for _, c := range []certtest.Issuer{root, bad} {
		links := chain.Links(load(t, store), c.Certificate, nil, certtest.Now)
		if links[0].Status == chain.Untrusted {
			t.Errorf("%s, seen: %s", c.CommonName(), links[0].Status)
		}
		if links = chain.Links(load(t, unused{store}), c.Certificate, nil, certtest.Now); links[0].Status != chain.Untrusted {
			t.Errorf("%s, unseen: %s, want %s", c.CommonName(), links[0].Status, chain.Untrusted)
		}
	}
}
