// Package csr makes certificate requests (PKCS#10, RFC 2986): subject and
// alternative names as people type them, key usage by purpose, and profiles
// that know what a CA or a target system takes.
package csr

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Subject is who a certificate is for.
type Subject struct {
	CommonName   string
	Organization string
	Unit         string // organizational unit; public CAs leave it out since 2022
	Locality     string
	State        string
	Country      string // two letters, ISO 3166
	Email        string // in the subject, which S/MIME no longer wants; see Names
	SerialNumber string // of the subject, not of the certificate
	Other        []Attribute
}

// An Attribute is any other attribute of a name.
type Attribute struct {
	OID   string // dotted
	Value string
}

var (
	oidEmail  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
	oidCN     = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSerial = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidC      = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidL      = asn1.ObjectIdentifier{2, 5, 4, 7}
	oidST     = asn1.ObjectIdentifier{2, 5, 4, 8}
	oidO      = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOU     = asn1.ObjectIdentifier{2, 5, 4, 11}
)

// known are the attribute types that can be named by a word in [ParseOther].
var known = map[string]string{
	"title": "2.5.4.12", "givenname": "2.5.4.42", "gn": "2.5.4.42", "surname": "2.5.4.4", "sn": "2.5.4.4", "street": "2.5.4.9",
	"postalcode": "2.5.4.17", "businesscategory": "2.5.4.15", "dc": "0.9.2342.19200300.100.1.25", "uid": "0.9.2342.19200300.100.1.1",
	"organizationidentifier": "2.5.4.97", "pseudonym": "2.5.4.65", "initials": "2.5.4.43", "name": "2.5.4.41",
}

// ParseOther reads NAME=VALUE or OID=VALUE.
func ParseOther(s string) (Attribute, error) {
	name, value, ok := strings.Cut(s, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if id := known[name]; id != "" {
		name = id
	}
	if _, err := parseOID(name); !ok || err != nil || value == "" {
		return Attribute{}, fmt.Errorf("attribute %q: write it as OID=VALUE or one of givenName, surname, title, street, postalCode, uid, dc = VALUE", s)
	}
	return Attribute{name, value}, nil
}

func parseOID(s string) (asn1.ObjectIdentifier, error) {
	parts := strings.Split(s, ".")
	oid := make(asn1.ObjectIdentifier, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil || len(parts) < 3 || i == 0 && n > 2 {
			return nil, fmt.Errorf("object identifier %q: not one", s)
		}
		oid[i] = int(n)
	}
	return oid, nil
}

// upper bounds of attribute values, in characters (RFC 5280 appendix A.1).
var bounds = map[string]int{oidCN.String(): 64, oidO.String(): 64, oidOU.String(): 64, oidL.String(): 128, oidST.String(): 128, oidSerial.String(): 64, oidEmail.String(): 255}

var errEmpty = errors.New("subject: a common name, or another attribute, is needed")

// Name returns the subject as a DER Name (RFC 5280 section 4.1.2.4), the
// country first and the common name last: as UTF8String, with PrintableString
// for the country and serial number, and IA5String for the mail address.
func (s Subject) Name() ([]byte, error) {
	var rdns pkix.RDNSequence
	var problem error
	add := func(what string, oid asn1.ObjectIdentifier, value string, tag int) {
		value = strings.TrimSpace(value)
		if value == "" || problem != nil {
			return
		}
		switch bound := bounds[oid.String()]; {
		case !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\r\n"):
			problem = fmt.Errorf("%s %q: it holds characters that no name may have", what, value)
		case bound > 0 && utf8.RuneCountInString(value) > bound:
			problem = fmt.Errorf("%s %q: longer than the %d characters that X.509 allows", what, value, bound)
		}
		v := asn1.RawValue{Tag: tag, Bytes: []byte(value)}
		rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: oid, Value: v}})
	}
	country := strings.ToUpper(strings.TrimSpace(s.Country))
	if country != "" && (len(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z') {
		return nil, fmt.Errorf("country %q: two letters, such as DE or NL (ISO 3166)", s.Country)
	}
	add("country", oidC, country, asn1.TagPrintableString)
	add("state", oidST, s.State, asn1.TagUTF8String)
	add("locality", oidL, s.Locality, asn1.TagUTF8String)
	add("organization", oidO, s.Organization, asn1.TagUTF8String)
	add("organizational unit", oidOU, s.Unit, asn1.TagUTF8String)
	for _, o := range s.Other {
		oid, err := parseOID(o.OID)
		if err != nil {
			return nil, err
		}
		tag := asn1.TagUTF8String
		if o.OID == known["dc"] {
			tag = asn1.TagIA5String
		}
		add("attribute "+o.OID, oid, o.Value, tag)
	}
	add("common name", oidCN, s.CommonName, asn1.TagUTF8String)
	if !printable(s.SerialNumber) {
		return nil, fmt.Errorf("serial number %q of the subject: letters, digits and '()+,-./:=? only", s.SerialNumber)
	}
	add("serial number of the subject", oidSerial, s.SerialNumber, asn1.TagPrintableString)
	if !ascii(s.Email) {
		return nil, fmt.Errorf("mail address %q: ASCII only", s.Email)
	}
	add("mail address", oidEmail, s.Email, asn1.TagIA5String)
	if problem != nil {
		return nil, problem
	}
	if len(rdns) == 0 {
		return nil, errEmpty
	}
	return asn1.Marshal(rdns)
}

func printable(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '()+,-./:=?") == ""
}

// CleanCommonName makes a host name of what people paste for one: without
// scheme, user, port and path. changed is true if something was taken away. A
// name that is no host, such as a person's, is left alone but for spaces at
// its ends.
func CleanCommonName(s string) (clean string, changed bool) {
	clean = strings.TrimSpace(s)
	_, rest, isURL := strings.Cut(clean, "://")
	if isURL {
		clean = rest
	} else if strings.ContainsAny(clean, " @") || !strings.Contains(clean, ".") {
		return clean, clean != s
	}
	if i := strings.IndexAny(clean, "/?#\\"); i >= 0 {
		clean = clean[:i]
	}
	if i := strings.LastIndex(clean, "@"); i >= 0 {
		clean = clean[i+1:]
	}
	if host, port, ok := strings.Cut(clean, ":"); ok && strings.Trim(port, "0123456789") == "" {
		clean = host
	} else if end := strings.Index(clean, "]"); strings.HasPrefix(clean, "[") && end > 0 {
		clean = clean[1:end]
	}
	clean = strings.TrimSuffix(clean, ".")
	return clean, clean != s
}

// HostName reports whether s is a DNS name, with a wildcard perhaps, or an IP
// address: what belongs into the alternative names of a server certificate.
func HostName(s string) (dns, ip bool) {
	if _, err := netip.ParseAddr(s); err == nil {
		return false, true
	}
	if len(s) > 253 || !ascii(s) {
		return false, false
	}
	labels := strings.Split(strings.TrimPrefix(s, "*."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false, false
		}
	}
	return len(labels) > 1 || s == "localhost", false
}
