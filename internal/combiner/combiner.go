// Package combiner puts certificates and private keys together into PKCS#12
// files, takes such files apart, and writes them anew with another password or
// protection. The key itself is never changed.
package combiner

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/inventory"
)

// Why files cannot be combined. Compare with [errors.Is].
var (
	ErrNoKey         = errors.New("there is no private key in the files")
	ErrNoCertificate = errors.New("there is no certificate in the files")
	ErrLocked        = errors.New("a private key is still locked: its password is another one")
	ErrMismatch      = errors.New("the private key does not belong to the certificate")
)

// A Mismatch is a private key without its certificate. It matches
// [ErrMismatch].
type Mismatch struct {
	Algorithm    string   // of the key
	KeyHash      string   // SHA-256 of its SubjectPublicKeyInfo
	Certificates []string // name and the same hash of each certificate that might have been meant
}

// Error shows both hashes, so that it can be seen what does not fit.
func (m *Mismatch) Error() string {
	return fmt.Sprintf("%v: public key SHA-256 of the %s key is %s, of the certificate %s",
		ErrMismatch, m.Algorithm, m.KeyHash, strings.Join(m.Certificates, "; of "))
}

// Unwrap returns [ErrMismatch].
func (m *Mismatch) Unwrap() error { return ErrMismatch }

// A Source is one file that was read.
type Source struct {
	Name     string
	Contents *certfile.Contents
}

// Options say how to combine.
type Options struct {
	FriendlyName string // "" takes the files' own, else the common name
	KeySpec      certfile.KeySpec
	Root         bool // the root too, when it is known from the stores only
	Now          time.Time
}

// A Result is what will be written, and what should be said about it.
type Result struct {
	Bundle  certfile.Bundle
	Leaf    *certificate.Certificate   // the first key's; nil when there is no key
	Chain   []*certificate.Certificate // that go with it, in order
	Names   []string                   // friendly names of the keys
	Added   []*certificate.Certificate // of the chain, taken from the stores
	Missing string                     // the issuer that is nowhere to be found, "" for a whole chain
	Last    string                     // the CA whose issuer is Missing, which may well be a root; "" if it is the leaf's own
	Unused  []*certificate.Certificate // of the files, that are in no chain: left out
}

// Combine joins each key of the files with its certificate, in whatever order
// they come, and adds the chain in order: from the files, then from the
// stores. A root goes into the file if it was in one before, or on request.
// With several certificates for one key the one that ends last is taken.
//
// The keys in the result are those of the sources: wiping these wipes both.
func Combine(sources []Source, inv *inventory.Inventory, opt Options) (*Result, error) {
	keys, certs, err := gather(sources)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	r := &Result{}
	used := map[certificate.Fingerprint]bool{}
	for _, k := range keys {
		leaf := match(k, certs)
		if leaf == nil {
			return nil, mismatch(k, certs)
		}
		name := cmp.Or(opt.FriendlyName, k.FriendlyName, nameOf(leaf, sources), leaf.CommonName())
		r.Bundle.Keys = append(r.Bundle.Keys, certfile.KeyEntry{PKCS8: k.PKCS8, Certificate: leaf.Raw, FriendlyName: name, KeySpec: opt.KeySpec})
		r.Names = append(r.Names, name)
		used[leaf.Fingerprint()] = true
		if r.Leaf == nil {
			r.Leaf = leaf
		}
		last := ""
		for _, l := range chain.Links(inv, leaf, certs, opt.Now)[1:] {
			c := l.Certificate
			if c == nil {
				if r.Missing == "" || r.Last != "" && last == "" { // what is missing next to a leaf matters most
					r.Missing, r.Last = l.Name, last
				}
				break
			}
			last = c.CommonName()
			ours := contains(certs, c)
			if used[c.Fingerprint()] || !ours && !opt.Root && c.SelfIssued() {
				continue
			}
			used[c.Fingerprint()] = true
			r.Chain = append(r.Chain, c)
			r.Bundle.Certificates = append(r.Bundle.Certificates, c.Raw)
			if !ours {
				r.Added = append(r.Added, c)
			}
		}
	}
	for _, c := range certs {
		if !used[c.Fingerprint()] {
			r.Unused = append(r.Unused, c)
		}
	}
	return r, nil
}

// gather collects keys and certificates, none twice.
func gather(sources []Source) ([]certfile.Key, []*certificate.Certificate, error) {
	var keys []certfile.Key
	var certs []*certificate.Certificate
	for _, s := range sources {
		for _, k := range s.Contents.Keys {
			if k.State == certfile.KeyLocked {
				return nil, nil, fmt.Errorf("%s: %w", s.Name, ErrLocked)
			}
			same := func(o certfile.Key) bool { return bytes.Equal(o.PKCS8, k.PKCS8) }
			if !slices.ContainsFunc(keys, same) {
				keys = append(keys, k)
			}
		}
		for _, c := range s.Contents.Certificates {
			if !contains(certs, c.Certificate) {
				certs = append(certs, c.Certificate)
			}
		}
	}
	if len(certs) == 0 {
		return nil, nil, ErrNoCertificate
	}
	return keys, certs, nil
}

func contains(certs []*certificate.Certificate, c *certificate.Certificate) bool {
	return slices.ContainsFunc(certs, func(o *certificate.Certificate) bool { return bytes.Equal(o.Raw, c.Raw) })
}

// match returns the certificate of k, nil if there is none.
func match(k certfile.Key, certs []*certificate.Certificate) *certificate.Certificate {
	id := certificate.KeyIDOf(k.PublicKey)
	if id == nil {
		return nil
	}
	var best *certificate.Certificate
	for _, c := range certs {
		if bytes.Equal(c.KeyID(), id) && (best == nil || c.NotAfter.After(best.NotAfter)) {
			best = c
		}
	}
	return best
}

// mismatch names the key and the certificates that somebody may have taken for
// its own: the end entities, else all.
func mismatch(k certfile.Key, certs []*certificate.Certificate) error {
	m := &Mismatch{Algorithm: k.Algorithm, KeyHash: hash(k.PublicKey)}
	leaves := slices.DeleteFunc(slices.Clone(certs), (*certificate.Certificate).IsCA)
	if len(leaves) == 0 {
		leaves = certs
	}
	for _, c := range leaves[:min(len(leaves), 3)] {
		m.Certificates = append(m.Certificates, fmt.Sprintf("%q %s", c.CommonName(), hash(c.RawSubjectPublicKeyInfo)))
	}
	return m
}

func hash(spki []byte) string {
	h := sha256.Sum256(spki)
	return hex.EncodeToString(h[:])
}

func nameOf(c *certificate.Certificate, sources []Source) string {
	for _, s := range sources {
		for _, x := range s.Contents.Certificates {
			if x.FriendlyName != "" && bytes.Equal(x.Certificate.Raw, c.Raw) {
				return x.FriendlyName
			}
		}
	}
	return ""
}
