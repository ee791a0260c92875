package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "private keys: who may use them, and the link that leads to them",
		Example: `  certctl key permissions 4ff4a1beb76c
  certctl key relink 4ff4a1beb76c`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("key permissions ID and key relink ID are what there is")
		},
	}
	cmd.AddCommand(a.permissionsCommand(), a.relinkCommand())
	return cmd
}

func (a *app) permissionsCommand() *cobra.Command {
	var grant, revoke, loc, store string
	cmd := &cobra.Command{
		Use:   "permissions ID [--grant ACCOUNT|--revoke ACCOUNT]",
		Short: "show who may use a private key, and on Windows change it",
		Long: `permissions shows which accounts may use the private key of a certificate.

On Windows --grant lets an account use it, such as the application pool of a
web site or a service, and --revoke takes that away; certctl undo takes either
back. Accounts are written as Windows writes them: COMPUTER\name, DOMAIN\name,
IIS AppPool\pool, NT SERVICE\service, or as a SID. Keys of the machine need an
elevated prompt.

On Linux NSS protects the database as a whole: those who can read key4.db are
shown, and nothing is changed.`,
		Example: `  certctl key permissions 4ff4a1beb76c
  certctl key permissions 4ff4a1beb76c --location machine --grant "IIS AppPool\Portal" --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f := cmd.Flags()
			if f.Changed("grant") && f.Changed("revoke") {
				return usage("--grant and --revoke: one change at a time")
			}
			c := certstore.KeyChange{Account: strings.TrimSpace(grant + revoke), Revoke: f.Changed("revoke")}
			change := f.Changed("grant") || c.Revoke
			if change && c.Account == "" {
				return usage("an account is needed")
			}
			row, err := a.oneRow(cmd.Context(), args[0], loc, store, func(r *inventory.Row) bool { return r.Key != certstore.KeyNone })
			if err != nil {
				return err
			}
			s, err := a.importer(cmd.Context())
			if err != nil {
				return err
			}
			if change {
				return a.permit(cmd.Context(), s, row, c)
			}
			p, err := s.KeyPermissions(cmd.Context(), row)
			if err != nil {
				return err
			}
			return a.printPermissions(row, p, "", "")
		},
	}
	f := cmd.Flags()
	f.StringVar(&grant, "grant", "", "let this account use the key")
	f.StringVar(&revoke, "revoke", "", "take that away again")
	f.StringVar(&loc, "location", "", "user or machine, where the certificate is in both")
	f.StringVar(&store, "store", "", "the store, where it is in several")
	return cmd
}

// permit asks and carries out a change.
func (a *app) permit(ctx context.Context, s *importer.Service, row *inventory.Row, c certstore.KeyChange) error {
	p, err := s.PlanPermission(ctx, row, c)
	if err != nil {
		return err
	}
	action := "granted"
	if c.Revoke {
		action = "revoked"
	}
	if !p.Needed() {
		return a.printPermissions(row, p.After, "already-there", "")
	}
	question := fmt.Sprintf("Let %s use the private key of %q in %s/%s?", c.Account, row.Certificate.CommonName(), row.Location, row.Store)
	if c.Revoke {
		question = fmt.Sprintf("Take the use of the private key of %q in %s/%s away from %s?", row.Certificate.CommonName(), row.Location, row.Store, c.Account)
	}
	if err := a.confirm(question); err != nil {
		return err
	}
	id, err := s.Permit(ctx, p)
	if err != nil {
		return err
	}
	return a.printPermissions(row, p.After, action, id)
}

type jsonPermissions struct {
	Subject    string             `json:"subject"`
	SHA256     string             `json:"sha256"`
	Location   certstore.Location `json:"location"`
	Store      certstore.Name     `json:"store"`
	Kind       string             `json:"kind"`
	Path       string             `json:"path"`
	Owner      string             `json:"owner,omitempty"`
	Everybody  bool               `json:"everybody"`
	Password   bool               `json:"password"`
	Users      []jsonKeyUser      `json:"users"`
	Changeable bool               `json:"changeable"`
	Reason     string             `json:"reason,omitempty"` // why not
	Advice     string             `json:"advice,omitempty"`
	SDDL       string             `json:"sddl,omitempty"`
	Action     string             `json:"action,omitempty"` // "granted", "revoked" or "already-there"
	Journal    string             `json:"journal,omitempty"`
}

type jsonKeyUser struct {
	Account   string              `json:"account"`
	SID       string              `json:"sid,omitempty"`
	Access    certstore.KeyAccess `json:"access"`
	Denied    bool                `json:"denied"`
	Inherited bool                `json:"inherited"`
	Revocable bool                `json:"revocable"`
	Through   string              `json:"through,omitempty"`
}

func (a *app) printPermissions(row *inventory.Row, p certstore.KeyPermissions, action, id string) error {
	if a.json {
		j := jsonPermissions{row.Certificate.Subject().String(), row.Fingerprint().String(), row.Location, row.Store, p.Kind, p.Path, p.Owner,
			p.Everybody, p.Password, []jsonKeyUser{}, p.Fixed == nil, "", "", p.SDDL, action, id}
		for _, u := range p.Users {
			j.Users = append(j.Users, jsonKeyUser(u))
		}
		if p.Fixed != nil {
			j.Reason, j.Advice = p.Reason(), a.advice(p.Fixed)
		}
		return a.printJSON(j)
	}
	if p.Everybody {
		fmt.Fprintln(a.stdout, "everybody may use the key: it has no access list")
	} else {
		cells := [][]string{{"ACCOUNT", "ACCESS", "HOW"}}
		for _, u := range p.Users {
			access := string(u.Access)
			if u.Denied {
				access = "denied"
			}
			how := u.Through
			switch {
			case u.Inherited:
				how = "through its folder"
			case how == "":
				how = "named by the key"
			}
			cells = append(cells, []string{u.Account, access, how})
		}
		a.columns(cells)
	}
	fmt.Fprintf(a.stderr, "%s %s", p.Kind, p.Path)
	if p.Owner != "" {
		fmt.Fprintf(a.stderr, ", owner %s", p.Owner)
	}
	if p.Password {
		fmt.Fprint(a.stderr, ", behind a password")
	}
	fmt.Fprintln(a.stderr)
	switch {
	case action == "already-there":
		fmt.Fprintln(a.stderr, "nothing had to be changed")
	case id != "":
		fmt.Fprintf(a.stderr, "%s; undo with certctl undo %s\n", action, id)
	case p.Fixed != nil:
		fmt.Fprintf(a.stderr, "cannot be changed here: %s\n", p.Reason())
	}
	return nil
}
