package ui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certificate"
	"certdesk/internal/whereused"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// usesView looks for what uses a certificate on this computer: entries of the
// stores, configurations of servers, and files in folders that are named. It
// stands in a dialog of its own, and on the last page of a renewal.
type usesView struct {
	shell   *shell
	ctx     context.Context
	title   string
	cert    *certificate.Certificate
	folders []string // that the person named
	box     *fyne.Container
	add     *parts.Button
	bar     *parts.Progress
	stop    context.CancelFunc
	asked   int
	report  string // for the clipboard
	done    func() // after each look; may be nil
}

// openUses opens the dialog for a certificate.
func (s *shell) openUses(c *certificate.Certificate) *usesView {
	ctx, cancel := context.WithCancel(s.ctx)
	d := parts.NewDialog(s.win.Canvas(), lang.X("uses.dialog", "Where is it used?"), c.CommonName(), 700, 520)
	v := s.newUses(ctx, c, lang.X("uses.this", "What uses this certificate on this computer"), nil)
	d.SetBody(parts.Page(parts.Pad(14, 14, 20, 20, v.box)))
	shut := parts.Primary("", lang.X("button.close", "Close"), d.Close)
	d.SetButtons(shut, parts.Secondary("copy", lang.X("button.copyReport", "Copy report"), func() { s.copyText(v.report) }), shut)
	d.SetNote(lang.X("uses.note", "Files are read only."))
	d.OnClosed = cancel
	v.done = d.Refresh
	d.OnFiles = v.look
	d.Show()
	v.look(nil)
	return v
}

// newUses returns the view, with what was found already or nil.
func (s *shell) newUses(ctx context.Context, c *certificate.Certificate, title string, found *whereused.Report) *usesView {
	v := &usesView{shell: s, ctx: ctx, cert: c, title: title, box: parts.VBox(8), bar: parts.NewProgress(), stop: func() {}}
	v.add = parts.SmallButton("folder", lang.X("uses.add", "Look in another folder…"), func() {
		if v.bar.Object().Visible() {
			v.stop()
			return
		}
		s.chooseFolder(lang.X("uses.choose", "Choose a folder to look in"), model.Folder(), func(path string) { v.look([]string{path}) })
	})
	v.bar.Object().Hide()
	v.bar.Stop()
	if found != nil {
		v.show(found)
	}
	return v
}

// look looks again, in more folders.
func (v *usesView) look(more []string) {
	for _, f := range more {
		if !slices.Contains(v.folders, f) {
			v.folders = append(v.folders, f)
		}
	}
	v.stop()
	v.asked++
	mine, folders := v.asked, slices.Clone(v.folders)
	ctx, cancel := context.WithCancel(v.ctx)
	v.stop = cancel
	v.bar.Object().Show()
	v.bar.Set(-1)
	v.add.SetText(lang.X("button.cancel", "Cancel"))
	v.box.Objects = []fyne.CanvasObject{v.bar.Object(), parts.Start(v.add)}
	v.refresh()
	go func() {
		defer cancel()
		r, err := model.Uses(ctx, v.shell.services.Store, v.cert, folders)
		fyne.Do(func() {
			if mine != v.asked || v.ctx.Err() != nil {
				return
			}
			v.bar.Stop()
			v.bar.Object().Hide()
			v.add.SetText(lang.X("uses.add", "Look in another folder…"))
			v.show(r)
			if err != nil && ctx.Err() == nil {
				v.box.Add(problemBanner(err, nil))
			} else if err != nil {
				v.box.Add(parts.NoteLine("warning", lang.X("uses.stopped", "The search was stopped: not all files were looked at."), parts.Warn))
			}
			v.refresh()
		})
	}()
}

func (v *usesView) refresh() {
	v.box.Refresh()
	relayout(v.box)
	if v.done != nil {
		v.done()
	}
}

// show lists what was found.
func (v *usesView) show(r *whereused.Report) {
	v.box.Objects = []fyne.CanvasObject{parts.Small(v.title).Bold()}
	lines := []string{v.cert.Subject().String(), v.cert.Fingerprint().String()}
	var rows []fyne.CanvasObject
	add := func(icon, title, text string) {
		lines = append(lines, title+": "+text)
		rows = append(rows, parts.Pad(6, 6, 12, 10, parts.Border(nil, nil, parts.Pad(0, 0, 0, 10, parts.Middle(parts.NewIcon(icon, 18, parts.Text2))), nil,
			parts.VBox(1, parts.Body(title).Shrink(), parts.Small(text).Shrink()))))
	}
	for _, e := range r.Entries {
		add("cert", placeName(e.Location, e.Store), lang.X("uses.entry", "It is kept there as {{.Name}}", words{"Name": e.FriendlyName}))
	}
	for _, u := range r.Files {
		add("file", u.String(), u.Words())
	}
	if len(r.Files) == 0 {
		rows = append(rows, parts.Pad(6, 6, 12, 10, parts.Small(lang.X("uses.noFile", "No file uses it among those that were looked at."))))
	}
	v.box.Add(parts.List(rows...))
	looked := lang.X("uses.none", "There are no configurations of web servers here to look at.")
	if len(r.Folders) > 0 {
		looked = lang.X("uses.looked", "Looked at {{.N}} files in {{.Folders}}.", words{"N": thousands(r.Looked), "Folders": strings.Join(r.Folders, ", ")})
	}
	if r.Denied > 0 {
		looked += " " + lang.X("uses.denied", "{{.N}} files or folders could not be read.", words{"N": thousands(r.Denied)})
	}
	if r.Cut {
		looked += " " + lang.X("uses.cut", "There are more files than {{.N}}; name a smaller folder.", words{"N": thousands(whereused.MaxFiles)})
	}
	if r.Keys > 0 {
		looked += " " + lang.X("uses.registry", "Looked at {{.N}} keys of the registry: bindings of IIS and http.sys, Remote Desktop, WinRM, SQL Server.", words{"N": thousands(r.Keys)})
	}
	v.report = strings.Join(append(lines, looked), "\n")
	v.box.Add(parts.SmallPara(looked))
	v.box.Add(parts.Start(v.add))
	v.refresh()
}
