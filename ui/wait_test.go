package ui

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// busyStore is a fakeStore that another program has locked.
type busyStore struct {
	fakeStore
	patience time.Duration
}

func (b *busyStore) State(ctx context.Context, l certstore.Location, _ []byte) (certstore.State, error) {
	select {
	case <-time.After(b.patience):
		return certstore.State{}, &certstore.Error{Op: "show", Location: l, Err: certstore.ErrBusy}
	case <-ctx.Done():
		return certstore.State{}, ctx.Err()
	}
}

// TestLockedStore wants a person who waits for a locked store to see that, to
// be able to stop, and to be told why nothing happens.
func TestLockedStore(t *testing.T) {
	entries := threeEntries(t)
	for name, x := range map[string]struct {
		patience time.Duration
		stop     bool
		want     string
	}{"quick": {patience / 2, false, "another program is using the certificate database"}, "slow": {time.Minute, false, "another program is using the certificate database"}, "stopped": {time.Minute, true, ""}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTestShell(t, &busyStore{fakeStore{entries: entries}, x.patience})
				var row *model.Row
				snapshot, _ := s.list.Snapshot.Get()
				for _, r := range snapshot.Rows {
					if r.HasKey() {
						row = r
					}
				}
				s.startDelete([]*model.Row{row})
				if parts.TopDialog(s.win.Canvas()) != nil {
					t.Error("a dialog comes before anybody had to wait")
				}
				if x.patience > patience {
					uitest.Rest(2 * patience)
					sees(t, s, "Looking at the private key", "Another program may be using the store")
				}
				if x.stop {
					press(s, fyne.KeyEscape)
				} else {
					uitest.Rest(x.patience)
				}
				uitest.Settle()
				if x.want == "" {
					if parts.TopDialog(s.win.Canvas()) != nil {
						t.Errorf("after Stop: %s", texts(parts.TopDialog(s.win.Canvas())))
					}
					return
				}
				sees(t, s, "This cannot be deleted", x.want)
				press(s, fyne.KeyEscape)
				if parts.TopDialog(s.win.Canvas()) != nil {
					t.Error("another dialog is below")
				}
			})
		})
	}
}

// TestF5 wants the key to work wherever the keyboard is.
func TestF5(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		for name, o := range map[string]fyne.Focusable{"table": s.table.data.body, "head": s.table.data.head, "sidebar": s.sidebar.order[0].Press, "nothing": nil} {
			before, _ := s.list.Snapshot.Get()
			s.win.Canvas().Unfocus()
			if o != nil {
				s.win.Canvas().Focus(o)
			}
			if o == nil {
				s.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF5})
			} else {
				press(s, fyne.KeyF5)
			}
			uitest.Settle()
			if now, _ := s.list.Snapshot.Get(); now == before {
				t.Errorf("%s: the stores were not read again", name)
			}
		}
	})
}
