package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/identify"
)

func (a *app) identifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "identify [FILE|-|TEXT]",
		Short: "say which certificate a pasted text is, and what is wrong with the way it is written",
		Long: `identify takes what stands in a configuration or was pasted somewhere: the
base64 or the whole line of an IIS mapping, PEM, a thumbprint, a line of netsh,
nginx, Apache or Active Directory. It says what it is, which certificate of
this computer that is, and what is wrong with it: BEGIN and END lines left in,
line breaks, cut off, byte order mark, a PFX or request instead of a
certificate: the causes of 0x80093102 and 0x8009310b.

Without a file it reads standard input; base64, a thumbprint or a serial number
may be the argument itself. It ends with exit code 4 when there is nothing that
has to do with certificates.`,
		Example: `  certctl identify applicationHost.config
  certctl identify - <pasted.txt
  certctl identify 4ff4a1beb76c7f9bce9faf552cefbd10588bcea8`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			data, err := a.slurp(name, identify.MaxInput)
			if err != nil {
				if r := identify.Typed(name); r.Kind == identify.Certificate || r.Kind == identify.Truncated || r.Kind == identify.Reference {
					return a.identify(cmd.Context(), "-", r) // no file, but the thing itself
				}
				return err
			}
			return a.identify(cmd.Context(), name, identify.Bytes(data))
		},
	}
}

type jsonIdentity struct {
	File         string           `json:"file"`
	Kind         identify.Kind    `json:"kind"`
	Form         identify.Form    `json:"form"`
	Title        string           `json:"title"`
	Problems     []jsonProblem    `json:"problems"`
	Certificates []jsonIdentified `json:"certificates"`
	Names        []jsonName       `json:"names"`
	Found        []jsonFound      `json:"found"` // in the stores of this computer
}

type jsonProblem struct {
	ID       string           `json:"id"`
	Severity finding.Severity `json:"severity"`
	Message  string           `json:"message"`
	Code     string           `json:"code,omitempty"` // what Windows answers
}

type jsonIdentified struct {
	jsonCertificate
	Purposes []jsonVerdict `json:"purposes"`
}

type jsonName struct {
	By     string `json:"by"`
	Value  string `json:"value"`
	Issuer string `json:"issuer,omitempty"`
}

type jsonFound struct {
	By       string             `json:"by"`
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	Key      certstore.KeyState `json:"key"`
	NotAfter string             `json:"notAfter"`
}

func (a *app) identify(ctx context.Context, name string, r identify.Report) error {
	if r.Cut {
		a.warn(fmt.Errorf("identify %s: only the first %d bytes were looked at", name, identify.MaxInput))
	}
	j := jsonIdentity{File: name, Kind: r.Kind, Form: r.Form, Title: r.Title(), Problems: []jsonProblem{}, Certificates: []jsonIdentified{}, Names: []jsonName{}, Found: []jsonFound{}}
	inv, err := a.load(ctx, "")
	if err != nil {
		a.warn(err) // what it is can be said without the stores
	}
	for _, p := range r.Problems {
		j.Problems = append(j.Problems, jsonProblem{p.ID, p.Severity, p.Text, p.Code})
	}
	for _, n := range r.Names {
		j.Names = append(j.Names, jsonName(n))
	}
	for _, c := range r.Certificates {
		x := jsonIdentified{ofCertificate(c), []jsonVerdict{}}
		for _, p := range check.Purposes(c) {
			v := check.Judge(check.Subject{Certificate: c, Extra: r.Certificates}, p, inv, check.Options{Now: a.now})
			x.Purposes = append(x.Purposes, jsonVerdict{v.Purpose, v.Verdict, jsonFindings(v.Findings)})
		}
		j.Certificates = append(j.Certificates, x)
	}
	for _, m := range r.Find(inv) {
		c := m.Row.Certificate
		j.Found = append(j.Found, jsonFound{m.By, c.Subject().String(), c.Fingerprint().String(), m.Row.Location, m.Row.Store, m.Row.Key, rfc3339(c.NotAfter)})
	}
	if a.json {
		if err := a.printJSON(j); err != nil {
			return err
		}
	} else {
		a.printIdentity(j)
	}
	return r.Err(name)
}

func (a *app) printIdentity(j jsonIdentity) {
	fmt.Fprintln(a.stdout, j.Title)
	for _, p := range j.Problems {
		code := ""
		if p.Code != "" {
			code = " (" + p.Code + ")"
		}
		fmt.Fprintf(a.stdout, "  %-8s %s%s\n", p.Severity, p.Message, code)
	}
	if len(j.Problems) == 0 && len(j.Certificates) > 0 {
		fmt.Fprintln(a.stdout, "  It is written as it should be.")
	}
	for _, c := range j.Certificates {
		a.columns([][]string{{"  Subject", c.Subject}, {"  Issuer", c.Issuer}, {"  Serial number", c.Serial}, {"  SHA-1", c.SHA1}, {"  SHA-256", c.SHA256}, {"  Valid", c.NotBefore + " to " + c.NotAfter}})
		for _, v := range c.Purposes {
			fmt.Fprintf(a.stdout, "  as %s: %s\n", v.Purpose, v.Verdict)
			a.printFindings(v.Findings)
		}
	}
	for _, f := range j.Found {
		word := map[string]string{"same": "it is", "begins": "it is the beginning of"}[f.By]
		if word == "" {
			word = "by " + f.By + " it is"
		}
		fmt.Fprintf(a.stdout, "On this computer %s %s/%s  %s  %s  key: %s, until %s\n", word, f.Location, f.Store, f.SHA256[:16], f.Subject, f.Key, f.NotAfter)
	}
	if len(j.Found) == 0 && j.Kind != identify.Nothing {
		fmt.Fprintln(a.stdout, "It is in no store of this computer.")
	}
}
