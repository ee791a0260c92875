package certificate

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A Name is a distinguished name, its RDNs in the order of the encoding.
type Name [][]Attribute

// An Attribute is one type and value of a distinguished name.
type Attribute struct {
	OID   string
	Value string
}

var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.17": "postalCode",
	"2.5.4.42": "GN", "2.5.4.15": "businessCategory", "2.5.4.97": "organizationIdentifier", "2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym",
	"0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
	"1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
}

// Label returns the attribute type's usual short name, or its OID.
func (a Attribute) Label() string {
	if n, ok := attributeNames[a.OID]; ok {
		return n
	}
	return a.OID
}

// ParseName reads a DER Name as far as it can.
func ParseName(der []byte) Name {
	in := cryptobyte.String(der)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, asn1.SEQUENCE) {
		return nil
	}
	var name Name
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, asn1.SET) {
			break
		}
		var rdn []Attribute
		for !set.Empty() {
			var atv, value cryptobyte.String
			var tag asn1.Tag
			if !set.ReadASN1(&atv, asn1.SEQUENCE) {
				break
			}
			oid, ok := readOID(&atv)
			if !ok || !atv.ReadAnyASN1(&value, &tag) {
				break
			}
			rdn = append(rdn, Attribute{oid, directoryString(tag, value)})
		}
		if len(rdn) > 0 {
			name = append(name, rdn)
		}
	}
	return name
}

// Subject returns the decoded subject.
func (c *Certificate) Subject() Name { return ParseName(c.RawSubject) }

// Issuer returns the decoded issuer.
func (c *Certificate) Issuer() Name { return ParseName(c.RawIssuer) }

// String returns the name in the form of RFC 4514: the last RDN first,
// separated by commas.
func (n Name) String() string { return n.join(true, ",") }

// Forward returns the name with its RDNs in the order of the encoding, as
// OpenSSL's -nameopt without RFC 2253 and many partners write it.
func (n Name) Forward() string { return n.join(false, ", ") }

func (n Name) join(reverse bool, sep string) string {
	var b strings.Builder
	for i := range n {
		rdn := n[i]
		if reverse {
			rdn = n[len(n)-1-i]
		}
		if i > 0 {
			b.WriteString(sep)
		}
		for j, a := range rdn {
			if j > 0 {
				b.WriteByte('+')
			}
			b.WriteString(a.Label())
			b.WriteByte('=')
			b.WriteString(escape(a.Value))
		}
	}
	return b.String()
}

// escape quotes what RFC 4514 section 2.4 wants quoted.
func escape(s string) string {
	if s == "" || !strings.ContainsAny(s, `,+"\<>;`) && !strings.ContainsAny(s[:1], " #") && s[len(s)-1] != ' ' {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case strings.ContainsRune(`,+"\<>;`, r), i == 0 && (r == ' ' || r == '#'), i == len(s)-1 && r == ' ':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Value returns the last value of the attribute labelled label, or "".
func (n Name) Value(label string) string {
	for i := len(n) - 1; i >= 0; i-- {
		for _, a := range n[i] {
			if a.Label() == label {
				return a.Value
			}
		}
	}
	return ""
}

// CommonName returns the subject's CN, or the next best thing to show a
// person: the first alternative name, the O or OU, the whole subject, the
// serial number.
func (c *Certificate) CommonName() string {
	n := c.Subject()
	if cn := n.Value("CN"); cn != "" {
		return cn
	}
	for _, a := range c.AltNames {
		if a.Value != "" {
			return a.Value
		}
	}
	for _, label := range []string{"OU", "O"} {
		if v := n.Value(label); v != "" {
			return v
		}
	}
	if s := n.String(); s != "" {
		return s
	}
	if len(c.SerialNumber) > 0 {
		return "serial " + hex.EncodeToString(c.SerialNumber)
	}
	return "certificate " + c.Fingerprint().String()[:8]
}

// IssuerName returns the issuer's CN, else O or OU, else the whole name.
func (c *Certificate) IssuerName() string {
	n := c.Issuer()
	for _, label := range []string{"CN", "OU", "O"} {
		if v := n.Value(label); v != "" {
			return v
		}
	}
	return n.String()
}

func directoryString(tag asn1.Tag, raw []byte) string {
	switch tag {
	case 30: // BMPString
		if len(raw)%2 == 0 {
			u := make([]uint16, len(raw)/2)
			for i := range u {
				u[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
			}
			return printable(string(utf16.Decode(u)))
		}
	case 28: // UniversalString
		if len(raw)%4 == 0 {
			var b strings.Builder
			for i := 0; i < len(raw); i += 4 {
				b.WriteRune(rune(raw[i])<<24 | rune(raw[i+1])<<16 | rune(raw[i+2])<<8 | rune(raw[i+3]))
			}
			return printable(b.String())
		}
	case asn1.UTF8String, asn1.PrintableString, asn1.T61String, asn1.IA5String, 18, 26, 27:
		return printable(string(raw))
	}
	return "#" + hex.EncodeToString(raw)
}

// printable makes s valid UTF-8 (reading it as Latin-1 where it is not) and
// replaces control and direction-changing characters, so that a name can
// neither break a terminal nor hide what it is.
func printable(s string) string {
	clean := utf8.ValidString(s)
	if clean {
		for i := 0; i < len(s); i++ {
			if s[i] < 0x20 || s[i] >= 0x7f {
				clean = false
				break
			}
		}
		if clean {
			return s
		}
	}
	runes := []rune(s)
	if !utf8.ValidString(s) {
		runes = runes[:0]
		for i := 0; i < len(s); i++ {
			runes = append(runes, rune(s[i]))
		}
	}
	for i, r := range runes {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			runes[i] = '\ufffd'
		}
	}
	return string(runes)
}

// oids remembers the dotted form of the identifiers met so far: a store
// holds the same twenty in every certificate.
var oids sync.Map // string(content octets) → string

const maxRemembered = 64 // octets; longer identifiers are somebody's joke

// dotted renders the content octets of an OBJECT IDENTIFIER.
func dotted(raw []byte) string {
	if known, ok := oids.Load(string(raw)); ok {
		return known.(string)
	}
	if len(raw) > 4*maxRemembered {
		return "#" + hex.EncodeToString(raw[:maxRemembered]) // rendering takes the square of its length
	}
	s := renderOID(raw)
	if len(raw) <= maxRemembered && remembered.Add(1) < 10_000 {
		oids.Store(string(raw), s)
	}
	return s
}

var remembered atomic.Int32 // identifiers in oids, so that a hostile store cannot fill the memory

func renderOID(raw []byte) string {
	var parts []string
	v := new(big.Int)
	for _, b := range raw {
		v.Lsh(v, 7).Or(v, big.NewInt(int64(b&0x7f)))
		if b&0x80 != 0 {
			continue
		}
		if len(parts) == 0 {
			first := int64(2)
			if v.IsInt64() && v.Int64() < 80 {
				first = v.Int64() / 40
			}
			v.Sub(v, big.NewInt(40*first))
			parts = append(parts, strconv.FormatInt(first, 10))
		}
		parts = append(parts, v.String())
		v.SetInt64(0)
	}
	return strings.Join(parts, ".")
}
