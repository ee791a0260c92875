package outfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// readers returns the SIDs that the access list of path lets in.
func readers(t *testing.T, path string) []string {
	t.Helper()
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	var sids []string
	for i := range list.AceCount {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, uint32(i), &ace); err != nil {
			t.Fatal(err)
		}
		if ace.Header.AceType == windows.ACCESS_ALLOWED_ACE_TYPE && ace.Mask != 0 {
			sids = append(sids, (*windows.SID)(unsafe.Pointer(&ace.SidStart)).String())
		}
	}
	return sids
}

// TestPrivate wants what is private to let in this user, the system and
// administrators, in a folder that lets in everybody.
func TestPrivate(t *testing.T) {
	const everybody = "S-1-1-0"
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	mine := []string{user.User.Sid.String(), "S-1-5-18", "S-1-5-32-544"}
	dir := t.TempDir()
	sd, err := windows.SecurityDescriptorFromString("D:P(A;OICI;FA;;;WD)")
	if err != nil {
		t.Fatal(err)
	}
	open, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	if err := windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, open, nil); err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := Write(path("public.pem"), []byte("x"), Public); err != nil {
		t.Fatal(err)
	}
	if who := readers(t, path("public.pem")); !slices.Contains(who, everybody) {
		t.Fatalf("%s lets in %v: the folder does not let in everybody, so this test shows nothing", path("public.pem"), who)
	}
	long := path(strings.Repeat("long ", 40) + ".key")
	if err := os.WriteFile(path("old.key"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path("new.key"), path("old.key"), long} { // old.key lets in everybody until it is replaced
		if err := Write(p, []byte("x"), Private); err != nil {
			t.Fatal(err)
		}
	}
	f, err := CreatePrivate(path("plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreatePrivate(path("plan.json")); !os.IsExist(err) {
		t.Errorf("a file that is there: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for _, p := range []string{path("new.key"), path("old.key"), path("plan.json"), long} {
		who := readers(t, p)
		for _, sid := range who {
			if !slices.Contains(mine, sid) {
				t.Errorf("%s lets in %s", p, sid)
			}
		}
		if !slices.Contains(who, mine[0]) {
			t.Errorf("%s lets in %v, not this user", p, who)
		}
		if err := os.WriteFile(p, []byte("again"), 0); err != nil {
			t.Error(err)
		}
	}
}
