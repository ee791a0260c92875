package certfile

import "unicode/utf16"

// A form is one way of turning a password into the octets of a derivation.
type form struct {
	secret []byte
	name   string // "empty" or "absent" for those of the empty password
}

// forms returns the forms to try, the standard's first. bmp asks for those of
// the PKCS#12 derivation (RFC 7292 appendix B.1), otherwise for those of
// PKCS#5. No password given counts as the empty one.
func (p Password) forms(bmp bool) []form {
	if len(p.Text) == 0 {
		two := []byte{0, 0}
		if bmp {
			return []form{{two, "empty"}, {nil, "absent"}}
		}
		return []form{{nil, "empty"}, {two, "empty"}}
	}
	utf := form{secret: p.Text}
	wide := form{secret: bmpString(p.Text)}
	latin, fits := latin1(p.Text)
	var list []form
	if bmp {
		list = []form{wide}
		if !p.ascii() { // OpenSSL before 1.1.0 widened each octet of UTF-8
			list = append(list, form{secret: widen(p.Text)})
		}
		return list
	}
	list = []form{utf}
	if !p.ascii() && fits {
		list = append(list, form{secret: latin})
	}
	return append(list, wide) // NSS before 3.35 gave PBES2 the BMPString
}

// bmpString returns text in UTF-16, big-endian, with two zero octets after it.
func bmpString(text []byte) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(string(text))) {
		out = append(out, byte(u>>8), byte(u))
	}
	return append(out, 0, 0)
}

func widen(text []byte) []byte {
	var out []byte
	for _, b := range text {
		out = append(out, 0, b)
	}
	return append(out, 0, 0)
}

// latin1 returns text in ISO 8859-1, if it fits.
func latin1(text []byte) ([]byte, bool) {
	var out []byte
	for _, r := range string(text) {
		if r > 0xff {
			return nil, false
		}
		out = append(out, byte(r))
	}
	return out, true
}

func (p Password) ascii() bool {
	for _, b := range p.Text {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
