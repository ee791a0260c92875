package exporter

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/shell"
)

// nginx lets in the certificate by issuer and serial number: a serial number
// is unique for one issuer only.
func nginx(c *certificate.Certificate, _ Settings) (string, error) {
	key := opensslName(c.RawIssuer, true) + "|" + c.Serials().OpenSSL
	bucket := 64
	for bucket < len(key)+40 { // the hash's own part of a bucket, generously
		bucket *= 2
	}
	return fmt.Sprintf(`# In the http block:
map_hash_bucket_size %d;
map "$ssl_client_i_dn|$ssl_client_serial" $client_certificate_allowed {
    default 0;
    "%s" 1; # %s
}

# In the server block; client-ca.pem holds the root and the intermediates that issued it:
ssl_client_certificate /etc/nginx/client-ca.pem;
ssl_verify_client on;
ssl_verify_depth 3;
if ($client_certificate_allowed = 0) { return 403; }
`, bucket, confEscape.Replace(key), comment(c)), nil
}

// apache likewise.
func apache(c *certificate.Certificate, _ Settings) (string, error) {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "%", `\%`)
	serial, issuer := c.Serials().OpenSSL, quote.Replace(opensslName(c.RawIssuer, false))
	return fmt.Sprintf(`# In the VirtualHost of the site, which needs mod_ssl. client-ca.pem holds the root and the intermediates.
# Let in: %s
SSLVerifyClient require
SSLVerifyDepth 3
SSLCACertificateFile "/etc/apache2/client-ca.pem"
<Location "/">
    Require expr %%{SSL_CLIENT_M_SERIAL} == "%s" && %%{SSL_CLIENT_I_DN} == "%s"
</Location>
# Apache 2.2: SSLRequire %%{SSL_CLIENT_M_SERIAL} eq "%s" and %%{SSL_CLIENT_I_DN} eq "%s"
`, comment(c), serial, issuer, serial, issuer), nil
}

// activeDirectory writes the strong mappings of KB5014754.
func activeDirectory(c *certificate.Certificate, s Settings) (string, error) {
	account := s.Account
	if i := strings.LastIndexByte(account, '\\'); i >= 0 {
		account = account[i+1:]
	}
	best := "X509:<I>" + windowsName(c.Issuer()) + "<SR>" + c.Serials().Reversed
	lines := []string{
		"# altSecurityIdentities of the account; each line is a strong mapping (KB5014754) and one is enough.",
		"# " + comment(c),
		best,
	}
	if len(c.SubjectKeyID) > 0 {
		lines = append(lines, "X509:<SKI>"+hex.EncodeToString(c.SubjectKeyID))
	}
	lines = append(lines, "# In spite of its name it takes the certificate's SHA-1 thumbprint:", "X509:<SHA1-PUKEY>"+c.SHA1(), "", "# PowerShell:",
		"Set-ADUser -Identity "+ps(account)+" -Add @{ 'altSecurityIdentities' = "+ps(best)+" }")
	return strings.Join(lines, "\n") + "\n", nil
}

// windowsLabels are Windows' names of attribute types where ours differ.
var windowsLabels = map[string]string{"ST": "S", "emailAddress": "E", "serialNumber": "SERIALNUMBER", "street": "STREET", "GN": "G", "title": "T",
	"postalCode": "PostalCode", "dnQualifier": "dnQualifier", "UID": "OID.0.9.2342.19200300.100.1.1"}

// windowsName writes a name as Active Directory's mappings have it: in the
// order of the encoding, values with special characters in quotes
// (CertNameToStr with CERT_X500_NAME_STR).
func windowsName(n certificate.Name) string {
	var parts []string
	for _, rdn := range n {
		var avs []string
		for _, a := range rdn {
			label := a.Label()
			if w, ok := windowsLabels[label]; ok {
				label = w
			} else if label == a.OID {
				label = "OID." + label
			}
			v := a.Value
			if v == "" || strings.ContainsAny(v, ",+=\"\n<>#;") || strings.TrimSpace(v) != v {
				v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
			avs = append(avs, label+"="+v)
		}
		parts = append(parts, strings.Join(avs, "+"))
	}
	return strings.Join(parts, ",")
}

// policyFilter is the value of AutoSelectCertificateForUrls for the direct
// issuer of c, in ASCII.
func policyFilter(c *certificate.Certificate, s Settings) (string, error) {
	pattern := strings.TrimSuffix(s.URL, "/")
	if pattern == "" {
		pattern = "https://www.example.com"
	}
	issuer := map[string]string{}
	for _, label := range []string{"CN", "O", "OU", "L"} { // those that Chrome compares
		if v := c.Issuer().Value(label); v != "" {
			issuer[label] = v
			break
		}
	}
	if len(issuer) == 0 {
		return "", ErrNoRule
	}
	return ascii(struct {
		Pattern string                       `json:"pattern"`
		Filter  map[string]map[string]string `json:"filter"`
	}{pattern, map[string]map[string]string{"ISSUER": issuer}})
}

// ascii renders v as JSON on one line with letters outside ASCII escaped.
func ascii(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	var out strings.Builder
	for _, r := range strings.TrimSpace(b.String()) {
		switch {
		case r < 0x7f:
			out.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return out.String(), nil
}

func chromePolicy(c *certificate.Certificate, s Settings) (string, error) {
	filter, err := policyFilter(c, s)
	if err != nil {
		return "", err
	}
	text, err := ascii(map[string][]string{"AutoSelectCertificateForUrls": {filter}})
	return text + "\n", err
}

func chromePolicyReg(c *certificate.Certificate, s Settings) (string, error) {
	filter, err := policyFilter(c, s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("Windows Registry Editor Version 5.00\r\n")
	for _, browser := range []string{`Google\Chrome`, `Chromium`, `Microsoft\Edge`} {
		fmt.Fprintf(&b, "\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\%s\\AutoSelectCertificateForUrls]\r\n\"1\"=\"%s\"\r\n", browser, confEscape.Replace(filter))
	}
	return b.String(), nil
}

func chromePolicyMacOS(c *certificate.Certificate, s Settings) (string, error) {
	filter, err := policyFilter(c, s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, browser := range []string{"com.google.Chrome", "org.chromium.Chromium", "com.microsoft.Edge"} {
		fmt.Fprintf(&b, "defaults write %s AutoSelectCertificateForUrls -array-add -string %s\n", browser, shell.Quote(filter))
	}
	return b.String(), nil
}
