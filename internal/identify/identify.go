// Package identify tells what a pasted text or file is: a certificate as it
// stands in a configuration, base64, PEM, a line of netsh, nginx, Apache or
// Active Directory; which certificate that is, and what is wrong with the way
// it is written, with the code that Windows answers (0x80093102 and
// 0x8009310b are the usual ones).
//
// It reads what anybody may have written: input is bounded, nothing of a
// private key is kept, and it never fails.
package identify

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// MaxInput is how much of an input is looked at, in bytes.
const MaxInput = 1 << 20

// A Kind says what the input is.
type Kind string

// The kinds.
const (
	Nothing     Kind = ""            // nothing that has to do with certificates
	Certificate Kind = "certificate" // one or more
	Truncated   Kind = "truncated"   // the beginning of one
	PKCS12      Kind = "pkcs12"
	PKCS7       Kind = "pkcs7"
	PrivateKey  Kind = "private-key"
	Request     Kind = "request"
	CRL         Kind = "crl"
	PublicKey   Kind = "public-key"
	Damaged     Kind = "damaged"   // base64 or DER of nothing that can be read
	Reference   Kind = "reference" // a thumbprint, serial number or key identifier
)

// kindNames are the words for people, with their article.
var kindNames = map[Kind]string{
	Nothing: "nothing that has to do with certificates", Certificate: "a certificate", Truncated: "the beginning of a certificate",
	PKCS12: "a PFX file (PKCS #12)", PKCS7: "a PKCS #7 file (.p7b)", PrivateKey: "a private key", Request: "a certificate request (CSR)",
	CRL: "a revocation list (CRL)", PublicKey: "a public key", Damaged: "damaged data", Reference: "the name of a certificate",
}

// Name returns the words for people.
func (k Kind) Name() string { return kindNames[k] }

// A Form says how the input is written.
type Form string

// The forms.
const (
	DER      Form = "der"
	PEM      Form = "pem"
	Base64   Form = "base64"
	Hex      Form = "hex"
	Mapping  Form = "iis-mapping" // the attribute certificate of oneToOneMappings, in XML or PowerShell
	Settings Form = "settings"    // a line of another configuration
)

// Codes that Windows answers.
const (
	CodeEOD    = "0x80093102" // CRYPT_E_ASN1_EOD
	CodeBadTag = "0x8009310b" // CRYPT_E_ASN1_BADTAG
)

// A Problem is something wrong with the input.
type Problem struct {
	ID       string           // "begin-end", "line-breaks", "truncated", "bom", ...
	Severity finding.Severity // error: no program takes it; warning: some do not, IIS above all
	Text     string           // one or two sentences
	Code     string           // what Windows answers, or ""
}

// A Name is a certificate that the input names without holding it.
type Name struct {
	By     string // "sha1", "sha256", "serial", "serial-reversed", "ski", "public-key-sha1"
	Value  string // lowercase hex
	Issuer string // of a serial number, where the input names it; for people
}

// A Report is what was found.
type Report struct {
	Kind         Kind
	Form         Form
	Certificates []*certificate.Certificate
	Begins       []byte // of a truncated certificate: what there is
	Names        []Name
	Problems     []Problem // errors first
	Cut          bool      // the input was longer than [MaxInput]
}

// Title says in one sentence what it is.
func (r Report) Title() string {
	s := "This is " + r.Kind.Name()
	switch n := len(r.Certificates); {
	case n == 1:
		s += ": " + r.Certificates[0].CommonName()
	case n > 1:
		s += fmt.Sprintf(": %d certificates, the first is %s", n, r.Certificates[0].CommonName())
	case r.Kind == Reference:
		s += " (" + r.Names[0].By + " " + r.Names[0].Value + ")"
	}
	if r.Form == Mapping {
		s += ", in an IIS mapping"
	}
	return s + "."
}

// Worst returns the severity of the worst problem, "" without one.
func (r Report) Worst() finding.Severity {
	worst := finding.Severity("")
	for _, p := range r.Problems {
		if worst == "" || p.Severity.Rank() < worst.Rank() {
			worst = p.Severity
		}
	}
	return worst
}

// Bytes looks at the content of a file.
func Bytes(data []byte) Report {
	cut := len(data) > MaxInput
	data = data[:min(len(data), MaxInput)]
	l := &look{}
	l.r.Cut = cut
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		l.bom("UTF-8")
		data = data[3:]
	} else if text, ok := utf16Text(data); ok {
		l.bom("UTF-16")
		data = []byte(text)
	}
	if text, ok := certfile.Text(data); ok && !derLike(data) {
		l.text(text)
	} else {
		l.r.Form = DER
		l.object(data)
		if !derLike(data) && (l.r.Kind == Damaged || l.r.Kind == Truncated) {
			l.r.Kind = Nothing // what nobody wrote as DER is no damaged DER
		}
	}
	return l.done()
}

// derLike reports whether data begins as certificates do: a sequence whose
// length takes more than one octet.
func derLike(data []byte) bool {
	return len(data) > 4 && data[0] == 0x30 && data[1] >= 0x80 && data[1] <= 0x84
}

// Text looks at a pasted text.
func Text(s string) Report {
	l := &look{}
	if len(s) > MaxInput {
		s, l.r.Cut = s[:MaxInput], true
	}
	if strings.HasPrefix(s, "\ufeff") {
		l.bom("UTF-8")
		s = strings.TrimPrefix(s, "\ufeff")
	}
	l.text(s)
	return l.done()
}

// Typed looks at what a person gives by itself: a [Text], or a bare serial
// number or thumbprint in any spelling.
func Typed(s string) Report {
	if id, ok := certificate.ParseID(s); ok && len(s) < 200 {
		l := &look{}
		l.unseenIn(s)
		l.number(id)
		if len(l.r.Names) > 0 {
			return l.done()
		}
	}
	return Text(s)
}

func utf16Text(data []byte) (string, bool) {
	if !bytes.HasPrefix(data, []byte{0xff, 0xfe}) && !bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return "", false
	}
	return certfile.Text(data)
}

// A look is one input being looked at.
type look struct {
	r      Report
	strict bool // it stands where IIS takes one line of base64 and nothing else
}

func (l *look) problem(id string, s finding.Severity, code, format string, args ...any) {
	for _, p := range l.r.Problems {
		if p.ID == id {
			return
		}
	}
	l.r.Problems = append(l.r.Problems, Problem{id, s, fmt.Sprintf(format, args...), code})
}

// iis is a problem of IIS's only, which is an error where it is IIS that reads
// it.
func (l *look) iis(id, code, format string, args ...any) {
	s := finding.Warning
	if l.strict {
		s = finding.Error
	}
	l.problem(id, s, code, format, args...)
}

func (l *look) bom(name string) {
	l.iis("bom", CodeBadTag, "A byte order mark (%s) stands before it. IIS, OpenSSL and others stumble over it: save the file as UTF-8 without BOM, or ASCII.", name)
}

// done puts errors first and drops what makes no sense together.
func (l *look) done() Report {
	if l.r.Kind == Nothing && len(l.r.Names) > 0 {
		l.r.Kind, l.r.Form = Reference, Settings
	}
	if l.r.Kind == Nothing {
		l.r.Form = ""
		if !l.strict {
			l.r.Problems = nil
		}
	}
	if l.r.Kind != Certificate && l.r.Kind != Truncated && l.r.Kind != Reference { // how the wrong thing is written matters to nobody
		l.r.Problems = slices.DeleteFunc(l.r.Problems, func(p Problem) bool { return p.Severity != finding.Error && p.ID != "wrong-object" })
	}
	sorted := make([]Problem, 0, len(l.r.Problems))
	for _, s := range []finding.Severity{finding.Error, finding.Warning, finding.Info} {
		for _, p := range l.r.Problems {
			if p.Severity == s {
				sorted = append(sorted, p)
			}
		}
	}
	l.r.Problems = sorted
	return l.r
}

// object tells what der is, and complains if it is no single certificate.
func (l *look) object(der []byte) {
	if missing := l.cutOff(der); missing > 0 {
		l.r.Kind, l.r.Begins = Truncated, der
		l.problem("truncated", finding.Error, CodeEOD, "It is cut off: %d of %d bytes are there. Copy it again, up to the last character.", len(der), len(der)+missing)
		return
	}
	contents, err := certfile.Inspect(der)
	if err != nil {
		l.r.Kind = Damaged
		l.problem("damaged", finding.Error, CodeBadTag, "What it decodes to is no certificate and nothing else that is known here (it begins with %s).", hex.EncodeToString(der[:min(len(der), 8)]))
		return
	}
	defer contents.Wipe()
	for _, c := range contents.Certificates {
		l.r.Certificates = append(l.r.Certificates, c.Certificate)
	}
	for _, w := range contents.Warnings {
		if w.ID == "F-14" {
			l.problem("trailing", finding.Warning, "", "%s bytes follow the end of the certificate.", w.Params["bytes"])
		}
	}
	l.r.Kind = kindOf(contents)
	l.wrongObject(contents)
}

func kindOf(c *certfile.Contents) Kind {
	switch {
	case c.Format == certfile.PKCS12:
		return PKCS12
	case c.Format == certfile.PKCS7:
		return PKCS7
	case len(c.Keys) > 0:
		return PrivateKey
	case len(c.Certificates) > 0:
		return Certificate
	}
	for _, o := range c.Other {
		switch o {
		case "request":
			return Request
		case "crl":
			return CRL
		case "public-key":
			return PublicKey
		}
	}
	return Damaged
}

// wrongObject complains about what is no certificate.
func (l *look) wrongObject(c *certfile.Contents) {
	switch k := l.r.Kind; k {
	case Certificate:
		if len(l.r.Certificates) > 1 {
			l.iis("several", CodeBadTag, "There are %d certificates in it. A mapping takes one: the client's own, which is usually the first.", len(l.r.Certificates))
		}
		return
	case PrivateKey:
		l.problem("private-key", finding.Error, CodeBadTag, "This is a private key. It must not leave its computer and belongs in no mapping or message; whoever has seen it can act in its owner's name.")
	case PKCS12:
		l.problem("wrong-object", finding.Error, CodeBadTag, "This is a PFX file, with a private key in it, and no certificate. Export the public certificate, and mind who gets the PFX.")
	case PKCS7:
		l.iis("wrong-object", CodeBadTag, "This is a PKCS #7 file with %d certificates, and not a certificate. Export the one certificate.", len(l.r.Certificates))
	case Request:
		l.problem("wrong-object", finding.Error, CodeBadTag, "This is a certificate request. The certificate is what the CA answers to it.")
	case Damaged:
		l.problem("damaged", finding.Error, CodeBadTag, "This is %s, and no certificate.", strings.Join(c.Other, ", "))
	default:
		l.problem("wrong-object", finding.Error, CodeBadTag, "This is %s, and no certificate.", k.Name())
	}
}

// cutOff returns how many bytes are missing from the ASN.1 element that der
// begins with; 0 when it is whole or none.
func (l *look) cutOff(der []byte) int {
	if len(der) < 2 || der[0] != 0x30 {
		return 0
	}
	size, head := int(der[1]), 2
	if der[1] > 0x80 {
		n := int(der[1] & 0x7f)
		if n > 3 || len(der) < 2+n {
			return 0
		}
		size, head = 0, 2+n
		for _, b := range der[2:head] {
			size = size<<8 | int(b)
		}
	} else if der[1] == 0x80 {
		return 0
	}
	return max(0, head+size-len(der))
}

// ErrNothing says that an input has nothing to do with certificates.
var ErrNothing = errors.New("there is no certificate in it, and nothing that names one")

// Err returns an error that matches [ErrNothing] if nothing was found in the
// file called name, else nil.
func (r Report) Err(name string) error {
	if r.Kind != Nothing {
		return nil
	}
	return fmt.Errorf("identify %s: %w", name, ErrNothing)
}
