package ui

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/secret"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// A form is a dialog that is filled in and does one thing: off the UI
// goroutine, with what went wrong above its buttons.
type form struct {
	shell    *shell
	dialog   *parts.Dialog
	yes, no  *parts.Button
	ready    func() bool     // nil: always
	replaces func() []string // files that it would replace; may be nil

	danger     bool // it cannot be taken back
	icon, word string
	busy       bool
	problem    *fyne.Container
	page       *fyne.Container
	bar        *parts.Progress
	cancel     context.CancelFunc
}

// newForm returns a form, not yet shown. yes is the word on its button.
func (s *shell) newForm(title, sub, icon, yes string, width, height float32) *form {
	size := s.win.Canvas().Size()
	f := &form{shell: s, icon: icon, word: yes, problem: parts.VBox(0), bar: parts.NewProgress(), cancel: func() {}}
	f.dialog = parts.NewDialog(s.win.Canvas(), title, sub, min(width, size.Width-20), min(height, size.Height-20))
	f.bar.Stop()
	f.bar.Object().Hide()
	return f
}

// show shows the form with its content, which scrolls; focus is what is
// filled in first.
func (f *form) show(content fyne.CanvasObject, focus fyne.Focusable, do func()) {
	f.page = parts.Page(parts.Pad(14, 14, 20, 20, content))
	f.dialog.SetBody(parts.Border(nil, parts.Pad(0, 8, 20, 20, parts.VBox(8, f.problem, f.bar.Object())), nil, nil, f.page))
	f.no = parts.Secondary("", lang.X("button.cancel", "Cancel"), f.dialog.Cancel)
	f.yes = parts.Primary(f.icon, f.word, func() { f.submit(do) })
	f.dialog.SetButtons(f.yes, f.no, f.yes)
	if f.danger { // Enter says no
		f.yes = parts.Danger(f.icon, f.word, func() { f.submit(do) })
		f.dialog.SetButtons(f.no, f.no, f.yes)
	}
	closed := f.dialog.OnClosed
	f.dialog.OnClosed = func() {
		f.bar.Stop()
		f.cancel()
		if closed != nil {
			closed()
		}
	}
	f.dialog.OnCancel = func() {
		if !f.busy { // what is being made could not be shown
			f.dialog.Close()
		}
	}
	f.update()
	f.dialog.Show()
	if focus != nil {
		f.shell.win.Canvas().Focus(focus)
	}
}

// update enables the button when all is filled in.
func (f *form) update() {
	if f.yes != nil {
		f.yes.SetEnabled(!f.busy && (f.ready == nil || f.ready()))
		f.no.SetEnabled(!f.busy) // a key that is being made cannot be stopped halfway
	}
}

// changed is for what shows or hides other fields.
func (f *form) changed() {
	f.update()
	if f.page != nil {
		relayout(f.page)
	}
}

// submit asks before files are replaced.
func (f *form) submit(do func()) {
	if f.yes.Disabled() {
		return
	}
	if f.replaces == nil {
		do()
		return
	}
	f.shell.replacing(f.replaces(), do)
}

// replacing does what replaces files, after a question about those that are
// there and that the system's dialog did not ask about.
func (s *shell) replacing(paths []string, do func()) {
	asked := s.agreed
	s.agreed = ""
	go func() {
		old := slices.DeleteFunc(model.Existing(paths...), func(path string) bool { return path == asked })
		fyne.Do(func() {
			if len(old) == 0 {
				do()
				return
			}
			title := lang.X("export.replace", "Replace the file?")
			if len(old) > 1 {
				title = lang.X("export.replaceSeveral", "Replace {{.N}} files?", words{"N": len(old)})
			}
			s.confirm(question{title: title, text: lang.X("export.replaceText", "Already there: {{.Path}}. What is there now will be lost.", words{"Path": strings.Join(old, ", ")}),
				yes: lang.X("export.replaceYes", "Replace"), icon: "export"}, do)
		})
	}()
}

// run does the work, and done on the UI goroutine if it succeeded.
func (f *form) run(work func(ctx context.Context) error, done func()) {
	ctx, cancel := context.WithCancel(f.shell.ctx)
	f.cancel, f.busy = cancel, true
	f.problem.Objects = nil
	f.bar.Object().Show()
	f.bar.Set(-1)
	f.update()
	f.dialog.Refresh()
	go func() {
		defer cancel()
		err := work(ctx)
		fyne.Do(func() {
			f.busy = false
			f.bar.Stop()
			f.bar.Object().Hide()
			if err != nil {
				f.problem.Objects = []fyne.CanvasObject{problemBanner(cause(err), nil)}
				f.update()
				f.dialog.Refresh()
				relayout(f.problem)
				return
			}
			f.dialog.Close()
			done()
		})
	}()
}

// A saveTarget is where a file goes: its name and folder.
type saveTarget struct {
	name, folder *parts.Field
	object       fyne.CanvasObject
	named        bool // the person changed the name
}

// newSaveTarget returns the fields; changed is called when a person changed
// one.
func (s *shell) newSaveTarget(name string, changed func()) *saveTarget {
	t := newTarget(name, changed)
	s.agreed = ""
	t.build(lang.X("export.name", "File name"), func() {
		s.chooseSave(lang.X("export.chooseFile", "Save as"), t.path(), func(path string) {
			s.agreed = path
			t.folder.SetText(filepath.Dir(path))
			t.name.SetText(filepath.Base(path))
		}, t.folder.SetText)
	})
	return t
}

// newFolderTarget is newSaveTarget for a new folder.
func (s *shell) newFolderTarget(changed func()) *saveTarget {
	t := newTarget("", changed)
	t.build(lang.X("export.newFolder", "New folder"), func() {
		s.chooseFolder(lang.X("export.chooseFolder", "Choose a folder"), t.folder.Text, t.folder.SetText)
	})
	return t
}

func newTarget(name string, changed func()) *saveTarget {
	t := &saveTarget{name: parts.NewField(""), folder: parts.NewField("")}
	t.name.SetText(name)
	t.folder.SetText(model.SaveFolder())
	t.name.OnChanged = func(string) { t.named = true; changed() }
	t.folder.OnChanged = func(string) { changed() }
	return t
}

func (t *saveTarget) build(label string, choose func()) {
	t.object = parts.VBox(6, besideField(label, t.name), besideField(lang.X("export.folder", "In folder"), fileField(t.folder, choose)))
}

// propose changes the name, unless a person did.
func (t *saveTarget) propose(name string) {
	if !t.named {
		quiet(t.name, name)
	}
}

func (t *saveTarget) ready() bool {
	return strings.TrimSpace(t.name.Text) != "" && strings.TrimSpace(t.folder.Text) != ""
}

func (t *saveTarget) path() string {
	return model.SavePath(strings.TrimSpace(t.folder.Text), strings.TrimSpace(t.name.Text))
}

// A newPassword is the choice between a password that is made up and one that
// is typed twice.
type newPassword struct {
	cards      *parts.Cards
	own, again *parts.Field
	fields     *fyne.Container
	mismatch   *parts.Label
	object     fyne.CanvasObject
}

// newNewPassword returns the choice; what says whose password it is.
func newNewPassword(what string, changed func()) *newPassword {
	p := &newPassword{own: parts.NewPassword(""), again: parts.NewPassword(""), mismatch: parts.NewLabel("", 12, parts.Err).Shrink()}
	tell := func(string) {
		text := ""
		if p.again.Text != "" && p.again.Text != p.own.Text {
			text = lang.X("export.mismatch", "The two passwords differ.")
		}
		p.mismatch.SetText(text)
		changed()
	}
	p.own.OnChanged, p.again.OnChanged = tell, tell
	p.fields = parts.VBox(4, parts.Columns(12, []float32{1, 1}, parts.Labelled(lang.X("password.own", "Password"), p.own), parts.Labelled(lang.X("export.repeat", "The same again"), p.again)), p.mismatch)
	p.fields.Hide()
	p.cards = parts.NewCards([]parts.Option{{Title: lang.X("password.made", "Make one up")}, {Title: lang.X("password.type", "Type my own")}}, true, 0, func(i int) {
		setVisible(p.fields, i == 1)
		changed()
	})
	p.object = parts.VBox(6, parts.NewLabel(what, 13, parts.Text2), p.cards.Object(), p.fields)
	return p
}

func (p *newPassword) made() bool { return p.cards.Selected() == 0 }

func (p *newPassword) ready() bool {
	return p.made() || p.own.Text != "" && p.own.Text == p.again.Text
}

// get returns the password, which the caller wipes.
func (p *newPassword) get() []byte {
	if p.made() {
		return secret.Password()
	}
	return []byte(p.own.Text)
}

func (p *newPassword) forget() {
	p.own.SetText("")
	p.again.SetText("")
}

// secretTime is how long a copied password stays on the clipboard.
const secretTime = time.Minute

// copySecret puts a password on the clipboard and takes it away again.
func (s *shell) copySecret(text string) {
	s.copyText(text)
	time.AfterFunc(secretTime, func() {
		fyne.Do(func() {
			if s.app.Clipboard().Content() == text {
				s.app.Clipboard().SetContent("")
			}
		})
	})
}

// secretCard shows a made-up password, the only time.
func (s *shell) secretCard(title, password string) fyne.CanvasObject {
	copyIt := parts.Secondary("copy", lang.X("button.copy", "Copy"), func() { s.copySecret(password) })
	return parts.SoftCard(parts.WarnSoft, parts.Pad(10, 11, 14, 10, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(copyIt)),
		parts.VBox(2, parts.Small(title), parts.NewParagraph(password, 17, parts.Text).Mono(),
			parts.SmallPara(lang.X("secret.once", "It is shown this once and kept nowhere. Write it down, or copy it: the clipboard is emptied after a minute."))))))
}
