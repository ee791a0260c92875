package model

import (
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// TestNeedsAttention: what this user may change, and what an administrator may
// in Personal; not what is shown elsewhere, and not what nobody can change.
func TestNeedsAttention(t *testing.T) {
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	for name, x := range map[string]struct {
		entry certstore.Entry
		want  bool
	}{
		"the user's":                 {certstore.Entry{Location: certstore.User, Store: certstore.People}, true},
		"an administrator's":         {certstore.Entry{Location: certstore.Machine, Store: certstore.My, ReadOnly: true}, true},
		"the same, seen by the user": {certstore.Entry{Location: certstore.User, Store: certstore.My, ReadOnly: true, Inherited: true}, false},
		"a group policy's":           {certstore.Entry{Location: certstore.Machine, Store: certstore.My, ReadOnly: true, Provided: certstore.ByGroupPolicy}, false},
		"the system's root":          {certstore.Entry{Location: certstore.Machine, Store: certstore.Root, ReadOnly: true}, false},
	} {
		row := newRow(&inventory.Row{Entry: x.entry, Certificate: leaf.Certificate, Misplaced: certstore.CA, Findings: []finding.Finding{{ID: "V-02", Severity: finding.Error}}})
		soon := leaf.NotAfter.Add(-time.Hour)
		for _, q := range []Quick{QuickAttention, QuickExpiring} {
			if got := (Scope{Quick: q}).contains(row, soon); got != x.want {
				t.Errorf("%s: %s = %t", name, q, got)
			}
		}
		if got := (Scope{Quick: QuickMisplaced}).contains(row, soon); got == x.entry.Inherited {
			t.Errorf("%s: misplaced = %t", name, got)
		}
	}
}
