package certstoretest

import (
	"testing"

	"certdesk/certstore"
)

// keyPlan asks beforehand how a key will be kept, and whether it will be
// taken. Neither may change anything, and both must agree with Put.
func keyPlan(s *suite) {
	planner, ok := s.store.(certstore.KeyPlanner)
	if !ok {
		s.Skip("this store keeps keys in one way")
	}
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		plan, err := planner.KeyPlan(loc, s.item(s.leaf))
		s.ok(err, "KeyPlan")
		if plan.Provider == certstore.ProviderDefault || plan.Name == "" || plan.KeySet != loc || plan.Reason == "" {
			s.Errorf("the plan for %s is %+v", loc, plan)
		}
		protected := s.item(s.leaf)
		protected.Protected = true
		_, err = planner.KeyPlan(loc, protected)
		a, ok := s.store.(certstore.Acceptor)
		if !ok {
			continue
		}
		s.ok(a.Accepts(s.ctx, loc, certstore.My, s.item(s.leaf)), "Accepts")
		if accepts := a.Accepts(s.ctx, loc, certstore.My, protected); (accepts == nil) != (err == nil) {
			s.Errorf("strong protection in %s: KeyPlan says %v, Accepts %v", loc, err, accepts)
		}
		if loc == certstore.Machine { // nobody could be asked
			s.want(s.store.Put(s.ctx, loc, certstore.My, protected), certstore.ErrNotPossible, "Put with strong protection for the machine")
		}
	}
	s.count(certstore.User, 0)
	s.count(certstore.Machine, 0)
	s.put(certstore.Machine, certstore.My, s.item(s.leaf))
	s.sign(ref(certstore.Machine, certstore.My, s.leaf))
}

// chain asks the system about chains; a root that was only handed over is
// never trusted.
func chain(s *suite) {
	checker, ok := s.store.(certstore.ChainChecker)
	if !ok {
		s.Skip("this system judges no chains")
	}
	for _, tt := range []struct {
		name  string
		extra [][]byte
		links int
	}{
		{"alone", nil, 1},
		{"with its issuer", [][]byte{s.inter.Raw}, 2},
		{"with its root", [][]byte{s.inter.Raw, s.root.Raw}, 3},
		{"with what is no certificate", [][]byte{s.inter.Raw, []byte("garbage"), nil, s.root.Raw}, 3},
	} {
		s.Run(tt.name, func(t *testing.T) {
			st, err := checker.CheckChain(s.ctx, certstore.User, s.leaf.Raw, tt.extra)
			if err != nil || st.Trusted() || len(st.Links) != tt.links || st.System == "" {
				t.Errorf("CheckChain = %+v, %v; want %d links and no trust", st, err, tt.links)
			}
		})
	}
	_, err := checker.CheckChain(s.ctx, certstore.User, nil, nil)
	s.want(err, certstore.ErrNotPossible, "CheckChain of nothing")
	s.count(certstore.User, 0)
}
