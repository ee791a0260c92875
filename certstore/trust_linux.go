package certstore

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"fmt"
	"strconv"
	"strings"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// A trust holds the four values of a trust object (CKT_NSS), in the order
// server, client, email, code. The zero trust stands for no object.
type trust [4]uint

// The trust that the stores stand for. Only TLS is given away with a root.
var (
	trustRoot       = trust{nss.CKT_NSS_TRUSTED_DELEGATOR, nss.CKT_NSS_TRUSTED_DELEGATOR, nss.CKT_NSS_MUST_VERIFY_TRUST, nss.CKT_NSS_MUST_VERIFY_TRUST}
	trustPeer       = trust{nss.CKT_NSS_TRUSTED, nss.CKT_NSS_TRUSTED, nss.CKT_NSS_TRUSTED, nss.CKT_NSS_MUST_VERIFY_TRUST}
	trustDisallowed = trust{nss.CKT_NSS_NOT_TRUSTED, nss.CKT_NSS_NOT_TRUSTED, nss.CKT_NSS_NOT_TRUSTED, nss.CKT_NSS_NOT_TRUSTED}
)

// trustOf returns the trust that the store name means.
func trustOf(name Name) trust {
	switch name {
	case Root:
		return trustRoot
	case TrustedPeople:
		return trustPeer
	case Disallowed:
		return trustDisallowed
	}
	return trust{}
}

func (t trust) has(value uint) bool {
	return t[0] == value || t[1] == value || t[2] == value || t[3] == value
}

// kind returns what t makes of a certificate.
func (t trust) kind(key bool) kind {
	return kind{
		key:        key,
		distrusted: t.has(nss.CKT_NSS_NOT_TRUSTED),
		anchor:     t.has(nss.CKT_NSS_TRUSTED_DELEGATOR),
		trusted:    t.has(nss.CKT_NSS_TRUSTED),
	}
}

// anchor reports whether TLS trusts what the certificate issues.
func (t trust) anchor() bool {
	return t[0] == nss.CKT_NSS_TRUSTED_DELEGATOR || t[1] == nss.CKT_NSS_TRUSTED_DELEGATOR
}

// peer reports whether TLS trusts the certificate itself; one that signed
// itself is then the end of its chain.
func (t trust) peer() bool { return t[0] == nss.CKT_NSS_TRUSTED || t[1] == nss.CKT_NSS_TRUSTED }

var trustWords = map[uint]string{
	nss.CKT_NSS_TRUSTED: "trusted", nss.CKT_NSS_TRUSTED_DELEGATOR: "trusted-delegator",
	nss.CKT_NSS_MUST_VERIFY_TRUST: "must-verify", nss.CKT_NSS_TRUST_UNKNOWN: "unknown",
	nss.CKT_NSS_NOT_TRUSTED: "not-trusted", nss.CKT_NSS_VALID_DELEGATOR: "valid-delegator",
}

// String returns the four values in NSS's words, "" for no object.
func (t trust) String() string {
	if t == (trust{}) {
		return ""
	}
	words := make([]string, len(t))
	for i, v := range t {
		var ok bool
		if words[i], ok = trustWords[v]; !ok {
			words[i] = fmt.Sprintf("%#x", v)
		}
	}
	return strings.Join(words, ",")
}

// parseTrust is the reverse of [trust.String].
func parseTrust(s string) (t trust, err error) {
	if s == "" {
		return trust{}, nil
	}
	words := strings.Split(s, ",")
	if len(words) != len(t) {
		return trust{}, fmt.Errorf("trust %q has not four values", s)
	}
	for i, w := range words {
		for v, name := range trustWords {
			if name == w {
				t[i] = v
			}
		}
		if t[i] == 0 {
			v, err := strconv.ParseUint(w, 0, 32)
			if err != nil {
				return trust{}, fmt.Errorf("trust %q: %w", s, err)
			}
			t[i] = uint(v)
		}
	}
	return t, nil
}

// The attributes of a trust object, in the order of a trust's values.
var (
	trustAttributes     = []uint{nss.CKA_TRUST_SERVER_AUTH, nss.CKA_TRUST_CLIENT_AUTH, nss.CKA_TRUST_EMAIL, nss.CKA_TRUST_CODE}
	pkcsTrustAttributes = []uint{nss.CKA_PKCS_TRUST_SERVER_AUTH, nss.CKA_PKCS_TRUST_CLIENT_AUTH, nss.CKA_PKCS_TRUST_EMAIL, nss.CKA_PKCS_TRUST_CODE}
)

// pkcsTrust pairs the values of PKCS#11 3.2 with NSS's own.
var pkcsTrust = map[uint]uint{
	nss.CKT_TRUSTED: nss.CKT_NSS_TRUSTED, nss.CKT_TRUST_ANCHOR: nss.CKT_NSS_TRUSTED_DELEGATOR,
	nss.CKT_NOT_TRUSTED: nss.CKT_NSS_NOT_TRUSTED, nss.CKT_TRUST_MUST_VERIFY_TRUST: nss.CKT_NSS_MUST_VERIFY_TRUST,
	nss.CKT_TRUST_UNKNOWN: nss.CKT_NSS_TRUST_UNKNOWN,
}

// trustFromValues reads the values of a trust object of either class.
func trustFromValues(values [][]byte, pkcs bool) (t trust) {
	for i := range t {
		v, ok := nss.ParseUlong(values[i])
		if !ok {
			v = nss.CKT_NSS_TRUST_UNKNOWN
		} else if pkcs {
			v = pkcsTrust[v]
		}
		t[i] = v
	}
	return t
}

// values returns t as attributes of a trust object of either class.
func (t trust) values(pkcs bool) []nss.Attribute {
	list := make([]nss.Attribute, len(t))
	for i, v := range t {
		if !pkcs {
			list[i] = nss.Ulong(trustAttributes[i], v)
			continue
		}
		list[i] = nss.Ulong(pkcsTrustAttributes[i], nss.CKT_TRUST_UNKNOWN)
		for p, n := range pkcsTrust {
			if n == v {
				list[i] = nss.Ulong(pkcsTrustAttributes[i], p)
			}
		}
	}
	return list
}

// A trustObject is a trust object of either class: NSS 3.114 and later look
// for that of PKCS#11 3.2 first, older ones know their own only.
type trustObject struct {
	handle nss.Handle
	pkcs   bool
	trust  trust
}

// A trustClass is a class of trust objects.
type trustClass struct {
	id         uint
	pkcs       bool
	attributes []uint
}

var trustClasses = []trustClass{{nss.CKO_TRUST, true, pkcsTrustAttributes}, {nss.CKO_NSS_TRUST, false, trustAttributes}}

func (k trustClass) find(s *nss.Session, template ...nss.Attribute) ([]nss.Handle, error) {
	return s.Find(append([]nss.Attribute{nss.Ulong(nss.CKA_CLASS, k.id)}, template...)...)
}

// read returns a trust object and the identity of its certificate. It fails
// if softoken finds a value changed by somebody without the password: NSS
// ignores such an object too.
func (k trustClass) read(s *nss.Session, h nss.Handle) (id string, o trustObject, err error) {
	v, err := s.Values(h, append([]uint{nss.CKA_ISSUER, nss.CKA_SERIAL_NUMBER}, k.attributes...)...)
	if err != nil {
		return "", trustObject{}, err
	}
	return identity(v[0], v[1]), trustObject{h, k.pkcs, trustFromValues(v[2:], k.pkcs)}, nil
}

// trustObjects calls visit for the trust objects that match template, those
// that NSS looks at first in front, along with the identity of the
// certificate of each.
func trustObjects(s *nss.Session, visit func(id string, o trustObject), template ...nss.Attribute) error {
	for _, class := range trustClasses {
		found, err := class.find(s, template...)
		if err != nil {
			return err
		}
		for _, h := range found {
			if id, o, err := class.read(s, h); err == nil { // else deleted meanwhile, or of no use
				visit(id, o)
			}
		}
	}
	return nil
}

// setTrust makes t the trust of c, whose trust objects are old.
func setTrust(s *nss.Session, c *certificate.Certificate, old []trustObject, t trust) error {
	for _, o := range old {
		var err error
		switch {
		case t == trust{}:
			err = s.Destroy(o.handle)
		case o.trust != t:
			err = s.Set(o.handle, t.values(o.pkcs)...)
		}
		if err != nil {
			return err
		}
	}
	if t == (trust{}) || len(old) > 0 {
		return nil
	}
	sha, md := sha1.Sum(c.Raw), md5.Sum(c.Raw)
	_, err := s.Create(append(t.values(false),
		nss.Ulong(nss.CKA_CLASS, nss.CKO_NSS_TRUST), nss.Bool(nss.CKA_TOKEN, true), nss.Bool(nss.CKA_PRIVATE, false), nss.Bool(nss.CKA_MODIFIABLE, true),
		nss.Bytes(nss.CKA_ISSUER, c.RawIssuer), nss.Bytes(nss.CKA_SERIAL_NUMBER, serialDER(c)),
		nss.Bytes(nss.CKA_CERT_SHA1_HASH, sha[:]), nss.Bytes(nss.CKA_CERT_MD5_HASH, md[:]),
		nss.Bool(nss.CKA_TRUST_STEP_UP, false))...)
	return err
}

// serialDER returns the serial number as a DER INTEGER with its tag.
func serialDER(c *certificate.Certificate) []byte {
	return derElement(0x02, c.SerialNumber)
}

// derElement encodes a tag of one octet, the length and the content.
func derElement(tag byte, content []byte) []byte {
	var b bytes.Buffer
	b.WriteByte(tag)
	switch n := len(content); {
	case n < 0x80:
		b.WriteByte(byte(n))
	case n <= 0xFF:
		b.Write([]byte{0x81, byte(n)})
	default:
		b.Write([]byte{0x82, byte(n >> 8), byte(n)})
	}
	b.Write(content)
	return b.Bytes()
}
