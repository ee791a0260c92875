package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/keyusage"
)

func (a *app) moveCommand() *cobra.Command {
	var to, loc, store string
	cmd := &cobra.Command{
		Use:     "move ID --to STORE",
		Short:   "move a certificate to another store, or with --location to another location",
		Example: `  certctl move 4ff4a1beb76c --to ca`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := a.storeName(cmd.Context(), to)
			if err != nil || name == "" {
				return usage("--to STORE is needed: my, ca, root, people, trustedpeople or disallowed")
			}
			return a.move(cmd.Context(), args[0], name, loc, store)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the store to move it to")
	cmd.Flags().StringVar(&loc, "location", "", "user or machine: where it is, or where it is to go")
	cmd.Flags().StringVar(&store, "store", "", "the store that it is in, where it is in several")
	return cmd
}

func (a *app) move(ctx context.Context, id string, name certstore.Name, loc, store string) error {
	rows, err := a.rows(ctx, id, "", store)
	if err != nil {
		return err
	}
	target := certstore.Location("")
	if loc != "" {
		if target, err = location(loc); err != nil {
			return err
		}
	}
	row, err := importer.Movable(rows, target)
	if err != nil {
		return &inventory.LookupError{ID: id, Err: err, Candidates: rows}
	}
	if target == "" {
		target = row.Location
	}
	if row.Location == target && row.Store == name {
		return a.printMoved(row, target, name, "")
	}
	if name == certstore.Root {
		if err := a.confirm(fmt.Sprintf("Trust %q as a root, SHA-256 %s?", row.Certificate.CommonName(), row.Fingerprint())); err != nil {
			return err
		}
	}
	s, err := a.importer(ctx)
	if err != nil {
		return err
	}
	m := []importer.Relocation{{Row: row, Location: target, Store: name}}
	a.meant(row, loc, store)
	if row.Location != target {
		a.notRoot = elevate.MoveCommands(m).Note
	}
	journalID, err := s.Move(ctx, journal.Move, m)
	if err != nil {
		return err
	}
	return a.printMoved(row, target, name, journalID)
}

func (a *app) printMoved(row *inventory.Row, loc certstore.Location, name certstore.Name, journalID string) error {
	if a.json {
		return a.printJSON(map[string]any{"journal": journalID, "items": []jsonMoved{ofMoved(importer.Relocation{Row: row, Location: loc, Store: name}, journalID != "")}})
	}
	if row.Location == loc && row.Store == name {
		fmt.Fprintf(a.stdout, "%s is in %s/%s already\n", row.Certificate.CommonName(), loc, name)
		return nil
	}
	fmt.Fprintf(a.stdout, "moved %s from %s/%s to %s/%s\n", row.Certificate.CommonName(), row.Location, row.Store, loc, name)
	if journalID != "" {
		fmt.Fprintf(a.stderr, "certctl undo %s takes it back\n", journalID)
	}
	return nil
}

type jsonMoved struct {
	Subject string    `json:"subject"`
	SHA256  string    `json:"sha256"`
	From    jsonPlace `json:"from"`
	To      jsonPlace `json:"to"`
	Action  string    `json:"action"` // "move", or "already-there"
}

func ofMoved(m importer.Relocation, moved bool) jsonMoved {
	action := "already-there"
	if moved || m.Row.Location != m.Location || m.Row.Store != m.Store {
		action = "move"
	}
	return jsonMoved{m.Row.Certificate.Subject().String(), m.Row.Fingerprint().String(),
		jsonPlace{m.Row.Location, m.Row.Store}, jsonPlace{m.Location, m.Store}, action}
}

func (a *app) tidyCommand() *cobra.Command {
	var loc string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "tidy",
		Short: "move every misplaced certificate to the store it belongs to",
		Long: `Moves every misplaced certificate to the store it belongs to. Nothing becomes
trusted that was not. It asks nothing: --dry-run says what would be moved, and
certctl undo JOURNAL-ID takes it back.`,
		Example: `  certctl tidy --location user --dry-run`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			inv, err := a.load(cmd.Context(), loc)
			if err != nil {
				return err
			}
			moves := importer.Misplaced(inv)
			id := ""
			if len(moves) > 0 && !dryRun {
				s, err := a.importer(cmd.Context())
				if err != nil {
					return err
				}
				if id, err = s.Move(cmd.Context(), journal.Tidy, moves); err != nil {
					return err
				}
			}
			return a.printTidied(moves, id, dryRun)
		},
	}
	cmd.Flags().StringVar(&loc, "location", "all", "user, machine or all")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be moved and change nothing")
	return cmd
}

func (a *app) printTidied(moves []importer.Relocation, id string, dryRun bool) error {
	if a.json {
		items := []jsonMoved{}
		for _, m := range moves {
			items = append(items, ofMoved(m, true))
		}
		out := map[string]any{"items": items}
		if id != "" {
			out["journal"] = id
		}
		return a.printJSON(out)
	}
	cells := [][]string{}
	for _, m := range moves {
		cells = append(cells, []string{m.Row.Certificate.CommonName(), fmt.Sprintf("%s/%s", m.Row.Location, m.Row.Store), "->", fmt.Sprintf("%s/%s", m.Location, m.Store)})
	}
	a.columns(cells)
	done := "moved"
	switch {
	case dryRun:
		done = "to move"
	case id != "":
		done += "; certctl undo " + id + " takes it back"
	}
	fmt.Fprintf(a.stderr, "%s %s\n", count(len(moves), "certificate"), done)
	return nil
}

func (a *app) deleteCommand() *cobra.Command {
	var loc, store string
	var keepKey bool
	cmd := &cobra.Command{
		Use:     "delete ID",
		Short:   "delete a certificate and its private key",
		Example: `  certctl delete 4ff4a1beb76c --location user --yes`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.delete(cmd.Context(), args[0], loc, store, keepKey)
		},
	}
	f := cmd.Flags()
	f.StringVar(&loc, "location", "", "user or machine, where the certificate is in both")
	f.StringVar(&store, "store", "", "the store, where it is in several")
	f.BoolVar(&keepKey, "keep-key", false, "leave the private key in the store")
	return cmd
}

func (a *app) delete(ctx context.Context, id, loc, store string, keepKey bool) error {
	row, err := a.oneRow(ctx, id, loc, store, func(*inventory.Row) bool { return true })
	if err != nil {
		return err
	}
	s, err := a.importer(ctx)
	if err != nil {
		return err
	}
	mode := certstore.DeleteAll
	if keepKey {
		mode = certstore.DeleteKeepKey
	}
	keyGoes, err := s.KeyGoes(ctx, row, mode)
	if err != nil {
		return err
	}
	what := ""
	switch {
	case keyGoes:
		what = " and its private key"
	case row.Key != certstore.KeyNone && !keepKey:
		what = " (the private key stays: another certificate uses it)"
	}
	if keyGoes {
		for _, f := range keyusage.BeforeDelete(row.Certificate, a.now) {
			w := finding.WordsOf(f)
			fmt.Fprintf(a.stderr, "%s: %s %s\n", f.Severity, w.Message, w.Advice)
		}
	}
	if err := a.confirm(fmt.Sprintf("Delete %q%s from %s/%s?", row.Certificate.CommonName(), what, row.Location, row.Store)); err != nil {
		return err
	}
	a.meant(row, loc, store)
	if err := s.Store.Delete(ctx, row.Ref(), mode); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]any{"deleted": ofRow(row), "keyKept": row.Key != certstore.KeyNone && !keyGoes})
	}
	fmt.Fprintf(a.stdout, "deleted %s%s from %s/%s\n", row.Certificate.CommonName(), what, row.Location, row.Store)
	return nil
}
