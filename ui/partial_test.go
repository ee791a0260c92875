package ui

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/ui/uitest"
)

// slowStore is a fakeStore that stops in the middle of reading until more is
// closed, or the reading is given up.
type slowStore struct {
	fakeStore
	more chan struct{}
}

func (s *slowStore) Entries(ctx context.Context, l certstore.Location) iter.Seq2[certstore.Entry, error] {
	return func(yield func(certstore.Entry, error) bool) {
		n := 0
		for e, err := range s.fakeStore.Entries(ctx, l) {
			if n++; n == 300 {
				select {
				case <-s.more:
				case <-ctx.Done():
					yield(certstore.Entry{}, ctx.Err())
					return
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func newSlowStore(t *testing.T) *slowStore {
	t.Helper()
	s := &slowStore{more: make(chan struct{})}
	key := certtest.Root(t, "Key").Key
	for i := range 400 {
		c := certtest.MakeWithKey(t, nil, fmt.Sprint("Person ", i), key)
		s.entries = append(s.entries, certstore.Entry{Location: certstore.User, Store: certstore.My, DER: c.Raw, Key: certstore.KeyNone})
	}
	return s
}

// TestRowsWhileReading wants rows in the table before the stores were read to
// their end.
func TestRowsWhileReading(t *testing.T) {
	store := newSlowStore(t)
	synctest.Test(t, func(t *testing.T) {
		store.more = make(chan struct{}) // of this bubble
		s := newTestShell(t, store)
		n := s.table.data.source.Len()
		if n == 0 || n >= 300 {
			t.Fatalf("%d rows while reading", n)
		}
		if busy, _ := s.list.Busy.Get(); !busy || s.notice.Visible() || !s.status.stop.Visible() {
			t.Error("it does not look as if the stores were being read")
		}
		if s.whole() != nil {
			t.Error("a part is taken for the whole")
		}
		s.table.data.SelectID(s.table.data.source.ID(7))
		chosen := s.table.data.source.ID(7)
		close(store.more)
		uitest.Settle()
		if n := s.table.data.source.Len(); n != 400 || s.whole() == nil {
			t.Errorf("%d rows in the end", n)
		}
		if rows := s.selected(); len(rows) != 1 || rows[0].ID != chosen {
			t.Error("the selection was lost when the rest was read")
		}
	})
}

// TestStopReading wants what was read to stay, with a word about the rest.
func TestStopReading(t *testing.T) {
	store := newSlowStore(t)
	synctest.Test(t, func(t *testing.T) {
		store.more = make(chan struct{})
		s := newTestShell(t, store)
		s.stopReading()
		uitest.Settle()
		if n := s.table.data.source.Len(); n != 299 || !s.notice.Visible() {
			t.Errorf("%d rows, notice: %v", n, s.notice.Visible())
		}
		if !strings.Contains(texts(s.notice), "Reading was stopped after 299 certificates") {
			t.Errorf("the notice says %q", texts(s.notice))
		}
		close(store.more)
		s.reload()
		uitest.Settle()
		if n := s.table.data.source.Len(); n != 400 || s.notice.Visible() {
			t.Errorf("%d rows in the end, notice: %v", n, s.notice.Visible())
		}
	})
}

// TestUnreadableUser wants the window to open on the system's anchors where
// the user's store cannot be read, and the reason above them.
func TestUnreadableUser(t *testing.T) {
	_, _, _, root := clientFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := newTestShell(t, &fakeStore{err: &certstore.Error{Op: "list", Location: certstore.User, Err: certstore.ErrUnavailable, Advise: "Install NSS."},
			entries: []certstore.Entry{{Location: certstore.Machine, Store: certstore.Root, DER: root.Raw, Key: certstore.KeyNone, Trusted: true}}})
		if n := s.table.data.source.Len(); n != 1 || !strings.Contains(texts(s.notice), "Install NSS.") {
			t.Errorf("%d rows, and above them %q", n, texts(s.notice))
		}
	})
}
