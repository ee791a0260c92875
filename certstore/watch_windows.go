package certstore

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// Where Windows keeps system stores in the hives of the user and of the
// machine, those of group policies, and the machine's those of the enterprise;
// Microsoft, System Store Locations.
const (
	certificatesKey = `Software\Microsoft\SystemCertificates`
	policiesKey     = `Software\Policies\Microsoft\SystemCertificates`
	enterpriseKey   = `Software\Microsoft\EnterpriseCertificates`
)

// settle is how long changes are collected: one import makes many.
const settle = 200 * time.Millisecond

// Changes watches the registry, and the folder of the user's stores that are
// files. A key that is not there is watched for at the next one above it that
// is, and the folder one level up.
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

// A watch waits for changes of the registry or of the folder, or for the end of
// a context.
type watch struct {
	stop    windows.Handle
	sources []source
	end     func() bool
	ended   chan struct{}
}

// A source is something that is watched.
type source interface {
	arm() error            // asks to be told of the next change
	event() windows.Handle // what a change signals
	close()
}

// A tree is a key of the registry that is watched with all below it.
type tree struct {
	root         windows.Handle
	path         string
	key, changed windows.Handle
	whole        bool // key is that of the path, not one above
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
	for _, h := range []*tree{
		{root: windows.HKEY_CURRENT_USER, path: certificatesKey},
		{root: windows.HKEY_CURRENT_USER, path: policiesKey},
		{root: windows.HKEY_LOCAL_MACHINE, path: certificatesKey},
		{root: windows.HKEY_LOCAL_MACHINE, path: policiesKey},
		{root: windows.HKEY_LOCAL_MACHINE, path: enterpriseKey},
	} {
		if h.changed, err = windows.CreateEvent(nil, 0, 0, nil); err != nil {
			break
		}
		w.sources = append(w.sources, h)
		if err = h.arm(); err != nil {
			break
		}
	}
	if err != nil {
		w.close()
		return nil, err
	}
	if f := new(folder); f.arm() == nil { // a process without a profile has neither folder
		w.sources = append(w.sources, f)
	}
	return w, nil
}

func (h *tree) arm() error {
	if h.whole && h.notify() == nil { // not so when the key was deleted
		return nil
	}
	if err := h.open(); err != nil {
		return err
	}
	return h.notify()
}

// open opens the key, or the next one above that is there.
func (h *tree) open() error {
	h.closeKey()
	_ = windows.ResetEvent(h.changed) // closing the key signals it
	for path := h.path; ; {
		wide, err := windows.UTF16PtrFromString(path)
		if err != nil {
			return err
		}
		h.whole = path == h.path
		if err = windows.RegOpenKeyEx(h.root, wide, 0, windows.KEY_READ|windows.KEY_NOTIFY, &h.key); err == nil {
			return nil
		}
		end := strings.LastIndexByte(path, '\\')
		if end < 0 {
			return err
		}
		path = path[:end]
	}
}

func (h *tree) notify() error {
	return windows.RegNotifyChangeKeyValue(h.key, h.whole, windows.REG_NOTIFY_CHANGE_NAME|windows.REG_NOTIFY_CHANGE_LAST_SET, h.changed, true)
}

func (h *tree) closeKey() {
	if h.key != 0 {
		_ = windows.RegCloseKey(h.key)
		h.key = 0
	}
}

func (h *tree) event() windows.Handle { return h.changed }

func (h *tree) close() {
	h.closeKey() // signals the event
	_ = windows.CloseHandle(h.changed)
}

// A folder is the one in which Windows keeps the user's Personal and the
// requests, as files and not in the registry; Microsoft, Certificate Store
// Migration. Wine keeps all of them in the registry.
type folder struct {
	changed windows.Handle
	whole   bool // it is that of the stores, not the one above
}

func (f *folder) arm() error {
	if f.whole && windows.FindNextChangeNotification(f.changed) == nil { // not so when the folder was deleted
		return nil
	}
	f.close()
	profile, err := os.UserConfigDir() // %AppData%
	if err != nil {
		return err
	}
	above := filepath.Join(profile, "Microsoft")
	const folders, files = windows.FILE_NOTIFY_CHANGE_DIR_NAME, windows.FILE_NOTIFY_CHANGE_FILE_NAME | windows.FILE_NOTIFY_CHANGE_LAST_WRITE
	for _, w := range []struct {
		path  string
		whole bool
		what  uint32
	}{{filepath.Join(above, "SystemCertificates"), true, folders | files}, {above, false, folders}} {
		f.whole = w.whole
		if f.changed, err = windows.FindFirstChangeNotification(w.path, w.whole, w.what); err == nil {
			return nil
		}
	}
	f.changed = 0
	return err
}

func (f *folder) event() windows.Handle { return f.changed }

func (f *folder) close() {
	if f.changed != 0 {
		_ = windows.FindCloseChangeNotification(f.changed)
		f.changed = 0
	}
}

// wait returns true after a change and false at the end.
func (w *watch) wait() bool {
	events := []windows.Handle{w.stop}
	for _, s := range w.sources {
		events = append(events, s.event())
	}
	n, err := windows.WaitForMultipleObjects(events, false, windows.INFINITE)
	i := int(n - windows.WAIT_OBJECT_0)
	if err != nil || i < 1 || i > len(w.sources) {
		return false
	}
	return w.sources[i-1].arm() == nil
}

func (w *watch) close() {
	if !w.end() { // it was called: the event must outlive it
		<-w.ended
	}
	for _, s := range w.sources {
		s.close()
	}
	_ = windows.CloseHandle(w.stop)
}
