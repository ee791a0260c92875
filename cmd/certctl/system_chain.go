package main

import (
	"context"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/check"
)

// jsonSystemChain is what the system itself says of a chain.
type jsonSystemChain struct {
	System   string             `json:"system"`
	Trusted  bool               `json:"trusted"`
	Problems []jsonChainProblem `json:"problems"`
	Links    []jsonSystemLink   `json:"links"`
}

type jsonChainProblem struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

type jsonSystemLink struct {
	Subject  string             `json:"subject"`
	SHA256   string             `json:"sha256"`
	Problems []jsonChainProblem `json:"problems"`
}

func jsonChainProblems(ps []certstore.ChainProblem) []jsonChainProblem {
	out := []jsonChainProblem{}
	for _, p := range ps {
		out = append(out, jsonChainProblem{p.ID, p.Text})
	}
	return out
}

// systemChain asks the system about the chain of s; nil where it judges none.
// That it cannot be asked is no more than a warning.
func (a *app) systemChain(ctx context.Context, s check.Subject) (*certstore.ChainStatus, *jsonSystemChain) {
	store, err := a.open(ctx)
	if err != nil {
		return nil, nil
	}
	st, err := check.System(ctx, store, s)
	if err != nil {
		a.warn(err)
	}
	if st == nil {
		return nil, nil
	}
	j := &jsonSystemChain{st.System, st.Trusted(), jsonChainProblems(st.Problems), []jsonSystemLink{}}
	for _, l := range st.Links {
		c := certificate.Parse(l.DER)
		j.Links = append(j.Links, jsonSystemLink{c.Subject().String(), c.Fingerprint().String(), jsonChainProblems(l.Problems)})
	}
	return st, j
}

// text is the judgement in one line.
func (j *jsonSystemChain) text() string {
	if j.Trusted {
		return fmt.Sprintf("%s accepts the chain (%d certificates)", j.System, len(j.Links))
	}
	text := j.System + " does not accept the chain:"
	for _, p := range j.Problems {
		text += " " + p.Text
	}
	return text
}
