package check_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// A systemJudge is a store with an opinion of chains, and what it was asked.
type systemJudge struct {
	certstore.Store
	says  certstore.ChainStatus
	err   error
	loc   certstore.Location
	extra int
}

func (j *systemJudge) CheckChain(_ context.Context, loc certstore.Location, _ []byte, extra [][]byte) (certstore.ChainStatus, error) {
	j.loc, j.extra = loc, len(extra)
	return j.says, j.err
}

func TestSystem(t *testing.T) {
	root := certtest.Root(t, "Root")
	leaf := certtest.Client(t, root, "Client")
	store := &systemJudge{Store: certstore.NewMemory()}
	if err := store.Put(t.Context(), certstore.Machine, certstore.Root, certstore.Item{DER: root.Raw}); err != nil {
		t.Fatal(err)
	}
	if err := store.Put(t.Context(), certstore.Machine, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}); err != nil {
		t.Fatal(err)
	}
	inv, _ := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	s := check.Subject{Certificate: leaf.Certificate, Row: inv.At(leaf.Fingerprint())[0], Extra: []*certificate.Certificate{root.Certificate}}
	problem := func(ids ...string) (ps []certstore.ChainProblem) {
		for _, id := range ids {
			ps = append(ps, certstore.ChainProblem{ID: id, Text: "It is " + id + "."})
		}
		return ps
	}
	for _, tt := range []struct {
		name     string
		problems []certstore.ChainProblem
		trust    bool
		want     finding.Severity // of T-04
	}{
		{"accepted", nil, true, ""},
		{"refused", problem("explicit-distrust"), false, finding.Warning},
		{"refused where trust is asked for", problem("untrusted-root"), true, finding.Error},
		{"refused for its dates", problem("not-time-valid"), true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store.says = certstore.ChainStatus{System: "Windows", Problems: tt.problems}
			st, err := check.System(t.Context(), store, s)
			if err != nil || st == nil || store.loc != certstore.Machine || store.extra != 1 {
				t.Fatalf("System = %v, %v; asked about %s with %d more", st, err, store.loc, store.extra)
			}
			v := check.Judge(s, finding.Client, inv, check.Options{Now: certtest.Now}).WithSystem(st, tt.trust)
			i := slices.IndexFunc(v.Findings, func(f finding.Finding) bool { return f.ID == "T-04" })
			switch {
			case (i >= 0) != (tt.want != ""):
				t.Errorf("findings %v", v.Findings)
			case i >= 0 && v.Findings[i].Severity != tt.want:
				t.Errorf("T-04 is a %s, want %s", v.Findings[i].Severity, tt.want)
			case tt.want == finding.Error && v.Verdict != check.WillNotWork:
				t.Errorf("the verdict is %s", v.Verdict)
			}
		})
	}
	store.err = errors.New("no engine")
	if st, err := check.System(t.Context(), store, s); st != nil || !errors.Is(err, store.err) {
		t.Errorf("System = %v, %v", st, err)
	}
	if st, err := check.System(t.Context(), certstore.NewMemory(), s); st != nil || err != nil {
		t.Errorf("a store without an opinion says %v, %v", st, err)
	}
}
