package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/online"
	"certdesk/ui/parts"
)

// acceptance says what must be trusted where so that services of this
// computer accept the certificate.
func (v *detailView) acceptance() fyne.CanvasObject {
	a := v.detail.Acceptance
	kind, title := parts.KindInfo, lang.X("accept.no", "What must be trusted where")
	if a.Accepted {
		kind, title = parts.KindOK, lang.X("accept.yes", "Accepted by this computer")
	}
	list := parts.VBox(5, parts.Body(title).Bold(), parts.SmallPara(a.Text))
	for i, x := range a.Actions {
		var button fyne.CanvasObject
		if x.Do == chain.Add && x.Store == "root" && !a.User { // a root that the user trusts is trusted for the machine by importing it there
			if rows := v.rowsWith(x); rows != nil {
				button = parts.Pad(0, 0, 8, 0, parts.Middle(parts.SmallButton("shield", lang.X("fix.trust", "Trust…"), rows)))
			}
		}
		list.Add(parts.Border(nil, nil, parts.Fixed(18, -1, parts.VBox(0, parts.Small(strconv.Itoa(i+1)+"."))), button, parts.NewParagraph(x.Text, 12, parts.Text)))
	}
	return parts.Card(parts.Pad(9, 9, 11, 11, parts.Border(nil, nil, parts.Pad(0, 0, 0, 9, parts.VBox(0, parts.KindIcon(kind, 17))), nil, list)))
}

// rowsWith returns what trusts the certificate of x, nil if it is not listed.
func (v *detailView) rowsWith(x chain.Action) func() {
	snapshot, err := v.shell.list.Snapshot.Get()
	if err != nil || snapshot == nil {
		return nil
	}
	for _, r := range snapshot.Inventory.At(x.Certificate.Fingerprint()) {
		if row := v.shell.rowOf(r); row != nil && x.Certificate.IsCA() {
			return func() { v.shell.startTrust(row) }
		}
	}
	return nil
}

// revocation is a button that asks the network, and then its answers.
func (v *detailView) revocation() fyne.CanvasObject {
	box := parts.VBox(8)
	d := v.detail
	var ask *parts.Button
	ask = parts.SmallButton("globe", lang.X("revocation.ask", "Check revocation"), func() {
		ask.Disable()
		ask.SetText(lang.X("revocation.asking", "Asking the CA…"))
		go func() {
			answers := d.AskRevocation(v.shell.ctx)
			fyne.Do(func() {
				if v.detail != d {
					return
				}
				ask.Enable()
				ask.SetText(lang.X("revocation.again", "Check again"))
				box.Objects = []fyne.CanvasObject{parts.Start(ask), parts.List(revocationRows(answers)...)}
				v.body.Refresh()
			})
		}()
	})
	box.Add(parts.HBox(10, ask, parts.Middle(parts.Small(lang.X("revocation.note", "Asks the CA's server over the network")))))
	return box
}

func revocationRows(answers []online.Answer) []fyne.CanvasObject {
	if len(answers) == 0 {
		return []fyne.CanvasObject{probeRow(parts.KindInfo, lang.X("revocation.self", "Nothing to ask"), lang.X("revocation.selfText", "A root is not revoked by anybody else"), false, nil)}
	}
	var rows []fyne.CanvasObject
	for _, a := range answers {
		kind, text, advice := parts.KindOK, lang.X("revocation.good", "Not revoked, says {{.By}} of {{.Date}}", words{"By": a.By, "Date": date(a.ThisUpdate)}), a.Note
		if fs := online.Findings([]online.Answer{a}, finding.Any); len(fs) > 0 {
			w := finding.WordsOf(fs[0])
			kind, text, advice = severityKind(fs[0].Severity), w.Message, w.Advice
		}
		body := parts.VBox(2, parts.NewParagraph(a.Certificate.CommonName(), 13, parts.Text), parts.SmallPara(text))
		if advice != "" {
			body.Add(parts.NewParagraph(advice, 12, parts.Text))
		}
		rows = append(rows, parts.Pad(7, 7, 11, 11, parts.Border(nil, nil, parts.Pad(0, 0, 0, 9, parts.VBox(0, parts.KindIcon(kind, 16))), nil, body)))
	}
	return rows
}

const pathsListed = 6 // beside the best one

// otherPaths lists the other ways to a root, in words.
func (v *detailView) otherPaths() fyne.CanvasObject {
	paths := v.detail.Paths.Paths[1:]
	if len(paths) == 0 {
		return parts.Gap(1, 0)
	}
	list := parts.VBox(6, parts.Body(plural(len(paths), lang.X("paths.one", "1 other path"), lang.X("paths.many", "{{.N}} other paths", words{"N": strconv.Itoa(len(paths))}))).Bold())
	for _, p := range paths[:min(pathsListed, len(paths))] {
		text := ""
		for i := len(p.Links) - 1; i >= 0; i-- {
			l := p.Links[i]
			state, _ := linkWords(l)
			if text != "" {
				text += "  ›  "
			}
			text += l.Name + " (" + state + ")"
		}
		list.Add(parts.SmallPara(text))
		for _, f := range p.Findings {
			if f.Severity == finding.Error {
				list.Add(parts.NewParagraph(finding.WordsOf(f).Message, 12, parts.Err))
			}
		}
	}
	return parts.Card(parts.Pad(9, 9, 11, 11, list))
}
