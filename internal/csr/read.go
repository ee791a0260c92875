package csr

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// ErrRequest says that something is no certificate request.
var ErrRequest = errors.New("no PKCS#10 certificate request")

// A Request is one that somebody sent.
type Request struct {
	Spec   Spec // RawSubject, names and purposes as it asks for them
	Public crypto.PublicKey
	DER    []byte
}

// Read reads a request in PEM or DER and verifies its signature: whoever made
// it has the key.
func Read(data []byte) (*Request, error) {
	der := data
	for rest := data; ; {
		block, next := pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type == "CERTIFICATE REQUEST" || block.Type == "NEW CERTIFICATE REQUEST" {
			der = block.Bytes
			break
		}
		rest = next
	}
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("read a request: %w", ErrRequest)
	}
	if err := r.CheckSignature(); err != nil {
		return nil, fmt.Errorf("read a request: its signature does not verify: %w", err)
	}
	out := &Request{Public: r.PublicKey, DER: bytes.Clone(der)}
	out.Spec.RawSubject = r.RawSubject
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
		case e.Id.Equal(oidExtKeyUsage):
			var oids []asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(e.Value, &oids); err != nil {
				continue // the purposes are the issuer's to choose then
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
