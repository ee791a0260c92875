package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/advice"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// keyUsers is who may use the key of the certificate that is shown; the store
// is asked off the UI goroutine, and until it answers there is nothing.
type keyUsers struct {
	slot  *fyne.Container
	known bool
	model.KeyUsers
}

// loadUsers asks who may use the key of the certificate that is shown.
func (v *detailView) loadUsers() {
	d := v.detail
	v.users = keyUsers{slot: parts.VBox(6)}
	if d.Row == nil || d.Row.Key == certstore.KeyNone || v.shell.importer == nil {
		return
	}
	go func() {
		u := v.shell.changes().KeyUsers(v.shell.ctx, d.Row.Row)
		fyne.Do(func() {
			if v.detail != d { // another one is shown by now
				return
			}
			v.users.known, v.users.KeyUsers = true, u
			v.fillUsers()
			v.body.Refresh()
			relayout(v.body)
		})
	}()
}

// fillUsers shows what the store answered.
func (v *detailView) fillUsers() {
	u := &v.users
	u.slot.Objects = nil
	if !u.known {
		return
	}
	u.slot.Add(parts.Pad(8, 0, 0, 0, parts.Small(lang.X("users.title", "Who may use this key")).Bold()))
	if u.Err != nil {
		u.slot.Add(problemBanner(cause(u.Err), nil))
		if u.Changeable {
			u.slot.Add(v.grantButton())
		}
		return
	}
	var rows []fyne.CanvasObject
	if u.Everybody {
		rows = append(rows, parts.Pad(7, 7, 11, 11, parts.Body(lang.X("users.everybody", "Everybody: the key has no access list")).Shrink()))
	}
	for _, one := range u.Users {
		rows = append(rows, v.userRow(one))
	}
	u.slot.Add(parts.List(rows...))
	if u.Password {
		u.slot.Add(parts.SmallPara(lang.X("users.password", "They need the password of the store besides.")))
	}
	if u.Fixed != nil && !u.Changeable {
		why := parts.SmallButton("", lang.X("users.instead", "What can be done?"), func() {
			v.shell.openFixed(u.KeyPermissions)
		})
		u.slot.Add(parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(why)), parts.SmallPara(lang.X("users.why", "Cannot be changed here: {{.Why}}.", words{"Why": u.Reason()}))))
		return
	}
	u.slot.Add(v.grantButton())
}

func (v *detailView) grantButton() fyne.CanvasObject {
	row := v.detail.Row
	return parts.Start(parts.SmallButton("key", lang.X("users.grant", "Grant…"), func() { v.shell.openGrant(row.Row, nil) }))
}

// openFixed says what can be done where the permissions cannot be changed.
func (s *shell) openFixed(p certstore.KeyPermissions) {
	d := parts.NewDialog(s.win.Canvas(), lang.X("users.fixed", "Who may use this key cannot be changed here"), "", 560, 280)
	text := advice.For(p.Fixed)
	reason := p.Reason()
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, parts.Banner(parts.KindInfo, strings.ToUpper(reason[:1])+reason[1:], text, nil))))
	copyIt := parts.Secondary("copy", lang.X("button.copyDetails", "Copy details"), func() { s.copyText(reason + "\n" + text) })
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(shut, copyIt, shut)
	d.Show()
}

func (v *detailView) userRow(u certstore.KeyUser) fyne.CanvasObject {
	text, kind := lang.X("users.use", "Use"), parts.KindOK
	switch {
	case u.Denied:
		text, kind = lang.X("users.denied", "Denied"), parts.KindError
	case u.Access == certstore.AccessFull:
		text, kind = lang.X("users.full", "Full control"), parts.KindInfo
	}
	how := u.Through
	if u.Inherited {
		how = lang.X("users.inherited", "through the folder that the key is in")
	}
	name := parts.VBox(1, parts.Body(u.Account).Shrink())
	if how != "" {
		name.Add(parts.Small(how).Shrink())
	}
	right := parts.HBox(6, parts.Middle(parts.Chip(text, kind)))
	if v.users.Changeable && u.Revocable {
		row := v.detail.Row
		right.Add(parts.Middle(parts.SmallButton("", lang.X("users.revoke", "Revoke…"), func() { v.shell.openRevoke(row, u) })))
	}
	return parts.Pad(6, 6, 11, 11, parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, right), name))
}

// openGrant asks for the account that is to use the key; done is called once
// it may, and may be nil.
func (s *shell) openGrant(row *inventory.Row, done func()) {
	if s.noJournal() {
		return
	}
	d := parts.NewDialog(s.win.Canvas(), lang.X("grantForm.title", "Let an account use this key"), row.Certificate.CommonName(), 520, 400)
	field := parts.NewField(`IIS AppPool\DefaultAppPool`)
	problem, note := parts.VBox(0), parts.VBox(0)
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, parts.VBox(8, parts.Labelled(lang.X("grantForm.account", "Account"), field),
		parts.SmallPara(lang.X("grantForm.text", `A user is written COMPUTER\name or DOMAIN\name, an application pool IIS AppPool\name, a service NT SERVICE\name or NETWORK SERVICE. The account may sign and decrypt with the key; everybody else keeps what they have.`)),
		note, problem))))
	cancel := parts.Secondary("", lang.X("button.cancel", "Cancel"), d.Close)
	var grant *parts.Button
	text := lang.X("grantForm.yes", "Grant")
	if s.wayOf(row) == elevate.Helper {
		text = lang.X("rights.continue", "Continue as administrator")
		note.Add(parts.SmallPara(rightsText()))
	}
	grant = parts.Primary("key", text, func() {
		account := strings.TrimSpace(field.Text)
		if account == "" {
			s.win.Canvas().Focus(field)
			return
		}
		grant.Disable()
		s.permit(row, certstore.KeyChange{Account: account}, func(err error) {
			grant.Enable()
			if err != nil {
				problem.Objects = []fyne.CanvasObject{problemBanner(cause(err), nil)}
				problem.Refresh()
				return
			}
			d.Close()
			if done != nil {
				done()
			}
		})
	})
	d.SetNote(lang.X("grant.note", "You can undo this afterwards."))
	d.SetButtons(grant, cancel, grant)
	d.Show()
	s.win.Canvas().Focus(field)
}

// openRevoke asks before an account loses a key.
func (s *shell) openRevoke(row *model.Row, u certstore.KeyUser) {
	if s.noJournal() {
		return
	}
	w := words{"Account": u.Account, "Name": row.Name}
	s.ask(s.wayOf(row.Row), question{title: lang.X("revoke.title", "Take the key from {{.Account}}?", w),
		text: lang.X("revoke.text", "Programs that run as {{.Account}} can no longer sign or decrypt with the key of {{.Name}}.", w),
		yes:  lang.X("revoke.yes", "Revoke"), icon: "key-missing", danger: true, note: lang.X("grant.note", "You can undo this afterwards.")},
		func() {
			s.permit(row.Row, certstore.KeyChange{Account: u.SID, Revoke: true}, func(err error) {
				if err != nil {
					s.showProblem(lang.X("revoke.problem", "Not revoked"), cause(err))
				}
			})
		})
}

// permit plans and carries out a change, and calls done on the UI goroutine.
func (s *shell) permit(row *inventory.Row, c certstore.KeyChange, done func(error)) {
	ctx, end := s.wait(s.wayOf(row), lang.X("grant.changing", "Changing who may use the key…"))
	go func() {
		p, id, err := s.changes().Permit(ctx, row, c)
		fyne.Do(func() {
			end()
			done(err)
			if err != nil {
				return
			}
			s.sayPermitted(p, id)
			s.reload()
		})
	}()
}

func (s *shell) sayPermitted(p *importer.Permission, id string) {
	w := words{"Account": p.Account(), "Name": p.Row.Certificate.CommonName()}
	switch {
	case !p.Needed() && p.Change.Revoke:
		s.say(lang.X("revoke.already", "No entry gives the key to {{.Account}}", w))
	case !p.Needed():
		s.say(lang.X("grant.already", "{{.Account}} may use the key already", w))
	case p.Change.Revoke:
		s.sayWithUndo(lang.X("revoke.done", "{{.Account}} can no longer use the key of {{.Name}}", w), id)
	default:
		s.sayWithUndo(lang.X("grant.done", "{{.Account}} may use the key of {{.Name}} now", w), id)
	}
}
