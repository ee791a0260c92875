package ui

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/check"
	"certdesk/internal/check/report"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// What is asked on the findings tab besides the purpose.
type asked struct {
	host    string
	usedBy  keyusage.Consumer
	account string // that is to use the private key
}

// findingsTab has a verdict for each purpose on the left, and on the right
// what is wrong for the one that is chosen: worst first, each with what to do.
func (v *detailView) findingsTab() fyne.CanvasObject {
	v.purposes = parts.Page(parts.Pad(8, 10, 6, 6, v.purposeList()))
	left := parts.Fixed(212, -1, parts.Fill(parts.Chrome), parts.Border(nil, nil, nil, parts.VLine(), v.purposes))
	return parts.Border(nil, nil, left, nil, parts.Page(parts.Pad(10, 12, 14, 16, v.verdictPage())))
}

var purposeIcons = map[finding.Purpose]string{finding.Client: "user", finding.Server: "globe", finding.EmailSign: "users", finding.EmailEncrypt: "lock",
	finding.Code: "wrench", finding.Document: "file", finding.CA: "layers"}

// purposeList chooses the purpose; up and down move the choice.
func (v *detailView) purposeList() fyne.CanvasObject {
	list := parts.VBox(0, parts.Pad(0, 3, 8, 6, parts.Small(lang.X("findings.for", "Use it for")).Bold()))
	for i, x := range v.detail.Verdicts {
		chosen := x.Purpose == v.verdict().Purpose
		fill, label := parts.Clear, parts.Body(purposeName(x.Purpose)).Shrink()
		if chosen {
			fill, label = parts.Selected, label.Bold()
		}
		row := parts.Fixed(-1, 27, parts.Border(nil, nil, parts.Pad(0, 0, 8, 8, parts.Middle(parts.NewIcon(purposeIcons[x.Purpose], 16, parts.Text2))),
			parts.Pad(0, 0, 4, 8, parts.Middle(parts.KindIcon(verdictKind(x.Verdict), 16))), parts.Middle(label)))
		press := parts.NewPress(row, fill, "", 4, func() { v.choosePurpose(i) })
		press.OnKey = func(k fyne.KeyName) {
			switch k {
			case fyne.KeyDown:
				v.choosePurpose(i + 1)
			case fyne.KeyUp:
				v.choosePurpose(i - 1)
			}
		}
		if chosen {
			v.chosen = press
		}
		list.Add(press)
	}
	list.Add(parts.Pad(8, 3, 8, 6, parts.Small(lang.X("findings.usedBy", "Used by")).Bold()))
	names, chosen := []string{consumerName(keyusage.AnyConsumer)}, 0
	for i, c := range keyusage.Consumers {
		names = append(names, consumerName(c))
		if c == v.asked.usedBy {
			chosen = i + 1
		}
	}
	list.Add(parts.Pad(0, 0, 6, 2, parts.NewDropdown(names, chosen, func(i int) {
		v.ask(func(o *asked) {
			o.usedBy = keyusage.AnyConsumer
			if i > 0 {
				o.usedBy = keyusage.Consumers[i-1]
			}
		})
	})))
	if v.verdict().Purpose == finding.Server {
		host := parts.NewField("www.example.com")
		host.SetText(v.asked.host)
		host.OnSubmitted = func(text string) { v.ask(func(o *asked) { o.host = text }) }
		list.Add(parts.Pad(8, 3, 8, 6, parts.Small(lang.X("findings.host", "Host name (Enter checks it)")).Bold()))
		list.Add(parts.Pad(0, 0, 6, 2, host))
	}
	if row := v.detail.Row; row != nil && row.HasKey() {
		account := parts.NewField(lang.X("findings.accountHint", "root, DOMAIN\\name"))
		account.SetText(v.asked.account)
		account.OnSubmitted = func(text string) { v.ask(func(o *asked) { o.account = strings.TrimSpace(text) }) }
		list.Add(parts.Pad(8, 3, 8, 6, parts.Small(lang.X("findings.account", "Account (Enter checks it)")).Bold()))
		list.Add(parts.Pad(0, 0, 6, 2, account))
	}
	return list
}

func (v *detailView) choosePurpose(i int) {
	if i < 0 || i >= len(v.detail.Verdicts) {
		return
	}
	v.purpose = v.detail.Verdicts[i].Purpose
	v.showTab()
	v.shell.win.Canvas().Focus(v.chosen) // the lines were made anew
}

// ask judges again with other options.
func (v *detailView) ask(change func(*asked)) {
	change(&v.asked)
	v.asks++
	mine, d, now, lost := v.asks, v.detail, v.asked, v.lost
	snapshot, err := v.shell.list.Snapshot.Get()
	if err != nil || snapshot == nil {
		return
	}
	go func() {
		opt := check.Options{Host: now.host, UsedBy: now.usedBy, Lost: lost}
		if d.Row != nil {
			opt.More, err = check.Access(v.shell.ctx, v.shell.services.Store, d.Row.Row, now.account)
		}
		again := model.Again(snapshot, d, opt)
		fyne.Do(func() {
			switch {
			case mine != v.asks: // asked again since, or of another certificate
			case v.detail != d: // something was learned meanwhile that the answer does not know
				v.ask(func(*asked) {})
			default:
				v.present(again)
			}
			if err != nil {
				v.shell.showProblem(lang.X("findings.accountProblem", "Who may use the key could not be read"), err)
			}
		})
	}()
}

// verdictPage is the verdict with its findings and what was found right.
func (v *detailView) verdictPage() fyne.CanvasObject {
	verdict := v.verdict()
	buttons := parts.HBox(6, parts.SmallButton("copy", lang.X("findings.copy", "Copy report"), func() { v.shell.copyText(report.Text(nil, v.report())) }),
		parts.SmallButton("copy", lang.X("findings.copyMarkdown", "As Markdown"), func() { v.shell.copyText(report.Markdown(nil, v.report())) }))
	passed := check.Passed(v.detail.Subject, verdict)
	body := parts.VBox(10, parts.Banner(verdictKind(verdict.Verdict), verdictTitle(verdict), verdictText(verdict.Findings), buttons))
	list := parts.VBox(0)
	for _, f := range verdict.Findings {
		v.line(list, v.findingRow(f))
	}
	for _, p := range passed {
		v.line(list, parts.Border(nil, nil, parts.Fixed(3, -1), nil,
			parts.Pad(7, 8, 11, 12, parts.Border(nil, nil, parts.VBox(0, parts.Pad(1, 0, 0, 10, parts.KindIcon(parts.KindOK, 17))), nil, parts.NewParagraph(p, 13, parts.Text)))))
	}
	if len(list.Objects) > 0 {
		body.Add(parts.Stack(parts.Outlined(parts.Content, parts.Line, 6), parts.Pad(1, 1, 1, 1, list)))
	}
	n := map[finding.Severity]int{}
	for _, f := range verdict.Findings {
		n[f.Severity]++
	}
	body.Add(parts.Small(lang.X("findings.count", "{{.Checks}} checks: {{.Errors}} failed, {{.Warnings}} warnings",
		words{"Checks": strconv.Itoa(len(verdict.Findings) + len(passed)), "Errors": strconv.Itoa(n[finding.Error]), "Warnings": strconv.Itoa(n[finding.Warning])})))
	return body
}

func (v *detailView) line(list *fyne.Container, row fyne.CanvasObject) {
	if len(list.Objects) > 0 {
		list.Add(parts.FaintHLine())
	}
	list.Add(row)
}

// verdictText says how much of what is wrong can be put right here.
func verdictText(fs []finding.Finding) string {
	wrong, here := 0, 0
	for _, f := range fs {
		if f.Severity != finding.Error {
			continue
		}
		wrong++
		if f.Fix != finding.FixNone && f.Fix != finding.FixAsk {
			here++
		}
	}
	w := words{"N": strconv.Itoa(wrong)}
	switch {
	case len(fs) == 0:
		return lang.X("findings.none", "Nothing speaks against it.")
	case wrong == 0:
		return ""
	case here == wrong:
		return plural(wrong, lang.X("findings.here1", "1 check fails and can be put right here."), lang.X("findings.here", "{{.N}} checks fail and can be put right here.", w))
	case here == 0:
		return plural(wrong, lang.X("findings.ca1", "1 check fails and cannot be put right on this computer."), lang.X("findings.ca", "{{.N}} checks fail and cannot be put right on this computer.", w))
	}
	return lang.X("findings.some", "{{.N}} checks fail; some can be put right here.", w)
}

func (v *detailView) findingRow(f finding.Finding) fyne.CanvasObject {
	w, kind := finding.WordsOf(f), severityKind(f.Severity)
	role, _ := kind.Roles()
	text := parts.VBox(2, parts.NewParagraph(w.Title, 13, parts.Text).Bold(), parts.NewParagraph(w.Message, 12, parts.Text2))
	if w.Advice != "" {
		text.Add(parts.NewParagraph(w.Advice, 12, parts.Text))
	}
	proof := f.ID + " · " + f.Source
	if f.Evidence.Field != "" {
		proof += " · " + f.Evidence.Field + ": " + f.Evidence.Value
	}
	text.Add(parts.NewLabel(proof, 11, parts.Text3).Shrink())
	var fix fyne.CanvasObject
	if b := v.fixButton(f); b != nil {
		fix = parts.Pad(0, 0, 8, 0, parts.Middle(b))
	}
	return parts.Border(nil, nil, parts.Fixed(3, -1, parts.Fill(role)), nil,
		parts.Pad(8, 9, 11, 12, parts.Border(nil, nil, parts.VBox(0, parts.Pad(1, 0, 0, 10, parts.KindIcon(kind, 17))), fix, text)))
}

// report is what "Copy report" puts on the clipboard: the purpose on show.
func (v *detailView) report() []report.Report {
	return []report.Report{{Subject: v.detail.Subject, Verdicts: []check.Verdict{v.verdict()}, Host: v.asked.host, UsedBy: v.asked.usedBy, Now: v.detail.Now}}
}

// consumerName returns what people call a program.
func consumerName(c keyusage.Consumer) string {
	switch c {
	case keyusage.Browser:
		return lang.X("consumer.browser", "A browser")
	case keyusage.Service:
		return lang.X("consumer.service", "A service")
	case keyusage.IIS:
		return "IIS"
	case keyusage.SQLServer:
		return "SQL Server"
	case keyusage.Java:
		return "Java"
	case keyusage.Apple:
		return "macOS, iOS"
	case keyusage.OldWindows:
		return lang.X("consumer.oldWindows", "Windows 2016 or older")
	}
	return lang.X("consumer.any", "Any program")
}
