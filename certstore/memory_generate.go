package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"certdesk/internal/certificate"
)

var _ KeyGenerator = (*memory)(nil)

// CanGenerate implements [KeyGenerator].
func (m *memory) CanGenerate(ctx context.Context, r KeyRequest) error {
	err := m.do(ctx, r.Location, func(*pile) error {
		if _, err := containerFor(r); err != nil {
			return err
		}
		return knownAlgorithm(r.Algorithm)
	})
	if err == nil { // nothing changed that a watcher should hear of
		return nil
	}
	return m.done("generate", Ref{Location: r.Location, Store: My}, nil, err)
}

// Generate implements [KeyGenerator].
func (m *memory) Generate(ctx context.Context, r KeyRequest) (PendingKey, error) {
	p := PendingKey{Location: r.Location, Algorithm: r.Algorithm}
	if err := m.CanGenerate(ctx, r); err != nil {
		return p, err
	}
	err := m.do(ctx, r.Location, func(pile *pile) (err error) {
		if p.Container, err = containerFor(r); err != nil {
			return err
		}
		if pile.named(p.Container) != "" {
			return ErrExists
		}
		k := &memoryKey{exportable: r.Exportable, container: p.Container}
		if n := r.Algorithm.bits(); n != 0 {
			k.signer, err = rsa.GenerateKey(rand.Reader, n)
		} else {
			k.signer, err = ecdsa.GenerateKey(namedCurves[r.Algorithm.curve()], rand.Reader)
		}
		if err != nil {
			return err
		}
		if k.pkcs8, err = x509.MarshalPKCS8PrivateKey(k.signer); err != nil {
			return err
		}
		if p.PublicKey, err = x509.MarshalPKIXPublicKey(k.signer.Public()); err != nil {
			return err
		}
		pile.keys[string(certificate.KeyIDOf(p.PublicKey))] = k
		return nil
	})
	return p, m.done("generate", Ref{Location: r.Location, Store: My}, nil, err)
}

// named returns the KeyID of the key in the container, "" if there is none.
func (p *pile) named(container string) string {
	for id, k := range p.keys {
		if k.container == container {
			return id
		}
	}
	return ""
}

// Pending implements [KeyGenerator].
func (m *memory) Pending(ctx context.Context, p PendingKey) (key crypto.Signer, err error) {
	err = m.do(ctx, p.Location, func(pile *pile) error {
		k := pile.keys[string(certificate.KeyIDOf(p.PublicKey))]
		if k == nil {
			return errKeyGone
		}
		key = k.signer
		return nil
	})
	return key, m.done("sign", Ref{Location: p.Location, Store: My}, nil, err)
}

// Complete implements [KeyGenerator].
func (m *memory) Complete(ctx context.Context, p PendingKey, a Answer) error {
	return a.complete(ctx, p, m, func(c *certificate.Certificate, err error) error {
		return m.done("complete", Ref{Location: p.Location, Store: My}, c, err)
	}, func(*certificate.Certificate) error {
		err := m.Put(ctx, p.Location, My, Item{DER: a.DER, FriendlyName: a.FriendlyName})
		if errors.Is(err, ErrExists) {
			return nil
		}
		return err
	})
}

// Discard implements [KeyGenerator].
func (m *memory) Discard(ctx context.Context, p PendingKey) error {
	err := m.do(ctx, p.Location, func(pile *pile) error {
		id := pile.named(p.Container)
		if id == "" {
			id = string(certificate.KeyIDOf(p.PublicKey))
		}
		for _, c := range pile.certificates {
			if string(c.KeyID()) == id {
				return inUse
			}
		}
		delete(pile.keys, id)
		return nil
	})
	return m.done("discard", Ref{Location: p.Location, Store: My}, nil, err)
}
