package ui

import (
	"cmp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/check/report"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/placement"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// fixButton returns the button for what this program can do about a finding,
// or nil.
func (v *detailView) fixButton(f finding.Finding) fyne.CanvasObject {
	s, row := v.shell, v.detail.Row
	switch f.Fix {
	case finding.FixMove:
		to := certstore.Name(f.Params["to"])
		if row == nil || to == "" || s.wayOf(row.Row) == elevate.Never {
			return nil
		}
		loc := cmp.Or(certstore.Location(f.Params["location"]), row.Location)
		name := lang.X("fix.move", "Move to {{.Store}}", words{"Store": placement.Title(to)})
		if loc != row.Location {
			name = lang.X("fix.move", "Move to {{.Store}}", words{"Store": placeName(loc, to)})
		}
		return parts.SmallButton("move", name, func() { s.startMove(s.rowsOf(row), loc, to) })
	case finding.FixTrust:
		root := v.detail.Chain[len(v.detail.Chain)-1].Row
		if root == nil || s.wayOf(root) == elevate.Never {
			return nil
		}
		return parts.SmallButton("shield", lang.X("fix.trust", "Trust…"), func() {
			if r := s.rowOf(root); r != nil {
				s.startTrust(r)
			}
		})
	case finding.FixGrant:
		if row == nil || !usable(s.wayOf(row.Row)) {
			return nil
		}
		account := f.Params["account"]
		return parts.SmallButton("key", lang.X("fix.grant", "Allow {{.Account}}…", words{"Account": account}), func() { v.askGrant(row, account) })
	case finding.FixRelink:
		if row == nil || !usable(s.wayOf(row.Row)) {
			return nil
		}
		return parts.SmallButton("key", lang.X("fix.relink", "Link the key again…"), func() { s.startRelink(row) })
	case finding.FixImport:
		if (f.ID == "C-05" || f.ID == "K-01") && row != nil && s.wayOf(row.Row) == elevate.Helper { // the machine's keys are closed to this user
			return parts.SmallButton("key", lang.X("fix.look", "Look for its key…"), func() { s.startRelink(row) })
		}
		return parts.SmallButton("import", lang.X("toolbar.import", "Import…"), func() { s.startImport(nil) })
	}
	if text := report.Request(v.detail.Subject, f); text != "" {
		return parts.SmallButton("copy", lang.X("fix.ask", "Copy request text"), func() { s.copyText(text) })
	}
	return nil
}

// askGrant asks, and lets an account use the key of a row.
func (v *detailView) askGrant(row *model.Row, account string) {
	s := v.shell
	if s.noJournal() {
		return
	}
	w := words{"Account": account, "Name": row.Name}
	s.ask(s.wayOf(row.Row), question{title: lang.X("grant.title", "Let {{.Account}} use the key?", w), yes: lang.X("grant.yes", "Allow"), icon: "key",
		text: lang.X("grant.text", "Whatever runs as {{.Account}} can then sign and decrypt with the private key of {{.Name}}. Undo takes it back.", w)}, func() {
		s.permit(row.Row, certstore.KeyChange{Account: account}, func(err error) {
			if err != nil {
				s.showProblem(lang.X("grant.problem", "The account was not let in"), cause(err))
				return
			}
			v.ask(func(*asked) {})
		})
	})
}
