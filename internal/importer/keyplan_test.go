package importer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/importer"
	"certdesk/internal/placement"
	"certdesk/internal/target"
)

// A planner keeps keys as Windows does, and remembers what it was given.
type planner struct {
	certstore.Store
	refuse error
	put    []certstore.Item
}

func (p *planner) KeyPlan(loc certstore.Location, item certstore.Item) (certstore.KeyPlan, error) {
	k := certstore.KeyPlan{Provider: certstore.ProviderCNG, Name: "the usual one", KeySet: loc, Reason: "It is usual."}
	if item.Provider == certstore.ProviderCAPI {
		k.Provider, k.Name = certstore.ProviderCAPI, "CryptoAPI's"
	}
	if item.ProviderName != "" {
		k.Provider, k.Name = certstore.ProviderCAPI, item.ProviderName
	}
	return k, p.refuse
}

// Put remembers the item whose key it is given.
func (p *planner) Put(ctx context.Context, loc certstore.Location, name certstore.Name, item certstore.Item) error {
	if item.Key != nil {
		p.put = append(p.put, item)
	}
	return p.Store.Put(ctx, loc, name, item)
}

// TestKeyPlan plans a key for each way to choose its provider.
func TestKeyPlan(t *testing.T) {
	biztalk, err := target.Find("biztalk-send-port", "windows")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := target.Find("windows-service", "windows")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		opt      importer.Options
		csp      string // of the file
		machine  bool   // likewise
		provider string
		keySet   certstore.Location
		reason   string
		use      placement.FileUse
		says     string
	}{
		{"nothing said", importer.Options{Location: certstore.User}, "", false, "the usual one", certstore.User, "It is usual.", placement.FileSilent, ""},
		{"the machine", importer.Options{Location: certstore.Machine}, "", true, "the usual one", certstore.Machine, "It is usual.", placement.FileStripped, "where the key goes"},
		{"asked for", importer.Options{Location: certstore.User, Provider: certstore.ProviderCAPI}, "", false, "CryptoAPI's", certstore.User, "You asked for it.", placement.FileSilent, ""},
		{"BizTalk", importer.Options{Location: certstore.User, Target: &biztalk}, "Some CSP", true, "CryptoAPI's", certstore.User, ".NET Framework", placement.FileStripped, "Some CSP, is not used"},
		{"BizTalk, otherwise", importer.Options{Location: certstore.User, Target: &biztalk, Provider: certstore.ProviderCNG}, "", false, "the usual one", certstore.User, "You asked for it.", placement.FileSilent, ""},
		{"a service", importer.Options{Location: certstore.Machine, Target: &svc}, "", false, "the usual one", certstore.Machine, "It is usual.", placement.FileSilent, ""},
		{"honoured", importer.Options{Location: certstore.User, HonourCSP: true}, "Some CSP", true, "Some CSP", certstore.User, "you asked to honour", placement.FileHonoured, "is used. The file asks for the machine's key set; that is left out"},
		{"nothing to honour", importer.Options{Location: certstore.User, HonourCSP: true}, "", false, "the usual one", certstore.User, "It is usual.", placement.FileSilent, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := &planner{Store: certstore.NewMemory()}
			s := service(t, store)
			c := contents(t)
			for i := range c.Keys {
				c.Keys[i].Provider, c.Keys[i].MachineKeySet = tt.csp, tt.machine
			}
			plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx"}, c, tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, it := range plan.Items {
				k := it.KeyPlan
				if k == nil {
					continue
				}
				n++
				if k.Name != tt.provider || k.KeySet != tt.keySet || !strings.Contains(k.Reason, tt.reason) || k.FileUse != tt.use || !strings.Contains(k.FileReason, tt.says) || (tt.use == placement.FileSilent) != (k.FileReason == "") {
					t.Errorf("the plan is %+v", k)
				}
			}
			if n != 1 {
				t.Errorf("%d keys are planned, want 1", n)
			}
			if _, err := s.Apply(t.Context(), plan, nil); err != nil {
				t.Fatal(err)
			}
			if k, _ := store.KeyPlan(tt.keySet, store.put[0]); len(store.put) != 1 || k.Name != tt.provider {
				t.Errorf("the store was given %d keys, the first for %q", len(store.put), k.Name)
			}
		})
	}
}

var errRefused = errors.New("refused")

// TestKeyPlanRefused has no plan for a key that the store would refuse.
func TestKeyPlanRefused(t *testing.T) {
	s := service(t, &planner{Store: certstore.NewMemory(), refuse: errRefused})
	plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx"}, contents(t), importer.Options{Location: certstore.User})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range plan.Items {
		if it.KeyPlan != nil {
			t.Errorf("%s: %+v", it.Certificate.CommonName(), it.KeyPlan)
		}
	}
}
