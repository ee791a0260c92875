// Package explain knows the error codes that people meet when certificates
// do not work: of IIS, Windows, Schannel, browsers, NSS, macOS, OpenSSL and
// Java. [Parse] finds them in any spelling, also in a pasted log line or event.
//
// It holds what a code means and what usually causes it, and names the checks
// that apply; package diagnose runs those. The sources are Microsoft's
// reference pages, winerror.h, Chromium's net_error_list.h, NSS's secerr.h and
// sslerr.h, Apple's SecBase.h and RFC 8446 section 6.
package explain

import (
	"fmt"
	"strconv"
	"strings"
)

// A Kind says whose code it is.
type Kind string

// The kinds.
const (
	HTTP     Kind = "http"     // status and IIS substatus
	Windows  Kind = "windows"  // HRESULT, Win32, SSPI, WinHTTP
	Schannel Kind = "schannel" // events of the Windows system log
	Alert    Kind = "alert"    // TLS alerts
	Chromium Kind = "chromium" // Chrome, Edge
	NSS      Kind = "nss"      // Firefox, and Chrome's stores on Linux
	MacOS    Kind = "macos"
	OpenSSL  Kind = "openssl" // and nginx, Apache, curl
	Java     Kind = "java"
	DotNet   Kind = "dotnet"
)

// A Check names something that can be looked at on a computer; see package
// diagnose.
type Check string

// The checks.
const (
	RootStore  Check = "root-store"      // issued certificates among the trusted roots
	Trust      Check = "trust"           // chains of personal certificates end at trusted roots
	MachineCA  Check = "machine-root"    // roots that only the user trusts
	Issuer     Check = "issuer"          // missing intermediates
	Blocked    Check = "blocked"         // untrusted certificates in a chain
	Validity   Check = "validity"        // dates of certificates and issuers
	Key        Check = "private-key"     // certificates without a key that works
	Client     Check = "client"          // may it log on?
	Server     Check = "server"          // may it serve?
	HostName   Check = "host-name"       // names in server certificates
	Revocation Check = "revocation"      // where revocation is looked up
	IssuerList Check = "issuer-list"     // longer than 16 KB?
	Weak       Check = "weak"            // algorithms and keys
	CARules    Check = "ca-rules"        // what the CAs of a chain may do
	Mail       Check = "mail"            // certificates for mail
	Named      Check = "named"           // the certificate that the text names
	Base64     Check = "base64"          // the mapped certificate
	Access     Check = "access"          // may the stores be read and changed?
	KeyAccess  Check = "key-permissions" // may the service's account use the key?
	Provider   Check = "key-provider"    // where Windows keeps the key
	File       Check = "file"            // the PFX file
	Logon      Check = "account"         // the account a certificate is mapped to
	IISConfig  Check = "iis"             // configuration of the site
	ServerSide Check = "server-side"     // what only the other side can see
)

// A Code is one entry.
type Code struct {
	ID      string   // as it is usually written: "403.16", "0x800b0109", "ERR_CERT_DATE_INVALID", "event 36887", "alert 48"
	Kind    Kind     // whose it is
	Name    string   // its symbol, such as CERT_E_UNTRUSTEDROOT; may equal ID
	Text    string   // what the system says about it; may be empty
	Meaning string   // one or two sentences
	Causes  []string // the usual one first
	Checks  []Check  // what can be looked at
	Also    []string // other names and spellings
	Number  int64    // its value outside Windows' HRESULTs, where it has one: an alert, an event, -8172
	Phrases []string // lower case: texts that mean this code
}

// Value returns the 32 bits of a Windows code.
func (c *Code) Value() (uint32, bool) {
	if c.Kind != Windows || !strings.HasPrefix(c.ID, "0x") {
		return 0, false
	}
	n, err := strconv.ParseUint(c.ID[2:], 16, 32)
	return uint32(n), err == nil
}

// Spellings returns the ways in which the code is written, the usual one
// first.
func (c *Code) Spellings() []string {
	list := []string{c.ID}
	if c.Name != "" && c.Name != c.ID {
		list = append(list, c.Name)
	}
	if v, ok := c.Value(); ok {
		list = append(list, strconv.FormatInt(int64(int32(v)), 10), strconv.FormatUint(uint64(v), 10))
		if int32(v) >= 0 {
			list = list[:len(list)-1]
		}
		if v>>16 == facilityWin32 {
			list = append(list, strconv.FormatUint(uint64(v&0xffff), 10))
		}
	} else if c.Number != 0 && c.Kind != Alert && c.Kind != Schannel {
		list = append(list, strconv.FormatInt(c.Number, 10))
	}
	return append(list, c.Also...)
}

// facilityWin32 is the upper half of an HRESULT made of a Win32 error.
const facilityWin32 = 0x8007

// HResult returns the HRESULT of a number as people write it: n < 0 is a signed
// 32-bit value, n below 65536 a Win32 error.
func HResult(n int64) (uint32, bool) {
	switch {
	case n < 0 && n >= -1<<31:
		return uint32(int32(n)), true
	case n >= 0 && n < 1<<16:
		return facilityWin32<<16 | uint32(n), true
	case n >= 0 && n < 1<<32:
		return uint32(n), true
	}
	return 0, false
}

// All returns every code.
func All() []*Code { return codes }

var (
	codes   []*Code
	byName  = map[string]*Code{}  // folded names, ids and other spellings
	byValue = map[uint32]*Code{}  // Windows
	byNum   = map[int64][]*Code{} // the others' numbers
	byEvent = map[int64]*Code{}
	byAlert = map[int64]*Code{}
)

func init() {
	for _, table := range [][]Code{httpCodes, trustCodes, keyCodes, schannelCodes, winCodes, eventCodes, alertCodes, chromiumCodes, nssCodes, otherCodes} {
		for i := range table {
			codes = append(codes, &table[i])
		}
	}
	for _, c := range codes {
		for _, name := range append([]string{c.ID, c.Name}, c.Also...) {
			if key := fold(name); key != "" && byName[key] == nil {
				byName[key] = c
			}
		}
		if v, ok := c.Value(); ok {
			byValue[v] = c
		}
		switch {
		case c.Kind == Schannel:
			byEvent[c.Number] = c
		case c.Kind == Alert:
			byAlert[c.Number] = c
			byName[fold(c.Name)+"alert"] = c
		case c.Number != 0:
			byNum[c.Number] = append(byNum[c.Number], c)
		}
	}
	for _, c := range codes { // SEC_I_INCOMPLETE_CREDENTIALS and its like share an entry
		for _, name := range c.Also {
			if v, ok := hexValue(name); ok && byValue[v] == nil {
				byValue[v] = c
			}
		}
	}
}

// fold reduces a name to its letters and digits in lower case.
func fold(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			b.WriteRune(r)
		}
	}
	return strings.Trim(b.String(), ".")
}

// hexValue reads eight hex digits, with or without 0x before them.
func hexValue(s string) (uint32, bool) {
	l := strings.ToLower(s)
	digits, prefixed := strings.CutPrefix(l, "0x")
	if len(digits) > 8 || digits == "" || !prefixed && len(digits) != 8 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	return uint32(n), err == nil
}

// ByID returns the code with an id, or nil.
func ByID(id string) *Code { return byName[fold(id)] }

// ByHTTP returns the entry of an HTTP status with its IIS substatus, else the
// one for the status alone, or nil.
func ByHTTP(status, substatus int) *Code {
	if c := byName[fmt.Sprintf("%d.%d", status, substatus)]; c != nil {
		return c
	}
	return byName[strconv.Itoa(status)]
}

// ByAlert returns the entry of a TLS alert, or nil.
func ByAlert(description int) *Code { return byAlert[int64(description)] }

// An UnknownError says that a text holds no code that is known here.
type UnknownError struct {
	Query       string
	Suggestions []string // the nearest codes
}

// Error returns the text, cut, and the cause.
func (e *UnknownError) Error() string {
	q := []rune(strings.Join(strings.Fields(e.Query), " "))
	if len(q) > 80 {
		q = append(q[:79], '…')
	}
	return fmt.Sprintf("explain %q: no code that is known here", string(q))
}

// Err returns an [*UnknownError] if nothing was found in query, else nil.
func (r Result) Err(query string) error {
	if len(r.Matches) > 0 {
		return nil
	}
	return &UnknownError{query, r.Suggestions}
}
