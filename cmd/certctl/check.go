package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/internal/certfile"
	"certdesk/internal/check"
	"certdesk/internal/check/report"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

func (a *app) checkCommand() *cobra.Command {
	var purpose, format, account string
	opt := check.Options{}
	var net onlineFlags
	cmd := &cobra.Command{
		Use:   "check ID|FILE",
		Short: "say whether a certificate will work for a purpose, and why not",
		Example: `  certctl check client.pfx --for client
  certctl check 4ff4a1beb76c --for server --host www.example.com
  certctl check 4ff4a1beb76c --revocation --proxy http://proxy.example:3128
  certctl check client.pfx --format markdown > report.md`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := finding.Purpose(strings.ToLower(purpose))
			if p != "" && !slices.Contains(finding.Purposes, p) {
				return usage("--for %s: there are %s", purpose, names(finding.Purposes))
			}
			opt.UsedBy = keyusage.Consumer(strings.ToLower(string(opt.UsedBy)))
			if opt.UsedBy != keyusage.AnyConsumer && !slices.Contains(keyusage.Consumers, opt.UsedBy) {
				return usage("--used-by %s: there are %s", opt.UsedBy, names(keyusage.Consumers))
			}
			opt.Now = a.now
			if format != "" && format != "text" && format != "markdown" {
				return usage("--format %s: there are text and markdown", format)
			}
			client, err := a.client(net)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), args[0], p, opt, format, account, asker{net, client})
		},
	}
	f := cmd.Flags()
	f.StringVar(&purpose, "for", "", names(finding.Purposes)+"; what the certificate was made for if not given")
	f.StringVar(&opt.Host, "host", "", "the name that clients of the server use")
	f.StringVar((*string)(&opt.UsedBy), "used-by", "", "the program that is to use it: "+names(keyusage.Consumers))
	f.StringVar(&account, "account", "", "the account that is to use the private key of a certificate in a store")
	f.BoolVar(&opt.Trust, "trust", false, "a chain that is not trusted on this computer is an error")
	f.StringVar(&format, "format", "", "print the whole report, as the window copies it: text or markdown")
	net.add(f)
	a.password.add(f, "", "the file's password")
	return cmd
}

// names lists words as people do.
func names[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = string(x)
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

type jsonVerdict struct {
	Purpose  finding.Purpose `json:"purpose"`
	Verdict  string          `json:"verdict"`
	Findings []jsonFinding   `json:"findings"`
}

// jsonCheckFile is what is said about the file, whatever the purpose.
type jsonCheckFile struct {
	Name         string        `json:"name"`
	Format       string        `json:"format"`
	Encoding     string        `json:"encoding,omitempty"`
	MAC          string        `json:"mac,omitempty"`
	Encryption   []string      `json:"encryption,omitempty"`
	Locked       bool          `json:"locked"`
	Certificates int           `json:"certificates"` // that can be seen
	Keys         int           `json:"keys"`
	Findings     []jsonFinding `json:"findings"`
}

type jsonCheck struct {
	Certificate *jsonCertificate `json:"certificate,omitempty"` // absent when a locked file shows none
	jsonVerdict                  // the worst of those below
	Purposes    []jsonVerdict    `json:"purposes"`
	File        *jsonCheckFile   `json:"file,omitempty"`
	Chain       []jsonLink       `json:"chain"`
	Paths       []jsonPath       `json:"paths"`
	Acceptance  jsonAcceptance   `json:"acceptance"` // by services of this computer
	// What Windows says of the chain; other systems judge none.
	SystemChain *jsonSystemChain `json:"systemChain,omitempty"`

	*jsonOnline // what the network said
}

// checked is what a command line asks to be judged.
type checked struct {
	inv      *inventory.Inventory
	file     *check.File // nil for a store
	subjects []check.Subject
	locked   error              // why the file was not opened, or nil
	system   []*jsonSystemChain // of each subject
	online   []*jsonOnline      // of each subject
}

func (a *app) check(ctx context.Context, arg string, p finding.Purpose, opt check.Options, format, account string, net asker) error {
	what, err := a.subjects(ctx, arg, opt.UsedBy)
	if err != nil {
		return err
	}
	var reports []report.Report
	fails := false
	for _, s := range what.subjects {
		if s.Row != nil {
			store, err := a.open(ctx)
			if err != nil {
				return err
			}
			if opt.Lost, err = check.LostKey(ctx, store, s.Row); err != nil {
				a.warn(err)
			}
			if opt.More, err = check.Access(ctx, store, s.Row, account); err != nil {
				return err
			}
		}
		purposes := []finding.Purpose{p}
		if p == "" {
			purposes = check.Purposes(s.Certificate)
		}
		if len(purposes) == 0 {
			purposes = []finding.Purpose{finding.Any} // made for what no rule of ours is about
		}
		opt, oj := net.ask(ctx, s, purposes[0], what.inv, opt)
		what.online = append(what.online, oj)
		r := report.Report{Subject: s, File: what.file, Verdicts: check.All(s, purposes, what.inv, opt), Host: opt.Host, UsedBy: opt.UsedBy, Now: a.now}
		system, sj := a.systemChain(ctx, s)
		what.system = append(what.system, sj)
		for i, v := range r.Verdicts {
			v = v.WithSystem(system, opt.Trust).WithFile(what.file)
			r.Verdicts[i] = v
			fails = fails || v.Verdict == check.WillNotWork
		}
		reports = append(reports, r)
	}
	switch {
	case a.json:
		err = a.printChecksJSON(what, reports)
	case format == "markdown":
		_, err = fmt.Fprint(a.stdout, report.Markdown(what.file, reports))
	case format == "text":
		_, err = fmt.Fprint(a.stdout, report.Text(what.file, reports))
	default:
		a.printChecks(what, reports)
	}
	switch {
	case err != nil:
		return err
	case what.locked != nil:
		return what.locked
	case fails:
		return errVerdict
	}
	return nil
}

// subjects finds what arg names: certificates of a file, or of the stores. Of
// a file that is locked it finds what can be seen from outside.
func (a *app) subjects(ctx context.Context, arg string, by keyusage.Consumer) (*checked, error) {
	if isFile(arg) {
		data, contents, err := a.readFile(ctx, arg)
		if err != nil && data != nil {
			locked := err
			if errors.Is(err, certfile.ErrNoPassword) {
				locked = fmt.Errorf("check %s: %w", arg, errLocked)
			}
			if contents, err = certfile.Inspect(data); err != nil {
				return nil, locked
			}
			err = locked
		}
		if contents == nil {
			return nil, err
		}
		defer contents.Wipe()
		inv, lerr := a.load(ctx, "")
		if lerr != nil {
			a.warn(lerr)
		}
		c := &checked{inv: inv, file: check.NewFile(arg, contents, by), subjects: check.InFile(contents), locked: err}
		if err != nil && len(c.subjects) == 0 {
			c.subjects = check.ByKeyID(contents, inv)
		}
		if len(c.subjects) == 0 && err == nil {
			err = &certfile.Error{Op: "check", Object: arg, Err: certfile.ErrUnknown}
			return nil, err
		}
		return c, nil
	}
	inv, err := a.load(ctx, "")
	if err != nil {
		return nil, err
	}
	rows, err := inv.Resolve(arg, nil)
	if err != nil {
		return nil, err
	}
	row := withKey(rows)
	return &checked{inv: inv, subjects: []check.Subject{{Certificate: row.Certificate, Row: row}}}, nil
}

func (a *app) printChecksJSON(what *checked, reports []report.Report) error {
	var file *jsonCheckFile
	if f := what.file; f != nil {
		file = &jsonCheckFile{f.Name, f.Format, f.Encoding, f.MAC, f.Encryption, f.Locked, f.Certificates, f.Keys, jsonFindings(f.Findings)}
	}
	docs := []jsonCheck{}
	for i, r := range reports {
		c := ofCertificate(r.Subject.Certificate)
		if r.Subject.Row != nil {
			c = ofRow(r.Subject.Row)
		}
		j := jsonCheck{Certificate: &c, File: file, SystemChain: what.system[i], jsonOnline: what.online[i]}
		worst := 3
		for _, v := range r.Verdicts {
			jv := jsonVerdict{v.Purpose, v.Verdict, jsonFindings(v.Findings)}
			j.Purposes = append(j.Purposes, jv)
			if v.Rank() < worst {
				worst, j.jsonVerdict = v.Rank(), jv
				j.setPaths(v.Paths, what.inv)
			}
		}
		docs = append(docs, j)
	}
	switch {
	case len(docs) == 1:
		return a.printJSON(docs[0])
	case len(docs) == 0:
		return a.printJSON(jsonCheck{jsonVerdict: jsonVerdict{Verdict: "unknown", Findings: file.Findings}, Purposes: []jsonVerdict{}, File: file, Chain: []jsonLink{}, Paths: []jsonPath{}, Acceptance: jsonAcceptance{Actions: []jsonAction{}}})
	}
	return a.printJSON(docs)
}

// printChecks prints the verdicts in short: report has the whole of it.
func (a *app) printChecks(what *checked, reports []report.Report) {
	if what.file != nil {
		a.printFindings(jsonFindings(what.file.Apart(len(reports) > 0)))
	}
	for i, r := range reports {
		for _, v := range r.Verdicts {
			as := ""
			if v.Purpose != finding.Any {
				as = " as " + string(v.Purpose)
			}
			fmt.Fprintf(a.stdout, "%s%s: %s\n", r.Subject.Certificate.CommonName(), as, v.Verdict)
			a.printFindings(jsonFindings(v.Findings))
		}
		j := jsonCheck{}
		j.setPaths(r.Verdicts[0].Paths, what.inv)
		a.printPaths(j)
		a.printOnline(what.online[i])
		if sys := what.system[i]; sys != nil {
			fmt.Fprintln(a.stdout, sys.text())
		}
	}
}
