package certstore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/certstore"
	"certdesk/certstore/internal/secdesc"
	"certdesk/certstore/internal/wincrypt"
)

// TestDescriptors compares our reading and writing of security descriptors with
// Windows' own.
func TestDescriptors(t *testing.T) {
	for _, text := range []string{
		"O:SYG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)",
		"O:BAG:SYD:PAI(A;;0xd01f01ff;;;SY)(A;;0xd01f01ff;;;BA)(A;;0x80120089;;;NS)",
		"D:(A;CIIO;GR;;;BU)(A;;KA;;;BA)",
		"D:(D;;FR;;;S-1-5-21-1-2-3-1001)(A;;FR;;;LS)(A;ID;FA;;;SY)(A;OICIID;FR;;;WD)",
		"D:(A;;FR;;;S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415)(A;;GAGR;;;AN)",
	} {
		theirs, err := windows.SecurityDescriptorFromString(text)
		if err != nil {
			t.Errorf("%s: Windows says %v", text, err)
			continue
		}
		b := bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(theirs)), theirs.Length()))
		fromBytes, err := secdesc.Parse(b)
		if err != nil {
			t.Errorf("%s: Windows' bytes %x: %v", text, b, err)
			continue
		}
		fromText, err := secdesc.ParseSDDL(text)
		if err != nil {
			t.Fatal(err)
		}
		if !secdesc.SameAccess(fromBytes, fromText) || fromBytes.Owner != fromText.Owner || fromBytes.Group != fromText.Group {
			t.Errorf("%s: Windows' bytes say %+v, the text %+v", text, fromBytes, fromText)
		}
		ours, err := fromText.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		sd := (*windows.SECURITY_DESCRIPTOR)(unsafe.Pointer(&ours[0]))
		if !sd.IsValid() || sd.Length() != uint32(len(ours)) {
			t.Errorf("%s: Windows does not take our bytes %x", text, ours)
			continue
		}
		written, err := secdesc.ParseSDDL(sd.String())
		if err != nil || !secdesc.SameAccess(written, fromText) || written.Owner != fromText.Owner {
			t.Errorf("%s: Windows reads our bytes as %s, %v", text, sd.String(), err)
		}
		words, err := fromText.SDDL()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := windows.SecurityDescriptorFromString(words); err != nil || again.String() != theirs.String() {
			t.Errorf("%s: Windows reads our text %s as %s, %v", text, words, again, err)
		}
	}
}

// TestFileList is about the last resort: the access list of a file.
func TestFileList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := certstore.FileDescriptor(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := secdesc.Parse(before)
	if err != nil {
		t.Fatalf("%x: %v", before, err)
	}
	if users, everybody := d.Users(); everybody || len(users) == 0 {
		t.Errorf("Users = %+v, %t", users, everybody)
	}
	if changed, err := d.Grant("S-1-5-20", secdesc.FileRead); !changed || err != nil {
		t.Fatal(changed, err)
	}
	after, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := certstore.SetFileList(path, after); err != nil {
		t.Fatal(err)
	}
	if wincrypt.OnWine() != "" {
		t.Skip("Wine 8: an access list that a file is given is not kept")
	}
	now, err := certstore.FileDescriptor(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := secdesc.Parse(now); err != nil || !secdesc.SameAccess(got, d) {
		t.Errorf("the file has %+v, %v", got, err)
	}
}
