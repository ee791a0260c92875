package ui

import (
	"cmp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/check/report"
	"certdesk/internal/finding"
	"certdesk/internal/placement"
	"certdesk/ui/parts"
)

// fixButton returns the button for what this program can do about a finding,
// or nil.
func (v *detailView) fixButton(f finding.Finding) fyne.CanvasObject {
	s, row := v.shell, v.detail.Row
	switch f.Fix {
	case finding.FixMove:
		to := certstore.Name(f.Params["to"])
		if row == nil || row.ReadOnly || to == "" {
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
		if root == nil || root.ReadOnly {
			return nil
		}
		return parts.SmallButton("shield", lang.X("fix.trust", "Trust…"), func() {
			if r := s.rowOf(root); r != nil {
				s.startTrust(r)
			}
		})
	case finding.FixImport, finding.FixRelink:
		return parts.SmallButton("import", lang.X("toolbar.import", "Import…"), func() { s.startImport(nil) })
	}
	if text := report.Request(v.detail.Subject, f); text != "" {
		return parts.SmallButton("copy", lang.X("fix.ask", "Copy request text"), func() { s.copyText(text) })
	}
	return nil
}
