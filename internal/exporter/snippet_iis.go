package exporter

import (
	"fmt"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
)

// The shapes are those of Microsoft's reference of
// iisClientCertificateMappingAuthentication. The section may stand at server
// and site level only, in applicationHost.config.

const iisWarning = `<!-- %%windir%%\System32\inetsrv\config\applicationHost.config, at server or site level; the section is locked by default.
     Mapped: %s
     Set the password with IIS Manager or the PowerShell form: written by hand it stays readable in the file.
     A renewed certificate is another one and needs a mapping of its own. -->
`

// iisSite wraps mappings in the sections around them.
func iisSite(c *certificate.Certificate, s Settings, oneToOne bool, mappings string) string {
	one, many := "true", "false"
	if !oneToOne {
		one, many = many, one
	}
	return fmt.Sprintf(iisWarning, comment(c)) + `<location path="` + xmlEscape.Replace(s.Site) + `">
  <system.webServer>
    <security>
      <access sslFlags="Ssl, SslNegotiateCert, SslRequireCert" />
      <authentication>
        <anonymousAuthentication enabled="false" />
        <windowsAuthentication enabled="false" />
        <digestAuthentication enabled="false" />
        <basicAuthentication enabled="false" />
        <iisClientCertificateMappingAuthentication enabled="true"
              oneToOneCertificateMappingsEnabled="` + one + `"
              manyToOneCertificateMappingsEnabled="` + many + `">
` + mappings + `        </iisClientCertificateMappingAuthentication>
      </authentication>
    </security>
  </system.webServer>
</location>
`
}

func iisOneToOne(c *certificate.Certificate, s Settings) (string, error) {
	return iisSite(c, s, true, `          <oneToOneMappings>
            <add enabled="true" userName="`+xmlEscape.Replace(s.Account)+`" password="[set by tool]"
                 certificate="`+certfile.OneLineBase64(c.Raw)+`" />
          </oneToOneMappings>
`), nil
}

// iisPS is the beginning of the PowerShell forms.
func iisPS(c *certificate.Certificate, s Settings, kind string) string {
	return `# Run as administrator on the web server. Asks for the account and never shows its password.
# Mapped: ` + comment(c) + `
Import-Module WebAdministration
$site = ` + ps(s.Site) + `
$root = @{ PSPath = 'MACHINE/WEBROOT/APPHOST'; Location = $site }
$sec  = 'system.webServer/security/authentication/iisClientCertificateMappingAuthentication'
$cred = Get-Credential -UserName ` + ps(s.Account) + ` -Message 'Account the certificate maps to'
Set-WebConfigurationProperty @root -Filter $sec -Name enabled -Value $true
Set-WebConfigurationProperty @root -Filter $sec -Name ` + kind + `CertificateMappingsEnabled -Value $true
`
}

const iisPSEnd = `Set-WebConfigurationProperty @root -Filter 'system.webServer/security/access' -Name sslFlags -Value 'Ssl,SslNegotiateCert,SslRequireCert'
`

func iisOneToOnePS(c *certificate.Certificate, s Settings) (string, error) {
	return iisPS(c, s, "oneToOne") + `Add-WebConfigurationProperty @root -Filter "$sec/oneToOneMappings" -Name '.' -Value @{
  enabled = $true; userName = $cred.UserName
  password = $cred.GetNetworkCredential().Password
  certificate = '` + certfile.OneLineBase64(c.Raw) + `' }
` + iisPSEnd, nil
}

// A rule of a many-to-one mapping.
type rule struct{ field, sub, value string }

// subFields are the parts of a name that IIS compares, and our labels.
var subFields = []struct{ iis, label string }{{"CN", "CN"}, {"OU", "OU"}, {"O", "O"}, {"L", "L"}, {"S", "ST"}, {"C", "C"}}

// rules let in what the issuer of c issued for the organization of c.
func rules(c *certificate.Certificate) ([]rule, error) {
	var list []rule
	add := func(field string, n certificate.Name, subs ...string) {
		for _, f := range subFields {
			for _, want := range subs {
				if v := n.Value(f.label); f.iis == want && v != "" {
					list = append(list, rule{field, f.iis, v})
				}
			}
		}
	}
	issuer := c.Issuer()
	add("Issuer", issuer, "CN", "O")
	if len(list) == 0 {
		add("Issuer", issuer, "OU", "L", "S", "C")
	}
	if len(list) == 0 {
		return nil, ErrNoRule
	}
	add("Subject", c.Subject(), "O")
	for _, r := range list {
		if strings.ContainsAny(r.value, "*\ufffd") { // a wildcard there
			return nil, fmt.Errorf("%w: %s %s is %q", ErrNoRule, r.field, r.sub, r.value)
		}
	}
	return list, nil
}

const mappingName = "Client certificates"

func iisManyToOne(c *certificate.Certificate, s Settings) (string, error) {
	list, err := rules(c)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "          <manyToOneMappings>\n            <add name=%q enabled=\"true\" permissionMode=\"Allow\" userName=\"%s\" password=\"[set by tool]\">\n              <rules>\n",
		mappingName, xmlEscape.Replace(s.Account))
	for _, r := range list {
		fmt.Fprintf(&b, "                <add certificateField=\"%s\" certificateSubField=\"%s\" matchCriteria=\"%s\" compareCaseSensitive=\"true\" />\n", r.field, r.sub, xmlEscape.Replace(r.value))
	}
	b.WriteString("              </rules>\n            </add>\n          </manyToOneMappings>\n")
	return iisSite(c, s, false, b.String()), nil
}

func iisManyToOnePS(c *certificate.Certificate, s Settings) (string, error) {
	list, err := rules(c)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(iisPS(c, s, "manyToOne"))
	fmt.Fprintf(&b, `Add-WebConfigurationProperty @root -Filter "$sec/manyToOneMappings" -Name '.' -Value @{
  name = '%s'; enabled = $true; permissionMode = 'Allow'
  userName = $cred.UserName; password = $cred.GetNetworkCredential().Password }
`, mappingName)
	for _, r := range list {
		fmt.Fprintf(&b, `Add-WebConfigurationProperty @root -Filter "$sec/manyToOneMappings/add[@name='%s']/rules" -Name '.' -Value @{
  certificateField = '%s'; certificateSubField = '%s'; matchCriteria = %s; compareCaseSensitive = $true }
`, mappingName, r.field, r.sub, ps(r.value))
	}
	return b.String() + iisPSEnd, nil
}

func iisManyToOneCmd(c *certificate.Certificate, s Settings) (string, error) {
	list, err := rules(c)
	if err != nil {
		return "", err
	}
	unfit := func(v string) bool { return strings.ContainsAny(v, "\"'%^&|<>[],!") }
	const section = "-section:system.webServer/security/authentication/iisClientCertificateMappingAuthentication"
	if unfit(s.Site) || unfit(s.Account) {
		return "", fmt.Errorf("%w: site or account", ErrAppCmd)
	}
	set := `%windir%\System32\inetsrv\appcmd.exe set config "` + s.Site + `" `
	var b strings.Builder
	b.WriteString("rem Run as administrator. Replace PASSWORD; it can be read by whoever sees this line.\r\n")
	line := func(what string) { b.WriteString(set + what + " /commit:apphost\r\n") }
	line(section + ` /enabled:"True" /manyToOneCertificateMappingsEnabled:"True"`)
	line(section + ` /+"manyToOneMappings.[name='` + mappingName + `',enabled='True',permissionMode='Allow',userName='` + s.Account + `',password='PASSWORD']"`)
	for _, r := range list {
		if unfit(r.value) {
			return "", fmt.Errorf("%w: %q; take the PowerShell form", ErrAppCmd, r.value)
		}
		line(fmt.Sprintf(`%s /+"manyToOneMappings.[name='%s'].rules.[certificateField='%s',certificateSubField='%s',matchCriteria='%s',compareCaseSensitive='True']"`,
			section, mappingName, r.field, r.sub, r.value))
	}
	line(`-section:system.webServer/security/access /sslFlags:"Ssl, SslNegotiateCert, SslRequireCert"`)
	return b.String(), nil
}

func iisAuthorization(_ *certificate.Certificate, s Settings) (string, error) {
	return `<!-- Without this every certificate that is mapped or trusted gets in. Needs the feature URL Authorization.
     When nobody gets in any more (401.2), the mapping does not give this account. -->
<location path="` + xmlEscape.Replace(s.Site) + `">
  <system.webServer>
    <security>
      <authorization>
        <remove users="*" roles="" verbs="" />
        <add accessType="Allow" users="` + xmlEscape.Replace(s.Account) + `" />
      </authorization>
    </security>
  </system.webServer>
</location>
`, nil
}

func iisSSLFlags(_ *certificate.Certificate, s Settings) (string, error) {
	return `# Accept asks for a certificate and lets requests without one in; Require refuses them with 403.7.
# After a TLS 1.3 handshake IIS cannot ask (500.0, 0x80070032): bind with netsh clientcertnegotiation=enable.
#
# XML, in system.webServer/security:
#   Accept:   <access sslFlags="Ssl, SslNegotiateCert" />
#   Require:  <access sslFlags="Ssl, SslNegotiateCert, SslRequireCert" />
# PowerShell, as administrator:
Import-Module WebAdministration
Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location ` + ps(s.Site) + ` -Filter 'system.webServer/security/access' -Name sslFlags -Value 'Ssl,SslNegotiateCert,SslRequireCert'
`, nil
}
