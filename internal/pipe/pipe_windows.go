package pipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
	"unsafe"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

var procGetNamedPipeClientProcessID = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetNamedPipeClientProcessId")

const firstInstance = 0x80000 // FILE_FLAG_FIRST_PIPE_INSTANCE, winbase.h

// A Listener waits at a named pipe. Somebody can always call, also between
// two calls of Accept. It is not winio's listener, which under Wine leaves the
// first that calls unanswered.
type Listener struct {
	path    string
	sd      *windows.SECURITY_DESCRIPTOR
	closing windows.Handle // an event
	once    sync.Once

	mu   sync.Mutex     // held by Accept
	free windows.Handle // the instance of the pipe for the next that calls; 0 when closed
}

var _ net.Listener = (*Listener)(nil)

// Listen makes the pipe path for whom the security descriptor sddl lets in. It
// fails if the pipe is there, whoever made it.
func Listen(path, sddl string) (*Listener, error) {
	sd, err := windows.SecurityDescriptorFromString(sddl)
	if err != nil {
		return nil, fmt.Errorf("who may open the pipe: %w", err)
	}
	l := &Listener{path: path, sd: sd}
	if l.free, err = l.instance(firstInstance); err != nil {
		return nil, err
	}
	if l.closing, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		windows.CloseHandle(l.free)
		return nil, err
	}
	return l, nil
}

func (l *Listener) instance(flags uint32) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(l.path)
	if err != nil {
		return 0, err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: l.sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	h, err := windows.CreateNamedPipe(path, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags,
		windows.PIPE_TYPE_BYTE|windows.PIPE_REJECT_REMOTE_CLIENTS, windows.PIPE_UNLIMITED_INSTANCES, 1<<16, 1<<16, 0, &sa)
	if err != nil {
		return 0, fmt.Errorf("make the pipe: %w", err)
	}
	return h, nil
}

// Accept waits for somebody to call. It fails with [net.ErrClosed] after Close.
func (l *Listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free == 0 {
		return nil, net.ErrClosed
	}
	if err := l.connected(); err != nil {
		return nil, err
	}
	taken := l.free
	next, err := l.instance(0) // before the other is served
	l.free = next
	if err != nil {
		windows.CloseHandle(taken)
		return nil, err
	}
	f, err := winio.NewOpenFile(taken)
	if err != nil {
		windows.CloseHandle(taken)
		return nil, err
	}
	file, ok := f.(file)
	if !ok {
		f.Close()
		return nil, errors.New("the pipe has no deadlines")
	}
	return &conn{file, addr(l.path)}, nil
}

// connected waits until somebody has opened the free instance.
func (l *Listener) connected() error {
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(event)
	o := &windows.Overlapped{HEvent: event}
	err = windows.ConnectNamedPipe(l.free, o)
	switch {
	case err == nil, errors.Is(err, windows.ERROR_PIPE_CONNECTED):
		return nil
	case errors.Is(err, windows.ERROR_NO_DATA): // it has gone again; reading will tell
		return nil
	case !errors.Is(err, windows.ERROR_IO_PENDING):
		return err
	}
	_, err = windows.WaitForMultipleObjects([]windows.Handle{event, l.closing}, false, windows.INFINITE)
	if closed, _ := windows.WaitForSingleObject(l.closing, 0); closed == windows.WAIT_OBJECT_0 || err != nil {
		_ = windows.CancelIoEx(l.free, o) // it may have ended by itself
		err = errors.Join(net.ErrClosed, err)
	}
	var n uint32
	return errors.Join(err, windows.GetOverlappedResult(l.free, o, &n, true))
}

// Close ends Accept; what it returned stays open.
func (l *Listener) Close() error {
	l.once.Do(func() {
		_ = windows.SetEvent(l.closing)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.free != 0 {
			windows.CloseHandle(l.free)
		}
		l.free = 0
		windows.CloseHandle(l.closing)
	})
	return nil
}

// Addr implements [net.Listener].
func (l *Listener) Addr() net.Addr { return addr(l.path) }

type addr string

func (addr) Network() string  { return "pipe" }
func (a addr) String() string { return string(a) }

// A file is what winio makes of a pipe.
type file interface {
	io.ReadWriteCloser
	Fd() uintptr
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// A conn is the listener's end.
type conn struct {
	file
	addr addr
}

func (c *conn) LocalAddr() net.Addr  { return c.addr }
func (c *conn) RemoteAddr() net.Addr { return c.addr }

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Caller returns the process at the other end of what Accept returned.
func Caller(c net.Conn) (pid int, err error) {
	f, ok := c.(file)
	if !ok {
		return 0, errors.New("this is no pipe")
	}
	var id uint32
	if r, _, err := procGetNamedPipeClientProcessID.Call(f.Fd(), uintptr(unsafe.Pointer(&id))); r == 0 {
		return 0, fmt.Errorf("who is at the other end: %w", err)
	}
	return int(id), nil
}

// Dial opens a pipe. The other end cannot act in this one's name.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	return winio.DialPipeContext(ctx, path)
}
