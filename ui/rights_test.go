package ui

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/journal"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// TestWithoutRights: who may not change the machine's stores sees the command
// for root, and on Windows is offered to continue as administrator.
func TestWithoutRights(t *testing.T) {
	path, _, ca, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: []certstore.Entry{{Location: certstore.Machine, Store: certstore.CA, DER: ca.Raw, Key: certstore.KeyNone, ReadOnly: true}}})
		s.services.System = "linux"
		s.services.Journal = journal.Open(t.TempDir())
		s.importer.Journal = s.services.Journal
		row := load(t, s, ca.Certificate)
		fp := ca.Fingerprint().String()
		s.toolbar.show([]*model.Row{row})
		if s.toolbar.del.Disabled() || s.toolbar.move.Disabled() {
			t.Error("what root can do is not offered")
		}
		line := func(args ...string) string { return elevate.SudoLine(elevate.Certctl(), args) }

		s.startDelete([]*model.Row{row})
		uitest.Settle()
		want := line("delete", fp, "--location", "machine", "--store", "ca")
		sees(t, s, "The machine's stores belong to root", want)
		tapText(t, s, "Copy")
		if got := s.app.Clipboard().Content(); got != want {
			t.Errorf("copied %q", got)
		}
		press(s, fyne.KeyEscape)
		s.startMove([]*model.Row{row}, certstore.Machine, certstore.Root)
		uitest.Settle()
		sees(t, s, line("move", fp, "--to", "root", "--location", "machine", "--store", "ca"))
		press(s, fyne.KeyEscape)
		s.startRename(row)
		uitest.Settle()
		sees(t, s, "certctl does not change friendly names")
		press(s, fyne.KeyEscape)

		s.startImport([]string{path})
		uitest.Settle()
		v := s.dialogs.wizard
		v.model.SetTarget(nil)
		v.model.SetOptions(func(o *importer.Options) { o.Location = certstore.Machine })
		typePassword(s, testPassword)
		press(s, fyne.KeyReturn)
		sees(t, s, "Where each certificate goes", "Access denied", line("import", path, "--location", "machine"))
		press(s, fyne.KeyEscape)

		s.services.System = "windows"
		s.importer.Store = blind{s.importer.Store}
		s.services.Elevator = &elevate.Elevator{Elevated: func() bool { return false }}
		for name, start := range map[string]func(){
			"delete": func() { s.startDelete([]*model.Row{row}) },
			"move":   func() { s.startMove([]*model.Row{row}, certstore.Machine, certstore.People) },
			"trust":  func() { s.startMove([]*model.Row{row}, certstore.Machine, certstore.Root) },
			"rename": func() { s.startRename(row) },
			"relink": func() { s.startRelink(row) },
		} {
			start()
			uitest.Settle()
			if parts.TopDialog(s.win.Canvas()) == nil {
				t.Fatalf("%s: no dialog", name)
			}
			sees(t, s, "Continue as administrator")
			press(s, fyne.KeyEscape)
		}
	})
}

// TestWhyNot: what cannot be done says why, in the menu and when it is tried.
func TestWhyNot(t *testing.T) {
	_, leaf, ca, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: []certstore.Entry{
			{Location: certstore.Machine, Store: certstore.CA, DER: ca.Raw, Key: certstore.KeyNone, ReadOnly: true, Provided: certstore.ByGroupPolicy, Origin: "policy"},
			{Location: certstore.Machine, Store: certstore.Root, DER: root.Raw, Key: certstore.KeyNone, ReadOnly: true, Shipped: true, Trusted: true},
			{Location: certstore.User, Store: certstore.My, DER: leaf.Raw, Key: certstore.KeyNone}}})
		shipped, mine := load(t, s, root.Certificate), load(t, s, leaf.Certificate)
		labels := func() (all []string) {
			for _, i := range s.rowMenu() {
				all = append(all, i.Label)
				if i.Disabled != strings.Contains(i.Label, " – ") {
					t.Errorf("%q is greyed: %v", i.Label, i.Disabled)
				}
			}
			return all
		}
		choose := func(row *model.Row) {
			t.Helper()
			s.list.Ask(func(q *model.Query) { q.Scope = model.Scope{Location: row.Location, Store: row.Store} })
			uitest.Settle()
			if !s.table.data.SelectID(row.ID) {
				t.Fatal(row.Name, "is not in the list")
			}
			uitest.Settle()
		}
		choose(shipped)
		all := labels()
		for _, want := range []string{"Move to – part of the system", "Delete – part of the system", "Change friendly name… – part of the system", "Test with this certificate… – no private key", "Export…"} {
			if !slices.Contains(all, want) {
				t.Errorf("%q is not in %q", want, all)
			}
		}
		for name, try := range map[string]func(){"deleted": func() { s.table.data.key(fyne.KeyDelete, 0) }, "moved": s.toolbar.moveMenu} {
			try()
			uitest.Settle()
			sees(t, s, "This cannot be "+name, "came with the operating system")
			press(s, fyne.KeyEscape)
		}
		choose(load(t, s, ca.Certificate))
		if all = labels(); !slices.Contains(all, "Delete – from a group policy") {
			t.Errorf("the policy is not in %q", all)
		}
		s.services.System, s.services.Elevator = "windows", &elevate.Elevator{Elevated: func() bool { return false }}
		if all = labels(); !slices.Contains(all, "Delete – from a group policy") {
			t.Errorf("an administrator is asked for in vain: %q", all)
		}
		choose(mine)
		if all = labels(); !slices.Contains(all, "Delete") {
			t.Errorf("Delete is not in %q", all)
		}
		for _, i := range s.moveItems(s.selected()) {
			if there := i.Label == "Personal, Current user – it is there"; i.Disabled != strings.Contains(i.Label, " – ") || strings.HasPrefix(i.Label, "Personal, Current user") != there {
				t.Errorf("%q is greyed: %v", i.Label, i.Disabled)
			}
		}
	})
}

// blind is a store whose keys are closed to the user.
type blind struct{ certstore.Store }

func (blind) FindKeys(context.Context, certstore.Location, ...certstore.Ref) ([]certstore.FoundKey, error) {
	return nil, nil
}

func (blind) Relink(context.Context, certstore.Ref, certstore.KeyLink, certstore.KeyLink) error {
	return certstore.ErrDenied
}

func (blind) Unlink(context.Context, certstore.Ref, certstore.KeyLink, certstore.KeyLink) error {
	return certstore.ErrDenied
}
