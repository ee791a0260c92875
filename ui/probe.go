package ui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/inventory"
	"certdesk/internal/tlsprobe"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// probeView is the connection test: the address and the certificate above,
// what the server did at the left, what it wants and what fits at the right.
type probeView struct {
	shell  *shell
	inv    *inventory.Inventory
	model  *model.Probe
	dialog *parts.Dialog

	address, proxy, roots *parts.Field
	pick                  *parts.Dropdown // 0: none; the last: a file
	file, pass            *parts.Field    // of the file
	fileRow               *fyne.Container
	insecure              *parts.Check
	test                  *parts.Button
	progress              *parts.Progress
	result                *fyne.Container
	steps                 *fyne.Container // while the test runs
	cancel                context.CancelFunc
	report                *tlsprobe.Report
	running               bool
	onDone                func(*tlsprobe.Report) // for tests; may be nil
}

const probeMin = 220 // pixels of height in which a report can be read

// openProbe opens the connection test with the certificates of inv; row is the
// one to send, nil for none.
func (s *shell) openProbe(inv *inventory.Inventory, row *inventory.Row) {
	v := &probeView{shell: s, inv: inv, model: model.NewProbe(s.services.Store, inv, s.list.Now), cancel: func() {}}
	size := s.win.Canvas().Size()
	v.dialog = parts.NewDialog(s.win.Canvas(), lang.X("probe.title", "Test connection"),
		lang.X("probe.sub", "The first connection sends no certificate; only the one you choose is ever sent"), min(1060, size.Width-20), min(680, size.Height-20))
	v.build(row)
	v.dialog.Show()
	s.win.Canvas().Focus(v.address)
	s.probe = v
}

func (v *probeView) build(row *inventory.Row) {
	v.address, v.proxy, v.roots = parts.NewField("https://server.example:8443/path"), parts.NewField(lang.X("probe.proxyHint", "http://host:port, or empty")), parts.NewField(lang.X("probe.rootsHint", "roots of this computer"))
	v.address.SetText(v.shell.probeAddress)
	v.address.OnSubmitted = func(string) { v.start() }
	names, chosen := []string{lang.X("probe.none", "No certificate")}, 0
	for i, r := range v.model.Choices {
		names = append(names, r.Certificate.CommonName())
		if row != nil && r.Certificate.Fingerprint() == row.Certificate.Fingerprint() {
			chosen = i + 1
		}
	}
	v.pick = parts.NewDropdown(append(names, lang.X("probe.fromFile", "From a file (PFX, PEM)…")), chosen, func(int) { v.showFile() })
	v.file, v.pass = parts.NewField(lang.X("probe.fileHint", "path of a file with certificate and key")), parts.NewPassword(lang.X("probe.passHint", "if it has one"))
	v.file.OnSubmitted, v.pass.OnSubmitted = func(string) { v.start() }, func(string) { v.start() }
	open := parts.SmallButton("folder", lang.X("button.choose", "Choose…"), func() {
		v.shell.chooseFile(lang.X("probe.chooseFile", "Choose the certificate with its key"), []string{".pfx", ".p12", ".pem", ".key", ".crt"}, v.file.Text, v.setFile)
	})
	v.fileRow = parts.VBox(0, parts.Columns(14, []float32{3, 2}, besideField(lang.X("probe.file", "File"), parts.Border(nil, nil, nil, parts.Pad(0, 0, 6, 0, parts.Middle(open)), v.file)),
		besideField(lang.X("password.own", "Password"), v.pass)))
	v.fileRow.Hide()
	v.dialog.OnFiles = func(paths []string) { v.setFile(paths[0]) }
	v.test = parts.Primary("plug", lang.X("probe.test", "Test"), v.press)
	v.insecure = parts.NewCheck(lang.X("probe.insecure", "Go on if the server is not trusted"), "", nil)
	choose := parts.SmallButton("folder", lang.X("button.choose", "Choose…"), v.pickRoots)
	v.progress = parts.NewProgress()
	v.progress.Object().Hide()
	v.result = parts.Stack(v.hint())
	first := parts.Border(nil, nil, parts.Pad(0, 0, 0, 8, parts.Middle(parts.NewIcon("globe", 18, parts.Text2))),
		parts.HBox(8, parts.Gap(2, 1), parts.Middle(v.pick), parts.Middle(v.test)), parts.Middle(v.address))
	second := parts.Columns(14, []float32{1, 1}, besideField(lang.X("probe.proxy", "Proxy"), v.proxy),
		besideField(lang.X("probe.roots", "Roots file"), parts.Border(nil, nil, nil, parts.Pad(0, 0, 6, 0, parts.Middle(choose)), v.roots)))
	top := parts.Stack(parts.Fill(parts.Chrome), parts.Border(nil, parts.HLine(), nil, nil, parts.Pad(10, 10, 16, 16, parts.VBox(8, first, v.fileRow, second, parts.Start(v.insecure), v.progress.Object()))))
	v.dialog.SetBody(parts.Border(top, nil, nil, nil, parts.Fixed(-1, probeMin, v.result)))
	shut := parts.Secondary("", lang.X("button.close", "Close"), v.dialog.Close)
	v.dialog.SetButtons(nil, shut)
	v.dialog.OnClosed = func() {
		v.cancel()
		v.progress.Stop()
		v.shell.probeAddress = v.address.Text
		quiet(v.pass, "")
	}
}

// fromFile reports whether the certificate of a file is to be sent.
func (v *probeView) fromFile() bool { return v.pick.Selected() > len(v.model.Choices) }

func (v *probeView) showFile() {
	setVisible(v.fileRow, v.fromFile())
	v.dialog.Refresh()
	relayout(v.fileRow)
}

// setFile takes the certificate of a file.
func (v *probeView) setFile(path string) {
	v.pick.SetSelected(len(v.model.Choices) + 1)
	v.showFile()
	v.file.SetText(path)
	v.shell.win.Canvas().Focus(v.pass)
}

func (v *probeView) hint() fyne.CanvasObject {
	return parts.Center(parts.VBox(6, parts.Center(parts.NewIcon("plug", 38, parts.Text3)), parts.Center(parts.NewLabel(lang.X("probe.hint", "Write the address of a server, and press Enter"), 15, parts.Text).Bold()),
		parts.Center(parts.Small(lang.X("probe.hintText", "You see whether it asks for a certificate, which of yours fit, and what becomes of the one you choose.")))))
}

func (v *probeView) pickRoots() {
	v.shell.chooseFile(lang.X("probe.chooseRoots", "Choose a file of roots"), []string{".pem", ".cer", ".crt", ".der", ".p7b"}, v.roots.Text, v.roots.SetText)
}

// press starts the test, or stops the one that runs.
func (v *probeView) press() {
	if v.running {
		v.cancel()
		return
	}
	v.start()
}

func (v *probeView) start() {
	if v.running || strings.TrimSpace(v.address.Text) == "" {
		return
	}
	q := model.ProbeQuestion{Address: v.address.Text, Proxy: v.proxy.Text, Insecure: v.insecure.Checked()}
	file := ""
	if i := v.pick.Selected(); v.fromFile() {
		file, q.Password = strings.TrimSpace(v.file.Text), []byte(v.pass.Text)
		if file == "" {
			v.shell.win.Canvas().Focus(v.file)
			return
		}
	} else if i > 0 {
		q.Row = v.model.Choices[i-1]
	}
	ctx, cancel := context.WithCancel(v.shell.ctx)
	v.cancel, v.running, v.report = cancel, true, nil
	v.test.SetText(lang.X("button.cancel", "Cancel"))
	v.progress.Object().Show()
	v.steps = parts.VBox(0)
	v.set(parts.Page(parts.Pad(14, 14, 16, 16, parts.VBox(0, parts.Card(parts.Pad(6, 6, 14, 14, v.steps))))))
	roots := strings.TrimSpace(v.roots.Text)
	go func() {
		defer cancel()
		var report *tlsprobe.Report
		var issued []int
		var err error
		if roots != "" {
			q.Roots, err = readFile(roots)
		}
		if err == nil && file != "" {
			q.File = &model.PFXFile{Path: file}
			q.File.Data, err = readFile(file)
		}
		if err == nil {
			report, err = v.model.Run(ctx, q, func(s tlsprobe.Step) { fyne.Do(func() { v.addStep(s) }) })
		}
		if report != nil && report.Request != nil {
			issued = v.model.Issued(report, casListed)
		}
		fyne.Do(func() { v.done(report, issued, err) })
	}()
}

func (v *probeView) set(o fyne.CanvasObject) {
	v.result.Objects = []fyne.CanvasObject{o}
	v.result.Refresh()
}

func (v *probeView) addStep(s tlsprobe.Step) {
	if v.running && v.steps != nil {
		if len(v.steps.Objects) > 0 {
			v.steps.Add(parts.FaintHLine())
		}
		v.steps.Add(probeStep(s))
		v.result.Refresh()
	}
}

func (v *probeView) done(r *tlsprobe.Report, issued []int, err error) {
	v.running = false
	if v.onDone != nil {
		defer v.onDone(r)
	}
	v.test.SetText(lang.X("probe.again", "Test again"))
	v.progress.Object().Hide()
	if err != nil {
		v.set(parts.Page(parts.Pad(14, 14, 16, 16, problemBanner(err, nil))))
		return
	}
	v.report = r
	v.set(parts.Columns(0, []float32{3, 2}, parts.Page(parts.Pad(14, 14, 16, 8, v.left(r))), parts.Page(parts.Pad(14, 14, 8, 16, v.right(r, issued)))))
}

var resultKinds = map[tlsprobe.Result]parts.Kind{tlsprobe.OK: parts.KindOK, tlsprobe.Asked: parts.KindWarning}

// left is the answer, how it came about, and what to do.
func (v *probeView) left(r *tlsprobe.Report) fyne.CanvasObject {
	kind, ok := resultKinds[r.Result]
	if !ok {
		kind = parts.KindError
	}
	steps := parts.VBox(0)
	for i, s := range r.Steps {
		if i > 0 {
			steps.Add(parts.FaintHLine())
		}
		if s.Reason == r.Text {
			s.Reason = "" // the banner says it
		}
		steps.Add(probeStep(s))
	}
	box := parts.VBox(12, parts.Banner(kind, r.Title, r.Text, nil), parts.Card(parts.Pad(6, 6, 14, 14, steps)))
	copyIt := parts.SmallButton("copy", lang.X("probe.copy", "Copy as message"), func() { v.shell.copyText(model.ReportText(r)) })
	buttons := parts.HBox(8, copyIt)
	if r.Sent != nil && r.Result == tlsprobe.Refused {
		if root := v.model.RootOf(r.Sent.Certificate); root != nil {
			buttons.Add(parts.SmallButton("export", lang.X("probe.exportRoot", "Export root…"), func() { v.shell.openExport(v.inv, []*inventory.Row{root}) }))
		}
	}
	if len(r.Ask) == 0 {
		box.Add(parts.Start(buttons))
		return box
	}
	title := lang.X("probe.do", "What to do")
	if r.Result == tlsprobe.Refused {
		title = lang.X("probe.ask", "What to ask the partner")
	}
	list := parts.VBox(7, parts.Body(title).Bold())
	for i, a := range r.Ask {
		list.Add(parts.Border(nil, nil, parts.Fixed(20, -1, parts.VBox(0, parts.NewLabel(strconv.Itoa(i+1)+".", 13, parts.Text2))), nil, parts.Para(a)))
	}
	list.Add(parts.Pad(2, 0, 0, 0, buttons))
	box.Add(parts.Card(parts.Pad(11, 11, 14, 14, list)))
	return box
}

var stepKinds = map[tlsprobe.Status]parts.Kind{tlsprobe.StepOK: parts.KindOK, tlsprobe.StepWarning: parts.KindWarning, tlsprobe.StepError: parts.KindError, tlsprobe.StepInfo: parts.KindInfo}

// probeStep is one line of the report, with its reason and advice under it.
func probeStep(s tlsprobe.Step) fyne.CanvasObject {
	detail := s.Detail
	if s.Took >= time.Millisecond {
		detail = strings.TrimPrefix(detail+", "+strconv.FormatInt(s.Took.Milliseconds(), 10)+" ms", ", ")
	}
	text := parts.VBox(2, parts.NewParagraph(s.Title, 13, parts.Text))
	if s.Reason != "" {
		text.Add(parts.SmallPara(s.Reason))
	}
	if s.Advice != "" {
		text.Add(parts.NewParagraph(s.Advice, 12, parts.Text))
	}
	var right fyne.CanvasObject
	if detail != "" {
		width := min(250, fyne.MeasureText(detail, 12, fyne.TextStyle{}).Width+2)
		right = parts.Pad(0, 0, 10, 0, parts.VBox(0, parts.Fixed(width, 19, parts.Middle(parts.Small(detail).Shrink()))))
	}
	return parts.Pad(6, 6, 0, 0, parts.Border(nil, nil, parts.Pad(0, 0, 0, 10, parts.VBox(0, parts.KindIcon(stepKinds[s.Status], 17))), right, text))
}
