//go:build !windows

package elevate

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Elevation by a helper is Windows' way; elsewhere people use sudo. What is
// here lets the tests run the whole of it.

func me() string { return strconv.Itoa(os.Getuid()) }

func ownerOf(f *os.File) (string, error) {
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || st.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: others may read it", f.Name())
	}
	return strconv.Itoa(int(sys.Uid)), nil
}

// A door is a socket.
type door struct{ net.Listener }

func (d *door) accept(int) (net.Conn, error) { return d.Accept() }

func listen(dir string) (*door, string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", err
	}
	var random [4]byte
	rand.Read(random[:])
	name := filepath.Join(dir, hex.EncodeToString(random[:])+".sock")
	l, err := net.Listen("unix", name)
	return &door{l}, name, err
}

// Dial opens the pipe of a plan.
func Dial(name string) (net.Conn, error) { return net.Dial("unix", name) }
