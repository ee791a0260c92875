package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/elevate"
	"certdesk/internal/exporter"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/placement"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// showRun is the third screen while the import is under way.
func (v *importView) showRun(st *model.ImportState) {
	bar := parts.Meter(float32(st.Done)/float32(max(1, st.Total)), parts.KindInfo)
	step := lang.X("run.step", "Step {{.N}} of {{.Of}}", words{"N": min(st.Done+1, st.Total), "Of": st.Total})
	what := st.What
	if st.Stopping {
		what = lang.X("run.stopping", "Taking back what was done…")
	}
	body := parts.Pad(2, 14, 24, 24, parts.VBox(14, parts.VBox(6, bar, parts.Small(step)),
		parts.Border(nil, nil, parts.Pad(0, 0, 0, 8, parts.Middle(parts.NewIcon("refresh", 17, parts.Accent))), nil, parts.Body(what).Shrink()),
		parts.NewParagraph(lang.X("run.safe", "Each step is verified, a private key by a signature. If one fails, those before it are taken back and the stores are left as they were."), 13, parts.Text2)))
	stop := parts.Secondary("", lang.X("run.stop", "Stop and undo"), v.stopImport)
	stop.SetEnabled(!st.Stopping)
	v.wizard.SetButtons(nil, stop)
	v.wizard.SetPage(2, lang.X("run.title", "Importing"), st.Source.Name, body, nil)
}

// showDone is the third screen afterwards.
func (v *importView) showDone(st *model.ImportState) {
	body := parts.VBox(10)
	res := st.Result
	switch {
	case res.WasUndo:
		v.showUndone(st, body)
		return
	case res.Err != nil:
		v.showFailed(st, body)
		return
	}
	body.Add(v.doneBanner(st))
	if x := st.Options.Target; x != nil && x.Todo != "" && res.Row != nil {
		body.Add(parts.Banner(parts.KindInfo, lang.X("target.for", "For: {{.Who}}", words{"Who": x.Title}), x.Todo, nil))
	}
	if res.MoveErr != nil {
		title, todo := problemText(res.MoveErr)
		body.Add(parts.Banner(parts.KindWarning, lang.X("done.notMoved", "The misplaced copy was not moved: {{.Why}}", words{"Why": title}), todo, nil))
	}
	if res.UndoErr != nil {
		body.Add(problemBanner(res.UndoErr, nil))
	}
	if st.Main != nil {
		body.Add(v.serialCard(st))
		body.Add(v.serialForms(st))
		body.Add(v.nextActions(res))
	}
	undo := parts.Secondary("undo", lang.X("done.undo", "Undo import"), func() {
		go func() {
			v.model.Undo(v.ctx)
			fyne.Do(v.shell.reload)
		}()
	})
	undo.SetEnabled(len(res.Journal) > 0 && !res.Undoing)
	show := parts.Secondary("", lang.X("done.show", "Show in list"), func() { v.showInList(res.Row) })
	show.SetEnabled(res.Row != nil)
	shut := v.closeButton(st)
	v.wizard.SetButtons(shut, show, shut)
	page, before := parts.Page(parts.Pad(2, 14, 24, 24, body)), v.done
	v.done = page
	v.wizard.SetPage(3, lang.X("done.title", "Imported"), st.Source.Name, page, parts.Start(undo))
	parts.ScrollAs(page, before)
}

// closeButton closes the wizard, or goes on to the next file.
func (v *importView) closeButton(st *model.ImportState) *parts.Button {
	if st.Index+1 < len(st.Files) {
		return parts.Primary("", lang.X("done.next", "Next file ({{.N}} of {{.Of}})", words{"N": st.Index + 2, "Of": len(st.Files)}), v.next)
	}
	return parts.Primary("", lang.X("button.close", "Close"), v.wizard.Close)
}

func (v *importView) showFailed(st *model.ImportState, body *fyne.Container) {
	res := st.Result
	title, todo := problemText(cause(res.Err))
	kind, heading := parts.KindError, lang.X("done.failed", "Not imported")
	if errors.Is(res.Err, context.Canceled) {
		kind, heading, title, todo = parts.KindInfo, lang.X("done.stopped", "Stopped"), lang.X("done.stoppedText", "The import was stopped"), ""
	}
	body.Add(parts.Banner(kind, title, todo, nil))
	if e, ok := errors.AsType[*importer.Error](res.Err); ok && e.Left != nil {
		left, leftTodo := problemText(e.Left)
		body.Add(parts.Banner(parts.KindWarning, lang.X("done.left", "Part of it could not be taken back: {{.Why}}", words{"Why": left}),
			strings.TrimSpace(lang.X("done.leftText", "Certdesk offers to undo it at its next start; so does Ctrl+Z.")+" "+leftTodo), nil))
	} else {
		body.Add(parts.Border(nil, nil, parts.Pad(0, 0, 0, 8, parts.Middle(parts.KindIcon(parts.KindOK, 16))), nil,
			parts.Para(lang.X("done.nothingChanged", "Nothing was changed: the stores are as they were before."))))
	}
	report := parts.Secondary("copy", lang.X("button.copyDetails", "Copy details"), func() { v.shell.copyText(res.Err.Error()) })
	back := parts.Secondary("", lang.X("button.back", "Back"), v.model.Back)
	shut := v.closeButton(st)
	v.wizard.SetButtons(shut, back, shut)
	v.wizard.SetPage(2, heading, st.Source.Name, parts.Page(parts.Pad(2, 14, 24, 24, body)), parts.Start(report))
}

// cause is what an import failed for.
func cause(err error) error {
	if e, ok := errors.AsType[*importer.Error](err); ok {
		return e.Err
	}
	return err
}

func (v *importView) showUndone(st *model.ImportState, body *fyne.Container) {
	body.Add(undoneBanner(st.Result.Undone))
	body.Add(undoneList(st.Result.Undone))
	shut := v.closeButton(st)
	v.wizard.SetButtons(shut, shut)
	v.wizard.SetPage(3, lang.X("done.undone", "Import undone"), st.Source.Name, parts.Page(parts.Pad(2, 14, 24, 24, body)), nil)
}

// doneBanner says what was done, and what the certificate is good for now.
func (v *importView) doneBanner(st *model.ImportState) fyne.CanvasObject {
	res := st.Result
	var facts []string
	count := func(n int, one, many string) {
		if n > 0 {
			facts = append(facts, plural(n, one, many))
		}
	}
	n := func(x int) words { return words{"N": x} }
	added, completed, there := res.Count(placement.Add), res.Count(placement.Replace), res.Count(placement.AlreadyThere)
	skipped := res.Count(placement.Skip, placement.Ask)
	count(added, lang.X("done.added1", "1 certificate added"), lang.X("done.added", "{{.N}} certificates added", n(added)))
	count(completed, lang.X("done.completed1", "1 completed"), lang.X("done.completed", "{{.N}} completed", n(completed)))
	count(res.Moved, lang.X("done.moved1", "1 moved"), lang.X("done.moved", "{{.N}} moved", n(res.Moved)))
	count(there, lang.X("done.there1", "1 already there"), lang.X("done.there", "{{.N}} already there", n(there)))
	count(skipped, lang.X("done.skipped1", "1 left out"), lang.X("done.skipped", "{{.N}} left out", n(skipped)))
	var text []string
	kind := parts.KindOK
	if st.Main != nil && res.Row != nil {
		text = append(text, lang.X("done.stands", "{{.Name}} is in {{.Place}}.", words{"Name": st.Main.CommonName(), "Place": placeName(res.Row.Location, res.Row.Store)}))
	}
	if len(res.Verdicts) > 0 {
		w := res.Verdicts[0]
		text = append(text, verdictTitle(w)+".")
		if w.Verdict != check.Works && len(w.Findings) > 0 {
			text = append(text, finding.WordsOf(w.Findings[0]).Message)
		}
		if w.Verdict == check.WillNotWork {
			kind = parts.KindWarning
		}
	}
	if len(res.Chain) > 0 && res.Chain[len(res.Chain)-1].Status == chain.Trusted {
		text = append(text, lang.X("done.chain", "Its chain is complete."))
	}
	return parts.Banner(kind, strings.Join(facts, ", "), strings.Join(text, " "), nil)
}

// serialCard shows the serial number, larger than anything else.
func (v *importView) serialCard(st *model.ImportState) fyne.CanvasObject {
	n := st.Main.Serials()
	copyIt := parts.Secondary("copy", lang.X("button.copy", "Copy"), func() { v.shell.copyText(n.Windows) })
	return parts.SoftCard(parts.AccentSoft, parts.Pad(8, 8, 14, 10, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(copyIt)),
		parts.VBox(2, parts.Small(lang.X("done.serial", "Serial number, for whoever asks which certificate it is")),
			parts.NewParagraph(n.Spaced, 17, parts.Text).Mono()))))
}

func (v *importView) serialForms(st *model.ImportState) fyne.CanvasObject {
	row := []fyne.CanvasObject{parts.Pad(4, 3, 0, 2, parts.Small(lang.X("done.otherForms", "Copy as")))}
	n := st.Main.Serials()
	for _, s := range spellings(st.Main) {
		if s.text == n.Spaced || s.text == n.Hex {
			continue // the card shows the one, few ask for the other
		}
		row = append(row, parts.SmallButton("", s.name, func() { v.shell.copyText(s.text) }))
	}
	row = append(row, parts.SmallButton("", "SHA-1", func() { v.shell.copyText(st.Main.SHA1()) }),
		parts.SmallButton("", "SHA-256", func() { v.shell.copyText(st.Main.Fingerprint().String()) }))
	return parts.Wrap(5, row...)
}

// nextActions are what people do after an import.
func (v *importView) nextActions(res *model.ImportResult) fyne.CanvasObject {
	row := func(icon, title, text string, button *parts.Button) fyne.CanvasObject {
		button.SetEnabled(res.Row != nil && !res.Undoing)
		return parts.Pad(6, 6, 12, 10, parts.Border(nil, nil, parts.Middle(parts.NewIcon(icon, 20, parts.Accent)), parts.Middle(button),
			parts.Pad(0, 0, 12, 8, parts.VBox(1, parts.Body(title).Shrink(), parts.SmallPara(text)))))
	}
	export := func() { v.shell.openExport(res.Inventory, []*inventory.Row{res.Row}) }
	oneLine := func() {
		x := model.NewExport(v.shell.services.Store, res.Inventory, []*inventory.Row{res.Row}, v.shell.list.Now())
		p, err := x.Preview(exporter.Base64)
		if err != nil {
			v.shell.showProblem(lang.X("export.title", "Export"), err)
			return
		}
		v.shell.copyText(string(p.Data))
	}
	rows := []fyne.CanvasObject{
		row("export", lang.X("done.export", "Export the public certificate"), lang.X("done.exportText", "For a partner that compares the whole certificate. No private key."),
			parts.Secondary("", lang.X("toolbar.export", "Export…"), export)),
		row("copy", lang.X("done.iis", "Copy for IIS one-to-one mapping"), lang.X("done.iisText", "Base64 on a single line, without the BEGIN and END lines."),
			parts.Secondary("", lang.X("button.copy", "Copy"), oneLine)),
	}
	if res.Users != nil {
		icon := ""
		if v.shell.wayOf(res.Row) == elevate.Helper {
			icon = "shield"
		}
		rows = append(rows, row("key", lang.X("done.allow", "Let the account of BizTalk or another service use the key"), usersText(res.Users), parts.Secondary(icon, lang.X("done.allowYes", "Allow…"), func() {
			v.shell.openGrant(res.Row, func() { go v.model.LookAtUsers(v.ctx) })
		})))
	}
	if res.Sendable {
		rows = append(rows, row("plug", lang.X("done.test", "Try it against the partner's address"), lang.X("done.testText", "Connects with this certificate and explains the answer."),
			parts.Secondary("", lang.X("done.testYes", "Test…"), func() { v.shell.openProbe(res.Inventory, res.Row) })))
	}
	return parts.List(rows...)
}

// usersText says who may use a key already.
func usersText(u *model.KeyUsers) string {
	var accounts []string
	for _, one := range u.Users {
		if !one.Denied {
			accounts = append(accounts, one.Account)
		}
	}
	if len(accounts) == 0 {
		return lang.X("done.allowText", "A service runs as an account of its own, which cannot read the key yet.")
	}
	return lang.X("done.allowUsers", "May use it now: {{.Accounts}}.", words{"Accounts": strings.Join(accounts, ", ")})
}

// showInList closes the wizard and selects what was imported.
func (v *importView) showInList(r *inventory.Row) {
	v.wizard.Close()
	s := v.shell
	go func() {
		s.list.Load(s.ctx)
		fyne.Do(func() {
			snapshot, err := s.list.Snapshot.Get()
			if err != nil || snapshot == nil {
				return
			}
			for _, row := range snapshot.Inventory.At(r.Fingerprint()) {
				if row.Location == r.Location {
					s.goTo(row)
					return
				}
			}
		})
	}()
}
