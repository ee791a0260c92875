package model

import (
	"context"

	"certdesk/certstore"
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
	if p, err = c.Service.PlanPermission(ctx, r, change); err == nil {
		id, err = c.Service.Permit(ctx, p)
	}
	return p, id, err
}
