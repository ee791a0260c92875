package certfile

import (
	"bytes"
	"errors"
	"strings"
)

// A kind is what one ASN.1 element is, told by its structure.
type kind string

const (
	kindPKCS12      kind = "pkcs12"
	kindPKCS7       kind = "pkcs7"
	kindCertificate kind = "certificate"
	kindPKCS8       kind = "pkcs8"
	kindEncrypted   kind = "encrypted pkcs8"
	kindPKCS1       kind = "pkcs1" // RFC 8017 appendix A.1.2
	kindSEC1        kind = "sec1"  // RFC 5915 section 3
	kindDSA         kind = "dsa"   // the key of OpenSSL's "DSA PRIVATE KEY"
	kindCRL         kind = "crl"
	kindRequest     kind = "request"
	kindPublicKey   kind = "public-key"
	kindUnknown     kind = ""
)

// shape writes the tags of parts as letters, the words that kindOf knows:
// i INTEGER, o OCTET STRING, b BIT STRING, d OBJECT IDENTIFIER, s SEQUENCE,
// t a time, 0 to 3 a context tag, ? anything else.
func shape(parts [][]byte) string {
	var s strings.Builder
	for _, p := range parts {
		c := byte('?')
		switch tag := p[0]; {
		case tag == 0x02:
			c = 'i'
		case tag == 0x04 || tag == 0x24:
			c = 'o'
		case tag == 0x03:
			c = 'b'
		case tag == 0x06:
			c = 'd'
		case tag == 0x30:
			c = 's'
		case tag == 0x17 || tag == 0x18:
			c = 't'
		case tag&0xdf >= 0x80 && tag&0xdf <= 0x83:
			c = '0' + tag&3
		}
		s.WriteByte(c)
	}
	return s.String()
}

// kindOf tells what the element el is.
func kindOf(el []byte) kind {
	parts, err := split(el)
	if err != nil || len(parts) == 0 || el[0] != 0x30 {
		return kindUnknown
	}
	s := shape(parts)
	switch {
	case isPFX(parts):
		return kindPKCS12
	case s == "d0" && contentType(el) != "":
		return kindPKCS7
	case s == "iso", s == "iso0", s == "iso1", s == "iso01":
		return kindPKCS8
	case strings.HasPrefix(s, "iiiiiiiii"):
		return kindPKCS1
	case s == "iiiiii":
		return kindDSA
	case s == "io", s == "io0", s == "io1", s == "io01":
		return kindSEC1
	case s == "so":
		return kindEncrypted
	case s == "sb":
		return kindPublicKey
	case s == "ssb":
		return signedKind(parts[0])
	}
	return kindUnknown
}

// signedKind tells a certificate, a CRL and a request apart by what they sign
// (RFC 5280 sections 4.1 and 5.1, RFC 2986 section 4).
func signedKind(tbs []byte) kind {
	parts, err := split(tbs)
	if err != nil {
		return kindCertificate
	}
	switch s := shape(parts); {
	case strings.HasPrefix(s, "sst"), strings.HasPrefix(s, "isst"):
		return kindCRL
	case s == "iss", s == "iss0":
		return kindRequest
	}
	return kindCertificate
}

// detect finds out what data is and reads it.
func (r *reader) detect(data []byte) error {
	if len(bytes.Trim(data, blanks)) == 0 {
		return &Error{"read", "file", "it is empty", ErrUnknown}
	}
	text, ok := asText(data)
	if ok {
		err := r.text(text)
		if !errors.Is(err, ErrUnknown) || data[0] != 0x30 || data[1%len(data)] < 0x80 {
			return err
		}
	}
	err := r.binary(bytes.TrimLeft(data, blanks))
	if errors.Is(err, ErrUnknown) && bytes.Contains(data, []byte(begin)) {
		return r.text(string(data))
	}
	return err
}

// binary reads DER or BER and counts what follows it. Certificates may follow
// one another.
func (r *reader) binary(data []byte) error {
	if name := foreign(data); name != "" {
		return &Error{"read", "file", name, ErrUnsupported}
	}
	el, x, err := first(data)
	if err != nil || data[0] != 0x30 {
		return notBinary(data, err)
	}
	r.c.Encoding = "DER"
	if x.ber {
		r.c.Encoding = "BER"
	}
	k := kindOf(el)
	if k == kindUnknown {
		return &Error{"read", "file", "", ErrUnknown}
	}
	if err := r.object(el, k, attributes{}); err != nil {
		return err
	}
	rest := data[x.size:]
	for k == kindCertificate && len(rest) > 0 && rest[0] == 0x30 {
		el, x, err := first(rest)
		if err != nil || kindOf(el) != kindCertificate {
			break
		}
		if err := r.object(el, kindCertificate, attributes{}); err != nil {
			return errAt("read", "certificate", err)
		}
		rest = rest[x.size:]
	}
	if len(bytes.Trim(rest, blanks)) > 0 {
		r.mark.trailing = len(rest)
	}
	return nil
}

// object reads one element of known kind and sets the format it has when it is
// alone in the file.
func (r *reader) object(el []byte, k kind, a attributes) error {
	switch k {
	case kindPKCS12:
		return r.pkcs12(el)
	case kindPKCS7:
		r.c.Format = PKCS7
		return errAt("read", "PKCS#7", r.pkcs7(el))
	case kindCertificate:
		r.c.Format = DER
		return errAt("read", "certificate", r.addCert(el, a))
	case kindPKCS8, kindPKCS1, kindSEC1, kindDSA:
		r.c.Format = PKCS8
		return errAt("read", "private key", r.plainKey(el, k, a))
	case kindEncrypted:
		r.c.Format = PKCS8
		p, err := decode(el)
		if err == nil {
			err = r.openKey(p, a)
		}
		return errAt("read", "PKCS#8 key", err)
	}
	r.c.Format = DER
	return errAt("read", "file", r.addOther(string(k)))
}

// notBinary says why data is no ASN.1: cut off, or something else.
func notBinary(data []byte, err error) error {
	var cut errTruncated
	starts := len(data) > 4 && data[0] == 0x30 && data[1] >= 0x80 && data[1] <= 0x84
	switch {
	case err == nil, !starts, errors.Is(err, errMalformed) && kindOfStart(data) == "file":
		return &Error{"read", "file", "", ErrUnknown}
	case errors.As(err, &cut) && cut.want > 64*MaxSize:
		return &Error{"read", "file", "", ErrUnknown}
	}
	return errAt("read", kindOfStart(data), err)
}

// kindOfStart names what data began as, before it was cut off.
func kindOfStart(data []byte) string {
	h, err := readHeader(data)
	if err != nil {
		return "file"
	}
	in := data[h.size:]
	switch {
	case bytes.HasPrefix(in, []byte{2, 1, 3, 0x30}):
		return "PKCS#12"
	case bytes.HasPrefix(in, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07")):
		return "PKCS#7"
	case bytes.HasPrefix(in, []byte{2, 1, 0}), bytes.HasPrefix(in, []byte{2, 1, 1}):
		return "private key"
	case len(in) > 0 && in[0] == 0x30:
		return "certificate"
	}
	return "file"
}

// foreign names keystores that are neither ASN.1 nor PEM, by their first
// octets.
func foreign(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}):
		return "Java keystore (JKS)"
	case bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return "Java keystore (JCEKS)"
	case bytes.HasPrefix(data, []byte("SQLite format 3\x00")):
		return "SQLite database"
	}
	return ""
}
