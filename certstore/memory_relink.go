package certstore

import (
	"context"
	"crypto"
	"encoding/hex"
)

var _ Relinker = (*memory)(nil)

// KeyID returns what the certificate's key is found by: its own, or what a
// relinking made it.
func (c *memoryCertificate) KeyID() []byte {
	if c.id != nil {
		return c.id
	}
	return c.Certificate.KeyID()
}

// FindKeys implements [Relinker].
func (m *memory) FindKeys(ctx context.Context, loc Location, refs ...Ref) ([]FoundKey, error) {
	var list []FoundKey
	asked := wanted(loc, refs)
	err := m.do(ctx, loc, func(p *pile) error {
		for _, c := range p.certificates {
			own := c.Certificate.KeyID()
			if r := (Ref{loc, p.store(c), c.Fingerprint()}); asked[r] && p.keys[string(own)] != nil {
				list = append(list, FoundKey{r, KeyLink{Container: hex.EncodeToString(c.KeyID())}, KeyLink{Container: hex.EncodeToString(own)}})
			}
		}
		return nil
	})
	return list, m.done("list", Ref{Location: loc}, nil, err)
}

// Relink implements [Relinker].
func (m *memory) Relink(ctx context.Context, ref Ref, from, to KeyLink) error {
	return m.with(ctx, "relink", ref, func(p *pile, c *memoryCertificate) error {
		return relink(from, to, c.setLink, func() error {
			k, public := p.keys[string(c.KeyID())], c.Certificate
			if k == nil {
				return &badKey{"it is not there"}
			}
			own, err := public.PublicKey()
			if err != nil {
				return err
			}
			return proveSigner(signerFor{k.signer, own})
		})
	})
}

// Unlink implements [Relinker].
func (m *memory) Unlink(ctx context.Context, ref Ref, from, to KeyLink) error {
	return m.with(ctx, "relink", ref, func(_ *pile, c *memoryCertificate) error { return c.setLink(from, to) })
}

func (c *memoryCertificate) setLink(from, to KeyLink) error {
	if hex.EncodeToString(c.KeyID()) != from.Container {
		return ErrChanged
	}
	id, err := hex.DecodeString(to.Container)
	c.id = id
	return err
}

// signerFor is a key that is to verify with another's public half.
type signerFor struct {
	crypto.Signer
	public crypto.PublicKey
}

func (s signerFor) Public() crypto.PublicKey { return s.public }
