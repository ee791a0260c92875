package ui

import (
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/ui/uitest"
)

// chooseTarget chooses the n-th card, as a click does.
func chooseTarget(s *shell, n int) {
	cards := s.dialogs.wizard.file.target.cards
	cards.SetSelected(n)
	cards.OnChanged(n)
	uitest.Settle()
}

// TestImportAsksWho goes through the choices that Windows has.
func TestImportAsksWho(t *testing.T) {
	path, _, _, _ := clientFile(t)
	for _, tt := range []struct {
		card  int
		first []string // what follows, on the first screen
		plan  []string
	}{
		{0, []string{"Personal, Current user", "Chrome and Edge", "Source: Chromium", "Key: your key set; as usual: CNG"}, []string{"For: Web browser", "Source: Chromium", "Goes to, on Current user", "your key set, exportable"}},
		{2, []string{"Personal, Current user", "host instance", "WCF Adapters", "Key: your key set; as usual: CryptoAPI"}, []string{"For: BizTalk send port", "WCF Adapters", "runas /user:DOMAIN\\ACCOUNT", "--target biztalk-send-port"}},
		{3, []string{"Other people, Local machine"}, []string{"Other people", "left out", "Goes to, on Local machine"}},
		{4, []string{"Personal, Local machine", "netsh", "Key: the computer's key set; as usual: CNG"}, []string{"For: IIS web site", "the computer's key set"}},
		{5, []string{"Trusted roots and Intermediate CAs, Local machine"}, []string{"Left out", "Not imported", "Trust this root", "KB 2802568"}},
		{6, []string{"Personal, Local machine"}, []string{"read access to the key", "the computer's key set"}},
		{7, []string{"Current user", "Local machine", "Services cannot see it"}, []string{"Goes to, on Local machine"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSystemShell(t, "windows")
			s.startImport([]string{path})
			uitest.Settle()
			typePassword(s, testPassword)
			sees(t, s, "Who will use this certificate?", "Web browser", "Windows service", "I choose the place", "How Windows keeps the key", "Strong protection")
			lacks(t, s, "provider that the file names")
			chooseTarget(s, tt.card)
			sees(t, s, tt.first...)
			if tt.card == 3 || tt.card == 5 { // these leave the key out
				lacks(t, s, "How Windows keeps the key", "Strong protection", "to be exported again", "Key: ")
			}
			m := s.dialogs.wizard.model
			if tt.card == 7 {
				m.SetOptions(func(o *importer.Options) { o.Location = certstore.Machine })
			}
			m.MakePlan(t.Context())
			uitest.Settle()
			sees(t, s, tt.plan...)
			if tt.card == 7 {
				lacks(t, s, "For: ")
			}
			if tt.card == 0 { // what has to be done now is said again afterwards
				m.Apply(t.Context())
				uitest.Settle()
				sees(t, s, "1 left out", "For: Web browser", "Restart the browser")
			}
		})
	}
}

// TestImportWithoutKeyAsksToo offers no target that needs a key before anybody
// chose one, and remembers what a person chose.
func TestImportWithoutKeyAsksToo(t *testing.T) {
	root := writeTestFile(t, "root.cer", certtest.Root(t, "A Root").Raw)
	synctest.Test(t, func(t *testing.T) {
		s := newSystemShell(t, "windows")
		s.startImport([]string{root, root})
		uitest.Settle()
		v := s.dialogs.wizard
		if x := v.model.State().Options.Target; x != nil {
			t.Errorf("a certificate alone is for %s", x.ID)
		}
		lacks(t, s, "How Windows keeps the key")
		chooseTarget(s, 5)
		press(s, fyne.KeyReturn)
		sees(t, s, "For: IIS client trust", "Not imported", "Trust this root")
		v.model.Next()
		if x := v.model.State().Options.Target; x == nil || x.ID != "iis-client-trust" {
			t.Errorf("the next file is for %v", x)
		}
	})
}

// TestTargetsByKeyboard moves the choice with the arrows, down a column too.
func TestTargetsByKeyboard(t *testing.T) {
	path, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSystemShell(t, "windows")
		s.startImport([]string{path})
		uitest.Settle()
		cards := s.dialogs.wizard.file.target.cards
		cards.Focus()
		for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyRight} {
			press(s, k)
		}
		if x := s.dialogs.wizard.model.State().Options.Target; x == nil || x.ID != "iis-site" {
			t.Errorf("down and right from the first is %v", x)
		}
	})
}
