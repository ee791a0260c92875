package explain_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"certdesk/internal/explain"
)

// found returns the ids that Parse finds.
func found(s string) []string {
	var ids []string
	for _, m := range explain.Parse(s).Matches {
		ids = append(ids, m.Code.ID)
	}
	return ids
}

// TestSpellings: every code is found by every spelling that it has.
func TestSpellings(t *testing.T) {
	for _, c := range explain.All() {
		for _, s := range c.Spellings() {
			for _, q := range []string{s, strings.ToUpper(s), " " + s + "\n", "\u200e" + s, "\"" + s + "\""} {
				if got := found(q); !slices.Contains(got, c.ID) {
					t.Errorf("%q finds %v, not %s", q, got, c.ID)
				}
			}
		}
	}
}

// TestEntries: each entry says what a person needs, once.
func TestEntries(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range explain.All() {
		if seen[c.ID] {
			t.Errorf("%s is there twice", c.ID)
		}
		seen[c.ID] = true
		if c.Name == "" || c.Meaning == "" || len(c.Causes) == 0 || len(c.Checks) == 0 || c.Kind == "" {
			t.Errorf("%s is incomplete", c.ID)
		}
		for _, s := range append([]string{c.Meaning}, c.Causes...) {
			if !strings.HasSuffix(s, ".") {
				t.Errorf("%s: %q is no sentence", c.ID, s)
			}
		}
	}
}

// TestFacts: the codes of the project's notes, section 5.
func TestFacts(t *testing.T) {
	for id, queries := range map[string]string{
		"0x800b0109": "0x800b0109 800B0109 -2146762487 2148204809 CERT_E_UNTRUSTEDROOT 0xFFFFFFFF800B0109",
		"0x8007052e": "0x8007052e 2147943726 -2147023570 1326", "0x80093102": "2148086018 CRYPT_E_ASN1_EOD", "0x80070520": "1312 0x80070520",
		"403.16": "403.16", "403.7": "403.7", "401.1": "401.1", "500.0": "500.0", "0x80090320": "0x00090320 0x80090320 SEC_I_INCOMPLETE_CREDENTIALS 590624",
		"0x80072f0c": "12044", "0x80072f99": "12185", "0x80072f9a": "12186", "0x80070056": "86 0x80070056", "0x8007000d": "13", "0x80070005": "5",
		"event 36887": "36887", "alert 48": "48", "alert 116": "116 certificate_required", "errSecPkcs12VerifyFailure": "-25264", "errSecDecode": "-26275",
		"openssl 0308010C": "0308010C ERR_OSSL_EVP_UNSUPPORTED", "SEC_ERROR_UNKNOWN_ISSUER": "-8179", "SSL_ERROR_BAD_CERT_ALERT": "-12271",
		"ERR_CERT_AUTHORITY_INVALID": "-202 NET::ERR_CERT_AUTHORITY_INVALID net::ERR_CERT_AUTHORITY_INVALID",
	} {
		for q := range strings.FieldsSeq(queries) {
			if got := found(q); len(got) == 0 || !slices.Contains(got, id) {
				t.Errorf("%s finds %v, not %s", q, got, id)
			}
		}
	}
	for id := range strings.FieldsSeq(`401.1 401.2 401.3 403.4 403.7 403.12 403.13 403.16 403.17 500.0 ERR_CONNECTION_RESET
		0x8007052e 0x80070533 0x80070775 0x80070532 0x80070569 0x80093102 0x8009310b 0x80093103 0x80092002 0x80092003 0x8009200a 0x800b0109 0x800b010a 0x800b0112 0x800b0101 0x800b0102 0x800b0103
		0x800b0104 0x800b0105 0x800b0106 0x800b010c 0x800b010e 0x800b010f 0x800b0110 0x800b0111 0x800b0113 0x800b0114 0x80096004 0x80096019 0x80092004 0x80092005 0x80092009 0x8009200b 0x8009200c
		0x80092010 0x80092012 0x80092013 0x80070056 0x8007000d 0x80070005 0x80070520 0x80070032 0x80090003 0x80090005 0x8009000b 0x8009000d 0x8009000f 0x80090010 0x80090014 0x80090016 0x80090019 0x8009001a
		0x80090022 0x80090027 0x80090029 0x8009002c 0x8009002d 0x80090030 0x80090036 0x8009030c 0x8009030d 0x8009030e 0x80090320 0x00090321 0x80090322 0x80090325 0x80090327 0x80090328 0x80090326
		0x80090331 0x80090349 0x80090352 0x8010000c 0x8010006b 0x8010006c 0x8010006e ERR_SSL_KEY_USAGE_INCOMPATIBLE ERR_SSL_CLIENT_AUTH_CERT_NO_PRIVATE_KEY ERR_BAD_SSL_CLIENT_AUTH_CERT
		ERR_SSL_CLIENT_AUTH_SIGNATURE_FAILED ERR_CERT_COMMON_NAME_INVALID ERR_CERT_AUTHORITY_INVALID SEC_ERROR_UNKNOWN_ISSUER SSL_ERROR_BAD_CERT_ALERT SEC_ERROR_INADEQUATE_KEY_USAGE
		SEC_ERROR_INADEQUATE_CERT_TYPE errSecPkcs12VerifyFailure errSecAuthFailed errSecDuplicateItem errSecItemNotFound errSecInteractionNotAllowed errSecDecode`) {
		if got := found(id); len(got) == 0 || !slices.Contains(got, id) {
			t.Errorf("%s finds %v", id, got)
		}
	}
	for _, n := range []int{36870, 36874, 36882, 36887, 36888} {
		if got := found("event " + strconv.Itoa(n)); !slices.Contains(got, "event "+strconv.Itoa(n)) {
			t.Errorf("event %d finds %v", n, got)
		}
	}
	for _, n := range []int{42, 43, 44, 45, 46, 48, 49, 51, 116} {
		if c := explain.ByAlert(n); c == nil || !slices.Contains(found("fatal alert code is "+strconv.Itoa(n)), c.ID) {
			t.Errorf("alert %d is not found", n)
		}
	}
}

func TestPasted(t *testing.T) {
	const header = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
	const line = "2026-11-22 09:14:02 10.0.0.5 GET /orders - 443 - 10.0.0.9 Mozilla/5.0+(Windows) - 403 16 2148204809 31\n"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"log with header", header + line, []string{"403.16", "0x800b0109"}},
		{"log line alone", line, []string{"403.16", "0x800b0109"}},
		{"log line with byte counts", "2026-11-22 09:14:02 W3SVC1 10.0.0.5 POST /o - 443 - 10.0.0.9 - 401 1 2148086018 1293 500 46", []string{"401.1", "0x80093102"}},
		{"the three numbers", "403 7 64", []string{"403.7", "0x80070040"}},
		{"two numbers", "403 13", []string{"403.13"}},
		{"log of other order", "#Fields: sc-status date time sc-substatus sc-win32-status\n", nil},
		{"successes say nothing", "2026-11-22 09:14:02 10.0.0.5 GET / - 443 - 10.0.0.9 - 200 0 0 3", nil},
		{"unknown substatus", "2026-11-22 09:14:02 10.0.0.5 GET / - 443 - 10.0.0.9 - 403 99 0 3", []string{"403"}},
		{"IIS page", "HTTP Error 403.16 - Forbidden\nYour client certificate is either not trusted or is invalid.\nError Code 0x800b0109", []string{"403.16", "0x800b0109"}},
		{"Schannel event", "Log Name: System\nSource: Schannel\nEvent ID: 36887\nA fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48.", []string{"event 36887", "alert 48"}},
		{"Schannel 36870", "A fatal error occurred when attempting to access the TLS server credential private key. The error code returned from the cryptographic module is 0x8009030D. The internal error state is 10001.", []string{"event 36870", "0x8009030d"}},
		{"netsh", "SSL Certificate add failed, Error: 1312\nA specified logon session does not exist. It may already have been terminated.", []string{"0x80070520"}},
		{"phrase", "Keyset does not exist", []string{"0x80090016"}},
		{".NET", "System.Security.Cryptography.CryptographicException: Invalid provider type specified.\r\n   at System.Security.Cryptography", []string{"0x80090014"}},
		{"HRESULT in words", "The remote certificate is invalid (HRESULT: 0x800B0109)", []string{"0x800b0109"}},
		{"certutil", "CertUtil: -verify command FAILED: 0x80092013 (-2146885613 CRYPT_E_REVOCATION_OFFLINE)", []string{"0x80092013"}},
		{"openssl alert", "error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:SSL alert number 48", []string{"alert 48"}},
		{"openssl verify", "error 20 at 0 depth lookup: unable to get local issuer certificate", []string{"openssl verify 20"}},
		{"openssl longest", "verify error:num=19:self-signed certificate in certificate chain", []string{"openssl verify 19"}},
		{"Firefox", "Error code: SEC_ERROR_UNKNOWN_ISSUER", []string{"SEC_ERROR_UNKNOWN_ISSUER"}},
		{"Chrome", "Your connection is not private\nNET::ERR_CERT_COMMON_NAME_INVALID", []string{"ERR_CERT_COMMON_NAME_INVALID"}},
		{"Java", "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target", []string{"java PKIX path building failed"}},
		{"nginx", "<center><h1>400 Bad Request</h1></center>\n<center>No required SSL certificate was sent</center>", []string{"496"}},
		{"macOS", "security: SecKeychainItemImport: MAC verification failed during PKCS12 import (wrong password?)", []string{"errSecPkcs12VerifyFailure"}},
		{"prose with numbers", "Call me on 5 May at 13:12 in room 86, 48 people", nil},
		{"TLS 1.3", "HTTP Error 500.0 - Internal Server Error ErrorCode 0x80070032", []string{"500.0", "0x80070032"}},
		{"reply 9", "ErrorCode 2148086018", []string{"0x80093102"}},
	} {
		if got := found(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s: found %v, want %v", tt.name, got, tt.want)
		}
	}
	r := explain.Parse("certhash \u200e4F F4 A1 BE B7 6C 7F 9B CE 9F AF 55 2C EF BD 10 58 8B CE A8 not found 0x80092004")
	if !slices.Equal(r.Named, []string{"4ff4a1beb76c7f9bce9faf552cefbd10588bcea8"}) || !r.Invisible {
		t.Errorf("thumbprint %v, invisible %v", r.Named, r.Invisible)
	}
}

func TestSuggestions(t *testing.T) {
	for q, want := range map[string]string{
		"0x800b0199": "0x800b0109", "CERT_E_UNTRUSTEDROT": "CERT_E_UNTRUSTEDROOT", "403.99": "403.16", "ERR_CERT_AUTORITY_INVALID": "ERR_CERT_AUTHORITY_INVALID",
		"SEC_ERROR_UNKNOWN_ISUER": "SEC_ERROR_UNKNOWN_ISSUER", "UNKNOWN_ISSUER": "SEC_ERROR_UNKNOWN_ISSUER",
	} {
		r := explain.Parse(q)
		if len(r.Matches) != 0 || !strings.Contains(strings.Join(r.Suggestions, "\n"), want) {
			t.Errorf("%q: matches %d, suggestions %q, want %s among them", q, len(r.Matches), r.Suggestions, want)
		}
	}
	for _, q := range []string{"", "   ", "quux", "1", "99999999999999999999", "-", "0x", "\u200e"} {
		if r := explain.Parse(q); len(r.Matches) != 0 && q != "1" {
			t.Errorf("%q is %v", q, found(q))
		}
	}
}

// TestWindowsValues compares names and values with those that the Go project
// generates from Windows' headers.
func TestWindowsValues(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	src, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "windows", "zerrors_windows.go"))
	if err != nil {
		t.Skip(err)
	}
	values := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^\s*([A-Z][A-Z0-9_]+)\s+(?:\S+)\s*=\s*(0x[0-9A-Fa-f]+|\d+)$`).FindAllStringSubmatch(string(src), -1) {
		values[m[1]], _ = strconv.ParseUint(m[2], 0, 32)
	}
	compared := 0
	for _, c := range explain.All() {
		v, ok := c.Value()
		want, known := values[c.Name]
		if !ok || !known {
			continue
		}
		compared++
		if want < 1<<16 {
			want |= 0x80070000
		}
		if uint64(v) != want {
			t.Errorf("%s is %#x, Windows says %#x", c.Name, v, want)
		}
	}
	if compared < 100 {
		t.Errorf("compared %d codes only", compared)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"403.16", "0x800b0109", "-2146762487", "alert code is 48", "2026-11-22 09:14:02 a 403 16 2148204809 31", "#Fields: sc-status\n403", "error 20 at 0 depth", "\xff\u200e\ufeff", "- -- -2147483648 99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := explain.Parse(s)
		seen := map[string]bool{}
		for _, m := range r.Matches {
			if m.Code == nil || seen[m.Code.ID] {
				t.Fatalf("%q: match %+v", s, m)
			}
			seen[m.Code.ID] = true
		}
		for _, u := range append(append([]string{}, r.Unknown...), r.Suggestions...) {
			if utf8.ValidString(s) && !utf8.ValidString(u) {
				t.Fatalf("%q: %q", s, u)
			}
		}
	})
}
