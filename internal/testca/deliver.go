package testca

import (
	"cmp"
	"context"
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/handover"
	"certdesk/internal/outfile"
)

// KeyInStore reports whether the key that issues is in a certificate store;
// else it is a file under a password.
func (a *Authority) KeyInStore() bool {
	_, ok := a.InStore[a.Issuing()]
	return ok
}

// IssuingSigner opens the key that issues: from store, where [Authority.KeyInStore],
// else from its file with the password.
func (a *Authority) IssuingSigner(ctx context.Context, store certstore.Store, password []byte) (crypto.Signer, error) {
	if ref, ok := a.InStore[a.Issuing()]; ok {
		return store.Signer(ctx, ref)
	}
	return a.Signer(a.Issuing(), password)
}

// A Delivery says how what was issued is written.
type Delivery struct {
	Path    string // of the file
	User    string // for whom a note is written beside a PKCS#12 file; "" for no note
	Profile certfile.Profile
	KeySpec certfile.KeySpec
	Format  string // of the answer to a request: "pem" ("" too) and "p7b" hold the chain, "der" only the certificate
}

// Note returns the path of the note to hand over, "" for none.
func (d Delivery) Note() string {
	if d.User == "" {
		return ""
	}
	return strings.TrimSuffix(d.Path, ".pfx") + ".md"
}

// Existing returns the files that d would replace.
func (d Delivery) Existing() []string {
	var paths []string
	for _, p := range []string{d.Path, d.Note()} {
		if p != "" && outfile.Exists(p) {
			paths = append(paths, p)
		}
	}
	return paths
}

// IssueTo issues a certificate and writes it: certificate, key and chain as
// PKCS#12 under password, with the note if one is wanted; or, for a request
// that somebody sent, certificate and chain in the form asked for. The key is
// wiped.
func (a *Authority) IssueTo(r Request, d Delivery, password []byte, signer crypto.Signer) (*Result, error) {
	// What is issued is on record: see first that there is a place for it.
	if st, err := os.Stat(cmp.Or(filepath.Dir(d.Path), ".")); err != nil {
		return nil, fmt.Errorf("write %s: %w", d.Path, err)
	} else if !st.IsDir() {
		return nil, fmt.Errorf("write %s: %s is no folder", d.Path, filepath.Dir(d.Path))
	}
	if err := outfile.CheckName(d.Path); err != nil {
		return nil, fmt.Errorf("write %s: %w", d.Path, err)
	}
	if r.Public != nil && !slices.Contains([]string{"", FormatPEM, FormatDER, FormatP7B}, d.Format) {
		return nil, fmt.Errorf("write %s as %s: there are pem, p7b and der", d.Path, d.Format)
	}
	res, err := a.Issue(r, signer)
	if err != nil {
		return nil, err
	}
	defer clear(res.Key)
	chain, mode := rawOf(res.Chain), outfile.Private
	var data []byte
	if r.Public != nil {
		data, mode = d.answer(append([][]byte{res.DER}, chain...)), outfile.Public
	} else {
		entry := certfile.KeyEntry{PKCS8: res.Key, Certificate: res.DER, FriendlyName: res.Certificate.CommonName(), KeySpec: d.KeySpec}
		if data, err = certfile.EncodePKCS12(certfile.Bundle{Keys: []certfile.KeyEntry{entry}, Certificates: chain}, password, d.Profile); err != nil {
			return nil, err
		}
	}
	// The key comes last: after an error nobody has a file without its password.
	if note := d.Note(); note != "" && r.Public == nil {
		sheet := handover.New(res.Certificate, res.Chain, handover.Options{File: filepath.Base(d.Path), User: d.User, Now: r.Now})
		if err := outfile.Write(note, sheet.Markdown(), outfile.Public); err != nil {
			return nil, fmt.Errorf("write %s: %w", note, err)
		}
	}
	if err := outfile.Write(d.Path, data, mode); err != nil {
		return nil, fmt.Errorf("write %s: %w", d.Path, err)
	}
	return res, nil
}

// Forms of what is exported, and of the answer to a request.
const (
	FormatPEM = "pem"
	FormatDER = "der"
	FormatP7B = "p7b"
)

// answer writes certificates, leaf first.
func (d Delivery) answer(ders [][]byte) []byte {
	switch d.Format {
	case FormatDER:
		return ders[0]
	case FormatP7B:
		return certfile.EncodePKCS7(ders)
	}
	return certfile.EncodePEM(ders)
}

func rawOf(certs []*certificate.Certificate) [][]byte {
	ders := make([][]byte, len(certs))
	for i, c := range certs {
		ders[i] = c.Raw
	}
	return ders
}

// What of an authority can be exported.
const (
	ExportRoot    = "root"
	ExportIssuing = "issuing"
	ExportChain   = "chain"
)

// Export returns certificates of the authority, named as above, as pem, p7b,
// or, where it is one, der.
func (a *Authority) Export(what, format string) ([]byte, []*certificate.Certificate, error) {
	certs, ok := map[string][]*certificate.Certificate{
		ExportRoot: {a.certs[Root]}, ExportIssuing: {a.certs[a.Issuing()]}, ExportChain: a.Chain()}[what]
	if !ok {
		return nil, nil, fmt.Errorf("export %s: there are root, issuing and chain", what)
	}
	switch {
	case format == FormatPEM:
		return certfile.EncodePEM(rawOf(certs)), certs, nil
	case format == FormatP7B:
		return certfile.EncodePKCS7(rawOf(certs)), certs, nil
	case format == FormatDER && len(certs) == 1:
		return certs[0].Raw, certs, nil
	}
	return nil, nil, fmt.Errorf("export as %s: there are pem, p7b, and der for one certificate", format)
}
