package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes a lock without waiting, an exclusive one or one to share with
// other readers, on a byte far behind the end of f so that f can still be
// read. The system drops it when the process ends.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// syncDir does nothing: NTFS journals directory entries.
func syncDir(string) {}
