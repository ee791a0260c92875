package ui

import (
	"context"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/finding"
	"certdesk/internal/testca"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// issueForm asks for a certificate: who it is for at the left, its file at the
// right.
type issueForm struct {
	*form
	view *caView
	ca   *model.Authority

	purpose                    csr.Purpose
	purposes                   *parts.Segments
	name, org, others, days    *parts.Field
	crl, caPass                *parts.Field
	nameLabel                  *parts.Label
	key, profile               *parts.Dropdown
	opens                      *parts.Paragraph
	faults                     []testca.FaultInfo
	fault                      *parts.Dropdown // 0: none
	faultSlot, faultNote, self *fyne.Container
	note                       *parts.Check
	pass                       *newPassword
	target                     *saveTarget
	answer                     *requestPart // of an answer to a request; else nil
}

// openIssue opens the form.
func (v *caView) openIssue(a *model.Authority) *issueForm {
	s := v.shell
	return v.issueForm(&issueForm{view: v, ca: a, form: s.newForm(lang.X("issue.title", "Issue a certificate"), lang.X("issue.sub", "By {{.Name}}", words{"Name": a.Name}), "cert", lang.X("issue.yes", "Issue"), 940, 660)})
}

func (v *caView) issueForm(f *issueForm) *issueForm {
	f.build()
	f.choose(csr.Client)
	f.ready = f.filled
	f.replaces = func() []string { return []string{f.delivery().Path, f.delivery().Note()} }
	f.dialog.OnClosed = func() { f.pass.forget(); f.caPass.SetText("") }
	var first fyne.Focusable = f.name
	switch {
	case f.answer != nil:
		first = f.answer.text
	case !f.ca.KeyInStore():
		first = f.caPass
	}
	f.show(f.self, first, f.issue)
	return f
}

func (f *issueForm) build() {
	update := func(string) { f.update() }
	f.name, f.org, f.others, f.days, f.crl = parts.NewField(""), parts.NewField(""), parts.NewField(""), parts.NewField(""), parts.NewField("http://…")
	f.caPass = parts.NewPassword("")
	f.name.OnChanged = func(string) { f.propose(); f.update() }
	f.days.OnChanged, f.caPass.OnChanged = update, update
	f.nameLabel = parts.NewLabel("", 13, parts.Text2)
	f.faultSlot, f.faultNote = parts.Stack(), parts.VBox(4)
	f.key = parts.NewDropdown(keyTypes(), 0, func(int) { f.sayFault() })
	var profiles []string
	for _, p := range certfile.Profiles {
		profiles = append(profiles, profileTitle(p.Profile))
	}
	f.opens = parts.SmallPara("")
	f.profile = parts.NewDropdown(profiles, 0, func(int) { f.sayProfile(); f.changed() })
	f.sayProfile()
	f.pass = newNewPassword(lang.X("issue.password", "Password of the PFX file"), f.changed)
	f.note = parts.NewCheck(lang.X("issue.note", "Write the note to hand over beside it"), lang.X("issue.noteText", "How to install it, and the serial number in every spelling. No password stands in it."), func(bool) { f.update() })
	f.note.SetChecked(true)
	f.target = f.shell.newSaveTarget("", f.update)

	var names []string
	for _, p := range csr.Purposes {
		names = append(names, issueName(p.Purpose))
	}
	f.purposes = parts.NewSegments(names, func(i int) { f.choose(csr.Purposes[i].Purpose) })
	half := []float32{1, 1}
	days := parts.Labelled(lang.X("issue.days", "Valid for, in days"), f.days)
	list := parts.Labelled(lang.X("issue.crl", "Where its CRL will be found, if anywhere"), f.crl)
	wrong := parts.Labelled(lang.X("issue.fault", "Wrong on purpose, to see what a system says"), f.faultSlot, f.faultNote)
	right := parts.VBox(11)
	if !f.ca.KeyInStore() {
		right.Add(parts.Labelled(lang.X("ca.ownPassword", "Password of the authority"), f.caPass))
	}
	purposes := parts.Start(f.purposes.Object())
	if f.answer != nil {
		for _, o := range []fyne.CanvasObject{days, list, wrong,
			parts.Labelled(lang.X("ca.form", "Form"), parts.Start(f.answer.form.Object()), f.answer.about), parts.Labelled(lang.X("answer.save", "File with the certificate"), f.target.object)} {
			right.Add(o)
		}
		f.self = parts.VBox(14, purposes, parts.Columns(24, half, f.answer.object, right))
		return
	}
	left := parts.VBox(11, parts.VBox(5, f.nameLabel, f.name), parts.VBox(5, parts.NewLabel(lang.X("issue.others", "More names: host, IP or mail addresses, upn:user@domain"), 13, parts.Text2).Shrink(), f.others),
		parts.Labelled(lang.X("issue.org", "Organization"), f.org),
		parts.Columns(12, half, parts.Labelled(lang.X("ca.keyType", "Key"), f.key), days), list, wrong)
	right.Add(f.pass.object)
	right.Add(parts.Labelled(lang.X("issue.profile", "Who will open the file?"), f.profile, f.opens))
	right.Add(parts.Labelled(lang.X("issue.save", "File with certificate, key and chain"), f.target.object))
	right.Add(f.note)
	f.self = parts.VBox(14, purposes, parts.Columns(24, half, left, right))
}

// profileTitle returns what people call a protection of PKCS#12 files.
func profileTitle(p certfile.Profile) string {
	switch p {
	case certfile.Modern:
		return lang.X("profile.modern", "Modern")
	case certfile.Compatible:
		return lang.X("profile.compatible", "Compatible")
	case certfile.Java:
		return "Java"
	case certfile.MacOS:
		return "macOS"
	}
	return string(p)
}

func (f *issueForm) sayProfile() {
	f.opens.SetText(lang.X("issue.opens", "Opens in {{.Systems}}.", words{"Systems": strings.Join(certfile.Profiles[f.profile.Selected()].Opens, "; ")}))
}

// choose changes what the certificate is for.
func (f *issueForm) choose(p csr.Purpose) {
	f.purpose = p
	label, hint, others := lang.X("issue.user", "Log-on name of the user"), "jdoe", ""
	switch p {
	case csr.Server:
		label, hint = lang.X("issue.host", "Host name"), "www.example.test"
	case csr.Email:
		label, hint, others = lang.X("issue.person", "Name of the person"), "Jane Doe", "jane.doe@example.test"
	case csr.Code:
		label, hint = lang.X("issue.publisher", "Publisher"), "Example GmbH"
	}
	f.nameLabel.SetText(label)
	f.name.SetPlaceHolder(hint)
	f.others.SetPlaceHolder(others)
	f.days.SetPlaceHolder(lang.X("issue.usual", "{{.N}}, as usual", words{"N": testca.UsualDays(p)}))
	setVisible(f.note, p == csr.Client)
	f.faults = testca.FaultsFor(p)
	if f.answer != nil {
		f.faults = testca.FaultsOf(p)
	}
	names := []string{lang.X("issue.right", "Nothing: a right certificate")}
	for _, x := range f.faults {
		names = append(names, string(x.Fault))
	}
	f.fault = parts.NewDropdown(names, 0, func(int) { f.sayFault() })
	f.faultSlot.Objects = []fyne.CanvasObject{parts.Start(f.fault)}
	f.faultSlot.Refresh()
	f.sayFault()
	f.changed()
}

// sayFault says what the fault is, and what it will be found out by.
func (f *issueForm) sayFault() {
	f.faultNote.Objects = nil
	if i := f.fault.Selected(); i > 0 {
		x := f.faults[i-1]
		f.faultNote.Add(parts.NoteLine("warning", sentenceOf(x.Text), parts.Warn))
		box := parts.VBox(2, parts.Small(lang.X("issue.expected", "Certdesk will find:")))
		for _, line := range f.expected() {
			box.Add(parts.SmallPara(line))
		}
		f.faultNote.Add(box)
	}
	f.faultNote.Refresh()
	f.changed()
}

// expected lists the findings that the chosen fault brings.
func (f *issueForm) expected() []string {
	var lines []string
	if i := f.fault.Selected(); i > 0 {
		key := csr.KeyTypes[f.key.Selected()]
		if f.answer != nil && f.answer.request != nil {
			key = f.answer.request.Spec.Key
		}
		for _, id := range f.faults[i-1].Expected(f.purpose, key) {
			lines = append(lines, strings.TrimSpace(id+" "+finding.TitleOf(id)))
		}
	}
	return lines
}

// sentenceOf makes text begin with a capital letter.
func sentenceOf(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (f *issueForm) propose() {
	f.target.propose(testca.FileName(strings.TrimSpace(f.name.Text), ".pfx"))
}

func (f *issueForm) filled() bool {
	_, ok := days(strings.TrimSpace(f.days.Text))
	if f.answer != nil {
		return f.answer.request != nil && ok && f.target.ready() && (f.ca.KeyInStore() || f.caPass.Text != "")
	}
	return strings.TrimSpace(f.name.Text) != "" && ok && f.target.ready() && f.pass.ready() && (f.ca.KeyInStore() || f.caPass.Text != "")
}

func (f *issueForm) delivery() testca.Delivery {
	if f.answer != nil {
		return testca.Delivery{Path: f.target.path(), Format: answerForms[f.answer.form.Selected()].format}
	}
	d := testca.Delivery{Path: f.target.path(), Profile: certfile.Profiles[f.profile.Selected()].Profile}
	if f.purpose == csr.Client && f.note.Checked() {
		d.User = strings.TrimSpace(f.name.Text)
	}
	return d
}

func (f *issueForm) issue() {
	n, _ := days(strings.TrimSpace(f.days.Text))
	x := model.Issue{Purpose: f.purpose, Name: f.name.Text, Organization: f.org.Text, Others: f.others.Text, Key: csr.KeyTypes[f.key.Selected()], Days: n, CRL: f.crl.Text, Delivery: f.delivery()}
	wrong, found := "", f.expected()
	if i := f.fault.Selected(); i > 0 {
		x.Fault, wrong = f.faults[i-1].Fault, f.faults[i-1].Text
	}
	caPass, shown := []byte(f.caPass.Text), ""
	var pw []byte
	if f.answer != nil {
		x.Request = f.answer.request
	} else if pw = f.pass.get(); f.pass.made() {
		shown = string(pw)
	}
	var res *testca.Result
	f.run(func(ctx context.Context) (err error) {
		defer clear(caPass)
		defer clear(pw)
		res, err = f.view.model.Issue(ctx, f.ca.Authority, x, caPass, pw)
		return err
	}, func() {
		f.view.reload("")
		f.view.issuedNow(res, x.Delivery, shown, wrong, found)
	})
}

// issuedNow says what was issued, its password if that was made up, what is
// wrong with it on purpose and what will be found, and what can be done next.
func (v *caView) issuedNow(r *testca.Result, d testca.Delivery, password, wrong string, found []string) {
	s := v.shell
	dialog := parts.NewDialog(s.win.Canvas(), lang.X("issue.done", "Issued: {{.Name}}", words{"Name": r.Certificate.CommonName()}), r.Subject, 640, 520)
	body := parts.VBox(12)
	if password != "" {
		body.Add(s.secretCard(lang.X("issue.filePassword", "Password of {{.File}}", words{"File": filepath.Base(d.Path)}), password))
	}
	if wrong != "" {
		body.Add(parts.Banner(parts.KindWarning, lang.X("issue.wrong", "Wrong on purpose: {{.Text}}", words{"Text": wrong}),
			lang.X("issue.wrongText", "Certdesk will find: {{.Findings}}.", words{"Findings": strings.Join(found, "; ")}), nil))
	}
	fact := func(name, text string) fyne.CanvasObject {
		copyIt := parts.IconButton("copy", lang.X("button.copyNamed", "Copy {{.What}}", words{"What": name}), func() { s.copyText(text) })
		return parts.Border(nil, nil, parts.Fixed(110, -1, parts.Middle(parts.Small(name).Shrink())), copyIt, parts.Middle(parts.Body(text).Shrink()))
	}
	facts := parts.VBox(2, fact(lang.X("issue.file", "File"), d.Path))
	if note := d.Note(); note != "" {
		facts.Add(fact(lang.X("issue.noteFile", "Note to hand over"), note))
	}
	facts.Add(fact(lang.X("detail.serial", "Serial number"), r.Certificate.Serials().Windows))
	facts.Add(fact(lang.X("issue.until", "Valid until"), date(r.End)))
	facts.Add(fact("SHA-256", r.Certificate.Fingerprint().String()))
	body.Add(facts)
	for _, n := range r.Notes {
		body.Add(parts.NoteLine("info", sentenceOf(n), parts.Text2))
	}
	if password != "" && d.Note() != "" {
		body.Add(parts.SmallPara(lang.X("issue.otherWay", "Send file and note together; the password goes another way, such as by phone.")))
	}
	dialog.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	shut := parts.Primary("", lang.X("button.close", "Close"), dialog.Close)
	sheet := parts.Secondary("", lang.X("menu.handover", "Hand-over sheet…"), func() { s.openHandover(r.Certificate, r.Chain) })
	if r.Key == nil { // the answer to a request
		body.Add(parts.List(nextStep("", lang.X("csr.next", "Send the file to whoever made the request: they bring it to their key, here with New, Answer from a CA. Export root… writes the root for those who are to trust it."))))
		copyIt := parts.Secondary("copy", lang.X("csr.copy", "Copy certificate"), func() { s.copyText(string(certfile.EncodePEM([][]byte{r.DER}))) })
		dialog.SetButtons(shut, s.folderButton(filepath.Dir(d.Path)), sheet, copyIt, shut)
		dialog.Show()
		return
	}
	get := parts.Secondary("import", lang.X("issue.import", "Import here…"), func() { dialog.Close(); s.startImport([]string{d.Path}) })
	dialog.SetButtons(unlessSecret(shut, password), s.folderButton(filepath.Dir(d.Path)), sheet, get, shut)
	dialog.Show()
}
