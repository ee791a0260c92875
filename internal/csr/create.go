package csr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certificate"
)

// A KeyType is a kind of key, in the words of
// [certificate.Certificate.KeyType].
type KeyType string

// The kinds of keys.
const (
	RSA2048 KeyType = "RSA 2048"
	RSA3072 KeyType = "RSA 3072"
	RSA4096 KeyType = "RSA 4096"
	P256    KeyType = "EC P-256"
	P384    KeyType = "EC P-384"
	P521    KeyType = "EC P-521"
	Ed25519 KeyType = "Ed25519"
)

// KeyTypes lists the kinds of keys, the most widely accepted first.
var KeyTypes = []KeyType{RSA2048, RSA3072, RSA4096, P256, P384, P521, Ed25519}

// ParseKeyType reads a kind of key in any of its spellings: "RSA 2048",
// "rsa2048", "P-256", "prime256v1", "ed25519".
func ParseKeyType(s string) (KeyType, error) {
	squeeze := func(s string) string {
		return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	}
	want := squeeze(s)
	if usual, ok := map[string]string{"prime256v1": "p256", "secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521", "rsa": "rsa2048"}[want]; ok {
		want = usual
	}
	names := make([]string, len(KeyTypes))
	for i, k := range KeyTypes {
		names[i] = string(k)
		if name := squeeze(names[i]); name == want || name == "ec"+want {
			return k, nil
		}
	}
	return "", fmt.Errorf("key type %q: there are %s", s, strings.Join(names, ", "))
}

// NewKey makes a private key in memory.
func NewKey(k KeyType) (crypto.Signer, error) {
	switch k {
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case P521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("make a key: unknown type %q", k)
}

// A Spec is what a certificate is asked for.
type Spec struct {
	Subject Subject
	// RawSubject is a DER Name to be taken as it is, in the place of Subject:
	// that of a certificate which is renewed.
	RawSubject []byte
	Names      Names
	Purposes   []Purpose
	Key        KeyType
}

// ErrNoPurpose says that a request names no purpose.
var ErrNoPurpose = errors.New("a request needs a purpose: client, server, email or code")

// Prepare cleans what people typed and completes it: a common name without
// scheme, port and path, which is also a DNS name or IP address when the
// certificate is for a server or the client is a computer, and the mail address among the alternative
// names when it is for mail. The notes say what was changed.
func (s Spec) Prepare() (Spec, []string) {
	var notes []string
	if clean, changed := CleanCommonName(s.Subject.CommonName); changed {
		notes = append(notes, fmt.Sprintf("The common name is %q: a name has no scheme, port or path.", clean))
		s.Subject.CommonName = clean
	}
	s.Names.DNS, s.Names.IP = slices.Clone(s.Names.DNS), slices.Clone(s.Names.IP)
	if slices.Contains(s.Purposes, Server) || len(s.RawSubject) == 0 && slices.Equal(s.Purposes, []Purpose{Client}) && s.Names.Empty() && hostLike(s.Subject.CommonName, len(notes) > 0) {
		switch dns, ip := HostName(s.Subject.CommonName); {
		case dns && !slices.Contains(s.Names.DNS, s.Subject.CommonName):
			s.Names.DNS = append([]string{s.Subject.CommonName}, s.Names.DNS...)
			notes = append(notes, fmt.Sprintf("%q was added to the alternative names, where programs look.", s.Subject.CommonName))
		case ip && !slices.Contains(s.Names.IP, s.Subject.CommonName):
			s.Names.IP = append([]string{s.Subject.CommonName}, s.Names.IP...)
			notes = append(notes, fmt.Sprintf("%s was added to the alternative names, where programs look.", s.Subject.CommonName))
		}
	}
	if mail := s.Subject.Email; slices.Contains(s.Purposes, Email) && mail != "" && !slices.Contains(s.Names.Email, mail) {
		s.Names.Email = append(slices.Clone(s.Names.Email), mail)
		notes = append(notes, fmt.Sprintf("%s was added to the alternative names: mail programs look there.", mail))
	}
	return s, notes
}

// hostLike reports whether the common name of a client is the name of a
// computer rather than of a person: it was typed as an address, or has three
// labels or more.
func hostLike(name string, address bool) bool {
	return address && strings.Contains(name, ".") || strings.Count(name, ".") >= 2
}

var (
	oidKeyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidAltName     = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// Create makes a request in DER, signed by key: subject, and as extensions
// (RFC 2985 section 5.4.2) Key Usage, Extended Key Usage and alternative names.
func Create(s Spec, key crypto.Signer) ([]byte, error) {
	if len(s.Purposes) == 0 {
		return nil, ErrNoPurpose
	}
	subject, err := s.Name()
	if err != nil {
		return nil, err
	}
	var eku [][]byte
	for _, p := range s.Purposes {
		info, ok := p.Info()
		if !ok {
			return nil, fmt.Errorf("purpose %q: %w", p, ErrNoPurpose)
		}
		id, err := info.EKU.OID().MarshalBinary()
		if err != nil {
			return nil, err
		}
		eku = append(eku, id)
	}
	usage, err := keyUsageBits(KeyUsage(key.Public(), s.Purposes...))
	if err != nil {
		return nil, err
	}
	purposes, err := purposeList(eku)
	if err != nil {
		return nil, err
	}
	names, err := s.Names.Extension()
	if err != nil {
		return nil, err
	}
	template := &x509.CertificateRequest{RawSubject: subject, ExtraExtensions: []pkix.Extension{
		{Id: oidKeyUsage, Critical: true, Value: usage}, {Id: oidExtKeyUsage, Value: purposes},
	}}
	if names != nil {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidAltName, Value: names})
	}
	return x509.CreateCertificateRequest(rand.Reader, template, key)
}

// Name returns the subject in DER.
func (s Spec) Name() ([]byte, error) {
	if s.RawSubject != nil {
		return s.RawSubject, nil
	}
	return s.Subject.Name()
}

// purposeList is the value of the Extended Key Usage extension (RFC 5280
// section 4.2.1.12).
func purposeList(oids [][]byte) ([]byte, error) {
	list := make([]asn1.RawValue, len(oids))
	for i, id := range oids {
		list[i] = asn1.RawValue{Tag: asn1.TagOID, Bytes: id}
	}
	return asn1.Marshal(list)
}

// keyUsageBits is the value of the Key Usage extension (RFC 5280 section
// 4.2.1.3).
func keyUsageBits(ku x509.KeyUsage) ([]byte, error) {
	var b asn1.BitString
	b.Bytes = make([]byte, 2)
	for bit := range 9 {
		if ku&(1<<bit) != 0 {
			b.Bytes[bit/8] |= 0x80 >> (bit % 8)
			b.BitLength = bit + 1
		}
	}
	b.Bytes = b.Bytes[:(b.BitLength+7)/8]
	return asn1.Marshal(b)
}

// EncodePEM writes a request as portals want it pasted (RFC 7468 section 7).
func EncodePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

// FromCertificate returns the spec of a certificate that is to be renewed: the
// same subject, octet by octet, and the same alternative names and purposes. What cannot be taken over is
// in the notes.
func FromCertificate(c *certificate.Certificate) (Spec, []string) {
	var s Spec
	var notes []string
	s.RawSubject = c.RawSubject
	s.Subject.CommonName = c.Subject().Value("CN")
	for _, a := range c.AltNames {
		if list := map[string]*[]string{"dns": &s.Names.DNS, "ip": &s.Names.IP, "email": &s.Names.Email, "uri": &s.Names.URI, "upn": &s.Names.UPN}[a.Type]; list != nil {
			*list = append(*list, a.Value)
		} else {
			notes = append(notes, fmt.Sprintf("The alternative name %s:%s is not taken over.", a.Type, a.Value))
		}
	}
	for _, p := range Purposes {
		if slices.Contains(c.ExtKeyUsage, p.EKU.OID().String()) {
			s.Purposes = append(s.Purposes, p.Purpose)
		}
	}
	for _, oid := range c.ExtKeyUsage {
		if !slices.ContainsFunc(Purposes, func(p PurposeInfo) bool { return p.EKU.OID().String() == oid }) {
			notes = append(notes, fmt.Sprintf("The purpose %s is not taken over.", certificate.PurposeWords(oid)))
		}
	}
	if k, err := ParseKeyType(c.KeyType()); err == nil {
		s.Key = k
	} else {
		s.Key = RSA2048
		notes = append(notes, fmt.Sprintf("The new key is %s; the old one is %s.", s.Key, c.KeyType()))
	}
	return s, notes
}
