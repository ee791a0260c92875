package certstore_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// TestKeyPermissions changes modes and access lists and compares with who is
// said to be able to read the keys.
func TestKeyPermissions(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	sc := newScratch(t)
	leaf := certtest.Client(t, certtest.Root(t, "Root"), "Client")
	base, err := os.MkdirTemp("/var/tmp", "certdesk") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	sc.user = filepath.Join(base, "nssdb")
	s := sc.open(t)
	put(t, s, certstore.My, certstore.Item{DER: leaf.Raw, Key: leaf.PKCS8(t)})
	key4 := filepath.Join(sc.user, "key4.db")
	const daemon, sys = 1, 3 // ids that Debian and Fedora give to somebody
	who := func() []string {
		t.Helper()
		p, err := s.(certstore.KeyPermitter).KeyPermissions(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()})
		if err != nil {
			t.Fatal(err)
		}
		if p.Path != key4 || p.Password || !errors.Is(p.Fixed, certstore.ErrNotPossible) {
			t.Errorf("KeyPermissions = %+v", p)
		}
		var names []string
		for _, u := range p.Users {
			names = append(names, string(u.Access)+" "+u.Account)
			if u.Through == "" {
				t.Errorf("%s: how is not said", u.Account)
			}
		}
		return names
	}
	for _, tt := range []struct {
		name     string
		uid, gid int
		file     os.FileMode
		dir      os.FileMode
		acl      []string // arguments of setfacl
		want     []string
	}{
		{"ours", 0, 0, 0o600, 0o700, nil, []string{"full root"}},
		{"another owner", daemon, daemon, 0o600, 0o700, nil, []string{"full root", "full daemon"}},
		{"a group", daemon, sys, 0o640, 0o750, nil, []string{"full root", "full daemon", "use group sys"}},
		{"a group that writes the folder", daemon, sys, 0o640, 0o770, nil, []string{"full root", "full daemon", "full group sys"}},
		{"the folder is closed", daemon, sys, 0o644, 0o700, nil, []string{"full root", "full daemon"}},
		{"everybody", daemon, sys, 0o644, 0o755, nil, []string{"full root", "full daemon", "use group sys", "use everybody"}},
		{"the owner may not", daemon, sys, 0o000, 0o755, nil, []string{"full root"}},
		{"an access list", 0, 0, 0o600, 0o700, []string{"-m", "u:daemon:rx,g:sys:rx"}, []string{"full root", "use daemon", "use group sys"}},
		{"an access list behind its mask", 0, 0, 0o600, 0o700, []string{"-m", "u:daemon:rx,m::-"}, []string{"full root"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{sc.user, key4} {
				mode := tt.file
				if path == sc.user {
					mode = tt.dir
				}
				if err := errors.Join(os.Chown(path, tt.uid, tt.gid), os.Chmod(path, mode)); err != nil {
					t.Fatal(err)
				}
				if tt.acl == nil {
					continue
				}
				if _, err := exec.LookPath("setfacl"); err != nil {
					t.Skip("setfacl is not installed (apt install acl)")
				}
				if out, err := exec.Command("setfacl", append(slices.Clone(tt.acl), path)...).CombinedOutput(); err != nil {
					t.Skipf("no access lists here: %s", out)
				}
				t.Cleanup(func() { _ = exec.Command("setfacl", "-b", path).Run() })
			}
			if got := who(); !slices.Equal(got, tt.want) {
				t.Errorf("%s, want %s", strings.Join(got, ", "), strings.Join(tt.want, ", "))
			}
		})
	}
}

func TestKeyPermissionsLocked(t *testing.T) {
	sc := newScratch(t)
	leaf := locked(t, sc)
	p, err := sc.open(t).(certstore.KeyPermitter).KeyPermissions(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()})
	if err != nil || !p.Password {
		t.Errorf("KeyPermissions of a locked database = %+v, %v", p, err)
	}
}
