// Package handover makes the sheet that goes with a certificate to a partner
// or to the person it is for: serial number in their system's spelling,
// thumbprints, names in both orders, validity, the certificate itself. It is
// made from certificates alone: no key and no password can get into it.
package handover

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
)

// A System is whose spelling of the serial number comes first.
type System string

// The systems.
const (
	Windows System = "windows"
	OpenSSL System = "openssl"
	Nginx   System = "nginx"
	Apache  System = "apache"
	Java    System = "java"
	Firefox System = "firefox"
	Decimal System = "decimal"
	AD      System = "ad"
)

// Systems lists the systems with what they call it and the spelling.
var Systems = []struct {
	System System
	Text   string
	Serial func(certificate.Serials) string
}{
	{Windows, "Windows, IIS, BizTalk, .NET", func(s certificate.Serials) string { return s.Windows }},
	{OpenSSL, "openssl x509 -serial", func(s certificate.Serials) string { return s.OpenSSL }},
	{Nginx, "nginx $ssl_client_serial", func(s certificate.Serials) string { return s.OpenSSL }},
	{Apache, "Apache SSL_CLIENT_M_SERIAL", func(s certificate.Serials) string { return s.OpenSSL }},
	{Java, "Java keytool, Tomcat", func(s certificate.Serials) string { return s.Java }},
	{Firefox, "Firefox, NSS certutil", func(s certificate.Serials) string { return s.Colon }},
	{Decimal, "decimal: databases, portals", func(s certificate.Serials) string { return s.Decimal }},
	{AD, "Active Directory X509:<I>…<SR>", func(s certificate.Serials) string { return s.Reversed }},
}

// ParseSystem reads the name of a system; "" is Windows.
func ParseSystem(s string) (System, error) {
	var names []string
	for _, x := range Systems {
		if string(x.System) == strings.ToLower(cmp.Or(s, string(Windows))) {
			return x.System, nil
		}
		names = append(names, string(x.System))
	}
	return "", fmt.Errorf("system %q: there are %s", s, strings.Join(names, ", "))
}

// Options say for whom the sheet is.
type Options struct {
	System System // "" is Windows
	File   string // name of the PFX file that goes with it, "" for none
	User   string // the person it is for; "" for a partner
	Now    time.Time
}

// A Sheet is the content, whatever it is written as.
type Sheet struct {
	Title    string
	Intro    []string
	Sections []Section
}

// A Section is a heading with rows, or with text to be copied.
type Section struct {
	Heading string
	Rows    []Row
	Steps   []string // numbered
	Code    string   // to be copied as it is
	Wrap    bool     // of Code: one long line
}

// A Row is one fact.
type Row struct {
	Label, Value string
	Exact        bool // to be copied: a number, a name
}

// New makes the sheet of c, with the certificates that go with it in order.
func New(c *certificate.Certificate, chain []*certificate.Certificate, opt Options) *Sheet {
	s := &Sheet{Title: "Certificate of " + c.CommonName()}
	if opt.File != "" {
		s.personal(opt)
	} else {
		s.Intro = []string{"This sheet holds public data only. The private key stays with its owner and is asked for by nobody."}
	}
	s.serial(c, opt)
	s.names(c)
	var ders [][]byte
	var names []string
	for _, x := range chain {
		ders = append(ders, x.Raw)
		names = append(names, x.CommonName())
	}
	s.Sections = append(s.Sections,
		Section{Heading: "Certificate, PEM", Code: string(certfile.EncodePEM([][]byte{c.Raw}))},
		Section{Heading: "Certificate, base64 on one line", Code: certfile.OneLineBase64(c.Raw), Wrap: true})
	if len(ders) > 0 {
		s.Sections = append(s.Sections, Section{Heading: "Issuers, PEM: " + strings.Join(names, ", "), Code: string(certfile.EncodePEM(ders))})
	}
	return s
}

// personal is for the person who gets a PFX file. It names the passwords and
// holds none.
func (s *Sheet) personal(opt Options) {
	s.Intro = []string{fmt.Sprintf("The file %s holds the certificate together with its private key: whoever has the file and its password can act as %s.", opt.File, cmp.Or(opt.User, "its owner"))}
	s.Sections = append(s.Sections,
		Section{Heading: "What you get", Rows: []Row{
			{"File", opt.File, true},
			{"File password", "protects the file; it comes another way: by phone or in person, not in this note and not in the same mail", false},
			{"Pick-up password", "if a CA's mail names one, it is for the CA's web page only and does not open this file", false},
		}},
		Section{Heading: "How to install it", Steps: []string{
			"Save the file on the computer and in the account that will use it.",
			"Open it with Certdesk (or double-click it), and type the file password. Look at the plan: the certificate goes to Personal, intermediates to Intermediate Certification Authorities.",
			"A root is trusted only if you say so: compare its SHA-256 with what your administrator tells you.",
			"Close all browser windows and open the site again.",
			"Delete the file, or keep it and its password in two safe places: nobody can make the same key again.",
		}})
}

func (s *Sheet) serial(c *certificate.Certificate, opt Options) {
	serials := c.Serials()
	want := cmp.Or(opt.System, Windows)
	rows := []Row{{}}
	for _, x := range Systems {
		r := Row{"Serial number, " + x.Text, x.Serial(serials), true}
		if x.System == want {
			rows[0] = r
		} else {
			rows = append(rows, r)
		}
	}
	sha1 := c.SHA1()
	rows = append(rows, Row{"Thumbprint, SHA-1", sha1, true}, Row{"Thumbprint, SHA-256", c.Fingerprint().String(), true})
	s.Sections = append(s.Sections, Section{Heading: "Serial number and thumbprints", Rows: rows})
}

func (s *Sheet) names(c *certificate.Certificate) {
	rows := []Row{
		{"Subject (RFC 2253)", c.Subject().String(), true},
		{"Subject (as Windows and OpenSSL print it)", c.Subject().Forward(), true},
		{"Issuer (RFC 2253)", c.Issuer().String(), true},
		{"Issuer (as Windows and OpenSSL print it)", c.Issuer().Forward(), true},
		{"Valid from", c.NotBefore.UTC().Format("2006-01-02 15:04:05 UTC"), false},
		{"Valid until", c.NotAfter.UTC().Format("2006-01-02 15:04:05 UTC"), false},
		{"Key", c.KeyType(), false},
	}
	var alt []string
	for _, a := range c.AltNames {
		alt = append(alt, a.Type+":"+a.Value)
	}
	if alt != nil {
		rows = append(rows, Row{"Alternative names", strings.Join(alt, ", "), true})
	}
	if c.HasKeyUsage {
		rows = append(rows, Row{"Key Usage", c.WindowsKeyUsage(), false})
	}
	if c.ExtKeyUsage != nil {
		var words []string
		for _, oid := range c.ExtKeyUsage {
			words = append(words, certificate.PurposeWords(oid))
		}
		rows = append(rows, Row{"Purposes", strings.Join(words, ", "), false})
	}
	s.Sections = append(s.Sections, Section{Heading: "What it says", Rows: rows})
}
