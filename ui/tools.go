package ui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/diagnose"
	"certdesk/internal/explain"
	"certdesk/internal/identify"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// toolsMenu opens the menu of what can be found out.
func (t *toolbar) toolsMenu() {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.tools)
	parts.PopUpMenu(t.shell.win.Canvas(), at.AddXY(0, t.tools.Size().Height+2), t.shell.toolItems()...)
}

// toolItems are the entries of the Diagnose menu.
func (s *shell) toolItems() []*fyne.MenuItem {
	return []*fyne.MenuItem{
		fyne.NewMenuItem(lang.X("tools.explain", "Explain an error code…"), func() { s.openExplain("") }),
		fyne.NewMenuItem(lang.X("tools.identify", "What is this? (paste)…"), func() { s.openIdentify("") }),
		fyne.NewMenuItem(lang.X("tools.health", "Store health…"), s.openHealth),
	}
}

// tools is the model behind the dialogs, as the stores were last read.
func (s *shell) tools() model.Tools {
	snapshot, _ := s.list.Snapshot.Get()
	return model.Tools{Store: s.services.Store, Snapshot: snapshot, Now: s.list.Now()}
}

// A lookup is a dialog with a field above and what was found below it. What
// was typed is looked up once the typing pauses, in the background; only the
// last answer is shown.
type lookup struct {
	shell  *shell
	dialog *parts.Dialog
	field  *parts.Field
	result *fyne.Container
	copyIt *parts.Button
	report string // what Copy copies
	asked  int
	cancel context.CancelFunc
	look   func(ctx context.Context, text string) func() // blocks; what it returns shows the answer
}

// newLookup opens the dialog.
func (s *shell) newLookup(title, sub, hint string, lines int, look func(ctx context.Context, text string) func()) *lookup {
	l := &lookup{shell: s, look: look, cancel: func() {}, result: parts.VBox(10)}
	l.dialog = parts.NewDialog(s.win.Canvas(), title, sub, 800, 640)
	l.field = parts.NewPaste(hint, lines, l.typed)
	l.copyIt = parts.Secondary("copy", lang.X("button.copyReport", "Copy report"), func() { s.copyText(l.report) })
	shut := parts.Primary("", lang.X("button.close", "Close"), l.dialog.Close)
	l.dialog.SetBody(parts.Border(parts.Pad(14, 10, 20, 20, l.field), nil, nil, nil, parts.Page(parts.Pad(0, 14, 20, 20, l.result))))
	l.dialog.SetButtons(shut, l.copyIt, shut)
	l.dialog.SetNote(lang.X("tools.local", "Nothing is changed and nothing is sent."))
	l.dialog.OnClosed = func() { l.asked++; l.cancel() }
	l.copyIt.SetEnabled(false)
	return l
}

// open shows the dialog; text, if any, is looked up at once.
func (l *lookup) open(text string) *lookup {
	l.dialog.Show()
	if text != "" {
		l.field.SetText(text)
	} else {
		l.ask("")
	}
	l.shell.win.Canvas().Focus(l.field) // it was not drawn yet, so parts.Focus would not find its canvas
	return l
}

func (l *lookup) typed(text string) {
	l.asked++
	mine := l.asked
	time.AfterFunc(typingPause, func() {
		fyne.Do(func() {
			if mine == l.asked {
				l.ask(text)
			}
		})
	})
}

func (l *lookup) ask(text string) {
	l.cancel()
	ctx, cancel := context.WithCancel(l.shell.ctx)
	l.cancel = cancel
	l.asked++
	mine := l.asked
	go func() {
		show := l.look(ctx, text)
		fyne.Do(func() {
			if mine != l.asked {
				return
			}
			l.result.Objects, l.report = nil, ""
			show()
			l.copyIt.SetEnabled(l.report != "")
			l.dialog.Refresh()
		})
	}()
}

func (l *lookup) say(kind parts.Kind, title, text string) {
	l.result.Add(parts.Banner(kind, title, text, nil))
}

// openExplain explains error codes.
func (s *shell) openExplain(text string) *lookup {
	var l *lookup
	tools := s.tools()
	l = s.newLookup(lang.X("explain.title", "Explain an error code"), lang.X("explain.sub", "What it means, what usually causes it, and which of that is so on this computer"),
		lang.X("explain.hint", "403.16, 0x800b0109, ERR_CERT_DATE_INVALID, a line of an IIS log, or a whole message"), 3,
		func(ctx context.Context, text string) func() {
			e, err := tools.Explain(ctx, text)
			return func() { l.showExplanation(text, e, err) }
		})
	return l.open(text)
}

func (l *lookup) showExplanation(text string, e model.Explanation, err error) {
	switch {
	case err != nil:
		l.result.Add(problemBanner(err, nil))
	case strings.TrimSpace(text) == "":
		l.result.Add(parts.SmallPara(lang.X("explain.empty", "Codes of IIS, Windows, Schannel, Chrome and Edge, Firefox, macOS, OpenSSL and Java, in any spelling.")))
		return
	case len(e.Matches) == 0:
		l.result.Add(problemBanner(&explain.UnknownError{Query: text, Suggestions: e.Suggestions}, nil))
		return
	}
	l.report = e.Report()
	for _, m := range e.Matches {
		c := m.Code
		title := c.ID
		if c.Name != c.ID {
			title += "  " + c.Name
		}
		box := parts.VBox(4, parts.NewParagraph(title, 14, parts.Text).Bold())
		if c.Text != "" {
			box.Add(parts.NewParagraph("“"+c.Text+"”", 12, parts.Text2))
		}
		box.Add(parts.Para(c.Meaning))
		for i, cause := range c.Causes {
			box.Add(parts.Border(nil, nil, parts.Fixed(22, -1, parts.VBox(0, parts.Pad(1, 0, 0, 0, parts.NewLabel(string(rune('1'+i))+".", 12, parts.Text3)))), nil, parts.Para(cause)))
		}
		l.result.Add(parts.Card(parts.Pad(10, 12, 14, 14, box)))
	}
	if len(e.Outcomes) == 0 {
		return
	}
	l.result.Add(parts.Pad(4, 0, 0, 0, parts.Body(lang.X("explain.here", "On this computer")).Bold()))
	var rows []fyne.CanvasObject
	for _, o := range e.Outcomes {
		rows = append(rows, outcomeRow(o))
	}
	l.result.Add(parts.List(rows...))
}

// outcomeRow is what came of one check.
func outcomeRow(o diagnose.Outcome) fyne.CanvasObject {
	kind := map[diagnose.Status]parts.Kind{diagnose.Applies: parts.KindError, diagnose.Clear: parts.KindOK, diagnose.NotChecked: parts.KindSkip}[o.Status]
	title := o.Title
	if o.Status == diagnose.NotChecked {
		title = lang.X("explain.notChecked", "Not checked: {{.Title}}", words{"Title": o.Title})
	}
	box := parts.VBox(2, parts.NewParagraph(title, 13, parts.Text).Bold(), parts.SmallPara(o.Message))
	const most = 12
	for i, s := range o.Subjects {
		if i == most {
			box.Add(parts.SmallPara(lang.X("explain.more", "… and {{.N}} more", words{"N": len(o.Subjects) - most + o.More})))
			break
		}
		text := s.Detail
		if s.Row != nil {
			text = rowName(s.Row) + ": " + s.Detail
		}
		box.Add(parts.NewParagraph(text, 12, parts.Text))
	}
	if o.Fix != "" && o.Status != diagnose.Clear {
		box.Add(parts.NewParagraph(o.Fix, 12, parts.Text2))
	}
	return parts.Pad(8, 9, 12, 12, parts.Border(nil, nil, parts.VBox(0, parts.Pad(1, 0, 0, 10, parts.KindIcon(kind, 16))), nil, box))
}

// rowName names a certificate and where it stands.
func rowName(r *inventory.Row) string {
	return r.Certificate.CommonName() + " (" + placeName(r.Location, r.Store) + ")"
}

// openIdentify says what a pasted text is.
func (s *shell) openIdentify(text string) *lookup {
	var l *lookup
	tools := s.tools()
	l = s.newLookup(lang.X("identify.title", "What is this?"), lang.X("identify.sub", "Which certificate a pasted text is, and what is wrong with the way it is written"),
		lang.X("identify.hint", "Paste base64, PEM, a line of an IIS mapping, netsh, nginx or Apache, or a thumbprint"), 6,
		func(_ context.Context, text string) func() {
			i := tools.Identify(text)
			return func() { l.showIdentity(text, i) }
		})
	return l.open(text)
}

func (l *lookup) showIdentity(text string, i model.Identity) {
	switch {
	case strings.TrimSpace(text) == "":
		l.result.Add(parts.SmallPara(lang.X("identify.empty", "Finds BEGIN and END lines left in, line breaks, values that were cut off, byte order marks and the wrong objects: the causes of 0x80093102 and 0x8009310b.")))
		return
	case i.Kind == identify.Nothing:
		l.say(parts.KindWarning, lang.X("identify.nothing", "There is no certificate in it, and nothing that names one"), "")
		return
	}
	report := []string{i.Title()}
	kind := parts.KindOK
	if w := i.Worst(); w != "" {
		kind = severityKind(w)
	}
	l.say(kind, i.Title(), "")
	var rows []fyne.CanvasObject
	row := func(k parts.Kind, o ...fyne.CanvasObject) {
		rows = append(rows, parts.Pad(7, 8, 12, 12, parts.Border(nil, nil, parts.VBox(0, parts.Pad(1, 0, 0, 10, parts.KindIcon(k, 16))), nil, parts.VBox(2, o...))))
	}
	for _, p := range i.Problems {
		line := p.Text
		if p.Code != "" {
			line += " (" + p.Code + ")"
		}
		report = append(report, line)
		row(severityKind(p.Severity), parts.Para(line))
	}
	if len(i.Problems) == 0 && len(i.Certificates) > 0 {
		row(parts.KindOK, parts.Para(lang.X("identify.fine", "It is written as it should be.")))
	}
	for _, c := range i.Certificates {
		validity := moment(c.NotBefore) + " – " + moment(c.NotAfter)
		k := parts.KindInfo
		if !c.NotAfter.IsZero() && l.shell.list.Now().After(c.NotAfter) {
			k = parts.KindError
		}
		serial := c.Serials().Windows
		row(k, parts.Para(c.Subject().String()), parts.SmallPara(lang.X("identify.issued", "Issued by {{.Issuer}}", words{"Issuer": c.Issuer().String()})),
			parts.SmallPara(validity), parts.NewParagraph(lang.X("identify.serial", "Serial number {{.Serial}}", words{"Serial": serial}), 12, parts.Text2).Mono(), parts.NewParagraph("SHA-1 "+c.SHA1(), 12, parts.Text2).Mono())
		report = append(report, c.Subject().String(), validity, serial, c.SHA1(), c.Fingerprint().String())
	}
	for _, m := range i.Found {
		line := lang.X("identify.here", "On this computer: {{.Name}}", words{"Name": rowName(m.Row)})
		if m.By == "begins" {
			line = lang.X("identify.begins", "It is the beginning of {{.Name}}", words{"Name": rowName(m.Row)})
		}
		report = append(report, line)
		row(parts.KindOK, parts.Para(line))
	}
	if len(i.Found) == 0 {
		row(parts.KindSkip, parts.Para(lang.X("identify.nowhere", "It is in no store of this computer.")))
	}
	l.result.Add(parts.List(rows...))
	l.report = strings.Join(report, "\n")
}
