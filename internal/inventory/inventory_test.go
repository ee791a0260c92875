package inventory_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

func load(t *testing.T, store certstore.Store) *inventory.Inventory {
	t.Helper()
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return inv
}

func put(t *testing.T, store certstore.Store, loc certstore.Location, name certstore.Name, c *certificate.Certificate, key []byte) {
	t.Helper()
	if err := store.Put(t.Context(), loc, name, certstore.Item{DER: c.Raw, Key: key}); err != nil {
		t.Fatal(err)
	}
}

func TestResolve(t *testing.T) {
	store := certstore.NewMemory()
	ca := certtest.Root(t, "Root")
	serial, _ := hex.DecodeString("f1a0b3c4d5e6f708")
	leaf := certtest.Client(t, ca, "Leaf", certtest.Serial(new(big.Int).SetBytes(serial)))
	twin := certtest.Client(t, ca, "Twin", certtest.Serial(new(big.Int).SetBytes(append(serial[:7:7], 9))))
	put(t, store, certstore.User, certstore.People, leaf.Certificate, nil)
	put(t, store, certstore.User, certstore.People, twin.Certificate, nil)
	put(t, store, certstore.Machine, certstore.People, leaf.Certificate, nil)
	inv := load(t, store)
	sha256 := leaf.Fingerprint().String()
	for _, id := range []string{
		sha256, strings.ToUpper(sha256), sha256[:12], leaf.SHA1(), leaf.SHA1()[:8], "00f1a0b3c4d5e6f708", "F1A0B3C4D5E6F708", "f1:a0:b3:c4:d5:e6:f7:08",
		"\u200e00 f1 a0 b3 c4 d5 e6 f7 08", "0xf1a0b3c4d5e6f708", "17411113817397982984", "0000f1a0b3c4d5e6f708",
	} {
		rows, err := inv.Resolve(id, nil)
		if err != nil || len(rows) != 2 || rows[0].Certificate.CommonName() != "Leaf" || rows[0].Location != certstore.User {
			t.Errorf("Resolve(%q) = %v, %v", id, rows, err)
		}
		if !rows[0].Matches(id) {
			t.Errorf("Matches(%q) is false", id)
		}
	}
	for id, want := range map[string]error{
		"f1a0b3c4d5": inventory.ErrAmbiguous, sha256[:7]: inventory.ErrNotFound, "ffffffffffffffff": inventory.ErrNotFound, "Leaf": inventory.ErrNotFound, "": inventory.ErrNotFound,
	} {
		if _, err := inv.Resolve(id, nil); !errors.Is(err, want) {
			t.Errorf("Resolve(%q) = %v, want %v", id, err, want)
		}
	}
	for _, text := range []string{"leaf", "certdesk TESTS", "", "d5e6"} {
		if !inv.Rows[0].Matches(text) {
			t.Errorf("Matches(%q) is false", text)
		}
	}
	for _, text := range []string{"nobody", "beef beef", "zz", "0000"} {
		if inv.Rows[0].Matches(text) {
			t.Errorf("Matches(%q) is true", text)
		}
	}
}

// TestResolveInherited: what the user's store only shows of the machine's is no
// second place, unless it is all that was read.
func TestResolveInherited(t *testing.T) {
	store := certstore.NewMemory()
	ca := certtest.Root(t, "Root")
	put(t, store, certstore.User, certstore.CA, ca.Certificate, nil)
	put(t, store, certstore.Machine, certstore.CA, ca.Certificate, nil)
	inv := load(t, store)
	id := ca.Fingerprint().String()
	for _, tt := range []struct {
		inherited bool
		keep      func(*inventory.Row) bool
		want      []certstore.Location
	}{
		{false, nil, []certstore.Location{certstore.User, certstore.Machine}},
		{true, nil, []certstore.Location{certstore.Machine}},
		{true, func(r *inventory.Row) bool { return r.Location == certstore.User }, []certstore.Location{certstore.User}},
	} {
		inv.Rows[0].Inherited = tt.inherited
		rows, err := inv.Resolve(id, tt.keep)
		var got []certstore.Location
		for _, r := range rows {
			got = append(got, r.Location)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("inherited %t: %v, %v, want %v", tt.inherited, got, err, tt.want)
		}
	}
}

// TestSameSerial wants N-04 on both of two certificates with one issuer and
// serial number, and on no other.
func TestSameSerial(t *testing.T) {
	store := certstore.NewMemory()
	ca := certtest.Root(t, "Root")
	for _, n := range []string{"A", "B"} {
		put(t, store, certstore.User, certstore.People, certtest.Client(t, ca, n, certtest.Serial(big.NewInt(77))).Certificate, nil)
	}
	put(t, store, certstore.User, certstore.People, certtest.Client(t, ca, "C", certtest.Serial(big.NewInt(78))).Certificate, nil)
	for _, r := range load(t, store).Rows {
		has := slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.ID == "N-04" && f.Severity == finding.Error })
		if name := r.Certificate.CommonName(); has != (name != "C") {
			t.Errorf("%s: N-04 is %v", name, has)
		}
	}
}

func TestProgress(t *testing.T) {
	store := certstore.NewMemory()
	key := certtest.Root(t, "Key").Key
	for i := range 200 {
		c := certtest.MakeWithKey(t, nil, fmt.Sprint("Person ", i), key)
		if err := store.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: c.Raw}); err != nil {
			t.Fatal(err)
		}
	}
	var seen []int
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now, Progress: func(n int) { seen = append(seen, n) }})
	if len(errs) > 0 || len(inv.Rows) != 200 {
		t.Fatal(len(inv.Rows), errs)
	}
	if len(seen) < 2 || !slices.IsSorted(seen) || seen[len(seen)-1] > 200 {
		t.Errorf("progress %v", seen)
	}
}

func TestMatchesIsNotAcrossNames(t *testing.T) {
	c := certtest.Make(t, nil, "Alpha", certtest.DNS("beta.example"))
	r := &inventory.Row{Entry: certstore.Entry{FriendlyName: "Gämma"}, Certificate: c.Certificate}
	for text, want := range map[string]bool{"alpha": true, "BETA.ex": true, "GÄMMA": true, " alpha ": true, "gämmacn": false, "gamma": false, "alphabeta": false} {
		if got := r.Matches(text); got != want {
			t.Errorf("Matches(%q) = %v", text, got)
		}
	}
}

// TestPartial wants what is shown while the stores are read to grow, and to
// stay as it was when the reading ends: a twin is found only then.
func TestPartial(t *testing.T) {
	store := certstore.NewMemory()
	ca := certtest.Root(t, "Root")
	key := certtest.Root(t, "Key").Key
	for i := range 400 {
		c := certtest.MakeWithKey(t, nil, fmt.Sprint("Person ", i), key)
		if err := store.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: c.Raw}); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []string{"A", "B"} {
		put(t, store, certstore.Machine, certstore.People, certtest.Client(t, ca, n, certtest.Serial(big.NewInt(77))).Certificate, nil)
	}
	var before []*inventory.Row
	shown := 0
	opt := inventory.Options{Now: certtest.Now, Partial: func(inv *inventory.Inventory) {
		shown++
		if len(inv.Rows) <= len(before) || !slices.Equal(inv.Rows[:len(before)], before) {
			t.Errorf("%d rows, and not those of the %d before", len(inv.Rows), len(before))
		}
		before = inv.Rows
		for _, r := range inv.Rows {
			if len(inv.At(r.Certificate.Fingerprint())) == 0 || r.Certificate.CommonName() == "" {
				t.Error("a row was not judged")
			}
		}
	}}
	inv, errs := inventory.Load(t.Context(), store, opt)
	if len(errs) > 0 || len(inv.Rows) != 402 || shown == 0 {
		t.Fatal(len(inv.Rows), errs, shown)
	}
	twins := 0
	for _, r := range inv.Rows {
		if slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.ID == "N-04" }) {
			twins++
			if at := inv.At(r.Certificate.Fingerprint()); len(at) != 1 || at[0] != r {
				t.Error("the inventory does not know the row of a twin")
			}
		}
	}
	if twins != 2 {
		t.Errorf("%d twins", twins)
	}
}
