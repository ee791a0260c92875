package elevate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
)

func somePlan() Plan {
	return Plan{Version: version, User: me(), Time: time.Now(), Pipe: "x", Grants: []Grant{{Op: "put", SHA256: "00"}}}
}

// TestTake refuses every plan that is not the one that was agreed to.
func TestTake(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plan  func(*Plan)
		spoil func(path, sum string) string // returns the hash to be given
		now   time.Duration
		owner string
		want  error
	}{
		{name: "as it was", want: nil},
		{name: "changed", spoil: func(path, sum string) string {
			data, _ := os.ReadFile(path)
			os.WriteFile(path, []byte(strings.Replace(string(data), `"put"`, `"del"`, 1)), 0o600)
			return sum
		}, want: ErrChanged},
		{name: "other hash", spoil: func(string, string) string { return strings.Repeat("0", 64) }, want: ErrChanged},
		{name: "no hash", spoil: func(string, string) string { return "" }, want: ErrChanged},
		{name: "too old", now: maxAge + time.Second, want: ErrOld},
		{name: "from the future", now: -time.Minute, want: ErrOld},
		{name: "somebody else's", owner: "somebody", want: ErrOwner},
		{name: "claims another user", plan: func(p *Plan) { p.User = "somebody" }, want: ErrOwner},
		{name: "other version", plan: func(p *Plan) { p.Version = 99 }, want: ErrPlan},
		{name: "nothing granted", plan: func(p *Plan) { p.Grants = nil }, want: ErrPlan},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := somePlan()
			if tt.plan != nil {
				tt.plan(&p)
			}
			path, sum, err := write(filepath.Join(t.TempDir(), "plans"), p)
			if err != nil {
				t.Fatal(err)
			}
			if tt.spoil != nil {
				sum = tt.spoil(path, sum)
			}
			owner := ownerOf
			if tt.owner != "" {
				owner = func(*os.File) (string, error) { return tt.owner, nil }
			}
			if _, err := take(path, sum, p.Time.Add(tt.now), owner); !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
				t.Errorf("take = %v, want %v", err, tt.want)
			}
			wipe(path)
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the plan is still there: %v", err)
			}
		})
	}
}

// denied is a store whose machine location wants other rights, as the window's
// is.
type denied struct{ certstore.Store }

func (d denied) refuse(loc certstore.Location) error {
	if loc == certstore.Machine {
		return &certstore.Error{Op: "put", Location: loc, Err: certstore.ErrDenied}
	}
	return nil
}

func (d denied) Places(ctx context.Context) []certstore.Place {
	ps := d.Store.Places(ctx)
	for i := range ps {
		ps[i].ReadOnly = d.refuse(ps[i].Location)
	}
	return ps
}

func (d denied) KeyPermissions(ctx context.Context, ref certstore.Ref) (certstore.KeyPermissions, error) {
	return d.Store.(certstore.KeyPermitter).KeyPermissions(ctx, ref)
}

func (d denied) PlanKeyPermissions(ctx context.Context, ref certstore.Ref, _ certstore.KeyChange) (before, after certstore.KeyPermissions, err error) {
	return before, after, d.refuse(ref.Location)
}

func (d denied) SetKeyPermissions(ctx context.Context, ref certstore.Ref, _, _ []byte) error {
	return d.refuse(ref.Location)
}

func (d denied) Put(ctx context.Context, loc certstore.Location, n certstore.Name, it certstore.Item) error {
	return errors.Join(d.refuse(loc), d.Store.Put(ctx, loc, n, it))
}

func (d denied) FindKeys(context.Context, certstore.Location, ...certstore.Ref) ([]certstore.FoundKey, error) {
	return nil, nil // the keys are closed to the user
}

func (d denied) Relink(_ context.Context, ref certstore.Ref, _, _ certstore.KeyLink) error {
	return d.refuse(ref.Location)
}

func (d denied) Unlink(_ context.Context, ref certstore.Ref, _, _ certstore.KeyLink) error {
	return d.refuse(ref.Location)
}

type process struct{ done chan struct{} }

func (p process) PID() int              { return os.Getpid() }
func (p process) Done() <-chan struct{} { return p.done }

// elevator starts helpers that work on store, in this process; args are what
// they were started with.
func elevator(t *testing.T, store certstore.Store, args *[]string) *Elevator {
	return &Elevator{Dir: filepath.Join(t.TempDir(), "e"), Elevated: func() bool { return false }, Start: func(ctx context.Context, a []string) (Process, error) {
		*args = a
		p := process{make(chan struct{})}
		plan, err := Take(a[2], a[4], time.Now())
		if err != nil {
			t.Error(err)
			close(p.done)
			return p, nil
		}
		go func() {
			defer close(p.done)
			c, err := Dial(plan.Pipe)
			if err == nil {
				err = Serve(context.Background(), c, plan, store)
			}
			if err != nil {
				t.Error(err)
			}
		}()
		return p, nil
	}}
}

// TestImportAndUndo imports into a machine that the window may not change, and
// takes it back, by helpers; the journal is the window's.
func TestImportAndUndo(t *testing.T) {
	mem := certstore.NewMemory()
	local := denied{mem}
	root := certtest.Root(t, "Root")
	inter := certtest.Intermediate(t, root, "Sub")
	leaf := certtest.Client(t, inter, "Leaf")
	contents := &certfile.Contents{Format: certfile.PKCS12,
		Certificates: []certfile.Cert{{Certificate: leaf.Certificate}, {Certificate: inter.Certificate}},
		Keys:         []certfile.Key{{PKCS8: leaf.PKCS8(t), State: certfile.KeyOK, Certificate: 0}}}
	s := &importer.Service{Store: local, Journal: journal.Open(t.TempDir()), Now: func() time.Time { return certtest.Now }}
	plan, err := s.Plan(t.Context(), importer.Source{Name: "a.pfx", Data: []byte("a")}, contents, importer.Options{Location: certstore.Machine, Exportable: true})
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	e := elevator(t, mem, &args)
	if !e.Offers(plan.Problem) {
		t.Fatalf("not offered for %v", plan.Problem)
	}
	session, err := e.Open(t.Context(), local, ForImport(plan, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(args[2]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the plan was not deleted: %v", err)
	}
	with := *s
	with.Store = session
	if plan, err = with.Replan(t.Context(), plan, plan.Options); err != nil || plan.Problem != nil {
		t.Fatal(err, plan.Problem)
	}
	report, err := with.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Other certificates, stores and deeds are not granted.
	if err := session.Put(t.Context(), certstore.Machine, certstore.Root, certstore.Item{DER: root.Raw}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("put of another certificate: %v", err)
	}
	if err := session.Put(t.Context(), certstore.Machine, certstore.Root, certstore.Item{DER: inter.Raw}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("put into another store: %v", err)
	}
	ref := certstore.Ref{Location: certstore.Machine, Store: certstore.My, Fingerprint: leaf.Fingerprint()}
	if err := session.Delete(t.Context(), ref, certstore.DeleteAll); !errors.Is(err, ErrNotGranted) {
		t.Errorf("delete: %v", err)
	}
	if err := session.Restore(t.Context(), certstore.Machine, leaf.Raw, certstore.State{Certificate: true, Store: certstore.Root}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("restore to what was not there before: %v", err)
	}
	session.Close()
	inv, _ := inventory.Load(t.Context(), mem, inventory.Options{Now: certtest.Now})
	if len(inv.Rows) != 2 || inv.Rows[0].Location != certstore.Machine {
		t.Fatalf("the machine holds %d", len(inv.Rows))
	}
	record, err := s.Journal.Read(report.Journal)
	if err != nil || record.Status != journal.Done {
		t.Fatalf("the window's journal: %v %v", record.Status, err)
	}
	session, err = e.Open(t.Context(), local, ForUndo(record))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	with.Store = session
	if _, err := with.Undo(t.Context(), report.Journal); err != nil {
		t.Fatal(err)
	}
	if inv, _ = inventory.Load(t.Context(), mem, inventory.Options{Now: certtest.Now}); len(inv.Rows) != 0 {
		t.Errorf("undo left %d", len(inv.Rows))
	}
}

// TestRenameAndPermit: another friendly name, and who may use a key, each as
// granted and no further; undo takes the latter back.
func TestRenameAndPermit(t *testing.T) {
	mem := certstore.NewMemory()
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	if err := mem.Put(t.Context(), certstore.Machine, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t), Exportable: true}); err != nil {
		t.Fatal(err)
	}
	local := denied{mem}
	inv, _ := inventory.Load(t.Context(), local, inventory.Options{Now: certtest.Now})
	row := inv.Rows[0]
	s := &importer.Service{Store: local, Journal: journal.Open(t.TempDir()), Now: func() time.Time { return certtest.Now }}
	var args []string
	e := elevator(t, mem, &args)

	with, done, err := e.Service(t.Context(), s, ForRename(row, "New"))
	if err != nil {
		t.Fatal(err)
	}
	r := with.Store.(certstore.Renamer)
	if err := r.Rename(t.Context(), row.Ref(), "Other"); !errors.Is(err, ErrNotGranted) {
		t.Errorf("another name: %v", err)
	}
	if err := r.Rename(t.Context(), row.Ref(), "New"); err != nil {
		t.Error(err)
	}
	done()
	if inv, _ := inventory.Load(t.Context(), mem, inventory.Options{Now: certtest.Now}); inv.Rows[0].FriendlyName != "New" {
		t.Errorf("the name is %q", inv.Rows[0].FriendlyName)
	}

	change := certstore.KeyChange{Account: "NT AUTHORITY\\NETWORK SERVICE"}
	with, done, err = e.Service(t.Context(), s, ForPermit(row, change))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := with.PlanPermission(t.Context(), row, certstore.KeyChange{Account: "Everyone"}); !errors.Is(err, ErrNotGranted) {
		t.Errorf("another account: %v", err)
	}
	before, err := s.KeyPermissions(t.Context(), row)
	if err != nil {
		t.Fatal(err)
	}
	if err := with.Store.(certstore.KeyPermitter).SetKeyPermissions(t.Context(), row.Ref(), before.Descriptor, before.Descriptor); !errors.Is(err, ErrNotGranted) {
		t.Errorf("a list that was not planned: %v", err)
	}
	plan, err := with.PlanPermission(t.Context(), row, change)
	if err != nil {
		t.Fatal(err)
	}
	id, err := with.Permit(t.Context(), plan)
	done()
	if err != nil {
		t.Fatal(err)
	}
	if now, _ := s.KeyPermissions(t.Context(), row); len(now.Users) != len(before.Users)+1 {
		t.Errorf("%d may use the key", len(now.Users))
	}
	record, err := s.Journal.Read(id)
	if err != nil {
		t.Fatal(err)
	}
	with, done, err = e.Service(t.Context(), s, ForUndo(record))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if undone, err := with.Undo(t.Context(), id); err != nil || len(undone) != 1 || undone[0].Changed {
		t.Errorf("undo: %v %v", undone, err)
	}
	if now, _ := s.KeyPermissions(t.Context(), row); len(now.Users) != len(before.Users) {
		t.Errorf("after undo %d may use the key", len(now.Users))
	}
}

// TestOtherUser: an administrator with another profile does not touch what
// they take for the user's stores.
func TestOtherUser(t *testing.T) {
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	fp := leaf.Fingerprint().String()
	h := &helper{plan: Plan{Grants: []Grant{{Op: "move", SHA256: fp, Location: certstore.Machine, Store: certstore.My, From: &Place{certstore.User, certstore.My}}}},
		store: certstore.NewMemory(), seen: map[string]certstore.State{}}
	_, err := h.do(t.Context(), request{Op: "move", SHA256: fp, Location: certstore.Machine, Store: certstore.My, From: Place{certstore.User, certstore.My}})
	if !errors.Is(err, certstore.ErrNotPossible) {
		t.Errorf("move = %v", err)
	}
}

// TestNo: the person says no to the system's question.
func TestNo(t *testing.T) {
	e := &Elevator{Dir: t.TempDir(), Elevated: func() bool { return false }, Start: func(context.Context, []string) (Process, error) { return nil, certstore.ErrCanceled }}
	_, err := e.Open(t.Context(), certstore.NewMemory(), []Grant{{Op: "put"}})
	if !errors.Is(err, certstore.ErrCanceled) || certstore.Advice(err) == "" {
		t.Errorf("Open = %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(e.Dir, "plan-*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	e.Elevated = func() bool { return true }
	if e.Offers(&certstore.Error{Location: certstore.Machine, Err: certstore.ErrDenied}) {
		t.Error("offered to somebody who has the rights")
	}
}

// TestTooLate: the person says yes so late that the helper refuses the plan.
func TestTooLate(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		e := &Elevator{Dir: dir, Elevated: func() bool { return false }, Start: func(_ context.Context, args []string) (Process, error) {
			time.Sleep(maxAge + time.Second)
			if _, err := Take(args[2], args[4], time.Now()); !errors.Is(err, ErrOld) {
				t.Errorf("Take = %v", err)
			}
			p := process{make(chan struct{})}
			close(p.done)
			return p, nil
		}}
		_, err := e.Open(t.Context(), certstore.NewMemory(), []Grant{{Op: "put"}})
		if !errors.Is(err, ErrOld) || !strings.Contains(certstore.Advice(err), "within five minutes") {
			t.Errorf("Open = %v, %s", err, certstore.Advice(err))
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("left %v", left)
		}
	})
}
