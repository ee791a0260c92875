package ui

import (
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/journal"
	"certdesk/ui/model"
	"certdesk/ui/parts"
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
		synctest.Wait()
		want := line("delete", fp, "--location", "machine", "--store", "ca")
		sees(t, s, "The machine's stores belong to root", want)
		tapText(t, s, "Copy")
		if got := s.app.Clipboard().Content(); got != want {
			t.Errorf("copied %q", got)
		}
		press(s, fyne.KeyEscape)
		s.startMove([]*model.Row{row}, certstore.Machine, certstore.Root)
		synctest.Wait()
		sees(t, s, line("move", fp, "--to", "root", "--location", "machine"))
		press(s, fyne.KeyEscape)
		s.startRename(row)
		synctest.Wait()
		sees(t, s, "certctl does not change friendly names")
		press(s, fyne.KeyEscape)

		s.startImport([]string{path})
		synctest.Wait()
		v := s.dialogs.wizard
		v.model.SetTarget(nil)
		v.model.SetOptions(func(o *importer.Options) { o.Location = certstore.Machine })
		typePassword(s, testPassword)
		press(s, fyne.KeyReturn)
		sees(t, s, "Where each certificate goes", "Access denied", line("import", path, "--location", "machine"))
		press(s, fyne.KeyEscape)

		s.services.System = "windows"
		s.services.Elevator = &elevate.Elevator{Elevated: func() bool { return false }}
		for name, start := range map[string]func(){
			"delete": func() { s.startDelete([]*model.Row{row}) },
			"move":   func() { s.startMove([]*model.Row{row}, certstore.Machine, certstore.People) },
			"trust":  func() { s.startMove([]*model.Row{row}, certstore.Machine, certstore.Root) },
			"rename": func() { s.startRename(row) },
		} {
			start()
			synctest.Wait()
			if parts.TopDialog(s.win.Canvas()) == nil {
				t.Fatalf("%s: no dialog", name)
			}
			sees(t, s, "Continue as administrator")
			press(s, fyne.KeyEscape)
		}
	})
}
