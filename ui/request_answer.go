package ui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/placement"
	"certdesk/internal/request"
	"certdesk/internal/whereused"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// answerView takes a CA's answer, shows what it completes, and completes it.
type answerView struct {
	shell  *shell
	model  model.Completion
	dialog *parts.Dialog
	ctx    context.Context
	cancel context.CancelFunc
	stop   context.CancelFunc // ends the look that is under way

	text    *parts.Field
	pass    *parts.Field // of the key file
	passRow *fyne.Container
	goal    *parts.Cards // for a key in a file: import, or PKCS#12
	goalRow *fyne.Container
	p12     *newFileForm
	found   *fyne.Container
	do      *parts.Button
	asked   int
	trust   map[certificate.Fingerprint]bool
	answer  *model.Answer
	busy    bool
}

// openAnswer takes the answer to a request: the one with the id, "" for any.
func (s *shell) openAnswer(id string) *answerView {
	if s.requests == nil || s.noJournal() {
		return nil
	}
	v := &answerView{shell: s, model: model.Completion{Service: s.requests, ID: id, Elevator: s.services.Elevator}, trust: map[certificate.Fingerprint]bool{}, stop: func() {}}
	v.ctx, v.cancel = context.WithCancel(s.ctx)
	v.dialog = parts.NewDialog(s.win.Canvas(), lang.X("answer.title", "Answer from a CA"),
		lang.X("answer.sub", "Paste what the CA sent or the portal shows, or open the file"), 820, 640)
	v.dialog.OnClosed = func() {
		v.cancel()
		quiet(v.pass, "")
		v.p12.forget()
		v.drop()
	}
	v.dialog.OnFiles = func(paths []string) { v.openFile(paths[0]) }
	v.text = parts.NewPaste(lang.X("answer.hint", "-----BEGIN CERTIFICATE----- … or base64, with or without line breaks, or JSON"), 5, func(string) { v.typed() })
	open := parts.SmallButton("folder", lang.X("answer.open", "Open file…"), func() {
		s.chooseFile(lang.X("answer.choose", "Choose the CA's answer"), []string{".pem", ".cer", ".crt", ".der", ".p7b", ".p7c", ".txt"}, "", v.openFile)
	})
	v.pass = parts.NewPassword("")
	v.pass.OnChanged = func(string) { v.typed() }
	v.passRow = parts.VBox(0, parts.Labelled(lang.X("request.password", "Password of the key file"), v.pass))
	v.goal = parts.NewCards([]parts.Option{
		{Title: lang.X("answer.import", "Import into the store"), Note: lang.X("answer.importText", "Certificate and key, for programs of this computer.")},
		{Title: lang.X("answer.p12", "Make a PKCS #12 file"), Note: lang.X("answer.p12Text", "With certificate, key and chain, for another system.")},
	}, true, 0, func(int) { v.update() })
	v.goalRow = parts.VBox(10, v.goal.Object())
	v.p12 = newNewFileForm(s, func() { v.update() })
	v.found = parts.VBox(10)
	v.dialog.SetBody(parts.Border(parts.Pad(14, 8, 20, 20, parts.VBox(8, v.text, parts.Start(open))), nil, nil, nil,
		parts.Page(parts.Pad(2, 14, 20, 20, parts.VBox(12, v.passRow, v.found, v.goalRow)))))
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), v.dialog.Close)
	v.do = parts.Primary("import", lang.X("answer.do", "Complete"), v.complete)
	v.dialog.SetButtons(v.do, cancel, v.do)
	v.dialog.Show()
	v.update()
	s.win.Canvas().Focus(v.text)
	return v
}

// drop wipes the key of what was looked at.
func (v *answerView) drop() {
	if v.answer != nil && v.answer.Contents != nil {
		v.answer.Contents.Wipe()
	}
	v.answer = nil
}

// openFile shows what a file holds as if it were pasted: of one that is too
// long for the field, such as a whole page of a portal, its certificates.
func (v *answerView) openFile(path string) {
	go func() {
		data, err := readFile(path)
		text, plain := certfile.Text(data)
		switch {
		case err != nil:
		case len(data) > parts.MaxPaste:
			var c *certfile.Contents
			if c, err = request.ReadAnswer(v.ctx, data); err == nil {
				var ders [][]byte
				for _, x := range c.Certificates {
					ders = append(ders, x.Certificate.Raw)
				}
				c.Wipe()
				text = string(certfile.EncodePEM(ders))
			}
			if err == nil && len(text) > parts.MaxPaste {
				err = fmt.Errorf("%s: %d certificates are more than an answer has", path, len(c.Certificates))
			}
		case !plain:
			text = certfile.OneLineBase64(data) // DER: shown as what it would be pasted as
		}
		fyne.Do(func() {
			if err != nil {
				v.fail(err)
				return
			}
			v.text.SetText(text)
		})
	}()
}

// typed looks at the answer once the typing pauses.
func (v *answerView) typed() {
	v.asked++
	mine := v.asked
	time.AfterFunc(passwordPause, func() {
		fyne.Do(func() {
			if mine == v.asked && v.ctx.Err() == nil {
				v.look()
			}
		})
	})
}

func (v *answerView) options() importer.Options {
	return importer.Options{Location: certstore.User, Exportable: importer.DefaultExportable, Trust: v.trust}
}

func (v *answerView) look() {
	v.stop()
	v.asked++
	mine := v.asked
	text := strings.TrimSpace(v.text.Text)
	if text == "" {
		v.drop()
		v.found.Objects = nil
		v.update()
		return
	}
	ctx, cancel := context.WithCancel(v.ctx)
	v.stop = cancel
	pw := certfile.Password{Given: v.pass.Text != "", Text: []byte(v.pass.Text)}
	opt := v.options()
	go func() {
		defer cancel()
		a, err := v.model.Look(ctx, []byte(text), pw, opt)
		fyne.Do(func() {
			if mine != v.asked {
				if a != nil {
					a.Contents.Wipe()
				}
				return
			}
			v.drop()
			v.answer = a
			v.show(err)
		})
	}()
}

// show shows what the answer is and what will be done with it.
func (v *answerView) show(err error) {
	v.found.Objects = nil
	a := v.answer
	if a != nil {
		text := lang.X("answer.issued", "Issued by {{.Issuer}}, until {{.Date}}", words{"Issuer": a.Leaf.IssuerName(), "Date": a.Leaf.NotAfter.Local().Format("2006-01-02")})
		v.found.Add(parts.Banner(parts.KindOK, lang.X("answer.fits", "It answers the request for {{.Name}}", words{"Name": a.Record.CommonName}), text, nil))
	}
	if err != nil && !(errors.Is(err, certfile.ErrPassword) && v.pass.Text == "") {
		v.found.Add(problemBanner(err, nil))
	}
	if a != nil && a.Plan != nil && !v.toFile() {
		if v.way() == elevate.Helper {
			v.found.Add(parts.Banner(parts.KindInfo, lang.X("import.needsAdministrator", "The machine's stores belong to administrators"), rightsText(), nil))
		} else if a.Plan.Problem != nil {
			v.found.Add(problemBanner(a.Plan.Problem, nil))
		}
		var rows []fyne.CanvasObject
		for i := range a.Plan.Items {
			rows = append(rows, v.item(&a.Plan.Items[i]))
		}
		v.found.Add(parts.List(rows...))
	}
	v.update()
	if a != nil && !a.Opened && v.pass.Text == "" {
		v.shell.win.Canvas().Focus(v.pass)
	}
}

// item is one line of the plan; a root needs its own yes.
func (v *answerView) item(it *placement.Item) fyne.CanvasObject {
	fp := it.Certificate.Fingerprint()
	if it.Role != certificate.Root || it.Action != placement.Ask && !v.trust[fp] {
		return planRow(it, nil)
	}
	tick := parts.NewCheck(lang.X("plan.trust", "Trust this root"), "", func(yes bool) {
		v.trust[fp] = yes
		v.look()
	})
	tick.SetChecked(v.trust[fp])
	return planRow(it, trustCard(tick, it.Certificate))
}

// toFile reports whether a PKCS#12 file is to be made.
func (v *answerView) toFile() bool {
	return v.answer != nil && v.answer.Record.KeyIn == request.InFile && v.goal.Selected() == 1
}

// way returns how the plan can be carried out.
func (v *answerView) way() elevate.Way {
	s := v.shell.services
	return s.Elevator.WayTo(v.answer.Plan.Options.Location, v.answer.Plan.Problem, s.System)
}

func (v *answerView) update() {
	inFile := v.answer != nil && v.answer.Record.KeyIn == request.InFile
	setVisible(v.passRow, inFile)
	setVisible(v.goalRow, inFile && v.answer.Opened)
	v.goalRow.Objects = v.goalRow.Objects[:1]
	if v.toFile() {
		v.p12.propose(strings.TrimSuffix(v.answer.Record.File, ".csr")+".p12", v.answer.Record.File)
		v.goalRow.Add(v.p12.object)
	}
	ready := v.answer != nil && v.answer.Plan != nil && !v.busy
	if ready && v.toFile() {
		ready = v.p12.ready()
	} else if ready {
		ready = usable(v.way())
	}
	text := lang.X("answer.do", "Complete")
	if ready && !v.toFile() && v.way() == elevate.Helper {
		text = lang.X("rights.continue", "Continue as administrator")
	}
	v.do.SetText(text)
	v.do.SetEnabled(ready)
	for _, c := range []*fyne.Container{v.passRow, v.found, v.goalRow} {
		c.Refresh()
		relayout(c)
	}
	v.dialog.Refresh()
}

func (v *answerView) fail(err error) {
	v.found.Objects = []fyne.CanvasObject{problemBanner(cause(err), nil)}
	v.update()
}

// complete imports, or writes the file, in the background.
func (v *answerView) complete() {
	if v.do.Disabled() || v.busy {
		return
	}
	if v.toFile() {
		v.p12.confirm(v.write)
		return
	}
	v.busy = true
	v.update()
	a := v.answer
	go func() {
		report, err := v.model.Apply(v.ctx, a)
		id := ""
		if report != nil {
			id = report.Journal
		}
		v.finish(a, id, "", "", err)
	}()
}

func (v *answerView) write(f request.NewFile) {
	v.busy = true
	v.update()
	a := v.answer
	snapshot, _ := v.shell.list.Snapshot.Get()
	inv := inventoryOf(snapshot)
	go func() {
		defer clear(f.Password)
		_, command, err := v.shell.requests.Combine(a.Record, a.Contents, inv, f)
		v.finish(a, "", f.Path, command, err)
	}()
}

// finish shows the result; it is called in a goroutine.
func (v *answerView) finish(a *model.Answer, journal, file, command string, err error) {
	var uses *whereused.Report
	var usesErr error
	if err == nil {
		uses, usesErr = v.model.Uses(v.ctx, a.Record)
	}
	fyne.Do(func() {
		v.busy = false
		if err != nil {
			v.fail(err)
			return
		}
		v.shell.reload()
		v.done(a, journal, file, command, uses, usesErr)
	})
}

func (v *answerView) done(a *model.Answer, journal, file, command string, uses *whereused.Report, usesErr error) {
	v.asked++ // nothing more is looked at
	body, written := parts.VBox(12), result{}
	w := words{"Name": a.Leaf.CommonName(), "Path": file}
	if file == "" {
		for _, it := range a.Plan.Items {
			if it.Certificate.Fingerprint() == a.Leaf.Fingerprint() {
				w["Place"] = placeName(it.Location, it.Store)
			}
		}
		body.Add(parts.Banner(parts.KindOK, lang.X("answer.done", "{{.Name}} is in {{.Place}}, with its key", w), lang.X("answer.doneText", "The signature of the key was verified."), nil))
	} else {
		written = result{title: lang.X("answer.wrote", "Wrote {{.Path}}", w), text: v.p12.opens(), folder: filepath.Dir(file), password: v.p12.made(),
			of: lang.X("issue.filePassword", "Password of {{.File}}", words{"File": filepath.Base(file)}), command: command}
		body = v.shell.resultPage(written)
	}
	if usesErr != nil {
		body.Add(problemBanner(usesErr, nil))
	}
	if uses != nil {
		body.Add(v.shell.newUses(v.ctx, certificate.Parse(a.Record.Old), lang.X("uses.title", "What still uses the old certificate on this computer"), uses).box)
		body.Add(parts.SmallPara(lang.X("uses.keep", "The old certificate stays until you delete it.")))
	}
	v.dialog.SetTitle(lang.X("answer.completed", "Request completed"), a.Record.Subject)
	v.dialog.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	shut := parts.Primary("", lang.X("button.close", "Close"), v.dialog.Close)
	if journal == "" {
		get := parts.Secondary("import", lang.X("issue.import", "Import here…"), func() { v.dialog.Close(); v.shell.startImport([]string{file}) })
		v.dialog.SetButtons(unlessSecret(shut, written.password), v.shell.folderButton(written.folder), get, shut)
		return
	}
	if usesErr == nil && uses == nil {
		body.Add(parts.List(nextStep("", lang.X("answer.next", "Export… makes a PFX for another system, or the public certificate for whoever has to let you in; Test… tries it at a server."))))
	}
	show := parts.Secondary("", lang.X("done.show", "Show in list"), func() { v.showInList(a.Leaf.Fingerprint(), false) })
	export := parts.Secondary("export", lang.X("toolbar.export", "Export…"), func() { v.showInList(a.Leaf.Fingerprint(), true) })
	undo := parts.Secondary("undo", lang.X("done.undo", "Undo import"), func() { v.dialog.Close(); v.shell.undoNow(journal) })
	v.dialog.SetButtons(shut, undo, show, export, shut)
}

// showInList closes the dialog and selects the new certificate, and opens the
// export of it if asked to.
func (v *answerView) showInList(fp certificate.Fingerprint, export bool) {
	v.dialog.Close()
	s := v.shell
	go func() {
		s.list.Load(s.ctx)
		fyne.Do(func() {
			snapshot, err := s.list.Snapshot.Get()
			if err != nil || snapshot == nil || len(snapshot.Inventory.At(fp)) == 0 {
				return
			}
			row := snapshot.Inventory.At(fp)[0]
			s.goTo(row)
			if export {
				s.openExport(snapshot.Inventory, []*inventory.Row{row})
			}
		})
	}()
}
