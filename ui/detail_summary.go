package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
	"certdesk/ui/parts"
)

const factWidth = 94 // pixels for the names of facts

// summary is what most people want to know: serial number, key, purposes,
// chain, validity.
func (v *detailView) summary() fyne.CanvasObject {
	left := parts.VBox(8, v.title(), v.serialCard(), v.copyAs(),
		v.thumbprint("SHA-256", v.detail.Certificate.Fingerprint().String()), v.thumbprint("SHA-1", v.detail.Certificate.SHA1()))
	right := parts.VBox(7)
	if b := v.verdictBanner(); b != nil {
		right.Add(b)
	}
	for _, o := range v.facts() {
		right.Add(o)
	}
	right.Add(parts.Gap(1, 1))
	right.Add(v.validity())
	if r := v.detail.Row; r != nil {
		right.Add(parts.Gap(1, 1))
		right.Add(parts.Fact(lang.X("fact.place", "Store"), factWidth, parts.Body(placeName(r.Location, r.Store)).Shrink()))
		if r.Archived {
			right.Add(parts.Fact(lang.X("fact.archived", "Archived"), factWidth, parts.Body(lang.X("fact.archivedText", "Windows leaves it out of its lists")).Shrink()))
		}
		if r.Provided != "" {
			right.Add(parts.Fact(lang.X("fact.provided", "Comes"), factWidth, parts.Body(whyProvided(r).short).Shrink()))
		}
		if r.Origin != "" {
			right.Add(parts.Fact(lang.X("fact.origin", "Kept in"), factWidth, parts.Body(r.Origin).Shrink()))
		}
	}
	v.fillUsers()
	right.Add(v.users.slot)
	right.Add(parts.Pad(8, 2, 0, 0, parts.Small(lang.X("tab.chain", "Chain")).Bold()))
	right.Add(v.chainCards())
	return parts.Page(parts.Pad(10, 12, 14, 16, container.New(&twoColumns{gap: 24}, left, right)))
}

// twoColumns puts two objects side by side where there is room, else one
// under the other.
type twoColumns struct {
	gap   float32
	width float32 // at the last layout
}

func (t *twoColumns) beside(width float32) bool { return width >= 620 }

func (t *twoColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	if t.beside(t.width) {
		return fyne.NewSize(300, max(a.Height, b.Height))
	}
	return fyne.NewSize(min(300, max(a.Width, b.Width)), a.Height+b.Height+t.gap/2)
}

func (t *twoColumns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	t.width = s.Width
	if t.beside(s.Width) {
		half := float32(int((s.Width - t.gap) * .48))
		for i, x := range []float32{0, half + t.gap} {
			w := half
			if i == 1 {
				w = s.Width - x
			}
			o[i].Move(fyne.NewPos(x, 0))
			o[i].Resize(fyne.NewSize(w, o[i].MinSize().Height))
			o[i].Resize(fyne.NewSize(w, o[i].MinSize().Height))
		}
		return
	}
	y := float32(0)
	for _, object := range o {
		object.Move(fyne.NewPos(0, y))
		object.Resize(fyne.NewSize(s.Width, object.MinSize().Height))
		object.Resize(fyne.NewSize(s.Width, object.MinSize().Height))
		y += object.MinSize().Height + float32(int(t.gap/2))
	}
}

func (v *detailView) title() fyne.CanvasObject {
	c := v.detail.Certificate
	name := c.CommonName()
	if r := v.detail.Row; r != nil && r.Name != "" {
		name = r.Name
	}
	sub := lang.X("detail.issuedBy", "Issued by {{.Issuer}}", words{"Issuer": c.IssuerName()})
	if c.SelfIssued() {
		sub = roleName(c)
	}
	if r := v.detail.Row; r != nil && r.FriendlyName != "" && r.FriendlyName != name {
		sub = r.FriendlyName + " · " + sub
	}
	sheet := parts.SmallButton("export", lang.X("menu.handover", "Hand-over sheet…"), func() { v.shell.openHandover(c, v.detail.Subject.Extra) })
	return parts.Border(nil, nil, parts.Pad(0, 0, 0, 10, parts.Middle(parts.NewIcon(certIcon(c), 28, parts.Accent))), parts.Pad(0, 0, 8, 0, parts.Middle(sheet)),
		parts.VBox(1, parts.NewLabel(name, 15, parts.Text).Bold().Shrink(), parts.Small(sub).Shrink()))
}

func certIcon(c *certificate.Certificate) string {
	switch c.Role() {
	case certificate.Root:
		return "shield"
	case certificate.Intermediate:
		return "layers"
	}
	return "cert"
}

// serialCard shows the serial number large: it is what is compared and mailed
// most.
func (v *detailView) serialCard() fyne.CanvasObject {
	n := v.detail.Certificate.Serials()
	copyIt := parts.Secondary("copy", lang.X("button.copy", "Copy"), func() { v.shell.copyText(n.Windows) })
	return parts.SoftCard(parts.AccentSoft, parts.Pad(6, 7, 11, 7, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(copyIt)),
		parts.VBox(1, parts.NewLabel(lang.X("detail.serial", "Serial number"), 11, parts.Text2), parts.NewParagraph(n.Spaced, 13, parts.Text).Mono()))))
}

// copyAs has a button for each spelling of the serial number.
func (v *detailView) copyAs() fyne.CanvasObject {
	row := []fyne.CanvasObject{parts.Pad(4, 3, 0, 2, parts.Small(lang.X("detail.copyAs", "Copy as")))}
	for _, s := range spellings(v.detail.Certificate)[:5] { // the rest is in the menu
		row = append(row, parts.SmallButton("", s.short, func() { v.shell.copyText(s.text) }))
	}
	return parts.Wrap(5, row...)
}

func (v *detailView) thumbprint(name, text string) fyne.CanvasObject {
	copyIt := parts.IconButton("copy", lang.X("button.copyNamed", "Copy {{.What}}", words{"What": name}), func() { v.shell.copyText(text) })
	return parts.Border(nil, nil, parts.Fixed(58, -1, parts.Middle(parts.Small(name))), copyIt, parts.Middle(parts.Mono(text).Shrink()))
}

// verdictBanner says first whether the certificate works for what it was made
// for, if it does not entirely.
func (v *detailView) verdictBanner() fyne.CanvasObject {
	fs := v.detail.Findings()
	fs = slices.DeleteFunc(slices.Clone(fs), func(f finding.Finding) bool { return f.Severity == finding.Info && f.ID != "C-05" })
	if len(fs) == 0 {
		return nil
	}
	w := finding.WordsOf(fs[0])
	more := parts.SmallButton("", lang.X("detail.why", "Why?"), func() { v.tabs.Select(tabFindings) })
	return parts.Banner(severityKind(fs[0].Severity), w.Title, "", more)
}

func (v *detailView) facts() []fyne.CanvasObject {
	c := v.detail.Certificate
	fact := func(name string, value fyne.CanvasObject) fyne.CanvasObject {
		return parts.Fact(name, factWidth, value)
	}
	var list []fyne.CanvasObject
	if r := v.detail.Row; r != nil {
		text, icon, kind := keyWords(r)
		role, _ := kind.Roles()
		list = append(list, fact(lang.X("fact.key", "Private key"), parts.Border(nil, nil, parts.Pad(0, 0, 0, 6, parts.Middle(parts.NewIcon(icon, 14, role))), nil, parts.Body(text).Shrink())))
	}
	list = append(list, fact(lang.X("fact.usage", "Key usage"), v.usageChips()), fact(lang.X("fact.purposes", "Purposes"), v.purposeChips()),
		fact(lang.X("fact.publicKey", "Public key"), parts.Body(c.KeyType()+", "+c.SignatureAlgorithm()).Shrink()),
		fact(lang.X("fact.chain", "Chain"), v.chainLine()))
	return list
}

func (v *detailView) usageChips() fyne.CanvasObject {
	c := v.detail.Certificate
	if !c.HasKeyUsage {
		return parts.Body(lang.X("usage.absent", "Not limited")).Shrink()
	}
	var chips []fyne.CanvasObject
	for _, n := range c.KeyUsageNames() {
		chips = append(chips, parts.Chip(usageName(n), parts.KindPlain))
	}
	if len(chips) == 0 {
		return parts.Body(lang.X("usage.none", "None: the key may be used for nothing")).Shrink()
	}
	return parts.Wrap(5, chips...)
}

func (v *detailView) purposeChips() fyne.CanvasObject {
	c := v.detail.Certificate
	if c.ExtKeyUsage == nil {
		return parts.Body(lang.X("purposes.absent", "Not limited")).Shrink()
	}
	var chips []fyne.CanvasObject
	for _, oid := range c.ExtKeyUsage {
		kind := parts.KindPlain
		for _, x := range v.detail.Verdicts {
			if x.Verdict != check.WillNotWork && keyusage.Names(oid, x.Purpose) {
				kind = parts.KindOK
			}
		}
		chips = append(chips, parts.Chip(certificate.PurposeWords(oid), kind))
	}
	return parts.Wrap(5, chips...)
}

// chainLine shows the chain in one line, root first.
func (v *detailView) chainLine() fyne.CanvasObject {
	links := v.detail.Chain
	row := []fyne.CanvasObject{}
	for i := len(links) - 1; i >= 0; i-- {
		name := links[i].Name
		switch {
		case i == 0:
			name = lang.X("chain.this", "this")
		case links[i].Status == chain.Missing:
			name = lang.X("chain.missing", "?")
		case links[i].Certificate != nil && links[i].Certificate.SelfIssued():
			name = lang.X("chain.root", "Root")
		}
		row = append(row, parts.Pad(0, 1, 0, 0, parts.Body(cutName(name))))
		if i > 0 {
			row = append(row, parts.Fixed(12, 20, parts.Center(parts.NewIcon("arrow", 12, parts.Text3))))
		}
	}
	state, kind := lang.X("chain.complete", "Complete"), parts.KindOK
	if !v.detail.Complete() {
		state, kind = linkWords(links[len(links)-1])
	}
	return parts.Wrap(6, append(row, parts.Chip(state, kind))...)
}

// cutName shortens a name for a line that holds several.
func cutName(name string) string {
	if r := []rune(name); len(r) > 18 {
		return strings.TrimRight(string(r[:17]), " ") + "…"
	}
	return name
}

func (v *detailView) validity() fyne.CanvasObject {
	c, now := v.detail.Certificate, v.detail.Now
	kind := dateKind(c.NotAfter, now)
	if now.Before(c.NotBefore) {
		kind = parts.KindError
	}
	until := lang.X("validity.until", "{{.Date}}, {{.When}}", words{"Date": date(c.NotAfter), "When": relative(c.NotAfter, now)})
	return parts.VBox(3, parts.Meter(v.detail.Elapsed(), kind), parts.Border(nil, nil, parts.Small(date(c.NotBefore)), parts.Small(until)))
}
