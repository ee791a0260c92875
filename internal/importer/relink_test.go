package importer_test

import (
	"context"
	"errors"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

// unlinking is a store where linking fails, or ends with the process.
type unlinking struct {
	certstore.Store
	certstore.Relinker
	relink func(context.Context, certstore.Ref, certstore.KeyLink, certstore.KeyLink) error
}

func (u *unlinking) Relink(ctx context.Context, ref certstore.Ref, from, to certstore.KeyLink) error {
	return u.relink(ctx, ref, from, to)
}

func TestRelink(t *testing.T) {
	ctx := t.Context()
	store := certstore.NewMemory()
	root := certtest.Root(t, "Root")
	leaf, other := certtest.Client(t, root, "Client"), certtest.Client(t, root, "Other")
	for _, item := range []struct {
		name certstore.Name
		certstore.Item
	}{{certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}}, {certstore.People, certstore.Item{DER: other.Raw}}} {
		if err := store.Put(ctx, certstore.User, item.name, item.Item); err != nil {
			t.Fatal(err)
		}
	}
	relinker := store.(certstore.Relinker)
	s := &importer.Service{Store: store, Journal: journal.Open(t.TempDir())}
	row := func(c certtest.Issuer) *inventory.Row {
		t.Helper()
		inv, _ := inventory.Load(ctx, store, inventory.Options{})
		for _, r := range inv.Rows {
			if r.Fingerprint() == c.Fingerprint() {
				return r
			}
		}
		t.Fatal("it is gone")
		return nil
	}
	plan := func() *importer.Relinking {
		t.Helper()
		p, err := s.PlanRelink(ctx, row(leaf))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := plan()
	if id, err := s.Relink(ctx, p); err != nil || id != "" || p.Needed() {
		t.Errorf("Relink of what is in order = %q, %v", id, err)
	}
	if _, err := s.PlanRelink(ctx, row(other)); !errors.Is(err, certstore.ErrNotFound) || certstore.Advice(err) == "" {
		t.Errorf("PlanRelink without a key = %v", err)
	}
	lose := func() {
		t.Helper()
		f := plan().Found
		if err := relinker.Unlink(ctx, row(leaf).Ref(), f.Was, certstore.KeyLink{Container: "00"}); err != nil {
			t.Fatal(err)
		}
	}
	lost := func() bool { return row(leaf).Key == certstore.KeyNone }
	lose()
	if p = plan(); !lost() || !p.Needed() {
		t.Fatalf("the link is not lost: %+v", p)
	}
	id, err := s.Relink(ctx, p)
	if err != nil || id == "" || lost() {
		t.Fatalf("Relink = %q, %v", id, err)
	}
	if undone, err := s.Undo(ctx, id); err != nil || len(undone) != 1 || undone[0].Changed || !lost() {
		t.Errorf("Undo = %+v, %v", undone, err)
	}

	// What somebody changed since is left alone.
	if id, err = s.Relink(ctx, plan()); err != nil {
		t.Fatal(err)
	}
	now := plan().Found.Was
	if err := relinker.Unlink(ctx, row(leaf).Ref(), now, certstore.KeyLink{Container: "01"}); err != nil {
		t.Fatal(err)
	}
	if undone, err := s.Undo(ctx, id); err != nil || !undone[0].Changed || plan().Found.Was.Container != "01" {
		t.Errorf("Undo of what was changed since = %+v, %v", undone, err)
	}

	// What fails leaves everything as it was, and says so in the journal.
	broken := &importer.Service{Journal: s.Journal, Store: &unlinking{store, relinker, func(context.Context, certstore.Ref, certstore.KeyLink, certstore.KeyLink) error {
		return certstore.ErrKey
	}}}
	if _, err := broken.Relink(ctx, plan()); !errors.Is(err, certstore.ErrKey) || plan().Found.Was.Container != "01" {
		t.Errorf("a relinking that fails = %v", err)
	}
	if list, err := s.Journal.List(); err != nil || list[0].Status != journal.Failed {
		t.Errorf("the journal says %+v, %v", list[0], err)
	}

	// One whose process died after the change, and one that died before it.
	for _, made := range []bool{true, false} {
		p := plan()
		w, err := s.Journal.Begin(journal.Header{Kind: journal.Relink, Source: "Client", Location: certstore.User})
		if err != nil {
			t.Fatal(err)
		}
		step := journal.Step{Location: certstore.User, Store: p.Row.Store, DER: leaf.Raw, Link: &journal.KeyLink{Store: p.Row.Store, Before: p.Found.Was, After: p.Found.Found}}
		if err := w.Step(step); err != nil {
			t.Fatal(err)
		}
		if made {
			if err := relinker.Relink(ctx, p.Row.Ref(), p.Found.Was, p.Found.Found); err != nil {
				t.Fatal(err)
			}
		}
		w.Abandon()
		if undone, err := s.Undo(ctx, w.ID); err != nil || undone[0].Changed || plan().Found.Was.Container != "01" {
			t.Errorf("Undo after a crash, made %t = %+v, %v", made, undone, err)
		}
	}
}
