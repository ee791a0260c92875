package model

import (
	"context"
	"errors"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
)

// KeyUsers is who may use a private key.
type KeyUsers struct {
	certstore.KeyPermissions
	Err        error // the store does not tell
	Changeable bool  // from here, also by continuing as administrator
}

// KeyUsers tells who may use the private key of a row.
func (c *Changes) KeyUsers(ctx context.Context, r *inventory.Row) (u KeyUsers) {
	u.KeyPermissions, u.Err = c.Service.KeyPermissions(ctx, r)
	err := errors.Join(u.Err, u.Fixed) // an administrator may know
	u.Changeable = err == nil || c.Elevator.Offers(err)
	return u
}

// Permit grants or revokes, and returns the id of the journal record that
// takes it back, "" where nothing had to be done.
func (c *Changes) Permit(ctx context.Context, r *inventory.Row, change certstore.KeyChange) (p *importer.Permission, id string, err error) {
	service, end, err := c.Elevator.Service(ctx, c.Service, elevate.ForPermit(r, change))
	if err != nil {
		return nil, "", err
	}
	defer end()
	if p, err = service.PlanPermission(ctx, r, change); err == nil {
		id, err = service.Permit(ctx, p)
	}
	return p, id, err
}

// Relink looks for the private key of a row and links the two again, and
// returns the id of the journal record that takes it back, "" where nothing
// had to be done.
func (c *Changes) Relink(ctx context.Context, r *inventory.Row) (id string, err error) {
	service, end, err := c.Elevator.Service(ctx, c.Service, elevate.ForRelink(r))
	if err != nil {
		return "", err
	}
	defer end()
	p, err := service.PlanRelink(ctx, r)
	if err != nil {
		return "", err
	}
	return service.Relink(ctx, p)
}
