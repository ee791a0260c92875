package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/exporter"
	"certdesk/ui/parts"
)

// snippetOption is the card of a format for servers, browsers or directories.
func snippetOption(f exporter.Format) (parts.Option, bool) {
	o := func(title, note string) (parts.Option, bool) { return parts.Option{Title: title, Note: note}, true }
	switch f {
	case exporter.IISOneToOne:
		return o(lang.X("format.iis1", "IIS one-to-one, XML"), lang.X("format.iis1Text", "applicationHost.config"))
	case exporter.IISOneToOnePS:
		return o(lang.X("format.iis1ps", "IIS one-to-one, PowerShell"), lang.X("format.iis1psText", "Asks for the account"))
	case exporter.IISManyToOne:
		return o(lang.X("format.iisN", "IIS many-to-one, XML"), lang.X("format.iisNText", "All of this issuer and organization"))
	case exporter.IISManyToOnePS:
		return o(lang.X("format.iisNps", "IIS many-to-one, PowerShell"), lang.X("format.iisNpsText", "Asks for the account"))
	case exporter.IISManyToOneCmd:
		return o(lang.X("format.iisNcmd", "IIS many-to-one, AppCmd"), lang.X("format.iisNcmdText", "With the password in the command"))
	case exporter.IISAuthorization:
		return o(lang.X("format.iisAuth", "IIS authorization"), lang.X("format.iisAuthText", "Only the mapped account"))
	case exporter.IISSSLFlags:
		return o(lang.X("format.iisFlags", "IIS sslFlags"), lang.X("format.iisFlagsText", "Have a certificate asked for"))
	case exporter.NetSh:
		return o(lang.X("format.netsh", "netsh binding"), lang.X("format.netshText", "http.sys, with client certificates"))
	case exporter.Apache:
		return o(lang.X("format.apache", "Apache"), lang.X("format.apacheText", "Require expr, issuer and serial"))
	case exporter.Nginx:
		return o(lang.X("format.nginx", "nginx"), lang.X("format.nginxText", "map, issuer and serial"))
	case exporter.ActiveDirectory:
		return o(lang.X("format.ad", "Active Directory"), lang.X("format.adText", "altSecurityIdentities"))
	case exporter.ChromePolicy:
		return o(lang.X("format.chrome", "Chrome policy, Linux"), lang.X("format.chromeText", "Choose this certificate, never ask"))
	case exporter.ChromePolicyReg:
		return o(lang.X("format.chromeReg", "Chrome policy, Windows"), lang.X("format.chromeRegText", "Registry file, for Edge too"))
	case exporter.ChromePolicyMacOS:
		return o(lang.X("format.chromeMac", "Chrome policy, macOS"), lang.X("format.chromeMacText", "defaults write"))
	case exporter.Java:
		return o(lang.X("format.java", "Java trust store"), lang.X("format.javaText", "keytool"))
	}
	return parts.Option{}, false
}

// snippetSettings are the fields above the preview of a snippet that needs to
// know more than the certificate says; nil for one that does not.
func (x *exportView) snippetSettings() fyne.CanvasObject {
	site, account, address := x.chosen.Needs()
	if !site && !account && !address {
		return nil
	}
	box := parts.VBox(6)
	add := func(on bool, name, hint string, value *string) {
		if !on {
			return
		}
		field := parts.NewField(hint)
		field.SetText(*value)
		field.OnChanged = func(text string) {
			*value = strings.TrimSpace(text)
			x.problem.Objects = nil
			x.render()
		}
		box.Add(besideField(name, field))
	}
	add(site, lang.X("export.site", "Site"), "Default Web Site", &x.model.Settings.Site)
	add(account, lang.X("export.account", "Account"), `SERVER\certuser`, &x.model.Settings.Account)
	add(address, lang.X("export.address", "Address"), "https://www.example.com", &x.model.Settings.URL)
	return parts.Pad(0, 8, 0, 0, box)
}
