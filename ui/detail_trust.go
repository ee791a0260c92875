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

// network are buttons that ask the CA's servers, and then their answers.
func (v *detailView) network() fyne.CanvasObject {
	d := v.detail
	answer := parts.VBox(8)
	proxy := parts.NewField(lang.X("online.proxyHint", "Proxy, if one is needed: http://host:port"))
	proxy.SetText(v.proxy)
	proxy.OnChanged = func(text string) { v.proxy = text }
	buttons := parts.HBox(8)
	ask := func(name string, work func(proxy string) func() fyne.CanvasObject) {
		var b *parts.Button
		b = parts.SmallButton("globe", name, func() {
			b.Disable()
			b.SetText(lang.X("revocation.asking", "Asking the CA…"))
			through := v.proxy
			go func() {
				show := work(through)
				fyne.Do(func() {
					if v.detail != d {
						return
					}
					b.Enable()
					b.SetText(name)
					if o := show(); o != nil {
						answer.Objects = []fyne.CanvasObject{o}
						v.body.Refresh()
					}
				})
			}()
		})
		buttons.Add(b)
	}
	problem := func(err error) fyne.CanvasObject { return problemBanner(err, nil) }
	ask(lang.X("revocation.ask", "Check revocation"), func(through string) func() fyne.CanvasObject {
		answers, err := d.AskRevocation(v.shell.ctx, through)
		if err != nil {
			return func() fyne.CanvasObject { return problem(err) }
		}
		return func() fyne.CanvasObject { return parts.List(revocationRows(answers)...) }
	})
	if snapshot, err := v.shell.list.Snapshot.Get(); err == nil && snapshot != nil && !d.Paths.Best().Complete() {
		ask(lang.X("aia.ask", "Fetch the missing issuer"), func(through string) func() fyne.CanvasObject {
			again, tried, err := d.FetchIssuers(v.shell.ctx, snapshot, through)
			switch {
			case err != nil:
				return func() fyne.CanvasObject { return problem(err) }
			case len(again.Chain) > len(d.Chain) || again.Paths.Best().Complete():
				return func() fyne.CanvasObject { v.present(again); return nil }
			}
			return func() fyne.CanvasObject { return parts.List(fetchRows(tried)...) }
		})
	}
	return parts.VBox(8, parts.Border(nil, nil, parts.Pad(0, 0, 0, 10, parts.Middle(buttons)), nil, proxy),
		parts.Small(lang.X("revocation.note", "Asks the CA's server over the network")), answer)
}

// fetchRows says why no other issuer was fetched.
func fetchRows(tried []online.Attempt) []fyne.CanvasObject {
	if len(tried) == 0 {
		return []fyne.CanvasObject{probeRow(parts.KindInfo, lang.X("aia.none", "Nowhere to ask"), lang.X("aia.noneText", "The certificate names no address of its issuer's certificate. Ask the CA for it."), false, nil)}
	}
	var rows []fyne.CanvasObject
	for _, t := range tried {
		if t.Err == nil {
			rows = append(rows, probeRow(parts.KindOK, t.URL, lang.X("aia.fetched", "Fetched; it names no address of its own issuer that helps"), false, nil))
			continue
		}
		rows = append(rows, probeRow(parts.KindWarning, t.URL, t.Err.Error(), false, nil))
	}
	return rows
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
