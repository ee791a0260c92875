package importer_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

// refusing is a store whose keys cannot be given other permissions, or which
// stops in the middle.
type refusing struct {
	certstore.Store
	certstore.KeyPermitter
	set func(context.Context, certstore.Ref, []byte, []byte) error
}

func (f *refusing) SetKeyPermissions(ctx context.Context, ref certstore.Ref, from, to []byte) error {
	return f.set(ctx, ref, from, to)
}

func TestPermit(t *testing.T) {
	ctx := t.Context()
	store := certstore.NewMemory()
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	if err := store.Put(ctx, certstore.User, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}); err != nil {
		t.Fatal(err)
	}
	permitter := store.(certstore.KeyPermitter)
	j := journal.Open(t.TempDir())
	s := &importer.Service{Store: store, Journal: j}
	inv, _ := inventory.Load(ctx, store, inventory.Options{})
	row := inv.Rows[0]
	may := func(sid string) bool {
		t.Helper()
		p, err := s.KeyPermissions(ctx, row)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(p.Users, func(u certstore.KeyUser) bool { return u.SID == sid })
	}
	permit := func(s *importer.Service, account string, revoke bool) (string, error) {
		t.Helper()
		p, err := s.PlanPermission(ctx, row, certstore.KeyChange{Account: account, Revoke: revoke})
		if err != nil {
			t.Fatal(err)
		}
		return s.Permit(ctx, p)
	}
	const service, pool = "S-1-5-20", "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415"
	first, err := permit(s, "NETWORK SERVICE", false)
	if err != nil || first == "" || !may(service) {
		t.Fatalf("Permit = %q, %v", first, err)
	}
	if id, err := permit(s, service, false); err != nil || id != "" {
		t.Errorf("a second grant = %q, %v, want no record", id, err)
	}
	second, err := permit(s, `IIS AppPool\DefaultAppPool`, false)
	if err != nil || !may(pool) {
		t.Fatalf("Permit = %v", err)
	}
	// The first change is not what is there now: undo leaves it alone.
	undone, err := s.Undo(ctx, first)
	if err != nil || len(undone) != 1 || !undone[0].Changed || !may(service) || !may(pool) {
		t.Errorf("Undo of an older change = %+v, %v", undone, err)
	}
	if undone, err = s.Undo(ctx, second); err != nil || undone[0].Changed || may(pool) || !may(service) {
		t.Errorf("Undo = %+v, %v", undone, err)
	}
	if _, err := s.Undo(ctx, second); !errors.Is(err, importer.ErrAlreadyUndone) {
		t.Errorf("second Undo = %v", err)
	}
	third, err := permit(s, service, true)
	if err != nil || may(service) {
		t.Fatalf("revoke = %v", err)
	}
	if _, err := s.Undo(ctx, third); err != nil || !may(service) {
		t.Errorf("Undo of a revocation = %v", err)
	}

	// What fails leaves nothing behind, and says so in the journal.
	broken := &importer.Service{Journal: j, Store: &refusing{store, permitter, func(context.Context, certstore.Ref, []byte, []byte) error {
		return certstore.ErrDenied
	}}}
	if _, err := permit(broken, pool, false); !errors.Is(err, certstore.ErrDenied) || may(pool) {
		t.Errorf("a change that fails = %v", err)
	}

	// A change whose process died is found, and taken back.
	p, err := s.PlanPermission(ctx, row, certstore.KeyChange{Account: pool})
	if err != nil {
		t.Fatal(err)
	}
	w, err := j.Begin(journal.Header{Kind: journal.Permissions, Source: "Client", Location: certstore.User})
	if err != nil {
		t.Fatal(err)
	}
	step := journal.Step{Location: certstore.User, Store: certstore.My, DER: leaf.Raw, Permissions: &journal.KeyPermissions{Account: pool, Before: p.Before.Descriptor, After: p.After.Descriptor}}
	if err := w.Step(step); err != nil {
		t.Fatal(err)
	}
	if err := permitter.SetKeyPermissions(ctx, row.Ref(), p.Before.Descriptor, p.After.Descriptor); err != nil {
		t.Fatal(err)
	}
	w.Abandon()
	unfinished, err := s.Unfinished()
	if err != nil || len(unfinished) == 0 {
		t.Fatalf("Unfinished = %v, %v", unfinished, err)
	}
	if !may(pool) {
		t.Fatal("the change was not made")
	}
	if _, err := s.Undo(ctx, w.ID); err != nil || may(pool) {
		t.Errorf("Undo after a crash = %v", err)
	}

	// Without its key there is nothing to restore.
	fourth, err := permit(s, pool, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(ctx, row.Ref(), certstore.DeleteAll); err != nil {
		t.Fatal(err)
	}
	if undone, err := s.Undo(ctx, fourth); err != nil || !undone[0].Changed {
		t.Errorf("Undo without the key = %+v, %v", undone, err)
	}
}
