package check

import (
	"context"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/finding"
)

// System asks the system that keeps the stores what it says of the chain of
// s; nil where it judges none.
func System(ctx context.Context, store certstore.Store, s Subject) (*certstore.ChainStatus, error) {
	c, ok := store.(certstore.ChainChecker)
	if !ok {
		return nil, nil
	}
	loc := certstore.User
	if s.Row != nil {
		loc = s.Row.Location
	}
	var extra [][]byte
	for _, x := range s.Extra {
		extra = append(extra, x.Raw)
	}
	st, err := c.CheckChain(ctx, loc, s.Certificate.Raw, extra)
	if err != nil {
		return nil, err
	}
	return &st, nil
}

// WithSystem returns v with what the system says against a chain that these
// rules trust: T-04, an error where trust is asked for.
func (v Verdict) WithSystem(st *certstore.ChainStatus, trust bool) Verdict {
	if st == nil || !v.Paths.Best().Trusted() {
		return v
	}
	var why, ids []string
	for _, p := range st.Problems {
		if p.ID != "not-time-valid" { // the dates have a rule of their own
			why, ids = append(why, p.Text), append(ids, p.ID)
		}
	}
	if len(why) == 0 {
		return v
	}
	f := finding.Finding{ID: "T-04", Severity: finding.Warning, Purpose: v.Purpose, Source: "CertGetCertificateChain", Evidence: finding.Evidence{Field: "systemChain", Value: strings.Join(ids, ", ")},
		Params: map[string]string{"system": st.System, "why": strings.Join(why, " ")}}
	if trust {
		f.Severity = finding.Error
	}
	w := newVerdict(v.Purpose, append(v.Findings[:len(v.Findings):len(v.Findings)], f))
	w.Paths = v.Paths
	return w
}
