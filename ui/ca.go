package ui

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/csr"
	"certdesk/internal/testca"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// caView is the certification authorities at the left, and what the chosen
// one issued at the right.
type caView struct {
	shell  *shell
	model  *model.Authorities
	dialog *parts.Dialog
	left   *fyne.Container
	right  *fyne.Container
	list   []*model.Authority
	errs   []error // why others could not be read
	chosen string  // name of the authority
	asked  int     // counts readings, so that a late one is dropped
}

// authorityItems are the entries of a menu.
func (s *shell) authorityItems() []*fyne.MenuItem {
	return []*fyne.MenuItem{
		fyne.NewMenuItem(lang.X("ca.menu", "Certification authorities…"), func() { s.openAuthorities() }),
		fyne.NewMenuItem(lang.X("ca.menuDemo", "Demo site with certificates…"), func() { s.openDemo(nil) }),
	}
}

func (s *shell) authorities() *model.Authorities {
	return &model.Authorities{Dir: s.services.Authorities, Store: s.services.Store, Now: s.list.Now}
}

// openAuthorities opens the list of authorities.
func (s *shell) openAuthorities() *caView {
	size := s.win.Canvas().Size()
	v := &caView{shell: s, model: s.authorities(), left: parts.VBox(4), right: parts.Stack()}
	v.dialog = parts.NewDialog(s.win.Canvas(), lang.X("ca.title", "Certification authorities"), lang.X("ca.sub", "For tests and small organizations. Nothing is trusted without a question."),
		min(980, size.Width-20), min(640, size.Height-20))
	add := parts.SmallButton("plus", lang.X("ca.new", "New authority…"), func() { v.openNew() })
	demo := parts.SmallButton("globe", lang.X("ca.demo", "Demo site…"), func() { s.openDemo(v.reload) })
	side := parts.Stack(parts.Fill(parts.Chrome), parts.Border(nil, parts.Pad(8, 12, 12, 12, parts.HBox(6, add, demo)), nil, nil, parts.Page(parts.Pad(10, 10, 10, 10, v.left))))
	v.dialog.SetBody(parts.Border(nil, nil, parts.Border(nil, nil, nil, parts.VLine(), parts.Fixed(270, -1, side)), nil, v.right))
	shut := parts.Primary("", lang.X("button.close", "Close"), v.dialog.Close)
	v.dialog.SetButtons(shut, shut)
	v.dialog.Show()
	v.reload("")
	return v
}

// reload reads the authorities again and shows the one named, "" for the same
// as before.
func (v *caView) reload(name string) {
	if name != "" {
		v.chosen = name
	}
	v.asked++
	mine := v.asked
	go func() {
		list, errs := v.model.List()
		fyne.Do(func() {
			if mine == v.asked {
				v.show(list, errs)
			}
		})
	}()
}

func (v *caView) authority() *model.Authority {
	for _, a := range v.list {
		if a.Name == v.chosen {
			return a
		}
	}
	if len(v.list) > 0 {
		return v.list[0]
	}
	return nil
}

func (v *caView) show(list []*model.Authority, errs []error) {
	v.list, v.errs = list, errs
	v.left.Objects = nil
	for _, err := range errs {
		v.left.Add(problemBanner(err, nil))
	}
	ca := v.authority()
	for _, a := range list {
		v.left.Add(v.line(a, a == ca))
	}
	v.left.Refresh()
	if ca == nil {
		v.set(v.nothing())
		return
	}
	v.chosen = ca.Name
	v.set(v.detail(ca))
}

func (v *caView) set(o fyne.CanvasObject) {
	v.right.Objects = []fyne.CanvasObject{o}
	v.right.Refresh()
}

// line is one authority of the list.
func (v *caView) line(a *model.Authority, chosen bool) fyne.CanvasObject {
	name := parts.Body(a.Name).Shrink()
	fill, icon := parts.Clear, parts.Text2
	if chosen {
		fill, icon = parts.Selected, parts.Accent
		name.Bold()
	}
	text := plural(len(a.Issued), lang.X("ca.issued1", "1 certificate issued"), lang.X("ca.issuedN", "{{.N}} certificates issued", words{"N": thousands(len(a.Issued))}))
	return parts.NewPress(parts.Pad(6, 6, 8, 8, parts.Border(nil, nil, parts.Pad(0, 0, 0, 9, parts.Middle(parts.NewIcon("shield", 20, icon))), nil,
		parts.VBox(1, name, parts.Small(text).Shrink()))), fill, "", 4, func() {
		v.chosen = a.Name
		v.show(v.list, v.errs)
	})
}

func (v *caView) nothing() fyne.CanvasObject {
	add := parts.Secondary("plus", lang.X("ca.new", "New authority…"), func() { v.openNew() })
	demo := parts.Secondary("globe", lang.X("ca.demo", "Demo site…"), func() { v.shell.openDemo(v.reload) })
	return parts.Center(parts.Fixed(460, -1, parts.VBox(8, parts.Center(parts.NewIcon("shield", 38, parts.Text3)), parts.Center(parts.NewLabel(lang.X("ca.none", "There is no authority yet"), 15, parts.Text).Bold()),
		parts.SmallPara(lang.X("ca.noneText", "An authority issues certificates for users, servers, mail and programs, right ones and deliberately wrong ones. A demo site is one with everything that IIS, nginx or Apache need to ask for client certificates.")),
		parts.Gap(1, 4), parts.Center(parts.HBox(8, add, demo)))))
}

// detail is the chosen authority: its facts, what can be done, what it issued.
func (v *caView) detail(a *model.Authority) fyne.CanvasObject {
	root, issuing := a.Certificate(testca.Root), a.Certificate(a.Issuing())
	fact := func(name, text string) fyne.CanvasObject { return parts.Fact(name, 84, parts.Body(text).Shrink()) }
	facts := parts.VBox(3, fact(lang.X("ca.root", "Root"), root.Subject().String()+", "+lang.X("ca.until", "until {{.Date}}", words{"Date": date(root.NotAfter)})))
	if a.Issuing() != testca.Root {
		facts.Add(fact(lang.X("ca.issuing", "Issuing"), issuing.Subject().String()+", "+lang.X("ca.until", "until {{.Date}}", words{"Date": date(issuing.NotAfter)})))
	}
	keys := lang.X("ca.inFile", "encrypted files in {{.Path}}", words{"Path": a.Path()})
	if a.KeyInStore() {
		keys = lang.X("ca.inStore", "in the certificate store")
	}
	facts.Add(fact(lang.X("ca.keys", "Keys"), keys))
	issue := parts.SmallButton("cert", lang.X("ca.issue", "Issue certificate…"), func() { v.openIssue(a) })
	answer := parts.SmallButton("import", lang.X("ca.answer", "Issue from a request (CSR)…"), func() { v.openAnswerRequest(a) })
	export := parts.SmallButton("export", lang.X("ca.export", "Export root…"), func() { v.openExport(a) })
	crl := parts.SmallButton("ban", lang.X("ca.crl", "Write CRL…"), func() { v.openCRL(a) })
	copyIt := parts.SmallButton("copy", lang.X("ca.copyRoot", "Copy root's SHA-256"), func() { v.shell.copyText(root.Fingerprint().String()) })
	top := parts.VBox(8, parts.NewLabel(a.Name, 15, parts.Text).Bold().Shrink(), facts, parts.Wrap(6, issue, answer, export, crl, copyIt))
	return parts.Border(parts.VBox(0, parts.Pad(12, 10, 16, 16, top), parts.FaintHLine()), nil, nil, nil, parts.Page(parts.Pad(10, 14, 16, 16, v.issued(a))))
}

const mostIssued = 200 // rows that the dialog shows

// issued lists what the authority issued, the newest first.
func (v *caView) issued(a *model.Authority) fyne.CanvasObject {
	if a.Err != nil {
		return problemBanner(a.Err, nil)
	}
	if len(a.Issued) == 0 {
		return parts.SmallPara(lang.X("ca.nothingIssued", "It has issued nothing yet."))
	}
	head := lang.X("ca.issuedHead", "Issued: {{.N}}", words{"N": thousands(len(a.Issued))})
	if n := a.Revoked(); n > 0 {
		head = lang.X("ca.issuedRevoked", "Issued: {{.N}}, revoked: {{.Revoked}}", words{"N": thousands(len(a.Issued)), "Revoked": thousands(n)})
	}
	var rows []fyne.CanvasObject
	for _, i := range a.Issued[:min(mostIssued, len(a.Issued))] {
		rows = append(rows, v.issuedRow(a, i))
	}
	box := parts.VBox(8, parts.Small(head).Bold(), parts.List(rows...))
	if n := len(a.Issued) - mostIssued; n > 0 {
		box.Add(parts.Small(lang.X("tidy.more", "… and {{.N}} more", words{"N": thousands(n)})))
	}
	return box
}

func (v *caView) issuedRow(a *model.Authority, i testca.Issued) fyne.CanvasObject {
	title := parts.HBox(8, parts.Middle(parts.Body(model.IssuedName(i)).Bold()))
	if i.Fault != "" {
		title.Add(parts.Chip(string(i.Fault), parts.KindWarning))
	}
	if i.Revoked != nil {
		title.Add(parts.Chip(lang.X("ca.revokedOn", "Revoked {{.Date}}", words{"Date": date(*i.Revoked)}), parts.KindError))
	}
	text := lang.X("ca.row", "{{.Purpose}}, until {{.Date}}, serial {{.Serial}}", words{"Purpose": issueName(csr.Purpose(i.Purpose)), "Date": date(i.End), "Serial": i.Serial})
	revoke := parts.SmallButton("ban", lang.X("ca.revoke", "Revoke…"), func() { v.openRevoke(a, i) })
	revoke.SetEnabled(i.Revoked == nil)
	buttons := parts.HBox(4, parts.Middle(parts.IconButton("copy", lang.X("menu.copySerial", "Copy serial number"), func() { v.shell.copyText(i.Serial) })), parts.Middle(revoke))
	return parts.Pad(6, 6, 11, 9, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, buttons), parts.VBox(1, parts.Start(title), parts.Small(text).Shrink())))
}

// issueName returns what people call the certificates of a purpose.
func issueName(p csr.Purpose) string {
	switch p {
	case csr.Client:
		return lang.X("issue.client", "User (TLS client)")
	case csr.Server:
		return lang.X("issue.server", "Server")
	case csr.Email:
		return lang.X("issue.email", "Mail (S/MIME)")
	case csr.Code:
		return lang.X("issue.code", "Code signing")
	}
	return string(p)
}

// openNew asks for a new authority.
func (v *caView) openNew() *form {
	s := v.shell
	f := s.newForm(lang.X("ca.newTitle", "New certification authority"), lang.X("ca.newSub", "Its root is trusted by nobody until somebody imports it and says yes"), "plus", lang.X("ca.make", "Make"), 640, 610)
	name, org, country := parts.NewField("Example Office"), parts.NewField("Example GmbH"), parts.NewField("DE")
	kept := parts.Small("").Shrink()
	key := parts.NewDropdown(keyTypes(), 1, nil) // RSA 3072, as certctl
	inter := parts.NewCheck(lang.X("ca.intermediate", "An intermediate issues"), lang.X("ca.intermediateText", "The root's key is then needed for nothing else, as real authorities have it."), nil)
	inter.SetChecked(true)
	pass := newNewPassword(lang.X("ca.password", "Password of the authority's keys: asked for each time it issues"), f.changed)
	where := parts.NewCards([]parts.Option{{Title: lang.X("ca.keyFile", "Encrypted file"), Note: lang.X("ca.keyFileText", "Under a password, in the folder of the authority.")},
		{Title: lang.X("ca.keyStore", "Certificate store"), Note: lang.X("ca.keyStoreText", "The keys never are files, and stay on this computer.")}}, true, 0, func(i int) {
		setVisible(pass.object, i == 0)
		f.changed()
	})
	name.OnChanged = func(text string) {
		kept.SetText("")
		if id := testca.NameOf(text); id != "" {
			kept.SetText(lang.X("ca.kept", "“{{.Name}} Root CA”, kept as {{.ID}}", words{"Name": text, "ID": id}))
		}
		f.update()
	}
	f.ready = func() bool {
		return testca.NameOf(name.Text) != "" && (where.Selected() == 1 || pass.ready())
	}
	content := parts.VBox(12, parts.Labelled(lang.X("ca.name", "Name"), name, parts.Fixed(-1, 17, kept)),
		parts.Columns(12, []float32{.6, .16, .24}, parts.Labelled(lang.X("ca.org", "Organization"), org), parts.Labelled(lang.X("ca.country", "Country"), country), parts.Labelled(lang.X("ca.keyType", "Key"), key)),
		inter, parts.Labelled(lang.X("ca.keysIn", "Keys are kept in"), where.Object()), pass.object)
	f.dialog.OnClosed = pass.forget
	f.show(content, name, func() {
		n := model.NewAuthority{Name: name.Text, Organization: org.Text, Country: country.Text, Key: csr.KeyTypes[key.Selected()], Intermediate: inter.Checked(), InStore: where.Selected() == 1}
		var pw []byte
		if !n.InStore {
			pw = pass.get()
		}
		shown := ""
		if !n.InStore && pass.made() {
			shown = string(pw)
		}
		var ca *testca.Authority
		f.run(func(ctx context.Context) (err error) {
			defer clear(pw)
			ca, err = v.model.Make(ctx, n, pw)
			return err
		}, func() {
			v.reload(ca.Name)
			s.reload()
			v.made(ca, shown)
		})
	})
	return f
}

func keyTypes() []string {
	var names []string
	for _, k := range csr.KeyTypes {
		names = append(names, string(k))
	}
	return names
}

// made says what a new authority is, and its password if that was made up.
func (v *caView) made(ca *testca.Authority, password string) {
	d := parts.NewDialog(v.shell.win.Canvas(), lang.X("ca.made", "{{.Name}} is ready", words{"Name": ca.Name}), "", 600, 380)
	root := ca.Certificate(testca.Root)
	body := parts.VBox(12)
	if password != "" {
		body.Add(v.shell.secretCard(lang.X("ca.madePassword", "Password of the authority's keys"), password))
	}
	body.Add(parts.Banner(parts.KindInfo, lang.X("ca.notTrusted", "Nothing trusts it yet"), lang.X("ca.notTrustedText", "Export root… writes the certificate for those who are to trust it. They compare its SHA-256:"), nil))
	body.Add(parts.NewParagraph(grouped(root.Fingerprint().String()), 12, parts.Text).Mono())
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, body)))
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(unlessSecret(shut, password), shut)
	if password != "" {
		d.SetNote(lang.X("ca.noPasswordLater", "Nobody can show the password again."))
	}
	d.Show()
}

// days reads a number of days, 0 for nothing; ok is false for anything else.
func days(text string) (n int, ok bool) {
	if text == "" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= 36500
}
