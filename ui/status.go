package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// statusBar counts what is listed and says when the stores were read.
type statusBar struct {
	stop                                  *parts.Button // while reading
	shell                                 *shell
	object                                fyne.CanvasObject
	row                                   *fyne.Container
	count, chosen, errors, warnings       *parts.Label
	place, read                           *parts.Label
	errorGroup, warningGroup, chosenGroup *fyne.Container
}

func newStatusBar(s *shell) *statusBar {
	b := &statusBar{shell: s, count: parts.Small(""), chosen: parts.Small(""), errors: parts.NewLabel("", 12, parts.Text),
		warnings: parts.NewLabel("", 12, parts.Text), place: parts.NewLabel("", 12, parts.Text3).Shrink().Trailing(), read: parts.NewLabel("", 12, parts.Text3)}
	b.errorGroup = parts.HBox(5, parts.Middle(parts.KindIcon(parts.KindError, 12)), parts.Middle(b.errors))
	b.warningGroup = parts.HBox(5, parts.Middle(parts.KindIcon(parts.KindWarning, 12)), parts.Middle(b.warnings))
	b.chosenGroup = parts.Middle(b.chosen)
	left := parts.HBox(14, parts.Middle(b.count), b.chosenGroup, b.errorGroup, b.warningGroup)
	b.stop = parts.LinkButton(lang.X("status.stop", "Stop"), func() { s.stopReading() })
	b.stop.Hide()
	b.row = parts.Border(nil, nil, parts.Pad(0, 0, 12, 12, left), parts.Pad(0, 0, 14, 12, parts.HBox(4, parts.Middle(b.read), b.stop)), parts.Middle(b.place))
	b.object = parts.Stack(parts.Fill(parts.Chrome), parts.Fixed(-1, 25, parts.Border(parts.HLine(), nil, nil, nil, b.row)))
	return b
}

// show counts again.
func (b *statusBar) show() {
	if b == nil {
		return
	}
	view, _ := b.shell.list.View.Get()
	busy, _ := b.shell.list.Busy.Get()
	var rows []*model.Row
	if view != nil {
		rows = view.Rows
	}
	errs, warns := 0, 0
	for _, r := range rows {
		switch r.Severity {
		case finding.Error:
			errs++
		case finding.Warning:
			warns++
		}
	}
	b.count.SetText(plural(len(rows), lang.X("status.certificate", "1 certificate"), lang.X("status.certificates", "{{.N}} certificates", words{"N": strconv.Itoa(len(rows))})))
	chosen := ""
	if n := len(b.shell.table.data.selected); n > 0 {
		chosen = lang.X("status.selected", "{{.N}} selected", words{"N": strconv.Itoa(n)})
	}
	b.chosen.SetText(chosen)
	b.errors.SetText(plural(errs, lang.X("status.problem", "1 problem"), lang.X("status.problems", "{{.N}} problems", words{"N": strconv.Itoa(errs)})))
	b.warnings.SetText(plural(warns, lang.X("status.warning", "1 warning"), lang.X("status.warnings", "{{.N}} warnings", words{"N": strconv.Itoa(warns)})))
	setVisible(b.errorGroup, errs > 0)
	setVisible(b.warningGroup, warns > 0)
	setVisible(b.chosenGroup, chosen != "")
	b.place.SetText(b.path(view))
	setVisible(b.stop, busy)
	b.showRead()
}

// showRead says when the stores were read, or how far they are.
func (b *statusBar) showRead() {
	view, _ := b.shell.list.View.Get()
	busy, _ := b.shell.list.Busy.Get()
	b.read.SetText(b.readText(view, busy))
	b.row.Refresh()
}

func (b *statusBar) watching() bool {
	_, ok := b.shell.services.Store.(certstore.Watcher)
	return ok
}

// path returns where the listed store is kept.
func (b *statusBar) path(v *model.View) string {
	if v == nil || v.Query.Search != "" {
		return ""
	}
	for _, p := range v.Snapshot.Places {
		if p.Location == v.Query.Scope.Location && p.Name == v.Query.Scope.Store {
			return p.Path
		}
	}
	return ""
}

func (b *statusBar) readText(v *model.View, busy bool) string {
	n, _ := b.shell.list.Progress.Get()
	switch {
	case busy && n > 0 && (v == nil || v.Snapshot.Partial):
		return lang.X("status.readingSoFar", "Reading the stores… {{.N}} so far", words{"N": thousands(n)})
	case busy:
		return lang.X("status.reading", "Reading the stores…")
	case v == nil:
		return ""
	case v.Snapshot.Partial:
		return lang.X("status.partial", "Not read to the end")
	case b.watching():
		return lang.X("status.watching", "Read {{.Time}}, watching for changes", words{"Time": v.Snapshot.At.Local().Format("15:04")})
	}
	return lang.X("status.read", "Read {{.Time}}", words{"Time": v.Snapshot.At.Local().Format("15:04")})
}

// plural returns one for 1, else many.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func setVisible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}
