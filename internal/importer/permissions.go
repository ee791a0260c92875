package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

// permitter returns the store as a KeyPermitter.
func (s *Service) permitter(row *inventory.Row) (certstore.KeyPermitter, error) {
	if k, ok := s.Store.(certstore.KeyPermitter); ok {
		return k, nil
	}
	return nil, &certstore.Error{Op: "permissions", Location: row.Location, Store: row.Store, Subject: row.Certificate.CommonName(),
		Err: certstore.ErrNotPossible, Advise: "This system does not tell who may use a key."}
}

// KeyPermissions tells who may use the private key of a row.
func (s *Service) KeyPermissions(ctx context.Context, row *inventory.Row) (certstore.KeyPermissions, error) {
	k, err := s.permitter(row)
	if err != nil {
		return certstore.KeyPermissions{}, err
	}
	return k.KeyPermissions(ctx, row.Ref())
}

// A Permission is a planned change of who may use a key.
type Permission struct {
	Row           *inventory.Row
	Change        certstore.KeyChange
	Before, After certstore.KeyPermissions
}

// Needed reports whether the change changes anything.
func (p *Permission) Needed() bool { return !bytes.Equal(p.Before.Descriptor, p.After.Descriptor) }

// Account returns the account as the system writes it, where the change is
// about a SID.
func (p *Permission) Account() string {
	for _, u := range slices.Concat(p.After.Users, p.Before.Users) {
		if strings.EqualFold(u.SID, p.Change.Account) {
			return u.Account
		}
	}
	return p.Change.Account
}

// PlanPermission tells what granting or revoking would lead to. It changes
// nothing.
func (s *Service) PlanPermission(ctx context.Context, row *inventory.Row, c certstore.KeyChange) (*Permission, error) {
	k, err := s.permitter(row)
	if err != nil {
		return nil, err
	}
	before, after, err := k.PlanKeyPermissions(ctx, row.Ref(), c)
	if err != nil {
		return nil, err
	}
	return &Permission{row, c, before, after}, nil
}

// Permit carries out a planned change, and returns the id of the record that
// takes it back, "" where nothing had to be done.
func (s *Service) Permit(ctx context.Context, p *Permission) (id string, err error) {
	if !p.Needed() {
		return "", nil
	}
	k, err := s.permitter(p.Row)
	if err != nil {
		return "", err
	}
	c := p.Row.Certificate
	is, err := s.Store.State(ctx, p.Row.Location, c.Raw)
	if err != nil {
		return "", err
	}
	w, err := s.Journal.Begin(journal.Header{Kind: journal.Permissions, Source: c.CommonName(), Time: s.now(), Location: p.Row.Location})
	if err != nil {
		return "", fmt.Errorf("permissions of %s: journal: %w", c.CommonName(), err)
	}
	step := journal.Step{Location: p.Row.Location, Store: p.Row.Store, Subject: c.CommonName(), DER: c.Raw, Before: is,
		Permissions: &journal.KeyPermissions{Account: p.Change.Account, Revoked: p.Change.Revoke, Before: p.Before.Descriptor, After: p.After.Descriptor}}
	if err = w.Step(step); err == nil {
		err = k.SetKeyPermissions(ctx, p.Row.Ref(), p.Before.Descriptor, p.After.Descriptor)
	}
	if err == nil {
		err = w.Done(is)
	}
	if err != nil {
		return "", s.takeBack(w, journal.Permissions, c.CommonName(), err)
	}
	return w.ID, w.End(journal.Done)
}

// restorePermissions gives a key back the permissions it had before a step.
// changed is true where somebody changed them since, or the key is gone.
func (s *Service) restorePermissions(ctx context.Context, st journal.Step) (changed bool, err error) {
	k, ok := s.Store.(certstore.KeyPermitter)
	if !ok {
		return true, nil
	}
	now, err := s.Store.State(ctx, st.Location, st.DER)
	if err != nil {
		return false, err
	}
	ref := certstore.Ref{Location: st.Location, Store: now.Store, Fingerprint: certificate.FingerprintOf(st.DER)}
	err = k.SetKeyPermissions(ctx, ref, st.Permissions.After, st.Permissions.Before)
	if errors.Is(err, certstore.ErrChanged) || errors.Is(err, certstore.ErrNotFound) {
		return true, nil
	}
	return false, err
}
