package importer_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/placement"
)

// A failing store refuses the n-th Put, as a full disk would.
type failing struct {
	certstore.Store
	n int
}

var errDisk = errors.New("no space left on device")

func (f *failing) Put(ctx context.Context, loc certstore.Location, name certstore.Name, item certstore.Item) error {
	if f.n--; f.n < 0 {
		return &certstore.Error{Op: "put", Location: loc, Store: name, Err: errDisk}
	}
	return f.Store.Put(ctx, loc, name, item)
}

func contents(t *testing.T) *certfile.Contents {
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf")
	return &certfile.Contents{
		Format:       certfile.PKCS12,
		Certificates: []certfile.Cert{{Certificate: leaf.Certificate, FriendlyName: "my leaf"}, {Certificate: inter.Certificate}, {Certificate: root.Certificate}},
		Keys:         []certfile.Key{{PKCS8: leaf.PKCS8(t), State: certfile.KeyOK, Certificate: 0}},
	}
}

func service(t *testing.T, store certstore.Store) *importer.Service {
	return &importer.Service{Store: store, Journal: journal.Open(t.TempDir()), Now: func() time.Time { return certtest.Now }}
}

func names(t *testing.T, store certstore.Store) []string {
	t.Helper()
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	out := []string{}
	for _, r := range inv.Rows {
		out = append(out, string(r.Store)+" "+r.Certificate.CommonName())
	}
	slices.Sort(out)
	return out
}

func TestApplyAndUndo(t *testing.T) {
	store := certstore.NewMemory()
	s := service(t, store)
	plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx", Data: []byte("a")}, contents(t), importer.Options{Location: certstore.User, TrustRoots: true, Exportable: true})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	report, err := s.Apply(t.Context(), plan, func(_, _ int, what string) { told = append(told, what) })
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Sub", "Root", "Leaf", ""}; !slices.Equal(told, want) {
		t.Errorf("order %v, want %v", told, want)
	}
	if got, want := names(t, store), []string{"ca Sub", "my Leaf", "root Root"}; !slices.Equal(got, want) {
		t.Errorf("stores hold %v, want %v", got, want)
	}
	undone, err := s.Undo(t.Context(), report.Journal)
	if err != nil || len(undone) != 3 {
		t.Fatalf("Undo = %v, %v", undone, err)
	}
	if got := names(t, store); len(got) != 0 {
		t.Errorf("undo left %v", got)
	}
	if _, err := s.Undo(t.Context(), report.Journal); !errors.Is(err, importer.ErrAlreadyUndone) {
		t.Errorf("second Undo = %v", err)
	}
	if _, err := s.Latest(); !errors.Is(err, importer.ErrNothingToUndo) {
		t.Errorf("Latest = %v", err)
	}
}

// TestFailure lets each step fail in turn: nothing is left, and the record
// says so.
func TestFailure(t *testing.T) {
	for n := range 3 {
		store := certstore.NewMemory()
		s := service(t, &failing{store, n})
		plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx"}, contents(t), importer.Options{Location: certstore.User, TrustRoots: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Apply(t.Context(), plan, nil)
		if failed, ok := errors.AsType[*importer.Error](err); !ok || !errors.Is(err, errDisk) || failed.Left != nil {
			t.Fatalf("step %d: Apply = %v", n, err)
		}
		if got := names(t, store); len(got) != 0 {
			t.Errorf("step %d: left %v", n, got)
		}
		records, err := s.Journal.List()
		if err != nil || len(records) != 1 || records[0].Status != journal.Failed {
			t.Errorf("step %d: journal %+v, %v", n, records, err)
		}
	}
}

func TestCancel(t *testing.T) {
	store := certstore.NewMemory()
	s := service(t, store)
	plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx"}, contents(t), importer.Options{Location: certstore.User})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = s.Apply(ctx, plan, func(done, _ int, _ string) {
		if done == 1 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Apply = %v", err)
	}
	if got := names(t, store); len(got) != 0 {
		t.Errorf("canceled import left %v", got)
	}
}

// TestKeyOnly joins a key that comes alone to its certificate in the store.
func TestKeyOnly(t *testing.T) {
	store := certstore.NewMemory()
	s := service(t, store)
	c := contents(t)
	if err := store.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: c.Certificates[0].Certificate.Raw}); err != nil {
		t.Fatal(err)
	}
	keyOnly := &certfile.Contents{Format: certfile.PEM, Keys: []certfile.Key{{PKCS8: c.Keys[0].PKCS8, State: certfile.KeyOK, Certificate: -1}}}
	plan, err := s.Plan(t.Context(), importer.Source{Name: "key.pem"}, keyOnly, importer.Options{Location: certstore.User})
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Items) != 1 || plan.Items[0].Action != placement.Replace || plan.Items[0].Store != certstore.My {
		t.Fatalf("plan %+v", plan.Items)
	}
	if _, err := s.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, store); !slices.Equal(got, []string{"my Leaf"}) {
		t.Errorf("stores hold %v", got)
	}
}

// TestUndoRespectsChanges leaves alone what somebody changed since.
func TestUndoRespectsChanges(t *testing.T) {
	store := certstore.NewMemory()
	s := service(t, store)
	plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx"}, contents(t), importer.Options{Location: certstore.User, TrustRoots: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	root := plan.Items[2].Certificate
	if err := store.Move(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.Root, Fingerprint: root.Fingerprint()}, certstore.User, certstore.CA); err != nil {
		t.Fatal(err)
	}
	undone, err := s.Undo(t.Context(), report.Journal)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, u := range undone {
		if u.Changed {
			changed++
		}
	}
	if got := names(t, store); changed != 1 || !slices.Equal(got, []string{"ca Root"}) {
		t.Errorf("%d changed, stores hold %v", changed, got)
	}
}

// TestMoveUndo takes a move back by its id; undo without an id goes for
// imports only.
func TestMoveUndo(t *testing.T) {
	store := certstore.NewMemory()
	s := service(t, store)
	inter := certtest.Intermediate(t, certtest.Root(t, "Root"), "Sub")
	if err := store.Put(t.Context(), certstore.User, certstore.Root, certstore.Item{DER: inter.Raw}); err != nil {
		t.Fatal(err)
	}
	inv, _ := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	moves := importer.Misplaced(inv)
	if len(moves) != 1 || moves[0].Store != certstore.CA {
		t.Fatalf("misplaced %+v", moves)
	}
	id, err := s.Move(t.Context(), journal.Tidy, moves)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, store); !slices.Equal(got, []string{"ca Sub"}) {
		t.Errorf("stores hold %v", got)
	}
	if _, err := s.Latest(); !errors.Is(err, importer.ErrNothingToUndo) {
		t.Errorf("Latest = %v", err)
	}
	if _, err := s.Undo(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := names(t, store); !slices.Equal(got, []string{"root Sub"}) {
		t.Errorf("after undo %v", got)
	}
}
