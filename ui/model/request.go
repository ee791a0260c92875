package model

import (
	"context"
	"path/filepath"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
	"certdesk/internal/request"
	"certdesk/internal/whereused"
)

// A RequestForm is what a person typed for a new request.
type RequestForm struct {
	Subject  csr.Subject
	Names    string // alternative names, with commas or line breaks between
	Purposes []csr.Purpose
	Profile  csr.Profile
	KeyType  csr.KeyType
	KeyIn    request.KeyPlace
	Location certstore.Location
	Provider certstore.Provider
	File     string // for the request; "" for none
	Renews   *inventory.Row
	SameKey  bool
}

// NewRequestForm returns the form of a request for nothing yet, or of one
// that renews a row. The notes say what cannot be taken over.
func NewRequestForm(row *inventory.Row) (RequestForm, []string) {
	p := csr.Profiles[0]
	f := RequestForm{Profile: p, KeyType: p.Keys[0], Purposes: []csr.Purpose{p.Default}, KeyIn: request.InStore, Location: certstore.User}
	if row == nil {
		return f, nil
	}
	o, notes := request.Renewal(row)
	f.Renews, f.Location, f.KeyType, f.Purposes = row, o.Location, o.Spec.Key, o.Spec.Purposes
	return f, notes
}

// Options returns the request to make, what was changed of what was typed, and
// what is wrong with it.
func (f RequestForm) Options() (o request.Options, notes []string, err error) {
	if f.Renews != nil {
		o, _ = request.Renewal(f.Renews)
		o.Spec.Key = f.KeyType
	} else {
		o.Spec = csr.Spec{Subject: f.Subject, Purposes: f.Purposes, Key: f.KeyType}
		for _, n := range strings.FieldsFunc(f.Names, func(r rune) bool { return r == ',' || r == '\n' || r == ';' }) {
			if strings.TrimSpace(n) == "" {
				continue
			}
			if err = o.Spec.Names.ParseName(n); err != nil {
				return o, nil, err
			}
		}
		o.Spec, notes = o.Spec.Prepare()
	}
	o.Profile, o.KeyIn, o.Location, o.Provider, o.File, o.SameKey, o.KDF = f.Profile, f.KeyIn, f.Location, f.Provider, f.File, f.SameKey, certfile.PBKDF2
	return o, notes, request.Check(o.Spec, o.Profile)
}

// FileName proposes a name for the request.
func (f RequestForm) FileName() string {
	name, _ := csr.CleanCommonName(f.Subject.CommonName)
	if f.Renews != nil {
		name = f.Renews.Certificate.CommonName()
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.TrimPrefix(name, "*."))
	if name = strings.Trim(name, ". "); name == "" {
		name = "request"
	}
	return name + ".csr"
}

// Folder proposes a folder for files.
func Folder() string { return outfile.Folder() }

// JoinPath joins folder and name; an absolute name is a path of its own.
func JoinPath(folder, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(folder, name)
}

// SaveRequest writes a request as PEM.
func SaveRequest(r request.Record, path string) error { return write(path, r.PEM(), outfile.Public) }

// An Answer is the CA's answer to a request, as far as it was looked at.
type Answer struct {
	Record   request.Record
	Leaf     *certificate.Certificate
	Contents *certfile.Contents // with the key, once its file was opened
	Opened   bool               // the key file was opened, or there is none
	Plan     *importer.Plan
}

// Completion brings answers to their requests. Its methods block.
type Completion struct {
	Service *request.Service
	ID      string // of the request that is meant; "" finds it by its key
	// Elevator makes changes that need an administrator's rights; may be nil.
	Elevator *elevate.Elevator
}

// Look reads an answer, finds its request and plans the import. Of a request
// with a key file there is no plan until pw opens it.
func (m *Completion) Look(ctx context.Context, data []byte, pw certfile.Password, opt importer.Options) (*Answer, error) {
	defer clear(pw.Text)
	c, err := request.ReadAnswer(ctx, data)
	if err != nil {
		return nil, err
	}
	a := &Answer{Contents: c}
	if a.Record, a.Leaf, err = m.Service.Match(m.ID, c); err != nil {
		return nil, err
	}
	if a.Record.KeyIn == request.InFile {
		if !pw.Given {
			return a, nil
		}
		if a.Contents, err = m.Service.WithKey(ctx, a.Record, c, pw); err != nil {
			return a, err
		}
	}
	a.Opened = true
	a.Plan, err = m.Service.Plan(ctx, a.Record, a.Contents, opt)
	return a, err
}

// Apply completes the request by the import that was planned.
func (m *Completion) Apply(ctx context.Context, a *Answer) (*importer.Report, error) {
	service, done, err := m.Elevator.Service(ctx, m.Service.Importer, elevate.ForImport(a.Plan, nil))
	if err != nil {
		return nil, err
	}
	defer done()
	s, plan := *m.Service, a.Plan
	if service != s.Importer { // with the helper's rights the plan has no problem
		s.Importer, s.Store = service, service.Store
		if plan, err = service.Replan(ctx, plan, plan.Options); err != nil {
			return nil, err
		}
	}
	return s.Apply(ctx, a.Record, a.Leaf, plan, nil)
}

// Uses looks for what still uses the certificate that a request renewed, nil
// if it renewed none.
func (m *Completion) Uses(ctx context.Context, r request.Record) (*whereused.Report, error) {
	if len(r.Old) == 0 {
		return nil, nil
	}
	return Uses(ctx, m.Service.Store, certificate.Parse(r.Old), nil)
}

// Uses looks for what uses a certificate: in the stores, the configurations of
// servers and the folders named. It blocks.
func Uses(ctx context.Context, store certstore.Store, c *certificate.Certificate, folders []string) (*whereused.Report, error) {
	inv, _ := inventory.Load(ctx, store, inventory.Options{Bare: true}) // what cannot be read holds nothing that is known
	rep, err := whereused.Find(ctx, c, inv, append(folders, whereused.Configurations...))
	return &rep, err
}
