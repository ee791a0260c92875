package ui

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/csr"
	"certdesk/internal/request"
	"certdesk/internal/secret"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// requestView is the wizard for a new request: who and what for; names and
// key; the request and what comes next.
type requestView struct {
	shell  *shell
	form   model.RequestForm
	notes  []string // of a renewal
	wizard *parts.Wizard
	ctx    context.Context
	cancel context.CancelFunc
	step   int
	busy   bool

	cn, org, unit, locality, state, country, email *parts.Field
	profile                                        *parts.Dropdown
	profileText                                    *parts.Paragraph
	purposes                                       []*parts.Check
	problem                                        *fyne.Container // of the first page

	names          *parts.Field
	keyType        *parts.Dropdown
	keyIn          *parts.Cards
	provider       *parts.Dropdown // nil but on Windows
	machine, same  *parts.Check
	folder, name   *parts.Field
	named          bool // the person changed the name
	save           *parts.Check
	makeUp         *parts.Check
	pass, again    *parts.Field
	fileRow        *fyne.Container
	passRow        *fyne.Container
	what           *fyne.Container // what the second page says of the choice
	next           *parts.Button
	first, second  fyne.CanvasObject
	requestProblem *fyne.Container
}

// openRenewal opens the wizard for the renewal of a row.
func (s *shell) openRenewal(row *model.Row) { s.openRequest(row) }

// openRequest opens the wizard; row is the certificate that is renewed, nil
// for a new one.
func (s *shell) openRequest(row *model.Row) *requestView {
	if s.requests == nil {
		return nil
	}
	v := &requestView{shell: s}
	title := lang.X("request.title", "New request")
	if row != nil {
		v.form, v.notes = model.NewRequestForm(row.Row)
		title = lang.X("request.renewTitle", "Renew")
	} else {
		v.form, v.notes = model.NewRequestForm(nil)
	}
	v.ctx, v.cancel = context.WithCancel(s.ctx)
	v.wizard = parts.NewWizard(s.win.Canvas(), title, "cert",
		[]string{lang.X("request.step.who", "Who and what for"), lang.X("request.step.key", "Names and key"), lang.X("request.step.result", "Request")}, 820, 640)
	v.wizard.OnClosed = func() {
		v.cancel()
		quiet(v.pass, "")
		quiet(v.again, "")
	}
	v.buildFirst()
	v.buildSecond()
	v.wizard.Show()
	v.show(0)
	if row == nil {
		s.win.Canvas().Focus(v.cn)
	}
	return v
}

func (v *requestView) buildFirst() {
	v.next = parts.Primary("", lang.X("button.next", "Next"), v.goOn)
	field := func(hint string, to *string) *parts.Field {
		f := parts.NewField(hint)
		f.OnChanged = func(text string) { *to = text; v.update() }
		return f
	}
	s := &v.form.Subject
	v.cn = field(lang.X("request.cnHint", "www.example.com, or a person's or program's name"), &s.CommonName)
	v.org, v.unit = field("Example GmbH", &s.Organization), field(lang.X("request.optional", "may be empty"), &s.Unit)
	v.locality, v.state = field("", &s.Locality), field("", &s.State)
	v.country, v.email = field("DE", &s.Country), field("name@example.com", &s.Email)
	var titles []string
	for _, p := range csr.Profiles {
		titles = append(titles, p.Title)
	}
	v.profileText = parts.SmallPara(profileWords(v.form.Profile))
	v.profile = parts.NewDropdown(titles, 0, v.chooseProfile)
	for _, p := range csr.Purposes {
		c := parts.NewCheck(requestPurpose(p.Purpose), "", func(bool) { v.readPurposes() })
		c.SetChecked(slices.Contains(v.form.Purposes, p.Purpose))
		v.purposes = append(v.purposes, c)
	}
	v.problem, v.requestProblem = parts.VBox(0), parts.VBox(0)
	body := parts.VBox(12)
	if v.form.Renews != nil {
		v.renewalFacts(body)
	} else {
		two := func(a, b fyne.CanvasObject) fyne.CanvasObject { return parts.Columns(14, []float32{1, 1}, a, b) }
		half := len(v.purposes) / 2
		ticks := two(parts.VBox(2, objects(v.purposes[:half])...), parts.VBox(2, objects(v.purposes[half:])...))
		body.Add(parts.Labelled(lang.X("request.profile", "For which CA or system?"), parts.Start(v.profile), v.profileText))
		body.Add(parts.Labelled(lang.X("request.purpose", "What is the certificate for?"), ticks))
		body.Add(parts.Labelled(lang.X("request.cn", "Common name"), v.cn))
		body.Add(two(parts.Labelled(lang.X("request.org", "Organization"), v.org), parts.Labelled(lang.X("request.country", "Country, two letters"), v.country)))
		body.Add(two(parts.Labelled(lang.X("request.email", "Mail address"), v.email), parts.Labelled(lang.X("request.unit", "Organizational unit"), v.unit)))
		body.Add(two(parts.Labelled(lang.X("request.locality", "Locality"), v.locality), parts.Labelled(lang.X("request.state", "State or province"), v.state)))
		body.Add(v.problem)
	}
	v.first = parts.Page(parts.Pad(2, 14, 24, 24, body))
}

func objects(checks []*parts.Check) []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, len(checks))
	for i, c := range checks {
		out[i] = c
	}
	return out
}

// renewalFacts shows what the new certificate takes over from the old one.
func (v *requestView) renewalFacts(body *fyne.Container) {
	c := v.form.Renews.Certificate
	facts := parts.VBox(6)
	add := func(name, value string) {
		facts.Add(parts.Fact(name, 120, parts.Para(value)))
	}
	add(lang.X("request.subject", "Subject"), c.Subject().Forward())
	o, _, _ := v.form.Options()
	if names := o.Spec.Names.All(); len(names) > 0 {
		add(lang.X("request.names", "Names"), strings.Join(names, "\n"))
	}
	var ps []string
	for _, p := range v.form.Purposes {
		ps = append(ps, requestPurpose(p))
	}
	add(lang.X("request.purposes", "Purposes"), strings.Join(ps, ", "))
	add(lang.X("request.ends", "Ends"), c.NotAfter.Local().Format("2006-01-02"))
	body.Add(parts.Para(lang.X("request.renewText", "The new certificate gets what the old one has, and a new key. The old one stays until you delete it.")))
	body.Add(parts.Card(parts.Pad(10, 10, 12, 12, facts)))
	for _, n := range v.notes {
		body.Add(parts.Banner(parts.KindWarning, n, "", nil))
	}
	body.Add(parts.Labelled(lang.X("request.profile", "For which CA or system?"), parts.Start(v.profile), v.profileText))
	v.same = parts.NewCheck(lang.X("request.same", "Use the old key again"), lang.X("request.sameText", "Only where somebody has pinned the key. Most CAs want a new one."), func(on bool) {
		v.form.SameKey = on
		v.update()
	})
	key := v.form.Renews.Key
	v.same.SetEnabled(v.shell.services.System != "windows" && (key == certstore.KeyPresent || key == certstore.KeyLocked))
	body.Add(v.same)
	body.Add(v.problem)
}

// profileWords says who a profile is for, and what it wants.
func profileWords(p csr.Profile) string {
	return p.Text + " " + lang.X("request.requires", "It wants {{.What}}.", words{"What": strings.Join(p.Requires(), ", ")})
}

// requestPurpose is a purpose in a person's words.
func requestPurpose(p csr.Purpose) string {
	switch p {
	case csr.Client:
		return lang.X("request.client", "Log on at a server (TLS client)")
	case csr.Server:
		return lang.X("request.server", "Run a server (TLS server)")
	case csr.Email:
		return lang.X("request.mail", "Sign and encrypt mail (S/MIME)")
	}
	return lang.X("request.code", "Sign programs")
}

func (v *requestView) chooseProfile(i int) {
	p := csr.Profiles[i]
	v.form.Profile = p
	v.profileText.SetText(profileWords(p))
	if v.form.Renews == nil {
		v.form.Purposes = []csr.Purpose{p.Default}
		for j, info := range csr.Purposes {
			v.purposes[j].SetChecked(info.Purpose == p.Default)
		}
		v.form.KeyType = p.Keys[0]
		v.keyType.SetSelected(slices.Index(csr.KeyTypes, v.form.KeyType))
	}
	v.update()
}

func (v *requestView) readPurposes() {
	v.form.Purposes = nil
	for i, info := range csr.Purposes {
		if v.purposes[i].Checked() {
			v.form.Purposes = append(v.form.Purposes, info.Purpose)
		}
	}
	v.update()
}

func (v *requestView) buildSecond() {
	v.names = parts.NewPaste(lang.X("request.namesHint", "one on each line: www.example.com, 10.0.0.1, name@example.com, upn:user@corp.example"), 3, func(text string) {
		v.form.Names = text
		v.update()
	})
	var keys []string
	for _, k := range csr.KeyTypes {
		keys = append(keys, string(k))
	}
	v.keyType = parts.NewDropdown(keys, slices.Index(csr.KeyTypes, v.form.KeyType), func(i int) {
		v.form.KeyType = csr.KeyTypes[i]
		v.update()
	})
	v.keyIn = parts.NewCards([]parts.Option{
		{Title: lang.X("request.inStore", "In this computer's store"), Note: lang.X("request.inStoreText", "It is made there and stays there. The answer completes it.")},
		{Title: lang.X("request.inFile", "In an encrypted file"), Note: lang.X("request.inFileText", "Beside the request, for another computer or program.")},
	}, true, 0, func(i int) {
		v.form.KeyIn = []request.KeyPlace{request.InStore, request.InFile}[i]
		v.update()
	})
	v.machine = parts.NewCheck(lang.X("request.machine", "For all users of this computer"), "", func(on bool) {
		v.form.Location = map[bool]certstore.Location{false: certstore.User, true: certstore.Machine}[on]
		v.update()
	})
	v.machine.SetChecked(v.form.Location == certstore.Machine)
	v.folder, v.name = parts.NewField(""), parts.NewField("")
	v.folder.SetText(model.Folder())
	v.folder.OnChanged = func(string) { v.update() }
	v.name.OnChanged = func(string) { v.named = true; v.update() }
	v.save = parts.NewCheck(lang.X("request.save", "Save the request to a file"), "", func(bool) { v.update() })
	v.pass, v.again = parts.NewPassword(""), parts.NewPassword("")
	v.pass.OnChanged = func(string) { v.update() }
	v.again.OnChanged = func(string) { v.update() }
	v.makeUp = parts.NewCheck(lang.X("request.makeUp", "Make up a password and show it once"), "", func(bool) { v.update() })
	v.fileRow = parts.VBox(8, parts.Columns(14, []float32{3, 2}, parts.Labelled(lang.X("export.folder", "In folder"), fileField(v.folder, func() {
		v.shell.chooseFolder(lang.X("export.chooseFolder", "Choose a folder"), v.folder.Text, v.folder.SetText)
	})), parts.Labelled(lang.X("export.name", "File name"), v.name)))
	v.passRow = parts.VBox(8, v.makeUp, parts.Columns(14, []float32{1, 1}, parts.Labelled(lang.X("request.password", "Password of the key file"), v.pass),
		parts.Labelled(lang.X("export.repeat", "The same again"), v.again)))
	v.what = parts.VBox(6)
	kind := parts.HBox(14, parts.Labelled(lang.X("request.keyType", "Kind of key"), v.keyType))
	if v.shell.services.System == "windows" {
		kinds := []certstore.Provider{certstore.ProviderDefault, certstore.ProviderTPM, certstore.ProviderCAPI}
		v.provider = parts.NewDropdown([]string{lang.X("request.cng", "As usual (CNG)"), lang.X("request.tpm", "TPM"), lang.X("request.capi", "CryptoAPI, for old programs")}, 0, func(i int) {
			v.form.Provider = kinds[i]
			v.update()
		})
		kind.Add(parts.Labelled(lang.X("request.provider", "Kept by"), v.provider))
	}
	body := parts.VBox(12)
	if v.form.Renews == nil {
		body.Add(parts.Labelled(lang.X("request.sans", "Alternative names"), v.names))
	}
	body.Add(v.what)
	body.Add(kind)
	body.Add(parts.Labelled(lang.X("request.keyIn", "Where is the private key kept?"), v.keyIn.Object()))
	body.Add(v.machine)
	body.Add(v.passRow)
	body.Add(v.save)
	body.Add(v.fileRow)
	body.Add(v.requestProblem)
	v.second = parts.Page(parts.Pad(2, 14, 24, 24, body))
}

// show shows one of the first two pages.
func (v *requestView) show(step int) {
	v.step = step
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), v.wizard.Close)
	if step == 0 {
		v.next.SetText(lang.X("button.next", "Next"))
		v.wizard.SetButtons(v.next, cancel, v.next)
		v.wizard.SetPage(0, lang.X("request.who", "Who is it for, and what will it do?"), "", v.first, nil)
	} else {
		v.next.SetText(lang.X("request.make", "Make request"))
		back := parts.Secondary("", lang.X("button.back", "Back"), func() { v.show(0) })
		v.wizard.SetButtons(v.next, back, cancel, v.next)
		note := parts.Small(lang.X("request.local", "Nothing is sent: you give the request to the CA.")).Shrink()
		v.wizard.SetPage(1, lang.X("request.key", "Names and key"), "", v.second, note)
	}
	v.update()
}

// update shows what the form says, and what is wrong with it.
func (v *requestView) update() {
	if v.step > 1 || v.next == nil || v.what == nil {
		return
	}
	inFile := v.form.KeyIn == request.InFile && !v.form.SameKey
	if !v.named {
		quiet(v.name, v.form.FileName())
	}
	v.form.File = ""
	if inFile || v.save.Checked() {
		v.form.File = model.JoinPath(strings.TrimSpace(v.folder.Text), strings.TrimSpace(v.name.Text))
	}
	setVisible(v.passRow, inFile)
	setVisible(v.save, !inFile)
	setVisible(v.fileRow, inFile || v.save.Checked())
	setVisible(v.machine, !inFile && v.form.Renews == nil)
	for _, f := range []*parts.Field{v.pass, v.again} {
		if v.makeUp.Checked() {
			f.Disable()
		} else {
			f.Enable()
		}
	}
	o, notes, err := v.form.Options()
	v.problem.Objects, v.what.Objects, v.requestProblem.Objects = nil, nil, nil
	for _, n := range notes {
		v.what.Add(parts.Border(nil, nil, parts.Pad(2, 0, 0, 7, parts.VBox(0, parts.KindIcon(parts.KindInfo, 14))), nil, parts.SmallPara(n)))
	}
	if why := v.form.Profile.KeysWhy; why != "" {
		v.what.Add(parts.SmallPara(v.form.Profile.Title + ": " + why + "."))
	}
	switch {
	case err != nil && v.step == 1:
		v.requestProblem.Add(problemBanner(err, nil))
	case err != nil && v.form.Subject.CommonName != "":
		if _, subjectErr := o.Spec.Name(); subjectErr != nil {
			v.problem.Add(problemBanner(subjectErr, nil))
		}
	}
	ready := !v.busy
	if v.step == 0 {
		_, subjectErr := o.Spec.Name()
		ready = ready && subjectErr == nil && len(v.form.Purposes) > 0
	} else {
		ready = ready && err == nil && (v.form.File != "" || !inFile)
		if inFile && !v.makeUp.Checked() {
			if v.again.Text != "" && v.pass.Text != v.again.Text {
				v.requestProblem.Add(parts.NewLabel(lang.X("export.mismatch", "The two passwords differ."), 12, parts.Err))
			}
			ready = ready && v.pass.Text != "" && v.pass.Text == v.again.Text
		}
	}
	v.next.SetEnabled(ready)
	for _, c := range []*fyne.Container{v.problem, v.what, v.requestProblem} {
		c.Refresh()
		relayout(c)
	}
	v.wizard.Refresh()
}

func (v *requestView) goOn() {
	if v.step == 0 {
		v.show(1)
		if v.form.Renews == nil {
			v.shell.win.Canvas().Focus(v.names)
		}
		return
	}
	var paths []string
	if path := v.form.File; path != "" {
		paths = []string{path}
		if v.form.KeyIn == request.InFile && !v.form.SameKey {
			paths = append(paths, request.KeyFileFor(path))
		}
	}
	v.shell.replacing(paths, func() { v.make() })
}

// make makes key and request in the background.
func (v *requestView) make() {
	o, _, err := v.form.Options()
	if err != nil || v.busy {
		return
	}
	o.Force = true // what exists was asked for
	shown := ""
	if o.KeyIn == request.InFile && !o.SameKey {
		o.Password = []byte(v.pass.Text)
		if v.makeUp.Checked() {
			o.Password = secret.Password()
			shown = string(o.Password)
		}
	}
	v.busy = true
	v.update()
	v.wizard.SetNote(lang.X("request.making", "Making the key…"))
	go func() {
		defer clear(o.Password)
		r, err := v.shell.requests.New(v.ctx, o)
		fyne.Do(func() {
			v.busy = false
			if err != nil {
				v.update()
				v.requestProblem.Objects = []fyne.CanvasObject{problemBanner(err, nil)}
				v.wizard.Refresh()
				return
			}
			v.done(r, shown)
		})
	}()
}

// done shows the request, and what comes next.
func (v *requestView) done(r request.Record, password string) {
	v.step = 2
	text := string(r.PEM())
	lines := parts.VBox(0)
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		lines.Add(parts.Mono(l))
	}
	box := parts.Fixed(-1, 310, parts.Stack(parts.Outlined(parts.Input, parts.ChipLine, 5), parts.Pad(1, 1, 1, 1, container.NewScroll(parts.Pad(8, 8, 11, 11, lines)))))
	where := lang.X("request.keyInStore", "The key is in the store, and waits there for its certificate.")
	switch {
	case r.SameKey:
		where = lang.X("request.keyOld", "The key is that of the old certificate.")
	case r.KeyIn == request.InFile:
		where = lang.X("request.keyInFile", "The key is encrypted in {{.Path}}; keep its password.", words{"Path": r.KeyFile})
	}
	body := parts.VBox(12, parts.Banner(parts.KindOK, lang.X("request.made", "Request for {{.Name}}", words{"Name": r.CommonName}), where, nil))
	if password != "" {
		body.Add(v.shell.secretCard(lang.X("request.password", "Password of the key file"), password))
	}
	body.Add(box)
	if r.File != "" {
		body.Add(parts.SmallPara(lang.X("request.savedAs", "Saved as {{.Path}}", words{"Path": r.File})))
	}
	body.Add(parts.List(
		nextStep("1", lang.X("request.next1", "Copy the request and paste it at the CA or portal, or send the file.")),
		nextStep("2", lang.X("request.next2", "When the answer comes, take New, Pending requests, and paste or open it there.")),
	))
	shut := parts.Secondary("", lang.X("button.close", "Close"), v.wizard.Close)
	pending := parts.Secondary("", lang.X("request.pending", "Pending requests"), func() { v.wizard.Close(); v.shell.openPending() })
	copyIt := parts.Primary("copy", lang.X("request.copy", "Copy request"), func() { v.shell.copyText(text) })
	save := parts.Secondary("export", lang.X("request.saveAs", "Save…"), func() { v.saveAs(r) })
	buttons := []fyne.CanvasObject{shut, pending, save, copyIt}
	if r.File != "" {
		buttons[2] = v.shell.folderButton(filepath.Dir(r.File))
	}
	v.wizard.SetButtons(copyIt, buttons...)
	v.wizard.SetPage(2, lang.X("request.done", "Give this to the CA"), "", parts.Page(parts.Pad(2, 14, 24, 24, body)), nil)
	v.shell.win.Canvas().Unfocus()
}

// saveAs writes the request into a folder.
func (v *requestView) saveAs(r request.Record) {
	v.shell.chooseFolder(lang.X("export.chooseFolder", "Choose a folder"), model.JoinPath(model.Folder(), "x"), func(dir string) {
		path := model.JoinPath(dir, v.form.FileName())
		v.shell.replacing([]string{path}, func() {
			go func() {
				err := model.SaveRequest(r, path)
				fyne.Do(func() {
					if err != nil {
						v.shell.showProblem(lang.X("request.notSaved", "The request could not be saved"), err)
						return
					}
					v.wizard.Toast(lang.X("request.savedAs", "Saved as {{.Path}}", words{"Path": path}))
				})
			}()
		})
	})
}

func nextStep(number, text string) fyne.CanvasObject {
	var mark fyne.CanvasObject = parts.NewLabel(number, 13, parts.Accent).Bold()
	if number == "" {
		mark = parts.NewIcon("arrow", 15, parts.Accent)
	}
	return parts.Pad(8, 8, 12, 10, parts.Border(nil, nil, parts.Pad(0, 0, 0, 12, parts.VBox(0, mark)), nil, parts.SmallPara(text)))
}
