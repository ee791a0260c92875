package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"

	"certdesk/certstore"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// The tabs of the detail.
const (
	tabSummary = iota
	tabDetails
	tabChain
	tabFindings
)

// detailPane shows one certificate on four tabs.
type detailPane struct {
	widget.BaseWidget
	shell *shell
	view  *detailView
	root  fyne.CanvasObject
	shown string // id of the row, "" for none
	asked int    // counts rows shown, so that a late answer is dropped
	shut  bool   // the person closed the pane
}

func newDetailPane(s *shell) *detailPane {
	d := &detailPane{shell: s, view: newDetailView(s)}
	tall := parts.IconButton("panel", lang.X("detail.tall", "More room"), func() { s.work.toggleTall() })
	shut := parts.IconButton("close", lang.X("button.close", "Close"), func() { d.shut = true; d.Hide(); s.work.Refresh() })
	head := parts.Border(nil, parts.FaintHLine(), nil, nil, parts.Border(nil, nil, parts.Pad(0, 0, 6, 0, d.view.tabs.Object()),
		parts.Pad(0, 0, 0, 6, parts.HBox(0, parts.Middle(tall), parts.Middle(shut)))))
	d.root = parts.Stack(parts.Fill(parts.Content), parts.Border(head, nil, nil, nil, d.view.body))
	d.ExtendBaseWidget(d)
	d.Hide()
	return d
}

// CreateRenderer implements fyne.Widget.
func (d *detailPane) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(d.root) }

// MinSize is small: the pane never makes the window grow.
func (d *detailPane) MinSize() fyne.Size { return fyne.NewSize(100, 60) }

// show shows the row if it is one, else how many there are.
func (d *detailPane) show(rows []*model.Row) {
	if len(rows) == 0 {
		d.shown = ""
		d.asked++
		if d.Visible() {
			d.Hide()
			d.shell.work.Refresh()
		}
		return
	}
	r := rows[0]
	if len(rows) > 1 {
		d.asked++
		d.shown = ""
		d.view.clear(lang.X("detail.many", "{{.N}} certificates selected", words{"N": strconv.Itoa(len(rows))}))
	} else if snapshot, err := d.shell.list.Snapshot.Get(); err == nil && snapshot != nil {
		d.shown = r.ID
		d.asked++
		mine := d.asked
		now := d.shell.list.Now()
		go func() {
			detail := model.Describe(snapshot, r, now)
			fyne.Do(func() {
				if mine == d.asked {
					d.view.show(detail)
				}
			})
		}()
	}
	if !d.Visible() && !d.shut {
		d.Show()
		d.shell.work.Refresh()
	}
}

// open shows the pane even if it was closed.
func (d *detailPane) open() {
	d.shut = false
	if !d.Visible() && d.shown != "" {
		d.Show()
		d.shell.work.Refresh()
	}
}

// findings shows the findings for a purpose.
func (d *detailPane) findings(p finding.Purpose) {
	d.open()
	d.view.purpose = p
	d.view.tabs.Select(tabFindings)
	d.view.showTab()
}

// A detailView is the four tabs over one certificate, in the window's pane or
// in a dialog of its own.
type detailView struct {
	shell    *shell
	tabs     *parts.Tabs
	body     *fyne.Container
	detail   *model.Detail
	users    keyUsers
	purposes *fyne.Container     // the list of them, a page
	purpose  finding.Purpose     // chosen on the findings tab; "" for the suggested one
	asked    asked               // asked on the findings tab
	proxy    string              // for what the chain tab asks the network
	lost     *certstore.FoundKey // its private key, where nothing leads to it
	looks    int                 // counts how often it was looked for, so that a late answer is dropped
	asks     int                 // counts questions of the findings tab, likewise
	chosen   *parts.Press        // the line of the purpose on the findings tab
}

func newDetailView(s *shell) *detailView {
	v := &detailView{shell: s, body: parts.Stack()}
	v.tabs = parts.NewTabs(lang.X("tab.summary", "Summary"), lang.X("tab.details", "Details"), lang.X("tab.chain", "Chain"), lang.X("tab.findings", "Findings"))
	v.tabs.OnChanged = func(int) { v.showTab() }
	return v
}

// show shows a certificate on the tab that is open.
func (v *detailView) show(d *model.Detail) {
	if v.detail == nil || d.Certificate != v.detail.Certificate {
		v.purpose, v.asked = "", asked{}
	}
	v.detail = d
	v.asks++
	v.present(d)
	v.findLost()
}

// present shows what is known of the certificate by now.
func (v *detailView) present(d *model.Detail) {
	v.detail = d
	v.loadUsers()
	n, kind := 0, parts.KindWarning
	for _, f := range d.Findings() {
		if f.Severity == finding.Error {
			kind = parts.KindError
		}
		if f.Severity != finding.Info {
			n++
		}
	}
	text := ""
	if n > 0 {
		text = strconv.Itoa(n)
	}
	v.tabs.SetBadge(tabFindings, text, kind)
	v.showTab()
}

// clear shows a line instead of a certificate.
func (v *detailView) clear(text string) {
	v.detail = nil
	v.asks++
	v.looks++
	v.tabs.SetBadge(tabFindings, "", parts.KindPlain)
	v.set(parts.Center(parts.NewLabel(text, 15, parts.Text2)))
}

func (v *detailView) set(o fyne.CanvasObject) {
	v.body.Objects = []fyne.CanvasObject{o}
	v.body.Refresh()
}

func (v *detailView) showTab() {
	if v.detail == nil {
		return
	}
	switch v.tabs.Selected() {
	case tabSummary:
		v.set(v.summary())
	case tabDetails:
		v.set(v.fields())
	case tabChain:
		v.set(v.chain())
	case tabFindings:
		before := v.purposes
		v.set(v.findingsTab())
		parts.ScrollAs(v.purposes, before)
	}
}

// verdict returns the verdict shown on the findings tab.
func (v *detailView) verdict() check.Verdict {
	for _, x := range v.detail.Verdicts {
		if x.Purpose == v.purpose {
			return x
		}
	}
	return v.detail.Verdicts[v.detail.Suggested]
}
