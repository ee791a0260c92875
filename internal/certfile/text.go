package certfile

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"
)

const (
	begin  = "-----BEGIN "
	blanks = " \t\r\n\x00\x1a"
)

// Text returns data as text, if it is: UTF-8, Latin-1 or UTF-16, each with or
// without a byte order mark, which is left out.
func Text(data []byte) (string, bool) { return asText(data) }

// asText returns data as text, if it is: UTF-8 or Latin-1 without control
// characters, or UTF-16, each with or without a byte order mark.
func asText(data []byte) (string, bool) {
	if s, ok := fromUTF16(data); ok {
		return s, true
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = bytes.Trim(data, blanks)
	for _, b := range data {
		if b < ' ' && (b < '\t' || b > '\r') {
			return "", false
		}
	}
	return string(data), true
}

// fromUTF16 decodes UTF-16 with a mark, or without one when the first letters
// are ASCII.
func fromUTF16(data []byte) (string, bool) {
	if len(data) < 4 {
		return "", false
	}
	d := data
	var big bool
	switch {
	case d[0] == 0xff && d[1] == 0xfe:
		d = d[2:]
	case d[0] == 0xfe && d[1] == 0xff && d[2] == 0:
		d, big = d[2:], true
	case d[0] != 0 && d[1] == 0 && d[2] != 0 && d[3] == 0:
	case d[0] == 0 && d[1] != 0 && d[2] == 0 && d[3] != 0:
		big = true
	default:
		return "", false
	}
	u := make([]uint16, len(d)/2)
	for i := range u {
		lo, hi := d[2*i], d[2*i+1]
		if big {
			lo, hi = hi, lo
		}
		u[i] = uint16(hi)<<8 | uint16(lo)
	}
	return string(utf16.Decode(u)), true
}

// jsonEscapes are those that a PEM inside a JSON string meets.
var jsonEscapes = strings.NewReplacer(`\r`, "\n", `\n`, "\n", `\t`, " ", `\/`, "/",
	`\u002b`, "+", `\u002B`, "+", `\u002f`, "/", `\u002F`, "/", `\u003d`, "=", `\u003D`, "=")

// text reads a file that is text: PEM, or a binary format in base64 or hex.
func (r *reader) text(s string) error {
	if strings.Contains(s, "-----BEGIN%20") {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
	}
	if strings.Contains(s, begin) {
		if strings.Contains(s, `\`) {
			s = jsonEscapes.Replace(s)
		}
		return r.pem(s)
	}
	if _, content, ok := strings.Cut(s[:min(len(s), 200)], ";base64,"); ok && strings.HasPrefix(s, "data:") {
		s = content + s[min(len(s), 200):]
	}
	s, ok := compact(s)
	if data, isHex := fromHex(s); ok && isHex {
		r.c.Armor = "hex"
		return r.binary(data)
	}
	data, err := fromBase64(s)
	if !ok || err != nil || len(data) == 0 || data[0] != 0x30 && foreign(data) == "" {
		return &Error{"read", "file", "", ErrUnknown}
	}
	r.c.Armor = "base64"
	return r.binary(data)
}

var htmlSpaces = strings.NewReplacer("&nbsp;", "", "&#160;", "", "&#xA0;", "", "&#xa0;", "", "<br>", "", "<br/>", "", "<br />", "",
	`"`, "", "'", "", `\n`, "", `\r`, "", "&#13;", "", "&#10;", "")

// compact removes what is laid between the letters of base64 or hex: spaces of
// all kinds, those of HTML included, and quotes. It gives up on anything else.
func compact(s string) (string, bool) {
	if strings.ContainsAny(s, `&<"'\`) {
		s = strings.TrimPrefix(s, `\x`)
		s = htmlSpaces.Replace(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	for _, c := range s {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.ContainsRune("+/=-_:", c):
			out.WriteByte(byte(c))
		case c != 0 && !unicode.IsSpace(c) && !unicode.Is(unicode.Cf, c):
			return "", false
		}
	}
	return out.String(), true
}

// fromHex decodes hex digits with or without colons and 0x before them.
func fromHex(s string) ([]byte, bool) {
	s = strings.TrimPrefix(s, "0x")
	if !strings.HasPrefix(s, "30") {
		return nil, false
	}
	data, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	return data, err == nil
}

// fromBase64 decodes base64 of either alphabet, padded or not.
func fromBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "-_") {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}
