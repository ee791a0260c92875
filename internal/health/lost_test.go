package health_test

import (
	"context"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/health"
	"certdesk/internal/inventory"
)

// TestLost: a certificate with nothing leading to its key is found, with the
// command that links them; one without a key is not, and the key is no orphan.
func TestLost(t *testing.T) {
	root := certtest.Root(t, "Root")
	c := certtest.Client(t, root, "lost")
	d := desk{t, certstore.NewMemory()}
	d.put(certstore.User, certstore.My, c, true)
	d.put(certstore.User, certstore.People, certtest.Client(t, root, "partner"), false)
	if r := d.look(); len(r.Problems) != 0 {
		t.Fatalf("%+v", r.Problems)
	}
	k := d.store.(certstore.Relinker)
	ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: c.Fingerprint()}
	found, err := k.FindKeys(t.Context(), certstore.User, ref)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := k.Unlink(t.Context(), ref, found[0].Was, certstore.KeyLink{Container: "00"}); err != nil {
		t.Fatal(err)
	}
	r := d.look()
	if len(r.Problems) != 1 {
		t.Fatalf("%+v", r.Problems)
	}
	p := r.Problems[0]
	want := "certctl key relink " + c.Fingerprint().String()[:16] + " --location user --store people"
	if p.ID != "C-05" || p.Kind != health.NoKey || p.Row == nil || p.Row.Certificate.CommonName() != "lost" || p.Command != want || !strings.Contains(p.Message, found[0].Found.Container) {
		t.Errorf("%+v, want %s", p, want)
	}
}

// someKeys lists a key and says that there may be more.
type someKeys struct{}

func (someKeys) LooseKeys(_ context.Context, loc certstore.Location) ([]certstore.LooseKey, error) {
	return []certstore.LooseKey{{Location: loc, Name: "of another program", ID: "x", Remove: "certutil -delkey x"}}, certstore.ErrNotPossible
}

func TestKeysInPart(t *testing.T) {
	inv, _ := inventory.Load(t.Context(), certstore.NewMemory(), inventory.Options{})
	r, err := health.Look(t.Context(), inv, health.Options{Now: certtest.Now, Keys: someKeys{}, Locations: []certstore.Location{certstore.User}})
	if err != nil || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Fix, "certutil -delkey x") {
		t.Errorf("%+v, %v", r.Problems, err)
	}
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "Private keys without a certificate: "+certstore.ErrNotPossible.Error()) {
		t.Errorf("%q", r.NotChecked)
	}
}
