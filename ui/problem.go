package ui

import (
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/advice"
	"certdesk/internal/elevate"
	"certdesk/ui/parts"
)

// An error is shown in one way everywhere: what happened, and beside it what
// can be done about it.

// problemText splits an error into title and advice.
func problemText(err error) (title, todo string) {
	todo = advice.For(err)
	if errors.Is(err, context.Canceled) {
		return lang.X("problem.stopped", "It was stopped before it was done"), todo
	}
	e, ok := errors.AsType[*certstore.Error](err)
	switch {
	case ok && e.Op == elevate.Op && errors.Is(err, certstore.ErrCanceled):
		return lang.X("problem.saidNo", "The question for administrator rights was answered with no"), todo
	case ok && errors.Is(err, elevate.ErrOld):
		return lang.X("problem.tooLate", "The question for administrator rights was answered too late"), todo
	case ok && e.Err != nil && e.Op == "list":
		where := locationName(e.Location)
		if e.Store != "" {
			where = placeName(e.Location, e.Store)
		}
		title = lang.X("problem.list", "{{.Where}} could not be read: {{.Cause}}", words{"Where": where, "Cause": e.Err.Error()})
		return title, todo
	}
	return sentence(err), todo
}

// problemBanner shows err where it happened; action, a button, may be nil.
func problemBanner(err error, action fyne.CanvasObject) *fyne.Container {
	title, todo := problemText(err)
	return parts.Banner(parts.KindError, title, todo, action)
}

const patience = 500 * time.Millisecond // before a person is told to wait

// wait begins something that may take long, such as what a store does that
// another program has locked, or an administrator that has to be asked. If it
// does, a dialog says so and can end it. end is called on the UI goroutine and
// reports whether the person gave up.
func (s *shell) wait(way elevate.Way, what string) (ctx context.Context, end func() (gaveUp bool)) {
	ctx, cancel := context.WithCancel(s.ctx)
	var d *parts.Dialog // made when it is shown: a bar moves, and works, from then on
	ended := false
	text := lang.X("wait.text", "Another program may be using the store.")
	if way == elevate.Helper {
		text = lang.X("wait.helper", "If Windows asks whether certctl.exe may make changes, say yes.")
	}
	time.AfterFunc(patience, func() {
		fyne.Do(func() {
			if ended || ctx.Err() != nil {
				return
			}
			bar := parts.NewProgress()
			d = parts.NewDialog(s.win.Canvas(), what, "", 420, 170)
			d.SetBody(parts.Pad(14, 14, 20, 20, parts.VBox(10, bar.Object(), parts.SmallPara(text))))
			d.SetButtons(nil, parts.Secondary("", lang.X("status.stop", "Stop"), d.Close))
			d.OnClosed = func() {
				bar.Stop()
				cancel()
			}
			bar.Set(-1)
			d.Show()
		})
	})
	return ctx, func() bool {
		ended = true
		gaveUp := d != nil && !d.Shown()
		cancel()
		if d != nil && d.Shown() {
			d.Close()
		}
		return gaveUp
	}
}

// showProblem shows errors over the window; title says what was attempted.
// It may be called on the UI goroutine only.
func (s *shell) showProblem(title string, errs ...error) {
	if len(errs) == 0 {
		return
	}
	list := parts.VBox(8)
	var report []string
	for _, err := range errs {
		list.Add(problemBanner(err, nil))
		report = append(report, err.Error())
		if a := advice.For(err); a != "" {
			report = append(report, a)
		}
	}
	d := parts.NewDialog(s.win.Canvas(), title, "", 560, min(480, 190+90*float32(len(errs))))
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, list)))
	copyIt := parts.Secondary("copy", lang.X("button.copyDetails", "Copy details"), func() {
		s.app.Clipboard().SetContent(title + "\n" + strings.Join(report, "\n"))
		d.Toast(lang.X("toast.copied", "Copied"))
	})
	closeIt := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(closeIt, copyIt, closeIt)
	d.Show()
}
