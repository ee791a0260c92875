package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/internal/placement"
	"certdesk/ui/parts"
)

// findingsTab says for a purpose what is wrong, worst first, each with what
// to do.
func (v *detailView) findingsTab() fyne.CanvasObject {
	names, chosen := []string{}, 0
	for i, x := range v.detail.Verdicts {
		names = append(names, purposeName(x.Purpose))
		if x.Purpose == v.verdict().Purpose {
			chosen = i
		}
	}
	picker := parts.NewDropdown(names, chosen, func(i int) {
		v.purpose = v.detail.Verdicts[i].Purpose
		v.showTab()
	})
	verdict := v.verdict()
	report := parts.SmallButton("copy", lang.X("findings.copy", "Copy report"), func() { v.shell.copyText(v.report()) })
	top := parts.Border(nil, nil, parts.HBox(8, parts.Middle(parts.Small(lang.X("findings.for", "Use it for"))), picker), parts.Middle(report))
	list := parts.VBox(0)
	for i, f := range verdict.Findings {
		if i > 0 {
			list.Add(parts.FaintHLine())
		}
		list.Add(v.findingRow(f))
	}
	body := parts.VBox(10, top, parts.Banner(verdictKind(verdict.Verdict), verdictTitle(verdict), verdictText(verdict.Findings), nil))
	if len(verdict.Findings) > 0 {
		body.Add(parts.Stack(parts.Outlined(parts.Content, parts.Line, 6), parts.Pad(1, 1, 1, 1, list)))
	}
	return parts.Page(parts.Pad(10, 12, 14, 16, body))
}

func verdictText(fs []finding.Finding) string {
	if len(fs) == 0 {
		return lang.X("findings.none", "Nothing speaks against it.")
	}
	return ""
}

func (v *detailView) findingRow(f finding.Finding) fyne.CanvasObject {
	w, kind := finding.WordsOf(f), severityKind(f.Severity)
	role, _ := kind.Roles()
	text := parts.VBox(2, parts.NewParagraph(w.Title, 13, parts.Text).Bold(), parts.NewParagraph(w.Message, 12, parts.Text2))
	if w.Advice != "" {
		text.Add(parts.NewParagraph(w.Advice, 12, parts.Text))
	}
	if f.Source != "" {
		text.Add(parts.NewLabel(f.ID+" · "+f.Source, 11, parts.Text3).Shrink())
	}
	var fix fyne.CanvasObject
	if b := v.fixButton(f, w); b != nil {
		fix = parts.Pad(0, 0, 8, 0, parts.Middle(b))
	}
	return parts.Border(nil, nil, parts.Fixed(3, -1, parts.Fill(role)), nil,
		parts.Pad(8, 9, 11, 12, parts.Border(nil, nil, parts.VBox(0, parts.Pad(1, 0, 0, 10, parts.KindIcon(kind, 17))), fix, text)))
}

// fixButton returns the button for what this program can do about a finding,
// or nil.
func (v *detailView) fixButton(f finding.Finding, w finding.Words) fyne.CanvasObject {
	s, row := v.shell, v.detail.Row
	switch f.Fix {
	case finding.FixMove:
		to := certstore.Name(f.Params["to"])
		if row == nil || row.ReadOnly || to == "" {
			return nil
		}
		return parts.SmallButton("move", lang.X("fix.move", "Move to {{.Store}}", words{"Store": placement.Title(to)}), func() { s.startMove(s.rowsOf(row), row.Location, to) })
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
	case finding.FixImport:
		return parts.SmallButton("import", lang.X("toolbar.import", "Import…"), func() { s.startImport(nil) })
	case finding.FixAsk:
		return parts.SmallButton("copy", lang.X("fix.ask", "Copy request text"), func() { s.copyText(v.requestText(w)) })
	}
	return nil
}

// requestText is what to send to the CA about a finding.
func (v *detailView) requestText(w finding.Words) string {
	c := v.detail.Certificate
	return strings.TrimSpace(lang.X("fix.requestText", "About the certificate {{.Subject}}, serial number {{.Serial}}, issued by {{.Issuer}}:",
		words{"Subject": c.Subject().String(), "Serial": c.Serials().Windows, "Issuer": c.Issuer().String()}) + "\n\n" + w.Message + " " + w.Advice)
}

// report is the findings as text.
func (v *detailView) report() string {
	c, verdict := v.detail.Certificate, v.verdict()
	var b strings.Builder
	b.WriteString(c.Subject().String() + "\nSerial number " + c.Serials().Windows + "\nSHA-256 " + c.Fingerprint().String() + "\n\n" + verdictTitle(verdict) + "\n")
	for _, f := range verdict.Findings {
		w := finding.WordsOf(f)
		b.WriteString("\n" + string(f.Severity) + " " + f.ID + ": " + w.Title + "\n" + w.Message + "\n")
		if w.Advice != "" {
			b.WriteString(w.Advice + "\n")
		}
	}
	return b.String()
}
