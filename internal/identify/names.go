package identify

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"math/big"
	"regexp"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// How configurations name a certificate.
var (
	certHash   = regexp.MustCompile(`(?i)(?:certhash|thumbprint|certificate hash|cert hash\(sha1\)|fingerprint)\s*[=:]?\s*["']?((?:[0-9a-f]{2}[ :]?){19,31}[0-9a-f]{2})\b`)
	adReversed = regexp.MustCompile(`(?i)X509:<I>([^<]*)<SR>([0-9a-f ]+)`)
	adKey      = regexp.MustCompile(`(?i)X509:<(SKI|SHA1-PUKEY)>([0-9a-f ]+)`)
	serialLine = regexp.MustCompile(`(?i)(?:serial(?:\s?number)?|M_SERIAL\}?)["']?\s*(?:==?|:|eq|-eq)?\s*["']?(?:0x)?((?:[0-9a-f]{2}[ :]?){2,20}[0-9a-f]{2}|[0-9a-f]{2,42})\b`)
	nginxKey   = regexp.MustCompile(`"([^"|]{3,400})\|([0-9A-Fa-f]{2,42})"\s+\S+\s*;`)
	bareHash   = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b`)
	spacedHash = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{2}[ :]){19}[0-9a-f]{2}\b|\b(?:[0-9a-f]{2}[ :]){31}[0-9a-f]{2}\b`)
	mapLine    = regexp.MustCompile(`(?:^|[;{\s])"?([0-9A-F]{8,42})"?\s+\S+\s*;`)
)

const (
	maxNames  = 50
	maxSerial = 21 // octets: 20 of RFC 5280 section 4.1.2.2 and a leading zero
)

// names collects the certificates that a text names.
func (l *look) names(s string) {
	seen := map[Name]bool{}
	add := func(by, value, issuer string) {
		value = strings.ToLower(strings.NewReplacer(" ", "", ":", "").Replace(value))
		n := Name{by, value, strings.TrimSpace(issuer)}
		if !seen[Name{by, value, ""}] && len(l.r.Names) < maxNames && value != "" && len(value)%2 == 0 {
			seen[Name{by, value, ""}] = true
			l.r.Names = append(l.r.Names, n)
		}
	}
	hash := func(v string) {
		v = strings.NewReplacer(" ", "", ":", "").Replace(v)
		switch len(v) {
		case 40:
			add("sha1", v, "")
		case 64:
			add("sha256", v, "")
		}
	}
	plain := l.unseenIn(s)
	for _, m := range adReversed.FindAllStringSubmatch(plain, maxNames) {
		add("serial-reversed", m[2], m[1])
	}
	for _, m := range adKey.FindAllStringSubmatch(plain, maxNames) {
		add(map[string]string{"SKI": "ski", "SHA1-PUKEY": "public-key-sha1"}[strings.ToUpper(m[1])], m[2], "")
	}
	if len(l.r.Names) > 0 {
		return // a line of Active Directory; its hex means nothing else
	}
	for _, m := range nginxKey.FindAllStringSubmatch(plain, maxNames) {
		add("serial", m[2], m[1])
	}
	for _, m := range certHash.FindAllStringSubmatch(plain, maxNames) {
		hash(m[1])
	}
	for _, m := range bareHash.FindAllString(plain, maxNames) {
		hash(m)
	}
	for _, m := range spacedHash.FindAllString(plain, maxNames) {
		hash(m)
	}
	for _, m := range serialLine.FindAllStringSubmatch(plain, maxNames) {
		v := strings.NewReplacer(" ", "", ":", "").Replace(m[1])
		if len(v)%2 == 1 {
			v = "0" + v
		}
		if len(v) <= 42 && !(len(v) == 40 && seen[Name{"sha1", strings.ToLower(v), ""}]) {
			add("serial", v, "")
		}
	}
	if strings.Contains(plain, "ssl_client_serial") {
		for _, m := range mapLine.FindAllStringSubmatch(plain, maxNames) {
			add("serial", m[1], "")
		}
	}
	for _, n := range l.r.Names {
		if n.By == "serial" && n.Issuer == "" && (strings.Contains(plain, "ssl_client_serial") || strings.Contains(plain, "M_SERIAL")) && !strings.Contains(plain, "I_DN") && !strings.Contains(plain, "i_dn") {
			l.problem("serial-alone", finding.Warning, "", "The serial number alone lets in a certificate of any CA that the server trusts with the same number; compare the issuer too.")
		}
	}
}

const wordLength = 8 // letters; a shorter word of a to f alone is a word, not hex

// number takes a number for all that it can be: a thumbprint by its length, a
// serial number in hex, and one in decimal.
func (l *look) number(id certificate.ID) {
	digits := id.Digits
	if digits[0] == '-' || len(digits) > 64 || len(digits) < wordLength && !strings.ContainsAny(digits, "0123456789") {
		return
	}
	add := func(by, value string) {
		if len(value)%2 == 1 {
			value = "0" + value
		}
		l.r.Names = append(l.r.Names, Name{By: by, Value: value})
	}
	switch len(digits) {
	case 40:
		add("sha1", digits)
	case 64:
		add("sha256", digits)
		return
	}
	if len(digits) <= 2*maxSerial {
		add("serial", digits)
	}
	if n, ok := new(big.Int).SetString(digits, 10); ok && !id.Hex {
		add("serial", n.Text(16))
	}
}

// unseenIn removes invisible characters and says so: in a thumbprint they are
// the usual cause of "not found".
func (l *look) unseenIn(s string) string {
	before := len(l.r.Problems)
	plain := l.unseen(s)
	if len(l.r.Problems) > before && !bareHash.MatchString(plain) && !spacedHash.MatchString(plain) {
		l.r.Problems = l.r.Problems[:before] // said again where it is about the base64
	}
	return plain
}

// A Match is a certificate of the stores that the input is, or names.
type Match struct {
	Row *inventory.Row
	By  string // "same", "begins", or the By of a Name
}

// Find looks the certificates of r up in the stores.
func (r Report) Find(inv *inventory.Inventory) []Match {
	var out []Match
	seen := map[*inventory.Row]bool{}
	add := func(row *inventory.Row, by string) {
		if !seen[row] && len(out) < 2*maxNames {
			seen[row] = true
			out = append(out, Match{row, by})
		}
	}
	for _, c := range r.Certificates {
		for _, row := range inv.At(c.Fingerprint()) {
			add(row, "same")
		}
	}
	if len(r.Begins) >= 32 {
		for _, row := range inv.Rows {
			if bytes.HasPrefix(row.DER, r.Begins) {
				add(row, "begins")
			}
		}
	}
	for _, n := range r.Names {
		for _, row := range inv.Rows {
			if n.fits(row.Certificate) {
				add(row, n.By)
			}
		}
	}
	return out
}

// fits reports whether n names c. The issuer's name is not compared: it is
// written in too many ways.
func (n Name) fits(c *certificate.Certificate) bool {
	switch n.By {
	case "sha1":
		return c.SHA1() == n.Value
	case "sha256":
		return c.Fingerprint().String() == n.Value
	case "serial":
		id, ok := certificate.ParseID("0x" + n.Value)
		return ok && c.MatchSerial(id)
	case "serial-reversed":
		return strings.EqualFold(strings.TrimLeft(reverseHex(n.Value), "0"), strings.TrimLeft(hex.EncodeToString(c.SerialNumber), "0"))
	case "ski":
		return len(c.SubjectKeyID) > 0 && hex.EncodeToString(c.SubjectKeyID) == n.Value
	case "public-key-sha1":
		// People put the certificate's own SHA-1 there, whatever the name says.
		for _, b := range [][]byte{c.Raw, c.RawSubjectPublicKeyInfo, c.PublicKeyBits()} {
			if h := sha1.Sum(b); len(b) > 0 && hex.EncodeToString(h[:]) == n.Value {
				return true
			}
		}
	}
	return false
}

func reverseHex(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		return ""
	}
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return hex.EncodeToString(b)
}
