package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/importer"
	"certdesk/internal/outfile"
	"certdesk/internal/place"
	"certdesk/internal/secret"
	"certdesk/internal/testca"
)

func (a *app) caCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "a certification authority for tests and small organizations",
		Long: `ca keeps certification authorities: a root, an intermediate below it, and what
they issue. Their keys are files encrypted with a password, or stay in the
certificate store. Nothing is trusted without a question.`,
		Example: `  certctl ca demo www.example.test
  certctl ca init office --cn "Example Office" --org Example --country DE --generate-password
  certctl ca issue --user jdoe --password-file ca.txt`,
	}
	cmd.AddCommand(a.caInitCommand(), a.caListCommand(), a.caExportCommand(), a.issueCommand(), a.caRevokeCommand(), a.caCRLCommand(), a.caDemoCommand())
	return cmd
}

func (a *app) authorities() (testca.Dir, error) {
	path, err := place.Data(a.getenv, "ca")
	if err != nil {
		return testca.Dir{}, fmt.Errorf("certification authorities: %w", err)
	}
	return testca.Open(path), nil
}

func (a *app) authority(name string) (*testca.Authority, error) {
	d, err := a.authorities()
	if err != nil {
		return nil, err
	}
	return d.Load(name)
}

// issuer opens the key of the level that issues.
func (a *app) issuer(ctx context.Context, ca *testca.Authority) (crypto.Signer, error) {
	level := ca.Issuing()
	if ref, ok := ca.InStore[level]; ok {
		s, err := a.open(ctx)
		if err != nil {
			return nil, err
		}
		return s.Signer(ctx, ref)
	}
	pw, err := a.given(a.password, "CERTCTL_PASSWORD")
	if err != nil {
		return nil, err
	}
	defer func() { clear(pw.Text) }()
	if !pw.Given {
		if !a.terminal() {
			return nil, fmt.Errorf("%s key of %q: %w", level, ca.Name, certfile.ErrNoPassword)
		}
		if pw.Text, err = a.prompt(fmt.Sprintf("Password of the certification authority %q: ", ca.Name)); err != nil {
			return nil, err
		}
	}
	return ca.Signer(level, pw.Text)
}

func (a *app) caInitCommand() *cobra.Command {
	var s testca.Spec
	var keyType, keyIn string
	var generate, single bool
	cmd := &cobra.Command{
		Use:   "init NAME",
		Short: "make a certification authority",
		Long: `init makes a root and an intermediate that issues. The root's certificate is
not trusted by this: ca export writes it for those who are to trust it.`,
		Example: `  certctl ca init office --cn "Example Office" --org Example --country DE --new-password-file ca.txt
  certctl ca init lab --cn Lab --key-type P-256 --key-in store`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Name, s.Intermediate, s.Now = args[0], !single, a.now
			if s.Subject.CommonName == "" {
				s.Subject.CommonName = args[0]
			}
			var err error
			if s.Key, err = csr.ParseKeyType(keyType); err != nil {
				return usage("%v", err)
			}
			return a.caInit(cmd.Context(), s, strings.ToLower(keyIn), generate)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Subject.CommonName, "cn", "", "name of the authority; \"Root CA\" and \"Issuing CA\" are put after it")
	f.StringVar(&s.Subject.Organization, "org", "", "organization (O)")
	f.StringVar(&s.Subject.Country, "country", "", "country (C), two letters")
	f.StringVar(&keyType, "key-type", string(csr.RSA3072), "RSA 2048, RSA 3072, RSA 4096, P-256, P-384, P-521 or Ed25519")
	f.StringVar(&keyIn, "key-in", "file", "file (encrypted) or store")
	f.BoolVar(&single, "no-intermediate", false, "let the root issue")
	f.IntVar(&s.RootDays, "root-days", 0, "how long the root is valid; ten years if not given")
	f.IntVar(&s.InterDays, "days", 0, "how long the intermediate is valid; five years if not given")
	f.BoolVar(&generate, "generate-password", false, "make up the password and print it once")
	a.newPassword.add(f, "new-", "the password for the authority's keys")
	a.password.add(f, "", "the same as --new-password-…, as there is no old password here")
	return cmd
}

type jsonCA struct {
	Name     string     `json:"name"`
	Path     string     `json:"path"`
	Created  time.Time  `json:"created"`
	KeyIn    string     `json:"keyIn"` // "file" or "store"
	Root     jsonCACert `json:"root"`
	Issuing  jsonCACert `json:"issuing"`
	Issued   int        `json:"issued"`
	Revoked  int        `json:"revoked"`
	Password string     `json:"password,omitempty"` // only a generated one
}

type jsonCACert struct {
	Subject  string    `json:"subject"`
	SHA256   string    `json:"sha256"`
	NotAfter time.Time `json:"notAfter"`
}

func ofAuthority(ca *testca.Authority) (jsonCA, error) {
	cert := func(l testca.Level) jsonCACert {
		c := ca.Certificate(l)
		return jsonCACert{c.Subject().String(), c.Fingerprint().String(), c.NotAfter}
	}
	j := jsonCA{Name: ca.Name, Path: ca.Path(), Created: ca.Created, KeyIn: "file", Root: cert(testca.Root), Issuing: cert(ca.Issuing())}
	if len(ca.InStore) > 0 {
		j.KeyIn = "store"
	}
	issued, err := ca.Issued()
	for _, i := range issued {
		j.Issued++
		if i.Revoked != nil {
			j.Revoked++
		}
	}
	return j, err
}

func (a *app) caInit(ctx context.Context, s testca.Spec, keyIn string, generate bool) error {
	d, err := a.authorities()
	if err != nil {
		return err
	}
	var ca *testca.Authority
	var pw []byte
	switch keyIn {
	case "store":
		if generate || a.newPassword.set() || a.password.set() {
			return usage("--key-in store and a password contradict each other: the store protects the key")
		}
		ca, err = a.caInStore(ctx, d, s)
	case "file":
		if generate {
			pw, err = secret.Password(), nil
		} else {
			pw, err = a.askNewPassword("the certification authority", true)
		}
		if err == nil {
			defer clear(pw)
			ca, err = d.Init(s, pw, nil, nil)
		}
	default:
		return usage("--key-in %s: there are file and store", keyIn)
	}
	if err != nil {
		return err
	}
	j, err := ofAuthority(ca)
	if err != nil {
		return err
	}
	if generate {
		j.Password = string(pw)
	}
	if a.json {
		return a.printJSON(j)
	}
	fmt.Fprintf(a.stdout, "made the certification authority %q in %s\n  root     %s, SHA-256 %s\n  issuing  %s\n  keys     in the %s\n",
		ca.Name, ca.Path(), j.Root.Subject, j.Root.SHA256, j.Issuing.Subject, map[string]string{"file": "folder, encrypted", "store": "certificate store"}[j.KeyIn])
	if generate {
		fmt.Fprintf(a.stdout, "  password %s   (shown this once)\n", pw)
	}
	fmt.Fprintf(a.stdout, "Nothing trusts it yet: certctl ca export %s -o root.pem writes the root for those who should.\n", ca.Name)
	return nil
}

// caInStore makes the keys in the user's certificate store.
func (a *app) caInStore(ctx context.Context, d testca.Dir, s testca.Spec) (*testca.Authority, error) {
	store, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	return testca.InitInStore(ctx, d, s, store)
}

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
			certs, ok := map[string][]*certificate.Certificate{
				"root": {ca.Certificate(testca.Root)}, "issuing": {ca.Certificate(ca.Issuing())}, "chain": ca.Chain()}[what]
			if !ok {
				return usage("--what %s: there are root, issuing and chain", what)
			}
			var ders [][]byte
			for _, c := range certs {
				ders = append(ders, c.Raw)
			}
			var data []byte
			switch {
			case format == "pem":
				data = certfile.EncodePEM(ders)
			case format == "p7b":
				data = certfile.EncodePKCS7(ders)
			case format == "der" && len(ders) == 1:
				data = ders[0]
			default:
				return usage("--format %s: there are pem, p7b, and der for one certificate", format)
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
	if err := outfile.Write(out, data, outfile.Public); err != nil {
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
			return a.caDemo(cmd, args[0], folder, generate, noImport, importer.Options{Location: l, Exportable: true, TrustRoots: trust})
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
	name, _ := csr.CleanCommonName(host)
	if folder == "" {
		folder = testca.FileName(name, "-demo")
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return fmt.Errorf("write to %s: the folder is not empty", folder)
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
	demo, err := testca.NewDemo(d, host, pw, a.now)
	if err != nil {
		return err
	}
	defer demo.Wipe()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("write to %s: %w", folder, err)
	}
	j := jsonDemo{Host: demo.Host, Folder: folder, Server: demo.Server.SHA256, Client: demo.Client.SHA256, Steps: demo.Steps(folder)}
	for _, f := range demo.Files {
		path, mode := filepath.Join(folder, f.Name), outfile.Public
		if f.Secret {
			mode = outfile.Private
		}
		if err := outfile.Write(path, f.Data, mode); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		j.Files = append(j.Files, jsonPiece{path, f.Holds, f.Secret})
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
	plan, err := s.Plan(ctx, importer.Source{Name: demo.Authority.Name, Data: demo.All}, contents, opt)
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
