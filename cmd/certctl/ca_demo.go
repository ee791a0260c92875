package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/importer"
	"certdesk/internal/secret"
	"certdesk/internal/testca"
)

func (a *app) caDemoCommand() *cobra.Command {
	var folder, loc string
	var generate, noImport, trust bool
	cmd := &cobra.Command{
		Use:   "demo HOST",
		Short: "root, server and client certificate for a test site, placed, with the steps for IIS, nginx and Apache",
		Long: `demo makes a root, a server certificate for HOST and a client certificate, writes
the files that servers want, imports them with the usual plan (the root only
after a yes), and prints what to do on IIS, nginx and Apache. It replaces the
makecert sequence of older guides.`,
		Example: `  certctl ca demo www.example.test --generate-password`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := location(loc)
			if err != nil {
				return err
			}
			opt := testca.DemoOptions(l)
			opt.TrustRoots = trust
			return a.caDemo(cmd, args[0], folder, generate, noImport, opt)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&folder, "output", "o", "", "folder for the files; HOST-demo if not given")
	f.StringVar(&loc, "location", string(certstore.User), "user or machine")
	f.BoolVar(&noImport, "no-import", false, "write the files only")
	f.BoolVar(&trust, "trust-root", false, "trust the root here without a question")
	f.BoolVar(&generate, "generate-password", false, "make up the password of authority and files and print it once")
	a.newPassword.add(f, "new-", "the password for the authority and the files")
	a.password.add(f, "", "the same as --new-password-…, as there is no old password here")
	return cmd
}

type jsonDemo struct {
	Host     string        `json:"host"`
	Folder   string        `json:"folder"`
	CA       jsonCA        `json:"ca"`
	Server   string        `json:"server"` // SHA-256
	Client   string        `json:"client"`
	Files    []jsonPiece   `json:"files"`
	Steps    []testca.Step `json:"steps"`
	Journal  string        `json:"journal,omitempty"`
	Password string        `json:"password,omitempty"` // only a generated one
}

func (a *app) caDemo(cmd *cobra.Command, host, folder string, generate, noImport bool, opt importer.Options) error {
	ctx := cmd.Context()
	d, err := a.authorities()
	if err != nil {
		return err
	}
	if folder == "" {
		folder = testca.DemoFolder(host)
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	if !noImport && !a.yes && !a.terminal() {
		return usage("demo: there is no terminal to confirm the import at; use --yes, or --no-import")
	}
	pw := secret.Password()
	if !generate {
		if pw, err = a.askNewPassword("the authority and its files", true); err != nil {
			return err
		}
	}
	defer clear(pw)
	demo, err := testca.MakeDemo(d, host, folder, pw, a.now)
	if err != nil {
		return err
	}
	defer demo.Wipe()
	j := jsonDemo{Host: demo.Host, Folder: folder, Server: demo.Server.SHA256, Client: demo.Client.SHA256, Steps: demo.Steps()}
	for _, f := range demo.Files {
		j.Files = append(j.Files, jsonPiece{filepath.Join(folder, f.Name), f.Holds, f.Secret})
	}
	if j.CA, err = ofAuthority(demo.Authority); err != nil {
		return err
	}
	if generate {
		j.Password = string(pw)
	}
	if !a.json {
		fmt.Fprintf(a.stdout, "made the authority %q and, in %s:\n", demo.Authority.Name, folder)
		for _, f := range j.Files {
			fmt.Fprintf(a.stdout, "  %-12s %s\n", filepath.Base(f.File), f.Holds)
		}
		if generate {
			fmt.Fprintf(a.stdout, "  password     %s   (shown this once)\n", pw)
		}
		fmt.Fprintln(a.stdout)
	}
	if !noImport {
		if j.Journal, err = a.placeDemo(cmd, demo, pw, opt); err != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	if a.json {
		return a.printJSON(j)
	}
	for _, s := range j.Steps {
		fmt.Fprintf(a.stdout, "\n%s\n", s.Title)
		for _, l := range s.Lines {
			fmt.Fprintf(a.stdout, "  %s\n", l)
		}
	}
	return nil
}

// placeDemo imports a demo's certificates by the usual plan.
func (a *app) placeDemo(cmd *cobra.Command, demo *testca.Demo, pw []byte, opt importer.Options) (journal string, err error) {
	ctx := cmd.Context()
	s, err := a.importer(ctx)
	if err != nil {
		return "", err
	}
	contents, err := certfile.Read(ctx, demo.All, certfile.Password{Given: true, Text: pw})
	if err != nil {
		return "", err
	}
	defer contents.Wipe()
	plan, err := s.Plan(ctx, demo.Source(), contents, opt)
	if err != nil {
		return "", err
	}
	report, err := a.settle(cmd, s, plan)
	if err != nil {
		return "", err
	}
	if !a.json {
		if err := a.printTable(a.stdout, report.Plan); err != nil {
			return "", err
		}
	}
	return report.Journal, nil
}
