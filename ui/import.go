package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/data/binding"
	"fyne.io/fyne/v2/lang"

	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// importView is the import wizard. What is shown follows from the model's
// state; a change of that shows again.
type importView struct {
	shell  *shell
	model  *model.Import
	wizard *parts.Wizard
	ctx    context.Context // ends when the wizard closes
	cancel context.CancelFunc
	stop   context.CancelFunc // ends the import that is under way

	file    *importFile
	plan    *importPlan
	done    *fyne.Container    // the last page while it is shown
	screen  model.ImportScreen // shown, -1 for none yet
	loads   int                // counts files that were read
	loading bool               // the last of them is being read
}

// openImport shows the wizard for files. An open one takes them instead: at
// its first screen at once, later after the file it is at.
func (s *shell) openImport(paths []string) {
	if v := s.dialogs.wizard; v != nil {
		switch {
		case len(paths) == 0:
		case v.model.State().Screen == model.ImportChoose:
			v.setFiles(paths)
		default:
			v.model.AddFiles(paths)
		}
		return
	}
	v := newImportView(s)
	s.dialogs.wizard = v
	v.wizard.Show()
	v.show()
	go v.model.LoadPlaces(v.ctx)
	if len(paths) > 0 {
		v.setFiles(paths)
	} else {
		v.file.focus(v.model.State())
	}
}

func newImportView(s *shell) *importView {
	v := &importView{shell: s, model: model.NewImport(s.importer, s.services.System, s.services.Signatures), screen: -1}
	v.model.Elevator = s.services.Elevator
	v.ctx, v.cancel = context.WithCancel(s.ctx)
	v.wizard = parts.NewWizard(s.win.Canvas(), lang.X("import.title", "Import certificate"), "pfx",
		[]string{lang.X("import.step.file", "File"), lang.X("import.step.plan", "Placement"), lang.X("import.step.import", "Import")}, 820, 620)
	v.wizard.OnCancel = v.escape
	v.wizard.OnClosed = v.closed
	v.file = newImportFile(v)
	v.plan = newImportPlan(v)
	v.model.Changed.AddListener(binding.NewDataListener(v.show))
	return v
}

// escape closes the wizard, or stops the import that is under way.
func (v *importView) escape() {
	if v.model.State().Screen == model.ImportRun {
		v.stopImport()
		return
	}
	v.wizard.Close()
}

func (v *importView) closed() {
	v.cancel()
	v.file.bar.Stop()
	v.file.forget()
	v.shell.dialogs.wizard = nil
	v.shell.win.SetTitle(appName)
	go v.model.Close()
}

func (v *importView) setFiles(paths []string) {
	v.model.SetFiles(paths)
	v.load(paths[0])
}

// load reads a file in the background.
func (v *importView) load(path string) {
	v.file.forget()
	v.loads++
	mine := v.loads
	v.loading = true
	go func() {
		data, err := readFile(path)
		if err != nil {
			v.model.LoadFailed(path, err)
		} else {
			v.model.Load(v.ctx, path, data)
		}
		fyne.Do(func() {
			if mine != v.loads || v.ctx.Err() != nil {
				return
			}
			v.loading = false
			st := v.model.State()
			v.file.focus(st)
			v.shell.win.SetTitle(importTitle(&st))
		})
	}()
}

// pick lets the person choose files.
func (v *importView) pick() {
	q := FileQuestion{Title: lang.X("import.choose", "Choose a certificate file"), Filters: filtersFor(certificateFiles), Near: v.model.State().Source.Path, Several: true}
	v.shell.chooseFiles(q, func(paths []string) {
		if v.ctx.Err() == nil {
			v.setFiles(paths)
		}
	})
}

// show shows the model's state.
func (v *importView) show() {
	st := v.model.State()
	fresh := st.Screen != v.screen
	if fresh {
		v.done = nil
	}
	v.screen = st.Screen
	switch st.Screen {
	case model.ImportChoose:
		v.file.show(&st, fresh)
	case model.ImportPlan:
		v.plan.show(&st, fresh)
	case model.ImportRun:
		v.showRun(&st)
	case model.ImportDone:
		v.showDone(&st)
	}
	if fresh && st.Screen != model.ImportChoose {
		v.shell.win.Canvas().Unfocus()
	}
	if !v.loading { // the title names a file once it can be worked with
		v.shell.win.SetTitle(importTitle(&st))
	}
}

// importTitle is the window's title while st is shown: it says in the task
// bar how far an import is.
func importTitle(st *model.ImportState) string {
	w := words{"App": appName, "File": st.Source.Name, "N": st.Certs}
	switch {
	case st.Screen == model.ImportPlan:
		return lang.X("title.plan", "{{.App}} - {{.File}}: placement", w)
	case st.Screen == model.ImportRun:
		return lang.X("title.run", "{{.App}} - {{.File}}: importing", w)
	case st.Screen == model.ImportDone && st.Result != nil && st.Result.Err == nil && !st.Result.WasUndo:
		return lang.X("title.done", "{{.App}} - {{.File}}: imported", w)
	case st.Screen == model.ImportDone:
		return lang.X("title.ended", "{{.App}} - {{.File}}: ended", w)
	case st.Opened:
		return lang.X("title.opened", "{{.App}} - {{.File}}: opened", w)
	case st.PasswordErr != nil || st.FileErr != nil:
		return lang.X("title.closed", "{{.App}} - {{.File}}: not opened", w)
	case st.Known != nil:
		return lang.X("title.import", "{{.App}} - {{.File}}", w)
	}
	return appName
}

// apply carries the plan out.
func (v *importView) apply() {
	ctx, stop := context.WithCancel(v.ctx)
	v.stop = stop
	go func() {
		defer stop()
		v.model.Apply(ctx)
		fyne.Do(v.shell.reload)
	}()
}

func (v *importView) stopImport() {
	if v.stop != nil {
		v.model.SetStopping()
		v.stop()
	}
}

// next goes on to the next file, or closes the wizard.
func (v *importView) next() {
	st := v.model.State()
	if st.Index+1 >= len(st.Files) {
		v.wizard.Close()
		return
	}
	if path := v.model.Next(); path != "" {
		v.load(path)
	}
}
