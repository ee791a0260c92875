//go:build !windows

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// The window that is open listens on a socket that only its user can reach. A
// second start writes one line of JSON to it: the absolute paths to open.
// Passwords never go this way.

const (
	maxMessage  = 1 << 20         // bytes of one line
	messageTime = 3 * time.Second // to hand it over
)

// handover receives the files of later starts.
type handover struct{ listener net.Listener }

// socketDir returns a directory of the user's own.
func socketDir() (string, error) {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if err := private(dir); err == nil {
			return dir, nil
		}
	}
	dir := filepath.Join(os.TempDir(), "certdesk-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return dir, private(dir)
}

// private reports as an error when others could get at dir.
func private(dir string) error {
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !st.IsDir() || !ok || int(sys.Uid) != os.Getuid() || st.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: not a private directory of this user", dir)
	}
	return nil
}

// single hands paths to the window that is open, and reports whether there
// was one; else it becomes the one that listens. An error means that later
// starts will open windows of their own.
func single(paths []string) (h *handover, handed bool, err error) {
	dir, err := socketDir()
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	path := filepath.Join(dir, "certdesk.sock")
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	defer lock.Close() // two starts at once: one waits for the other
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	if send(path, paths) == nil {
		return nil, true, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a crash: nobody answers
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, false, fmt.Errorf("single window: %w", err)
	}
	return &handover{l}, false, nil
}

// send hands paths to the process that listens on path, and waits until it
// took them.
func send(path string, paths []string) error {
	c, err := net.DialTimeout("unix", path, messageTime)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(messageTime)) // fails on a closed connection only, as the next call will
	if paths == nil {
		paths = []string{}
	}
	if err := json.NewEncoder(c).Encode(paths); err != nil {
		return err
	}
	var answer string
	return json.NewDecoder(c).Decode(&answer)
}

// serve calls open for each later start, until Close.
func (h *handover) serve(open func([]string)) {
	for {
		c, err := h.listener.Accept()
		if err != nil {
			return
		}
		go receive(c, open)
	}
}

func receive(c net.Conn, open func([]string)) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(messageTime))
	var paths []string
	if err := json.NewDecoder(&limited{c, maxMessage}).Decode(&paths); err != nil {
		return
	}
	for _, p := range paths {
		if !filepath.IsAbs(p) {
			return
		}
	}
	_ = json.NewEncoder(c).Encode("ok") // the other side does not wait for ever
	open(paths)
}

// limited is a connection that ends after n bytes.
type limited struct {
	net.Conn
	n int
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.n <= 0 {
		return 0, errors.New("message too long")
	}
	n, err := l.Conn.Read(p[:min(len(p), l.n)])
	l.n -= n
	return n, err
}

// Close stops listening and removes the socket.
func (h *handover) Close() error { return h.listener.Close() }
