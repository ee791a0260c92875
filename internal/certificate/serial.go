package certificate

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strings"
	"unicode"
)

// Serials are the spellings of one serial number that other programs show.
type Serials struct {
	Windows string `json:"windows"` // all content octets, lowercase: MMC, certutil, .NET
	Spaced  string `json:"spaced"`  // the same with spaces: the old Windows dialog
	OpenSSL string `json:"openssl"` // uppercase, no leading 00: openssl, nginx, Apache
	Colon   string `json:"colon"`   // all octets with colons: NSS, Firefox
	Decimal string `json:"decimal"` // Java BigInteger, databases
	Java    string `json:"java"`    // lowercase without leading zeros: keytool
	Text    string `json:"text"`    // openssl -text: lowercase with colons, no leading 00
	Hex     string `json:"hex"`     // 0x and the digits of Java
	// Reversed is the byte order of Active Directory's X509:<I>..<SR> mapping;
	// the leading 00 is not part of it.
	Reversed string `json:"reversed"`
}

// SerialInt returns the value of a DER INTEGER's content octets.
func SerialInt(octets []byte) *big.Int {
	n := new(big.Int).SetBytes(octets)
	if len(octets) > 0 && octets[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(octets))*8))
	}
	return n
}

// SerialsOf renders content octets in every spelling.
func SerialsOf(octets []byte) Serials {
	if len(octets) == 0 {
		return Serials{}
	}
	n := SerialInt(octets)
	sign, abs := "", new(big.Int).Abs(n)
	if n.Sign() < 0 {
		sign = "-"
	}
	magnitude := abs.Bytes()
	if len(magnitude) == 0 {
		magnitude = []byte{0}
	}
	stripped := bytes.TrimLeft(octets, "\x00")
	if len(stripped) == 0 {
		stripped = []byte{0}
	}
	reversed := bytes.Clone(stripped)
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	return Serials{
		Windows:  hex.EncodeToString(octets),
		Spaced:   separated(octets, " "),
		OpenSSL:  sign + strings.ToUpper(hex.EncodeToString(magnitude)),
		Colon:    separated(octets, ":"),
		Decimal:  n.String(),
		Java:     n.Text(16),
		Text:     sign + separated(magnitude, ":"),
		Hex:      sign + "0x" + abs.Text(16),
		Reversed: strings.ToUpper(hex.EncodeToString(reversed)),
	}
}

func separated(octets []byte, sep string) string {
	parts := make([]string, len(octets))
	for i := range octets {
		parts[i] = hex.EncodeToString(octets[i : i+1])
	}
	return strings.Join(parts, sep)
}

// Serials returns the spellings of the certificate's serial number.
func (c *Certificate) Serials() Serials { return SerialsOf(c.SerialNumber) }

// An ID is a thumbprint or serial number as somebody spelled it, reduced to
// what identifies it.
type ID struct {
	Digits string // lowercase hex digits, or decimal ones, perhaps with a minus sign
	Hex    bool   // spelled so that it cannot be decimal: 0x, colons, letters
}

// ParseID reads a thumbprint or serial number in any spelling: upper or lower
// case, with spaces, colons or 0x, with the invisible characters that Windows'
// dialog adds, behind "serial=" or "SHA256:". ok is false when it is none.
func ParseID(s string) (id ID, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.LastIndexByte(s, '='); i >= 0 {
		s = s[i+1:]
	}
	for _, prefix := range []string{"sha256:", "sha-256:", "sha1:", "sha-1:"} {
		s = strings.TrimPrefix(s, prefix)
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 'a' && r <= 'f':
			id.Hex = true
			b.WriteRune(r)
		case r == 'x' && (b.String() == "0" || b.String() == "-0"):
			id.Hex = true
			b.Reset()
		case (r == '-' || r == '\u2212') && b.Len() == 0: // or a typeset minus
			b.WriteByte('-')
		case r == ':':
			id.Hex = true
		case unicode.IsSpace(r), r == '-', r == '.', r == '_', unicode.Is(unicode.Cf, r), r == '\ufeff':
		default:
			return ID{}, false
		}
	}
	id.Digits = b.String()
	return id, strings.TrimPrefix(id.Digits, "-") != ""
}

// MatchSerial reports whether id spells the serial number: in hex modulo
// leading zeros, or in decimal.
func (c *Certificate) MatchSerial(id ID) bool {
	if len(c.SerialNumber) == 0 || c.tooLong(id) {
		return false
	}
	trim := func(s string) string {
		if t := strings.TrimLeft(s, "0"); t != "" {
			return t
		}
		return "0"
	}
	number := SerialInt(c.SerialNumber)
	return trim(id.Digits) == trim(hex.EncodeToString(c.SerialNumber)) || id.Digits == number.Text(16) ||
		!id.Hex && trim(id.Digits) == number.String()
}

// tooLong reports whether id is as long as a thumbprint, begins with zeros, and
// the serial number is not of that length: the zeros are not taken off until
// something fits.
func (c *Certificate) tooLong(id ID) bool {
	n := len(id.Digits)
	return (n == 2*sha1.Size || n == 2*sha256.Size) && n > 2*len(c.SerialNumber)+2 && id.Digits[0] == '0'
}

// A Match says how an ID fits a certificate.
type Match int

// The matches.
const (
	MatchNone   Match = iota
	MatchPrefix       // its digits begin a thumbprint or the serial number
	MatchExact
)

const minPrefix = 8 // hex digits of a thumbprint or serial that may stand for the whole

// Match compares an ID with the thumbprints and the serial number.
func (c *Certificate) Match(id ID) Match {
	digits := id.Digits
	long, short := c.Fingerprint().String(), c.SHA1()
	if digits == long || digits == short || c.MatchSerial(id) {
		return MatchExact
	}
	serial, stripped := hex.EncodeToString(c.SerialNumber), strings.TrimLeft(digits, "0")
	if len(digits) >= minPrefix && (strings.HasPrefix(long, digits) || strings.HasPrefix(short, digits) ||
		strings.HasPrefix(serial, digits) || !c.tooLong(id) && len(stripped) >= minPrefix && strings.HasPrefix(strings.TrimLeft(serial, "0"), stripped)) {
		return MatchPrefix
	}
	return MatchNone
}
