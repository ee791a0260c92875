package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/internal/health"
	"certdesk/internal/outfile"
)

type healthFlags struct {
	location, format, out string
	days                  int
	force                 bool
}

func (a *app) healthCommand() *cobra.Command {
	var x healthFlags
	cmd := &cobra.Command{
		Use:   "health",
		Short: "say what is not in order in the stores, and what to do about it",
		Long: `health looks at every certificate and key of the stores: issued certificates
among the trusted roots, CAs in Personal, blocked, expired and expiring
certificates, missing, broken and orphan keys, weak algorithms, duplicates and
renewed certificates, and a list of issuers that is too long for TLS.

It changes nothing. The exit code is 0 when the report was made, whatever is
in it.`,
		Example: `  certctl health
  certctl health --location machine --format html -o health.html
  certctl health --days 60 --format csv -o health.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.health(cmd.Context(), x) },
	}
	f := cmd.Flags()
	f.StringVar(&x.location, "location", "all", "user, machine or all")
	f.IntVar(&x.days, "days", 30, "how soon is soon, in days")
	f.StringVar(&x.format, "format", "text", "text, json, csv or html (one page without other files)")
	f.StringVarP(&x.out, "output", "o", "", "file to write; standard output if not given, or -")
	f.BoolVar(&x.force, "force", false, "replace a file that exists")
	return cmd
}

type jsonHealth struct {
	At         string        `json:"at"`
	Computer   string        `json:"computer"`
	Days       int           `json:"days"`
	Errors     int           `json:"errors"`
	Warnings   int           `json:"warnings"`
	Infos      int           `json:"infos"`
	Stores     []jsonCount   `json:"stores"`
	Problems   []jsonTrouble `json:"problems"`
	NotChecked []string      `json:"notChecked"`
}

type jsonCount struct {
	Location     certstore.Location `json:"location"`
	Store        certstore.Name     `json:"store"`
	Certificates int                `json:"certificates"`
}

type jsonTrouble struct {
	Kind     health.Kind        `json:"kind"`
	ID       string             `json:"id,omitempty"`
	Severity finding.Severity   `json:"severity"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store,omitempty"`
	Subject  string             `json:"subject"`
	SHA1     string             `json:"sha1,omitempty"`
	SHA256   string             `json:"sha256,omitempty"`
	Serial   string             `json:"serial,omitempty"`
	NotAfter string             `json:"notAfter,omitempty"`
	KeyID    string             `json:"keyId,omitempty"`
	Message  string             `json:"message"`
	Fix      string             `json:"fix"`
	Command  string             `json:"command,omitempty"`
}

func (a *app) health(ctx context.Context, x healthFlags) error {
	format := strings.ToLower(x.format)
	switch {
	case a.json:
		format = "json"
	case format == "json":
		a.json = true
	case format != "text" && format != "csv" && format != "html":
		return usage("--format %s: there are text, json, csv and html", x.format)
	}
	if x.days < 1 || x.days > 3660 {
		return usage("--days %d: give 1 to 3660", x.days)
	}
	if x.out == "-" {
		x.out = ""
	}
	if x.out != "" && !x.force && outfile.Exists(x.out) {
		return fmt.Errorf("write %s: the file exists; --force replaces it", x.out)
	}
	locs, err := locations(x.location)
	if err != nil {
		return err
	}
	inv, err := a.load(ctx, x.location)
	if err != nil {
		return err
	}
	opt := health.Options{Now: a.now, Days: x.days, Locations: locs, Unread: a.unread}
	opt.Computer, _ = os.Hostname() // a report without a name is a report, too
	opt.Keys, _ = a.store.(certstore.KeyLister)
	opt.Relinker, _ = a.store.(certstore.Relinker)
	r, err := health.Look(ctx, inv, opt)
	if err != nil {
		return err
	}
	out := a.stdout
	var file strings.Builder
	if x.out != "" {
		a.stdout = &file
	}
	err = a.writeHealth(r, format)
	a.stdout = out
	if err != nil || x.out == "" {
		return err
	}
	if err := outfile.WriteUntil(a.interrupted, x.out, []byte(file.String()), outfile.Public); err != nil {
		return fmt.Errorf("write %s: %w", x.out, err)
	}
	fmt.Fprintf(a.stderr, "wrote %s\n", x.out)
	return nil
}

func (a *app) writeHealth(r health.Report, format string) error {
	var data []byte
	var err error
	switch format {
	case "json":
		return a.printJSON(ofHealth(r))
	case "text":
		a.printHealth(r)
		return nil
	case "csv":
		data = r.CSV()
	default:
		data, err = r.HTML()
	}
	if err == nil {
		_, err = a.stdout.Write(data)
	}
	return err
}

func ofHealth(r health.Report) jsonHealth {
	j := jsonHealth{At: rfc3339(r.At), Computer: r.Computer, Days: r.Days, Stores: []jsonCount{}, Problems: []jsonTrouble{}, NotChecked: r.NotChecked}
	j.Errors, j.Warnings, j.Infos = r.Worst()
	for _, c := range r.Counts {
		j.Stores = append(j.Stores, jsonCount{c.Location, c.Store, c.N})
	}
	for _, p := range r.Problems {
		t := jsonTrouble{Kind: p.Kind, ID: p.ID, Severity: p.Severity, Location: p.Location, Store: p.Store, Subject: p.Subject(), Message: p.Message, Fix: p.Fix, Command: p.Command}
		if p.Row != nil {
			c := p.Row.Certificate
			t.Subject, t.SHA1, t.SHA256, t.Serial, t.NotAfter = c.Subject().String(), c.SHA1(), c.Fingerprint().String(), c.Serials().Windows, rfc3339(c.NotAfter)
		}
		if p.Key != nil {
			t.KeyID = p.Key.ID
		}
		j.Problems = append(j.Problems, t)
	}
	return j
}

func (a *app) printHealth(r health.Report) {
	errors, warnings, infos := r.Worst()
	fmt.Fprintf(a.stdout, "%s, %s, %s\n", count(errors, "error"), count(warnings, "warning"), count(infos, "note"))
	for _, k := range health.Kinds {
		list := r.Of(k)
		if len(list) == 0 {
			continue
		}
		fmt.Fprintf(a.stdout, "\n%s\n", k.Title())
		for _, p := range list {
			where := string(p.Location)
			if p.Store != "" {
				where += "/" + string(p.Store)
			}
			fmt.Fprintf(a.stdout, "  %-7s  %s  %s\n           %s\n           %s\n", p.Severity, where, p.Subject(), p.Message, p.Fix)
			if p.Command != "" {
				fmt.Fprintf(a.stdout, "           %s\n", p.Command)
			}
		}
	}
	fmt.Fprintln(a.stdout, "\nNot looked at")
	for _, s := range r.NotChecked {
		fmt.Fprintf(a.stdout, "  %s\n", s)
	}
}
