package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certificate"
	"certdesk/internal/handover"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// handoverView is the sheet for a partner: the forms at the left, what will be
// written at the right.
type handoverView struct {
	*form
	model  *model.Handover
	chosen handover.Form
	asked  int // counts previews, so that a late one is dropped

	lines, settings *fyne.Container
	scroll          *fyne.Container
	caption         *parts.Label
	days            *parts.Field
	system          *parts.Dropdown
	copyIt          *parts.Button
	target          *saveTarget
	shown           bool // the preview is that of the settings
}

// openHandover opens the sheet of a certificate; extra is what came with it.
func (s *shell) openHandover(c *certificate.Certificate, extra []*certificate.Certificate) *handoverView {
	inv := &inventory.Inventory{}
	if snapshot, err := s.list.Snapshot.Get(); err == nil && snapshot != nil {
		inv = snapshot.Inventory
	}
	v := &handoverView{model: model.NewHandover(c, extra, inv, s.list.Now()),
		form: s.newForm(lang.X("handover.title", "Hand-over sheet"), c.CommonName(), "export", lang.X("export.save", "Save"), 880, 640)}
	v.build()
	v.choose(handover.FormMarkdown)
	return v
}

func formOption(f handover.Form) parts.Option {
	switch f {
	case handover.FormHTML:
		return parts.Option{Title: "HTML", Note: lang.X("handover.html", "One page for any browser")}
	case handover.FormPDF:
		return parts.Option{Title: "PDF", Note: lang.X("handover.pdf", "To print or to sign")}
	case handover.FormReminder:
		return parts.Option{Title: lang.X("handover.ics", "Reminder (.ics)"), Note: lang.X("handover.icsText", "For a calendar, before it ends")}
	}
	return parts.Option{Title: "Markdown", Note: lang.X("handover.md", "For a ticket, a wiki or a mail")}
}

func (v *handoverView) build() {
	var options []parts.Option
	for _, f := range handover.Forms {
		options = append(options, formOption(f))
	}
	forms := parts.NewCards(options, false, 0, func(i int) { v.choose(handover.Forms[i]) })
	v.lines, v.settings, v.caption = parts.VBox(0), parts.Stack(), parts.Small("").Shrink()
	var systems []string
	for _, x := range handover.Systems {
		systems = append(systems, x.Text)
	}
	v.system = parts.NewDropdown(systems, 0, func(i int) {
		v.model.System = handover.Systems[i].System
		v.render()
	})
	v.days = parts.NewField("30")
	v.days.SetText("30")
	v.days.OnChanged = func(text string) {
		v.model.Days = -1 // refused, with the reason
		if n, ok := days(strings.TrimSpace(text)); ok && text != "" {
			v.model.Days = n
		}
		v.render()
	}
	v.target = v.shell.newSaveTarget("", v.update)
	v.ready = func() bool { return v.shown && v.target.ready() }
	v.replaces = func() []string { return []string{v.target.path()} }
	v.scroll = parts.Page(parts.Pad(8, 8, 11, 11, v.lines))
	head := parts.Border(nil, nil, parts.Pad(0, 0, 0, 8, parts.Middle(parts.Body(lang.X("export.preview", "Preview")).Bold())), nil, parts.Middle(v.caption))
	right := parts.Border(parts.VBox(8, v.settings, head, parts.Gap(1, 0)), parts.Pad(10, 0, 0, 0, parts.VBox(6, v.target.object)), nil, nil,
		parts.Stack(parts.Outlined(parts.Input, parts.ChipLine, 5), parts.Pad(1, 1, 1, 1, v.scroll)))
	v.copyIt = parts.Secondary("copy", lang.X("button.copy", "Copy"), v.copyText)
	v.show(parts.Gap(1, 1), nil, v.save)
	v.dialog.SetBody(parts.Border(nil, parts.Pad(0, 8, 16, 20, parts.VBox(8, v.problem, v.bar.Object())), nil, nil,
		parts.Pad(14, 6, 16, 20, parts.Border(nil, nil, parts.Pad(0, 0, 0, 16, parts.Fixed(220, -1, parts.VBox(0, forms.Object()))), nil, right))))
	v.dialog.SetButtons(v.yes, v.no, v.copyIt, v.yes)
	v.dialog.SetNote(lang.X("handover.noKey", "Public data only: no key can get in."))
}

// choose shows another form.
func (v *handoverView) choose(f handover.Form) {
	v.chosen = f
	setting := besideField(lang.X("handover.system", "For"), parts.Start(v.system))
	if f == handover.FormReminder {
		setting = besideField(lang.X("handover.days", "Days before"), parts.Start(parts.Fixed(90, -1, v.days)))
	}
	v.settings.Objects = []fyne.CanvasObject{setting}
	v.settings.Refresh()
	caption := ""
	if f == handover.FormHTML || f == handover.FormPDF {
		caption = lang.X("handover.same", "the same content, laid out")
	}
	v.caption.SetText(caption)
	v.target.propose(f.FileName(v.model.Certificate))
	v.render()
}

// render makes the preview in the background.
func (v *handoverView) render() {
	v.asked++
	mine, f, h := v.asked, v.chosen, *v.model // the settings may change meanwhile
	v.shown = false
	v.update()
	go func() {
		lines, err := h.Preview(f)
		fyne.Do(func() {
			if mine == v.asked {
				v.preview(lines, err)
			}
		})
	}()
}

func (v *handoverView) preview(lines []string, err error) {
	v.lines.Objects, v.problem.Objects = nil, nil
	if err != nil {
		v.problem.Objects = []fyne.CanvasObject{problemBanner(err, nil)}
		lines = nil
	}
	for _, l := range lines {
		line := parts.NewParagraph(strings.TrimRight(l, "\r"), 12, parts.Text).Mono()
		if strings.HasPrefix(l, "#") || strings.HasPrefix(l, "BEGIN:") {
			line.SetRole(parts.Accent)
		}
		v.lines.Add(line)
	}
	v.shown = err == nil
	relayout(v.scroll)
	v.copyIt.SetEnabled(v.shown && v.chosen.Text())
	v.update()
	v.dialog.Refresh()
}

// copyText copies what would be written.
func (v *handoverView) copyText() {
	f, h := v.chosen, *v.model
	go func() {
		data, err := h.Make(f)
		fyne.Do(func() {
			if err != nil {
				v.preview(nil, err)
				return
			}
			v.shell.copyText(string(data))
		})
	}()
}

func (v *handoverView) save() {
	f, h, path := v.chosen, *v.model, v.target.path()
	v.run(func(ctx context.Context) error { return h.Save(f, path) }, func() { v.shell.saved(path) })
}
