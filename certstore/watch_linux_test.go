package certstore_test

import (
	"context"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

func TestChanges(t *testing.T) {
	sc := newScratch(t)
	s := sc.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes := s.(certstore.Watcher).Changes(ctx)
	put(t, sc.open(t), certstore.CA, certstore.Item{DER: certtest.Root(t, "Root").Raw})
	select {
	case <-changes:
	case <-time.After(10 * time.Second):
		t.Fatal("a change by another store is not told")
	}
	cancel()
	for range changes { // is closed in the end
	}
}
