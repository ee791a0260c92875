package request

import (
	"context"
	"errors"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/combiner"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/outfile"
)

// ErrDone means that a request was completed before.
var ErrDone = errors.New("the request was completed already")

// WithKey returns the answer together with the private key of r, which it
// reads from its file. It fails with [certfile.ErrPassword] if pw does not
// open that. The caller wipes what it gets.
func (s *Service) WithKey(ctx context.Context, r Record, answer *certfile.Contents, pw certfile.Password) (*certfile.Contents, error) {
	data, err := readSmall(r.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the key of the request: %w", err)
	}
	file, err := certfile.Read(ctx, data, pw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.KeyFile, err)
	}
	leaf := fits(r, answer)
	c := &certfile.Contents{Format: certfile.PEM, Certificates: answer.Certificates}
	for _, k := range file.Keys {
		if k.State != certfile.KeyOK || leaf == nil || string(certificate.KeyIDOf(k.PublicKey)) != string(leaf.KeyID()) {
			clear(k.PKCS8)
			continue
		}
		for i, x := range c.Certificates {
			if x.Certificate == leaf {
				k.Certificate = i
			}
		}
		c.Keys = append(c.Keys, k)
	}
	if len(c.Keys) == 0 {
		return nil, fmt.Errorf("%s: %w", r.KeyFile, combiner.ErrNoKey)
	}
	return c, nil
}

// Plan says what completing r by an import will do. The answer of a request
// whose key is in a file is what [Service.WithKey] returned.
func (s *Service) Plan(ctx context.Context, r Record, answer *certfile.Contents, opt importer.Options) (*importer.Plan, error) {
	if r.Status == Unfinished {
		return nil, fmt.Errorf("request %s: %w", r.ID, ErrNotFound)
	}
	if r.KeyIn == InStore {
		opt.Location, opt.Waiting = r.Location, []certstore.PendingKey{r.pendingKey()}
	}
	name := "answer to " + r.CommonName
	// The source's bytes tell one import from another after a crash.
	return s.Importer.Plan(ctx, importer.Source{Name: name, Data: []byte(r.ID)}, answer, opt)
}

// Apply carries a plan out and remembers that r is completed. The keys of a
// request wait again when the import is undone.
func (s *Service) Apply(ctx context.Context, r Record, leaf *certificate.Certificate, p *importer.Plan, progress importer.Progress) (*importer.Report, error) {
	report, err := s.Importer.Apply(ctx, p, progress)
	if err != nil {
		return nil, err
	}
	return report, s.answered(r, Answered{Certificate: leaf.Fingerprint().String(), Journal: report.Journal})
}

func (s *Service) answered(r Record, a Answered) error {
	a.Time = s.now()
	if now, err := s.read(r.ID); err == nil {
		r = now
	}
	if old := r.Answer; old != nil && old.Certificate == a.Certificate { // combined and imported
		if a.Journal == "" {
			a.Journal = old.Journal
		}
		if a.File == "" {
			a.File = old.File
		}
	}
	r.Answer = &a
	return s.save(r)
}

// A NewFile says how the PKCS#12 file of a completed request is written.
type NewFile struct {
	Path         string
	Profile      certfile.Profile
	FriendlyName string
	Password     []byte // the caller wipes it
	Force        bool
}

// Combine writes certificate, key and chain, completed from the stores, as a
// PKCS#12 file, and remembers that r is completed. answer is what
// [Service.WithKey] returned. The command does the same with openssl.
func (s *Service) Combine(r Record, answer *certfile.Contents, inv *inventory.Inventory, f NewFile) (res *combiner.Result, command string, err error) {
	if !f.Force && outfile.Exists(f.Path) {
		return nil, "", fmt.Errorf("write %s: %w", f.Path, ErrExists)
	}
	certs := *answer
	certs.Keys = nil
	sources := []combiner.Source{{Name: "answer.pem", Contents: &certs}, {Name: r.KeyFile, Contents: &certfile.Contents{Keys: answer.Keys}}}
	if res, err = combiner.Combine(sources, inv, combiner.Options{FriendlyName: f.FriendlyName, Now: s.now()}); err != nil {
		return nil, "", fmt.Errorf("combine: %w", err)
	}
	data, err := certfile.EncodePKCS12(res.Bundle, f.Password, f.Profile)
	if err != nil {
		return nil, "", err
	}
	defer clear(data)
	if err := outfile.Write(f.Path, data, outfile.Private); err != nil {
		return nil, "", fmt.Errorf("write %s: %w", f.Path, err)
	}
	return res, combiner.CombineCommand(sources, res, f.Path, f.Profile), s.answered(r, Answered{Certificate: res.Leaf.Fingerprint().String(), File: f.Path})
}
