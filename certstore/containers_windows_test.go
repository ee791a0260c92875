package certstore

import (
	"testing"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
)

// TestDeleteWhileOpen deletes a container that somebody in this process has
// open, as a listing of the window has while the person presses Undo.
func TestDeleteWhileOpen(t *testing.T) {
	for _, loc := range []Location{User, Machine} {
		t.Run(string(loc), func(t *testing.T) {
			s := scratch(t)
			l := otherContainer(t, s, loc, "open", windows.AT_KEYEXCHANGE, rsaCertificate(t, "Open"))
			there := func() bool {
				k, err := open(l, windows.CRYPT_SILENT)
				if err != nil {
					if !wincrypt.IsCode(err, windows.NTE_BAD_KEYSET) {
						t.Fatal(err)
					}
					return false
				}
				k.close()
				return true
			}
			if !there() {
				t.Fatal("the container is not there")
			}
			first, err := open(l, windows.CRYPT_SILENT)
			if err != nil {
				t.Fatal(err)
			}
			second, err := open(l, windows.CRYPT_SILENT)
			if err != nil {
				t.Fatal(err)
			}
			if err := deleteKey(l); err != nil {
				t.Fatal(err)
			}
			first.close()
			second.close()
			if there() {
				t.Error("the container came back when it was closed")
			}
			if n := len(containersOpen.by); n != 0 {
				t.Errorf("%d containers are counted as open", n)
			}
		})
	}
}
