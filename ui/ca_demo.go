package ui

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/importer"
	"certdesk/internal/testca"
	"certdesk/ui/parts"
)

// openDemo asks for a host and makes root, server and client certificate for
// it. made, which may be nil, is told the name of the authority.
func (s *shell) openDemo(made func(name string)) *form {
	f := s.newForm(lang.X("demo.title", "Demo site"), lang.X("demo.sub", "Root, server and client certificate for a test site that asks for client certificates"), "globe", lang.X("demo.make", "Make"), 660, 460)
	host := parts.NewField("www.example.test")
	folder := s.newFolderTarget(f.update)
	host.OnChanged = func(text string) {
		folder.propose("")
		if name := strings.TrimSpace(text); name != "" {
			folder.propose(testca.DemoFolder(name))
		}
		f.update()
	}
	pass := newNewPassword(lang.X("demo.password", "Password of the authority and of the PFX files"), f.changed)
	f.ready = func() bool { return strings.TrimSpace(host.Text) != "" && folder.ready() && pass.ready() }
	content := parts.VBox(12, parts.Labelled(lang.X("demo.host", "Host name of the site"), host), pass.object,
		parts.Labelled(lang.X("demo.files", "Files that IIS, nginx and Apache want"), folder.object),
		parts.SmallPara(lang.X("demo.next", "The next page is the import plan for this computer: the root is trusted only if you say so there.")))
	f.dialog.OnClosed = pass.forget
	f.show(content, host, func() {
		pw, path, name := pass.get(), folder.path(), host.Text
		shown := ""
		if pass.made() {
			shown = string(pw)
		}
		var demo *testca.Demo
		f.run(func(context.Context) (err error) {
			demo, err = s.authorities().Demo(name, path, pw)
			if err != nil {
				clear(pw)
			}
			return err
		}, func() {
			if made != nil {
				made(demo.Authority.Name)
			}
			s.showDemo(demo, pw, shown)
		})
	})
	return f
}

// showDemo shows what was made and what remains to be done, and over it the
// import plan.
func (s *shell) showDemo(demo *testca.Demo, pw []byte, shown string) {
	size := s.win.Canvas().Size()
	d := parts.NewDialog(s.win.Canvas(), lang.X("demo.done", "Demo site {{.Host}}", words{"Host": demo.Host}), demo.Folder, min(820, size.Width-20), min(640, size.Height-20))
	body := parts.VBox(12)
	if shown != "" {
		body.Add(s.secretCard(lang.X("demo.shown", "Password of the authority and of the PFX files"), shown))
	}
	var rows []fyne.CanvasObject
	for _, file := range demo.Files {
		icon := "file"
		if file.Secret {
			icon = "key"
		}
		rows = append(rows, parts.Pad(5, 5, 11, 11, parts.Border(nil, nil, parts.HBox(8, parts.Middle(parts.NewIcon(icon, 15, parts.Text2)), parts.Fixed(92, -1, parts.Middle(parts.Mono(file.Name)))), nil, parts.Middle(parts.Small(file.Holds).Shrink()))))
	}
	body.Add(parts.List(rows...))
	for _, step := range demo.Steps() {
		copyIt := parts.SmallButton("copy", lang.X("button.copy", "Copy"), func() { s.copyText(step.Text()) })
		box := parts.VBox(6, parts.Border(nil, nil, nil, copyIt, parts.Middle(parts.Body(step.Title).Bold().Shrink())))
		for _, l := range step.Lines {
			box.Add(parts.NewParagraph(l, 12, parts.Text).Mono())
		}
		body.Add(parts.Card(parts.Pad(9, 10, 12, 10, box)))
	}
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	get := parts.Secondary("import", lang.X("issue.import", "Import here…"), func() { s.importMade(demo.Source(), pw) })
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(unlessSecret(shut, shown), s.folderButton(demo.Folder), get, shut)
	d.OnClosed = func() { demo.Wipe(); clear(pw) }
	d.Show()
	s.importMade(demo.Source(), pw)
}

// importMade opens the import wizard at the plan of what this program made.
func (s *shell) importMade(src importer.Source, pw []byte) {
	if s.dialogs.wizard != nil || s.noJournal() {
		return
	}
	v := newImportView(s)
	s.dialogs.wizard = v
	v.wizard.Show()
	v.show()
	pw = bytes.Clone(pw) // the dialog below wipes its own
	go func() {
		v.model.LoadPlaces(v.ctx)
		opt := testca.DemoOptions(certstore.User)
		v.model.SetOptions(func(o *importer.Options) { o.Location, o.Exportable = opt.Location, opt.Exportable })
		v.model.Load(v.ctx, filepath.Clean(src.Path), src.Data)
		if v.model.Try(v.ctx, certfile.Password{Given: true, Text: pw}) {
			v.model.MakePlan(v.ctx)
		}
	}()
}
