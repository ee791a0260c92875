package ui

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/elevate"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

const (
	allowRow = "Let the account of BizTalk or another service use the key"
	testRow  = "Try it against the partner's address"
)

// importFor imports a file for the n-th of those who may use it, as far as
// the last page.
func importFor(t *testing.T, s *shell, path, password string, n int) {
	t.Helper()
	s.startImport([]string{path})
	uitest.Settle()
	if password != "" {
		typePassword(s, password)
	}
	chooseTarget(s, n)
	press(s, fyne.KeyReturn)
	press(s, fyne.KeyReturn)
	sees(t, s, "Imported", "Undo import")
}

// TestAllowAfterImport lets an account use the key that was just imported for
// a service.
func TestAllowAfterImport(t *testing.T) {
	path, _, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSystemShell(t, "windows")
		importFor(t, s, path, testPassword, 6)
		sees(t, s, allowRow, `May use it now: NT AUTHORITY\SYSTEM, BUILTIN\Administrators.`, "Allow…")
		tapText(t, s, "Allow…")
		sees(t, s, "Let an account use this key", "client.example", "You can undo this afterwards.")
		press(s, fyne.KeyEscape)
		sees(t, s, allowRow)
		tapText(t, s, "Allow…")
		s.win.Canvas().Focused().(*parts.Field).SetText("S-1-5-20")
		press(s, fyne.KeyReturn)
		sees(t, s, "Imported", `BUILTIN\Administrators, NT AUTHORITY\NETWORK SERVICE.`, "may use the key of client.example now")
		tapText(t, s, "Undo import")
		sees(t, s, "Import undone", "The stores are as they were before the import")
	})
}

// TestAllowAsksTheAdministrator: without the rights for the machine it goes the
// same way as in the certificate's detail.
func TestAllowAsksTheAdministrator(t *testing.T) {
	path, leaf, ca, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSystemShell(t, "windows")
		s.services.Elevator = &elevate.Elevator{Elevated: func() bool { return false }}
		for _, i := range []struct {
			certtest.Issuer
			store certstore.Name
			key   []byte
		}{{leaf, certstore.My, leaf.PKCS8(t)}, {ca, certstore.CA, nil}} {
			if err := s.services.Store.Put(t.Context(), certstore.Machine, i.store, certstore.Item{DER: i.Raw, Key: i.key}); err != nil {
				t.Fatal(err)
			}
		}
		s.importer.Store = guarded{s.services.Store}
		s.list = model.NewInventory(s.importer.Store, s.services.Now)
		s.list.Load(t.Context())
		s.startImport([]string{path})
		uitest.Settle()
		typePassword(s, testPassword)
		chooseTarget(s, 6)
		m := s.dialogs.wizard.model
		m.MakePlan(t.Context())
		m.Apply(t.Context()) // all is there already
		uitest.Settle()
		sees(t, s, "2 already there", allowRow, "cannot read the key yet")
		lacks(t, s, "May use it now")
		tapText(t, s, "Allow…")
		sees(t, s, "Let an account use this key", "Continue as administrator", "Windows will ask whether certctl.exe may make changes")
	})
}

// guarded is a store whose machine can be looked at only, without its keys.
type guarded struct{ certstore.Store }

func (g guarded) Places(ctx context.Context) []certstore.Place {
	places := g.Store.Places(ctx)
	for i, p := range places {
		if p.Location == certstore.Machine {
			places[i].ReadOnly = certstore.ErrDenied
		}
	}
	return places
}

func (g guarded) Entries(ctx context.Context, l certstore.Location) iter.Seq2[certstore.Entry, error] {
	return func(yield func(certstore.Entry, error) bool) {
		for e, err := range g.Store.Entries(ctx, l) {
			e.ReadOnly = l == certstore.Machine
			if !yield(e, err) {
				return
			}
		}
	}
}

func (guarded) KeyPermissions(context.Context, certstore.Ref) (certstore.KeyPermissions, error) {
	return certstore.KeyPermissions{}, &certstore.Error{Op: "permissions", Location: certstore.Machine, Err: certstore.ErrDenied}
}

func (guarded) PlanKeyPermissions(context.Context, certstore.Ref, certstore.KeyChange) (before, after certstore.KeyPermissions, err error) {
	return before, after, certstore.ErrDenied
}

func (guarded) SetKeyPermissions(context.Context, certstore.Ref, []byte, []byte) error {
	return certstore.ErrDenied
}

// TestNextOnlyWhereItApplies offers what can be done with what was imported,
// and nothing else.
func TestNextOnlyWhereItApplies(t *testing.T) {
	path, leaf, _, _ := clientFile(t)
	public := writeTestFile(t, "client.cer", leaf.Raw)
	for name, x := range map[string]struct {
		system, path, password string
		target                 int
		want, not              []string
	}{
		"a browser's":       {"windows", path, testPassword, 0, []string{testRow}, []string{allowRow}},
		"a web site's":      {"windows", path, testPassword, 4, []string{testRow, allowRow}, nil},
		"without a key":     {"windows", public, "", 3, nil, []string{testRow, allowRow}},
		"on another system": {"linux", path, testPassword, 0, []string{testRow}, []string{allowRow}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystemShell(t, x.system)
				importFor(t, s, x.path, x.password, x.target)
				sees(t, s, x.want...)
				lacks(t, s, x.not...)
			})
		})
	}
}

// TestTryAfterImport tries a server with the certificate that was just
// imported, though the list was not read again yet.
func TestTryAfterImport(t *testing.T) {
	root := certtest.Root(t, "Probe Root")
	address := probeServer(t, root)
	path, leaf, _, _ := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		put(t, s, certstore.Root, root, false)
		importFor(t, s, path, testPassword, 0)
		tapText(t, s, "Test…")
		sees(t, s, "Test connection", "client.example")
		s.probe.address.SetText(address)
		tapText(t, s, "Test")
		sees(t, s, "403.16: the server does not trust your certificate", "Certificate sent")
		tapText(t, s, "Copy as message")
		if got := s.app.Clipboard().Content(); !strings.Contains(got, leaf.Certificate.Fingerprint().String()) {
			t.Errorf("another certificate was sent: %q", got)
		}
		press(s, fyne.KeyEscape)
		sees(t, s, testRow)
	})
}
