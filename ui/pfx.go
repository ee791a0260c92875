package ui

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/advice"
	"certdesk/internal/certfile"
	"certdesk/internal/combiner"
	"certdesk/internal/request"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// A pfxJob is what is done with files.
type pfxJob int

const (
	pfxCombine pfxJob = iota
	pfxSplit
	pfxPassword
	pfxRepair
)

// pfxView makes PKCS#12 files and takes them apart: files and what is in them
// above, what is written below.
type pfxView struct {
	shell  *shell
	job    pfxJob
	dialog *parts.Dialog
	ctx    context.Context
	cancel context.CancelFunc

	files    []*model.PFXFile
	path     *parts.Field
	pass     *parts.Field
	passRow  *fyne.Container
	list     *fyne.Container
	found    *fyne.Container
	name     *parts.Field // the friendly name of what is combined
	form     *newFileForm
	folder   *parts.Field // for pieces
	proposed string       // in folder, unless the person changed it
	pieces   *fyne.Container
	spec     *parts.Dropdown
	result   *combiner.Result
	do       *parts.Button
	asked    int
	busy     bool
	ended    bool // the result is shown
}

func (s *shell) openCombine(paths []string) *pfxView {
	v := s.newPFX(pfxCombine)
	v.add(paths)
	return v
}

func (s *shell) openPFX(job pfxJob, path string) *pfxView {
	v := s.newPFX(job)
	if path != "" {
		v.add([]string{path})
	}
	return v
}

func (v *pfxView) words() (title, sub, do string) {
	switch v.job {
	case pfxSplit:
		return lang.X("pfx.splitTitle", "Split a PFX"), lang.X("pfx.splitSub", "Certificate, encrypted private key and chain as PEM files"), lang.X("pfx.splitDo", "Split")
	case pfxPassword:
		return lang.X("pfx.passwordTitle", "Change the password of a PFX"), lang.X("pfx.passwordSub", "The file is written anew under another password; the key stays the same"), lang.X("pfx.passwordDo", "Change password")
	case pfxRepair:
		return lang.X("pfx.repairTitle", "Repair a PFX"), lang.X("pfx.repairSub", "For a system that refuses it: other protection, without the attributes that break imports; the key stays the same"), lang.X("pfx.repairDo", "Write repaired file")
	}
	return lang.X("pfx.combineTitle", "PFX from certificate and key"), lang.X("pfx.combineSub", "Certificate, private key and chain, in any order and any form"), lang.X("pfx.combineDo", "Make PFX")
}

func (s *shell) newPFX(job pfxJob) *pfxView {
	v := &pfxView{shell: s, job: job, list: parts.VBox(0), found: parts.VBox(8)}
	v.ctx, v.cancel = context.WithCancel(s.ctx)
	title, sub, do := v.words()
	v.dialog = parts.NewDialog(s.win.Canvas(), title, sub, 780, 640)
	v.dialog.OnFiles = v.add
	v.path = parts.NewField(lang.X("pfx.pathHint", "Drop it here, choose it, or type its path and press Enter"))
	v.path.OnSubmitted = func(string) { v.addTyped() }
	v.path.OnLeft = v.addTyped
	v.pass = parts.NewPassword("")
	v.pass.OnChanged = func(string) { v.typed() }
	about, old := lang.X("pfx.files", "Files"), lang.X("pfx.old", "Password that protects the key, or a file")
	if job != pfxCombine {
		about, old = lang.X("pfx.file", "PFX file"), lang.X("pfx.oldPFX", "Password of the PFX file")
	}
	v.passRow = parts.VBox(0, parts.Labelled(old, v.pass))
	v.form = newNewFileForm(s, v.update)
	v.name = parts.NewField("")
	v.name.OnChanged = func(string) { v.update() }
	v.folder = parts.NewField("")
	v.folder.OnChanged = func(string) { v.update() }
	v.proposed = model.Folder()
	v.folder.SetText(v.proposed)
	v.spec = parts.NewDropdown([]string{lang.X("pfx.specNone", "Not said: Windows decides"), lang.X("pfx.specExchange", "Key exchange (AT_KEYEXCHANGE)"), lang.X("pfx.specSignature", "Signature (AT_SIGNATURE)")}, 0, nil)
	v.buildPieces()
	choose := parts.SmallButton("folder", lang.X("pfx.add", "Add file…"), v.pick)
	if job != pfxCombine {
		choose.SetText(lang.X("button.choose", "Choose…"))
	}
	top := parts.VBox(8, parts.Labelled(about, v.list, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(choose)), v.path)), v.passRow, v.found)
	body := parts.VBox(14, top)
	switch job {
	case pfxCombine:
		body.Add(parts.Labelled(lang.X("import.name", "Friendly name (optional)"), v.name))
		body.Add(v.form.object)
	case pfxSplit:
		body.Add(v.pieces)
	case pfxRepair:
		v.form.profile.SetSelected(slices.IndexFunc(certfile.Profiles, func(p certfile.ProfileInfo) bool { return p.Profile == certfile.Compatible }))
		v.form.show()
		body.Add(v.form.object)
		body.Add(parts.Labelled(lang.X("pfx.spec", "What Windows' CryptoAPI may do with an RSA key"), parts.Start(v.spec)))
	default:
		body.Add(v.form.object)
	}
	v.dialog.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), v.dialog.Close)
	v.do = parts.Primary("pfx", do, v.start)
	v.dialog.SetButtons(v.do, cancel, v.do)
	v.dialog.OnClosed = func() {
		v.cancel()
		quiet(v.path, "")
		quiet(v.pass, "")
		v.form.forget()
		for _, f := range v.files {
			f.Wipe()
		}
	}
	v.dialog.Show()
	v.showFiles()
	s.win.Canvas().Focus(v.path)
	return v
}

// buildPieces asks where the pieces go, and for the password of the key.
func (v *pfxView) buildPieces() {
	f := v.form
	v.pieces = parts.VBox(10, parts.Labelled(lang.X("pfx.folder", "Folder for the pieces"), fileField(v.folder, func() {
		v.shell.chooseFolder(lang.X("export.chooseFolder", "Choose a folder"), v.folder.Text, v.folder.SetText)
	})))
	if v.job == pfxSplit {
		v.pieces.Add(f.makeUp)
		v.pieces.Add(parts.Columns(14, []float32{1, 1}, parts.Labelled(lang.X("pfx.keyPassword", "New password for the key"), f.pass), parts.Labelled(lang.X("export.repeat", "The same again"), f.again)))
		v.pieces.Add(f.differ)
		f.path.SetText("-") // nothing to be filled in
	}
}

func (v *pfxView) pick() {
	title, _, _ := v.words()
	extensions := []string{".pfx", ".p12"}
	if v.job == pfxCombine {
		extensions = append(extensions, ".pem", ".crt", ".cer", ".der", ".key", ".p7b", ".p8", ".txt")
	}
	v.shell.chooseFile(title, extensions, "", func(path string) { v.add([]string{path}) })
}

// addTyped reads the file whose path was typed.
func (v *pfxView) addTyped() {
	if path := strings.TrimSpace(v.path.Text); path != "" && v.ctx.Err() == nil && !v.busy {
		quiet(v.path, "")
		v.add([]string{path})
	}
}

// add reads files in the background.
func (v *pfxView) add(paths []string) {
	if v.busy || v.ended {
		return
	}
	pw := v.password()
	go func() {
		var files []*model.PFXFile
		for _, p := range paths {
			if abs, err := filepath.Abs(p); err == nil {
				p = abs
			}
			f := &model.PFXFile{Path: p}
			if f.Data, f.Err = readFile(p); f.Err == nil {
				f.Open(v.ctx, certfile.Password{Given: pw.Given, Text: slices.Clone(pw.Text)})
			}
			files = append(files, f)
		}
		clear(pw.Text)
		fyne.Do(func() {
			if v.ctx.Err() != nil {
				for _, f := range files {
					f.Wipe()
				}
				return
			}
			if v.job != pfxCombine {
				for _, f := range v.files {
					f.Wipe()
				}
				v.files = nil
			}
			v.files = append(v.files, files...)
			v.proposePath()
			v.showFiles()
			if slices.ContainsFunc(v.files, (*model.PFXFile).Locked) {
				v.shell.win.Canvas().Focus(v.pass)
			}
		})
	}()
}

// proposePath names the new file after the first.
func (v *pfxView) proposePath() {
	if len(v.files) == 0 || v.files[0].Data == nil {
		return
	}
	path := v.files[0].Path
	if v.job == pfxSplit {
		if v.folder.Text == v.proposed {
			v.proposed = filepath.Dir(path)
			quiet(v.folder, v.proposed)
		}
		return
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	suffix := map[pfxJob]string{pfxCombine: ".p12", pfxPassword: "-new.pfx", pfxRepair: "-repaired.pfx"}[v.job]
	v.form.propose(stem+suffix, path)
}

func (v *pfxView) password() certfile.Password {
	return certfile.Password{Given: v.pass.Text != "", Text: []byte(v.pass.Text)}
}

// typed tries the password once the typing pauses.
func (v *pfxView) typed() {
	v.asked++
	mine := v.asked
	time.AfterFunc(passwordPause, func() {
		fyne.Do(func() {
			if mine != v.asked || v.ctx.Err() != nil || v.busy {
				return
			}
			v.reopen(mine)
		})
	})
}

// reopen tries the password on what it did not open yet.
func (v *pfxView) reopen(mine int) {
	pw := v.password()
	var again []*model.PFXFile
	for _, f := range v.files {
		if f.Locked() || f.Contents != nil && f.Contents.Locked {
			again = append(again, &model.PFXFile{Path: f.Path, Data: f.Data})
		} else {
			again = append(again, f)
		}
	}
	old := v.files
	go func() {
		for i, f := range again {
			if f != old[i] {
				f.Open(v.ctx, certfile.Password{Given: pw.Given, Text: slices.Clone(pw.Text)})
			}
		}
		clear(pw.Text)
		fyne.Do(func() {
			if mine == v.asked && len(v.files) == len(old) && v.ctx.Err() == nil {
				v.files = again
				v.showFiles()
				return
			}
			for i, f := range again {
				if f != old[i] {
					f.Wipe()
				}
			}
		})
	}()
}

// showFiles lists the files and what is in them.
func (v *pfxView) showFiles() {
	v.list.Objects = nil
	var rows []fyne.CanvasObject
	for _, f := range v.files {
		remove := parts.IconButton("close", lang.X("pfx.remove", "Remove"), func() {
			f.Wipe()
			v.files = slices.DeleteFunc(v.files, func(x *model.PFXFile) bool { return x == f })
			v.showFiles()
			v.shell.win.Canvas().Focus(v.path) // the button with the keyboard is gone
		})
		icon := "file"
		if f.Locked() {
			icon = "lock"
		}
		rows = append(rows, parts.Pad(7, 7, 12, 8, parts.Border(nil, nil, parts.Pad(0, 0, 0, 10, parts.Middle(parts.NewIcon(icon, 22, parts.Accent))), parts.Middle(remove),
			parts.VBox(1, parts.Body(f.Name()).Bold().Shrink(), parts.SmallPara(pfxContents(f))))))
	}
	if len(rows) > 0 {
		v.list.Add(parts.List(rows...))
	}
	locked := slices.ContainsFunc(v.files, func(f *model.PFXFile) bool { return f.Locked() })
	setVisible(v.passRow, locked || v.pass.Text != "")
	v.update()
}

// pfxContents says what is in a file.
func pfxContents(f *model.PFXFile) string {
	if f.Locked() {
		return lang.X("pfx.locked", "Protected by a password")
	}
	if f.Err != nil || f.Contents == nil {
		title, todo := fileProblem(f.Err)
		return title + ". " + todo
	}
	var what []string
	for _, k := range f.Contents.Keys {
		what = append(what, lang.X("pfx.key", "Private key {{.Kind}}", words{"Kind": k.Algorithm}))
	}
	for _, c := range f.Contents.Certificates {
		what = append(what, c.Certificate.CommonName())
	}
	if len(what) == 0 {
		return lang.X("pfx.nothing", "No certificate and no private key in it")
	}
	return strings.Join(what[:min(len(what), 8)], ", ")
}

// update shows what would be written, and enables what can be done.
func (v *pfxView) update() {
	if v.do == nil || v.busy {
		return
	}
	v.found.Objects, v.result = nil, nil
	ready := len(v.files) > 0
	if ready {
		ready = v.findings()
	}
	switch v.job {
	case pfxSplit:
		ready = ready && strings.TrimSpace(v.folder.Text) != "" && v.form.ready()
	default:
		ready = ready && v.form.ready()
	}
	v.do.SetEnabled(ready)
	for _, c := range []*fyne.Container{v.list, v.passRow, v.found} {
		c.Refresh()
		relayout(c)
	}
	v.dialog.Refresh()
}

// findings says what was found in the files, and reports whether it is enough.
func (v *pfxView) findings() bool {
	for _, f := range v.files {
		if f.Err != nil {
			if f.Locked() && v.pass.Text != "" {
				v.found.Add(v.problem(f.Err))
			}
			return false
		}
	}
	if v.job != pfxCombine {
		c := v.files[0].Contents
		if v.job != pfxSplit { // the pieces are for others than the systems that refuse the file
			for _, w := range loudest(pfxFindings(v.files[0])) {
				v.found.Add(warningLine(w))
			}
		}
		return len(c.Keys)+len(c.Certificates) > 0
	}
	snapshot, _ := v.shell.list.Snapshot.Get()
	r, err := model.Combine(v.files, inventoryOf(snapshot), strings.TrimSpace(v.name.Text), v.shell.list.Now())
	if err != nil {
		v.found.Add(v.problem(err))
		return false
	}
	v.result = r
	text := r.Leaf.CommonName()
	for _, c := range r.Chain {
		text = c.CommonName() + " › " + text
	}
	v.name.SetPlaceHolder(r.Names[0])
	if len(r.Added) > 0 {
		text += ". " + lang.X("pfx.added", "From the stores: {{.Names}}", words{"Names": combiner.Describe(r.Added)})
	}
	v.found.Add(parts.Banner(parts.KindOK, lang.X("pfx.fits", "Key and certificate belong together"), text, nil))
	w := words{"Name": r.Missing, "Last": r.Last}
	switch {
	case r.Missing != "" && r.Last != "":
		v.found.Add(parts.Banner(parts.KindInfo, lang.X("pfx.ends", "The chain ends at {{.Last}}", w), lang.X("pfx.endsText", "Its issuer, {{.Name}}, is neither in the files nor in the stores. If that is the root, the file is as most servers want it; else add the file with the CA's chain.", w), nil))
	case r.Missing != "":
		v.found.Add(parts.Banner(parts.KindWarning, lang.X("pfx.missing", "The chain is not complete"), lang.X("pfx.missingText", "{{.Name}} is neither in the files nor in the stores. Add the file with the CA's chain, or go on without: whoever gets the file then has to have that certificate.", w), nil))
	}
	if len(r.Unused) > 0 {
		v.found.Add(parts.SmallPara(lang.X("pfx.unused", "Left out, because in no chain of the key: {{.Names}}", words{"Names": combiner.Describe(r.Unused)})))
	}
	return true
}

// start asks before anything is replaced, and writes.
func (v *pfxView) start() {
	if v.do.Disabled() || v.busy {
		return
	}
	if v.job != pfxSplit {
		v.form.confirm(v.write)
		return
	}
	folder := strings.TrimSpace(v.folder.Text)
	paths, err := v.files[0].Pieces(folder)
	if err != nil {
		v.fail(err)
		return
	}
	v.shell.replacing(paths, func() { v.split(folder) })
}

func (v *pfxView) fail(err error) {
	v.found.Objects = []fyne.CanvasObject{v.problem(err)}
	v.found.Refresh()
	relayout(v.found)
	v.dialog.Refresh()
}

// problem shows what is wrong, or still missing.
func (v *pfxView) problem(err error) fyne.CanvasObject {
	if errors.Is(err, combiner.ErrNoKey) || errors.Is(err, combiner.ErrNoCertificate) {
		return parts.Banner(parts.KindInfo, sentence(err), advice.For(err), nil)
	}
	copyIt := parts.SmallButton("copy", lang.X("button.copy", "Copy"), func() { v.shell.copyText(err.Error()) })
	m, ok := errors.AsType[*combiner.Mismatch](err)
	if !ok {
		return problemBanner(err, copyIt)
	}
	text := lang.X("pfx.hashes", "SHA-256 of the public keys:") + "\n" + m.Algorithm + " " + m.KeyHash + "\n" + strings.Join(m.Certificates, "\n") + "\n" + advice.For(err)
	return parts.Banner(parts.KindError, sentence(combiner.ErrMismatch), text, copyIt)
}

func (v *pfxView) write(to request.NewFile) {
	v.busy = true
	v.do.SetEnabled(false)
	files, made, job := v.files, v.result, v.job
	spec := []certfile.KeySpec{certfile.KeySpecNone, certfile.KeySpecExchange, certfile.KeySpecSignature}[v.spec.Selected()]
	r := result{title: lang.X("answer.wrote", "Wrote {{.Path}}", words{"Path": to.Path}), text: v.form.opens(), folder: filepath.Dir(to.Path), password: v.form.made(),
		of: lang.X("issue.filePassword", "Password of {{.File}}", words{"File": filepath.Base(to.Path)})}
	get := parts.Secondary("import", lang.X("issue.import", "Import here…"), func() { v.dialog.Close(); v.shell.startImport([]string{to.Path}) })
	go func() {
		var err error
		if job == pfxCombine {
			r.command, err = model.WriteCombined(files, made, to)
		} else {
			r.lines, r.command, err = files[0].Rewrite(to, spec)
		}
		v.finish(r, get, err)
	}()
}

func (v *pfxView) split(folder string) {
	pw := v.form.password()
	v.busy = true
	v.do.SetEnabled(false)
	f := v.files[0]
	r := result{title: lang.X("pfx.splitInto", "The pieces are in {{.Path}}", words{"Path": folder}), folder: folder, password: v.form.made(), of: lang.X("request.password", "Password of the key file")}
	go func() {
		holds, commands, err := f.Split(folder, pw)
		r.lines, r.command = holds, strings.Join(commands, "\n")
		v.finish(r, nil, err)
	}()
}

// finish shows the result; it is called in a goroutine.
func (v *pfxView) finish(r result, next *parts.Button, err error) {
	fyne.Do(func() {
		v.busy = false
		if err != nil {
			v.update()
			v.fail(err)
			return
		}
		v.ended = true
		v.shell.showResult(v.dialog, r, next)
	})
}
