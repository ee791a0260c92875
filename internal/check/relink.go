package check

import (
	"context"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// LostKey finds the private key of a row that has none, or none that works:
// nil where there is none, and where the system cannot look. It opens every
// key of the location, so it is for one row that somebody asks about; it
// never prompts.
func LostKey(ctx context.Context, store certstore.Store, row *inventory.Row) (*certstore.FoundKey, error) {
	k, ok := store.(certstore.Relinker)
	if !ok || row == nil || row.Inherited || row.Shipped || row.Key != certstore.KeyNone && row.Key != certstore.KeyUnusable {
		return nil, nil
	}
	found, err := k.FindKeys(ctx, row.Location, row.Ref())
	if err != nil || len(found) == 0 || !found[0].Lost() {
		return nil, err
	}
	return &found[0], nil
}

// relinkable says of the findings about a missing key that it is there.
func relinkable(fs []finding.Finding, lost *certstore.FoundKey) {
	if lost == nil {
		return
	}
	for i := range fs {
		if f := &fs[i]; f.ID == "C-05" || f.ID == "K-01" {
			f.Fix = finding.FixRelink
			f.Params = map[string]string{"key": lost.Found.String(), "title": "Nothing leads to the private key",
				"text":   "Its private key is on this computer, but nothing leads from the certificate to it, so no program finds it.",
				"advice": "Link them again: certctl key relink, or Link the key again in the window."}
		}
	}
}
