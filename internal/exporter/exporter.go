// Package exporter writes certificates in the form that somebody asked for.
//
// Every format but [PFX] is made from the certificates' DER alone: no private
// key is in reach of the code that makes it.
package exporter

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/inventory"
)

// A Format is a form of export.
type Format string

// The formats.
const (
	PEM    Format = "pem"    // the certificates, one PEM block each
	DER    Format = "der"    // one certificate, binary
	P7B    Format = "p7b"    // the certificates with their chains, PKCS#7 in DER
	Base64 Format = "base64" // one certificate on exactly one line, no BEGIN and END, no newline
	Chain  Format = "chain"  // PEM, each certificate followed by its issuers up to the root
	PFX    Format = "pfx"    // certificate, key and chain, PKCS#12
)

// Formats lists the formats in the order they are offered.
var Formats = []Format{PEM, DER, P7B, Base64, Chain, PFX}

// Extension returns the usual ending of a file of the format, with its dot.
func (f Format) Extension() string {
	switch f {
	case DER:
		return ".cer"
	case P7B:
		return ".p7b"
	case Base64:
		return ".txt"
	case PFX:
		return ".pfx"
	case IISOneToOne, IISManyToOne, IISAuthorization:
		return ".xml"
	case IISOneToOnePS, IISManyToOnePS, IISSSLFlags:
		return ".ps1"
	case IISManyToOneCmd, NetSh:
		return ".cmd"
	case Apache, Nginx:
		return ".conf"
	case ActiveDirectory:
		return ".txt"
	case ChromePolicy:
		return ".json"
	case ChromePolicyReg:
		return ".reg"
	case ChromePolicyMacOS, Java:
		return ".sh"
	}
	return ".pem"
}

// Text reports whether the format can be shown and copied as text.
func (f Format) Text() bool { return f == PEM || f == Base64 || f == Chain || f.Snippet() }

// Why an export is not possible.
var (
	ErrOne      = errors.New("this format holds exactly one certificate")
	ErrFormat   = errors.New("unknown format")
	ErrNoKey    = errors.New("the private key is not here")
	ErrPassword = errors.New("a PFX file needs a new password")
)

// Public renders certificates without any key; s fills in what the formats of
// [Snippets] need to know.
func Public(f Format, certs []*certificate.Certificate, inv *inventory.Inventory, now time.Time, s Settings) ([]byte, error) {
	switch f {
	case PEM:
		return certfile.EncodePEM(raw(certs)), nil
	case DER, Base64:
		if len(certs) != 1 {
			return nil, fmt.Errorf("export as %s: %w", f, ErrOne)
		}
		if f == DER {
			return slices.Clone(certs[0].Raw), nil
		}
		return []byte(certfile.OneLineBase64(certs[0].Raw)), nil
	case P7B:
		return certfile.EncodePKCS7(raw(WithChain(certs, inv, now))), nil
	case Chain:
		return certfile.EncodePEM(raw(WithChain(certs, inv, now))), nil
	}
	if f.Snippet() {
		if len(certs) != 1 {
			return nil, fmt.Errorf("export as %s: %w", f, ErrOne)
		}
		return Snippet(f, certs[0], s)
	}
	return nil, fmt.Errorf("export as %s: %w", f, ErrFormat)
}

func raw(certs []*certificate.Certificate) [][]byte {
	ders := make([][]byte, len(certs))
	for i, c := range certs {
		ders[i] = c.Raw
	}
	return ders
}

// WithChain returns each certificate followed by its issuers as far as they
// are found, none twice.
func WithChain(certs []*certificate.Certificate, inv *inventory.Inventory, now time.Time) []*certificate.Certificate {
	var all []*certificate.Certificate
	seen := map[certificate.Fingerprint]bool{}
	for _, c := range certs {
		for _, l := range chain.Links(inv, c, nil, now) {
			if l.Certificate != nil && !seen[l.Certificate.Fingerprint()] {
				seen[l.Certificate.Fingerprint()] = true
				all = append(all, l.Certificate)
			}
		}
	}
	return all
}

// WithChainFrom returns c followed by its issuers, from the other certificates
// of its file and from the stores.
func WithChainFrom(c *certificate.Certificate, file []*certificate.Certificate, inv *inventory.Inventory, now time.Time) []*certificate.Certificate {
	var all []*certificate.Certificate
	for _, l := range chain.Links(inv, c, file, now) {
		if l.Certificate != nil {
			all = append(all, l.Certificate)
		}
	}
	return all
}

// WithKey renders one entry, its private key and its chain as a PFX file
// protected by password, which may not be empty. The key leaves the store
// for as long as this takes.
func WithKey(ctx context.Context, store certstore.Store, row *inventory.Row, inv *inventory.Inventory, password []byte, profile certfile.Profile, now time.Time) ([]byte, error) {
	subject := row.Certificate.CommonName()
	if len(password) == 0 {
		return nil, fmt.Errorf("export %q: %w", subject, ErrPassword)
	}
	out, ok := store.(certstore.KeyExporter)
	if !ok || row.Key == certstore.KeyNone {
		return nil, fmt.Errorf("export %q: %w", subject, ErrNoKey)
	}
	key, err := out.ExportKey(ctx, row.Ref())
	if err != nil {
		return nil, err
	}
	defer clear(key)
	if err := fits(key, row.Certificate); err != nil {
		return nil, fmt.Errorf("export %q: %w", subject, err)
	}
	chain := raw(WithChain([]*certificate.Certificate{row.Certificate}, inv, now))[1:]
	entry := certfile.KeyEntry{PKCS8: key, Certificate: row.Certificate.Raw, FriendlyName: cmp.Or(row.FriendlyName, subject)}
	return certfile.EncodePKCS12(certfile.Bundle{Keys: []certfile.KeyEntry{entry}, Certificates: chain}, password, profile)
}

// fits checks that what came out of the store is the certificate's key.
func fits(pkcs8 []byte, c *certificate.Certificate) error {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil //nolint:nilerr // a kind of key that cannot be compared
	}
	pub, err := c.PublicKey()
	if err != nil {
		return nil //nolint:nilerr // likewise
	}
	type equaler interface{ Equal(crypto.PublicKey) bool }
	if s, ok := key.(crypto.Signer); ok {
		if e, ok := s.Public().(equaler); ok && !e.Equal(pub) {
			return certstore.ErrKey
		}
	}
	return nil
}

// FileName proposes a name for an export: the common name without what file
// systems refuse.
func FileName(c *certificate.Certificate, f Format) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '-'
		}
		return r
	}, c.CommonName())
	name = strings.Trim(name, " .-")
	if len(name) > 80 {
		name = strings.TrimSpace(string([]rune(name)[:min(80, len([]rune(name)))]))
	}
	if name == "" {
		name = "certificate"
	}
	suffix := ""
	if f == Chain || f.Snippet() {
		suffix = "-" + string(f)
	}
	return name + suffix + f.Extension()
}
