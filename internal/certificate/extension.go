package certificate

import (
	"crypto/x509"
	"encoding/hex"
	"net"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Extension identifiers, RFC 5280 section 4.2.
const (
	oidSubjectKeyID     = "2.5.29.14"
	oidKeyUsage         = "2.5.29.15"
	oidSubjectAltName   = "2.5.29.17"
	oidBasicConstraints = "2.5.29.19"
	oidAuthorityKeyID   = "2.5.29.35"
	oidExtKeyUsage      = "2.5.29.37"
)

// An AltName is one name of the subjectAltName extension.
type AltName struct {
	Type  string // "dns", "email", "ip", "uri", "dirName", "upn", "registeredID" or "other"
	Value string
}

func readOID(in *cryptobyte.String) (string, bool) {
	var raw cryptobyte.String
	if !in.ReadASN1(&raw, asn1.OBJECT_IDENTIFIER) {
		return "", false
	}
	return dotted(raw), true
}

func (c *Certificate) readExtension(list *cryptobyte.String) bool {
	var ext, value cryptobyte.String
	if !list.ReadASN1(&ext, asn1.SEQUENCE) {
		return false
	}
	oid, ok := readOID(&ext)
	if !ok {
		return false
	}
	e := Extension{OID: oid}
	if ext.PeekASN1Tag(asn1.BOOLEAN) {
		var b cryptobyte.String
		ext.ReadASN1(&b, asn1.BOOLEAN)
		e.Critical = len(b) == 1 && b[0] != 0
	}
	if !ext.ReadASN1(&value, asn1.OCTET_STRING) {
		return false
	}
	e.Value = value
	c.Extensions = append(c.Extensions, e)
	switch oid {
	case oidKeyUsage:
		c.readKeyUsage(value)
	case oidExtKeyUsage:
		c.readExtKeyUsage(value)
	case oidBasicConstraints:
		c.readBasic(value)
	case oidSubjectAltName:
		c.readAltNames(value)
	case oidSubjectKeyID:
		var id cryptobyte.String
		if value.ReadASN1(&id, asn1.OCTET_STRING) {
			c.SubjectKeyID = id
		}
	case oidAuthorityKeyID:
		var seq, id cryptobyte.String
		if value.ReadASN1(&seq, asn1.SEQUENCE) && seq.ReadASN1(&id, asn1.Tag(0).ContextSpecific()) {
			c.AuthorityKey = id
		}
	}
	return true
}

func (c *Certificate) readKeyUsage(v cryptobyte.String) {
	var bits cryptobyte.String
	c.HasKeyUsage = true
	if !v.ReadASN1(&bits, asn1.BIT_STRING) || len(bits) < 1 {
		return
	}
	c.KeyUsageBits = bits[1:]
	for i := range 9 {
		if byteAt := i / 8; byteAt < len(c.KeyUsageBits) && c.KeyUsageBits[byteAt]&(0x80>>(i%8)) != 0 {
			c.KeyUsage |= x509.KeyUsage(1 << i)
		}
	}
}

func (c *Certificate) readExtKeyUsage(v cryptobyte.String) {
	c.ExtKeyUsage = []string{}
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return
	}
	for !seq.Empty() {
		oid, ok := readOID(&seq)
		if !ok {
			return
		}
		c.ExtKeyUsage = append(c.ExtKeyUsage, oid)
	}
}

func (c *Certificate) readBasic(v cryptobyte.String) {
	c.Basic = &Basic{PathLen: -1}
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return
	}
	if seq.PeekASN1Tag(asn1.BOOLEAN) {
		var b cryptobyte.String
		seq.ReadASN1(&b, asn1.BOOLEAN)
		c.Basic.CA = len(b) == 1 && b[0] != 0
	}
	if n := 0; seq.PeekASN1Tag(asn1.INTEGER) && seq.ReadASN1Integer(&n) {
		c.Basic.PathLen = n
	}
}

func (c *Certificate) readAltNames(v cryptobyte.String) {
	c.AltNames = []AltName{}
	var seq cryptobyte.String
	if !v.ReadASN1(&seq, asn1.SEQUENCE) {
		return
	}
	for !seq.Empty() {
		var raw cryptobyte.String
		var tag asn1.Tag
		if !seq.ReadAnyASN1(&raw, &tag) {
			return
		}
		c.AltNames = append(c.AltNames, altName(tag, raw))
	}
}

func altName(tag asn1.Tag, raw cryptobyte.String) AltName {
	switch tag &^ 0x20 {
	case asn1.Tag(0).ContextSpecific():
		in := raw
		oid, _ := readOID(&in)
		var value, text cryptobyte.String
		var t asn1.Tag
		if oid == "1.3.6.1.4.1.311.20.2.3" && in.ReadASN1(&value, asn1.Tag(0).ContextSpecific().Constructed()) && value.ReadAnyASN1(&text, &t) {
			return AltName{"upn", directoryString(t, text)}
		}
		return AltName{"other", oid + "=" + hex.EncodeToString(in)}
	case asn1.Tag(1).ContextSpecific():
		return AltName{"email", printable(string(raw))}
	case asn1.Tag(2).ContextSpecific():
		return AltName{"dns", printable(string(raw))}
	case asn1.Tag(4).ContextSpecific():
		return AltName{"dirName", ParseName(raw).String()}
	case asn1.Tag(6).ContextSpecific():
		return AltName{"uri", printable(string(raw))}
	case asn1.Tag(7).ContextSpecific():
		if len(raw) == net.IPv4len || len(raw) == net.IPv6len {
			return AltName{"ip", net.IP(raw).String()}
		}
		return AltName{"ip", hex.EncodeToString(raw)}
	case asn1.Tag(8).ContextSpecific():
		return AltName{"registeredID", dotted(raw)}
	}
	return AltName{"other", hex.EncodeToString(raw)}
}

// keyUsageNames are the bits of RFC 5280 section 4.2.1.3 in their order.
var keyUsageNames = []string{"digitalSignature", "nonRepudiation", "keyEncipherment",
	"dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

// KeyUsageName returns the name of a bit of Key Usage (RFC 5280 section
// 4.2.1.3), "" for one that has none.
func KeyUsageName(bit int) string {
	if bit < 0 || bit >= len(keyUsageNames) {
		return ""
	}
	return keyUsageNames[bit]
}

// KeyUsageNames returns the RFC 5280 names of the bits set, nil when the
// extension is absent.
func (c *Certificate) KeyUsageNames() []string {
	if !c.HasKeyUsage {
		return nil
	}
	names := []string{}
	for i, n := range keyUsageNames {
		if c.KeyUsage&x509.KeyUsage(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

var windowsKeyUsageNames = []string{"Digital Signature", "Non-Repudiation", "Key Encipherment",
	"Data Encipherment", "Key Agreement", "Certificate Signing", "Off-line CRL Signing, CRL Signing", "Encipher Only", "Decipher Only"}

// WindowsKeyUsage returns Key Usage as the Windows certificate dialog prints
// it: "Digital Signature, Key Encipherment (a0)". It is empty when the
// extension is absent.
func (c *Certificate) WindowsKeyUsage() string {
	if !c.HasKeyUsage {
		return ""
	}
	var names []string
	for i, n := range windowsKeyUsageNames {
		if c.KeyUsage&x509.KeyUsage(1<<i) != 0 {
			names = append(names, n)
		}
	}
	bits := make([]string, len(c.KeyUsageBits))
	for i, b := range c.KeyUsageBits {
		bits[i] = hex.EncodeToString([]byte{b})
	}
	return strings.TrimSpace(strings.Join(names, ", ") + " (" + strings.Join(bits, " ") + ")")
}

// Extended key usage identifiers the rules speak of.
const (
	AnyExtKeyUsage  = "2.5.29.37.0"
	ServerAuth      = "1.3.6.1.5.5.7.3.1"
	ClientAuth      = "1.3.6.1.5.5.7.3.2"
	CodeSigning     = "1.3.6.1.5.5.7.3.3"
	EmailProtection = "1.3.6.1.5.5.7.3.4"
	TimeStamping    = "1.3.6.1.5.5.7.3.8"
	OCSPSigning     = "1.3.6.1.5.5.7.3.9"
)

var extKeyUsageNames = map[string]string{
	AnyExtKeyUsage: "anyExtendedKeyUsage", ServerAuth: "serverAuth", ClientAuth: "clientAuth",
	CodeSigning: "codeSigning", EmailProtection: "emailProtection",
	"1.3.6.1.5.5.7.3.5": "ipsecEndSystem", "1.3.6.1.5.5.7.3.6": "ipsecTunnel", "1.3.6.1.5.5.7.3.7": "ipsecUser",
	TimeStamping: "timeStamping", OCSPSigning: "OCSPSigning",
}

// ExtKeyUsageName returns the RFC 5280 name of a purpose, or the OID itself.
func ExtKeyUsageName(oid string) string {
	if n, ok := extKeyUsageNames[oid]; ok {
		return n
	}
	return oid
}

var purposeWords = map[string]string{
	AnyExtKeyUsage: "Any purpose", ServerAuth: "Server authentication", ClientAuth: "Client authentication",
	CodeSigning: "Code signing", EmailProtection: "Secure email", TimeStamping: "Time stamping", OCSPSigning: "OCSP signing",
	"1.3.6.1.4.1.311.20.2.2": "Smart card logon", "1.3.6.1.4.1.311.10.3.12": "Document signing",
	"1.3.6.1.5.5.7.3.36": "Document signing", "1.2.840.113583.1.1.5": "Adobe document signing",
	"1.3.6.1.4.1.311.10.3.13": "Lifetime signing", "1.3.6.1.4.1.311.10.3.4": "Encrypting file system",
	"1.3.6.1.4.1.311.54.1.2": "Remote desktop", "1.3.6.1.5.5.7.3.17": "IPsec IKE", "1.3.6.1.5.2.3.5": "KDC authentication",
}

// PurposeWords returns the name of a purpose as people read it, or the OID.
func PurposeWords(oid string) string {
	if n, ok := purposeWords[oid]; ok {
		return n
	}
	return oid
}

// Identifiers of document signing, as several bodies have made one.
var DocumentPurposes = []string{
	"1.3.6.1.5.5.7.3.36",        // id-kp-documentSigning, RFC 9336
	"1.3.6.1.4.1.311.10.3.12",   // Microsoft
	"1.2.840.113583.1.1.5",      // Adobe
	"1.3.6.1.4.1.311.3.10.3.12", // as the CABF Code Signing BR 7.1.2.3 f print Microsoft's
}

// LifetimeSigning ends a signature's validity with the certificate's.
const LifetimeSigning = "1.3.6.1.4.1.311.10.3.13"
