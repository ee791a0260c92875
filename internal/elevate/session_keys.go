package elevate

import (
	"context"
	"crypto"

	"certdesk/certstore"
)

// What a session does for the keys of the machine: certificates that lost the
// link to theirs, and requests that are answered. Keys are not made by a
// helper: there is no certificate yet that a plan could name.

var (
	_ certstore.Relinker     = (*Session)(nil)
	_ certstore.KeyGenerator = (*Session)(nil)
)

// Links are what an entry leads to, and what it is to lead to.
type Links struct {
	From certstore.KeyLink `json:"from"`
	To   certstore.KeyLink `json:"to"`
}

func (l Links) back() Links { return Links{l.To, l.From} }

// FindKeys implements [certstore.Relinker] where the store does. The machine's
// keys may be closed to the user, so the helper looks.
func (s *Session) FindKeys(ctx context.Context, loc certstore.Location, refs ...certstore.Ref) ([]certstore.FoundKey, error) {
	if loc != certstore.Machine {
		if k, ok := s.Store.(certstore.Relinker); ok {
			return k.FindKeys(ctx, loc, refs...)
		}
		return nil, lacks("relink", certstore.Ref{Location: loc})
	}
	var list []certstore.FoundKey
	for _, ref := range refs {
		a, err := s.call(ctx, request{Op: "find", Location: loc, Store: ref.Store, SHA256: ref.Fingerprint.String()})
		if err != nil {
			return list, err
		}
		list = append(list, a.Found...)
	}
	return list, nil
}

// Relink implements [certstore.Relinker].
func (s *Session) Relink(ctx context.Context, ref certstore.Ref, from, to certstore.KeyLink) error {
	return s.link(ctx, "relink", ref, Links{from, to}, certstore.Relinker.Relink)
}

// Unlink implements [certstore.Relinker].
func (s *Session) Unlink(ctx context.Context, ref certstore.Ref, from, to certstore.KeyLink) error {
	return s.link(ctx, "unlink", ref, Links{from, to}, certstore.Relinker.Unlink)
}

func (s *Session) link(ctx context.Context, op string, ref certstore.Ref, l Links, here func(certstore.Relinker, context.Context, certstore.Ref, certstore.KeyLink, certstore.KeyLink) error) error {
	if ref.Location == certstore.Machine {
		_, err := s.call(ctx, request{Op: op, Location: ref.Location, Store: ref.Store, SHA256: ref.Fingerprint.String(), Links: l})
		return err
	}
	if k, ok := s.Store.(certstore.Relinker); ok {
		return here(k, ctx, ref, l.From, l.To)
	}
	return lacks(op, ref)
}

// generator returns the user's store as one that makes keys.
func (s *Session) generator(op string, loc certstore.Location) (certstore.KeyGenerator, error) {
	if g, ok := s.Store.(certstore.KeyGenerator); ok {
		return g, nil
	}
	return nil, lacks(op, certstore.Ref{Location: loc, Store: certstore.My})
}

// CanGenerate implements [certstore.KeyGenerator] with the user's rights.
func (s *Session) CanGenerate(ctx context.Context, r certstore.KeyRequest) error {
	g, err := s.generator("generate", r.Location)
	if err != nil {
		return err
	}
	return g.CanGenerate(ctx, r)
}

// Generate implements [certstore.KeyGenerator] with the user's rights.
func (s *Session) Generate(ctx context.Context, r certstore.KeyRequest) (certstore.PendingKey, error) {
	g, err := s.generator("generate", r.Location)
	if err != nil {
		return certstore.PendingKey{}, err
	}
	return g.Generate(ctx, r)
}

// Pending implements [certstore.KeyGenerator] with the user's rights.
func (s *Session) Pending(ctx context.Context, p certstore.PendingKey) (crypto.Signer, error) {
	g, err := s.generator("sign", p.Location)
	if err != nil {
		return nil, err
	}
	return g.Pending(ctx, p)
}

// Complete implements [certstore.KeyGenerator]. The helper adds the answer
// alone; an issuer is a certificate of its own in the plan.
func (s *Session) Complete(ctx context.Context, p certstore.PendingKey, a certstore.Answer) error {
	if p.Location == certstore.Machine {
		if len(a.Issuer) > 0 {
			return lacks("complete", certstore.Ref{Location: p.Location, Store: certstore.CA})
		}
		_, err := s.call(ctx, request{Op: "complete", Location: p.Location, Store: certstore.My, DER: a.DER, Name: a.FriendlyName, Key: &p})
		return err
	}
	g, err := s.generator("complete", p.Location)
	if err != nil {
		return err
	}
	return g.Complete(ctx, p, a)
}

// Discard implements [certstore.KeyGenerator] with the user's rights.
func (s *Session) Discard(ctx context.Context, p certstore.PendingKey) error {
	g, err := s.generator("discard", p.Location)
	if err != nil {
		return err
	}
	return g.Discard(ctx, p)
}
