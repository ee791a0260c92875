package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

func (a *app) checkCommand() *cobra.Command {
	var purpose string
	opt := check.Options{}
	cmd := &cobra.Command{
		Use:   "check ID|FILE",
		Short: "say whether a certificate will work for a purpose, and why not",
		Example: `  certctl check client.pfx --for client
  certctl check 4ff4a1beb76c --for server --host www.example.com`,
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
			return a.check(cmd.Context(), args[0], p, opt)
		},
	}
	f := cmd.Flags()
	f.StringVar(&purpose, "for", "", names(finding.Purposes)+"; what the certificate was made for if not given")
	f.StringVar(&opt.Host, "host", "", "the name that clients of the server use")
	f.StringVar((*string)(&opt.UsedBy), "used-by", "", "the program that is to use it: "+names(keyusage.Consumers))
	f.BoolVar(&opt.Trust, "trust", false, "a chain that is not trusted on this computer is an error")
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

type jsonCheck struct {
	Certificate jsonCertificate `json:"certificate"`
	jsonVerdict                 // the worst of those below
	Purposes    []jsonVerdict   `json:"purposes"`
	Chain       []jsonLink      `json:"chain"`
	Paths       []jsonPath      `json:"paths"`
	Acceptance  jsonAcceptance  `json:"acceptance"` // by services of this computer
	// What Windows says of the chain; other systems judge none.
	SystemChain *jsonSystemChain `json:"systemChain,omitempty"`
}

func (a *app) check(ctx context.Context, arg string, p finding.Purpose, opt check.Options) error {
	inv, subjects, err := a.subjects(ctx, arg)
	locked := errors.Is(err, errLocked)
	if err != nil && !locked {
		return err
	}
	var reports []jsonCheck
	fails := false
	for _, s := range subjects {
		purposes := []finding.Purpose{p}
		if p == "" {
			purposes = check.Purposes(s.Certificate)
		}
		if len(purposes) == 0 {
			purposes = []finding.Purpose{finding.Any} // a CA's, or for mail: no rule of ours is about that
		}
		j := jsonCheck{Certificate: ofCertificate(s.Certificate)}
		if s.Row != nil {
			j.Certificate = ofRow(s.Row)
		}
		var system *certstore.ChainStatus
		system, j.SystemChain = a.systemChain(ctx, s)
		worst := 3
		for _, p := range purposes {
			v := check.Judge(s, p, inv, opt).WithSystem(system, opt.Trust)
			jv := jsonVerdict{v.Purpose, v.Verdict, jsonFindings(v.Findings)}
			j.Purposes = append(j.Purposes, jv)
			if rank := slices.Index([]string{check.WillNotWork, check.Limited, check.Works}, v.Verdict); rank < worst {
				worst, j.jsonVerdict = rank, jv
				j.setPaths(v.Paths, inv)
			}
		}
		fails = fails || j.Verdict == check.WillNotWork
		reports = append(reports, j)
	}
	if perr := a.printChecks(reports); perr != nil {
		return perr
	}
	if locked {
		return err
	}
	if fails {
		return errVerdict
	}
	return nil
}

// subjects finds what arg names: certificates of a file, or of the stores.
func (a *app) subjects(ctx context.Context, arg string) (*inventory.Inventory, []check.Subject, error) {
	if isFile(arg) {
		data, contents, err := a.readFile(ctx, arg)
		if errors.Is(err, certfile.ErrNoPassword) {
			if contents, err = certfile.Inspect(data); err == nil {
				err = fmt.Errorf("check %s: %w", arg, errLocked)
			}
		}
		if contents == nil {
			return nil, nil, err
		}
		defer contents.Wipe()
		inv, lerr := a.load(ctx, "")
		if lerr != nil {
			a.warn(lerr)
		}
		subjects := check.InFile(contents)
		if len(subjects) == 0 && err == nil {
			err = &certfile.Error{Op: "check", Object: arg, Err: certfile.ErrUnknown}
		}
		return inv, subjects, err
	}
	inv, err := a.load(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	rows, err := inv.Resolve(arg, nil)
	if err != nil {
		return nil, nil, err
	}
	row := withKey(rows)
	return inv, []check.Subject{{Certificate: row.Certificate, Row: row}}, nil
}

func (a *app) printChecks(reports []jsonCheck) error {
	if a.json {
		if len(reports) == 1 {
			return a.printJSON(reports[0])
		}
		if reports == nil {
			reports = []jsonCheck{}
		}
		return a.printJSON(reports)
	}
	for _, r := range reports {
		for _, v := range r.Purposes {
			as := ""
			if v.Purpose != finding.Any {
				as = " as " + string(v.Purpose)
			}
			fmt.Fprintf(a.stdout, "%s%s: %s\n", r.Certificate.CommonName, as, v.Verdict)
			a.printFindings(v.Findings)
		}
		a.printPaths(r)
		if r.SystemChain != nil {
			fmt.Fprintln(a.stdout, r.SystemChain.text())
		}
	}
	return nil
}
