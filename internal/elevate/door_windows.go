package elevate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"os"
	"time"

	"golang.org/x/sys/windows"

	"certdesk/internal/pipe"
)

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
type door struct{ *pipe.Listener }

// listen makes a pipe with a name that nobody can guess, which this user and
// elevated administrators may open: programs of the user without those rights
// run with the group switched off, and the user's own right is only to make
// the pipe. The process at the other end is checked besides.
func listen(string) (*door, string, error) {
	var random [16]byte
	rand.Read(random[:])
	name := `\\.\pipe\certdesk-elevate-` + hex.EncodeToString(random[:])
	l, err := pipe.Listen(name, "D:P(A;;GA;;;"+me()+")(A;;GRGW;;;BA)")
	return &door{l}, name, err
}

// accept waits for the process pid, and turns others away.
func (d *door) accept(pid int) (net.Conn, error) {
	for {
		c, err := d.Accept()
		if err != nil {
			return nil, err
		}
		caller, err := pipe.Caller(c)
		if err == nil && caller == pid {
			return c, nil
		}
		c.Close()
		if err != nil {
			return nil, err
		}
	}
}

// Dial opens the pipe of a plan.
func Dial(name string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return pipe.Dial(ctx, name)
}
