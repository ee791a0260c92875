package model

import (
	"context"
	"crypto"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/outfile"
	"certdesk/internal/testca"
)

// Authorities are the certification authorities of the person. Its methods
// block; a view calls them in goroutines. Passwords belong to the caller, who
// wipes them.
type Authorities struct {
	Dir   testca.Dir
	Store certstore.Store
	Now   func() time.Time
}

// An Authority is one of them with what it issued, the newest first. Err is
// why that cannot be read.
type Authority struct {
	*testca.Authority
	Issued []testca.Issued
	Err    error
}

// Revoked returns how many of the issued certificates are revoked.
func (a *Authority) Revoked() int {
	n := 0
	for _, i := range a.Issued {
		if i.Revoked != nil {
			n++
		}
	}
	return n
}

// List reads the authorities; errs is why some could not be.
func (m *Authorities) List() (list []*Authority, errs []error) {
	names, err := m.Dir.Names()
	if err != nil {
		return nil, []error{err}
	}
	for _, n := range names {
		ca, err := m.Dir.Load(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		a := &Authority{Authority: ca}
		a.Issued, a.Err = ca.Issued()
		list = append(list, a)
	}
	return list, errs
}

// A NewAuthority is what a person filled in for one.
type NewAuthority struct {
	Name, Organization, Country string
	Key                         csr.KeyType
	Intermediate                bool
	InStore                     bool
}

// Make makes an authority, its keys in files under password or in the store.
func (m *Authorities) Make(ctx context.Context, n NewAuthority, password []byte) (*testca.Authority, error) {
	s := testca.Spec{Name: testca.NameOf(n.Name), Key: n.Key, Intermediate: n.Intermediate, Now: m.Now(),
		Subject: csr.Subject{CommonName: strings.TrimSpace(n.Name), Organization: strings.TrimSpace(n.Organization), Country: strings.TrimSpace(n.Country)}}
	if n.InStore {
		return testca.InitInStore(ctx, m.Dir, s, m.Store)
	}
	return m.Dir.Init(s, password, nil, nil)
}

// An Issue is what a person filled in for a certificate.
type Issue struct {
	Request            *csr.Request // that somebody sent: its subject, names and key; nil for those below
	Purpose            csr.Purpose
	Name, Organization string
	Country            string
	Others             string // alternative names, separated by commas or spaces
	Key                csr.KeyType
	Days               int // 0 is what is usual
	Fault              testca.Fault
	CRL                string // where the CRL will be found
	Delivery           testca.Delivery
}

// Issue issues a certificate and writes it under password; caPassword opens
// the authority's key where that is a file.
func (m *Authorities) Issue(ctx context.Context, ca *testca.Authority, x Issue, caPassword, password []byte) (*testca.Result, error) {
	s := csr.Spec{Purposes: []csr.Purpose{x.Purpose}, Key: x.Key,
		Subject: csr.Subject{CommonName: strings.TrimSpace(x.Name), Organization: strings.TrimSpace(x.Organization), Country: strings.TrimSpace(x.Country)}}
	var public crypto.PublicKey
	if x.Request != nil {
		s, public = x.Request.For(x.Purpose), x.Request.Public
	}
	for _, n := range strings.FieldsFunc(x.Others, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if err := s.Names.ParseName(n); err != nil {
			return nil, err
		}
	}
	signer, err := ca.IssuingSigner(ctx, m.Store, caPassword)
	if err != nil {
		return nil, err
	}
	return ca.IssueTo(testca.Request{Spec: s, Days: x.Days, Fault: x.Fault, Public: public, CRLURL: strings.TrimSpace(x.CRL), Now: m.Now()}, x.Delivery, password, signer)
}

// Revoke notes that a certificate is revoked; reason is one of
// [testca.Reasons].
func (m *Authorities) Revoke(ca *testca.Authority, serial, reason string) error {
	code, err := testca.ParseReason(reason)
	if err == nil {
		_, err = ca.Revoke(serial, code, m.Now())
	}
	return err
}

// WriteCRL signs the list of revoked certificates and writes it, as PEM or DER.
func (m *Authorities) WriteCRL(ctx context.Context, ca *testca.Authority, path string, days int, der bool, caPassword []byte) error {
	signer, err := ca.IssuingSigner(ctx, m.Store, caPassword)
	if err != nil {
		return err
	}
	data, err := ca.CRL(signer, days, m.Now())
	if err != nil {
		return err
	}
	if !der {
		data = testca.CRLPEM(data)
	}
	return writeFile(path, data)
}

// Export writes certificates of an authority; what and format as for
// [testca.Authority.Export].
func (m *Authorities) Export(ca *testca.Authority, path, what, format string) error {
	data, _, err := ca.Export(what, format)
	if err != nil {
		return err
	}
	return writeFile(path, data)
}

// Demo makes a test site's certificates and writes them into folder.
func (m *Authorities) Demo(host, folder string, password []byte) (*testca.Demo, error) {
	return testca.MakeDemo(m.Dir, host, folder, password, m.Now())
}

func writeFile(path string, data []byte) error {
	if err := outfile.Write(path, data, outfile.Public); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Existing returns those of paths that writing would replace.
func Existing(paths ...string) []string {
	var old []string
	for _, p := range paths {
		if p != "" && outfile.Exists(p) {
			old = append(old, p)
		}
	}
	return old
}

// SaveFolder proposes a folder for files.
func SaveFolder() string { return outfile.Folder() }

// SavePath joins folder and name; an absolute name is a path of its own.
func SavePath(folder, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(folder, name)
}

// IssuedName returns the common name of an issued certificate.
func IssuedName(i testca.Issued) string { return certificate.Parse(i.DER).CommonName() }
