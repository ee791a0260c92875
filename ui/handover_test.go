package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/handover"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// TestHandover shows the sheet in the partner's spelling, copies it and saves
// it in every form; no form holds a key.
func TestHandover(t *testing.T) {
	_, leaf, ca, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.CA, ca, false)
		put(t, s, certstore.Root, root, false)
		put(t, s, certstore.My, leaf, true)
		s.table.data.SelectID(load(t, s, leaf.Certificate).ID)
		uitest.Settle()
		for _, i := range s.rowMenu() {
			if i.Label == "Hand-over sheet…" {
				i.Action()
			}
		}
		uitest.Settle()
		sees(t, s, "Hand-over sheet", "client.example")
		parts.TopDialog(s.win.Canvas()).Close()
		seen(s.detail.view.body, func(o fyne.CanvasObject) {
			if b, ok := o.(*parts.Button); ok && b.Text() == "Hand-over sheet…" {
				b.Activate()
			}
		})
		uitest.Settle()
		sees(t, s, "Certificate of client.example", "Serial number, Windows", "Test CA", "no key can get in")
		parts.TopDialog(s.win.Canvas()).Close()

		dir := t.TempDir()
		for i, f := range handover.Forms {
			v := s.openHandover(leaf.Certificate, nil)
			v.target.folder.SetText(dir)
			v.system.OnChanged(2) // nginx
			v.choose(f)
			uitest.Settle()
			if f != handover.FormReminder {
				if text := texts(parts.TopDialog(s.win.Canvas())); strings.Index(text, "Serial number, nginx") > strings.Index(text, "Serial number, Windows") {
					t.Errorf("%s: nginx's spelling is not first", f)
				}
			}
			s.win.Canvas().Capture()
			if v.copyIt.Disabled() == f.Text() {
				t.Errorf("%s: Copy", f)
			}
			if f.Text() {
				v.copyIt.Activate()
				uitest.Settle()
			}
			copied := s.app.Clipboard().Content()
			v.yes.Activate()
			uitest.Settle()
			data, err := os.ReadFile(filepath.Join(dir, f.FileName(leaf.Certificate)))
			if err != nil || len(data) == 0 || bytes.Contains(data, []byte("PRIVATE KEY")) {
				t.Errorf("%d %s: %v", i, f, err)
			}
			if f.Text() && copied != string(data) {
				t.Errorf("%s: copied %.100q, saved %.100q", f, copied, data)
			}
		}
		v := s.openHandover(leaf.Certificate, nil)
		v.choose(handover.FormReminder)
		uitest.Settle()
		sees(t, s, "BEGIN:VEVENT")
		v.days.SetText("99999")
		uitest.Settle()
		sees(t, s, "from 0 to 3650 days")
		if !v.yes.Disabled() {
			t.Error("a reminder ten lives ahead can be saved")
		}
	})
}
