package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/request"
	"certdesk/ui/parts"
)

// pendingView lists the requests.
type pendingView struct {
	shell  *shell
	dialog *parts.Dialog
	list   *fyne.Container
	asked  int
}

// openPending shows the requests: those that wait, and those that were
// completed.
func (s *shell) openPending() {
	if s.requests == nil {
		return
	}
	v := &pendingView{shell: s, list: parts.VBox(10)}
	v.dialog = parts.NewDialog(s.win.Canvas(), lang.X("pending.title", "Pending requests"),
		lang.X("pending.sub", "Requests whose answer has not come yet, and those that were completed"), 820, 560)
	v.dialog.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, v.list)))
	shut := parts.Secondary("", lang.X("button.close", "Close"), v.dialog.Close)
	fresh := parts.Secondary("plus", lang.X("new.request", "Certificate request…"), func() { v.dialog.Close(); s.openRequest(nil) })
	answer := parts.Primary("import", lang.X("new.answer", "Answer from a CA…"), func() { v.dialog.Close(); s.openAnswer("") })
	v.dialog.SetButtons(answer, shut, fresh, answer)
	v.dialog.Show()
	v.load()
}

func (v *pendingView) load() {
	v.asked++
	mine := v.asked
	go func() {
		all, err := v.shell.requests.List()
		fyne.Do(func() {
			if mine == v.asked {
				v.show(all, err)
			}
		})
	}()
}

func (v *pendingView) show(all []request.Record, err error) {
	v.list.Objects = nil
	if err != nil {
		v.list.Add(problemBanner(err, nil))
	}
	var open, done []fyne.CanvasObject
	for _, r := range all {
		if r.Status == request.Completed {
			done = append(done, v.row(r))
		} else {
			open = append(open, v.row(r))
		}
	}
	if len(open) > 0 {
		v.list.Add(parts.List(open...))
	} else if err == nil {
		v.list.Add(parts.Pad(20, 12, 0, 0, parts.VBox(6, parts.Center(parts.NewIcon("clock", 32, parts.Text3)),
			parts.Center(parts.Body(lang.X("pending.none", "No request waits for its answer"))))))
	}
	if len(done) > 0 {
		v.list.Add(parts.Small(lang.X("pending.done", "Completed")).Bold())
		v.list.Add(parts.List(done...))
	}
	v.list.Refresh()
	relayout(v.list)
	v.dialog.Refresh()
}

func (v *pendingView) row(r request.Record) fyne.CanvasObject {
	s := v.shell
	w := words{"Key": string(r.KeyType), "Date": r.Time.Local().Format("2006-01-02 15:04"), "Path": r.KeyFile}
	second := lang.X("pending.inStore", "{{.Key}} in the store, made {{.Date}}", w)
	switch {
	case r.SameKey:
		second = lang.X("pending.sameKey", "{{.Key}} of the old certificate, made {{.Date}}", w)
	case r.KeyIn == request.InFile:
		second = lang.X("pending.inFile", "{{.Key}} in {{.Path}}, made {{.Date}}", w)
	}
	chip := parts.Chip(lang.X("pending.waits", "Waits"), parts.KindInfo)
	buttons := parts.HBox(6)
	discard := parts.SmallButton("delete", lang.X("pending.discard", "Discard…"), func() { v.discard(r) })
	switch r.Status {
	case request.Unfinished:
		chip = parts.Chip(lang.X("pending.unfinished", "Not finished"), parts.KindWarning)
		second = lang.X("pending.unfinishedText", "The program ended while its key was made, {{.Date}}", w)
		buttons.Add(parts.Middle(discard))
	case request.Completed:
		chip = parts.Chip(lang.X("pending.completed", "Completed"), parts.KindOK)
		buttons.Add(parts.Middle(parts.SmallButton("", lang.X("pending.remove", "Remove from list"), func() { v.remove(r) })))
	default:
		buttons.Add(parts.Middle(parts.SmallButton("import", lang.X("pending.complete", "Complete…"), func() { v.dialog.Close(); s.openAnswer(r.ID) })))
		buttons.Add(parts.Middle(parts.SmallButton("copy", lang.X("pending.copy", "Copy request"), func() { s.copyText(string(r.PEM())) })))
		buttons.Add(parts.Middle(discard))
	}
	title := parts.Border(nil, nil, nil, nil, parts.HBox(8, parts.Body(r.CommonName).Bold(), chip))
	return parts.Pad(8, 8, 12, 10, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, buttons), parts.VBox(2, title, parts.Small(second).Shrink())))
}

// discard asks, then deletes a request with its key.
func (v *pendingView) discard(r request.Record) {
	w := words{"Name": r.CommonName}
	text := lang.X("pending.discardText", "The private key of the request for {{.Name}} is deleted. A certificate that the CA issues for it later is worthless.", w)
	if r.SameKey {
		text = lang.X("pending.discardSame", "The request for {{.Name}} is deleted. Its key stays with the old certificate.", w)
	}
	v.shell.confirm(question{title: lang.X("pending.discardTitle", "Discard the request?"), text: text, yes: lang.X("pending.discardYes", "Discard"), icon: "delete", danger: true},
		func() { v.remove(r) })
}

func (v *pendingView) remove(r request.Record) {
	go func() {
		left, err := v.shell.requests.Discard(v.shell.ctx, r)
		fyne.Do(func() {
			if err != nil {
				v.shell.showProblem(lang.X("pending.problem", "The request could not be discarded"), err)
			} else if left {
				v.shell.say(lang.X("pending.left", "{{.Path}} was changed since and is left alone", words{"Path": r.KeyFile}))
			}
			v.load()
		})
	}()
}
