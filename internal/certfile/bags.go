package certfile

import (
	"fmt"
	"unicode/utf16"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Bag types (RFC 7292 section 4.2) and what they hold.
const (
	oidKeyBag      = "1.2.840.113549.1.12.10.1.1"
	oidShroudedBag = "1.2.840.113549.1.12.10.1.2"
	oidCertBag     = "1.2.840.113549.1.12.10.1.3"
	oidCRLBag      = "1.2.840.113549.1.12.10.1.4"
	oidSecretBag   = "1.2.840.113549.1.12.10.1.5"
	oidSafeBag     = "1.2.840.113549.1.12.10.1.6"

	oidX509Certificate = "1.2.840.113549.1.9.22.1"
	oidSDSICertificate = "1.2.840.113549.1.9.22.2"
)

// Attributes of bags and of keys.
const (
	oidFriendlyName = "1.2.840.113549.1.9.20"
	oidLocalKeyID   = "1.2.840.113549.1.9.21"
	oidProvider     = "1.3.6.1.4.1.311.17.1"
	oidMachineKey   = "1.3.6.1.4.1.311.17.2"
	oidJavaTrust    = "2.16.840.1.113894.746875.1.1"
	oidKeyUsage     = "2.5.29.15"
)

// attributes are those of a bag that mean something here.
type attributes struct {
	friendlyName string
	localKeyID   []byte
	provider     string
	machineKey   bool
	javaTrusted  bool
}

// label writes a on k.
func (a attributes) label(k Key) Key {
	k.FriendlyName, k.LocalKeyID, k.Provider, k.MachineKeySet = a.friendlyName, a.localKeyID, a.provider, a.machineKey
	return k
}

// safeContents reads the bags of a SafeContents, which is within depth others.
func (r *reader) safeContents(contents []byte, depth int) error {
	if depth > MaxNesting {
		return tooMuch(fmt.Sprintf("SafeContents nested more than %d deep", MaxNesting))
	}
	bags, err := split(contents)
	if err != nil {
		return inner(err)
	}
	if r.items+len(bags) > MaxItems {
		return tooMuch(fmt.Sprintf("%d items", r.items+len(bags)))
	}
	for _, raw := range bags {
		if err := r.bag(raw, depth); err != nil {
			return err
		}
	}
	return nil
}

// bag reads one SafeBag. One that cannot be made sense of is counted in Other.
func (r *reader) bag(raw []byte, depth int) error {
	parts, err := split(raw)
	if err != nil {
		return inner(err)
	}
	if len(parts) < 2 {
		return r.addOther("malformed bag")
	}
	kind, _ := decode(parts[0])
	if oid(kind) == oidSafeBag {
		return r.safeContents(within(parts[1]), depth+1)
	}
	p, err := decode(raw)
	if err != nil {
		return r.addOther("malformed bag")
	}
	value := explicit(child(p, 1), 0)
	a := readAttributes(child(p, 2))
	switch id := oid(kind); id {
	case oidKeyBag:
		if value == nil {
			return r.addOther("malformed bag")
		}
		return r.addKey(value.Bytes(), a)
	case oidShroudedBag:
		return r.openKey(value, a)
	case oidCertBag:
		return r.certBag(value, a)
	case oidCRLBag:
		return r.addOther("crl")
	case oidSecretBag:
		return r.addOther("secret")
	default:
		return r.addOther("bag " + id)
	}
}

// within returns the octets that an explicit tag wraps.
func within(el []byte) []byte {
	h, err := readHeader(el)
	if err != nil {
		return nil
	}
	return el[h.size:]
}

// certBag reads a CertBag (RFC 7292 section 4.2.3).
func (r *reader) certBag(p *ber.Packet, a attributes) error {
	der, ok := octets(explicit(child(p, 1), 0))
	switch id := oid(child(p, 0)); {
	case id == oidX509Certificate && ok:
		return r.addCert(der, a)
	case id == oidSDSICertificate:
		return r.addOther("sdsi")
	default:
		return r.addOther("certificate of type " + id)
	}
}

// readAttributes reads a SET OF PKCS12Attribute. What has the wrong type is
// left out.
func readAttributes(set *ber.Packet) attributes {
	var a attributes
	if set == nil {
		return a
	}
	for _, p := range set.Children {
		value := child(child(p, 1), 0)
		switch oid(child(p, 0)) {
		case oidFriendlyName:
			a.friendlyName = text(value)
		case oidLocalKeyID:
			if id, ok := octets(value); ok {
				a.localKeyID = append([]byte(nil), id...)
			}
		case oidProvider:
			a.provider = text(value)
		case oidMachineKey:
			a.machineKey = true
		case oidJavaTrust:
			a.javaTrusted = true
		}
	}
	return a
}

// text returns the string in p: a BMPString as the standard wants it, or what
// programs write in its place.
func text(p *ber.Packet) string {
	if p == nil || p.Data == nil {
		return ""
	}
	b := p.Data.Bytes()
	if p.Tag != ber.TagBMPString {
		return string(b)
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	for len(u) > 0 && u[len(u)-1] == 0 {
		u = u[:len(u)-1]
	}
	return string(utf16.Decode(u))
}
