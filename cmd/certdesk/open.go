package main

import (
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"time"
)

// The window that is open listens on a door that only its user can reach: a
// socket, on Windows a named pipe. A second start writes one line of JSON to
// it: the absolute paths to open. Passwords never go this way.

const (
	maxMessage  = 1 << 20         // bytes of one line
	messageTime = 3 * time.Second // to hand it over
)

// handover receives the files of later starts.
type handover struct{ listener net.Listener }

// send hands paths to the process at the other end of c, and waits until it
// took them.
func send(c net.Conn, paths []string) error {
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

// Close stops listening; a socket is removed.
func (h *handover) Close() error { return h.listener.Close() }
