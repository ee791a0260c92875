package main

import (
	"context"
	"fmt"
	"slices"

	"certdesk/internal/inventory"
)

// rows finds the rows of the certificate that id names, in the location and
// the store given, or in all.
func (a *app) rows(ctx context.Context, id, loc, store string) ([]*inventory.Row, error) {
	inv, err := a.load(ctx, loc)
	if err != nil {
		return nil, err
	}
	name, err := a.storeName(ctx, store)
	if err != nil {
		return nil, err
	}
	return inv.Resolve(id, func(r *inventory.Row) bool { return name == "" || r.Store == name })
}

// oneRow finds the one row that is wanted; if none is, any: the store says in
// its own words why not.
func (a *app) oneRow(ctx context.Context, id, loc, store string, wanted func(*inventory.Row) bool) (*inventory.Row, error) {
	rows, err := a.rows(ctx, id, loc, store)
	if err != nil {
		return nil, err
	}
	var fit []*inventory.Row
	for _, r := range rows {
		if wanted(r) {
			fit = append(fit, r)
		}
	}
	switch len(fit) {
	case 0:
		return rows[0], nil
	case 1:
		return fit[0], nil
	}
	return nil, &inventory.LookupError{ID: id, Err: fmt.Errorf("%w: it stands in several places", inventory.ErrAmbiguous), Candidates: fit}
}

// meant remembers which row was meant, for the command line to be run as
// root, who sees other stores than the user: loc and store are what was said.
func (a *app) meant(row *inventory.Row, loc, store string) {
	if slices.Contains(a.args, "--") {
		return // flags end there
	}
	if loc == "" {
		a.more = append(a.more, "--location", string(row.Location))
	}
	if store == "" {
		a.more = append(a.more, "--store", string(row.Store))
	}
}
