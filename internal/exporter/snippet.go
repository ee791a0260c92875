package exporter

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/shell"
)

// The formats for servers, browsers and directories: text that lets one
// certificate in, or has it offered.
const (
	IISOneToOne       Format = "iis-one-to-one"         // XML for applicationHost.config
	IISOneToOnePS     Format = "iis-one-to-one-ps"      // PowerShell; AppCmd cannot take base64
	IISManyToOne      Format = "iis-many-to-one"        // XML
	IISManyToOnePS    Format = "iis-many-to-one-ps"     // PowerShell
	IISManyToOneCmd   Format = "iis-many-to-one-appcmd" // AppCmd
	IISAuthorization  Format = "iis-authorization"      // XML: who may come in once logged on
	IISSSLFlags       Format = "iis-sslflags"           // XML and PowerShell: that a certificate is asked for
	NetSh             Format = "netsh"                  // the binding of http.sys
	Apache            Format = "apache"                 // Require expr
	Nginx             Format = "nginx"                  // map and server block
	ActiveDirectory   Format = "ad"                     // altSecurityIdentities, the strong forms of KB5014754
	ChromePolicy      Format = "chrome-policy"          // JSON for Chrome, Chromium and Edge on Linux
	ChromePolicyReg   Format = "chrome-policy-reg"      // for Windows
	ChromePolicyMacOS Format = "chrome-policy-mac"      // for macOS
	Java              Format = "java"                   // keytool
)

// Snippets lists those formats in the order they are offered.
var Snippets = []Format{IISOneToOne, IISOneToOnePS, IISManyToOne, IISManyToOnePS, IISManyToOneCmd, IISAuthorization, IISSSLFlags, NetSh,
	Apache, Nginx, ActiveDirectory, ChromePolicy, ChromePolicyReg, ChromePolicyMacOS, Java}

// Snippet reports whether f is one of [Snippets].
func (f Format) Snippet() bool { return slices.Contains(Snippets, f) }

// Settings fill in what a certificate does not say. The zero value takes
// placeholders that a person replaces.
type Settings struct {
	Site    string // IIS: "Default Web Site"
	Account string // Windows and Active Directory: "SERVER\certuser"
	URL     string // the address that the certificate is for: "https://www.example.com"
}

// Why a snippet cannot be made.
var (
	ErrSettings = errors.New("this cannot stand there")
	ErrNoRule   = errors.New("the names in the certificate give nothing to compare")
	ErrAppCmd   = errors.New("the name has characters that AppCmd cannot take")
)

// withDefaults checks s and fills in placeholders.
func (s Settings) withDefaults() (Settings, error) {
	for what, v := range map[string]string{"site": s.Site, "account": s.Account, "address": s.URL} {
		if len(v) > 500 || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return s, fmt.Errorf("%s %.40q: %w", what, v, ErrSettings)
		}
	}
	if s.Site == "" {
		s.Site = "Default Web Site"
	}
	if s.Account == "" {
		s.Account = `SERVER\certuser`
	}
	if s.URL != "" {
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "https" || !hostName(u.Hostname()) {
			return s, fmt.Errorf("address %.80q: %w; write https://host or https://host:port", s.URL, ErrSettings)
		}
	}
	return s, nil
}

// hostName reports whether h may stand in a configuration as it is.
func hostName(h string) bool {
	if net.ParseIP(h) != nil {
		return true
	}
	return h != "" && len(h) < 254 && !strings.ContainsFunc(h, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '*')
	})
}

// Snippet renders one certificate in one of the formats of [Snippets]. Names
// in the certificate are quoted as the format wants it: they are anybody's
// text.
func Snippet(f Format, c *certificate.Certificate, s Settings) ([]byte, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("export as %s: %w", f, err)
	}
	render := map[Format]func(*certificate.Certificate, Settings) (string, error){
		IISOneToOne: iisOneToOne, IISOneToOnePS: iisOneToOnePS, IISManyToOne: iisManyToOne, IISManyToOnePS: iisManyToOnePS,
		IISManyToOneCmd: iisManyToOneCmd, IISAuthorization: iisAuthorization, IISSSLFlags: iisSSLFlags, NetSh: netSh, Apache: apache,
		Nginx: nginx, ActiveDirectory: activeDirectory, ChromePolicy: chromePolicy, ChromePolicyReg: chromePolicyReg,
		ChromePolicyMacOS: chromePolicyMacOS, Java: java,
	}[f]
	if render == nil {
		return nil, fmt.Errorf("export as %s: %w", f, ErrFormat)
	}
	text, err := render(c, s)
	if err != nil {
		return nil, fmt.Errorf("export as %s: %w", f, err)
	}
	return []byte(text), nil
}

// What [quoters] replace. A certificate's names hold no control characters
// (see package certificate), so no line ends in them.
var (
	xmlEscape  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
	psEscape   = strings.NewReplacer("'", "''", "\u2018", "\u2018\u2018", "\u2019", "\u2019\u2019", "\u201a", "\u201a\u201a", "\u201b", "\u201b\u201b")
	confEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
)

// ps quotes s for PowerShell, which takes typographic quotes for quotes too.
func ps(s string) string { return "'" + psEscape.Replace(s) + "'" }

// comment is a name that stands in a comment.
func comment(c *certificate.Certificate) string {
	name := []rune(c.CommonName())
	if len(name) > 60 {
		name = append(name[:59], '…')
	}
	until := ""
	if !c.NotAfter.IsZero() {
		until = ", valid until " + c.NotAfter.Format("2006-01-02")
	}
	return strings.ReplaceAll(string(name), "--", "- -") + until
}

// addressHost returns the host of the address, or of the certificate, or a
// placeholder.
func addressHost(c *certificate.Certificate, s Settings) string {
	if u, err := url.Parse(s.URL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	for _, n := range c.AltNames {
		if n.Type == "dns" && hostName(n.Value) && !strings.Contains(n.Value, "*") {
			return n.Value
		}
	}
	return "www.example.com"
}

// iisAppID is the application that IIS itself registers its bindings for.
const iisAppID = "{4dc3e181-e14b-4a21-b022-59fc669b0914}"

func netSh(c *certificate.Certificate, s Settings) (string, error) {
	port := "443"
	if u, err := url.Parse(s.URL); err == nil && u.Port() != "" {
		port = u.Port()
	}
	tail := " certhash=" + c.SHA1() + " appid=" + iisAppID + " certstorename=MY clientcertnegotiation=enable\r\n"
	return "rem The certificate and its private key must be in the machine's Personal store (MY) or in WebHosting.\r\n" +
		"rem A binding is changed by deleting it and adding it again. In PowerShell put the appid in quotes.\r\n" +
		"netsh http show sslcert\r\n" +
		"rem for every name on the address:\r\n" +
		"netsh http add sslcert ipport=0.0.0.0:" + port + tail +
		"rem or for one name (SNI):\r\n" +
		"netsh http add sslcert hostnameport=" + addressHost(c, s) + ":" + port + tail, nil
}

func java(c *certificate.Certificate, _ Settings) (string, error) {
	file := safeFileName(c) + ".pem"
	alias := strings.ToLower(safeFileName(c))
	return "# A trust store that trusts this certificate. keytool asks for the store's password.\n" +
		"cat >" + shell.Quote(file) + " <<'PEM'\n" + string(certfile.EncodePEM([][]byte{c.Raw})) + "PEM\n" +
		"keytool -importcert -noprompt -alias " + shell.Quote(alias) + " -file " + shell.Quote(file) + " -keystore trust.p12 -storetype PKCS12\n" +
		"keytool -list -keystore trust.p12\n" +
		"# In the JVM that is to trust it:\n" +
		"#   -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=...\n" +
		"# In the JVM that logs on with it, after certctl export ID --format pfx -o key.p12:\n" +
		"#   -Djavax.net.ssl.keyStore=key.p12 -Djavax.net.ssl.keyStoreType=PKCS12 -Djavax.net.ssl.keyStorePassword=...\n", nil
}

// safeFileName is a name of letters that every shell and file system takes.
func safeFileName(c *certificate.Certificate) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, c.CommonName())
	name = strings.Trim(name, "-.")
	if name == "" {
		return "certificate"
	}
	return name[:min(len(name), 60)]
}

// Needs says which of the settings a format has a place for.
func (f Format) Needs() (site, account, address bool) {
	switch f {
	case IISOneToOne, IISOneToOnePS, IISManyToOne, IISManyToOnePS, IISManyToOneCmd, IISAuthorization:
		return true, true, false
	case IISSSLFlags:
		return true, false, false
	case ActiveDirectory:
		return false, true, false
	case NetSh, ChromePolicy, ChromePolicyReg, ChromePolicyMacOS:
		return false, false, true
	}
	return false, false, false
}
