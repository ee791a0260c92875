package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/ui/parts"
)

// An Asker asks for the password of a locked store, in the window. It exists
// before the window does, because the store needs it to be opened.
type Asker struct {
	ready chan struct{}
	shell *shell
}

// NewAsker returns an Asker that waits for its window.
func NewAsker() *Asker { return &Asker{ready: make(chan struct{})} }

func (a *Asker) attach(s *shell) {
	a.shell = s
	close(a.ready)
}

// Ask shows a dialog and waits for the answer; see [certstore.Options]. It is
// called off the UI goroutine.
func (a *Asker) Ask(ctx context.Context, place string, again bool) ([]byte, error) {
	select {
	case <-a.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer := make(chan []byte, 1)
	var dialog *parts.Dialog
	fyne.Do(func() { dialog = a.shell.askPassword(place, again, answer) })
	select {
	case pw := <-answer:
		if pw == nil {
			return nil, certstore.ErrCanceled
		}
		return pw, nil
	case <-ctx.Done():
		fyne.Do(func() {
			if dialog != nil {
				dialog.Close()
			}
		})
		return nil, ctx.Err()
	}
}

// askPassword sends the password, or nil when the person gives up.
func (s *shell) askPassword(place string, again bool, answer chan<- []byte) *parts.Dialog {
	d := parts.NewDialog(s.win.Canvas(), lang.X("password.title", "The certificate store is locked"), place, 460, 270)
	field := parts.NewPassword("")
	body := parts.VBox(6, parts.Para(lang.X("password.text", "Give the password of the store, not that of a file. In Firefox it is called the primary password.")),
		parts.Gap(1, 4), parts.Small(lang.X("password.label", "Password of the store")), field)
	if again {
		body.Add(parts.NewParagraph(lang.X("password.wrong", "That was not the password. Check upper and lower case."), 12, parts.Err))
	}
	d.SetBody(parts.Pad(14, 14, 20, 20, body))
	send := func(pw []byte) {
		select {
		case answer <- pw:
		default:
		}
	}
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), d.Close)
	ok := parts.Primary("", lang.X("password.unlock", "Unlock"), func() { send([]byte(field.Text)); d.Close() })
	d.OnClosed = func() { send(nil) }
	d.SetButtons(ok, cancel, ok)
	d.Show()
	s.win.Canvas().Focus(field)
	return d
}
