// Package identity finds a certificate that can be used together with its
// private key, in the stores or in a file, and the certificates that are sent
// along with it. A key of a store stays there.
package identity

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/tlsprobe"
)

// ErrNoKey is a certificate whose private key is not there, or not usable.
var ErrNoKey = errors.New("there is no private key to use")

// OfRow returns the identity of a row. It may prompt for the password of a
// locked store, now or when the key signs.
func OfRow(ctx context.Context, store certstore.Store, inv *inventory.Inventory, row *inventory.Row, now time.Time) (*tlsprobe.Identity, error) {
	if row.Key == certstore.KeyNone {
		return nil, fmt.Errorf("use %q in %s/%s: %w", row.Certificate.CommonName(), row.Location, row.Store, ErrNoKey)
	}
	key, err := store.Signer(ctx, row.Ref())
	if err != nil {
		return nil, err
	}
	return with(inv, row.Certificate, nil, key, now), nil
}

// OfFile returns the identity of a file: the first certificate that has its
// key in it.
func OfFile(contents *certfile.Contents, name string, inv *inventory.Inventory, now time.Time) (*tlsprobe.Identity, error) {
	for _, k := range contents.Keys {
		if k.Certificate < 0 || k.PKCS8 == nil {
			continue
		}
		parsed, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
		if err != nil {
			return nil, fmt.Errorf("use the key of %s: %w", name, err)
		}
		key, ok := parsed.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("use the key of %s: %w: %s cannot sign", name, ErrNoKey, k.Algorithm)
		}
		var extra []*certificate.Certificate
		for i, c := range contents.Certificates {
			if i != k.Certificate {
				extra = append(extra, c.Certificate)
			}
		}
		return with(inv, contents.Certificates[k.Certificate].Certificate, extra, key, now), nil
	}
	return nil, fmt.Errorf("use %s: %w", name, ErrNoKey)
}

func with(inv *inventory.Inventory, c *certificate.Certificate, extra []*certificate.Certificate, key crypto.Signer, now time.Time) *tlsprobe.Identity {
	best := chain.Build(inv, c, chain.Options{Now: now, Purpose: finding.Client, Extra: chain.FromFile(extra)}).Best()
	return &tlsprobe.Identity{Chain: best.Certificates(false), Key: key}
}
