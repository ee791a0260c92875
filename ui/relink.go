package ui

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/check"
	"certdesk/internal/elevate"
	"certdesk/ui/model"
)

// findLost looks for the key of the certificate that is shown if it has lost
// the link to it, and judges again when it is there.
func (v *detailView) findLost() {
	d := v.detail
	v.lost = nil
	v.looks++
	mine := v.looks
	if d.Row == nil || v.shell.importer == nil {
		return
	}
	go func() {
		lost, err := check.LostKey(v.shell.ctx, v.shell.services.Store, d.Row.Row)
		if err != nil || lost == nil { // then the findings stand as they are
			return
		}
		fyne.Do(func() {
			if v.detail != nil && mine == v.looks {
				v.lost = lost
				v.ask(func(*asked) {})
			}
		})
	}()
}

// startRelink asks, and links a certificate to its private key again.
func (s *shell) startRelink(row *model.Row) {
	if s.noJournal() {
		return
	}
	problem := lang.X("relink.problem", "The key was not linked")
	way := s.wayOf(row.Row)
	go func() {
		plan, err := s.importer.PlanRelink(s.ctx, row.Row)
		fyne.Do(func() {
			w := words{"Name": row.Name}
			done := lang.X("relink.done", "{{.Name}} is linked to its private key again", w)
			q := question{title: lang.X("relink.title", "Link {{.Name}} to its private key?", w), yes: lang.X("relink.yes", "Link"), icon: "key", note: lang.X("grant.note", "You can undo this afterwards."), height: 240}
			switch {
			case err != nil && way == elevate.Helper && errors.Is(err, certstore.ErrNotFound):
				q.text = lang.X("relink.look", "Keys of the machine can only be looked at by an administrator. If its private key is among them, the certificate is made to lead to it, and the key proves itself by a signature; if that fails, nothing is changed.")
			case err != nil:
				s.showProblem(problem, cause(err))
				return
			case !plan.Needed():
				s.say(done)
				s.reload()
				return
			default:
				q.text = lang.X("relink.text", "Its private key is on this computer: {{.Key}}. The certificate is made to lead to it, and the key proves itself by a signature; if that fails, nothing is changed.", words{"Key": plan.Found.Found.String()})
			}
			s.ask(way, q, func() {
				ctx, end := s.wait(way, lang.X("relink.linking", "Linking the key…"))
				go func() {
					id, err := s.changes().Relink(ctx, row.Row)
					fyne.Do(func() {
						end()
						if err != nil {
							s.showProblem(problem, cause(err))
							return
						}
						s.sayWithUndo(done, id)
						s.reload()
					})
				}()
			})
		})
	}()
}
