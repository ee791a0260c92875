package importer

import (
	"context"
	"slices"

	"certdesk/certstore"
	"certdesk/internal/placement"
)

func (s *Service) waiting(opt Options) []certstore.PendingKey {
	if s.Waiting == nil {
		return opt.Waiting
	}
	return append(slices.Clone(opt.Waiting), s.Waiting()...)
}

// add stores one item of a plan. A key without a container is that of another
// certificate in the store, which is renewed with the same key.
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
