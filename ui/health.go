package ui

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/health"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// openHealth looks at all stores and lists what is not in order.
func (s *shell) openHealth() {
	if s.whole() == nil {
		return
	}
	tools := s.tools()
	d := parts.NewDialog(s.win.Canvas(), lang.X("health.title", "Store health"), lang.X("health.sub", "What is not in order in the stores, and what to do about it"), 860, 640)
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetBody(parts.Center(parts.Small(lang.X("health.looking", "Looking at the stores…"))))
	d.SetButtons(shut, shut)
	d.Show()
	go func() {
		r, err := tools.Health(s.ctx)
		fyne.Do(func() {
			if !d.Shown() {
				return
			}
			if err != nil {
				d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, problemBanner(err, nil))))
				return
			}
			copyIt := parts.Secondary("copy", lang.X("button.copyReport", "Copy report"), func() { s.copyText(healthText(r)) })
			save := parts.Secondary("export", lang.X("health.save", "Save as page and CSV"), func() { s.saveHealth(d, tools, r) })
			d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, s.healthPage(d, r))))
			d.SetNote(lang.X("health.unchanged", "Nothing is changed until you choose something."))
			d.SetButtons(shut, copyIt, save, shut)
		})
	}()
}

// healthPage lists the problems by kind.
func (s *shell) healthPage(d *parts.Dialog, r health.Report) fyne.CanvasObject {
	errors, warnings, infos := r.Worst()
	kind, title := parts.KindOK, lang.X("health.fine", "The stores are in order")
	if errors+warnings+infos > 0 {
		kind = parts.KindInfo
		title = strings.Join([]string{
			plural(errors, lang.X("health.error", "1 error"), lang.X("health.errors", "{{.N}} errors", words{"N": errors})),
			plural(warnings, lang.X("health.warning", "1 warning"), lang.X("health.warnings", "{{.N}} warnings", words{"N": warnings})),
			plural(infos, lang.X("health.note", "1 note"), lang.X("health.notes", "{{.N}} notes", words{"N": infos})),
		}, ", ")
	}
	if warnings > 0 {
		kind = parts.KindWarning
	}
	if errors > 0 {
		kind = parts.KindError
	}
	page := parts.VBox(10, parts.Banner(kind, title, lang.X("health.scope", "This is about how the stores are kept. What a certificate can be used for stands on its Findings tab."), nil))
	const most = 100 // of a kind; the saved report has all
	for _, k := range health.Kinds {
		list := r.Of(k)
		if len(list) == 0 {
			continue
		}
		page.Add(parts.Pad(6, 0, 0, 0, parts.Body(k.Title()+" ("+strconv.Itoa(len(list))+")").Bold()))
		var rows []fyne.CanvasObject
		for _, p := range list[:min(most, len(list))] {
			rows = append(rows, s.healthRow(d, p))
		}
		page.Add(parts.List(rows...))
		if len(list) > most {
			page.Add(parts.Small(lang.X("health.more", "… and {{.N}} more; the saved report has all", words{"N": len(list) - most})))
		}
	}
	page.Add(parts.Pad(6, 0, 0, 0, parts.Body(lang.X("health.notChecked", "Not looked at")).Bold()))
	for _, text := range r.NotChecked {
		page.Add(parts.SmallPara(text))
	}
	return page
}

func (s *shell) healthRow(d *parts.Dialog, p health.Problem) fyne.CanvasObject {
	where := locationName(p.Location)
	if p.Store != "" {
		where = placeName(p.Location, p.Store)
	}
	name := p.Subject()
	if p.Row == nil && p.Key == nil {
		name = where
	}
	text := parts.VBox(2, parts.Body(name).Bold().Shrink(), parts.NewLabel(where, 11, parts.Text3).Shrink(), parts.SmallPara(p.Message), parts.NewParagraph(p.Fix, 12, parts.Text))
	var fix fyne.CanvasObject
	if b := s.healthFix(d, p); b != nil {
		fix = parts.Pad(0, 0, 10, 0, parts.Middle(b))
	}
	return parts.Pad(8, 9, 12, 12, parts.Border(nil, nil, parts.VBox(0, parts.Pad(1, 0, 0, 10, parts.KindIcon(severityKind(p.Severity), 16))), fix, text))
}

// healthFix returns the button for what this program can do about a problem,
// or nil.
func (s *shell) healthFix(d *parts.Dialog, p health.Problem) fyne.CanvasObject {
	if p.Row == nil || s.wayOf(p.Row) == elevate.Never {
		return nil
	}
	row := s.modelRow(p.Row)
	if row == nil {
		return nil
	}
	do := func(f func()) func() { return func() { d.Close(); f() } }
	switch p.Kind {
	case health.RootNotSelfSigned, health.InPersonal, health.Misplaced:
		to := p.Row.Misplaced
		if to == "" {
			to = certstore.CA
		}
		return parts.SmallButton("move", lang.X("health.move", "Move…"), do(func() { s.startMove([]*model.Row{row}, row.Location, to) }))
	case health.Expired, health.Renewed, health.Duplicate:
		return parts.SmallButton("delete", lang.X("health.delete", "Delete…"), do(func() { s.startDelete([]*model.Row{row}) }))
	case health.NoKey, health.BrokenKey:
		return parts.SmallButton("import", lang.X("health.import", "Import…"), do(func() { s.startImport(nil) }))
	}
	return nil
}

// modelRow returns the list's row of an inventory row.
func (s *shell) modelRow(r *inventory.Row) *model.Row {
	snapshot, err := s.list.Snapshot.Get()
	if err != nil || snapshot == nil {
		return nil
	}
	for _, row := range snapshot.Rows {
		if row.Ref() == r.Ref() {
			return row
		}
	}
	return nil
}

func (s *shell) saveHealth(d *parts.Dialog, tools model.Tools, r health.Report) {
	go func() {
		paths, err := tools.SaveHealth(r)
		fyne.Do(func() {
			if err != nil {
				s.showProblem(lang.X("health.problem", "The report could not be saved"), err)
				return
			}
			d.SetNote(lang.X("export.saved", "Saved {{.Path}}", words{"Path": strings.Join(paths, ", ")}))
			d.Toast(lang.X("health.saved", "Saved"))
		})
	}()
}

// healthText is the report for a mail.
func healthText(r health.Report) string {
	var b strings.Builder
	for _, k := range health.Kinds {
		if list := r.Of(k); len(list) > 0 {
			b.WriteString(k.Title() + "\n")
			for _, p := range list {
				b.WriteString("  [" + string(p.Severity) + "] " + string(p.Location) + "/" + string(p.Store) + " " + p.Subject() + ": " + p.Message + " " + p.Fix + "\n")
			}
		}
	}
	for _, text := range r.NotChecked {
		b.WriteString(text + "\n")
	}
	return b.String()
}
