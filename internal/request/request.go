// Package request makes certificate requests whose private key is kept in the
// system's store or in an encrypted file, remembers them until the CA has
// answered, and brings the answer to its key.
//
//	record, err := s.New(ctx, options)
//	answer, err := request.ReadAnswer(ctx, pasted)
//	record, leaf, err := s.Match("", answer)
//	plan, err := s.Plan(ctx, record, answer, importer.Options{...})
//	report, err := s.Apply(ctx, record, leaf, plan, progress)
//
// A record is written before its key is made, so that a crash leaves nothing
// that [Service.Discard] does not find. Records hold no secrets.
//
// Like package journal this one uses os: durable records are what it is for.
package request

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/importer"
	"certdesk/internal/journal"
	"certdesk/internal/outfile"
	"certdesk/internal/place"
)

// A KeyPlace says where the private key of a request is.
type KeyPlace string

// The places.
const (
	InStore KeyPlace = "store"
	InFile  KeyPlace = "file" // encrypted PKCS#8 beside the request
)

// A Status says how far a request is.
type Status string

// The statuses.
const (
	Unfinished Status = "unfinished" // the program ended while the key was made
	Pending    Status = "pending"    // it waits for its answer
	Completed  Status = "completed"
)

// An Answered is what became of a request.
type Answered struct {
	Time        time.Time `json:"time"`
	Certificate string    `json:"certificate"`       // SHA-256
	Journal     string    `json:"journal,omitempty"` // of the import
	File        string    `json:"file,omitempty"`    // PKCS#12 that was made
}

// A Record is one request. It is plain data without secrets.
type Record struct {
	ID         string                `json:"id"`
	Time       time.Time             `json:"time"`
	Subject    string                `json:"subject"` // RFC 4514
	CommonName string                `json:"commonName"`
	Names      []string              `json:"names"` // such as "dns:www.example.test"
	Purposes   []csr.Purpose         `json:"purposes"`
	KeyType    csr.KeyType           `json:"keyType"`
	Profile    string                `json:"profile"`
	KeyIn      KeyPlace              `json:"keyIn"`
	Location   certstore.Location    `json:"location"`      // of the key, or where an import will go
	Key        *certstore.PendingKey `json:"key,omitempty"` // in the store
	KeyFile    string                `json:"keyFile,omitempty"`
	KeyFileSum []byte                `json:"keyFileSum,omitempty"` // SHA-256 of what was written there
	File       string                `json:"file,omitempty"`       // of the request
	PublicKey  []byte                `json:"publicKey,omitempty"`  // SubjectPublicKeyInfo, DER
	Request    []byte                `json:"request,omitempty"`    // PKCS#10, DER; empty while Unfinished
	Renews     string                `json:"renews,omitempty"`     // SHA-256 of the certificate that is renewed
	Old        []byte                `json:"old,omitempty"`        // that certificate, DER
	SameKey    bool                  `json:"sameKey,omitempty"`    // with its key, which stays where it is
	Answer     *Answered             `json:"answer,omitempty"`

	Status Status `json:"-"` // set by [Service.List]
}

// PEM returns the request as portals want it pasted.
func (r Record) PEM() []byte { return csr.EncodePEM(r.Request) }

// KeyHash returns the SHA-256 of the public key, in hex.
func (r Record) KeyHash() string { return hash(r.PublicKey) }

func hash(spki []byte) string {
	h := sha256.Sum256(spki)
	return hex.EncodeToString(h[:])
}

// A Service makes requests and completes them.
type Service struct {
	Store    certstore.Store
	Importer *importer.Service
	Path     string           // directory of the records; need not exist
	System   string           // as runtime.GOOS names it
	Now      func() time.Time // nil means time.Now
}

// Open returns the service on the records in their usual place, and lets
// imports know of the keys that wait.
func Open(imp *importer.Service, getenv func(string) string, system string) (*Service, error) {
	path, err := DefaultPath(getenv)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	return At(imp, path, system), nil
}

// DefaultPath returns the usual place of the records.
func DefaultPath(getenv func(string) string) (string, error) { return place.State(getenv, "requests") }

// At is [Open] for records in the directory path.
func At(imp *importer.Service, path, system string) *Service {
	s := &Service{Store: imp.Store, Importer: imp, Path: path, System: system, Now: imp.Now}
	imp.Waiting = s.Waiting
	return s
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// Why a request is not found. Compare with [errors.Is].
var (
	ErrNotFound  = errors.New("there is no such request")
	ErrAmbiguous = errors.New("several requests match")
)

const (
	maxRecords = 10_000
	maxRecord  = 1 << 20 // bytes
)

// List returns the requests, newest first, each with its status. Files that
// are no records are left out.
func (s *Service) List() ([]Record, error) {
	names, err := os.ReadDir(s.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	var rs []Record
	for _, n := range names[:min(len(names), maxRecords)] {
		if id, ok := strings.CutSuffix(n.Name(), ".json"); ok {
			if r, err := s.read(id); err == nil {
				rs = append(rs, r)
			}
		}
	}
	changes, err := s.Importer.Journal.List()
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	for i := range rs {
		rs[i].judge(changes)
	}
	slices.SortFunc(rs, func(a, b Record) int { return cmp.Or(b.Time.Compare(a.Time), strings.Compare(b.ID, a.ID)) })
	return rs, nil
}

// judge sets the status. The journal knows of an import that was undone, and
// of one that completed a request without being asked to.
func (r *Record) judge(changes []journal.Record) {
	r.Status = Pending
	if len(r.Request) == 0 {
		r.Status = Unfinished
		return
	}
	if r.Answer != nil {
		i := slices.IndexFunc(changes, func(c journal.Record) bool { return c.ID == r.Answer.Journal })
		if i < 0 || changes[i].Status == journal.Done {
			r.Status = Completed
			return
		}
		r.Answer = nil
	}
	id := certificate.KeyIDOf(r.PublicKey)
	for _, c := range changes {
		if c.Kind != journal.Import || c.Status != journal.Done || c.Time.Before(r.Time) {
			continue
		}
		for _, st := range c.Steps {
			if st.After == nil || !st.After.Key || certificate.FingerprintOf(st.DER).String() == r.Renews || !bytes.Equal(certificate.Parse(st.DER).KeyID(), id) {
				continue
			}
			r.Status, r.Answer = Completed, &Answered{Time: c.Time, Certificate: certificate.FingerprintOf(st.DER).String(), Journal: c.ID}
			return
		}
	}
}

// Find returns the request with an id, the beginning of one, or a common name
// that only one unfinished or pending request has.
func (s *Service) Find(id string) (Record, error) {
	all, err := s.List()
	if err != nil {
		return Record{}, err
	}
	var found []Record
	for _, match := range []func(Record) bool{
		func(r Record) bool { return r.ID == id },
		func(r Record) bool { return len(id) >= 4 && strings.HasPrefix(r.ID, id) },
		func(r Record) bool { return r.Status != Completed && strings.EqualFold(r.CommonName, id) },
	} {
		for _, r := range all {
			if match(r) {
				found = append(found, r)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch len(found) {
	case 0:
		return Record{}, fmt.Errorf("request %s: %w", id, ErrNotFound)
	case 1:
		return found[0], nil
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	return Record{}, fmt.Errorf("request %s: %w: %s", id, ErrAmbiguous, strings.Join(ids, ", "))
}

// Waiting returns the keys in the store whose requests wait for an answer.
func (s *Service) Waiting() []certstore.PendingKey {
	all, _ := s.List() // what cannot be read waits for nothing
	var keys []certstore.PendingKey
	for _, r := range all {
		if r.Status == Pending && r.KeyIn == InStore {
			keys = append(keys, r.pendingKey())
		}
	}
	return keys
}

// pendingKey returns the key of a request that was made with it. One that
// another certificate has already has no container.
func (r Record) pendingKey() certstore.PendingKey {
	if r.SameKey || r.Key == nil {
		return certstore.PendingKey{Location: r.Location, PublicKey: r.PublicKey}
	}
	return *r.Key
}

func (s *Service) file(id string) string { return filepath.Join(s.Path, id+".json") }

func (s *Service) newID() string {
	var random [3]byte
	rand.Read(random[:])
	return s.now().UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
}

func (s *Service) read(id string) (Record, error) {
	var r Record
	st, err := os.Stat(s.file(id))
	if err != nil {
		return r, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxRecord {
		return r, ErrNotFound
	}
	data, err := os.ReadFile(s.file(id))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, err
	}
	if r.ID != id {
		return r, ErrNotFound
	}
	return r, nil
}

// save writes a record; it is on the disk when save returns.
func (s *Service) save(r Record) error {
	if err := os.MkdirAll(s.Path, 0o700); err != nil {
		return fmt.Errorf("write request %s: %w", r.ID, err)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := outfile.Write(s.file(r.ID), append(data, '\n'), outfile.Private); err != nil {
		return fmt.Errorf("write request %s: %w", r.ID, err)
	}
	return nil
}
