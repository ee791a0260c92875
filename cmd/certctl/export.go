package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/exporter"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
)

type exportFlags struct {
	format, out, profile, location string
	force                          bool
	settings                       exporter.Settings
}

func (a *app) exportCommand() *cobra.Command {
	var x exportFlags
	cmd := &cobra.Command{
		Use:   "export ID|FILE...",
		Short: "export the public part (pem, der, p7b, base64, chain), or certificate and key (pfx)",
		Long: `export writes the public part of certificates, or with --format pfx a
certificate with its private key and chain.

A FILE stands for the certificate it is about, such as the .cer of a partner;
with --format pfx only a certificate of the stores will do.

--format base64 is exactly one line. On standard output a newline follows it;
in a file (-o) nothing follows it.

Other formats are text for servers, directories and browsers that lets exactly
this certificate in, or has it offered: iis-one-to-one and iis-many-to-one (XML;
with -ps PowerShell, iis-many-to-one-appcmd), iis-authorization, iis-sslflags,
netsh, apache, nginx, ad (altSecurityIdentities), chrome-policy (Linux; -reg for
Windows, -mac) and java. --site, --account and --url fill them in.`,
		Example: `  certctl export 4ff4a1beb76c --format base64 -o client-iis.txt
  certctl export 4ff4a1beb76c --format iis-one-to-one --site "Orders" --account 'SERVER\partner'
  certctl export 4ff4a1beb76c --format nginx -o client.conf
  certctl export partner.cer --format nginx
  certctl export 4ff4a1beb76c --format pfx --new-password-file pw.txt -o client.pfx`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.export(cmd.Context(), args, x) },
	}
	f := cmd.Flags()
	f.StringVar(&x.format, "format", "pem", "pem, der, p7b, base64, chain, pfx, or one of those above")
	f.StringVar(&x.settings.Site, "site", "", "IIS: the site (Default Web Site)")
	f.StringVar(&x.settings.Account, "account", "", `IIS and Active Directory: the account (SERVER\certuser)`)
	f.StringVar(&x.settings.URL, "url", "", "netsh and browsers: the address (https://www.example.com)")
	f.StringVarP(&x.out, "output", "o", "", "file to write; standard output if not given, or -")
	f.StringVar(&x.profile, "profile", "modern", "pfx: modern (AES-256), compatible (3DES: Server 2016, old macOS), java or macos")
	f.StringVar(&x.location, "location", "all", "user, machine or all")
	f.BoolVar(&x.force, "force", false, "replace a file that exists")
	a.newPassword.add(f, "new-", "the password for the new PFX file")
	a.password.add(f, "", "the same as --new-password-…, as there is no old password here")
	return cmd
}

func (a *app) export(ctx context.Context, ids []string, x exportFlags) error {
	format := exporter.Format(strings.ToLower(x.format))
	if x.out == "-" {
		x.out = ""
	}
	inv, err := a.load(ctx, "")
	if err != nil {
		return err
	}
	locs, err := locations(x.location)
	if err != nil {
		return err
	}
	var rows []*inventory.Row
	var issuers []*certificate.Certificate // that stand in the files
	for _, id := range ids {
		if isFile(id) {
			if format == exporter.PFX {
				return usage("export as pfx: %s is a file; certctl combine and certctl repair make PFX files of files", id)
			}
			c, more, err := a.withIssuers(ctx, id)
			if err != nil {
				return err
			}
			rows, issuers = append(rows, &inventory.Row{Certificate: c}), append(issuers, more...)
			continue
		}
		found, err := inv.Resolve(id, func(r *inventory.Row) bool { return len(locs) == 0 || r.Location == locs[0] })
		if err != nil {
			return err
		}
		rows = append(rows, withKey(found))
	}
	if x.out != "" && !x.force && outfile.Exists(x.out) {
		return fmt.Errorf("export to %s: the file exists; --force replaces it", x.out)
	}
	if x.out != "" { // before a password is asked for
		if err := outfile.CheckName(x.out); err != nil {
			return fmt.Errorf("export to %s: %w", x.out, err)
		}
	}
	if format == exporter.PFX {
		return a.exportPFX(ctx, rows, inv, x)
	}
	certs := make([]*certificate.Certificate, len(rows))
	for i, r := range rows {
		certs[i] = r.Certificate
	}
	if format == exporter.Chain || format == exporter.P7B {
		certs = append(certs, issuers...)
	}
	data, err := exporter.Public(format, certs, inv, a.now, x.settings)
	if errors.Is(err, exporter.ErrFormat) {
		return usage("%v: there are %s", err, formatNames())
	}
	if errors.Is(err, exporter.ErrSettings) {
		return usage("%v", err)
	}
	if err != nil {
		return err
	}
	if x.out == "" && format == exporter.Base64 {
		data = append(data, '\n')
	}
	return a.writeExport(data, rows, format, x.out, 0o644)
}

// formatNames lists the formats for people.
func formatNames() string {
	var names []string
	for _, f := range append(slices.Clone(exporter.Formats), exporter.Snippets...) {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// withKey picks, among the places of one certificate, one that has its key.
func withKey(rows []*inventory.Row) *inventory.Row {
	for _, r := range rows {
		if r.Key != certstore.KeyNone {
			return r
		}
	}
	return rows[0]
}

func (a *app) exportPFX(ctx context.Context, rows []*inventory.Row, inv *inventory.Inventory, x exportFlags) error {
	profile := certfile.Profile(strings.ToLower(x.profile))
	if _, ok := profile.Info(); !ok {
		return noProfile(x.profile)
	}
	if len(rows) != 1 {
		return usage("export as pfx: one certificate at a time")
	}
	if x.out == "" && (a.json || isTerminal(a.stdout)) {
		return usage("export as pfx: name the file with -o")
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if rows[0].Key == certstore.KeyNone { // before asking for a password in vain
		return fmt.Errorf("export %q: %w", rows[0].Certificate.CommonName(), exporter.ErrNoKey)
	}
	name := x.out
	if name == "" {
		name = "the PFX file"
	}
	pw, err := a.askNewPassword(name, true)
	if err != nil {
		return err
	}
	defer clear(pw)
	data, err := exporter.WithKey(ctx, s, rows[0], inv, pw, profile, a.now)
	if err != nil {
		return err
	}
	return a.writeExport(data, rows, exporter.PFX, x.out, 0o600)
}

func isTerminal(w any) bool {
	o, ok := w.(*output)
	return ok && term.IsTerminal(int(o.f.Fd()))
}

type jsonExport struct {
	File         string   `json:"file,omitempty"`
	Format       string   `json:"format"`
	Bytes        int      `json:"bytes"`
	Certificates []string `json:"certificates"` // SHA-256 of those named
	PrivateKey   bool     `json:"privateKey"`
	Text         string   `json:"text,omitempty"` // without a file, for text formats
}

func (a *app) writeExport(data []byte, rows []*inventory.Row, f exporter.Format, out string, mode os.FileMode) error {
	if out != "" {
		if err := outfile.WriteUntil(a.interrupted, out, data, mode); err != nil {
			return fmt.Errorf("export to %s: %w", out, err)
		}
	}
	if !a.json {
		if out == "" {
			_, err := a.stdout.Write(data)
			return err
		}
		fmt.Fprintf(a.stderr, "wrote %s (%s), contains private key: %s\n", out, f, map[bool]string{true: "yes", false: "no"}[f == exporter.PFX])
		return nil
	}
	j := jsonExport{File: out, Format: string(f), Bytes: len(data), Certificates: []string{}, PrivateKey: f == exporter.PFX}
	for _, r := range rows {
		j.Certificates = append(j.Certificates, r.Fingerprint().String())
	}
	if out == "" {
		if !f.Text() {
			return usage("export as %s with --json: name the file with -o", f)
		}
		j.Text = string(bytes.TrimRight(data, "\n"))
	}
	return a.printJSON(j)
}
