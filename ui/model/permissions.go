package model

import (
	"context"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
)

// KeyPermissions tells who may use the private key of a row.
func (c *Changes) KeyPermissions(ctx context.Context, r *inventory.Row) (certstore.KeyPermissions, error) {
	return c.Service.KeyPermissions(ctx, r)
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
