package explain

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Limits on what is looked at.
const (
	MaxInput   = 256 << 10 // bytes; more is cut off
	maxMatches = 40
)

// A Match is a code found in a text.
type Match struct {
	Code  *Code
	Found string // as it was spelled there
}

// A Result is what a text holds.
type Result struct {
	Matches     []Match  // in the order of the text, each code once
	Unknown     []string // what looks like a code and is none that we know
	Suggestions []string // the nearest codes, where nothing was found
	// Named are the thumbprints in the text, lowercase hex.
	Named []string
	// Invisible is true when the text has characters that nobody sees and
	// that programs trip over, such as the U+200E of Windows' dialog.
	Invisible bool
	Cut       bool // the text was longer than [MaxInput]
}

// Parse finds codes in s: one code in any spelling, a phrase of an error
// message, a line of an IIS log, the text of an event.
func Parse(s string) Result {
	p := &parser{seen: map[*Code]bool{}}
	if len(s) > MaxInput {
		s, p.r.Cut = s[:MaxInput], true
	}
	s = p.visible(s)
	words := strings.Fields(s)
	switch {
	case len(words) == 0:
		return p.r
	case len(words) == 1:
		p.word(words[0])
	default:
		if c := byName[fold(s)]; c != nil && len(s) < 200 {
			p.add(c, strings.Join(words, " "))
			break
		}
		rest := p.logLines(s)
		p.codes(rest)
		p.phrases(rest)
	}
	p.named(s)
	p.order(s)
	if len(p.r.Matches) == 0 {
		p.r.Suggestions = suggest(words)
	}
	return p.r
}

type parser struct {
	r    Result
	seen map[*Code]bool
	log  bool // lines of a log were read: their order counts
}

func (p *parser) add(c *Code, found string) {
	if c != nil && !p.seen[c] && len(p.r.Matches) < maxMatches {
		p.seen[c] = true
		p.r.Matches = append(p.r.Matches, Match{c, found})
	}
}

func (p *parser) unknown(s string) {
	if len(p.r.Unknown) < maxMatches && !slices.Contains(p.r.Unknown, s) {
		p.r.Unknown = append(p.r.Unknown, s)
	}
}

// visible removes characters that take no room on the screen.
func (p *parser) visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r) || r == '\ufeff':
			p.r.Invisible = true
			return -1
		case r == '\u00a0' || unicode.IsControl(r) && r != '\n':
			return ' '
		case r == '\u2212' || r == '\u2013': // typeset minus signs
			return '-'
		}
		return r
	}, s)
}

const around = `"'()[]{}<>,;:!?«»„“”`

// word looks up a query of one word, where bare numbers count too.
func (p *parser) word(w string) {
	shown := strings.Trim(w, around)
	shown = strings.TrimRight(shown, ".")
	for _, prefix := range []string{"net::", "NET::", "http:", "HTTP:"} {
		shown = strings.TrimPrefix(shown, prefix)
	}
	if len(shown) > 200 {
		p.codes(w)
		p.phrases(w)
		return
	}
	if c := byName[fold(shown)]; c != nil {
		p.add(c, shown)
	}
	if status, err := strconv.Atoi(shown); err == nil && status >= 100 && status < 600 && len(p.r.Matches) > 0 {
		return // 403, not Win32 error 403
	}
	if v, ok := signExtended(shown); ok {
		p.add(byValue[v], shown)
	}
	if n, err := strconv.ParseInt(shown, 10, 64); err == nil {
		p.number(n, shown, true)
	}
	if len(p.r.Matches) == 0 {
		p.codes(w)
		p.phrases(w)
	}
	if len(p.r.Matches) == 0 {
		p.unknown(shown)
	}
}

// signExtended is hexValue for what 64-bit programs print, too.
func signExtended(s string) (uint32, bool) {
	l := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(s, "L"), "h"))
	if rest, ok := strings.CutPrefix(l, "0xffffffff"); ok && len(rest) == 8 {
		l = "0x" + rest
	}
	return hexValue(l)
}

// number adds what a decimal number means. Small numbers mean several things;
// alone says that the number was the whole question.
func (p *parser) number(n int64, shown string, alone bool) {
	before := len(p.r.Matches)
	for _, c := range byNum[n] {
		if n < 0 || alone {
			p.add(c, shown)
		}
	}
	if v, ok := HResult(n); ok {
		p.add(byValue[v], shown)
		if alone && v != uint32(n) { // 0x00090320 in decimal is no Win32 error
			p.add(byValue[uint32(n)], shown)
		}
	}
	if alone {
		p.add(byEvent[n], shown)
		p.add(byAlert[n], shown)
	}
	if len(p.r.Matches) == before && (n < -1000 || n >= 1<<31 && n < 1<<32) {
		p.unknown(shown)
	}
}

var (
	logStart  = regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d`)
	onlyDigit = regexp.MustCompile(`^\d{1,10}$`)
)

// logLines reads the lines of s that come from an IIS log (W3C format) or are
// just its three numbers, and returns the others.
func (p *parser) logLines(s string) string {
	var rest strings.Builder
	var fields []string
	for line := range strings.Lines(s) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "#Fields:"):
			fields = words[1:]
		case strings.HasPrefix(line, "#"):
		case logStart.MatchString(line) && p.logLine(words, fields), numbersOnly(words) && p.logLine(words, nil):
			p.log = true
		default:
			rest.WriteString(line)
		}
	}
	return rest.String()
}

func numbersOnly(words []string) bool {
	for _, w := range words {
		if !onlyDigit.MatchString(w) {
			return false
		}
	}
	return len(words) == 2 || len(words) == 3
}

// logLine adds status, substatus and Win32 status of one line.
func (p *parser) logLine(words, fields []string) bool {
	at := slices.Index(fields, "sc-status")
	if at < 0 || at >= len(words) || len(words) != len(fields) {
		at = statusAt(words)
	}
	if at < 0 {
		return false
	}
	num := func(i int) int64 {
		if i >= len(words) {
			return 0
		}
		n, err := strconv.ParseInt(words[i], 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	status, sub, win32 := num(at), num(at+1), num(at+2)
	if status < 100 || status > 999 {
		return false
	}
	spelled := strconv.FormatInt(status, 10)
	if sub != 0 || status == 500 {
		spelled += "." + strconv.FormatInt(sub, 10)
	}
	if status >= 400 {
		if c := byName[spelled]; c != nil {
			p.add(c, spelled)
		} else {
			p.add(byName[strconv.FormatInt(status, 10)], spelled)
			p.unknown(spelled)
		}
	}
	if v, ok := HResult(win32); ok && win32 != 0 {
		if c := byValue[v]; c != nil {
			p.add(c, words[at+2])
		} else if status >= 400 {
			p.unknown(words[at+2])
		}
	}
	return true
}

// statusAt finds sc-status in a line without a header: the first number of
// three digits in the run of numbers at the line's end, which is followed by
// the substatus and the Win32 status.
func statusAt(words []string) int {
	start := len(words)
	for start > 0 && onlyDigit.MatchString(words[start-1]) {
		start--
	}
	for i := start; i < len(words); i++ {
		if n, _ := strconv.Atoi(words[i]); len(words[i]) == 3 && n >= 100 && n < 600 && i+1 < len(words) && len(words[i+1]) <= 3 {
			return i
		}
	}
	return -1
}

var (
	hexCode    = regexp.MustCompile(`(?i)\b0x(?:ffffffff)?[0-9a-f]{5,8}\b|\b[89c][0-9a-f]{7}\b|\b0308010c\b`)
	symbol     = regexp.MustCompile(`\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+\b|\berrS[A-Za-z0-9]+\b|\bAH0\d{4}\b|\bRemoteCertificate[A-Za-z]+\b|\bUnauthorizedAccessException\b`)
	bigDecimal = regexp.MustCompile(`-\d{4,10}\b|\b\d{9,10}\b`)
	httpError  = regexp.MustCompile(`(?i)\bHTTP(?:/[\d.]+)?(?:[ -]+(?:error|status|code))*\s*:?\s*(\d{3}(?:\.\d{1,3})?)\b`)
	substatus  = regexp.MustCompile(`\b(?:40[013]|413|500)\.\d{1,2}\b`)
	eventID    = regexp.MustCompile(`(?i)\bevent\s*(?:id)?\s*[:=#]?\s*(\d{5})\b`)
	alertCode  = regexp.MustCompile(`(?i)\balert(?:\s+(?:code|number|description|message|value|is|of|was))*\s*[:=(]?\s*(\d{1,3})\b`)
	errorCode  = regexp.MustCompile(`(?i)(?:\b(?:error|errorcode|win32|win32-status|win32status|hresult|lasterror|result|exit code|code)\b)[ :=#("]{1,4}(?:code|is|number)?[ :=#("]{0,3}(-?\d{1,10})\b`)
	sslVerify  = regexp.MustCompile(`(?i)\b(?:error|num=|verify return code:?|verify error:?\s*num=|Error \()\s*\(?(\d{1,2})\)?(?::| at \d+ depth| \(| ?- ?|\))`)
)

// codes adds the codes of a running text. Bare small numbers in it mean
// nothing: there has to be a word that says what they are.
func (p *parser) codes(s string) {
	for _, m := range httpError.FindAllStringSubmatch(s, maxMatches) {
		if c := byName[m[1]]; c != nil {
			p.add(c, m[1])
		} else {
			p.unknown(m[1])
		}
	}
	for _, m := range substatus.FindAllString(s, maxMatches) {
		p.add(byName[m], m)
	}
	for _, m := range hexCode.FindAllString(s, 4*maxMatches) {
		v, _ := signExtended(m)
		if c := byValue[v]; c != nil {
			p.add(c, m)
		} else if c := byName[fold(m)]; c != nil {
			p.add(c, m)
		} else if v>>28 == 8 || v>>28 == 0xc {
			p.unknown(m)
		}
	}
	for _, m := range symbol.FindAllString(s, 40*maxMatches) {
		p.add(byName[fold(m)], m)
	}
	for _, m := range bigDecimal.FindAllString(s, 4*maxMatches) {
		if n, err := strconv.ParseInt(m, 10, 64); err == nil {
			p.number(n, m, false)
		}
	}
	for _, m := range eventID.FindAllStringSubmatch(s, maxMatches) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		p.add(byEvent[n], "event "+m[1])
	}
	for _, m := range alertCode.FindAllStringSubmatch(s, maxMatches) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		p.add(byAlert[n], "alert "+m[1])
	}
	for _, m := range sslVerify.FindAllStringSubmatch(s, maxMatches) {
		p.add(byName["opensslverify"+m[1]], m[1])
	}
	for _, at := range errorCode.FindAllStringSubmatchIndex(s, maxMatches) {
		digits, next := s[at[2]:at[3]], s[at[3]:min(len(s), at[3]+1)]
		n, _ := strconv.ParseInt(digits, 10, 64)
		if status := byName[digits]; status == nil || status.Kind != HTTP {
			p.number(n, digits, false)
		} else if next != "." {
			p.add(status, digits)
		}
	}
}

// A phrase is a text that stands for a code.
type phrase struct {
	text string // lower case
	code *Code
}

var allPhrases []phrase

func init() {
	for _, c := range codes {
		for _, t := range c.Phrases {
			allPhrases = append(allPhrases, phrase{t, c})
		}
		if t := strings.TrimRight(strings.ToLower(c.Text), "."); len(t) >= 20 {
			allPhrases = append(allPhrases, phrase{t, c})
		}
		if c.Kind == OpenSSL || c.Kind == Java {
			if t := strings.ToLower(c.Name); len(t) >= 15 {
				allPhrases = append(allPhrases, phrase{t, c})
			}
		}
	}
	slices.SortStableFunc(allPhrases, func(a, b phrase) int { return cmp.Compare(len(b.text), len(a.text)) })
}

// phrases adds codes whose words stand in s, the longest phrase first; what
// it covers counts for no other.
func (p *parser) phrases(s string) {
	lower := strings.ToLower(strings.Join(strings.Fields(s), " "))
	for _, ph := range allPhrases {
		if strings.Contains(lower, ph.text) {
			p.add(ph.code, ph.text)
			lower = strings.ReplaceAll(lower, ph.text, "\x00")
		}
	}
}

var thumbprint = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{64}|[0-9a-f]{40}|(?:[0-9a-f]{2}[ :-]){31}[0-9a-f]{2}|(?:[0-9a-f]{2}[ :-]){19}[0-9a-f]{2})\b`)

// named collects thumbprints.
func (p *parser) named(s string) {
	for _, m := range thumbprint.FindAllString(s, maxMatches) {
		m = strings.ToLower(strings.NewReplacer(" ", "", ":", "", "-", "").Replace(m))
		if !slices.Contains(p.r.Named, m) {
			p.r.Named = append(p.r.Named, m)
		}
	}
}

// order sorts matches by where they stand in the text, unless a log was read.
func (p *parser) order(s string) {
	if p.log || len(p.r.Matches) < 2 {
		return
	}
	lower := strings.ToLower(s)
	at := func(m Match) int {
		if i := strings.Index(lower, strings.ToLower(m.Found)); i >= 0 {
			return i
		}
		return len(lower)
	}
	if len(lower) <= 64<<10 {
		slices.SortStableFunc(p.r.Matches, func(a, b Match) int { return cmp.Compare(at(a), at(b)) })
	}
}
