package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/importer"
	"certdesk/internal/placement"
	"certdesk/internal/target"
)

// target sets what follows from who will use a certificate.
func (a *app) target(id string, located bool, opt *importer.Options) error {
	t, err := target.Find(id, runtime.GOOS)
	if err != nil {
		hint := ""
		if e, ok := errors.AsType[*target.Error](err); ok {
			hint = e.Advice()
		}
		return usageError{"--target " + id + ": " + err.Error(), hint}
	}
	if located && opt.Location != t.Location {
		return usage("--location %s contradicts --target %s, which is about %s; leave --location out", opt.Location, t.ID, t.Place())
	}
	opt.Target, opt.Location = &t, t.Location
	return nil
}

type jsonPlan struct {
	Journal  string        `json:"journal,omitempty"`
	Source   string        `json:"source"`
	Target   *jsonTarget   `json:"target,omitempty"`
	Items    []jsonItem    `json:"items"`
	Findings []jsonFinding `json:"findings"` // about the file
}

// jsonTarget is who will use the certificate, and what follows from that.
type jsonTarget struct {
	ID       target.ID          `json:"id"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	KeySet   certstore.Location `json:"keySet"`   // "none": no key is kept
	Provider certstore.Provider `json:"provider"` // the same
	Reason   string             `json:"reason"`
	Source   string             `json:"source"`
	Todo     string             `json:"todo,omitempty"`
	Command  string             `json:"command,omitempty"`
}

// jsonKeyPlan is how a key will be kept.
type jsonKeyPlan struct {
	Provider         certstore.Provider `json:"provider"`
	ProviderName     string             `json:"providerName"`
	KeySet           certstore.Location `json:"keySet"`
	Exportable       bool               `json:"exportable"`
	StrongProtection bool               `json:"strongProtection"`
	Reason           string             `json:"reason"`
	File             jsonFileKey        `json:"file"`
}

// jsonFileKey is what the file asks for, and what became of that.
type jsonFileKey struct {
	Provider      *string           `json:"provider"`
	MachineKeySet bool              `json:"machineKeySet"`
	Use           placement.FileUse `json:"use"`
	Reason        string            `json:"reason,omitempty"`
}

func ofKeyPlan(k *placement.KeyPlan) *jsonKeyPlan {
	if k == nil {
		return nil
	}
	j := &jsonKeyPlan{k.Provider, k.Name, k.KeySet, k.Exportable, k.Protected, k.Reason, jsonFileKey{nil, k.FileMachine, k.FileUse, k.FileReason}}
	if k.FileProvider != "" {
		j.File.Provider = &k.FileProvider
	}
	return j
}

type jsonItem struct {
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256"`
	Role     certificate.Role   `json:"role"`
	Key      bool               `json:"key"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	Action   placement.Action   `json:"action"`
	Reason   string             `json:"reason"`
	KeyPlan  *jsonKeyPlan       `json:"keyPlan,omitempty"`
	Findings []jsonFinding      `json:"findings"`
}

func (a *app) printPlan(w io.Writer, p *importer.Plan, journalID string) error {
	if !a.json {
		return a.printTable(w, p)
	}
	return a.printJSON(planOf(p, journalID))
}

func planOf(p *importer.Plan, journalID string) jsonPlan {
	j := jsonPlan{Journal: journalID, Source: p.Source.Name, Items: []jsonItem{}, Findings: jsonFindings(p.Findings)}
	if t := p.Options.Target; t != nil {
		keySet, provider := t.KeySet, t.Provider
		if keySet == "" {
			keySet, provider = "none", "none"
		}
		j.Target = &jsonTarget{t.ID, t.Location, t.Store, keySet, provider, t.Reason, t.Source, t.Todo, t.Command(p.Source.Path)}
	}
	for _, it := range p.Items {
		j.Items = append(j.Items, jsonItem{it.Certificate.Subject().String(), it.Certificate.Fingerprint().String(), it.Role, it.HasKey(),
			it.Location, it.Store, it.Action, it.Reason, ofKeyPlan(it.KeyPlan), jsonFindings(it.Findings)})
	}
	return j
}

func (a *app) printTable(w io.Writer, p *importer.Plan) error {
	b := &app{stdout: w}
	cells := [][]string{{"ACTION", "STORE", "NAME", "ROLE", "KEY", "REASON"}}
	for _, it := range p.Items {
		key := "-"
		if it.HasKey() {
			key = "yes"
		}
		cells = append(cells, []string{string(it.Action), string(it.Location) + "/" + string(it.Store), cut(it.Certificate.CommonName(), 40), string(it.Role), key, it.Reason})
	}
	b.columns(cells)
	b.printTarget(p)
	for _, it := range p.Items {
		b.printKeyPlan(it)
	}
	b.printFindings(jsonFindings(p.Findings))
	for _, it := range p.Items {
		if len(it.Findings) > 0 {
			fmt.Fprintf(w, "%s:\n", it.Certificate.CommonName())
			b.printFindings(jsonFindings(it.Findings))
		}
		if it.Action == placement.Ask {
			fmt.Fprintf(w, "%s: SHA-256 %s; --trust-root imports it\n", it.Certificate.CommonName(), it.Certificate.Fingerprint())
		}
	}
	return nil
}

// printTarget says what follows from who will use the certificate.
func (a *app) printTarget(p *importer.Plan) {
	t := p.Options.Target
	if t == nil {
		return
	}
	fmt.Fprintf(a.stdout, "for %s: %s\n  source: %s\n", t.ID, t.Reason, t.Source)
	if t.Todo != "" {
		fmt.Fprintf(a.stdout, "  %s\n", t.Todo)
	}
	if c := t.Command(p.Source.Path); c != "" {
		fmt.Fprintf(a.stdout, "  %s\n", c)
	}
}

// printKeyPlan says how a key will be kept.
func (a *app) printKeyPlan(it placement.Item) {
	k := it.KeyPlan
	if k == nil {
		return
	}
	words := []string{"in the " + string(k.KeySet) + "'s key set", "not exportable"}
	if k.Exportable {
		words[1] = "exportable"
	}
	if k.Protected {
		words = append(words, "strong protection: Windows asks at every use")
	}
	fmt.Fprintf(a.stdout, "key of %s: %s, %s. %s\n", it.Certificate.CommonName(), k.Name, strings.Join(words, ", "), k.Reason)
	if k.FileReason != "" {
		fmt.Fprintf(a.stdout, "  %s: %s\n", k.FileUse, k.FileReason)
	}
}
