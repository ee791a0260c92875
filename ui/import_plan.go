package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certificate"
	"certdesk/internal/check"
	"certdesk/internal/elevate"
	"certdesk/internal/finding"
	"certdesk/internal/placement"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// importPlan is the second screen: what goes where, and why.
type importPlan struct {
	view   *importView
	scroll fyne.CanvasObject
	body   *fyne.Container
	trust  map[certificate.Fingerprint]*parts.Check // kept, so that the keyboard stays where it is
	move   *parts.Check
	start  *parts.Button
	back   *parts.Button
}

func newImportPlan(v *importView) *importPlan {
	p := &importPlan{view: v, body: parts.VBox(12), trust: map[certificate.Fingerprint]*parts.Check{}}
	p.scroll = parts.Page(parts.Pad(2, 14, 24, 24, p.body))
	p.move = parts.NewCheck(lang.X("import.moveIt", "Move it"), "", v.model.SetMove)
	p.start = parts.Primary("", lang.X("import.start", "Import"), p.goOn)
	p.back = parts.Secondary("", lang.X("button.back", "Back"), v.model.Back)
	return p
}

func (p *importPlan) show(st *model.ImportState, fresh bool) {
	if fresh {
		clear(p.trust)
	}
	p.body.Objects = nil
	if st.PlanErr != nil {
		p.body.Add(problemBanner(st.PlanErr, nil))
	}
	switch err := st.Plan.Problem; p.way(st) {
	case elevate.Helper:
		p.body.Add(parts.Banner(parts.KindInfo, lang.X("import.needsAdministrator", "The machine's stores belong to administrators"), rightsText(), nil))
	case elevate.Sudo:
		title, _ := problemText(err)
		p.body.Add(parts.Banner(parts.KindError, title, lang.X("import.needsRoot", "The machine's stores belong to root. Import for the current user instead, or let certctl do it."), nil))
		p.body.Add(p.view.shell.rootBox(elevate.ImportCommands(st.Plan)))
	case elevate.Never:
		title, todo := problemText(err)
		p.body.Add(parts.Banner(parts.KindError, title, todo, nil))
	}
	if st.Plan.Options.Target != nil {
		p.body.Add(p.targetBox(st))
	}
	p.body.Add(p.items(st))
	if len(st.Moves) > 0 {
		p.body.Add(p.moveBanner(st))
	}
	if row := verdictRow(lang.X("import.passes", "What it is good for"), st.Verdicts, said(st.Plan.Items)); row != nil {
		p.body.Add(row)
	}
	if notes := p.notes(st); notes != nil {
		p.body.Add(notes)
	}
	p.showFooter(st)
	p.body.Refresh()
}

// notes are the findings about the file.
func (p *importPlan) notes(st *model.ImportState) fyne.CanvasObject {
	box := parts.VBox(4)
	for _, f := range st.Plan.Findings {
		box.Add(warningLine(f))
	}
	if len(box.Objects) == 0 {
		return nil
	}
	return box
}

func (p *importPlan) showFooter(st *model.ImportState) {
	add, move := st.Changes()
	text := lang.X("import.nothingToDo", "Nothing to import")
	switch {
	case add > 0 && move > 0:
		text = lang.X("import.startMove", "Import {{.N}}, move {{.M}}", words{"N": add, "M": move})
	case add > 0:
		text = lang.X("import.startN", "Import {{.N}}", words{"N": add})
	case move > 0:
		text = lang.X("import.moveN", "Move {{.M}}", words{"M": move})
	}
	if p.way(st) == elevate.Helper {
		text = lang.X("rights.continue", "Continue as administrator")
	}
	p.start.SetText(text)
	p.start.SetEnabled(add+move > 0 && usable(p.way(st)) && !st.Planning)
	note := parts.NoteLine("undo", lang.X("import.canUndo", "You can undo this import afterwards."), parts.Text2)
	if add+move == 0 {
		note = parts.NoteLine("info", lang.X("import.allThere", "Everything in this file is here already, or is left out."), parts.Text2)
		if len(st.Plan.Asks()) > 0 {
			note = parts.NoteLine("info", lang.X("import.onlyAsks", "Tick the root to import it."), parts.Text2)
		}
	}
	if !usable(p.way(st)) {
		note = parts.HBox(0)
	}
	w := p.view.wizard
	w.SetButtons(p.start, p.back, p.start)
	if add+move == 0 && len(st.Plan.Asks()) == 0 {
		shut := parts.Primary("", lang.X("button.close", "Close"), p.view.next)
		w.SetButtons(shut, p.back, shut)
	}
	w.SetPage(1, lang.X("import.where", "Where each certificate goes"), lang.X("import.holds", "{{.File}} holds {{.What}}.",
		words{"File": st.Source.Name, "What": contentWords(st)}), p.scroll, note)
}

// way returns how the plan can be carried out.
func (p *importPlan) way(st *model.ImportState) elevate.Way {
	services := p.view.shell.services
	return services.Elevator.WayTo(st.Plan.Options.Location, st.Plan.Problem, services.System)
}

func (p *importPlan) goOn() {
	st := p.view.model.State()
	if add, move := st.Changes(); add+move > 0 && usable(p.way(&st)) && !st.Planning {
		p.view.apply()
	}
}

var planShares = []float32{.53, .47}

// items lists the plan.
func (p *importPlan) items(st *model.ImportState) fyne.CanvasObject {
	head := parts.Stack(parts.Fill(parts.Header).Round(5, 5, 0, 0), parts.Pad(6, 6, 12, 12, parts.Columns(12, planShares,
		parts.Small(lang.X("plan.inFile", "In the file")),
		parts.Small(lang.X("plan.goesTo", "Goes to, on {{.Location}}", words{"Location": locationName(st.Plan.Options.Location)})).Shrink())))
	rows := []fyne.CanvasObject{head}
	for i := range st.Plan.Items {
		rows = append(rows, p.item(st, &st.Plan.Items[i]))
	}
	if len(st.Plan.Items) == 0 {
		rows = append(rows, parts.Pad(12, 12, 12, 12, parts.Para(lang.X("plan.empty", "There is no certificate in this file. A private key is stored together with its certificate: import a file that holds both, or import the certificate first."))))
	}
	return parts.List(rows...)
}

// item is one certificate of the plan.
func (p *importPlan) item(st *model.ImportState, it *placement.Item) fyne.CanvasObject {
	c := it.Certificate
	if it.Role == certificate.Root && (it.Action == placement.Ask || st.Options.Trust[c.Fingerprint()]) {
		return planRow(it, p.trustBox(st, c))
	}
	return planRow(it, nil)
}

// planRow shows one line of a plan; trust, what asks whether a root is to be
// trusted, may be nil.
func planRow(it *placement.Item, trust fyne.CanvasObject) fyne.CanvasObject {
	c := it.Certificate
	role := parts.Text
	if it.Action == placement.AlreadyThere || it.Action == placement.Skip {
		role = parts.Text2
	}
	left := parts.VBox(2, parts.NewLabel(c.CommonName(), 13, role).Bold().Shrink(), parts.Small(roleWords(c, it.HasKey())).Shrink())
	if chip := itemChip(it); chip != nil {
		left.Add(parts.Pad(3, 0, 0, 0, parts.Start(chip)))
	}
	if len(it.Findings) > 0 && it.Findings[0].Severity != finding.Info {
		left.Add(parts.Pad(2, 0, 0, 0, parts.SmallPara(finding.WordsOf(it.Findings[0]).Message)))
	}
	left = parts.Border(nil, nil, parts.Pad(1, 0, 0, 10, parts.VBox(0, parts.NewIcon(certIcon(c), 22, parts.Text2))), nil, left)
	right := parts.VBox(2, parts.Border(nil, nil, parts.Pad(0, 0, 0, 6, parts.Middle(parts.NewIcon("arrow", 13, parts.Text3))), nil,
		parts.NewLabel(targetWords(it), 13, role).Shrink()), parts.SmallPara(it.Reason))
	row := parts.VBox(8, parts.Columns(12, planShares, left, right))
	if it.KeyPlan != nil {
		row.Add(parts.Pad(0, 0, 32, 0, keyPlanBox(it.KeyPlan)))
	}
	if trust != nil {
		row.Add(parts.Pad(0, 0, 32, 0, trust))
	}
	return parts.Pad(9, 9, 12, 12, row)
}

// trustBox asks whether a root is to be trusted, beside its SHA-256.
func (p *importPlan) trustBox(st *model.ImportState, c *certificate.Certificate) fyne.CanvasObject {
	fp := c.Fingerprint()
	tick, ok := p.trust[fp]
	if !ok {
		tick = parts.NewCheck(lang.X("plan.trust", "Trust this root"), "", func(yes bool) { go p.view.model.Trust(p.view.ctx, fp, yes) })
		p.trust[fp] = tick
	}
	tick.SetChecked(st.Options.Trust[fp])
	return trustCard(tick, c)
}

// trustCard shows the SHA-256 of a root below what is ticked to trust it.
func trustCard(tick *parts.Check, c *certificate.Certificate) fyne.CanvasObject {
	return parts.SoftCard(parts.WarnSoft, parts.Pad(7, 8, 10, 10, parts.VBox(4, tick,
		parts.SmallPara(lang.X("plan.compare", "Only after comparing its SHA-256 with what its owner publishes:")),
		parts.NewParagraph(grouped(c.Fingerprint().String()), 12, parts.Text).Mono())))
}

// grouped puts a space after each four digits, and breaks after half of them.
func grouped(digits string) string {
	var b strings.Builder
	for i, r := range digits {
		switch {
		case i > 0 && i == len(digits)/2:
			b.WriteByte('\n')
		case i > 0 && i%4 == 0:
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// targetWords says where an item goes.
func targetWords(it *placement.Item) string {
	switch it.Action {
	case placement.AlreadyThere:
		return lang.X("plan.there", "{{.Store}}, already there", words{"Store": storeName(it.Store)})
	case placement.Skip:
		return lang.X("plan.skip", "Left out")
	case placement.Ask:
		return lang.X("plan.ask", "Not imported")
	}
	return storeName(it.Store)
}

func itemChip(it *placement.Item) fyne.CanvasObject {
	switch it.Action {
	case placement.AlreadyThere:
		return parts.Chip(lang.X("plan.chip.there", "Already present"), parts.KindSkip)
	case placement.Skip:
		return parts.Chip(lang.X("plan.chip.skip", "Left out"), parts.KindSkip)
	}
	if worst := finding.Worst(it.Findings); worst == finding.Error || worst == finding.Warning {
		return parts.Chip(finding.WordsOf(it.Findings[0]).Short, severityKind(worst))
	}
	switch {
	case it.Action == placement.Ask:
		return parts.Chip(lang.X("plan.chip.ask", "Needs your yes"), parts.KindWarning)
	case it.Action == placement.Replace && it.HasKey():
		return parts.Chip(lang.X("plan.chip.key", "Key is added"), parts.KindOK)
	case it.HasKey():
		return parts.Chip(lang.X("plan.chip.ready", "Ready to use"), parts.KindOK)
	}
	return nil
}

// roleWords says what kind of certificate c is, in a file with its key or
// without.
func roleWords(c *certificate.Certificate, hasKey bool) string {
	switch c.Role() {
	case certificate.Root:
		return lang.X("role.rootLong", "Root CA, self-signed")
	case certificate.Intermediate:
		return lang.X("role.intermediateLong", "Intermediate CA, issued by {{.Issuer}}", words{"Issuer": c.IssuerName()})
	}
	name := roleName(c)
	if ps := check.Purposes(c); c.Role() == certificate.EndEntity && len(ps) > 0 {
		name = lang.X("role.certificateFor", "{{.Purpose}} certificate", words{"Purpose": purposeName(ps[0])})
	}
	if hasKey {
		return lang.X("role.withKey", "{{.Role}} with private key", words{"Role": name})
	}
	return lang.X("role.withoutKey", "{{.Role}}, no private key", words{"Role": name})
}

// moveBanner offers to move copies that stand in the wrong store.
func (p *importPlan) moveBanner(st *model.ImportState) fyne.CanvasObject {
	m := st.Moves[0]
	w := words{"Name": m.Row.Certificate.CommonName(), "From": placeName(m.Row.Location, m.Row.Store), "To": storeName(m.Store), "N": len(st.Moves)}
	title := lang.X("plan.misplaced", "A copy of {{.Name}} stands in the wrong store", w)
	text := lang.X("plan.misplacedText", "It is in {{.From}} and belongs in {{.To}}.", w)
	if len(st.Moves) > 1 {
		title = lang.X("plan.misplacedN", "{{.N}} certificates of this file stand in the wrong store", w)
		text = lang.X("plan.misplacedTextN", "{{.Name}} for one is in {{.From}} and belongs in {{.To}}.", w)
	}
	p.move.SetChecked(st.Move)
	return parts.Banner(parts.KindWarning, title, text, p.move)
}

// said returns the ids of the findings that the list of items explains.
func said(items []placement.Item) map[string]bool {
	ids := map[string]bool{}
	for _, it := range items {
		if len(it.Findings) > 0 && it.Findings[0].Severity != finding.Info {
			ids[it.Findings[0].ID] = true
		}
	}
	return ids
}

// verdictRow shows for which purposes a certificate is good, and if it is not,
// why, unless that was said.
func verdictRow(title string, vs []check.Verdict, said map[string]bool) fyne.CanvasObject {
	if len(vs) == 0 {
		return nil
	}
	row, text := []fyne.CanvasObject{parts.Middle(parts.NewLabel(title, 13, parts.Text2))}, parts.VBox(2)
	for _, v := range vs {
		row = append(row, parts.Chip(purposeName(v.Purpose), verdictKind(v.Verdict)))
		if v.Verdict != check.Works && len(v.Findings) > 0 && !said[v.Findings[0].ID] {
			text.Add(parts.SmallPara(finding.WordsOf(v.Findings[0]).Message))
		}
	}
	return parts.VBox(4, parts.Wrap(8, row...), text)
}
