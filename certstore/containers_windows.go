package certstore

import (
	"strings"
	"sync"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
)

// A containerUse counts the open handles of one container of CryptoAPI in this
// process.
type containerUse struct {
	open    int
	deleted bool // while a handle was open
}

// containersOpen are the containers with open handles. Wine's provider writes
// a container back when a handle of it is released, also one that was deleted
// in the meantime: then whoever releases the last handle deletes it again. On
// Windows that finds nothing to delete.
var containersOpen = struct {
	sync.Mutex
	by map[string]*containerUse
}{by: map[string]*containerUse{}}

func containerKey(l *link) string {
	k := strings.ToLower(l.Container)
	if machineKey(l) {
		k += "\x00machine"
	}
	return k
}

// inContainer calls f with the use of the container that l leads to, and
// forgets the use when nobody needs it any more.
func inContainer(l *link, f func(u *containerUse)) {
	containersOpen.Lock()
	defer containersOpen.Unlock()
	k := containerKey(l)
	u := containersOpen.by[k]
	if u == nil {
		u = &containerUse{}
		containersOpen.by[k] = u
	}
	if f(u); u.open == 0 {
		delete(containersOpen.by, k)
	}
}

// acquireContainer opens the container that l leads to, until
// releaseContainer.
func acquireContainer(l *link, flags uint32) (windows.Handle, error) {
	inContainer(l, func(u *containerUse) { u.open++ })
	h, err := wincrypt.CryptAcquireContext(l.Container, l.Provider, l.ProvType, flags)
	if err != nil {
		releaseContainer(l, 0)
		return 0, err
	}
	if flags&windows.CRYPT_NEWKEYSET != 0 {
		inContainer(l, func(u *containerUse) { u.deleted = false })
	}
	return h, nil
}

func releaseContainer(l *link, h windows.Handle) {
	if h != 0 {
		_ = windows.CryptReleaseContext(h, 0) // Wine writes a new key now
	}
	inContainer(l, func(u *containerUse) {
		if u.open--; u.open == 0 && u.deleted {
			_ = removeContainer(l)
		}
	})
}

// deleteContainer deletes the container that l leads to.
func deleteContainer(l *link) error {
	inContainer(l, func(u *containerUse) { u.deleted = u.open > 0 })
	return removeContainer(l)
}

func removeContainer(l *link) error {
	_, err := wincrypt.CryptAcquireContext(l.Container, l.Provider, l.ProvType, windows.CRYPT_DELETEKEYSET|windows.CRYPT_SILENT|l.Flags&windows.CRYPT_MACHINE_KEYSET)
	return err
}
