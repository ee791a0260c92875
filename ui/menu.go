package ui

import (
	"encoding/base64"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// rowMenu is the menu of the selected rows. What cannot be done with them says
// why; what is for one certificate only is left out for several.
func (s *shell) rowMenu() []*fyne.MenuItem {
	rows := s.selected()
	if len(rows) == 0 {
		return nil
	}
	item := func(text string, do func()) *fyne.MenuItem { return fyne.NewMenuItem(text, do) }
	line := fyne.NewMenuItemSeparator()
	r := rows[0]
	export := item(lang.X("menu.export", "Export…"), func() { s.startExport(rows) })
	move := item(lang.X("menu.move", "Move to"), nil)
	move.ChildMenu = fyne.NewMenu("", s.moveItems(rows)...)
	del := item(lang.X("menu.delete", "Delete"), func() { s.startDelete(rows) })
	fixed := s.whyFixed(rows)
	because(move, fixed.short)
	because(del, fixed.short)
	if len(rows) > 1 {
		return []*fyne.MenuItem{export, move, line, del}
	}
	open := item(lang.X("menu.open", "Open"), func() { s.detail.open() })
	serials := item(lang.X("menu.copySerial", "Copy serial number"), nil)
	serials.ChildMenu = fyne.NewMenu("")
	for _, sp := range spellings(r.Certificate) {
		serials.ChildMenu.Items = append(serials.ChildMenu.Items, item(sp.name, func() { s.copyText(sp.text) }))
	}
	thumb := item(lang.X("menu.copyThumbprint", "Copy thumbprint"), nil)
	thumb.ChildMenu = fyne.NewMenu("", item("SHA-256", func() { s.copyText(r.Certificate.Fingerprint().String()) }),
		item("SHA-1", func() { s.copyText(r.Certificate.SHA1()) }))
	iis := item(lang.X("menu.copyBase64", "Copy for IIS (single line)"), func() { s.copyText(base64.StdEncoding.EncodeToString(r.DER)) })
	sheet := item(lang.X("menu.handover", "Hand-over sheet…"), func() { s.openHandover(r.Certificate, nil) })
	why := item(lang.X("menu.why", "Why isn't this offered?"), func() { s.detail.findings(finding.Client) })
	probe := item(lang.X("menu.probe", "Test with this certificate…"), func() { s.startProbe(r) })
	if r.Row.Key != certstore.KeyPresent && r.Row.Key != certstore.KeyLocked {
		because(probe, lang.X("why.noKey", "no private key"))
	}
	renew := item(lang.X("menu.renew", "Renew…"), func() { s.openRenewal(r) })
	uses := item(lang.X("menu.uses", "Where is it used?"), func() { s.openUses(r.Certificate) })
	rename := item(lang.X("menu.rename", "Change friendly name…"), func() { s.startRename(r) })
	because(rename, fixed.short)
	return []*fyne.MenuItem{open, line, serials, thumb, iis, line, export, sheet, move, why, probe, uses, renew, rename, line, del}
}

// because greys an item and says why behind its words; "" leaves it as it is.
func because(item *fyne.MenuItem, why string) {
	if why != "" {
		item.Disabled = true
		item.Label += " – " + why
	}
}

// A spelling is one way to write a serial number; short is what fits on a
// button.
type spelling struct{ name, short, text string }

// spellings returns the ways to write the serial number of c that programs
// use, the most usual first.
func spellings(c *certificate.Certificate) []spelling {
	n := c.Serials()
	return []spelling{
		{lang.X("serial.windows", "Windows"), beginning(n.Windows, 6), n.Windows},
		{lang.X("serial.spaced", "With spaces"), beginning(n.Spaced, 8), n.Spaced},
		{lang.X("serial.colon", "With colons (Firefox)"), beginning(n.Colon, 8), n.Colon},
		{lang.X("serial.openssl", "OpenSSL"), beginning(n.OpenSSL, 6), n.OpenSSL},
		{lang.X("serial.decimal", "Decimal"), lang.X("serial.decimal", "Decimal"), n.Decimal},
		{lang.X("serial.hex", "0x"), beginning(n.Hex, 8), n.Hex},
	}
}

// beginning returns the first n letters of s.
func beginning(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n]
}
