package identify

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"certdesk/internal/certfile"
	"certdesk/internal/finding"
)

// The attribute certificate of a mapping, in XML, PowerShell or JSON, closed
// or not.
var attribute = regexp.MustCompile(`(?is)\bcertificate"?\s*[=:]\s*(?:"([^"]*)|'([^']*))`)

const begin = "-----BEGIN "

// text looks at a text: a mapping, PEM, base64, hex or a line that names a
// certificate.
func (l *look) text(s string) {
	mapping := strings.Contains(strings.ToLower(s), "onetoonemapping") || strings.Contains(strings.ToLower(s), "username")
	if m := attribute.FindStringSubmatch(s); m != nil && (mapping || len(m[1]+m[2]) >= 40) {
		l.strict, l.r.Form = true, Mapping
		l.blob(m[1] + m[2])
		return
	}
	if strings.Contains(s, begin) {
		l.r.Form = PEM
		l.blob(s)
		return
	}
	if data, ok := hexText(s); ok {
		l.r.Form = Hex
		l.iis("hex", CodeBadTag, "It is written in hexadecimal; IIS wants base64.")
		l.object(data)
		return
	}
	l.names(s)
	if len(l.r.Names) > 0 {
		return
	}
	if body := base64Part(s); body != "" {
		l.r.Form = Base64
		l.blob(body)
	}
}

// hexText decodes a text that is hex as a whole and begins like DER.
func hexText(s string) ([]byte, bool) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == ':' }), "")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), `\x`)
	if len(s) < 64 || !strings.HasPrefix(s, "30") {
		return nil, false
	}
	data, err := hex.DecodeString(s)
	return data, err == nil
}

const minBase64 = 40 // letters; less is a word

// base64Part returns the part of s that is base64: all of it, or its longest
// run.
func base64Part(s string) string {
	trimmed := strings.Trim(strings.TrimSpace(s), `"';,<>()[]{}`)
	letters, others := 0, 0
	for _, r := range trimmed {
		switch {
		case isBase64(r):
			letters++
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
		default:
			others++
		}
	}
	if letters >= minBase64 && others*8 < letters && !prose(trimmed) {
		return trimmed
	}
	best := ""
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return !isBase64(r) && !unicode.Is(unicode.Cf, r) }) {
		if len(run) > len(best) {
			best = run
		}
	}
	if len(best) >= 64 {
		return best
	}
	return ""
}

// prose reports whether s has the short words of a sentence rather than the
// long lines of base64.
func prose(s string) bool {
	words := strings.Fields(s)
	longest := 0
	for _, w := range words {
		longest = max(longest, len(w))
	}
	return longest < minBase64 && !strings.HasPrefix(s, "MII")
}

func isBase64(r rune) bool {
	return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=' || r == '-' || r == '_'
}

var (
	beginLine  = regexp.MustCompile(`-----BEGIN [^-]{0,60}-----`)
	endLine    = regexp.MustCompile(`-----END [^-]{0,60}-----`)
	entity     = regexp.MustCompile(`&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});`)
	escape     = regexp.MustCompile(`\\(?:r|n|t|/|u00[0-9a-fA-F]{2})`)
	percent    = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	pemHeader  = regexp.MustCompile(`(?m)^[A-Za-z-]{3,30}: .*$`)
	unescapers = strings.NewReplacer(`\r`, "\n", `\n`, "\n", `\t`, " ", `\/`, "/", `\u002b`, "+", `\u002B`, "+", `\u002f`, "/", `\u002F`, "/", `\u003d`, "=", `\u003D`, "=")
)

// blob says what is wrong with the way base64 is written, and looks at what
// it holds.
func (l *look) blob(s string) {
	if strings.TrimSpace(s) == "" {
		l.r.Kind = Truncated
		l.problem("empty", finding.Error, CodeEOD, "The value is empty.")
		return
	}
	if entity.MatchString(s) {
		s = html.UnescapeString(s)
		l.iis("entities", CodeBadTag, "There are HTML entities in it (such as &#xD;&#xA; or &#43;): it was written by something that took it for text with line breaks.")
	}
	if escape.MatchString(s) {
		s = unescapers.Replace(s)
		l.iis("escapes", CodeBadTag, `There are escape sequences in it (such as \n or \/), as in JSON or program code; outside of that they are letters.`)
	}
	if percent.MatchString(s) && (strings.Contains(s, "%2B") || strings.Contains(s, "%2b") || strings.Contains(s, "%20") || strings.Contains(s, "%2F") || strings.Contains(s, "%0A")) {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
			l.iis("percent", CodeBadTag, "It is percent-encoded, as in an address (%%2B for +).")
		}
	}
	s = l.unseen(s)
	header, footer := beginLine.FindString(s), endLine.FindString(s)
	switch {
	case header != "" && footer == "":
		l.problem("end-missing", finding.Error, CodeEOD, "The BEGIN line is there and the END line is not: it is cut off.")
	case header == "" && footer != "":
		l.problem("begin-missing", finding.Error, CodeBadTag, "The END line is there and the BEGIN line is not.")
	}
	if header != "" || footer != "" {
		l.iis("begin-end", CodeBadTag, "The BEGIN and END lines are in it. PEM files need them; in an IIS mapping only what is between them may stand, on one line.")
		if s = l.fromPEM(s); s == "" {
			return
		}
	}
	trimmed := strings.TrimSpace(s)
	if strings.ContainsAny(trimmed, "\r\n") && header == "" {
		l.iis("line-breaks", CodeEOD, "There are line breaks in it; in an IIS mapping it must be one line.")
	} else if strings.ContainsAny(trimmed, "\r\n") && l.strict {
		l.iis("line-breaks", CodeEOD, "There are line breaks in it; in an IIS mapping it must be one line.")
	}
	if strings.ContainsAny(trimmed, " \t") {
		l.iis("spaces", CodeBadTag, "There are spaces in it.")
	} else if s != trimmed && l.strict {
		l.iis("spaces", CodeBadTag, "There are spaces or line breaks around it.")
	}
	l.decode(strings.Join(strings.Fields(s), ""))
}

// unseen removes characters that take no room on the screen.
func (l *look) unseen(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\ufeff' {
			l.bom("U+FEFF")
			return -1
		}
		if unicode.Is(unicode.Cf, r) || r == 0 {
			l.problem("invisible", finding.Error, CodeBadTag, "There is a character in it that nobody sees (U+%04X). Delete it, or copy the value anew.", r)
			return -1
		}
		if r == '\u00a0' || r == '\u2028' {
			l.problem("invisible", finding.Error, CodeBadTag, "There is a space in it that is none (U+%04X), as word processors and web pages make them.", r)
			return ' '
		}
		return r
	}, s)
}

// fromPEM returns the base64 of the only block; with several it looks at all
// of them and returns "".
func (l *look) fromPEM(s string) string {
	if len(beginLine.FindAllString(s, 3)) > 1 {
		contents, err := certfile.Inspect([]byte(s))
		if err != nil {
			l.r.Kind = Damaged
			l.problem("damaged", finding.Error, CodeBadTag, "The PEM blocks could not be read: %v.", err)
			return ""
		}
		defer contents.Wipe()
		for _, c := range contents.Certificates {
			l.r.Certificates = append(l.r.Certificates, c.Certificate)
		}
		l.r.Kind = kindOf(contents)
		l.wrongObject(contents)
		return ""
	}
	if at := beginLine.FindStringIndex(s); at != nil {
		if strings.Contains(s[at[0]:at[1]], "PRIVATE KEY") { // also encrypted ones, which have headers
			l.r.Kind = PrivateKey
			l.wrongObject(nil)
			return ""
		}
		s = s[at[1]:]
	}
	if at := endLine.FindStringIndex(s); at != nil {
		s = s[:at[0]]
	} else if i := strings.Index(s, "-----"); i >= 0 {
		s = s[:i]
	}
	s = pemHeader.ReplaceAllString(s, "")
	if strings.TrimSpace(s) == "" {
		l.r.Kind = Truncated
		l.problem("empty", finding.Error, CodeEOD, "There is nothing between the BEGIN and END lines.")
		return ""
	}
	return s
}

// decode looks at base64 without anything between its letters.
func (l *look) decode(s string) {
	if i := strings.IndexFunc(s, func(r rune) bool { return !isBase64(r) }); i >= 0 {
		r := []rune(s[i:])[0]
		l.r.Kind = Damaged
		l.problem("odd-character", finding.Error, CodeBadTag, "The character %q at position %d does not belong into base64.", r, len([]rune(s[:i]))+1)
		return
	}
	if strings.ContainsAny(s, "-_") {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
		l.iis("url-base64", CodeBadTag, "It is base64 for addresses (with - and _); IIS wants + and /.")
	}
	body := strings.TrimRight(s, "=")
	if i := strings.IndexByte(body, '='); i >= 0 {
		l.problem("joined", finding.Error, CodeBadTag, "There is an = in the middle: two values were joined.")
		body = body[:i]
	}
	cut := len(body)%4 == 1
	if cut {
		body = body[:len(body)-1]
	}
	der, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil || len(der) == 0 {
		l.r.Kind = Damaged
		l.problem("damaged", finding.Error, CodeBadTag, "It is no base64.")
		return
	}
	if text, ok := certfile.Text(der); ok && strings.Contains(text, begin) || strings.HasPrefix(string(der), "MII") {
		inner := &look{strict: l.strict}
		inner.blob(text)
		l.r.Kind, l.r.Certificates, l.r.Begins = inner.r.Kind, inner.r.Certificates, inner.r.Begins
		l.problem("twice", finding.Error, CodeBadTag, "It was encoded twice: what it decodes to is base64 or PEM itself.")
		return
	}
	l.object(der)
	switch {
	case l.r.Kind == Truncated:
	case cut:
		l.problem("truncated", finding.Error, CodeEOD, "The number of its letters is not possible for base64: at least one is missing or too many.")
	case len(s)%4 != 0:
		l.iis("padding", CodeBadTag, "The = at the end is missing: the number of letters is no multiple of 4.")
	}
}
