// Package secdesc reads and changes Windows security descriptors: who may use
// a private key. It is pure Go and works on every system; applying a
// descriptor is its caller's business.
//
// Descriptors come and go in self-relative form (SECURITY_DESCRIPTOR_RELATIVE)
// and as SDDL, both as [MS-DTYP] describes them, sections 2.4 and 2.5.1.
package secdesc

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A SID is a security identifier in its text form, such as "S-1-5-18".
type SID string

// Identifiers that this module needs by name.
const (
	System         SID = "S-1-5-18"
	Administrators SID = "S-1-5-32-544"
	everyone       SID = "S-1-1-0"
	anonymous      SID = "S-1-5-7"
	authenticated  SID = "S-1-5-11"
)

// wellKnown lists identifiers that are the same everywhere, with their SDDL
// abbreviation, "" where there is none, and their English name.
var wellKnown = []struct {
	sid          SID
	abbreviation string
	name         string
}{
	{"S-1-1-0", "WD", "Everyone"},
	{"S-1-3-0", "CO", "CREATOR OWNER"},
	{"S-1-3-1", "CG", "CREATOR GROUP"},
	{"S-1-3-4", "OW", "OWNER RIGHTS"},
	{"S-1-5-2", "NU", `NT AUTHORITY\NETWORK`},
	{"S-1-5-3", "", `NT AUTHORITY\BATCH`},
	{"S-1-5-4", "IU", `NT AUTHORITY\INTERACTIVE`},
	{"S-1-5-6", "SU", `NT AUTHORITY\SERVICE`},
	{"S-1-5-7", "AN", `NT AUTHORITY\ANONYMOUS LOGON`},
	{"S-1-5-9", "ED", `NT AUTHORITY\ENTERPRISE DOMAIN CONTROLLERS`},
	{"S-1-5-10", "PS", `NT AUTHORITY\SELF`},
	{"S-1-5-11", "AU", `NT AUTHORITY\Authenticated Users`},
	{"S-1-5-12", "RC", `NT AUTHORITY\RESTRICTED`},
	{"S-1-5-18", "SY", `NT AUTHORITY\SYSTEM`},
	{"S-1-5-19", "LS", `NT AUTHORITY\LOCAL SERVICE`},
	{"S-1-5-20", "NS", `NT AUTHORITY\NETWORK SERVICE`},
	{"S-1-5-32-544", "BA", `BUILTIN\Administrators`},
	{"S-1-5-32-545", "BU", `BUILTIN\Users`},
	{"S-1-5-32-546", "BG", `BUILTIN\Guests`},
	{"S-1-5-32-547", "PU", `BUILTIN\Power Users`},
	{"S-1-5-32-551", "BO", `BUILTIN\Backup Operators`},
	{"S-1-5-32-568", "IS", `BUILTIN\IIS_IUSRS`},
	{"S-1-5-80-0", "", `NT SERVICE\ALL SERVICES`},
	{"S-1-5-82-0", "", `IIS APPPOOL\ALL APPLICATION POOLS`},
	{"S-1-15-2-1", "AC", "ALL APPLICATION PACKAGES"},
}

// Name returns the English name of a well-known identifier, "" for others.
func (s SID) Name() string {
	for _, w := range wellKnown {
		if w.sid == s {
			return w.name
		}
	}
	return ""
}

// ErrSID means that a text is no security identifier.
var ErrSID = errors.New("not a security identifier")

// ParseSID reads the text form "S-1-...", with decimal numbers or an
// authority in hexadecimal, and returns the canonical one.
func ParseSID(text string) (SID, error) {
	fields := strings.Split(strings.ToUpper(text), "-")
	if len(fields) < 4 || len(fields) > 3+15 || fields[0] != "S" || fields[1] != "1" {
		return "", fmt.Errorf("%w: %.80q", ErrSID, text)
	}
	digits, base := fields[2], 10
	if hexadecimal, ok := strings.CutPrefix(digits, "0X"); ok {
		digits, base = hexadecimal, 16
	}
	authority, err := strconv.ParseUint(digits, base, 48)
	if err != nil {
		return "", fmt.Errorf("%w: %.80q", ErrSID, text)
	}
	out := []uint32{}
	for _, f := range fields[3:] {
		n, err := strconv.ParseUint(f, 10, 32)
		if err != nil {
			return "", fmt.Errorf("%w: %.80q", ErrSID, text)
		}
		out = append(out, uint32(n))
	}
	return newSID(authority, out), nil
}

func newSID(authority uint64, sub []uint32) SID {
	var b strings.Builder
	b.WriteString("S-1-")
	if authority < 1<<32 {
		b.WriteString(strconv.FormatUint(authority, 10))
	} else {
		fmt.Fprintf(&b, "0x%012X", authority)
	}
	for _, n := range sub {
		b.WriteString("-" + strconv.FormatUint(uint64(n), 10))
	}
	return SID(b.String())
}

// readSID reads the binary form at the start of b and returns its length.
func readSID(b []byte) (SID, int, error) {
	if len(b) < 8 || b[0] != 1 || b[1] == 0 || b[1] > 15 || len(b) < 8+4*int(b[1]) {
		return "", 0, fmt.Errorf("%w: its binary form is malformed", ErrSID)
	}
	n := int(b[1])
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	sub := make([]uint32, n)
	for i := range sub {
		sub[i] = binary.LittleEndian.Uint32(b[8+4*i:])
	}
	return newSID(authority, sub), 8 + 4*n, nil
}

// bytes returns the binary form; s was parsed before.
func (s SID) bytes() []byte {
	fields := strings.Split(string(s), "-")
	authority, _ := strconv.ParseUint(fields[2], 0, 48)
	out := []byte{1, byte(len(fields) - 3)}
	out = binary.BigEndian.AppendUint16(out, uint16(authority>>32))
	out = binary.BigEndian.AppendUint32(out, uint32(authority))
	for _, f := range fields[3:] {
		n, _ := strconv.ParseUint(f, 10, 32)
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	return out
}

// Account returns the identifier of an account that needs no look-up: a
// well-known one by its English name with or without domain and spaces (IIS and
// the services' console write NetworkService and LocalSystem), an application
// pool ("IIS AppPool\name"), a service ("NT SERVICE\name"), or an identifier
// itself.
func Account(name string) (SID, bool) {
	if sid, err := ParseSID(name); err == nil {
		return sid, true
	}
	plain := func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, " ", "")) }
	asked := plain(name)
	if asked == "LOCALSYSTEM" || asked == `NTAUTHORITY\LOCALSYSTEM` {
		return System, true
	}
	for _, w := range wellKnown {
		_, short, _ := strings.Cut(w.name, `\`)
		if asked == plain(w.name) || short != "" && asked == plain(short) {
			return w.sid, true
		}
	}
	domain, rest, ok := strings.Cut(name, `\`)
	if !ok || rest == "" {
		return "", false
	}
	switch strings.ToUpper(domain) {
	case "IIS APPPOOL": // SECURITY_APPPOOL_ID_BASE_RID
		return virtualAccount(82, strings.ToLower(rest)), true
	case "NT SERVICE": // SECURITY_SERVICE_ID_BASE_RID
		return virtualAccount(80, strings.ToUpper(rest)), true
	}
	return "", false
}

// virtualAccount computes the identifier of a virtual account: the SHA-1 of
// its name in UTF-16, as five numbers.
func virtualAccount(base uint32, name string) SID {
	h := sha1.New()
	_ = binary.Write(h, binary.LittleEndian, utf16.Encode([]rune(name))) // never fails
	sum := h.Sum(nil)
	sub := []uint32{base}
	for i := 0; i < len(sum); i += 4 {
		sub = append(sub, binary.LittleEndian.Uint32(sum[i:]))
	}
	return newSID(5, sub)
}
