package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/testca"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// A reason is why a certificate is revoked, by its name in [testca.Reasons].
type reason struct{ name, text string }

func reasons() []reason {
	return []reason{
		{"unspecified", lang.X("reason.none", "No reason given")},
		{"key-compromise", lang.X("reason.key", "Somebody else may have the key")},
		{"superseded", lang.X("reason.superseded", "Replaced by another certificate")},
		{"affiliation-changed", lang.X("reason.affiliation", "The person left or changed")},
		{"cessation-of-operation", lang.X("reason.cessation", "No longer in use")},
		{"privilege-withdrawn", lang.X("reason.privilege", "Permission was taken back")},
	}
}

// openRevoke asks before a certificate is revoked.
func (v *caView) openRevoke(a *model.Authority, i testca.Issued) *form {
	f := v.shell.newForm(lang.X("ca.revokeTitle", "Revoke {{.Name}}?", words{"Name": model.IssuedName(i)}), lang.X("ca.revokeSub", "Serial number {{.Serial}}", words{"Serial": i.Serial}),
		"ban", lang.X("revoke.yes", "Revoke"), 560, 300)
	f.danger = true
	var names []string
	for _, r := range reasons() {
		names = append(names, r.text)
	}
	why := parts.NewDropdown(names, 0, nil)
	body := parts.VBox(12, parts.Labelled(lang.X("ca.reason", "Reason"), why),
		parts.SmallPara(lang.X("ca.revokeText", "This cannot be taken back. Others learn of it from the next list of revoked certificates: Write CRL… makes it.")))
	f.show(body, nil, func() {
		f.run(func(context.Context) error {
			return v.model.Revoke(a.Authority, i.Serial, reasons()[why.Selected()].name)
		}, func() { v.reload("") })
	})
	return f
}

// formats is the choice between PEM and DER.
func formats(changed func(int)) *parts.Segments {
	return parts.NewSegments([]string{"PEM", "DER"}, changed)
}

// openCRL asks where the list of revoked certificates goes.
func (v *caView) openCRL(a *model.Authority) *form {
	f := v.shell.newForm(lang.X("ca.crlTitle", "Write the list of revoked certificates"), a.Name, "export", lang.X("export.save", "Save"), 600, 380)
	target := v.shell.newSaveTarget(a.Name+".crl", f.update)
	pass, period := parts.NewPassword(""), parts.NewField("30")
	form := formats(nil)
	pass.OnChanged, period.OnChanged = func(string) { f.update() }, func(string) { f.update() }
	f.ready = func() bool {
		_, ok := days(strings.TrimSpace(period.Text))
		return target.ready() && ok && (a.KeyInStore() || pass.Text != "")
	}
	f.replaces = func() []string { return []string{target.path()} }
	body := parts.VBox(12, parts.Columns(12, []float32{1, 1}, parts.Labelled(lang.X("ca.crlDays", "Good for, in days"), period),
		parts.Labelled(lang.X("ca.form", "Form"), parts.Start(form.Object()))))
	var first fyne.Focusable = target.name
	if !a.KeyInStore() {
		body.Add(parts.Labelled(lang.X("ca.ownPassword", "Password of the authority"), pass))
		first = pass
	}
	body.Add(target.object)
	f.dialog.OnClosed = func() { pass.SetText("") }
	f.show(body, first, func() {
		n, _ := days(strings.TrimSpace(period.Text))
		path, der, pw := target.path(), form.Selected() == 1, []byte(pass.Text)
		f.run(func(ctx context.Context) error {
			defer clear(pw)
			return v.model.WriteCRL(ctx, a.Authority, path, n, der, pw)
		}, func() { v.shell.saved(path) })
	})
	return f
}

// openExport asks where the root goes, or the chain.
func (v *caView) openExport(a *model.Authority) *form {
	f := v.shell.newForm(lang.X("ca.exportTitle", "Export certificates of {{.Name}}", words{"Name": a.Name}), lang.X("ca.exportSub", "Public data only: the keys stay where they are"),
		"export", lang.X("export.save", "Save"), 600, 390)
	whats := []string{testca.ExportRoot, testca.ExportChain}
	what := parts.NewCards([]parts.Option{{Title: lang.X("ca.exportRoot", "Root"), Note: lang.X("ca.exportRootText", "For those who are to trust it.")},
		{Title: lang.X("ca.exportChain", "Issuing certificate and root"), Note: lang.X("ca.exportChainText", "For servers that check what it issued.")}}, true, 0, nil)
	form := parts.NewSegments([]string{"PEM", "DER", "P7B"}, nil)
	target := v.shell.newSaveTarget("", f.update)
	forms := []string{"pem", "der", "p7b"}
	endings := []string{".pem", ".cer", ".p7b"}
	propose := func() {
		if what.Selected() == 1 && form.Selected() == 1 {
			form.SetSelected(2) // DER holds one certificate
		}
		target.propose(a.Name + "-" + whats[what.Selected()] + endings[form.Selected()])
		f.update()
	}
	what.OnChanged, form.OnChanged = func(int) { propose() }, func(int) { propose() }
	propose()
	f.ready = target.ready
	f.replaces = func() []string { return []string{target.path()} }
	f.show(parts.VBox(12, what.Object(), parts.Labelled(lang.X("ca.form", "Form"), parts.Start(form.Object())), target.object), nil, func() {
		path, w, form := target.path(), whats[what.Selected()], forms[form.Selected()]
		f.run(func(context.Context) error { return v.model.Export(a.Authority, path, w, form) }, func() { v.shell.saved(path) })
	})
	return f
}

// saved says what was written.
func (s *shell) saved(path string) {
	s.say(lang.X("export.saved", "Saved {{.Path}}", words{"Path": path}))
}
