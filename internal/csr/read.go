package csr

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
)

// What is no request that can be answered. Compare with [errors.Is].
var (
	ErrRequest   = errors.New("no PKCS#10 certificate request")
	ErrSignature = errors.New("the signature of the request does not verify: whoever made it does not have the key")
)

// A Request is one that somebody sent.
type Request struct {
	Spec   Spec // RawSubject, names, purposes and kind of key as it asks for them
	Public crypto.PublicKey
	DER    []byte

	KeyUsage    []string // names as in RFC 5280; nil: it asks for none
	ExtKeyUsage []string // dotted OIDs, those of the purposes and others; nil: none
}

// maxRequest bounds a request, in bytes; a usual one has a thousand.
const maxRequest = 1 << 20

// Read reads a request in PEM, DER, or base64 with or without line breaks, HTML
// spaces or JSON's escapes, and verifies its signature: whoever made it has the
// key.
func Read(data []byte) (*Request, error) {
	if len(data) > maxRequest {
		return nil, fmt.Errorf("read a request of %d bytes: %w", len(data), ErrRequest)
	}
	der := derOf(data)
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("read a request: %w", ErrRequest)
	}
	if err := r.CheckSignature(); err != nil {
		return nil, fmt.Errorf("read a request: %w: %w", ErrSignature, err)
	}
	out := &Request{Public: r.PublicKey, DER: bytes.Clone(der)}
	out.Spec.RawSubject, out.Spec.Key = r.RawSubject, keyTypeOf(r.PublicKey)
	out.Spec.Subject.CommonName = r.Subject.CommonName
	n := &out.Spec.Names
	n.DNS, n.Email = r.DNSNames, r.EmailAddresses
	for _, ip := range r.IPAddresses {
		n.IP = append(n.IP, ip.String())
	}
	for _, u := range r.URIs {
		n.URI = append(n.URI, u.String())
	}
	for _, e := range r.Extensions {
		switch {
		case e.Id.Equal(oidAltName):
			n.UPN = upns(e.Value)
		case e.Id.Equal(oidKeyUsage):
			var bits asn1.BitString
			if _, err := asn1.Unmarshal(e.Value, &bits); err != nil {
				continue
			}
			for i := range bits.BitLength {
				if name := certificate.KeyUsageName(i); bits.At(i) == 1 && name != "" {
					out.KeyUsage = append(out.KeyUsage, name)
				}
			}
		case e.Id.Equal(oidExtKeyUsage):
			var oids []asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(e.Value, &oids); err != nil {
				continue // the purposes are the issuer's to choose then
			}
			for _, o := range oids {
				out.ExtKeyUsage = append(out.ExtKeyUsage, o.String())
			}
			for _, p := range Purposes {
				if slices.ContainsFunc(oids, func(o asn1.ObjectIdentifier) bool { return o.String() == p.EKU.OID().String() }) {
					out.Spec.Purposes = append(out.Spec.Purposes, p.Purpose)
				}
			}
		}
	}
	return out, nil
}

// For returns what to issue for a purpose; for "", the first that the request
// asks for, client if it asks for none.
func (r *Request) For(p Purpose) Spec {
	s := r.Spec
	if p == "" && len(s.Purposes) > 0 {
		p = s.Purposes[0]
	}
	s.Purposes = []Purpose{cmp.Or(p, Client)}
	return s
}

// Subject returns the name that the request asks for, as people write it.
func (r *Request) Subject() string { return certificate.ParseName(r.Spec.RawSubject).String() }

var (
	marks   = regexp.MustCompile(`-----(BEGIN|END) (?:NEW )?CERTIFICATE REQUEST-----`)
	breaks  = strings.NewReplacer(`\r`, "", `\n`, "", `\/`, "/", "&#13;", "", "&#10;", "", "&#xD;", "", "&#xA;", "", "&nbsp;", "", "\u00a0", "", "\u200e", "")
	letters = regexp.MustCompile(`[A-Za-z0-9+/]{64,}={0,2}`)
)

// derOf returns the first request in data, or data itself.
func derOf(data []byte) []byte {
	text, ok := certfile.Text(data)
	if !ok {
		return data
	}
	for rest := []byte(text); ; {
		block, next := pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type == "CERTIFICATE REQUEST" || block.Type == "NEW CERTIFICATE REQUEST" {
			return block.Bytes
		}
		rest = next
	}
	if at := marks.FindAllStringIndex(text, 2); len(at) == 2 {
		text = text[at[0][1]:at[1][0]]
	}
	text = strings.Join(strings.Fields(breaks.Replace(text)), "")
	der, err := base64.StdEncoding.DecodeString(letters.FindString(text))
	if err != nil {
		return data
	}
	return der
}

// keyTypeOf names a public key, "" for one that is not known.
func keyTypeOf(public crypto.PublicKey) KeyType {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return KeyType(fmt.Sprintf("RSA %d", k.N.BitLen()))
	case *ecdsa.PublicKey:
		return KeyType("EC " + k.Params().Name)
	case ed25519.PublicKey:
		return Ed25519
	}
	return ""
}

// upns returns the user principal names of a subjectAltName.
func upns(der []byte) []string {
	var names []asn1.RawValue
	if _, err := asn1.Unmarshal(der, &names); err != nil {
		return nil
	}
	var out []string
	for _, n := range names {
		if n.Class != asn1.ClassContextSpecific || n.Tag != 0 {
			continue
		}
		var id asn1.ObjectIdentifier
		rest, err := asn1.Unmarshal(n.Bytes, &id)
		if err != nil || !id.Equal(oidUPN) {
			continue
		}
		var text string
		var wrapper asn1.RawValue
		if _, err := asn1.Unmarshal(rest, &wrapper); err != nil {
			continue
		}
		if _, err := asn1.UnmarshalWithParams(wrapper.Bytes, &text, "utf8"); err == nil {
			out = append(out, text)
		}
	}
	return out
}
