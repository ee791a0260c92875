package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"certdesk/internal/certificate"
	"certdesk/internal/outfile"
	"certdesk/internal/testca"
)

func (a *app) caListCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "list [NAME]",
		Short:   "list the certification authorities, or what one issued",
		Example: `  certctl ca list office`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				name = args[0]
				return a.caIssued(name)
			}
			return a.caList()
		},
	}
	return cmd
}

func (a *app) caList() error {
	d, err := a.authorities()
	if err != nil {
		return err
	}
	names, err := d.Names()
	if err != nil {
		return err
	}
	list := []jsonCA{}
	for _, n := range names {
		ca, err := d.Load(n)
		if err == nil {
			var j jsonCA
			if j, err = ofAuthority(ca); err == nil {
				list = append(list, j)
			}
		}
		if err != nil {
			a.warn(err)
		}
	}
	if a.json {
		return a.printJSON(list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tROOT\tEXPIRES\tKEYS\tISSUED\tREVOKED")
	for _, j := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\n", j.Name, j.Root.Subject, j.Root.NotAfter.Format(time.DateOnly), j.KeyIn, j.Issued, j.Revoked)
	}
	return w.Flush()
}

func (a *app) caIssued(name string) error {
	ca, err := a.authority(name)
	if err != nil {
		return err
	}
	list, err := ca.Issued()
	if err != nil {
		return err
	}
	if a.json {
		if list == nil {
			list = []testca.Issued{}
		}
		return a.printJSON(list)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERIAL\tSUBJECT\tPURPOSE\tEXPIRES\tREVOKED\tFAULT")
	for _, i := range list {
		revoked := "-"
		if i.Revoked != nil {
			revoked = i.Revoked.Format(time.DateOnly)
		}
		fault := string(i.Fault)
		if fault == "" {
			fault = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", i.Serial, i.Subject, i.Purpose, i.End.Format(time.DateOnly), revoked, fault)
	}
	return w.Flush()
}

func (a *app) caExportCommand() *cobra.Command {
	var what, format, out string
	var force bool
	cmd := &cobra.Command{
		Use:     "export [NAME]",
		Short:   "write the root for those who are to trust it, or the chain",
		Example: `  certctl ca export office -o office-root.pem`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			ca, err := a.authority(strings.Join(args, ""))
			if err != nil {
				return err
			}
			data, certs, err := ca.Export(what, format)
			if err != nil {
				return usage("%v", err)
			}
			return a.writePublic(data, out, force, certs)
		},
	}
	f := cmd.Flags()
	f.StringVar(&what, "what", "root", "root, issuing or chain")
	f.StringVar(&format, "format", "pem", "pem, der or p7b")
	f.StringVarP(&out, "output", "o", "", "file to write; standard output if not given")
	f.BoolVar(&force, "force", false, "replace a file that exists")
	return cmd
}

// writePublic writes what holds no secret.
func (a *app) writePublic(data []byte, out string, force bool, certs []*certificate.Certificate) error {
	if out == "" {
		if a.json {
			return usage("with --json: name the file with -o")
		}
		_, err := a.stdout.Write(data)
		return err
	}
	if !force && outfile.Exists(out) {
		return fmt.Errorf("write %s: the file exists; --force replaces it", out)
	}
	if err := outfile.WriteUntil(a.interrupted, out, data, outfile.Public); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if a.json {
		j := jsonExport{File: out, Bytes: len(data), Certificates: []string{}}
		for _, c := range certs {
			j.Certificates = append(j.Certificates, c.Fingerprint().String())
		}
		return a.printJSON(j)
	}
	fmt.Fprintf(a.stderr, "wrote %s, contains private key: no\n", out)
	return nil
}

func (a *app) caRevokeCommand() *cobra.Command {
	var name, reason string
	cmd := &cobra.Command{
		Use:     "revoke SERIAL",
		Short:   "revoke a certificate, for the next CRL",
		Example: `  certctl ca revoke 4ff4a1beb76c --reason key-compromise && certctl ca crl -o office.crl`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			ca, err := a.authority(name)
			if err != nil {
				return err
			}
			code, err := testca.ParseReason(reason)
			if err != nil {
				return usage("%v", err)
			}
			i, err := ca.Find(args[0])
			if err != nil {
				return err
			}
			if i.Revoked != nil {
				fmt.Fprintf(a.stderr, "%s was revoked on %s already\n", i.Subject, i.Revoked.Format(time.DateOnly))
			} else if err := a.confirm(fmt.Sprintf("Revoke %s, serial number %s?", i.Subject, i.Serial)); err != nil {
				return err
			}
			if i, err = ca.Revoke(i.Serial, code, a.now); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(i)
			}
			fmt.Fprintf(a.stderr, "revoked %s; certctl ca crl writes the list that tells others\n", i.Subject)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "ca", "", "the authority, when there are several")
	f.StringVar(&reason, "reason", "unspecified", "why: key-compromise, superseded, affiliation-changed, cessation-of-operation, privilege-withdrawn")
	return cmd
}

func (a *app) caCRLCommand() *cobra.Command {
	var out string
	var days int
	var der, force bool
	cmd := &cobra.Command{
		Use:     "crl [NAME]",
		Short:   "sign the list of revoked certificates",
		Example: `  certctl ca crl office -o office.crl --password-file ca.txt`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ca, err := a.authority(strings.Join(args, ""))
			if err != nil {
				return err
			}
			if out != "" && !force && outfile.Exists(out) {
				return fmt.Errorf("write %s: the file exists; --force replaces it", out)
			}
			signer, err := a.issuer(cmd.Context(), ca)
			if err != nil {
				return err
			}
			data, err := ca.CRL(signer, days, a.now)
			if err != nil {
				return err
			}
			if !der {
				data = testca.CRLPEM(data)
			}
			return a.writePublic(data, out, true, nil)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "", "file to write; standard output if not given")
	f.IntVar(&days, "days", 0, "how long the list is good; 30 if not given")
	f.BoolVar(&der, "der", false, "write DER, as HTTP servers hand it out, instead of PEM")
	f.BoolVar(&force, "force", false, "replace a file that exists")
	a.password.add(f, "", "the password of the authority")
	return cmd
}
