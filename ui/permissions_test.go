package ui

import (
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"certdesk/certstore"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// pane is what the detail pane shows.
func pane(s *shell) string { return texts(s.detail) }

// tapPane presses the button with a word on it that comes n-th in the pane.
func tapPane(t *testing.T, s *shell, word string, n int) {
	t.Helper()
	var found []*parts.Button
	seen(s.detail, func(o fyne.CanvasObject) {
		if b, ok := o.(*parts.Button); ok && b.Text() == word {
			found = append(found, b)
		}
	})
	if n >= len(found) {
		t.Fatalf("%d buttons %q in:\n%s", len(found), word, pane(s))
	}
	test.Tap(found[n])
	uitest.Settle()
}

func TestWhoMayUseTheKey(t *testing.T) {
	_, leaf, ca, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		put(t, s, certstore.CA, ca, false)
		issuer := load(t, s, ca.Certificate)
		choose := func(name string) {
			t.Helper()
			for _, key := range []fyne.KeyName{fyne.KeyHome, fyne.KeyEnd} {
				s.table.data.key(key, 0)
				uitest.Settle()
				if d := s.detail.view.detail; d != nil && d.Row.Name == name {
					return
				}
			}
			t.Fatalf("%s is not in the list", name)
		}
		s.detail.show([]*model.Row{issuer})
		uitest.Settle()
		if strings.Contains(pane(s), "Who may use this key") {
			t.Error("a certificate without a key has users of it")
		}
		choose("client.example")
		for _, w := range []string{"Who may use this key", `NT AUTHORITY\SYSTEM`, `BUILTIN\Administrators`, "Full control", "Grant…"} {
			if !strings.Contains(pane(s), w) {
				t.Errorf("the pane lacks %q:\n%s", w, pane(s))
			}
		}
		if strings.Contains(pane(s), "Revoke…") {
			t.Error("SYSTEM and Administrators can be revoked")
		}

		tapPane(t, s, "Grant…", 0)
		sees(t, s, "Let an account use this key", `IIS AppPool\name`)
		field := s.win.Canvas().Focused().(*parts.Field)
		field.SetText("nobody here")
		press(s, fyne.KeyReturn)
		sees(t, s, "there is no such account", `NT SERVICE\service`)
		field.SetText(`IIS AppPool\DefaultAppPool`)
		parts.Focus(field)
		press(s, fyne.KeyReturn)
		if d := parts.TopDialog(s.win.Canvas()); d != nil {
			t.Fatalf("still open:\n%s", texts(d))
		}
		const pool = "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415"
		if !strings.Contains(pane(s), pool) {
			t.Fatalf("after the grant:\n%s", pane(s))
		}

		tapPane(t, s, "Revoke…", 0)
		sees(t, s, "Take the key from "+pool+"?", "client.example")
		press(s, fyne.KeyReturn) // the default is no
		if !strings.Contains(pane(s), pool) {
			t.Fatal("Enter revoked")
		}
		tapPane(t, s, "Revoke…", 0)
		tapText(t, s, "Revoke")
		if strings.Contains(pane(s), pool) {
			t.Fatalf("after the revocation:\n%s", pane(s))
		}

		s.startUndo() // lists the revocation, the grant
		uitest.Settle()
		sees(t, s, "Who may use the key of client.example", "revoked for "+pool, `granted to IIS AppPool\DefaultAppPool`)
		press(s, fyne.KeyEscape)
		records, err := s.services.Journal.List() // both have the time of tests
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Steps[0].Permissions.Revoked {
				s.undoNow(r.ID)
			}
		}
		uitest.Settle()
		if !strings.Contains(pane(s), pool) {
			t.Errorf("after undo:\n%s", pane(s))
		}
	})
}
