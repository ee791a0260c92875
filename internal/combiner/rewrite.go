package combiner

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
)

// Repair tells what writing a file anew changes, in sentences, and returns
// what will be written: the same keys and certificates in the same order,
// without the attributes that break imports (CSP name, machine key set, key
// usage of the key unless spec asks for one), each key tied to its
// certificate, and with friendly names where profile wants them.
//
// What is neither a key nor a certificate is left out, and said.
func Repair(c *certfile.Contents, profile certfile.Profile, spec certfile.KeySpec) (certfile.Bundle, []string, error) {
	var b certfile.Bundle
	info, ok := profile.Info()
	switch {
	case !ok:
		return b, nil, fmt.Errorf("profile %s: there is none of this name", profile)
	case len(c.Keys)+len(c.Certificates) == 0:
		return b, nil, ErrNoCertificate
	case c.Locked || slices.ContainsFunc(c.Keys, func(k certfile.Key) bool { return k.State == certfile.KeyLocked }):
		return b, nil, ErrLocked
	}
	var changes []string
	say := func(format string, args ...any) { changes = append(changes, fmt.Sprintf(format, args...)) }
	if c.Format == certfile.PKCS12 {
		was := strings.Join(append(slices.Clone(c.Encryption), "MAC "+cmp.Or(c.MAC, "none")), ", ")
		say("Protection: %s becomes %s.", was, info.Protection)
		if c.Encoding == "BER" {
			say("Encoding: BER of indefinite length becomes DER.")
		}
	}
	for _, k := range c.Keys {
		e := certfile.KeyEntry{PKCS8: k.PKCS8, FriendlyName: k.FriendlyName, KeySpec: spec}
		if k.Certificate >= 0 {
			cert := c.Certificates[k.Certificate]
			e.Certificate = cert.Certificate.Raw
			e.FriendlyName = cmp.Or(e.FriendlyName, cert.FriendlyName, cert.Certificate.CommonName())
		}
		if k.Provider != "" {
			say("The provider name %q is taken out: the importing system chooses its own.", k.Provider)
		}
		if k.MachineKeySet {
			say("The mark that the key belongs to the machine is taken out: whoever imports decides.")
		}
		if u := k.KeyUsageAttr; len(u) > 0 && (spec == certfile.KeySpecNone || certfile.KeySpec(u[0]) != spec) {
			say("The key's own usage attribute (%02x) is taken out.", u)
		}
		if spec != certfile.KeySpecNone {
			say("The key is marked for %s.", map[certfile.KeySpec]string{certfile.KeySpecExchange: "key exchange and signatures (AT_KEYEXCHANGE)", certfile.KeySpecSignature: "signatures only (AT_SIGNATURE)"}[spec])
		}
		if e.FriendlyName != k.FriendlyName {
			say("The key gets the friendly name %q.", e.FriendlyName)
		}
		b.Keys = append(b.Keys, e)
	}
	for _, x := range c.Certificates {
		b.Certificates = append(b.Certificates, x.Certificate.Raw)
	}
	if len(c.Other) > 0 {
		say("Left out: %s.", strings.Join(c.Other, ", "))
	}
	return b, changes, nil
}

// A Piece is one PEM file that a PKCS#12 file is split into.
type Piece struct {
	Name   string // a file name: key.pem, certificate.pem, chain.pem, with a number from the second key on
	Data   []byte // PEM; the caller wipes a key's
	Secret bool   // it holds a private key
	Holds  string // what is in it, for people
}

// Split takes a file apart: each key as encrypted PKCS#8, its certificate, and
// the other certificates as chain.pem in the order of the file. newPassword
// protects the keys and may not be empty when there are any; with plain they
// are written without protection, as nginx and Apache want them.
func Split(c *certfile.Contents, newPassword []byte, plain bool) ([]Piece, error) {
	if c.Locked || slices.ContainsFunc(c.Keys, func(k certfile.Key) bool { return k.State == certfile.KeyLocked }) {
		return nil, ErrLocked
	}
	var out []Piece
	own := make([]bool, len(c.Certificates))
	for i, k := range c.Keys {
		suffix := ""
		if i > 0 {
			suffix = fmt.Sprintf("-%d", i+1)
		}
		data, holds := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k.PKCS8}), k.Algorithm+" private key, NOT ENCRYPTED"
		if !plain {
			clear(data)
			var err error
			if data, err = certfile.EncodeKeyPEM(k.PKCS8, newPassword, certfile.PBKDF2); err != nil {
				return nil, err
			}
			holds = k.Algorithm + " private key, encrypted"
		}
		out = append(out, Piece{"key" + suffix + ".pem", data, true, holds})
		if k.Certificate >= 0 && !own[k.Certificate] {
			own[k.Certificate] = true
			cert := c.Certificates[k.Certificate].Certificate
			out = append(out, Piece{"certificate" + suffix + ".pem", certfile.EncodePEM([][]byte{cert.Raw}), false, cert.CommonName()})
		}
	}
	var rest [][]byte
	var names []string
	for i, x := range c.Certificates {
		if !own[i] {
			rest = append(rest, x.Certificate.Raw)
			names = append(names, x.Certificate.CommonName())
		}
	}
	switch {
	case len(rest) == 0 && len(out) == 0:
		return nil, errors.Join(ErrNoKey, ErrNoCertificate)
	case len(rest) > 0 && len(c.Keys) == 0:
		out = append(out, Piece{"certificates.pem", certfile.EncodePEM(rest), false, strings.Join(names, ", ")})
	case len(rest) > 0:
		out = append(out, Piece{"chain.pem", certfile.EncodePEM(rest), false, strings.Join(names, ", ")})
	}
	return out, nil
}

// Describe names a certificate for a list.
func Describe(cs []*certificate.Certificate) string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = fmt.Sprintf("%q", c.CommonName())
	}
	return strings.Join(names, ", ")
}
