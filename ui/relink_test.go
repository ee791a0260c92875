package ui

import (
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/ui/model"
	"certdesk/ui/uitest"
)

func TestLinkTheKeyAgain(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		k := s.services.Store.(certstore.Relinker)
		ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()}
		find := func() certstore.FoundKey {
			t.Helper()
			found, err := k.FindKeys(t.Context(), certstore.User, ref)
			if err != nil || len(found) != 1 {
				t.Fatalf("FindKeys = %+v, %v", found, err)
			}
			return found[0]
		}
		has := find().Found
		show := func() {
			t.Helper()
			s.detail.show([]*model.Row{load(t, s, leaf.Certificate)})
			uitest.Settle()
			s.detail.findings(finding.Client)
			uitest.Settle()
		}
		show()
		if strings.Contains(pane(s), "Link the key again") {
			t.Errorf("what is linked can be linked:\n%s", pane(s))
		}
		if err := k.Unlink(t.Context(), ref, has, certstore.KeyLink{Container: "00"}); err != nil {
			t.Fatal(err)
		}
		ref.Store = certstore.People // where a certificate without a key is
		show()
		if !strings.Contains(pane(s), "Its private key is on this computer, but nothing leads") {
			t.Fatalf("the findings lack the key:\n%s", pane(s))
		}
		tapPane(t, s, "Link the key again…", 0)
		sees(t, s, "Link client.example to its private key?", has.Container)
		press(s, fyne.KeyEscape)
		if !find().Lost() {
			t.Fatal("Escape linked it")
		}
		tapPane(t, s, "Link the key again…", 0)
		tapText(t, s, "Link")
		ref.Store = certstore.My
		if f := find(); f.Lost() {
			t.Fatalf("after linking: %+v", f)
		}
		show()
		if strings.Contains(pane(s), "Link the key again") {
			t.Errorf("after linking the pane has:\n%s", pane(s))
		}
		s.startUndo()
		uitest.Settle()
		sees(t, s, "Link to the key of client.example")
		tapText(t, s, "Undo")
		ref.Store = certstore.People
		if f := find(); !f.Lost() {
			t.Errorf("after undo: %+v", f)
		}
	})
}
