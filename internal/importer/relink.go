package importer

import (
	"context"
	"errors"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

// A Relinking is a planned relinking of a certificate and its private key.
type Relinking struct {
	Row   *inventory.Row
	Found certstore.FoundKey
}

// Needed reports whether it changes anything.
func (r *Relinking) Needed() bool { return r.Found.Lost() }

// PlanRelink looks for the private key of a row. It changes nothing. Without
// a key the error matches [certstore.ErrNotFound].
func (s *Service) PlanRelink(ctx context.Context, row *inventory.Row) (*Relinking, error) {
	fail := func(err error, advise string) error {
		return &certstore.Error{Op: "relink", Location: row.Location, Store: row.Store, Subject: row.Certificate.CommonName(), Err: err, Advise: advise}
	}
	k, ok := s.Store.(certstore.Relinker)
	if !ok {
		return nil, fail(certstore.ErrNotPossible, "This system finds the keys of certificates by itself.")
	}
	found, err := k.FindKeys(ctx, row.Location, row.Ref())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fail(fmt.Errorf("its private key is %w: no key of this location belongs to it", certstore.ErrNotFound), "Import the PFX file that holds the key, or ask for a new certificate.")
	}
	return &Relinking{row, found[0]}, nil
}

// Relink carries out a plan, and returns the id of the record that takes it
// back, "" where nothing had to be done.
func (s *Service) Relink(ctx context.Context, p *Relinking) (id string, err error) {
	if !p.Needed() {
		return "", nil
	}
	k, ok := s.Store.(certstore.Relinker)
	if !ok {
		return "", certstore.ErrNotPossible
	}
	c, loc := p.Row.Certificate, p.Row.Location
	is, err := s.Store.State(ctx, loc, c.Raw)
	if err != nil {
		return "", err
	}
	w, err := s.Journal.Begin(journal.Header{Kind: journal.Relink, Source: c.CommonName(), Time: s.now(), Location: loc})
	if err != nil {
		return "", fmt.Errorf("relink %s: journal: %w", c.CommonName(), err)
	}
	link := &journal.KeyLink{Store: p.Found.Ref.Store, Before: p.Found.Was, After: p.Found.Found}
	if err = w.Step(journal.Step{Location: loc, Store: p.Row.Store, Subject: c.CommonName(), DER: c.Raw, Before: is, Link: link}); err == nil {
		err = k.Relink(ctx, p.Found.Ref, link.Before, link.After)
	}
	if err == nil {
		is, err = s.Store.State(ctx, loc, c.Raw)
	}
	if err == nil {
		err = w.Done(is)
	}
	if err != nil {
		return "", s.takeBack(w, journal.Relink, c.CommonName(), err)
	}
	return w.ID, w.End(journal.Done)
}

// restoreLink gives a certificate back the link it had before a step. changed
// is true where somebody changed it since. On Linux the link decides in which
// store a certificate is shown, so it may be in another one than before.
func (s *Service) restoreLink(ctx context.Context, st journal.Step) (changed bool, err error) {
	k, ok := s.Store.(certstore.Relinker)
	if !ok {
		return true, nil
	}
	ref := certstore.Ref{Location: st.Location, Store: st.Link.Store, Fingerprint: certificate.FingerprintOf(st.DER)}
	err = k.Unlink(ctx, ref, st.Link.After, st.Link.Before)
	if errors.Is(err, certstore.ErrNotFound) {
		now, serr := s.Store.State(ctx, st.Location, st.DER)
		if serr != nil {
			return false, serr
		}
		ref.Store = now.Store
		err = k.Unlink(ctx, ref, st.Link.After, st.Link.Before)
	}
	if errors.Is(err, certstore.ErrChanged) || errors.Is(err, certstore.ErrNotFound) {
		return st.After != nil, nil // else the step was never made
	}
	return false, err
}
