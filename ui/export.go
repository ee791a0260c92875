package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/exporter"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// exportView is the export dialog: the formats at the left, what will be
// written at the right.
type exportView struct {
	shell   *shell
	model   *model.Export
	dialog  *parts.Dialog
	formats []exporter.Format
	chosen  exporter.Format
	preview *model.Preview
	asked   int // counts previews, so that a late one is dropped
	cancel  context.CancelFunc

	right    *fyne.Container
	lines    *fyne.Container
	caption  *parts.Label
	summary  *parts.Label
	target   *saveTarget
	copyIt   *parts.Button
	save     *parts.Button
	problem  *fyne.Container
	pass     *parts.Field
	again    *parts.Field
	profile  *parts.Cards
	mismatch *parts.Label
	busy     bool
}

// exportRows opens the export dialog for rows of the list.
func (s *shell) exportRows(rows []*model.Row) {
	snapshot, err := s.list.Snapshot.Get()
	if err != nil || snapshot == nil || len(rows) == 0 {
		return
	}
	s.openExport(snapshot.Inventory, inner(rows))
}

// inner returns the rows without what the list added to them.
func inner(rows []*model.Row) []*inventory.Row {
	var out []*inventory.Row
	for _, r := range rows {
		out = append(out, r.Row)
	}
	return out
}

// openExport opens the export dialog.
func (s *shell) openExport(inv *inventory.Inventory, rows []*inventory.Row) *exportView {
	x := &exportView{shell: s, model: model.NewExport(s.services.Store, inv, rows, s.list.Now())}
	title, sub := x.title()
	x.dialog = parts.NewDialog(s.win.Canvas(), title, sub, 860, 620)
	x.formats = x.model.Formats()
	x.build()
	x.choose(0)
	x.dialog.Show()
	return x
}

// title says what is exported: with the key or without.
func (x *exportView) title() (title, sub string) {
	sub = x.model.Rows[0].Certificate.CommonName()
	switch n := len(x.model.Rows); {
	case n > 1:
		return lang.X("export.publicN", "Export {{.N}} public certificates", words{"N": n}),
			lang.X("export.andOthers", "{{.Name}} and {{.N}} more", words{"Name": sub, "N": n - 1})
	case x.chosen == exporter.PFX:
		return lang.X("export.withKey", "Export certificate and private key"), sub
	}
	return lang.X("export.public", "Export public certificate"), sub
}

func (x *exportView) build() {
	var options []parts.Option
	for _, f := range x.formats {
		o := formatOption(f)
		if err := x.model.Key(); err != nil && f == exporter.PFX {
			o.Note = whyNoKey(err)
		}
		options = append(options, o)
	}
	formats := parts.NewCards(options, false, 0, x.choose)
	for i, f := range x.formats {
		if f == exporter.PFX && x.model.Key() != nil {
			formats.SetEnabled(i, false)
		}
	}
	x.lines = parts.VBox(0)
	x.caption = parts.Small("").Shrink()
	x.summary = parts.Small("").Shrink()
	x.problem = parts.VBox(0)
	x.right = parts.Stack()
	x.target = x.shell.newSaveTarget("", x.update)
	target := parts.VBox(6, x.problem, x.target.object)
	x.buildKey()
	x.dialog.SetBody(parts.Pad(14, 12, 16, 20, parts.Border(nil, nil, parts.Pad(0, 0, 0, 16, parts.Fixed(264, -1, parts.Page(formats.Object()))), nil,
		parts.Border(nil, parts.Pad(8, 0, 0, 0, target), nil, nil, x.right))))
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), x.dialog.Close)
	x.copyIt = parts.Secondary("copy", lang.X("button.copy", "Copy"), x.copyText)
	x.save = parts.Primary("export", lang.X("export.save", "Save"), x.saveFile)
	x.dialog.SetButtons(x.save, cancel, x.copyIt, x.save)
	x.dialog.OnClosed = func() {
		x.pass.SetText("")
		x.again.SetText("")
		if x.cancel != nil {
			x.cancel()
		}
	}
}

// whyNoKey says why the private key cannot go along.
func whyNoKey(err error) string {
	if errors.Is(err, certstore.ErrNotExportable) {
		return lang.X("export.locked", "The key is marked not exportable")
	}
	return lang.X("export.noKey", "There is no private key here")
}

// besideField puts a field's name at its left.
func besideField(name string, field fyne.CanvasObject) fyne.CanvasObject {
	return parts.Border(nil, nil, parts.Fixed(76, -1, parts.Middle(parts.Small(name).Shrink())), nil, field)
}

// buildKey makes what replaces the preview when the key goes along.
func (x *exportView) buildKey() {
	x.pass, x.again = parts.NewPassword(""), parts.NewPassword("")
	x.pass.OnChanged = func(string) { x.update() }
	x.again.OnChanged = func(string) { x.update() }
	x.mismatch = parts.NewLabel("", 12, parts.Err).Shrink()
	x.profile = parts.NewCards([]parts.Option{
		{Title: lang.X("profile.modern", "Modern"), Note: lang.X("profile.modernText", "AES-256 and SHA-256. Windows 10 1709, Server 2019, OpenSSL, Java, Firefox.")},
		{Title: lang.X("profile.compatible", "Compatible"), Note: lang.X("profile.compatibleText", "3DES and SHA-1, weak: for Server 2016 and old macOS, and for transport only.")},
	}, true, 0, func(int) {})
}

func formatOption(f exporter.Format) parts.Option {
	if o, ok := snippetOption(f); ok {
		return o
	}
	switch f {
	case exporter.DER:
		return parts.Option{Title: lang.X("format.der", "DER (.cer)"), Note: lang.X("format.derText", "Binary")}
	case exporter.P7B:
		return parts.Option{Title: lang.X("format.p7b", "PKCS #7 (.p7b)"), Note: lang.X("format.p7bText", "With the whole chain")}
	case exporter.Base64:
		return parts.Option{Title: lang.X("format.base64", "Single line for IIS"), Note: lang.X("format.base64Text", "oneToOneMappings")}
	case exporter.Chain:
		return parts.Option{Title: lang.X("format.chain", "PEM with chain (.pem)"), Note: lang.X("format.chainText", "Certificate, then its issuers")}
	case exporter.PFX:
		return parts.Option{Title: lang.X("format.pfx", "PFX with private key"), Note: lang.X("format.pfxText", "Protected by a new password")}
	}
	return parts.Option{Title: lang.X("format.pem", "PEM (.pem, .cer)"), Note: lang.X("format.pemText", "Base64 with BEGIN and END lines")}
}

// choose shows another format.
func (x *exportView) choose(i int) {
	x.chosen = x.formats[i]
	x.target.propose(x.model.FileName(x.chosen))
	x.problem.Objects = nil
	x.dialog.SetTitle(x.title())
	if x.chosen == exporter.PFX {
		x.right.Objects = []fyne.CanvasObject{x.keyForm()}
		x.dialog.SetNote(lang.X("export.keyLeaves", "The file holds the private key."))
	} else {
		x.right.Objects = []fyne.CanvasObject{x.previewPane()}
		x.dialog.SetNote(lang.X("export.keyStays", "The private key stays in the store."))
		x.render()
	}
	x.right.Refresh()
	x.update()
}

func (x *exportView) previewPane() fyne.CanvasObject {
	head := parts.Border(nil, nil, parts.Pad(0, 0, 0, 8, parts.Middle(parts.Body(lang.X("export.preview", "Preview")).Bold())), nil, parts.Middle(x.caption))
	scroll := container.NewScroll(parts.Pad(8, 8, 11, 11, x.lines))
	ok := parts.Border(nil, nil, parts.Pad(0, 0, 0, 6, parts.Middle(parts.KindIcon(parts.KindOK, 14))), nil, parts.Middle(x.summary))
	top := parts.VBox(0)
	if settings := x.snippetSettings(); settings != nil {
		top.Add(settings)
	}
	top.Add(parts.Pad(0, 6, 0, 0, head))
	return parts.Border(top, parts.Pad(7, 0, 0, 0, ok), nil, nil, parts.Stack(parts.Outlined(parts.Input, parts.ChipLine, 5), parts.Pad(1, 1, 1, 1, scroll)))
}

func (x *exportView) keyForm() fyne.CanvasObject {
	return parts.Page(parts.VBox(12,
		parts.Banner(parts.KindWarning, lang.X("export.keyTitle", "Whoever has this file and its password can act in this name"),
			lang.X("export.keyText", "Send file and password by different ways, and delete the file when it was imported."), nil),
		parts.Labelled(lang.X("export.newPassword", "New password for the file"), x.pass),
		parts.Labelled(lang.X("export.repeat", "The same again"), x.again, parts.Fixed(-1, 16, x.mismatch)),
		parts.Labelled(lang.X("export.profile", "Who will open it?"), x.profile.Object())))
}

// render computes the preview in the background.
func (x *exportView) render() {
	x.asked++
	mine, f, e := x.asked, x.chosen, *x.model // the settings may change meanwhile
	x.preview = nil
	go func() {
		p, err := e.Preview(f)
		fyne.Do(func() {
			if mine == x.asked {
				x.show(p, err)
			}
		})
	}()
}

func (x *exportView) show(p *model.Preview, err error) {
	x.preview = p
	x.lines.Objects = nil
	if err != nil {
		x.fail(err)
		return
	}
	for _, l := range p.Lines {
		line := parts.Mono(l)
		if strings.HasPrefix(l, "-----") {
			line.SetRole(parts.Accent)
		}
		x.lines.Add(line)
	}
	if p.More > 0 {
		x.lines.Add(parts.Small(lang.X("export.more", "… and {{.N}} more lines", words{"N": thousands(p.More)})))
	}
	caption := ""
	switch {
	case p.Wrapped:
		caption = lang.X("export.wrapped", "wrapped here for display only")
	case p.Dump:
		caption = lang.X("export.dump", "binary, shown in hexadecimal")
	}
	x.caption.SetText(caption)
	x.summary.SetText(summaryOf(p))
	x.lines.Refresh()
	x.right.Refresh()
	x.update()
}

// summaryOf says what the file will hold.
func summaryOf(p *model.Preview) string {
	w := words{"N": thousands(len(p.Data)), "Lines": thousands(len(p.Lines) + p.More), "Names": strings.Join(p.Names, ", "), "Count": len(p.Names)}
	switch {
	case p.Wrapped:
		return lang.X("export.oneLine", "{{.N}} characters on one line. No BEGIN, END or line breaks.", w)
	case len(p.Names) > 1:
		return lang.X("export.several", "{{.N}} bytes, {{.Count}} certificates: {{.Names}}", w)
	case p.Dump:
		return lang.X("export.binary", "{{.N}} bytes. Contains no private key.", w)
	}
	return lang.X("export.text", "{{.N}} bytes, {{.Lines}} lines. Contains no private key.", w)
}

// update enables what can be done.
func (x *exportView) update() {
	if x.save == nil {
		return
	}
	ready := x.target.ready() && !x.busy
	if x.chosen == exporter.PFX {
		text := ""
		if x.again.Text != "" && x.again.Text != x.pass.Text {
			text = lang.X("export.mismatch", "The two passwords differ.")
		}
		x.mismatch.SetText(text)
		ready = ready && x.pass.Text != "" && x.pass.Text == x.again.Text && x.model.Key() == nil
	} else {
		ready = ready && x.preview != nil
	}
	x.save.SetEnabled(ready)
	x.copyIt.SetEnabled(x.preview != nil && x.chosen.Text())
}

func (x *exportView) copyText() {
	if x.preview != nil {
		x.shell.copyText(string(x.preview.Data))
	}
}

func (x *exportView) fail(err error) {
	x.problem.Objects = []fyne.CanvasObject{problemBanner(err, nil)}
	x.problem.Refresh()
	x.right.Refresh()
}

// saveFile writes the file; one that is there already is replaced only after
// a question.
func (x *exportView) saveFile() {
	if x.save.Disabled() {
		return
	}
	path := x.target.path()
	x.shell.replacing([]string{path}, func() { x.write(path) })
}

func (x *exportView) write(path string) {
	x.busy = true
	x.update()
	ctx, cancel := context.WithCancel(x.shell.ctx)
	x.cancel = cancel
	format, password, profile := x.chosen, []byte(x.pass.Text), certfile.Modern
	if x.profile.Selected() == 1 {
		profile = certfile.Compatible
	}
	e := *x.model
	go func() {
		defer cancel()
		var err error
		if format == exporter.PFX {
			err = e.WriteWithKey(ctx, path, password, profile)
		} else {
			err = e.Write(format, path)
		}
		fyne.Do(func() {
			x.busy = false
			if err != nil {
				x.fail(err)
				x.update()
				return
			}
			x.dialog.Close()
			x.shell.saved(path)
		})
	}()
}
