package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/combiner"
	"certdesk/internal/exporter"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
	"certdesk/internal/request"
)

// completeFlags say what is done with an answer.
type completeFlags struct {
	p12, profile, name, location                 string
	toStore, generate, force, trustRoots, dryRun bool
	lookIn                                       []string
}

func (a *app) requestCompleteCommand() *cobra.Command {
	var x completeFlags
	cmd := &cobra.Command{
		Use:   "complete [FILE|-] [ID]",
		Short: "bring the CA's answer to its request: into the store, or into a PKCS#12 file",
		Long: `complete takes what the CA sent, from a file or pasted: PEM, base64 with or
without line breaks, HTML or JSON around it, PKCS#7, DER. It finds the request
by the public key, shows what goes where, and imports it; "certctl undo" takes
that back, and the request waits again. With --p12 certificate, key and chain
are written to a PKCS#12 file; a key in a file is then not imported, unless
--import asks for both.

` + profileHelp(),
		Example: `  certctl request complete answer.pem
  xclip -o | certctl request complete --yes
  certctl request complete answer.pem --p12 client.p12 --password-file key-pw.txt --new-password-file new.txt`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			args = append(args, "-", "")[:max(2, len(args))]
			if len(args) == 2 && args[1] == "-" {
				args[1] = ""
			}
			return a.complete(cmd, args[0], args[1], x)
		},
	}
	f := cmd.Flags()
	f.StringVar(&x.p12, "p12", "", "PKCS#12 file to write, with certificate, key and chain")
	f.StringVar(&x.profile, "profile", string(certfile.Modern), "of that file: modern, compatible, java or macos")
	f.BoolVar(&x.toStore, "import", false, "import as well, when --p12 is given and the key is in a file")
	f.StringVar(&x.location, "location", "user", "for a key in a file: user or machine")
	f.StringVar(&x.name, "friendly-name", "", "name for the certificate")
	f.BoolVar(&x.trustRoots, "trust-root", false, "import the roots of the answer as trusted roots")
	f.BoolVar(&x.generate, "generate-password", false, "make up a password for the PKCS#12 file and print it once")
	f.BoolVar(&x.force, "force", false, "replace the PKCS#12 file if it exists")
	f.BoolVar(&x.dryRun, "dry-run", false, "print the plan and change nothing")
	f.StringArrayVar(&x.lookIn, "look-in", nil, "after a renewal: folder or file to look in for what still uses the old certificate; may be repeated")
	a.password.add(f, "", "the password of the key file")
	a.newPassword.add(f, "new-", "the password for the PKCS#12 file")
	return cmd
}

type jsonCompleted struct {
	Request     jsonCSR      `json:"request"`
	Certificate string       `json:"certificate"` // SHA-256
	Subject     string       `json:"subject"`
	Chain       []jsonLink   `json:"chain"`
	Plan        *jsonPlan    `json:"plan,omitempty"`
	P12         *jsonNewFile `json:"p12,omitempty"`
	Old         *jsonUses    `json:"old,omitempty"` // of a renewal: what uses the old certificate
}

func (a *app) complete(cmd *cobra.Command, path, id string, x completeFlags) error {
	ctx := cmd.Context()
	profile := certfile.Profile(strings.ToLower(x.profile))
	if _, ok := profile.Info(); !ok {
		return noProfile(x.profile)
	}
	if x.p12 != "" && !x.force && outfile.Exists(x.p12) {
		return fmt.Errorf("write %s: %w", x.p12, request.ErrExists)
	}
	if path == "-" && a.password.stdin {
		return usage("the answer and the password cannot both come from standard input: use --password-file")
	}
	data, err := a.slurp(path, certfile.MaxSize)
	if err != nil {
		return err
	}
	answer, err := request.ReadAnswer(ctx, data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer answer.Wipe()
	s, err := a.requests(ctx)
	if err != nil {
		return err
	}
	r, leaf, err := s.Match(id, answer)
	if err != nil {
		return err
	}
	c := &completing{app: a, cmd: cmd, s: s, r: r, leaf: leaf, answer: answer, x: x, profile: profile}
	return c.run(ctx)
}

// A completing is one request that is completed.
type completing struct {
	*app
	cmd     *cobra.Command
	s       *request.Service
	r       request.Record
	leaf    *certificate.Certificate
	answer  *certfile.Contents // with the key, if that is in a file
	x       completeFlags
	profile certfile.Profile
	j       jsonCompleted
}

func (c *completing) run(ctx context.Context) (err error) {
	location, err := location(c.x.location)
	if err != nil {
		return err
	}
	if c.r.KeyIn == request.InFile {
		if c.answer, err = c.withKey(ctx); err != nil {
			return err
		}
		defer c.answer.Wipe()
	}
	opt := importer.Options{Location: location, FriendlyName: c.x.name, TrustRoots: c.x.trustRoots, Exportable: importer.DefaultExportable}
	plan, err := c.s.Plan(ctx, c.r, c.answer, opt)
	if err != nil {
		return err
	}
	if c.x.dryRun {
		return c.printPlan(c.stdout, plan, "")
	}
	if c.x.p12 == "" || c.x.toStore || c.r.KeyIn == request.InStore {
		if err := c.carryOut(ctx, plan); err != nil {
			return err
		}
	}
	inv, err := c.load(ctx, "")
	if err != nil {
		c.warn(err)
	}
	if c.x.p12 != "" {
		if err := c.writeP12(ctx, inv); err != nil {
			return err
		}
	}
	return c.report(ctx, inv)
}

// withKey opens the key file, asking for its password on a terminal.
func (c *completing) withKey(ctx context.Context) (*certfile.Contents, error) {
	pw, err := c.given(c.password, "CERTCTL_PASSWORD")
	if err != nil {
		return nil, err
	}
	defer func() { clear(pw.Text) }()
	full, err := c.s.WithKey(ctx, c.r, c.answer, pw)
	for n := 0; n < tries && errors.Is(err, certfile.ErrPassword) && !pw.Given && c.terminal(); n++ {
		text, perr := c.prompt(fmt.Sprintf("Password of the key file %s: ", c.r.KeyFile))
		if perr != nil {
			return nil, perr
		}
		full, err = c.s.WithKey(ctx, c.r, c.answer, certfile.Password{Given: true, Text: text})
		clear(text)
	}
	return full, err
}

// carryOut shows the plan, asks, and applies it.
func (c *completing) carryOut(ctx context.Context, plan *importer.Plan) (err error) {
	c.printUnfinished()
	if !c.yes && plan.Problem == nil && (plan.Changes() > 0 || len(plan.Asks()) > 0) {
		if plan, err = c.agree(c.cmd, c.s.Importer, plan); err != nil {
			return err
		}
	}
	report, err := c.s.Apply(ctx, c.r, c.leaf, plan, nil)
	if err != nil {
		return err
	}
	j := planOf(report.Plan, report.Journal)
	c.j.Plan = &j
	if !c.json {
		if err := c.printTable(c.stdout, report.Plan); err != nil {
			return err
		}
	}
	if report.Journal != "" {
		fmt.Fprintf(c.stderr, "imported %s; certctl undo %s takes it back, and the request waits again\n", count(report.Plan.Changes(), "certificate"), report.Journal)
	}
	return nil
}

// writeP12 writes the PKCS#12 file: of the key file, or of what the store
// holds now.
func (c *completing) writeP12(ctx context.Context, inv *inventory.Inventory) error {
	pw, err := c.newFilePassword(c.x.p12, c.x.generate)
	if err != nil {
		return err
	}
	defer clear(pw)
	info, _ := c.profile.Info()
	j := jsonNewFile{File: c.x.p12, Profile: string(c.profile), Protection: info.Protection, Opens: info.Opens, Refuses: info.Refuses, Note: info.Note,
		Keys: 1, Certificate: c.leaf.Fingerprint().String(), Subject: c.leaf.Subject().String()}
	if c.r.KeyIn == request.InFile {
		res, openssl, err := c.s.Combine(c.r, c.answer, inv, request.NewFile{Path: c.x.p12, Profile: c.profile, FriendlyName: c.x.name, Password: pw, Force: c.x.force})
		if err != nil {
			return err
		}
		j.FriendlyName, j.Missing, j.OpenSSL = res.Names[0], res.Missing, openssl
		if len(res.Added) > 0 {
			fmt.Fprintf(c.stderr, "added from the certificate stores: %s\n", combiner.Describe(res.Added))
		}
	} else if err := c.exportP12(ctx, inv, pw); err != nil {
		return err
	}
	if c.x.generate {
		j.Password = string(pw)
	}
	c.j.P12 = &j
	if c.json {
		return nil
	}
	fmt.Fprintf(c.stdout, "wrote %s: certificate, private key and chain; %s\n  opens in      %s\n", j.File, info.Protection, strings.Join(info.Opens, "; "))
	if j.OpenSSL != "" {
		fmt.Fprintf(c.stdout, "  the same with openssl: %s\n", j.OpenSSL)
	}
	if c.x.generate {
		fmt.Fprintf(c.stdout, "  password      %s   (shown this once)\n", pw)
	}
	return nil
}

func (c *completing) exportP12(ctx context.Context, inv *inventory.Inventory, pw []byte) error {
	for _, row := range inv.At(c.leaf.Fingerprint()) {
		if row.Location != c.r.Location || row.Key == certstore.KeyNone {
			continue
		}
		data, err := exporter.WithKey(ctx, c.store, row, inv, pw, c.profile, c.now)
		if err != nil {
			return err
		}
		defer clear(data)
		if err := outfile.WriteUntil(c.interrupted, c.x.p12, data, outfile.Private); err != nil {
			return fmt.Errorf("write %s: %w", c.x.p12, err)
		}
		return nil
	}
	return fmt.Errorf("write %s: %w", c.x.p12, inventory.ErrNotFound)
}

// report says how the chain stands, and what still uses a renewed
// certificate's predecessor.
func (c *completing) report(ctx context.Context, inv *inventory.Inventory) error {
	var extra []*certificate.Certificate
	for _, x := range c.answer.Certificates {
		extra = append(extra, x.Certificate)
	}
	best := chain.Build(inv, c.leaf, chain.Options{Now: c.now, Extra: chain.FromFile(extra)}).Best()
	if r, err := c.s.Find(c.r.ID); err == nil {
		c.r = r
	}
	c.j.Request, c.j.Certificate, c.j.Subject, c.j.Chain = ofRequest(c.r), c.leaf.Fingerprint().String(), c.leaf.Subject().String(), jsonLinks(best)
	if len(c.r.Old) > 0 {
		uses, err := c.uses(ctx, certificate.Parse(c.r.Old), inv, c.x.lookIn)
		if err != nil {
			return err
		}
		c.j.Old = uses
	}
	if c.json {
		return c.printJSON(c.j)
	}
	fmt.Fprintf(c.stdout, "completed request %s: %s\n", c.r.ID, c.j.Subject)
	var names []string
	for _, l := range best.Links {
		name := l.Name
		if l.Status == chain.Missing {
			name += " (not found)"
		}
		names = append(names, name)
	}
	fmt.Fprintf(c.stdout, "chain: %s\n", strings.Join(names, " <- "))
	if c.j.Old != nil {
		c.printUses(c.j.Old)
	}
	return nil
}
