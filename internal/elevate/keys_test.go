package elevate

import (
	"errors"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

// TestRelink: the helper finds a key that the user may not see, links it, and
// takes that back, as granted and no further.
func TestRelink(t *testing.T) {
	ctx, mem := t.Context(), certstore.NewMemory()
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	if err := mem.Put(ctx, certstore.Machine, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}); err != nil {
		t.Fatal(err)
	}
	k := mem.(certstore.Relinker)
	ref := certstore.Ref{Location: certstore.Machine, Store: certstore.My, Fingerprint: leaf.Fingerprint()}
	found, err := k.FindKeys(ctx, certstore.Machine, ref)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	lost := certstore.KeyLink{Container: "0102"}
	if err := k.Unlink(ctx, ref, found[0].Found, lost); err != nil {
		t.Fatal(err)
	}
	local := denied{mem}
	inv, _ := inventory.Load(ctx, local, inventory.Options{Now: certtest.Now})
	row := inv.Rows[0]
	s := &importer.Service{Store: local, Journal: journal.Open(t.TempDir()), Now: func() time.Time { return certtest.Now }}
	if _, err := s.PlanRelink(ctx, row); !errors.Is(err, certstore.ErrNotFound) {
		t.Fatalf("without rights: %v", err)
	}
	var args []string
	e := elevator(t, mem, &args)
	with, done, err := e.Service(ctx, s, ForRelink(row))
	if err != nil {
		t.Fatal(err)
	}
	r := with.Store.(certstore.Relinker)
	if err := r.Relink(ctx, row.Ref(), lost, found[0].Found); !errors.Is(err, ErrNotGranted) {
		t.Errorf("what was not looked for: %v", err)
	}
	plan, err := with.PlanRelink(ctx, row)
	if err != nil || !plan.Needed() {
		t.Fatal(plan, err)
	}
	if err := r.Relink(ctx, row.Ref(), lost, certstore.KeyLink{Container: "0304"}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("another key: %v", err)
	}
	id, err := with.Relink(ctx, plan)
	done()
	if err != nil {
		t.Fatal(err)
	}
	if now, err := k.FindKeys(ctx, certstore.Machine, ref); err != nil || now[0].Lost() {
		t.Errorf("after the relinking: %v %v", now, err)
	}
	record, err := s.Journal.Read(id)
	if err != nil {
		t.Fatal(err)
	}
	with, done, err = e.Service(ctx, s, ForUndo(record))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if undone, err := with.Undo(ctx, id); err != nil || len(undone) != 1 || undone[0].Changed {
		t.Errorf("undo: %v %v", undone, err)
	}
	if now, _ := k.FindKeys(ctx, certstore.Machine, certstore.Ref{Location: certstore.Machine, Store: certstore.People, Fingerprint: leaf.Fingerprint()}, ref); len(now) != 1 || now[0].Was != lost {
		t.Errorf("after undo: %v", now)
	}
}

// TestComplete: the answer to a request whose key is the machine's, and its
// undo, after which the request waits again.
func TestComplete(t *testing.T) {
	ctx, mem := t.Context(), certstore.NewMemory()
	g := mem.(certstore.KeyGenerator)
	p, err := g.Generate(ctx, certstore.KeyRequest{Location: certstore.Machine, Algorithm: certstore.P256})
	if err != nil {
		t.Fatal(err)
	}
	root := certtest.Root(t, "Root")
	leaf := certstoretest.Answer(t, g, p, root, "Requested")
	contents := &certfile.Contents{Format: certfile.PEM, Certificates: []certfile.Cert{{Certificate: leaf.Certificate}}}
	s := &importer.Service{Store: denied{mem}, Journal: journal.Open(t.TempDir()), Now: func() time.Time { return certtest.Now }}
	plan, err := s.Plan(ctx, importer.Source{Name: "answer", Data: []byte("a")}, contents, importer.Options{Location: certstore.Machine, Waiting: []certstore.PendingKey{p}})
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	e := elevator(t, mem, &args)
	if !e.Offers(plan.Problem) {
		t.Fatalf("not offered for %v", plan.Problem)
	}
	with, done, err := e.Service(ctx, s, ForImport(plan, nil))
	if err != nil {
		t.Fatal(err)
	}
	other, err := g.Generate(ctx, certstore.KeyRequest{Location: certstore.Machine, Algorithm: certstore.P256})
	if err != nil {
		t.Fatal(err)
	}
	session := with.Store.(certstore.KeyGenerator)
	if err := session.Complete(ctx, other, certstore.Answer{DER: leaf.Raw}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("with another key: %v", err)
	}
	if err := session.Complete(ctx, p, certstore.Answer{DER: certstoretest.Answer(t, g, p, root, "Other").Raw}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("another answer: %v", err)
	}
	if err := session.Complete(ctx, p, certstore.Answer{DER: leaf.Raw, Issuer: root.Raw}); !errors.Is(err, certstore.ErrNotPossible) {
		t.Errorf("with an issuer: %v", err)
	}
	if plan, err = with.Replan(ctx, plan, plan.Options); err != nil || plan.Problem != nil {
		t.Fatal(err, plan.Problem)
	}
	report, err := with.Apply(ctx, plan, nil)
	done()
	if err != nil {
		t.Fatal(err)
	}
	has := func(key certstore.KeyState) bool {
		inv, _ := inventory.Load(ctx, mem, inventory.Options{Now: certtest.Now})
		return len(inv.Rows) == 1 && inv.Rows[0].Key == key && inv.Rows[0].Fingerprint() == certificate.FingerprintOf(leaf.Raw)
	}
	if !has(certstore.KeyPresent) {
		t.Error("the machine does not hold the answer with its key")
	}
	record, err := s.Journal.Read(report.Journal)
	if err != nil {
		t.Fatal(err)
	}
	if with, done, err = e.Service(ctx, s, ForUndo(record)); err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := with.Undo(ctx, report.Journal); err != nil {
		t.Fatal(err)
	}
	if has(certstore.KeyPresent) {
		t.Error("undo left the answer")
	}
	if _, err := g.Pending(ctx, p); err != nil {
		t.Errorf("the request does not wait again: %v", err)
	}
}
