package testca

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
)

// InitInStore makes an authority whose keys stay in the user's certificate
// store, where its certificates stand in Personal. On an error the store is as
// it was.
func InitInStore(ctx context.Context, d Dir, s Spec, store certstore.Store) (_ *Authority, err error) {
	g, ok := store.(certstore.KeyGenerator)
	if !ok {
		return nil, fmt.Errorf("make the certification authority %q: keys in the store: %w", s.Name, errors.ErrUnsupported)
	}
	pending := map[Level]certstore.PendingKey{}
	var kept []certstore.Ref
	defer func() {
		if err == nil {
			return
		}
		for _, ref := range kept {
			err = errors.Join(err, store.Delete(ctx, ref, certstore.DeleteAll))
		}
		for _, p := range pending {
			err = errors.Join(err, g.Discard(ctx, p))
		}
	}()
	maker := func(l Level) (crypto.Signer, error) {
		p, err := g.Generate(ctx, certstore.KeyRequest{Location: certstore.User, Algorithm: certstore.KeyAlgorithm(s.Key)})
		if err != nil {
			return nil, err
		}
		pending[l] = p
		return g.Pending(ctx, p)
	}
	keeper := func(l Level, c *certificate.Certificate) (certstore.Ref, error) {
		ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: c.Fingerprint()}
		err := g.Complete(ctx, pending[l], certstore.Answer{DER: c.Raw, FriendlyName: c.CommonName()})
		if err == nil {
			delete(pending, l)
			kept = append(kept, ref)
		}
		return ref, err
	}
	if s.Key == csr.Ed25519 {
		return nil, fmt.Errorf("make the certification authority %q: %s keys: %w by the certificate store", s.Name, s.Key, errors.ErrUnsupported)
	}
	return d.Init(s, nil, maker, keeper)
}
