package ui

import (
	"crypto/x509"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"certdesk/certstore"
	"certdesk/ui/model"
	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

const signing = x509.KeyUsageDigitalSignature

// newTestShell returns a window over a store, read and shown. Call it in a
// synctest bubble.
func newTestShell(t *testing.T, store certstore.Store) *shell {
	t.Helper()
	app := uitest.NewApp(t)
	s := New(t.Context(), app, Services{Store: store, Now: func() time.Time { return testNow }}).shell
	t.Cleanup(s.win.Close)
	s.win.Resize(fyne.NewSize(1100, 700))
	s.start()
	uitest.Settle()
	return s
}

func threeEntries(t *testing.T) []certstore.Entry {
	noKey := entry(t, "without key", 0x3333, signing, testNow.AddDate(1, 0, 0))
	noKey.Key = certstore.KeyNone
	return []certstore.Entry{
		entry(t, "good", 0x481a9c03, signing, testNow.AddDate(2, 0, 0)),
		entry(t, "old", 0x2222, signing, testNow.AddDate(0, 0, -3)),
		noKey,
	}
}

func listed(s *shell) []string {
	var out []string
	for _, r := range s.table.view.Rows {
		out = append(out, r.Name)
	}
	return out
}

func TestSidebarCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		for _, tt := range []struct {
			scope model.Scope
			count string
			badge bool
		}{
			{model.Scope{Location: certstore.User, Store: certstore.My}, "3", true},
			{model.Scope{Location: certstore.User, Store: certstore.CA}, "0", false},
			{model.Scope{Quick: model.QuickAttention}, "2", false},
			{model.Scope{Quick: model.QuickSignIn}, "1", false},
		} {
			row := s.sidebar.rows[tt.scope]
			if row == nil {
				t.Fatalf("%v: no line", tt.scope)
			}
			if row.count.Text() != tt.count || row.badge.Visible() != tt.badge {
				t.Errorf("%v: count %s badge %v, want %s %v", tt.scope, row.count.Text(), row.badge.Visible(), tt.count, tt.badge)
			}
		}
	})
}

func TestListWorstFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		got := listed(s)
		if len(got) != 3 || got[2] != "good" {
			t.Errorf("listed %q, want the good one last", got)
		}
		s.table.data.sortBy(s.table.data.columns[2]) // by name
		uitest.Settle()
		if got := listed(s); !slices.Equal(got, []string{"good", "old", "without key"}) {
			t.Errorf("by name %q", got)
		}
	})
}

func TestSearchTakesAnySpelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		for _, text := range []string{"48 1a 9c 03", "48:1A:9C:03", "481A9C", "1209703427", "GOOD", "\u200e481a9c03"} {
			s.toolbar.search.SetText(text)
			uitest.Rest(2 * typingPause)
			if got := listed(s); !slices.Equal(got, []string{"good"}) {
				t.Errorf("%q finds %q", text, got)
			}
		}
		s.toolbar.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		uitest.Rest(2 * typingPause)
		if got := listed(s); len(got) != 3 {
			t.Errorf("after Escape %q", got)
		}
	})
}

func TestQuickViewAndFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		s.sidebar.choose(model.Scope{Quick: model.QuickSignIn})
		uitest.Settle()
		if got := listed(s); !slices.Equal(got, []string{"good"}) {
			t.Errorf("can sign in: %q", got)
		}
		s.sidebar.choose(model.Scope{Location: certstore.User, Store: certstore.My})
		uitest.Settle()
		s.table.filter.OnChanged(int(model.Problems))
		uitest.Settle()
		if got := listed(s); len(got) != 2 {
			t.Errorf("problems: %q", got)
		}
	})
}

func TestSelectionShowsDetail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		if s.detail.Visible() || !s.toolbar.export.Disabled() {
			t.Error("without a selection there is a detail or something to export")
		}
		s.table.data.key(fyne.KeyEnd, 0)
		uitest.Settle()
		if !s.detail.Visible() || s.detail.view.detail == nil || s.detail.view.detail.Row.Name != "good" || s.toolbar.export.Disabled() {
			t.Fatal("the selected certificate is not shown")
		}
		for tab := range 4 { // each can be drawn, at both widths
			s.detail.view.tabs.Select(tab)
			s.win.Resize(fyne.NewSize(1600, 900))
			s.win.Resize(fyne.NewSize(1100, 700))
			s.win.Canvas().Capture()
		}
		s.table.data.onCopy()
		if got := s.app.Clipboard().Content(); got != "481a9c03" {
			t.Errorf("Ctrl+C copied %q", got)
		}
		s.table.data.body.TypedShortcut(&fyne.ShortcutSelectAll{})
		uitest.Settle()
		if s.detail.view.detail != nil {
			t.Error("one certificate is shown for three")
		}
	})
}

func TestUnreadableStoreIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{entries: threeEntries(t), err: &certstore.Error{Op: "list", Location: certstore.Machine, Err: certstore.ErrBusy}}
		s := newTestShell(t, store)
		if !s.notice.Visible() || len(listed(s)) != 3 {
			t.Fatal("the problem is not shown above what could be read")
		}
		store.mu.Lock()
		store.err = nil
		store.mu.Unlock()
		s.reload()
		uitest.Settle()
		if s.notice.Visible() {
			t.Error("the problem stays after it is gone")
		}
	})
}

func TestThemeChangesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{entries: threeEntries(t)})
		s.services.Settings.Theme = "light"
		s.nextTheme()
		uitest.Rest(3 * time.Second) // the toast goes
		if got := s.table.data.body.pool[0].cells[2].text.Color; got != dark[parts.Text] {
			t.Errorf("a row has text colour %v in the dark", got)
		}
	})
}

func TestAskerCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{})
		a := NewAsker()
		a.attach(s)
		got := make(chan error, 1)
		go func() {
			_, err := a.Ask(t.Context(), "/test", false)
			got <- err
		}()
		uitest.Settle()
		parts.DialogKey(s.win.Canvas(), fyne.KeyEscape)
		if err := <-got; err != certstore.ErrCanceled {
			t.Errorf("Escape gives %v", err)
		}
	})
}

func TestRelative(t *testing.T) {
	uitest.NewApp(t)
	for _, tt := range []struct {
		days int
		want string
	}{{0, "today"}, {1, "tomorrow"}, {12, "in 12 days"}, {-1, "1 day ago"}, {-45, "45 days ago"}, {90, "in 2 months"}, {400, "in 13 months"},
		{990, "in 2.7 years"}, {-731, "2 years ago"}} {
		if got := relative(testNow.AddDate(0, 0, tt.days), testNow); got != tt.want {
			t.Errorf("%d days: %q, want %q", tt.days, got, tt.want)
		}
	}
}

func TestReadingCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{entries: threeEntries(t)}
		s := newTestShell(t, store)
		before := s.table.view
		store.hang = make(chan struct{})
		s.reload()
		uitest.Rest(time.Second)
		if busy, _ := s.list.Busy.Get(); !busy || !s.status.stop.Visible() {
			t.Error("nothing says that the stores are being read")
		}
		test.Tap(s.status.stop)
		close(store.hang)
		uitest.Settle()
		if busy, _ := s.list.Busy.Get(); busy || s.table.view != before || s.status.stop.Visible() {
			t.Error("a stopped reading changed the list, or goes on")
		}
	})
}
