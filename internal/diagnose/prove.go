package diagnose

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"

	"certdesk/certstore"
	"certdesk/internal/inventory"
)

var errSignature = errors.New("its signature does not verify with the certificate")

// ProveWith returns a [Signer] that uses the keys of store in place. A key of
// a kind that cannot be verified here counts as working.
func ProveWith(store certstore.Store) Signer {
	return func(ctx context.Context, r *inventory.Row) error {
		public, err := r.Certificate.PublicKey()
		if err != nil {
			return nil //nolint:nilerr // nothing to compare with
		}
		key, err := store.Signer(ctx, r.Ref())
		if err != nil {
			return err
		}
		text := make([]byte, 32)
		_, _ = rand.Read(text) // never fails
		digest := sha256.Sum256(text)
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return err
		}
		switch public := public.(type) {
		case *rsa.PublicKey:
			if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], sig) != nil {
				return errSignature
			}
		case *ecdsa.PublicKey:
			if !ecdsa.VerifyASN1(public, digest[:], sig) {
				return errSignature
			}
		}
		return nil
	}
}
