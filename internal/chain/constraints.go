package chain

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"certdesk/internal/certificate"
)

const oidNameConstraints = "2.5.29.30"

// A subtree is one permitted or excluded name space (RFC 5280 section
// 4.2.1.10): the GeneralName's context tag and its content.
type subtree struct {
	tag   uint8
	value []byte
}

const (
	tagEmail   = 1
	tagDNS     = 2
	tagDirName = 4
	tagURI     = 6
	tagIP      = 7
)

var tagNames = map[uint8]string{tagEmail: "mail address", tagDNS: "DNS name", tagDirName: "subject", tagURI: "URI", tagIP: "IP address"}

// constraints reads the name constraints of a CA; what is malformed ends the
// list.
func constraints(c *certificate.Certificate) (permitted, excluded []subtree) {
	for _, e := range c.Extensions {
		if e.OID != oidNameConstraints {
			continue
		}
		in := cryptobyte.String(e.Value)
		var seq cryptobyte.String
		if !in.ReadASN1(&seq, asn1.SEQUENCE) {
			return nil, nil
		}
		for !seq.Empty() {
			var list cryptobyte.String
			var tag asn1.Tag
			if !seq.ReadAnyASN1(&list, &tag) {
				return permitted, excluded
			}
			for !list.Empty() {
				var tree, value cryptobyte.String
				var kind asn1.Tag
				if !list.ReadASN1(&tree, asn1.SEQUENCE) || !tree.ReadAnyASN1(&value, &kind) {
					return permitted, excluded
				}
				s := subtree{uint8(kind) & 0x1f, value}
				if tag == asn1.Tag(0).ContextSpecific().Constructed() {
					permitted = append(permitted, s)
				} else {
					excluded = append(excluded, s)
				}
			}
		}
	}
	return permitted, excluded
}

const maxViolations = 3 // named; a certificate with a thousand names has a thousand

// violations returns the names of the certificates below ca that its name
// constraints do not allow. Self-issued intermediates are exempt (RFC 5280
// section 6.1.3(b)).
func violations(ca *certificate.Certificate, below []Link) []string {
	permitted, excluded := constraints(ca)
	if len(permitted)+len(excluded) == 0 {
		return nil
	}
	var bad []string
	for i, l := range below {
		if i > 0 && l.Certificate.SelfIssued() {
			continue
		}
		for _, n := range namesOf(l.Certificate) {
			if why := n.against(permitted, excluded); why != "" && len(bad) < maxViolations {
				bad = append(bad, fmt.Sprintf("the %s %s of %s is %s", tagNames[n.tag], n.text, l.Name, why))
			}
		}
	}
	return bad
}

type name struct {
	tag  uint8
	text string
	raw  []byte // of a directory name: the DER; of an address: its octets
}

func namesOf(c *certificate.Certificate) []name {
	var ns []name
	if s := c.Subject(); len(s) > 0 {
		ns = append(ns, name{tagDirName, s.String(), c.RawSubject})
		if mail := s.Value("emailAddress"); mail != "" && c.AltNames == nil {
			ns = append(ns, name{tagEmail, mail, nil})
		}
	}
	for _, a := range c.AltNames {
		switch a.Type {
		case "dns":
			ns = append(ns, name{tagDNS, a.Value, nil})
		case "email":
			ns = append(ns, name{tagEmail, a.Value, nil})
		case "uri":
			ns = append(ns, name{tagURI, a.Value, nil})
		case "ip":
			ip := net.ParseIP(a.Value)
			if v4 := ip.To4(); v4 != nil {
				ip = v4
			}
			ns = append(ns, name{tagIP, a.Value, ip})
		}
	}
	return ns
}

func (n name) against(permitted, excluded []subtree) string {
	for _, s := range excluded {
		if s.tag == n.tag && n.within(s) {
			return "excluded"
		}
	}
	limited := false
	for _, s := range permitted {
		if s.tag != n.tag {
			continue
		}
		if n.within(s) {
			return ""
		}
		limited = true
	}
	if limited {
		return "not among the permitted ones"
	}
	return ""
}

func (n name) within(s subtree) bool {
	limit := strings.ToLower(string(s.value))
	text := strings.ToLower(strings.TrimSuffix(n.text, "."))
	switch n.tag {
	case tagDNS:
		limit = strings.TrimPrefix(limit, ".")
		return limit == "" || text == limit || strings.HasSuffix(text, "."+limit)
	case tagEmail:
		_, host, _ := strings.Cut(text, "@")
		switch {
		case strings.Contains(limit, "@"):
			return text == limit
		case strings.HasPrefix(limit, "."):
			return strings.HasSuffix(host, limit)
		}
		return host == limit
	case tagURI:
		u, err := url.Parse(n.text)
		if err != nil {
			return false
		}
		host := strings.ToLower(u.Hostname())
		if strings.HasPrefix(limit, ".") {
			return strings.HasSuffix(host, limit)
		}
		return host == limit
	case tagIP:
		if len(s.value) != 2*len(n.raw) || len(n.raw) == 0 {
			return false
		}
		addr, mask := s.value[:len(n.raw)], s.value[len(n.raw):]
		for i := range n.raw {
			if n.raw[i]&mask[i] != addr[i]&mask[i] {
				return false
			}
		}
		return true
	case tagDirName:
		return nameWithin(n.raw, s.value)
	}
	return false
}

// nameWithin reports whether the RDNs of limit are the first RDNs of name,
// compared without regard to case and to the kind of string.
func nameWithin(raw, limit []byte) bool {
	if bytes.Equal(raw, limit) {
		return true
	}
	n, l := certificate.ParseName(raw), certificate.ParseName(limit)
	if len(l) > len(n) {
		return false
	}
	for i := range l {
		if !strings.EqualFold(certificate.Name{l[i]}.String(), certificate.Name{n[i]}.String()) {
			return false
		}
	}
	return true
}
