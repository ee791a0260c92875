package ui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certfile"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
	"certdesk/internal/request"
	"certdesk/internal/secret"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// newFileForm asks how a new PKCS#12 file is written: where, for whom, under
// which password.
type newFileForm struct {
	shell       *shell
	object      *fyne.Container
	path        *parts.Field
	profile     *parts.Dropdown
	about       *parts.Paragraph
	pass, again *parts.Field
	makeUp      *parts.Check
	differ      *parts.Label
	changed     func()
	proposed    string
	shown       string // the password that was made up, until it was shown
}

func newNewFileForm(s *shell, changed func()) *newFileForm {
	f := &newFileForm{shell: s, changed: changed, path: parts.NewField(""), pass: parts.NewPassword(""), again: parts.NewPassword(""),
		about: parts.SmallPara(""), differ: parts.NewLabel("", 12, parts.Err).Shrink()}
	var names []string
	for _, p := range certfile.Profiles {
		names = append(names, profileName(p.Profile))
	}
	f.profile = parts.NewDropdown(names, 0, func(int) { f.update() })
	f.makeUp = parts.NewCheck(lang.X("request.makeUp", "Make up a password and show it once"), "", func(bool) { f.update() })
	for _, x := range []*parts.Field{f.path, f.pass, f.again} {
		x.OnChanged = func(string) { f.update() }
	}
	folder := func() {
		s.chooseFolder(lang.X("export.chooseFolder", "Choose a folder"), f.path.Text, func(dir string) {
			f.path.SetText(model.JoinPath(dir, filepath.Base(f.path.Text)))
		})
	}
	f.object = parts.VBox(10, parts.Labelled(lang.X("pfx.out", "New file"), fileField(f.path, folder)),
		parts.Labelled(lang.X("export.profile", "Who will open it?"), parts.Start(f.profile), f.about), f.makeUp,
		parts.Columns(14, []float32{1, 1}, parts.Labelled(lang.X("export.newPassword", "New password for the file"), f.pass), parts.Labelled(lang.X("export.repeat", "The same again"), f.again)),
		f.differ)
	f.show()
	return f
}

func profileName(p certfile.Profile) string {
	switch p {
	case certfile.Modern:
		return lang.X("profile.modernName", "Current systems (AES-256)")
	case certfile.Compatible:
		return lang.X("profile.compatibleName", "Older systems too (3DES)")
	case certfile.Java:
		return lang.X("profile.javaName", "Java")
	}
	return lang.X("profile.macosName", "macOS, iOS")
}

// propose fills in a path, unless the person changed it.
func (f *newFileForm) propose(path, near string) {
	if path == "" || path == ".p12" {
		path = model.JoinPath(model.Folder(), "client.p12")
	}
	if !filepath.IsAbs(path) {
		path = model.JoinPath(filepath.Dir(near), path)
	}
	if f.path.Text == "" || f.path.Text == f.proposed {
		f.proposed = path
		quiet(f.path, path)
	}
}

func (f *newFileForm) info() certfile.ProfileInfo { return certfile.Profiles[f.profile.Selected()] }

// opens says which systems open the file.
func (f *newFileForm) opens() string {
	return lang.X("pfx.opens", "Opens in {{.Systems}}.", words{"Systems": strings.Join(f.info().Opens, "; ")})
}

func (f *newFileForm) show() {
	i := f.info()
	text := f.opens() + " " + lang.X("pfx.refuses", "Not in {{.Systems}}.", words{"Systems": strings.Join(i.Refuses, "; ")})
	if i.Note != "" {
		text += " " + i.Note
	}
	f.about.SetText(text)
	for _, x := range []*parts.Field{f.pass, f.again} {
		if f.makeUp.Checked() {
			x.Disable()
		} else {
			x.Enable()
		}
	}
	text = ""
	if !f.makeUp.Checked() && f.again.Text != "" && f.again.Text != f.pass.Text {
		text = lang.X("export.mismatch", "The two passwords differ.")
	}
	f.differ.SetText(text)
	relayout(f.object)
}

func (f *newFileForm) update() {
	f.show()
	f.changed()
}

// ready reports whether all is filled in.
func (f *newFileForm) ready() bool {
	return strings.TrimSpace(f.path.Text) != "" && (f.makeUp.Checked() || f.pass.Text != "" && f.pass.Text == f.again.Text)
}

// file returns what was filled in, with a password that the caller wipes.
func (f *newFileForm) file() request.NewFile {
	return request.NewFile{Path: f.target(), Profile: f.info().Profile, Password: f.password()}
}

// target is the path of the new file.
func (f *newFileForm) target() string {
	return model.JoinPath(model.Folder(), strings.TrimSpace(f.path.Text))
}

// password returns the new password, made up if that was asked for. The caller
// wipes it.
func (f *newFileForm) password() []byte {
	f.shown = ""
	if !f.makeUp.Checked() {
		return []byte(f.pass.Text)
	}
	pw := secret.Password()
	f.shown = string(pw)
	return pw
}

// made returns the password that was made up, this once, "" if none was.
func (f *newFileForm) made() string {
	pw := f.shown
	f.shown = ""
	return pw
}

// confirm asks before a file is replaced, then calls do.
func (f *newFileForm) confirm(do func(request.NewFile)) {
	f.shell.replacing([]string{f.target()}, func() {
		x := f.file()
		x.Force = true
		do(x)
	})
}

// forget empties the passwords.
func (f *newFileForm) forget() {
	quiet(f.pass, "")
	quiet(f.again, "")
	f.shown = ""
}

// commandBox shows the openssl command that does the same.
func commandBox(s *shell, command string) fyne.CanvasObject {
	copyIt := parts.SmallButton("copy", lang.X("button.copy", "Copy"), func() { s.copyText(command) })
	return parts.VBox(5, parts.Border(nil, nil, nil, parts.Middle(copyIt), parts.Middle(parts.Small(lang.X("pfx.same", "The same with OpenSSL")))),
		parts.Stack(parts.Outlined(parts.Input, parts.ChipLine, 5), parts.Pad(8, 8, 11, 11, parts.NewParagraph(command, 12, parts.Text).Mono())))
}

func inventoryOf(s *model.Snapshot) *inventory.Inventory {
	if s == nil {
		return &inventory.Inventory{}
	}
	return s.Inventory
}

// pfxFindings is what a person should know of a file.
func pfxFindings(f *model.PFXFile) []finding.Finding {
	return check.FileFindings(f.Name(), f.Contents, keyusage.AnyConsumer)
}
