package ui

import (
	"crypto/x509"
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/ui/uitest"
)

// TestFindings chooses purposes and a program, and copies the report and what
// to send to the CA.
func TestFindings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: []certstore.Entry{entry(t, "exchange only", 0x1234, x509.KeyUsageKeyEncipherment, testNow.AddDate(1, 0, 0))}})
		s.win.Resize(fyne.NewSize(1100, 1000))
		s.table.data.SelectID(s.table.view.Rows[0].ID)
		uitest.Settle()
		v := s.detail.view
		shows := func(want ...string) {
			t.Helper()
			got := texts(v.body)
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Fatalf("the tab lacks %q:\n%s", w, got)
				}
			}
		}
		tap := func(word string) {
			t.Helper()
			var hit fyne.Tappable
			seen(v.body, func(o fyne.CanvasObject) {
				if x, ok := o.(fyne.Tappable); ok && hit == nil && strings.TrimSpace(texts(o)) == word {
					hit = x
				}
			})
			if hit == nil {
				t.Fatalf("nothing to press says %q:\n%s", word, texts(v.body))
			}
			hit.Tapped(&fyne.PointEvent{})
			uitest.Settle()
		}
		s.detail.findings(finding.Client)
		shows("Will not work as TLS client", "Key Usage lacks Digital Signature", "keyUsage: Key Encipherment (20)", "The private key is here.", "Certification authority", "Document signing")
		if len(v.detail.Verdicts) != 7 {
			t.Errorf("%d verdicts, want one for each purpose", len(v.detail.Verdicts))
		}
		tap("Copy request text")
		if got := s.app.Clipboard().Content(); !strings.Contains(got, "serial number 1234") || !strings.Contains(got, "Please issue it with Digital Signature (80)") {
			t.Errorf("request: %s", got)
		}
		tap("Copy report")
		if got := s.app.Clipboard().Content(); !strings.Contains(got, "As client: will not work") || !strings.Contains(got, "ERROR   C-01") || !strings.Contains(got, "user/my, private key present") {
			t.Errorf("report: %s", got)
		}
		tap("As Markdown")
		if got := s.app.Clipboard().Content(); !strings.Contains(got, "## As client: will not work") {
			t.Errorf("Markdown: %s", got)
		}
		tap("Code signing")
		shows("Will not work for Code signing", "Purpose Code Signing is missing")
		press(s, fyne.KeyDown) // the line that was chosen has the focus
		shows("Will not work for Document signing", "Key Usage does not allow signing documents")

		tap("TLS server")
		v.ask(func(a *asked) { a.usedBy = "iis" })
		uitest.Settle()
		shows("IIS does not list it", "Move to Personal, Local machine", "Will not work as TLS server")
	})
}

// TestFindingsKeepPlace wants the list of purposes to stay where it was
// scrolled to when another purpose is chosen.
func TestFindingsKeepPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: []certstore.Entry{entry(t, "exchange only", 0x1234, x509.KeyUsageKeyEncipherment, testNow.AddDate(1, 0, 0))}})
		s.win.Resize(fyne.NewSize(1100, 560))
		s.table.data.SelectID(s.table.view.Rows[0].ID)
		uitest.Settle()
		s.detail.findings(finding.Client)
		v := s.detail.view
		scroll := func() *container.Scroll { return v.purposes.Objects[0].(*container.Scroll) }
		scroll().ScrollToOffset(fyne.NewPos(0, 40))
		if scroll().Offset.Y != 40 {
			t.Fatalf("the list is as high as what it shows: %v of %v", scroll().Content.MinSize(), scroll().Size())
		}
		v.choosePurpose(4)
		if got := scroll().Offset.Y; got != 40 {
			t.Errorf("scrolled to %v after a choice", got)
		}
	})
}

// TestFindingsGrant asks whether an account may use a key, lets it, and looks
// again.
func TestFindingsGrant(t *testing.T) {
	_, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.My, leaf, true)
		row := load(t, s, leaf.Certificate)
		s.table.data.SelectID(row.ID)
		uitest.Settle()
		s.detail.findings(finding.Client)
		v := s.detail.view
		v.ask(func(a *asked) { a.account = "NETWORK SERVICE" })
		uitest.Settle()
		if got := texts(v.body); !strings.Contains(got, "NETWORK SERVICE cannot use the private key") {
			t.Fatalf("no K-07:\n%s", got)
		}
		v.askGrant(v.detail.Row, "NETWORK SERVICE")
		uitest.Settle()
		sees(t, s, "Let NETWORK SERVICE use the key?")
		tapText(t, s, "Allow")
		uitest.Settle()
		if got := texts(v.body); strings.Contains(got, "cannot use the private key") {
			t.Errorf("K-07 after the account was let in:\n%s", got)
		}
	})
}
