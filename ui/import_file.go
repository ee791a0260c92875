package ui

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/advice"
	"certdesk/internal/certfile"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// importFile is the first screen: file, password, who will use it.
type importFile struct {
	view *importView
	page fyne.CanvasObject

	card     *fyne.Container // the file
	shown    string          // what of the file is in the card
	choose   *parts.Button   // another file
	path     *parts.Field    // to type a path
	password *fyne.Container
	pass     *parts.Field
	status   *fyne.Container // of the password
	bar      *parts.Progress // while it is tried
	target   *importTarget
	keyed    *fyne.Container // what makes sense for keys only
	name     *parts.Field
	options  *keyOptions
	next     *parts.Button

	typed int // counts what was typed, so that only the last is tried
}

func newImportFile(v *importView) *importFile {
	f := &importFile{view: v, card: parts.Stack(), status: parts.Stack(), bar: parts.NewProgress()}
	f.target = newImportTarget(v)
	f.options = newKeyOptions(v)
	f.path = parts.NewField(lang.X("import.pathHint", "or type the path of a file and press Enter"))
	f.path.OnSubmitted = func(path string) {
		if path = strings.TrimSpace(path); path != "" {
			v.setFiles([]string{path})
		}
	}
	f.choose = parts.SmallButton("folder", lang.X("button.choose", "Choose…"), v.pick)
	f.pass = parts.NewPassword("")
	f.pass.OnChanged = f.typedPassword
	f.password = parts.VBox(5, parts.Border(nil, nil, parts.NewLabel(lang.X("import.password", "Password that protects this file"), 13, parts.Text2),
		parts.Small(lang.X("import.passwordHint", "Not the pick-up password from the CA's mail"))), parts.Fixed(-1, 32, f.pass), f.status)
	f.name = parts.NewField("")
	f.name.OnChanged = func(text string) {
		v.model.SetOptions(func(o *importer.Options) { o.FriendlyName = strings.TrimSpace(text) })
	}
	f.keyed = parts.VBox(12, parts.Labelled(lang.X("import.name", "Friendly name (optional)"), parts.Fixed(-1, 32, f.name)), f.options.object)
	f.page = parts.Page(parts.Pad(2, 14, 24, 24, parts.VBox(13, parts.Labelled(lang.X("import.file", "File"), f.card), f.password,
		parts.Labelled(lang.X("import.who", "Who will use this certificate?"), f.target.object), f.keyed)))
	f.next = parts.Primary("", lang.X("button.next", "Next"), f.goOn)
	return f
}

// forget empties what was typed for another file.
func (f *importFile) forget() {
	f.typed++
	quiet(f.pass, "")
	quiet(f.name, "")
}

// quiet sets a field's text without calling OnChanged.
func quiet(f *parts.Field, text string) {
	changed := f.OnChanged
	f.OnChanged = nil
	f.SetText(text)
	f.OnChanged = changed
}

const passwordPause = 300 * time.Millisecond // before what was typed is tried

// typedPassword tries the password once the typing pauses.
func (f *importFile) typedPassword(text string) {
	f.typed++
	mine := f.typed
	f.view.model.ClearPassword()
	if text == "" {
		return
	}
	time.AfterFunc(passwordPause, func() {
		fyne.Do(func() {
			if mine == f.typed && f.view.ctx.Err() == nil {
				go f.view.model.Try(f.view.ctx, certfile.Password{Given: true, Text: []byte(text)})
			}
		})
	})
}

// goOn makes the plan; a password that was not tried yet is tried first.
func (f *importFile) goOn() {
	m, ctx, st := f.view.model, f.view.ctx, f.view.model.State()
	switch {
	case st.Planning:
	case st.Opened:
		go m.MakePlan(ctx)
	case f.pass.Text != "" && st.Known != nil:
		f.typed++
		text := f.pass.Text
		go func() {
			if m.Try(ctx, certfile.Password{Given: true, Text: []byte(text)}) {
				m.MakePlan(ctx)
			}
		}()
	}
}

// focus gives the keyboard to what has to be filled in next.
func (f *importFile) focus(st model.ImportState) {
	switch {
	case st.Screen != model.ImportChoose:
	case st.Source.Path == "":
		f.view.shell.win.Canvas().Focus(f.path)
	case st.Known != nil && f.password.Visible():
		f.view.shell.win.Canvas().Focus(f.pass)
	}
}

// show brings the screen in line with the state.
func (f *importFile) show(st *model.ImportState, fresh bool) {
	f.showFile(st)
	f.showPassword(st)
	f.target.show(st)
	f.options.show(st)
	f.name.SetPlaceHolder(st.Hint)
	setVisible(f.keyed, st.Known != nil && (st.Known.Format == certfile.PKCS12 || len(st.Known.Keys) > 0) && (!st.Opened || st.Keys > 0))
	f.next.SetEnabled(st.Opened || st.Known != nil && f.pass.Text != "")
	w := f.view.wizard
	if fresh {
		cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), w.Close)
		w.SetButtons(f.next, cancel, f.next)
		f.next.SetText(lang.X("button.next", "Next"))
	}
	sub := ""
	if len(st.Files) > 1 {
		sub = lang.X("import.fileOf", "File {{.N}} of {{.Of}}", words{"N": st.Index + 1, "Of": len(st.Files)})
	}
	note := parts.Small(lang.X("import.nothingYet", "Nothing is changed until you press Import.")).Shrink()
	w.SetPage(0, lang.X("import.fileTitle", "Choose file and location"), sub, f.page, note)
}

func (f *importFile) showFile(st *model.ImportState) {
	key := fmt.Sprint(st.Source.Path, st.FileErr, st.Known != nil, st.Opened, len(st.Findings))
	if key == f.shown && len(f.card.Objects) > 0 {
		return
	}
	f.shown = key
	choose := f.choose
	switch {
	case st.Source.Path == "":
		f.card.Objects = []fyne.CanvasObject{f.dropArea()}
	case st.FileErr != nil:
		title, todo := fileProblem(st.FileErr)
		f.card.Objects = []fyne.CanvasObject{parts.VBox(8, f.fileCard(st, folderOf(st.Source.Path), choose), parts.Banner(parts.KindError, title, todo, nil))}
	case st.Known == nil:
		f.card.Objects = []fyne.CanvasObject{f.fileCard(st, lang.X("import.reading", "Reading…"), choose)}
	default:
		box := parts.VBox(6, f.fileCard(st, fileWords(st), choose))
		for _, w := range loudest(st.Findings) {
			box.Add(warningLine(w))
		}
		f.card.Objects = []fyne.CanvasObject{box}
	}
	f.card.Refresh()
}

// loudest returns at most two findings that are more than information.
func loudest(fs []finding.Finding) []finding.Finding {
	var out []finding.Finding
	for _, x := range fs {
		if x.Severity != finding.Info && len(out) < 2 {
			out = append(out, x)
		}
	}
	return out
}

func warningLine(f finding.Finding) fyne.CanvasObject {
	w := finding.WordsOf(f)
	return parts.Border(nil, nil, parts.Pad(2, 0, 0, 7, parts.VBox(0, parts.KindIcon(severityKind(f.Severity), 14))), nil,
		parts.SmallPara(strings.TrimSpace(w.Message)))
}

// dropArea is shown while there is no file.
func (f *importFile) dropArea() fyne.CanvasObject {
	choose := parts.Secondary("folder", lang.X("import.chooseFile", "Choose file…"), f.view.pick)
	text := parts.VBox(4, parts.Center(parts.NewIcon("pfx", 36, parts.Accent)), parts.Gap(1, 2),
		parts.Center(parts.NewLabel(lang.X("import.drop", "Drop a PFX or P12 file here"), 15, parts.Text).Bold()),
		parts.Center(parts.Small(lang.X("import.dropOther", "or .cer, .crt, .pem, .p7b"))), parts.Gap(1, 4), parts.Center(choose))
	return parts.VBox(8, parts.Stack(parts.Outlined(parts.AccentSoft, parts.Accent, 6), parts.Pad(16, 16, 12, 12, text)), parts.Fixed(-1, 32, f.path))
}

func (f *importFile) fileCard(st *model.ImportState, second string, choose fyne.CanvasObject) fyne.CanvasObject {
	icon := "pfx"
	if st.Known != nil && len(st.Known.Keys) == 0 && st.Known.Format != certfile.PKCS12 {
		icon = "file"
	}
	return parts.Stack(parts.Outlined(parts.Content, parts.ChipLine, 6), parts.Pad(9, 9, 12, 9, parts.Border(nil, nil,
		parts.Middle(parts.NewIcon(icon, 26, parts.Accent)), parts.Middle(choose),
		parts.Pad(0, 0, 12, 8, parts.VBox(1, parts.NewLabel(st.Source.Name, 13, parts.Text).Bold().Shrink(), parts.SmallPara(second))))))
}

var formatNames = map[string]string{certfile.PKCS12: "PKCS #12", certfile.PKCS7: "PKCS #7", certfile.PEM: "PEM", certfile.DER: "DER", certfile.PKCS8: "PKCS #8"}

// fileWords says what is known of a file without its password.
func fileWords(st *model.ImportState) string {
	k := st.Known
	facts := []string{folderOf(st.Source.Path), lang.X("file.bytes", "{{.N}} bytes", words{"N": thousands(len(st.Source.Data))}), formatNames[k.Format]}
	facts = append(facts, k.Encryption...)
	if k.Format == certfile.PKCS12 {
		mac := lang.X("file.noMAC", "no MAC")
		if k.MAC != "" && k.MAC != "none" {
			mac = lang.X("file.mac", "MAC {{.MAC}}", words{"MAC": k.MAC})
		}
		facts = append(facts, mac)
	}
	if n := len(k.Certificates); n > 0 && !st.Opened {
		facts = append(facts, certificatesWords(n))
	}
	return strings.Join(facts, ", ")
}

func folderOf(path string) string { return filepath.Dir(path) }

// thousands writes n with a comma after each three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// fileProblem says why a file cannot be opened, and what can be done.
func fileProblem(err error) (title, todo string) {
	todo = advice.For(err)
	detail := ""
	if e, ok := errors.AsType[*certfile.Error](err); ok {
		detail = e.Detail
	}
	w := words{"Detail": detail}
	switch {
	case errors.Is(err, certfile.ErrPassword):
		return lang.X("import.wrongPassword", "This is not the password of the file"), todo
	case errors.Is(err, certfile.ErrDamaged):
		return joined(lang.X("import.damaged", "The file is damaged"), detail), todo
	case errors.Is(err, certfile.ErrUnsupported):
		return lang.X("import.unsupported", "The file is protected in a way that cannot be opened here: {{.Detail}}", w), todo
	case errors.Is(err, certfile.ErrTooMuch):
		return joined(lang.X("import.tooMuch", "The file asks for more work than is reasonable"), detail), todo
	case errors.Is(err, certfile.ErrUnknown):
		return lang.X("import.unknown", "There is no certificate or key in this file"), todo
	}
	return sentence(err), todo
}

func joined(title, detail string) string {
	if detail == "" {
		return title
	}
	return title + ": " + detail
}

// showPassword says how the password fares.
func (f *importFile) showPassword(st *model.ImportState) {
	setVisible(f.password, st.Known != nil && st.Known.NeedPassword && !(st.EmptyOpened && f.pass.Text == ""))
	trying := st.Trying && f.pass.Text != ""
	if trying {
		f.bar.Set(-1)
	} else {
		f.bar.Stop() // an animation that nobody sees would repaint the window for ever
	}
	var line fyne.CanvasObject
	switch {
	case trying:
		text := lang.X("import.trying", "Trying the password…")
		if n := st.Known.Iterations; n > 0 {
			text = lang.X("import.tryingRounds", "Trying the password: {{.N}} rounds of key derivation…", words{"N": thousands(n)})
		}
		line = parts.Border(nil, nil, nil, parts.Fixed(120, -1, parts.Middle(f.bar.Object())), parts.NoteLine("clock", text, parts.Text2))
	case st.PasswordErr != nil:
		title, todo := fileProblem(st.PasswordErr)
		line = parts.Border(nil, nil, parts.Pad(2, 0, 0, 6, parts.VBox(0, parts.NewIcon("error", 14, parts.Err))), nil,
			parts.VBox(0, parts.NewParagraph(title, 12, parts.Err).Bold(), parts.SmallPara(todo)))
	case st.Opened && st.EmptyOpened:
		line = parts.NoteLine("ok", lang.X("import.emptyPassword", "The password is empty: {{.What}}", words{"What": contentWords(st)}), parts.OK)
	case st.Opened:
		line = parts.NoteLine("ok", lang.X("import.passwordOK", "Password is correct: {{.What}}", words{"What": contentWords(st)}), parts.OK)
	default:
		line = parts.NoteLine("lock", lang.X("import.passwordNeeded", "It is tried while you type; nothing is stored."), parts.Text2)
	}
	f.status.Objects = []fyne.CanvasObject{line}
	f.status.Refresh()
}

// contentWords says "1 private key and 3 certificates".
func contentWords(st *model.ImportState) string {
	return lang.X("import.content", "{{.Keys}} and {{.Certificates}}", words{
		"Keys":         plural(st.Keys, lang.X("count.key", "1 private key"), lang.X("count.keys", "{{.N}} private keys", words{"N": st.Keys})),
		"Certificates": certificatesWords(st.Certs)})
}

func certificatesWords(n int) string {
	return plural(n, lang.X("count.certificate", "1 certificate"), lang.X("count.certificates", "{{.N}} certificates", words{"N": n}))
}

// footOf says on a location's card what is needed to change it.
func footOf(readOnly error) string {
	switch {
	case readOnly == nil:
		return ""
	case errors.Is(readOnly, certstore.ErrDenied):
		return lang.X("import.needsAdmin", "Needs administrator rights")
	}
	return lang.X("import.notAvailable", "Not available now")
}
