package certstore_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// TestDiskFull fills the disk under a database. Softoken then answers OK to a
// deletion that never reaches the disk; the store has to notice.
func TestDiskFull(t *testing.T) {
	if _, err := exec.LookPath("certutil"); err != nil {
		t.Skip("certutil is not installed; make test installs it")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small file system needs root and mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	db := filepath.Join(dir, "db")
	store, err := certstore.Open(t.Context(), certstore.Options{Getenv: func(name string) string {
		return map[string]string{"CERTDESK_USER_DB": db, "CERTDESK_MACHINE_DB": filepath.Join(dir, "machine"), "HOME": dir}[name]
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ca := certtest.Root(t, "Root")
	leaf := certtest.Client(t, ca, "Leaf")
	if err := store.Put(t.Context(), certstore.User, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)}); err != nil {
		if errors.Is(err, certstore.ErrUnavailable) {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	fill := filepath.Join(dir, "fill")
	f, err := os.Create(fill)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 1024))
	}
	f.Close()
	before, err := store.State(t.Context(), certstore.User, leaf.Raw)
	if err != nil {
		t.Fatal(err)
	}
	ref := certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()}
	for op, err := range map[string]error{
		"delete":  store.Delete(t.Context(), ref, certstore.DeleteAll),
		"restore": store.Restore(t.Context(), certstore.User, leaf.Raw, certstore.State{}),
		"put":     store.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: certtest.Client(t, ca, "Other").Raw}),
		"move":    store.Move(t.Context(), ref, certstore.User, certstore.Disallowed),
	} {
		if err == nil {
			t.Errorf("%s says it worked on a full disk", op)
		} else if op != "move" && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v; want no space left", op, err)
		}
	}
	if after, err := store.State(t.Context(), certstore.User, leaf.Raw); err != nil || after != before {
		t.Errorf("state %+v, %v; before %+v", after, err, before)
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(t.Context(), ref, certstore.DeleteAll); err != nil {
		t.Errorf("delete with room again: %v", err)
	}
}

// TestNoRoomForDatabase makes databases where there is no room for one.
// Softoken then speaks of a wrong PIN, or as if somebody had it locked.
func TestNoRoomForDatabase(t *testing.T) {
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Leaf")
	for _, size := range []string{"20k", "60k"} {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
			t.Skipf("a small file system needs root and mount: %v", err)
		}
		t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
		store, err := certstore.Open(t.Context(), certstore.Options{Getenv: func(name string) string {
			return map[string]string{"CERTDESK_USER_DB": filepath.Join(dir, "db"), "CERTDESK_MACHINE_DB": filepath.Join(dir, "machine"), "HOME": dir}[name]
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		err = store.Put(t.Context(), certstore.User, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)})
		if !errors.Is(err, certstore.ErrUnavailable) && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Put with %s = %v, want no space left", size, err)
		}
	}
}
