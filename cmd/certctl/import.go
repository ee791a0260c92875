package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/importer"
	"certdesk/internal/journal"
	"certdesk/internal/target"
)

func (a *app) importCommand() *cobra.Command {
	var loc, provider, who string
	var dryRun bool
	opt := importer.Options{}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "import a PFX, P12, PEM, DER or P7B file, with a plan shown first",
		Long: `Imports a file, with a plan shown first that says where each certificate goes
and how its key is kept.

Say who will use the certificate with --target, and location, store, key set
and provider follow:
` + target.Help(runtime.GOOS),
		Example: `  certctl import client.pfx --dry-run
  certctl import client.pfx --password-file pw.txt --yes
  certctl import client.pfx --target browser
  certctl import partner.cer --target biztalk-partner`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opt.Location, err = location(loc); err != nil {
				return err
			}
			if cmd.Flags().Changed("target") {
				if err := a.target(who, cmd.Flags().Changed("location"), &opt); err != nil {
					return err
				}
			}
			if opt.HonourCSP && provider != "" {
				return usage("--provider %s contradicts --honour-csp, which lets the file choose: give one of them", provider)
			}
			opt.Provider = certstore.Provider(provider)
			if !slices.Contains([]certstore.Provider{certstore.ProviderDefault, certstore.ProviderCNG, certstore.ProviderCAPI}, opt.Provider) {
				return usage("--provider %s: there are cng and capi", provider)
			}
			return a.importFile(cmd, args[0], opt, dryRun)
		},
	}
	f := cmd.Flags()
	f.StringVar(&who, "target", "", "who will use the certificate; see above")
	f.StringVar(&loc, "location", "user", "user or machine; follows from --target")
	f.StringVar(&opt.FriendlyName, "friendly-name", "", "name for the certificate that comes with a key")
	f.BoolVar(&opt.Exportable, "exportable", importer.DefaultExportable, "the key may leave the store again")
	f.StringVar(&provider, "provider", "", "how Windows keeps the key: cng, or capi for programs that cannot use CNG keys")
	f.BoolVar(&opt.HonourCSP, "honour-csp", false, "keep the key with the Windows provider (CSP) that the file names")
	f.BoolVar(&opt.Protected, "strong-protection", false, "Windows asks at every use of the key")
	f.BoolVar(&opt.TrustRoots, "trust-root", false, "import the roots of the file as trusted roots")
	f.BoolVar(&dryRun, "dry-run", false, "print the plan and change nothing")
	a.password.add(f, "", "the file's password")
	return cmd
}

func (a *app) importFile(cmd *cobra.Command, path string, opt importer.Options, dryRun bool) error {
	ctx := cmd.Context()
	data, contents, err := a.readFile(ctx, path)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer contents.Wipe()
	s, err := a.importer(ctx)
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	plan, err := s.Plan(ctx, importer.SourceOf(abs, data), contents, opt)
	if err != nil {
		return err
	}
	return a.carryOut(cmd, s, plan, dryRun)
}

// carryOut shows a plan, asks, and applies it.
func (a *app) carryOut(cmd *cobra.Command, s *importer.Service, plan *importer.Plan, dryRun bool) error {
	a.printUnfinished()
	if dryRun {
		return a.printPlan(a.stdout, plan, "")
	}
	report, err := a.settle(cmd, s, plan)
	if err != nil {
		return err
	}
	return a.printPlan(a.stdout, report.Plan, report.Journal)
}

// settle asks what a plan has to ask, and applies it.
func (a *app) settle(cmd *cobra.Command, s *importer.Service, plan *importer.Plan) (_ *importer.Report, err error) {
	if !a.yes && plan.Problem == nil && (plan.Changes() > 0 || len(plan.Asks()) > 0) {
		if plan, err = a.agree(cmd, s, plan); err != nil {
			return nil, err
		}
	}
	progress := func(done, total int, what string) {
		if what != "" && a.terminal() {
			fmt.Fprintf(a.stderr, "importing %d of %d: %s\n", done+1, total, what)
		}
	}
	report, err := s.Apply(cmd.Context(), plan, progress)
	if err != nil {
		return nil, err
	}
	if report.Journal != "" {
		fmt.Fprintf(a.stderr, "imported %s; certctl undo %s takes it back\n", count(report.Plan.Changes(), "certificate"), report.Journal)
	} else {
		fmt.Fprintln(a.stderr, "nothing had to be changed")
	}
	return report, nil
}

// agree shows the plan and asks; roots are asked for one by one.
func (a *app) agree(cmd *cobra.Command, s *importer.Service, plan *importer.Plan) (*importer.Plan, error) {
	if !a.terminal() {
		return nil, usage("import %s: there is no terminal to confirm the plan at; use --yes, or --dry-run to see it", plan.Source.Name)
	}
	if err := a.printTable(a.stderr, plan); err != nil {
		return nil, err
	}
	if asks := plan.Asks(); len(asks) > 0 {
		opt := plan.Options
		opt.Trust = map[certificate.Fingerprint]bool{}
		for _, it := range asks {
			fp := it.Certificate.Fingerprint()
			if a.ask(fmt.Sprintf("Trust the root %q, SHA-256 %s?", it.Certificate.CommonName(), fp)) == nil {
				opt.Trust[fp] = true
			}
		}
		again, err := s.Replan(cmd.Context(), plan, opt)
		if err != nil {
			return nil, err
		}
		plan = again
	}
	if plan.Changes() == 0 {
		return plan, nil
	}
	return plan, a.confirm(fmt.Sprintf("Import %s to %s?", count(plan.Changes(), "certificate"), plan.Options.Location))
}

// printUnfinished says what an earlier crash left.
func (a *app) printUnfinished() {
	path, err := journal.DefaultPath(a.getenv)
	if err != nil {
		return // without a place for it there is no journal
	}
	s := &importer.Service{Journal: journal.Open(path)}
	records, err := s.Unfinished()
	if err != nil {
		a.warn(fmt.Errorf("read journal: %w", err))
	}
	for _, r := range records {
		again := "importing the file again"
		if r.Kind != journal.Import {
			again = "doing it again"
		}
		fmt.Fprintf(a.stderr, "certctl: the %s of %s did not finish: undo it with certctl undo %s, or finish it by %s\n", r.Kind, r.Source, r.ID, again)
	}
}

func (a *app) undoCommand() *cobra.Command {
	var list, dryRun bool
	cmd := &cobra.Command{
		Use:   "undo [JOURNAL-ID]",
		Short: "take back the newest import, or the one named; an unfinished one first",
		Long: `Takes back a change: the newest import, or the one named, an unfinished one
first. What somebody changed since is left alone. It asks nothing; --dry-run
says what would be taken back.`,
		Example: `  certctl undo --dry-run
  certctl undo
  certctl undo --list`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.importer(cmd.Context())
			if err != nil {
				return err
			}
			if list {
				return a.listJournal(s)
			}
			id := ""
			if len(args) == 1 {
				id = args[0]
			} else {
				r, err := s.Latest()
				if err != nil {
					return fmt.Errorf("undo: %w", err)
				}
				id = r.ID
			}
			take := s.Undo
			if dryRun {
				take = s.Preview
			}
			undone, err := take(cmd.Context(), id)
			if err != nil {
				return err
			}
			return a.printUndone(id, undone, dryRun)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list what can be undone")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be taken back and change nothing")
	return cmd
}

type jsonRecord struct {
	ID       string             `json:"id"`
	Kind     string             `json:"kind"`
	Source   string             `json:"source"`
	Time     string             `json:"time"`
	Location certstore.Location `json:"location"`
	Status   journal.Status     `json:"status"`
	Items    []jsonStep         `json:"items"`
}

type jsonStep struct {
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	Result   string             `json:"result,omitempty"` // of undo: "removed", "restored" or "changed-since"
}

func ofStep(st journal.Step) jsonStep {
	return jsonStep{st.Subject, certificate.FingerprintOf(st.DER).String(), st.Location, st.Store, ""}
}

func (a *app) listJournal(s *importer.Service) error {
	records, err := s.Journal.List()
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	if a.json {
		out := []jsonRecord{}
		for _, r := range records {
			j := jsonRecord{r.ID, r.Kind, r.Source, rfc3339(r.Time), r.Location, r.Status, []jsonStep{}}
			for _, st := range r.Steps {
				j.Items = append(j.Items, ofStep(st))
			}
			out = append(out, j)
		}
		return a.printJSON(out)
	}
	cells := [][]string{{"ID", "WHAT", "SOURCE", "TIME", "LOCATION", "STATUS", "CERTIFICATES"}}
	for _, r := range records {
		var names []string
		for _, st := range r.Steps {
			names = append(names, cut(st.Subject, 30))
		}
		cells = append(cells, []string{r.ID, r.Kind, r.Source, r.Time.Local().Format("2006-01-02 15:04:05"), string(r.Location), string(r.Status), strings.Join(names, ", ")})
	}
	a.columns(cells)
	return nil
}

func (a *app) printUndone(id string, undone []importer.Undone, dryRun bool) error {
	steps := []jsonStep{}
	for _, u := range undone {
		j := ofStep(u.Step)
		j.Result = "restored"
		switch {
		case u.Changed:
			j.Result = "changed-since"
		case !u.Step.Before.Certificate:
			j.Result = "removed"
		}
		steps = append(steps, j)
	}
	if a.json {
		return a.printJSON(map[string]any{"journal": id, "items": steps})
	}
	texts := map[string]string{"restored": "is as it was before", "removed": "removed", "changed-since": "left alone: it was changed since"}
	done := "undone"
	if dryRun {
		texts["restored"], texts["removed"] = "will be as it was before", "will be removed"
		done = "to undo"
	}
	for _, j := range steps {
		fmt.Fprintf(a.stdout, "%s/%s  %s  %s\n", j.Location, j.Store, j.Subject, texts[j.Result])
	}
	fmt.Fprintf(a.stderr, "%s: %s\n", done, id)
	return nil
}
