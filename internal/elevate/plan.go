// Package elevate lets a program without rights to the machine's stores have
// one change made by a helper that has them.
//
//	window (the user's rights)                    helper (administrator)
//	Open: writes the plan, listens on a pipe,
//	      starts the helper with the plan's
//	      path and SHA-256                  ───►  Take: owner, hash, age; the plan
//	Session.Store: calls for the machine    ◄──►  Serve: does what the plan grants,
//	      go through the pipe                     and nothing else
//
// The plan names certificates and what may be done with each; it holds no
// secret. A private key goes through the pipe, which only the user and
// administrators may open, with the call that stores it: never on a command
// line and never in a file. The file that is imported and its password stay
// in the window. The helper writes no file: the journal stays the window's, in
// the user's profile, so that undo works whoever gave the administrator's
// password.
package elevate

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/outfile"
	"certdesk/internal/placement"
)

// A Grant is one thing that the helper may do with one certificate. What is
// granted to be changed may be looked at, signed with, and put back as it was.
type Grant struct {
	Op       string             `json:"op"` // "put", "complete", "move", "delete", "restore", "rename", "permit" or "relink"
	SHA256   string             `json:"sha256"`
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
	From     *Place             `json:"from,omitempty"`    // of a move
	KeepKey  bool               `json:"keepKey,omitempty"` // of a deletion
	State    *certstore.State   `json:"state,omitempty"`   // of a restore
	Name     string             `json:"name,omitempty"`    // the friendly name that is given
	// Who may use the key: a change, or where one is taken back the
	// descriptors.
	Change *certstore.KeyChange `json:"change,omitempty"`
	Before []byte               `json:"before,omitempty"`
	After  []byte               `json:"after,omitempty"`
	// Key is that of the request which the certificate answers.
	Key *certstore.PendingKey `json:"key,omitempty"`
	// Links take a relinking back; nil lets the helper look for the key.
	Links *Links `json:"links,omitempty"`
}

// A Place is a store of a location.
type Place struct {
	Location certstore.Location `json:"location"`
	Store    certstore.Name     `json:"store"`
}

// A Plan is what the helper is started for.
type Plan struct {
	Version     int               `json:"version"`
	User        string            `json:"user"` // who asks, in the system's words: a SID, a uid
	Time        time.Time         `json:"time"`
	Pipe        string            `json:"pipe"` // where the window waits
	Environment map[string]string `json:"environment,omitempty"`
	Grants      []Grant           `json:"grants"`
}

const (
	version  = 1
	maxAge   = 5 * time.Minute // a person reads the system's question meanwhile
	maxPlan  = 16 << 20        // bytes
	skewness = 10 * time.Second
)

// Why a plan is refused. Nothing was changed then.
var (
	ErrChanged = errors.New("the plan was changed after it was agreed to")
	ErrOld     = errors.New("the plan is too old")
	ErrOwner   = errors.New("the plan belongs to somebody else")
	ErrPlan    = errors.New("this is no plan of this version")
	// ErrNotGranted means that a call was not in the plan.
	ErrNotGranted = errors.New("this was not in the plan that was agreed to")
)

// write puts p into a new file of dir that only its user may read, and returns
// its path and the SHA-256 of its content.
func write(dir string, p Plan) (path, sum string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return "", "", err
	}
	var random [12]byte
	rand.Read(random[:])
	path = filepath.Join(dir, "plan-"+hex.EncodeToString(random[:])+".json")
	f, err := outfile.CreatePrivate(path)
	if err != nil {
		return "", "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		wipe(path)
		return "", "", err
	}
	digest := sha256.Sum256(data)
	return path, hex.EncodeToString(digest[:]), nil
}

// wipe overwrites and deletes a plan. The window does that: the helper, with
// its rights, deletes nothing by name.
func wipe(path string) {
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		if st, err := f.Stat(); err == nil {
			f.Write(make([]byte, min(st.Size(), maxPlan)))
			f.Sync()
		}
		f.Close()
	}
	os.Remove(path)
}

// Take reads the plan that the helper was started for, once, and refuses one
// that is not what was agreed to: see the Err variables.
func Take(path, sum string, now time.Time) (Plan, error) {
	p, err := take(path, sum, now, ownerOf)
	if err != nil {
		return Plan{}, fmt.Errorf("plan %s: %w", path, err)
	}
	return p, nil
}

func take(path, sum string, now time.Time, ownerOf func(*os.File) (string, error)) (Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return Plan{}, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return Plan{}, errors.Join(ErrPlan, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPlan+1))
	if err != nil {
		return Plan{}, err
	}
	if len(data) > maxPlan {
		return Plan{}, ErrPlan
	}
	digest := sha256.Sum256(data)
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(digest[:])), []byte(sum)) != 1 {
		return Plan{}, ErrChanged
	}
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil || p.Version != version || p.Pipe == "" || len(p.Grants) == 0 {
		return Plan{}, ErrPlan
	}
	if owner, err := ownerOf(f); err != nil || owner != p.User {
		return Plan{}, errors.Join(ErrOwner, err)
	}
	if age := now.Sub(p.Time); age > maxAge || age < -skewness {
		return Plan{}, ErrOld
	}
	return p, nil
}

// Getenv returns the environment that the plan names; a variable that it could
// name and does not is unset, whatever the helper was started with.
func (p *Plan) Getenv(name string) string {
	for _, v := range variables {
		if v == name {
			return p.Environment[name]
		}
	}
	return os.Getenv(name)
}

// variables say which stores and providers are meant.
var variables = []string{"CERTDESK_STORE_PREFIX", "CERTDESK_KEY_PROVIDER", "CERTDESK_MACHINE_READONLY"}

// Helps reports whether administrator's rights would help against err: a
// store of the machine denied access.
func Helps(err error) bool {
	e, ok := errors.AsType[*certstore.Error](err)
	return ok && refused(e.Location, err)
}

func refused(loc certstore.Location, err error) bool {
	return loc == certstore.Machine && errors.Is(err, certstore.ErrDenied)
}

// ForImport returns what an import and the moves that go with it need.
func ForImport(p *importer.Plan, moves []importer.Relocation) []Grant {
	var gs []Grant
	for _, it := range p.Items {
		if it.Location == certstore.Machine && (it.Action == placement.Add || it.Action == placement.Replace) {
			g := Grant{Op: "put", SHA256: it.Certificate.Fingerprint().String(), Location: it.Location, Store: it.Store}
			if it.Waiting != nil && it.Waiting.Container != "" {
				g.Op, g.Key = "complete", it.Waiting
			}
			gs = append(gs, g)
		}
	}
	return append(gs, ForMoves(moves)...)
}

// ForMoves returns what moves need.
func ForMoves(moves []importer.Relocation) []Grant {
	var gs []Grant
	for _, m := range moves {
		if m.Location == certstore.Machine || m.Row.Location == certstore.Machine {
			gs = append(gs, Grant{Op: "move", SHA256: m.Row.Fingerprint().String(), Location: m.Location, Store: m.Store, From: &Place{m.Row.Location, m.Row.Store}})
		}
	}
	return gs
}

// ForDelete returns what deleting rows needs.
func ForDelete(rows []*inventory.Row, keepKey bool) []Grant {
	var gs []Grant
	for _, r := range rows {
		if r.Location == certstore.Machine {
			gs = append(gs, Grant{Op: "delete", SHA256: r.Fingerprint().String(), Location: r.Location, Store: r.Store, KeepKey: keepKey})
		}
	}
	return gs
}

// ForUndo returns what undoing a change needs.
func ForUndo(r journal.Record) []Grant {
	var gs []Grant
	for _, st := range r.Steps {
		if p := st.Permissions; p != nil && st.Location == certstore.Machine {
			gs = append(gs, Grant{Op: "permit", SHA256: certificate.FingerprintOf(st.DER).String(), Location: st.Location, Store: st.Store, Before: p.After, After: p.Before})
		} else if k := st.Link; k != nil && st.Location == certstore.Machine {
			gs = append(gs, Grant{Op: "relink", SHA256: certificate.FingerprintOf(st.DER).String(), Location: st.Location, Store: k.Store, Links: &Links{k.After, k.Before}})
		} else if st.Location == certstore.Machine {
			before := st.Before
			gs = append(gs, Grant{Op: "restore", SHA256: certificate.FingerprintOf(st.DER).String(), Location: st.Location, Store: st.Store, State: &before})
		}
	}
	return gs
}

// ForRename returns what another friendly name needs.
func ForRename(r *inventory.Row, name string) []Grant {
	if r.Location != certstore.Machine {
		return nil
	}
	return []Grant{{Op: "rename", SHA256: r.Fingerprint().String(), Location: r.Location, Store: r.Store, Name: name}}
}

// ForPermit returns what a change of who may use a key needs.
func ForPermit(r *inventory.Row, c certstore.KeyChange) []Grant {
	if r.Location != certstore.Machine {
		return nil
	}
	return []Grant{{Op: "permit", SHA256: r.Fingerprint().String(), Location: r.Location, Store: r.Store, Change: &c}}
}

// ForRelink returns what looking for the private key of a row needs, and
// linking it again.
func ForRelink(r *inventory.Row) []Grant {
	if r.Location != certstore.Machine {
		return nil
	}
	return []Grant{{Op: "relink", SHA256: r.Fingerprint().String(), Location: r.Location, Store: r.Store}}
}
