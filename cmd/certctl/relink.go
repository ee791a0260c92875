package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/inventory"
)

func (a *app) relinkCommand() *cobra.Command {
	var loc, store string
	var dry bool
	cmd := &cobra.Command{
		Use:   "relink ID",
		Short: "link a certificate again to its private key, which is still there",
		Long: `relink looks among the private keys of the certificate's location for the one
that belongs to it, and makes the certificate lead to it again: what
certutil -repairstore does on Windows. On Linux it is for certificates that
another program stored in NSS under an id that is not its key's.

The key is proven by a signature; if that fails nothing is changed. certctl
undo takes it back. Without a key the exit code is 4.`,
		Example: `  certctl key relink 4ff4a1beb76c
  certctl key relink 4ff4a1beb76c --location machine --store my --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			row, err := a.oneRow(cmd.Context(), args[0], loc, store, func(r *inventory.Row) bool {
				return !r.Inherited && (r.Key == certstore.KeyNone || r.Key == certstore.KeyUnusable)
			})
			if err != nil {
				return err
			}
			return a.relink(cmd.Context(), row, dry)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&dry, "dry-run", false, "only say what would be done")
	f.StringVar(&loc, "location", "", "user or machine, where the certificate is in both")
	f.StringVar(&store, "store", "", "the store, where it is in several")
	return cmd
}

type jsonRelink struct {
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	Before   string             `json:"before"` // the key that it led to, or "none"
	Key      string             `json:"key"`    // the one that belongs to it
	Action   string             `json:"action"` // "relinked", "planned" or "already-there"
	Journal  string             `json:"journal,omitempty"`
}

// relink asks and carries out.
func (a *app) relink(ctx context.Context, row *inventory.Row, dry bool) error {
	s, err := a.importer(ctx)
	if err != nil {
		return err
	}
	p, err := s.PlanRelink(ctx, row)
	if err != nil {
		return err
	}
	c := row.Certificate
	j := jsonRelink{c.Subject().String(), row.Fingerprint().String(), row.Location, row.Store, p.Found.Was.String(), p.Found.Found.String(), "already-there", ""}
	switch {
	case p.Needed() && dry:
		j.Action = "planned"
	case p.Needed():
		if err := a.confirm(fmt.Sprintf("Link %q in %s/%s to the private key %s?", c.CommonName(), row.Location, row.Store, j.Key)); err != nil {
			return err
		}
		if j.Journal, err = s.Relink(ctx, p); err != nil {
			return err
		}
		j.Action = "relinked"
	}
	if a.json {
		return a.printJSON(j)
	}
	text := map[string]string{"relinked": "was linked to its private key again, which signed", "planned": "would be linked to its private key again", "already-there": "leads to its private key already"}[j.Action]
	fmt.Fprintf(a.stdout, "%s/%s  %s  %s\n", j.Location, j.Store, c.CommonName(), text)
	fmt.Fprintf(a.stdout, "before: %s\nkey:    %s\n", j.Before, j.Key)
	if j.Journal != "" {
		fmt.Fprintf(a.stderr, "take it back: certctl undo %s\n", j.Journal)
	}
	return nil
}
