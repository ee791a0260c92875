package importer

import (
	"context"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/placement"
)

// waiting returns the keys in the store that certificates of a file may be
// joined to: those of requests, and those that stayed when their certificate
// was deleted.
func (s *Service) waiting(ctx context.Context, contents *certfile.Contents, opt Options) []certstore.PendingKey {
	keys := slices.Clone(opt.Waiting)
	if s.Waiting != nil {
		keys = append(keys, s.Waiting()...)
	}
	for i, c := range contents.Certificates {
		own := func(k certfile.Key) bool { return k.Certificate == i }
		if c.Certificate.IsCA() || c.Certificate.KeyID() == nil || slices.ContainsFunc(contents.Keys, own) {
			continue
		}
		if st, err := s.Store.State(ctx, opt.Location, c.Certificate.Raw); err == nil && st.Key && !st.Certificate {
			keys = append(keys, certstore.PendingKey{Location: opt.Location, PublicKey: c.Certificate.RawSubjectPublicKeyInfo})
		}
	}
	return keys
}

// add stores one item of a plan. A key without a container is that of another
// certificate in the store, which is renewed with the same key, or one that
// stayed when its certificate was deleted: the store knows it.
func (s *Service) add(ctx context.Context, p *Plan, it placement.Item) error {
	if it.Waiting == nil || it.Waiting.Container == "" {
		return s.Store.Put(ctx, it.Location, it.Store, p.item(it))
	}
	g, ok := s.Store.(certstore.KeyGenerator)
	if !ok {
		return &certstore.Error{Op: "complete", Location: it.Location, Store: it.Store, Subject: it.Certificate.CommonName(), Err: certstore.ErrNotPossible}
	}
	return g.Complete(ctx, *it.Waiting, certstore.Answer{DER: it.Certificate.Raw, FriendlyName: it.Name})
}
