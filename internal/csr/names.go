package csr

import (
	"encoding/asn1"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Names are the alternative names of a certificate (RFC 5280 section 4.2.1.6).
type Names struct {
	DNS   []string
	IP    []string
	Email []string
	URI   []string
	UPN   []string // user principal names, for log-on to a Windows domain
}

var oidUPN = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3} // [MS-WCCE] section 2.2.2.7.5

// ParseName adds one alternative name that somebody typed: dns:, ip:, email:,
// uri: or upn: before it says what it is; without, it is seen by its form.
func (n *Names) ParseName(s string) error {
	s = strings.TrimSpace(s)
	kind, value, ok := strings.Cut(s, ":")
	kind = strings.ToLower(strings.TrimSpace(kind))
	dns, ip := HostName(s)
	switch {
	case ip:
		kind, value = "ip", s
	case ok && slices.Contains([]string{"dns", "ip", "email", "uri", "upn"}, kind):
		value = strings.TrimSpace(value)
	case strings.Contains(s, "://"):
		kind, value = "uri", s
	case strings.Contains(s, "@"):
		kind, value = "email", s
	case dns:
		kind, value = "dns", s
	default:
		return fmt.Errorf("alternative name %q: write dns:, ip:, email:, uri: or upn: before it", s)
	}
	list := map[string]*[]string{"dns": &n.DNS, "ip": &n.IP, "email": &n.Email, "uri": &n.URI, "upn": &n.UPN}[kind]
	if !slices.Contains(*list, value) {
		*list = append(*list, value)
	}
	return nil
}

// Empty reports whether there is no name.
func (n Names) Empty() bool { return len(n.DNS)+len(n.IP)+len(n.Email)+len(n.URI)+len(n.UPN) == 0 }

// All returns the names with their kinds, such as "dns:www.example.test".
func (n Names) All() []string {
	var out []string
	for _, l := range []struct {
		kind string
		list []string
	}{{"dns", n.DNS}, {"ip", n.IP}, {"email", n.Email}, {"uri", n.URI}, {"upn", n.UPN}} {
		for _, v := range l.list {
			out = append(out, l.kind+":"+v)
		}
	}
	return out
}

// Extension returns the value of the subjectAltName extension, nil for no
// names at all.
func (n Names) Extension() ([]byte, error) {
	var values []asn1.RawValue
	add := func(tag int, b []byte) {
		values = append(values, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: b})
	}
	for _, s := range n.DNS {
		if dns, _ := HostName(s); !dns && (s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "") {
			return nil, fmt.Errorf("DNS name %q: letters, digits, dots and hyphens only; international names in their xn-- form", s)
		}
		add(2, []byte(s))
	}
	for _, s := range n.IP {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.Zone() != "" {
			return nil, fmt.Errorf("IP address %q: not one", s)
		}
		add(7, ip.Unmap().AsSlice())
	}
	for _, s := range n.Email {
		if local, domain, ok := strings.Cut(s, "@"); !ok || local == "" || domain == "" || !ascii(s) || strings.ContainsAny(s, " <>") {
			return nil, fmt.Errorf("mail address %q: not of the form name@example.com", s)
		}
		add(1, []byte(s))
	}
	for _, s := range n.URI {
		if u, err := url.Parse(s); err != nil || u.Scheme == "" || !ascii(s) {
			return nil, fmt.Errorf("URI %q: not one with a scheme", s)
		}
		add(6, []byte(s))
	}
	for _, s := range n.UPN {
		other, err := upn(s)
		if err != nil {
			return nil, err
		}
		values = append(values, other)
	}
	if values == nil {
		return nil, nil
	}
	return asn1.Marshal(values)
}

// upn is an otherName with a UTF8String.
func upn(s string) (asn1.RawValue, error) {
	if user, domain, ok := strings.Cut(s, "@"); !ok || user == "" || domain == "" {
		return asn1.RawValue{}, fmt.Errorf("user principal name %q: not of the form user@domain", s)
	}
	text, err := asn1.MarshalWithParams(s, "utf8")
	if err != nil {
		return asn1.RawValue{}, fmt.Errorf("user principal name %q: %w", s, err)
	}
	id, err := asn1.Marshal(oidUPN)
	if err != nil {
		return asn1.RawValue{}, err
	}
	value, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: text})
	if err != nil {
		return asn1.RawValue{}, err
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: append(id, value...)}, nil
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' || r < ' ' }) < 0
}
