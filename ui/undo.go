package ui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/journal"
	"certdesk/ui/parts"
)

// openUndo lists what can be undone, the newest import chosen.
func (s *shell) openUndo() {
	if s.noJournal() {
		return
	}
	go func() {
		records, latest, err := s.changes().Journal()
		fyne.Do(func() {
			if err != nil {
				s.showProblem(lang.X("undo.problem", "Not undone"), err)
				return
			}
			s.askUndo(records, latest)
		})
	}()
}

// noJournal says that there is nowhere to record changes, and reports whether
// that is so.
func (s *shell) noJournal() bool {
	if s.services.Journal != nil {
		return false
	}
	d := parts.NewDialog(s.win.Canvas(), lang.X("journal.none", "No journal"), "", 460, 210)
	d.SetBody(parts.Pad(14, 14, 20, 20, parts.Para(lang.X("journal.noneText", "There is no folder in which changes can be recorded, so nothing is changed. Set HOME or XDG_STATE_HOME."))))
	ok := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(ok, ok)
	d.Show()
	return true
}

const undoMost = 50 // records that the dialog lists

func (s *shell) askUndo(records []journal.Record, latest int) {
	d := parts.NewDialog(s.win.Canvas(), lang.X("undo.title", "Undo"), lang.X("undo.sub", "Takes back what a change added, unless somebody changed it since"), 640, 440)
	shut := parts.Secondary("", lang.X("button.cancel", "Cancel"), d.Close)
	if len(records) == 0 {
		d.SetBody(parts.Center(parts.VBox(8, parts.Center(parts.NewIcon("undo", 34, parts.Text3)), parts.Center(parts.NewLabel(lang.X("undo.nothing", "There is nothing to undo"), 15, parts.Text).Bold()))))
		shut = parts.Primary("", lang.X("button.close", "Close"), d.Close)
		d.SetButtons(shut, shut)
		d.Show()
		return
	}
	records = records[:min(undoMost, len(records))]
	var options []parts.Option
	for _, r := range records {
		o := parts.Option{Title: recordTitle(r), Note: recordNote(r)}
		if len(elevate.ForUndo(r)) > 0 {
			o.Foot = footOf(elevate.Problem(s.places()))
		}
		options = append(options, o)
	}
	cards := parts.NewCards(options, false, max(0, min(latest, len(records)-1)), nil)
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, cards.Object())))
	undo := parts.Primary("undo", lang.X("button.undo", "Undo"), func() {
		d.Close()
		s.undoNow(records[cards.Selected()].ID)
	})
	cards.OnChanged = func(i int) {
		text := lang.X("button.undo", "Undo")
		if s.wayToUndo(records[i]) == elevate.Helper {
			text = lang.X("rights.continue", "Continue as administrator")
		}
		undo.SetText(text)
		d.Refresh()
	}
	cards.OnChanged(cards.Selected())
	d.SetButtons(undo, shut, undo)
	d.Show()
}

func recordTitle(r journal.Record) string {
	w := words{"Source": r.Source, "Time": r.Time.Local().Format("2006-01-02 15:04")}
	title := lang.X("undo.import", "Import of {{.Source}}, {{.Time}}", w)
	switch r.Kind {
	case journal.Move:
		title = lang.X("undo.move", "Move of {{.Source}}, {{.Time}}", w)
	case journal.Tidy:
		title = lang.X("undo.tidy", "Tidy: {{.Source}}, {{.Time}}", w)
	case journal.Relink:
		title = lang.X("undo.relink", "Link to the key of {{.Source}}, {{.Time}}", w)
	case journal.Permissions:
		title = lang.X("undo.permissions", "Who may use the key of {{.Source}}, {{.Time}}", w)
	}
	if r.Status == journal.Unfinished {
		title += ", " + lang.X("undo.unfinished", "not finished")
	}
	return title
}

func recordNote(r journal.Record) string {
	var names []string
	for _, st := range r.Steps {
		switch p := st.Permissions; {
		case p == nil:
			names = append(names, st.Subject)
		case p.Revoked:
			names = append(names, lang.X("undo.revoked", "revoked for {{.Account}}", words{"Account": p.Account}))
		default:
			names = append(names, lang.X("undo.granted", "granted to {{.Account}}", words{"Account": p.Account}))
		}
	}
	more := ""
	if len(names) > 6 {
		names, more = names[:6], ", …"
	}
	return locationName(r.Location) + ": " + strings.Join(names, ", ") + more
}

// wayToUndo returns how a change can be taken back.
func (s *shell) wayToUndo(r journal.Record) elevate.Way {
	if len(elevate.ForUndo(r)) == 0 {
		return elevate.Direct
	}
	return s.services.Elevator.WayTo(certstore.Machine, elevate.Problem(s.places()), s.services.System)
}

// undoNow takes a change back and says what happened.
func (s *shell) undoNow(id string) {
	way := elevate.Direct
	if r, err := s.services.Journal.Read(id); err == nil {
		way = s.wayToUndo(r)
	}
	ctx, end := s.wait(way, lang.X("undo.undoing", "Undoing…"))
	go func() {
		undone, err := s.changes().Undo(ctx, id)
		fyne.Do(func() {
			end()
			s.reload()
			if err != nil {
				s.showProblem(lang.X("undo.problem", "Not undone"), err)
				return
			}
			if changed(undone) == 0 {
				s.say(lang.X("undo.done", "Undone: the stores are as they were before"))
				return
			}
			d := parts.NewDialog(s.win.Canvas(), lang.X("undo.partly", "Undone in part"), "", 560, 380)
			d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, parts.VBox(12, undoneBanner(undone), undoneList(undone)))))
			ok := parts.Primary("", lang.X("button.close", "Close"), d.Close)
			d.SetButtons(ok, ok)
			d.Show()
		})
	}()
}

// changed counts what undo left alone because somebody changed it since.
func changed(undone []importer.Undone) int {
	n := 0
	for _, u := range undone {
		if u.Changed {
			n++
		}
	}
	return n
}

func undoneBanner(undone []importer.Undone) fyne.CanvasObject {
	n := changed(undone)
	if n == 0 {
		return parts.Banner(parts.KindOK, lang.X("undo.doneTitle", "The stores are as they were before the import"), "", nil)
	}
	return parts.Banner(parts.KindWarning, plural(n, lang.X("undo.left1", "1 certificate was left alone"), lang.X("undo.left", "{{.N}} certificates were left alone", words{"N": n})),
		lang.X("undo.leftText", "Somebody changed it after the import; delete it yourself if it has to go."), nil)
}

func undoneList(undone []importer.Undone) fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, u := range undone {
		kind, text := parts.KindOK, lang.X("undo.restored", "as it was before")
		if u.Changed {
			kind, text = parts.KindWarning, lang.X("undo.changed", "left alone: changed since")
		}
		rows = append(rows, parts.Pad(7, 7, 12, 12, parts.Border(nil, nil, parts.Pad(0, 0, 0, 10, parts.Middle(parts.KindIcon(kind, 16))),
			parts.Middle(parts.Small(text)), parts.Middle(parts.Body(u.Step.Subject).Shrink()))))
	}
	return parts.List(rows...)
}

// openUnfinished says at the start which changes did not finish, one after
// the other.
func (s *shell) openUnfinished(records []journal.Record) {
	if len(records) == 0 {
		return
	}
	r, rest := records[0], records[1:]
	w := words{"Source": filepath.Base(r.Source)}
	title := lang.X("unfinished.import", "An import of {{.Source}} did not finish", w)
	switch r.Kind {
	case journal.Import:
	case journal.Relink:
		title = lang.X("unfinished.relink", "Linking {{.Source}} to its key did not finish", w)
	case journal.Permissions:
		title = lang.X("unfinished.permissions", "A change of who may use the key of {{.Source}} did not finish", w)
	default:
		title = lang.X("unfinished.move", "A move of {{.Source}} did not finish", w)
	}
	d := parts.NewDialog(s.win.Canvas(), title, r.Time.Local().Format("2006-01-02 15:04"), 540, 300)
	text := lang.X("unfinished.text", "The program or the computer stopped in the middle. Undo brings the stores back to what they were before.", w)
	if r.Kind == journal.Import && r.Path != "" {
		text = lang.X("unfinished.textImport", "The program or the computer stopped in the middle. Undo brings the stores back to what they were before; Finish opens the import again.", w)
	}
	body := parts.VBox(10, parts.Para(text))
	if len(r.Steps) > 0 {
		body.Add(parts.SmallPara(recordNote(r)))
	}
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	finished := false
	d.OnClosed = func() {
		if !finished {
			s.openUnfinished(rest)
		}
	}
	later := parts.Secondary("", lang.X("unfinished.later", "Later"), d.Close)
	undo := parts.Secondary("undo", lang.X("button.undo", "Undo"), func() { d.Close(); s.undoNow(r.ID) })
	if r.Kind != journal.Import || r.Path == "" {
		undo = parts.Primary("undo", lang.X("button.undo", "Undo"), undo.OnTapped)
		d.SetButtons(undo, later, undo)
		d.Show()
		return
	}
	finish := parts.Primary("import", lang.X("unfinished.finish", "Finish…"), func() {
		finished = true
		d.Close()
		s.startImport([]string{r.Path})
	})
	d.SetButtons(finish, later, undo, finish)
	d.Show()
}
