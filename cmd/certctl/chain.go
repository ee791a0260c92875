package main

import (
	"encoding/hex"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/chain"
	"certdesk/internal/inventory"
)

type jsonLink struct {
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256,omitempty"`
	KeyID    string             `json:"keyId,omitempty"` // of a missing issuer, as the certificate below names it
	Location certstore.Location `json:"location,omitempty"`
	Store    certstore.Name     `json:"store,omitempty"`
	Found    chain.Place        `json:"found"`         // "store", "file", "aia", "server", "ca" or "missing"
	URL      string             `json:"url,omitempty"` // it was fetched from
	Status   chain.Status       `json:"status"`
}

func (l jsonLink) text() string {
	where := string(l.Found)
	switch l.Found {
	case chain.InStore:
		where = string(l.Location) + "/" + string(l.Store)
	case chain.Fetched:
		where = l.URL
	case chain.NotFound:
		if l.KeyID == "" {
			return fmt.Sprintf("%s (missing)", l.Subject)
		}
		return fmt.Sprintf("%s (missing; key identifier %s)", l.Subject, l.KeyID)
	}
	return fmt.Sprintf("%s (%s, %s)", l.Subject, where, l.Status)
}

type jsonPath struct {
	Trusted  bool          `json:"trusted"`
	Links    []jsonLink    `json:"links"`
	Findings []jsonFinding `json:"findings"`
}

func jsonLinks(p chain.Path) []jsonLink {
	out := []jsonLink{}
	for _, l := range p.Links {
		j := jsonLink{Subject: l.Name, Found: l.Found, URL: l.URL, Status: l.Status, KeyID: hex.EncodeToString(l.KeyID)}
		if l.Certificate != nil {
			j.Subject, j.SHA256 = l.Certificate.Subject().String(), l.Certificate.Fingerprint().String()
		}
		if l.Row != nil {
			j.Location, j.Store = l.Row.Location, l.Row.Store
		}
		out = append(out, j)
	}
	return out
}

func jsonPaths(r chain.Result) []jsonPath {
	out := []jsonPath{}
	for _, p := range r.Paths {
		out = append(out, jsonPath{p.Trusted(), jsonLinks(p), jsonFindings(p.Findings)})
	}
	return out
}

type jsonAcceptance struct {
	Accepted bool         `json:"accepted"`
	User     bool         `json:"user"` // by programs of this user
	Text     string       `json:"text"`
	Actions  []jsonAction `json:"actions"`
}

type jsonAction struct {
	Action   chain.Do           `json:"action"`
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256,omitempty"`
	KeyID    string             `json:"keyId,omitempty"`
	Location certstore.Location `json:"location,omitempty"`
	Store    certstore.Name     `json:"store,omitempty"`
	Text     string             `json:"text"`
}

func (j *jsonCheck) setPaths(r chain.Result, inv *inventory.Inventory) {
	a := r.Accept(inv)
	j.Chain, j.Paths = jsonLinks(r.Best()), jsonPaths(r)
	j.Acceptance = jsonAcceptance{a.Accepted, a.User, a.Text, []jsonAction{}}
	for _, x := range a.Actions {
		ja := jsonAction{Action: x.Do, Subject: x.Name, KeyID: hex.EncodeToString(x.KeyID), Location: x.Location, Store: x.Store, Text: x.Text}
		if x.Certificate != nil {
			ja.Subject, ja.SHA256 = x.Certificate.Subject().String(), x.Certificate.Fingerprint().String()
		}
		j.Acceptance.Actions = append(j.Acceptance.Actions, ja)
	}
}

// printPaths prints the chain, and what must be trusted where.
func (a *app) printPaths(r jsonCheck) {
	for i, p := range r.Paths {
		title := "Chain"
		if i > 0 {
			title = "Another path"
		}
		fmt.Fprintln(a.stdout, title+":")
		for _, l := range p.Links {
			fmt.Fprintln(a.stdout, "  "+l.text())
		}
	}
	fmt.Fprintln(a.stdout, r.Acceptance.Text)
	for i, x := range r.Acceptance.Actions {
		fmt.Fprintf(a.stdout, "  %d. %s\n", i+1, x.Text)
	}
}
