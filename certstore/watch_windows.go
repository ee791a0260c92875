package certstore

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/windows"
)

// certificatesKey is where Windows keeps system stores, in the hives of the
// user and of the machine.
const certificatesKey = `Software\Microsoft\SystemCertificates`

// settle is how long changes are collected: one import makes many.
const settle = 200 * time.Millisecond

// Changes watches the registry. A hive without the key is watched one level
// up, until it has it.
func (s *windowsStore) Changes(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	go func() {
		defer close(ch)
		runtime.LockOSThread() // a registration ends with its thread
		defer runtime.UnlockOSThread()
		w, err := newWatch(ctx)
		if err != nil {
			<-ctx.Done()
			return
		}
		defer w.close()
		for w.wait() {
			select {
			case ch <- struct{}{}:
			default:
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(settle):
			}
		}
	}()
	return ch
}

// A watch waits for changes of either hive, or for the end of a context.
type watch struct {
	stop  windows.Handle
	hives []*hive
	end   func() bool
	ended chan struct{}
}

// A hive is one that is watched.
type hive struct {
	root, key, changed windows.Handle
	whole              bool // key is that of the certificates, not the one above
}

func newWatch(ctx context.Context) (*watch, error) {
	w := &watch{ended: make(chan struct{})}
	var err error
	if w.stop, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		return nil, err
	}
	stop := w.stop
	w.end = context.AfterFunc(ctx, func() {
		_ = windows.SetEvent(stop)
		close(w.ended)
	})
	for _, root := range []windows.Handle{windows.HKEY_CURRENT_USER, windows.HKEY_LOCAL_MACHINE} {
		h := &hive{root: root}
		if h.changed, err = windows.CreateEvent(nil, 0, 0, nil); err != nil {
			break
		}
		w.hives = append(w.hives, h)
		if err = h.arm(); err != nil {
			break
		}
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// arm asks to be told of the next change.
func (h *hive) arm() error {
	if h.whole && h.notify() == nil { // not so when the key was deleted
		return nil
	}
	if err := h.open(); err != nil {
		return err
	}
	return h.notify()
}

// open opens the key, or the one above until it is there.
func (h *hive) open() error {
	h.closeKey()
	_ = windows.ResetEvent(h.changed) // closing the key signals it
	var err error
	for _, path := range []string{certificatesKey, `Software\Microsoft`} {
		wide, e := windows.UTF16PtrFromString(path)
		if e != nil {
			return e
		}
		h.whole = path == certificatesKey
		if err = windows.RegOpenKeyEx(h.root, wide, 0, windows.KEY_READ|windows.KEY_NOTIFY, &h.key); err == nil {
			return nil
		}
	}
	return err
}

func (h *hive) notify() error {
	return windows.RegNotifyChangeKeyValue(h.key, h.whole, windows.REG_NOTIFY_CHANGE_NAME|windows.REG_NOTIFY_CHANGE_LAST_SET, h.changed, true)
}

func (h *hive) closeKey() {
	if h.key != 0 {
		_ = windows.RegCloseKey(h.key)
		h.key = 0
	}
}

// wait returns true after a change and false at the end.
func (w *watch) wait() bool {
	events := []windows.Handle{w.stop}
	for _, h := range w.hives {
		events = append(events, h.changed)
	}
	n, err := windows.WaitForMultipleObjects(events, false, windows.INFINITE)
	i := int(n - windows.WAIT_OBJECT_0)
	if err != nil || i < 1 || i > len(w.hives) {
		return false
	}
	return w.hives[i-1].arm() == nil
}

func (w *watch) close() {
	if !w.end() { // it was called: the event must outlive it
		<-w.ended
	}
	for _, h := range w.hives {
		h.closeKey() // signals the event
		_ = windows.CloseHandle(h.changed)
	}
	_ = windows.CloseHandle(w.stop)
}
