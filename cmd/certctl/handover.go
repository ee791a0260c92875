package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/exporter"
	"certdesk/internal/handover"
)

func (a *app) handoverCommand() *cobra.Command {
	var format, system, out string
	var days int
	var force bool
	cmd := &cobra.Command{
		Use:   "handover ID|FILE",
		Short: "the sheet for a partner: serial number in their spelling, thumbprints, PEM; or a reminder before it ends",
		Long: `handover writes what a partner asks for, public data only: the serial number in
their system's spelling first, thumbprints, names in both orders, validity, PEM,
base64 on one line, and the issuers. --format ics writes a calendar file with a
reminder before the certificate ends.`,
		Example: `  certctl handover f1a0b3c4d5e6f708 --system nginx --format pdf -o partner.pdf
  certctl handover client.cer --format ics --days 30 -o renew.ics`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sys, err := handover.ParseSystem(system)
			if err != nil {
				return usage("%v", err)
			}
			form, err := handover.ParseForm(format)
			if err != nil {
				return usage("%v", err)
			}
			return a.handover(cmd.Context(), args[0], form, handover.Options{System: sys, Now: a.now}, days, out, force)
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "markdown", "markdown, html, pdf or ics (reminder)")
	f.StringVar(&system, "system", "windows", "whose spelling of the serial number comes first: windows, openssl, nginx, apache, java, firefox, decimal, ad")
	f.IntVar(&days, "days", handover.UsualDays, "ics: how many days before the end")
	f.StringVarP(&out, "output", "o", "", "file to write; standard output if not given")
	f.BoolVar(&force, "force", false, "replace a file that exists")
	a.password.add(f, "", "the file's password")
	return cmd
}

func (a *app) handover(ctx context.Context, arg string, form handover.Form, opt handover.Options, days int, out string, force bool) error {
	if out == "" && !form.Text() && isTerminal(a.stdout) {
		return usage("a PDF goes to a file: name it with -o")
	}
	c, chain, err := a.withIssuers(ctx, arg)
	if err != nil {
		return err
	}
	data, err := handover.Make(form, c, chain, opt, days)
	if errors.Is(err, handover.ErrDays) {
		return usage("%v", err)
	}
	if err != nil {
		return err
	}
	return a.writePublic(data, out, force, []*certificate.Certificate{c})
}

// withIssuers returns the one certificate that arg names, and its issuers as
// far as they are known.
func (a *app) withIssuers(ctx context.Context, arg string) (*certificate.Certificate, []*certificate.Certificate, error) {
	inv, err := a.load(ctx, "")
	if !isFile(arg) {
		if err != nil {
			return nil, nil, err
		}
		rows, err := inv.Resolve(arg, nil)
		if err != nil {
			return nil, nil, err
		}
		all := exporter.WithChain([]*certificate.Certificate{rows[0].Certificate}, inv, a.now)
		return all[0], all[1:], nil
	}
	_, contents, err := a.readFile(ctx, arg)
	if err != nil {
		return nil, nil, err
	}
	defer contents.Wipe()
	c, rest := mainCertificate(contents)
	if c == nil {
		return nil, nil, fmt.Errorf("%s: %w", arg, certfile.ErrUnknown)
	}
	all := exporter.WithChainFrom(c, rest, inv, a.now)
	return c, all[1:], nil
}

// mainCertificate returns the certificate that a file is about: that of its
// key, else its only end entity or first certificate; and the others.
func mainCertificate(c *certfile.Contents) (*certificate.Certificate, []*certificate.Certificate) {
	main := -1
	for i, x := range c.Certificates {
		if main < 0 || c.Certificates[main].Certificate.IsCA() && !x.Certificate.IsCA() {
			main = i
		}
	}
	for _, k := range c.Keys {
		if k.Certificate >= 0 {
			main = k.Certificate
			break
		}
	}
	if main < 0 {
		return nil, nil
	}
	var rest []*certificate.Certificate
	for i, x := range c.Certificates {
		if i != main {
			rest = append(rest, x.Certificate)
		}
	}
	return c.Certificates[main].Certificate, rest
}
