package exporter

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"certdesk/internal/certificate"
)

// opensslName writes a DER Name as OpenSSL does with XN_FLAG_RFC2253, which is
// what nginx and Apache compare: the last RDN first, and letters outside
// ASCII as \XX if escapeMSB is set (nginx) or as they are (Apache).
func opensslName(der []byte, escapeMSB bool) string {
	in := cryptobyte.String(der)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, asn1.SEQUENCE) {
		return ""
	}
	names := certificate.ParseName(der) // the same attributes, with their labels
	var parts []string
	for len(parts) < len(names) {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, asn1.SET) {
			break
		}
		rdn := names[len(parts)]
		var avs []string
		for len(avs) < len(rdn) {
			var atv, element cryptobyte.String
			var tag asn1.Tag
			if !set.ReadASN1(&atv, asn1.SEQUENCE) || !atv.SkipASN1(asn1.OBJECT_IDENTIFIER) || !atv.ReadAnyASN1Element(&element, &tag) {
				break
			}
			label := rdn[len(avs)].Label()
			avs = append([]string{label + "=" + opensslValue(label, tag, element, escapeMSB)}, avs...)
		}
		parts = append([]string{strings.Join(avs, "+")}, parts...)
	}
	return strings.Join(parts, ",")
}

func opensslValue(label string, tag asn1.Tag, element cryptobyte.String, escapeMSB bool) string {
	known := label != "" && (label[0] < '0' || label[0] > '9')
	var content cryptobyte.String
	full := []byte(element)
	if !known || !element.ReadAnyASN1(&content, &tag) {
		return "#" + strings.ToUpper(hex.EncodeToString(full))
	}
	var text string
	switch tag {
	case asn1.UTF8String:
		text = string(content)
	case 30: // BMPString
		u := make([]uint16, len(content)/2)
		for i := range u {
			u[i] = uint16(content[2*i])<<8 | uint16(content[2*i+1])
		}
		text = string(utf16.Decode(u))
	case 28: // UniversalString
		for i := 0; i+3 < len(content); i += 4 {
			text += string(rune(content[i])<<24 | rune(content[i+1])<<16 | rune(content[i+2])<<8 | rune(content[i+3]))
		}
	case asn1.PrintableString, asn1.T61String, asn1.IA5String, 18, 26, 27:
		for _, b := range content { // OpenSSL takes them for Latin-1
			text += string(rune(b))
		}
	default:
		return "#" + strings.ToUpper(hex.EncodeToString(full))
	}
	return escape2253(text, escapeMSB)
}

// escape2253 escapes what RFC 2253 section 2.4 wants escaped, control
// characters, and on request what is not ASCII.
func escape2253(s string, msb bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case strings.IndexByte(`,+"\<>;`, c) >= 0, i == 0 && (c == '#' || c == ' '), i == len(s)-1 && c == ' ':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f, c >= 0x80 && (msb || !utf8.ValidString(s)):
			fmt.Fprintf(&b, "\\%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
