package ui

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/journal"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

func TestTrustIsAskedWithTheFingerprint(t *testing.T) {
	_, _, _, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.CA, root, false)
		row := load(t, s, root.Certificate)
		s.startTrust(row)
		sees(t, s, "Trust Test Root?", grouped(root.Fingerprint().String()))
		press(s, fyne.KeyReturn) // the default is no
		if got := rowsIn(t, s); !slices.Equal(got, []string{"user/ca Test Root"}) {
			t.Fatalf("Enter trusted the root: %q", got)
		}
		s.startTrust(row)
		tapText(t, s, "Trust")
		if got := rowsIn(t, s); !slices.Equal(got, []string{"user/root Test Root"}) {
			t.Errorf("not trusted: %q", got)
		}
	})
}

func TestTidyAndUndo(t *testing.T) {
	_, _, ca, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		s.startTidy()
		sees(t, s, "Everything stands where it belongs")
		press(s, fyne.KeyEscape)
		put(t, s, certstore.Root, ca, false)
		load(t, s, ca.Certificate)
		s.startTidy()
		sees(t, s, "Test CA", "from Trusted roots, Current user", "Intermediate CAs, Current user", "Move 1")
		press(s, fyne.KeyReturn)
		if got := rowsIn(t, s); !slices.Equal(got, []string{"user/ca Test CA"}) {
			t.Fatalf("after tidy: %q", got)
		}
		s.startUndo()
		uitest.Settle()
		sees(t, s, "Tidy: Test CA")
		press(s, fyne.KeyReturn)
		if got := rowsIn(t, s); !slices.Equal(got, []string{"user/root Test CA"}) {
			t.Errorf("after undo: %q", got)
		}
	})
}

func TestDeleteSaysThatTheKeyGoes(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEscape} { // neither deletes
			s.startDelete([]*model.Row{row})
			uitest.Settle()
			sees(t, s, "Delete client.example?", "The private key is deleted too", "Keep the private key in the store", "Personal, Current user")
			press(s, key)
			if len(rowsIn(t, s)) != 1 || parts.TopDialog(s.win.Canvas()) != nil {
				t.Fatalf("%s deleted, or left the dialog open", key)
			}
		}
		s.startDelete([]*model.Row{row})
		uitest.Settle()
		tapText(t, s, "Delete")
		if got := rowsIn(t, s); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

func TestUndoWithoutAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		s.startUndo()
		uitest.Settle()
		sees(t, s, "There is nothing to undo")
		press(s, fyne.KeyReturn)
		if parts.TopDialog(s.win.Canvas()) != nil {
			t.Error("Enter does not close it")
		}
	})
}

func TestUnfinishedImport(t *testing.T) {
	path, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		w, err := s.services.Journal.Begin(journal.Header{Kind: journal.Import, Source: "client.pfx", Path: path, Time: testNow, Location: certstore.User})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Step(journal.Step{Location: certstore.User, Store: certstore.My, Subject: "client.example", DER: leaf.Raw}); err != nil {
			t.Fatal(err)
		}
		put(t, s, certstore.My, leaf, true)
		w.Abandon() // as a crash would
		records, err := s.importer.Unfinished()
		if err != nil || len(records) != 1 {
			t.Fatalf("unfinished: %v, %v", records, err)
		}
		s.startUnfinished(records)
		sees(t, s, "An import of client.pfx did not finish", "Undo", "Finish…")
		press(s, fyne.KeyReturn) // finish: the import opens again
		sees(t, s, "Choose file and location", "client.pfx")
		press(s, fyne.KeyEscape)
		s.startUnfinished(records)
		tapText(t, s, "Undo")
		if got := rowsIn(t, s); len(got) != 0 {
			t.Errorf("left after undo: %q", got)
		}
		if records, _ := s.importer.Unfinished(); len(records) != 0 {
			t.Error("it is unfinished still")
		}
		uitest.Rest(time.Minute)
	})
}

func TestRename(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		if _, ok := s.services.Store.(certstore.Renamer); !ok {
			t.Skip("the store in memory cannot rename")
		}
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		s.startRename(row)
		field, ok := s.win.Canvas().Focused().(*parts.Field)
		if !ok {
			t.Fatal("the keyboard is not in the field")
		}
		field.SetText("web service 2026")
		press(s, fyne.KeyReturn)
		if got := load(t, s, leaf.Certificate).FriendlyName; got != "web service 2026" {
			t.Errorf("friendly name %q", got)
		}
	})
}
