//go:build linux

package nss

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Slot ids of user databases are 4 to 100 (SFTK_MIN_USER_SLOT_ID,
// SFTK_MAX_USER_SLOT_ID). Softoken's table of slots has no lock, so all that
// will ever be used are entered before a second thread can look at it.
const (
	cryptoSlot = 1
	firstSlot  = 4
	lastSlot   = 35
)

// A Library is softoken, loaded and initialised.
type Library struct {
	m          *module
	Mechanisms map[uint]bool // the CKM values it knows
	Version    string        // such as "3.87"

	free chan uint  // ids of slots that hold no database
	slow sync.Mutex // held while a slot is opened or closed
}

var (
	loading sync.Mutex
	loaded  *Library
)

// Load loads softoken, once per process: from path, or when that is empty
// from where the distributions put it. The error wraps [ErrUnavailable].
func Load(path string) (*Library, error) {
	loading.Lock()
	defer loading.Unlock()
	paths := slices.Values([]string{path})
	if path == "" {
		if loaded != nil {
			return loaded, nil
		}
		paths = libraryPaths
	}
	var reasons []error
	for p := range paths {
		if loaded != nil && p == path {
			if err := sameLibrary(path); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
			}
			return loaded, nil
		}
		l, err := start(p)
		if err == nil {
			loaded = l
			return l, nil
		}
		reasons = append(reasons, err)
	}
	return nil, fmt.Errorf("%w: %w", ErrUnavailable, reasons[0])
}

// sameLibrary reports whether path can stand for the library that is loaded
// already; a process can have only one.
func sameLibrary(path string) error {
	_, err := os.Stat(path)
	return err
}

// libraryPaths yields the names to try; the first is found by the dynamic
// linker wherever it is on most systems.
func libraryPaths(yield func(string) bool) {
	if !yield("libsoftokn3.so") {
		return
	}
	for _, pattern := range []string{
		"/usr/lib/*/nss/libsoftokn3.so", // Debian 11 and older
		"/usr/lib64/libsoftokn3.so",     // Fedora, openSUSE
		"/usr/lib/libsoftokn3.so",       // Arch
		"/usr/lib/*/libsoftokn3.so",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		for _, path := range found {
			if !yield(path) {
				return
			}
		}
	}
}

// start loads the library at path with cryptographic functions and empty
// slots only.
func start(path string) (*Library, error) {
	var params strings.Builder
	params.WriteString("configdir='' certPrefix='' keyPrefix='' secmod='' flags=noModDB,noCertDB tokens=<")
	fmt.Fprintf(&params, "0x%02x=[tokenDescription='crypto' flags=noCertDB,noKeyDB]", cryptoSlot)
	for id := firstSlot; id <= lastSlot; id++ {
		fmt.Fprintf(&params, " 0x%02x=[tokenDescription='empty' flags=noCertDB,noKeyDB]", id)
	}
	params.WriteString(">")
	m, err := load(path, params.String())
	if err != nil {
		return nil, err
	}
	l := &Library{m: m, Version: m.version(), free: make(chan uint, lastSlot-firstSlot+1)}
	if l.Mechanisms, err = m.mechanisms(cryptoSlot); err != nil {
		return nil, err
	}
	for id := uint(firstSlot); id <= lastSlot; id++ {
		l.free <- id
	}
	return l, nil
}

// A mode is how a database is opened.
type mode string

// The modes are flags of NSS's module specification. Opening with modeWrite
// creates a database that is not there.
const (
	modeWrite    mode = ""
	modeRead     mode = "readOnly"
	modeReadCert mode = "readOnly,noKeyDB"
)

// open gives the database in dir a slot.
func (l *Library) open(dir string, how mode) (*slot, error) {
	id := <-l.free
	spec := fmt.Sprintf("configDir='sql:%s' tokenDescription='certdesk'", quote(dir, `\'`))
	if how != "" {
		spec += " flags=" + string(how)
	}
	if err := l.control(cryptoSlot, CKO_NSS_NEWSLOT, fmt.Sprintf("0x%02x=[%s]", id, quote(spec, `\]`))); err != nil {
		l.free <- id
		return nil, err
	}
	return &slot{lib: l, id: id, writable: how == modeWrite}, nil
}

// control creates one of the objects that make softoken open and close slots.
func (l *Library) control(session, class uint, tokens string) error {
	l.slow.Lock()
	defer l.slow.Unlock()
	s, err := l.m.openSession(session, ckfSerial)
	if err != nil {
		return err
	}
	defer l.m.closeSession(s)
	_, err = l.m.create(s, []Attribute{
		Ulong(CKA_CLASS, class),
		Bytes(CKA_NSS_MODULE_SPEC, []byte("tokens=<"+quote(tokens, `\>`)+">\x00")),
	})
	return err
}

// quote escapes the characters of special with a backslash. A module
// specification nests three levels, each with its own closing character.
func quote(s, special string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(special, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// A slot is a database that softoken has open.
type slot struct {
	lib      *Library
	id       uint
	writable bool

	locked atomic.Bool // the password was not given yet

	use    sync.RWMutex // read-held while a session is in use
	mu     sync.Mutex   // guards idle and closed
	idle   []uint       // open sessions that nobody uses
	closed bool
}

var errClosed = errors.New("the database was closed")

// do calls f with a session of its own.
func (s *slot) do(f func(*Session) error) error {
	s.use.RLock()
	defer s.use.RUnlock()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	var h uint
	if n := len(s.idle); n > 0 {
		h, s.idle = s.idle[n-1], s.idle[:n-1]
		s.mu.Unlock()
	} else {
		s.mu.Unlock()
		flags := uint(ckfSerial)
		if s.writable {
			flags |= ckfRW
		}
		var err error
		if h, err = s.lib.m.openSession(s.id, flags); err != nil {
			return err
		}
	}
	err := f(&Session{s.lib, h, s.locked.Load(), new(scratch)})
	s.mu.Lock()
	s.idle = append(s.idle, h)
	s.mu.Unlock()
	return err
}

// close gives the slot back after waiting for those who use it.
func (s *slot) close() {
	s.use.Lock()
	defer s.use.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for _, h := range s.idle {
		s.lib.m.closeSession(h)
	}
	s.idle = nil
	// If this fails the slot stays open and the next NEWSLOT closes it.
	_ = s.lib.control(s.id, CKO_NSS_DELSLOT, fmt.Sprintf("0x%02x=[]", s.id))
	s.lib.free <- s.id
}
