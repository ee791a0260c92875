// Package journal keeps a record of every change to a store, written to disk
// before the change is made, so that it can be undone: by choice, or after a
// crash in the middle. Records hold certificates and what was there before;
// never a private key or a password.
//
// A journal is a directory of files, one per change, one JSON document per
// line. The process that makes a change holds a lock on its file: a file
// without an end and without a lock belongs to a change that did not finish.
//
// This package uses os and system calls for locks, which core packages do not
// otherwise: durable files are what it is for.
package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/outfile"
	"certdesk/internal/place"
)

// Kinds of change.
const (
	Import = "import"
	Move   = "move"
	Tidy   = "tidy"
	// Permissions is a change of who may use a private key.
	Permissions = "permissions"
	// Relink is a certificate that was linked to its private key again.
	Relink = "relink"
)

// Status of a record.
type Status string

// The statuses.
const (
	Running    Status = "running"    // its process is at it
	Unfinished Status = "unfinished" // its process died
	Done       Status = "done"
	Failed     Status = "failed" // it failed and was taken back
	Undone     Status = "undone"
)

// A Header says what a change is about.
type Header struct {
	ID       string             `json:"id"`
	Kind     string             `json:"kind"`
	Source   string             `json:"source"`           // the file's name, or what was moved
	Path     string             `json:"path,omitempty"`   // the file's absolute path, if known
	SHA256   string             `json:"sha256,omitempty"` // of the file
	Time     time.Time          `json:"time"`
	Location certstore.Location `json:"location"`
}

// A Step is one certificate in one location, before and after.
type Step struct {
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	Subject  string             `json:"subject"`
	DER      []byte             `json:"der"`
	Before   certstore.State    `json:"before"`
	After    *certstore.State   `json:"after,omitempty"` // nil: the step was begun and not completed
	// Permissions are those of the key, where they were what was changed.
	Permissions *KeyPermissions `json:"permissions,omitempty"`
	// Link is what led to the key, where that was what was changed.
	Link *KeyLink `json:"link,omitempty"`
}

// A KeyLink is what led from a certificate of a store to its private key
// before and after a change.
type KeyLink struct {
	Store  certstore.Name    `json:"store"`
	Before certstore.KeyLink `json:"before"`
	After  certstore.KeyLink `json:"after"`
}

// KeyPermissions are the security descriptors of a private key before and
// after a change.
type KeyPermissions struct {
	Account string `json:"account"`
	Revoked bool   `json:"revoked"`
	Before  []byte `json:"before"`
	After   []byte `json:"after"`
}

// A Record is one change as read back.
type Record struct {
	Header
	Status Status
	Steps  []Step
}

// A Dir is a journal.
type Dir struct{ path string }

// Open returns the journal in the directory path, which need not exist.
func Open(path string) *Dir { return &Dir{path} }

// DefaultPath returns $XDG_STATE_HOME/certdesk/journal, with that variable's
// default ~/.local/state, or the like of the system.
func DefaultPath(getenv func(string) string) (string, error) { return place.State(getenv, "journal") }

// A line of the file is one of these.
type line struct {
	Header *Header          `json:"header,omitempty"`
	Begin  *Step            `json:"begin,omitempty"`
	Done   *certstore.State `json:"done,omitempty"` // of the step begun last
	// Completed repeats a step with its After, where several were begun at once.
	Completed *Step  `json:"completed,omitempty"`
	Skip      bool   `json:"skip,omitempty"` // the step begun last changed nothing
	Status    Status `json:"status,omitempty"`
}

// A Writer records a change while it is made.
type Writer struct {
	ID string
	f  *os.File
}

// Begin starts a record. The caller closes it with End.
func (d *Dir) Begin(h Header) (*Writer, error) {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, err
	}
	var random [3]byte
	rand.Read(random[:])
	h.ID = h.Time.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
	f, err := outfile.CreatePrivate(d.file(h.ID))
	if err != nil {
		return nil, err
	}
	w := &Writer{ID: h.ID, f: f}
	if locked, err := tryLock(f, true); err != nil || !locked {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", f.Name(), cmp.Or(err, errors.New("in use")))
	}
	if err := w.write(line{Header: &h}); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	syncDir(d.path)
	return w, nil
}

// Step records a step before it is made. It returns when the record is on
// the disk.
func (w *Writer) Step(s Step) error { return w.write(line{Begin: &s}) }

// Done records what the step begun last has led to.
func (w *Writer) Done(after certstore.State) error { return w.write(line{Done: &after}) }

// Skip takes back the step begun last: nothing was changed by it.
func (w *Writer) Skip() error { return w.write(line{Skip: true}) }

// Complete records what a step begun earlier has led to, where several were
// begun at once.
func (w *Writer) Complete(s Step, after certstore.State) error {
	s.After = &after
	return w.write(line{Completed: &s})
}

// End closes the record.
func (w *Writer) End(s Status) error {
	err := w.write(line{Status: s})
	return errors.Join(err, w.f.Close())
}

// Abandon closes the file without an end, as a crash would.
func (w *Writer) Abandon() { w.f.Close() }

func (w *Writer) write(l line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if _, err := w.f.Write(append(b, '\n')); err != nil {
		return err
	}
	return w.f.Sync()
}

func (d *Dir) file(id string) string { return filepath.Join(d.path, id+".json") }

// List returns the records, newest first. Files that are no records are left
// out.
func (d *Dir) List() ([]Record, error) {
	names, err := filepath.Glob(filepath.Join(escapeGlob(d.path), "*.json"))
	if err != nil {
		return nil, err
	}
	var rs []Record
	for _, n := range names {
		r, err := d.Read(strings.TrimSuffix(filepath.Base(n), ".json"))
		if err == nil {
			rs = append(rs, r)
		}
	}
	slices.SortFunc(rs, func(a, b Record) int { return cmp.Or(b.Time.Compare(a.Time), strings.Compare(b.ID, a.ID)) })
	return rs, nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`[`, `\[`, `*`, `\*`, `?`, `\?`).Replace(s)
}

// ErrNotFound means that there is no record with that id.
var ErrNotFound = errors.New("no such journal record")

// Read returns one record.
func (d *Dir) Read(id string) (Record, error) {
	if id == "" || id != filepath.Base(id) {
		return Record{}, ErrNotFound
	}
	f, err := os.OpenFile(d.file(id), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, err
	}
	defer f.Close()
	r, err := parse(f)
	if err != nil {
		return r, err
	}
	if r.Status == Running {
		if locked, err := tryLock(f, false); err == nil && locked {
			r.Status = Unfinished
		}
	}
	return r, nil
}

func parse(in io.Reader) (Record, error) {
	var r Record
	scan := bufio.NewReader(in)
	for {
		text, err := scan.ReadBytes('\n')
		if err != nil {
			break // the last line is torn, or there is none: what it announces was not begun
		}
		var l line
		if json.Unmarshal(bytes.TrimSpace(text), &l) != nil {
			continue
		}
		switch {
		case l.Header != nil:
			r.Header, r.Status = *l.Header, Running
		case l.Begin != nil:
			r.Steps = append(r.Steps, *l.Begin)
		case l.Done != nil && len(r.Steps) > 0:
			r.Steps[len(r.Steps)-1].After = l.Done
		case l.Skip && len(r.Steps) > 0:
			r.Steps = r.Steps[:len(r.Steps)-1]
		case l.Completed != nil:
			for i := range r.Steps {
				if st := &r.Steps[i]; st.Location == l.Completed.Location && bytes.Equal(st.DER, l.Completed.DER) {
					st.After = l.Completed.After
				}
			}
		case l.Status != "":
			r.Status = l.Status
		}
	}
	if r.ID == "" {
		return r, ErrNotFound
	}
	return r, nil
}

// ErrRunning means that another process is making or undoing that change.
var ErrRunning = errors.New("another process is working on it")

// Resume opens a record that is not running, to add its new status. The
// caller ends it.
func (d *Dir) Resume(id string) (*Writer, error) {
	f, err := os.OpenFile(d.file(id), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(f, true)
	for range 5 { // a reader may be looking whether it is locked
		if locked || err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
		locked, err = tryLock(f, true)
	}
	if err == nil && !locked {
		err = ErrRunning
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Writer{ID: id, f: f}, nil
}
