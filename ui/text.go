package ui

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/placement"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// words fills the placeholders {{.Name}} of a text.
type words map[string]any

const day = 24 * time.Hour

// date returns the day of t, in UTC as certificates have it.
func date(t time.Time) string {
	if t.IsZero() {
		return lang.X("date.unknown", "unknown")
	}
	return t.UTC().Format("2006-01-02")
}

// moment returns t to the second.
func moment(t time.Time) string {
	if t.IsZero() {
		return date(t)
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// relatives remembers what relative found: the list asks for it in each row.
var relatives = map[string]string{}

// relative returns how far t is from now, in words.
func relative(t, now time.Time) string {
	if t.IsZero() {
		return date(t)
	}
	left := t.Sub(now)
	past := left < 0
	if past {
		left = -left
	}
	days := int(left / day)
	unit, n := "years", strconv.FormatFloat(float64(days)/365.25, 'f', 1, 64)
	switch {
	case days == 0:
		unit, n = "today", ""
	case days == 1:
		unit, n = "day", ""
	case days < 60:
		unit, n = "days", strconv.Itoa(days)
	case days < 730:
		unit, n = "months", strconv.Itoa(int(float64(days)/30.44))
	}
	n = strings.TrimSuffix(n, ".0")
	key := unit + n
	if past {
		key += "-"
	}
	if s, ok := relatives[key]; ok {
		return s
	}
	relatives[key] = relativeWords(unit, n, past)
	return relatives[key]
}

func relativeWords(unit, n string, past bool) string {
	w := words{"N": n}
	switch {
	case unit == "today" && past:
		return lang.X("date.hoursAgo", "hours ago")
	case unit == "today":
		return lang.X("date.today", "today")
	case unit == "day" && past:
		return lang.X("date.dayAgo", "1 day ago")
	case unit == "day":
		return lang.X("date.day", "tomorrow")
	case unit == "days" && past:
		return lang.X("date.daysAgo", "{{.N}} days ago", w)
	case unit == "days":
		return lang.X("date.days", "in {{.N}} days", w)
	case unit == "months" && past:
		return lang.X("date.monthsAgo", "{{.N}} months ago", w)
	case unit == "months":
		return lang.X("date.months", "in {{.N}} months", w)
	case past:
		return lang.X("date.yearsAgo", "{{.N}} years ago", w)
	}
	return lang.X("date.years", "in {{.N}} years", w)
}

// dateKind returns the tone of an end of validity.
func dateKind(end, now time.Time) parts.Kind {
	switch left := end.Sub(now); {
	case left < 0:
		return parts.KindError
	case left < 30*day:
		return parts.KindWarning
	}
	return parts.KindOK
}

// locationName returns the name of a location.
func locationName(l certstore.Location) string {
	if l == certstore.Machine {
		return lang.X("location.machine", "Local machine")
	}
	return lang.X("location.user", "Current user")
}

// storeName returns the name of a store.
func storeName(n certstore.Name) string {
	return lang.X("store."+string(n), placement.Title(n))
}

// placeName returns "Personal, Current user".
func placeName(l certstore.Location, n certstore.Name) string {
	return storeName(n) + ", " + locationName(l)
}

var storeIcons = map[certstore.Name]string{certstore.My: "user", certstore.CA: "layers", certstore.Root: "shield",
	certstore.People: "users", certstore.TrustedPeople: "users", certstore.Disallowed: "ban", "webhosting": "globe"}

func storeIcon(n certstore.Name) string {
	if i, ok := storeIcons[n]; ok {
		return i
	}
	return "folder"
}

func locationIcon(l certstore.Location) string {
	if l == certstore.Machine {
		return "machine"
	}
	return "user"
}

// severityKind returns the tone of a severity.
func severityKind(s finding.Severity) parts.Kind {
	switch s {
	case finding.Error:
		return parts.KindError
	case finding.Warning:
		return parts.KindWarning
	case finding.Info:
		return parts.KindInfo
	}
	return parts.KindOK
}

// verdictKind returns the tone of a verdict.
func verdictKind(v string) parts.Kind {
	switch v {
	case check.WillNotWork:
		return parts.KindError
	case check.Limited:
		return parts.KindWarning
	}
	return parts.KindOK
}

// purposeName returns what people call a purpose.
func purposeName(p finding.Purpose) string {
	switch p {
	case finding.Client:
		return lang.X("purpose.client", "TLS client")
	case finding.Server:
		return lang.X("purpose.server", "TLS server")
	case finding.EmailSign:
		return lang.X("purpose.emailSign", "Email signing")
	case finding.EmailEncrypt:
		return lang.X("purpose.emailEncrypt", "Email encryption")
	case finding.Code:
		return lang.X("purpose.code", "Code signing")
	case finding.Document:
		return lang.X("purpose.document", "Document signing")
	case finding.CA:
		return lang.X("purpose.ca", "Certification authority")
	}
	return string(p)
}

// verdictTitle says in one line whether a certificate works for a purpose.
func verdictTitle(v check.Verdict) string {
	w := words{"Purpose": purposeName(v.Purpose)}
	thing := v.Purpose == finding.Client || v.Purpose == finding.Server || v.Purpose == finding.CA // else an activity
	switch {
	case v.Verdict == check.WillNotWork && !thing:
		return lang.X("verdict.noFor", "Will not work for {{.Purpose}}", w)
	case v.Verdict == check.Limited && !thing:
		return lang.X("verdict.limitedFor", "Works for {{.Purpose}}, with limits", w)
	case !thing:
		return lang.X("verdict.yesFor", "Works for {{.Purpose}}", w)
	}
	switch v.Verdict {
	case check.WillNotWork:
		return lang.X("verdict.no", "Will not work as {{.Purpose}}", w)
	case check.Limited:
		return lang.X("verdict.limited", "Works as {{.Purpose}}, with limits", w)
	}
	return lang.X("verdict.yes", "Works as {{.Purpose}}", w)
}

// roleName returns what kind of certificate c is.
func roleName(c *certificate.Certificate) string {
	switch c.Role() {
	case certificate.Root:
		return lang.X("role.root", "Root CA")
	case certificate.Intermediate:
		return lang.X("role.intermediate", "Intermediate CA")
	case certificate.SelfSigned:
		return lang.X("role.selfSigned", "Self-signed certificate")
	}
	return lang.X("role.endEntity", "Certificate")
}

// keyWords says what is known of a private key.
func keyWords(r *model.Row) (text, icon string, kind parts.Kind) {
	switch r.Row.Key {
	case certstore.KeyPresent:
		if r.Exportable {
			return lang.X("key.exportable", "Present, exportable"), "key", parts.KindOK
		}
		return lang.X("key.present", "Present, not exportable"), "key", parts.KindOK
	case certstore.KeyLocked:
		return lang.X("key.locked", "Present, behind the store's password"), "lock", parts.KindOK
	case certstore.KeyUnusable:
		return lang.X("key.unusable", "There, but it cannot sign"), "key-missing", parts.KindError
	}
	return lang.X("key.none", "Not here"), "key-missing", parts.KindSkip
}

var usageWords = map[string]string{
	"digitalSignature": "Digital signature", "nonRepudiation": "Non-repudiation", "keyEncipherment": "Key encipherment",
	"dataEncipherment": "Data encipherment", "keyAgreement": "Key agreement", "keyCertSign": "Certificate signing",
	"cRLSign": "CRL signing", "encipherOnly": "Encipher only", "decipherOnly": "Decipher only",
}

// usageName returns the words of a key usage.
func usageName(name string) string {
	if w, ok := usageWords[name]; ok {
		return lang.X("usage."+name, w)
	}
	return name
}

// linkWords says how a certificate of a chain stands.
func linkWords(l chain.Link) (text string, kind parts.Kind) {
	switch l.Status {
	case chain.Trusted:
		return lang.X("link.trusted", "Trusted"), parts.KindOK
	case chain.Expired:
		return lang.X("link.expired", "Not valid today"), parts.KindError
	case chain.Untrusted:
		return lang.X("link.untrusted", "Not trusted here"), parts.KindWarning
	case chain.Blocked:
		return lang.X("link.blocked", "Blocked"), parts.KindError
	case chain.Missing:
		return lang.X("link.missing", "Not found"), parts.KindWarning
	}
	return lang.X("link.valid", "Valid"), parts.KindOK
}

// sentence makes the text of an error begin with a capital letter, and end as
// others do: Windows' own have a full stop.
func sentence(err error) string {
	s := strings.TrimSuffix(err.Error(), ".")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
