package elevate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
	"unsafe"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

var procGetNamedPipeClientProcessID = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetNamedPipeClientProcessId")

// me returns the SID of the user.
func me() string {
	u, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return ""
	}
	return u.User.Sid.String()
}

// ownerOf returns the SID of a file's owner.
func ownerOf(f *os.File) (string, error) {
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return "", err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return "", err
	}
	return owner.String(), nil
}

// A door is a named pipe for one helper.
type door struct {
	pipe    windows.Handle
	closing windows.Handle // an event
	taken   bool           // pipe belongs to whoever got it from accept
}

const firstPipeInstance = 0x80000 // FILE_FLAG_FIRST_PIPE_INSTANCE, winbase.h

// listen makes a pipe with a name that nobody can guess, which this user and
// elevated administrators may open: programs of the user without those rights
// run with the group switched off, and the user's own right is only to make
// the pipe. The process at the other end is checked besides. It is not
// winio's listener, which under Wine leaves the first that calls unanswered.
func listen(string) (*door, string, error) {
	var random [16]byte
	rand.Read(random[:])
	name := `\\.\pipe\certdesk-elevate-` + hex.EncodeToString(random[:])
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, "", err
	}
	sd, err := windows.SecurityDescriptorFromString("D:P(A;;GA;;;" + me() + ")(A;;GRGW;;;BA)")
	if err != nil {
		return nil, "", fmt.Errorf("who may open the pipe: %w", err)
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	closing, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return nil, "", err
	}
	h, err := windows.CreateNamedPipe(path, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|firstPipeInstance,
		windows.PIPE_TYPE_BYTE|windows.PIPE_REJECT_REMOTE_CLIENTS, 1, 1<<16, 1<<16, 0, &sa)
	if err != nil {
		windows.CloseHandle(closing)
		return nil, "", fmt.Errorf("make the pipe: %w", err)
	}
	return &door{pipe: h, closing: closing}, name, nil
}

// accept waits for the process pid, and turns others away.
func (d *door) accept(pid int) (pipe, error) {
	for {
		if err := d.connected(); err != nil {
			return nil, err
		}
		var caller uint32
		if r, _, err := procGetNamedPipeClientProcessID.Call(uintptr(d.pipe), uintptr(unsafe.Pointer(&caller))); r == 0 {
			return nil, fmt.Errorf("who is at the other end: %w", err)
		}
		if int(caller) == pid {
			break
		}
		if err := windows.DisconnectNamedPipe(d.pipe); err != nil {
			return nil, err
		}
	}
	f, err := winio.NewOpenFile(d.pipe)
	if err != nil {
		return nil, err
	}
	d.taken = true
	p, ok := f.(pipe)
	if !ok {
		f.Close()
		return nil, errors.New("the pipe has no deadlines")
	}
	return p, nil
}

// connected waits until somebody has opened the pipe.
func (d *door) connected() error {
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(event)
	o := &windows.Overlapped{HEvent: event}
	err = windows.ConnectNamedPipe(d.pipe, o)
	switch {
	case err == nil, errors.Is(err, windows.ERROR_PIPE_CONNECTED):
		return nil
	case !errors.Is(err, windows.ERROR_IO_PENDING):
		return err
	}
	_, err = windows.WaitForMultipleObjects([]windows.Handle{event, d.closing}, false, windows.INFINITE)
	if closed, _ := windows.WaitForSingleObject(d.closing, 0); closed == windows.WAIT_OBJECT_0 || err != nil {
		_ = windows.CancelIoEx(d.pipe, o) // it may have ended by itself
		err = errors.Join(net.ErrClosed, err)
	}
	var n uint32
	return errors.Join(err, windows.GetOverlappedResult(d.pipe, o, &n, true))
}

// close ends accept, which runs no more when its caller has its answer.
func (d *door) close() { _ = windows.SetEvent(d.closing) }

// free is called when accept has returned.
func (d *door) free() {
	if !d.taken {
		windows.CloseHandle(d.pipe)
	}
	windows.CloseHandle(d.closing)
}

// Dial opens the pipe of a plan. The other end cannot act in this one's name.
func Dial(name string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return winio.DialPipeContext(ctx, name)
}
