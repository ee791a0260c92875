package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/ui/parts"
)

// A result is the last page of a dialog that wrote files.
type result struct {
	title, text string   // what was done, and what should be known of it
	folder      string   // where it was written
	password    string   // one that was made up, shown this once; "" for none
	of          string   // what the password opens
	lines       []string // what else should be known
	command     string   // that does the same with OpenSSL, "" for none
}

// resultPage returns a result as the body of a dialog.
func (s *shell) resultPage(r result) *fyne.Container {
	body := parts.VBox(12, parts.Banner(parts.KindOK, r.title, r.text, nil))
	if r.password != "" {
		body.Add(s.secretCard(r.of, r.password))
	}
	for _, l := range r.lines {
		body.Add(parts.SmallPara(l))
	}
	if r.command != "" {
		body.Add(commandBox(s, r.command))
	}
	return body
}

// report is what is copied: all but the password.
func (r result) report() string {
	lines := []string{r.title}
	if r.text != "" {
		lines = append(lines, r.text)
	}
	lines = append(lines, r.lines...)
	if r.command != "" {
		lines = append(lines, r.command)
	}
	return strings.Join(lines, "\n")
}

// showResult puts the page into the dialog, with buttons for the report, the
// folder and, if next is not nil, what comes next.
func (s *shell) showResult(d *parts.Dialog, r result, next *parts.Button) {
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, s.resultPage(r))))
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	buttons := []fyne.CanvasObject{parts.Secondary("copy", lang.X("button.copyReport", "Copy report"), func() { s.copyText(r.report()) }), s.folderButton(r.folder)}
	if next != nil {
		buttons = append(buttons, next)
	}
	d.SetButtons(unlessSecret(shut, r.password), append(buttons, shut)...)
	s.win.Canvas().Unfocus()
}

// unlessSecret returns the button that Enter presses: none while a password is
// shown that nobody can show again.
func unlessSecret(shut *parts.Button, password string) *parts.Button {
	if password != "" {
		return nil
	}
	return shut
}

// folderButton opens a folder in the system's file manager.
func (s *shell) folderButton(folder string) *parts.Button {
	b := parts.Secondary("folder", lang.X("button.folder", "Show in folder"), func() {
		if err := s.services.OpenFolder(folder); err != nil {
			s.showProblem(lang.X("folder.problem", "The folder {{.Path}} cannot be opened", words{"Path": folder}), err)
		}
	})
	setVisible(b, s.services.OpenFolder != nil)
	return b
}
