package certfile

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A block is one PEM block (RFC 7468), its text still in it.
type block struct {
	label  string
	body   string // what is between the two lines
	before string // what is before it, after the last block
}

// pemBlocks cuts s into blocks. Line ends do not matter, so that PEM on a
// single line is read as well; a block without its END runs to the next BEGIN.
func pemBlocks(s string) []block {
	var list []block
	before, s, ok := strings.Cut(s, begin)
	for ok && len(list) <= MaxItems {
		var own string // the block and what follows it, up to the next BEGIN
		own, s, ok = strings.Cut(s, begin)
		label, body, closed := strings.Cut(own, "-----")
		if !closed {
			continue
		}
		body, after, _ := strings.Cut(body, "-----END ")
		list = append(list, block{strings.TrimSpace(label), body, before})
		_, before, _ = strings.Cut(after, "-----")
	}
	return list
}

// withoutHeaders removes the lines of RFC 1421 section 4.6 above the base64,
// their continuations included.
func withoutHeaders(body string) string {
	var out strings.Builder
	inHeader := false
	for line := range strings.Lines(strings.ReplaceAll(body, "\r", "\n")) {
		name, _, colon := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			inHeader = false
		case colon && headerName(strings.TrimSpace(name)):
			inHeader = true
		case !inHeader || line[0] != ' ' && line[0] != '\t':
			out.WriteString(line)
		}
	}
	return out.String()
}

func headerName(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

var dekInfo = regexp.MustCompile(`DEK-Info:\s*([A-Za-z0-9-]+)\s*,\s*([0-9A-Fa-f]+)`)

var procType = regexp.MustCompile(`Proc-Type:\s*4\s*,\s*ENCRYPTED`)

// der returns the octets of the block and, for a key in OpenSSL's own
// encryption, the cipher and the initialization vector.
func (b block) der() (data []byte, cipher string, iv []byte, err error) {
	body := b.body
	if m := dekInfo.FindStringSubmatch(body); m != nil && procType.MatchString(body) {
		cipher = m[1]
		iv, _ = hex.DecodeString(m[2])
		body = procType.ReplaceAllString(dekInfo.ReplaceAllString(body, ""), "")
	}
	if strings.Contains(body, ":") {
		body = withoutHeaders(body)
	}
	body, ok := compact(strings.ReplaceAll(body, ">", ""))
	data, err = fromBase64(body)
	if err != nil || !ok {
		return nil, "", nil, damaged("no base64")
	}
	return data, cipher, iv, nil
}

var (
	bagName  = regexp.MustCompile(`(?m)^\s*friendlyName: ([^\r\n]+)$`)
	bagKeyID = regexp.MustCompile(`(?m)^\s*localKeyID: ([0-9A-F ]+)$`)
)

// attributes returns the bag attributes that openssl pkcs12 writes above a
// block.
func (b block) attributes() attributes {
	var a attributes
	if m := bagName.FindAllStringSubmatch(b.before, -1); m != nil {
		a.friendlyName = strings.TrimSpace(m[len(m)-1][1])
	}
	if m := bagKeyID.FindAllStringSubmatch(b.before, -1); m != nil {
		a.localKeyID, _ = hex.DecodeString(strings.ReplaceAll(m[len(m)-1][1], " ", ""))
	}
	return a
}

// pem reads a text with PEM blocks. One PKCS#12 or PKCS#7 alone counts as such
// a file in PEM armor.
func (r *reader) pem(s string) error {
	blocks := pemBlocks(s)
	if len(blocks) == 0 {
		return &Error{"read", "PEM", "a BEGIN without a label", ErrDamaged}
	}
	var k kind
	for i, b := range blocks {
		var err error
		if k, err = r.pemBlock(b); err != nil {
			return blockError(err, i, b.label, len(blocks))
		}
	}
	if len(blocks) == 1 && (k == kindPKCS12 || k == kindPKCS7) {
		r.c.Armor = "PEM"
		return nil
	}
	r.c.Format, r.c.Encoding = PEM, ""
	if r.items == 0 {
		return &Error{"read", "PEM", "", ErrUnknown}
	}
	return nil
}

// blockError names the block in which err arose.
func blockError(err error, i int, label string, n int) error {
	err = errAt("read", "PEM", err)
	var e *Error
	if errors.As(err, &e) && e.Object == "PEM" && n > 1 {
		at := fmt.Sprintf("block %d (%.40s)", i+1, label)
		if e.Detail != "" {
			at += ": " + e.Detail
		}
		return &Error{e.Op, e.Object, at, e.Err}
	}
	return err
}

// pemBlock reads one block. What is in it counts, not what the label says,
// except that a label tells what to call the unknown.
func (r *reader) pemBlock(b block) (kind, error) {
	data, cipher, iv, err := b.der()
	if err != nil {
		return kindUnknown, err
	}
	if cipher != "" {
		return kindUnknown, r.legacyKey(data, cipher, iv, b.attributes())
	}
	if strings.HasSuffix(b.label, "PARAMETERS") {
		r.mark.parameters = data
		return kindUnknown, r.addOther("parameters")
	}
	el, x, err := first(data)
	k := kindUnknown
	if err == nil {
		k = kindOf(el)
		if x.ber {
			r.c.Encoding = "BER"
		} else if r.c.Encoding == "" {
			r.c.Encoding = "DER"
		}
	}
	switch {
	case k != kindUnknown:
		return k, r.object(el, k, b.attributes())
	case strings.Contains(b.label, "CERTIFICATE") && !strings.Contains(b.label, "ATTRIBUTE"),
		strings.HasPrefix(b.label, "PKCS"), b.label == "CMS",
		strings.HasSuffix(b.label, "PRIVATE KEY") && !strings.HasPrefix(b.label, "OPENSSH"):
		return k, blockDamage(err)
	}
	return k, r.addOther(strings.ToLower(strings.ReplaceAll(fmt.Sprintf("%.40s", b.label), " ", "-")))
}

// blockDamage explains a block that is not what its label says.
func blockDamage(err error) error {
	if err == nil {
		return damaged("not what the label says")
	}
	return err
}
