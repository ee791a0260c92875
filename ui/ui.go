// Package ui is the window of Certdesk: stores at the left, certificates in
// the middle, the chosen one in detail.
//
// A screen is a file here and, where it has state, one in package model. All
// work on stores and files is done in goroutines; what they find comes back
// through bindings or fyne.Do. Errors are shown by problem.go and in no other
// way.
package ui

import (
	"context"
	"path/filepath"
	"runtime"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/data/binding"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"

	"certdesk/certstore"
	"certdesk/icons"
	"certdesk/internal/action"
	"certdesk/internal/elevate"
	"certdesk/internal/importer"
	"certdesk/internal/journal"
	"certdesk/internal/request"
	"certdesk/internal/signatures"
	"certdesk/internal/testca"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// Services are what the window works on.
type Services struct {
	Store       certstore.Store
	Journal     *journal.Dir
	Requests    string     // directory of the requests that wait for an answer; "" for none
	Asker       *Asker     // asks for the password of a locked store; may be nil
	Picker      Picker     // the system's file dialogs; nil: the toolkit's
	Authorities testca.Dir // the certification authorities
	Problems    []error    // what went wrong before the window opened
	// Signatures remembers which roots were verified; may be nil.
	Signatures *signatures.Cache
	Settings   Settings
	Contrast   *SystemColors    // of a desktop in high contrast; nil: the window's own
	Now        func() time.Time // nil means time.Now
	System     string           // as runtime.GOOS names it, which "" means
	// Elevator makes changes that need an administrator's rights; may be nil.
	Elevator *elevate.Elevator
	// OpenFolder shows a folder in the system's file manager; nil: nothing does.
	OpenFolder func(path string) error
	// Save keeps settings for the next start; may be nil.
	Save func(Settings) error
}

// Settings are a person's choices about the window.
type Settings struct {
	Theme string `json:"theme"` // "light", "dark", or "" to follow the system
}

// A Window is the one window of the program.
type Window struct{ shell *shell }

// shell is the frame that screens live in.
type shell struct {
	app      fyne.App
	win      fyne.Window
	ctx      context.Context // ends when the window closes
	services Services
	importer *importer.Service
	requests *request.Service // nil without a place for them
	list     *model.Inventory
	look     *look

	toolbar     *toolbar
	sidebar     *sidebar
	table       *listView
	detail      *detailPane
	status      *statusBar
	notice      *fyne.Container // problems above the table
	toast       *parts.Toast
	work        *workArea
	stopReading context.CancelFunc // ends the reading under way, if any

	probe        *probeView // the connection test opened last
	probeAddress string     // what was tested last

	picking bool    // the system's file dialog is open
	agreed  string  // a file that its dialog for saving asked about, and may be replaced
	dialogs dialogs // what is open; see move.go
}

// appName is the program's name, in no language.
const appName = "Certdesk"

// New makes the window, not yet shown. ctx ends all that it does.
func New(ctx context.Context, app fyne.App, services Services) *Window {
	action.Use(actionWords)
	if services.System == "" {
		services.System = runtime.GOOS
	}
	s := &shell{app: app, ctx: ctx, services: services, list: model.NewInventory(services.Store, services.Now),
		importer: &importer.Service{Store: services.Store, Journal: services.Journal, Now: services.Now}, look: newLook(modeOf(services.Settings.Theme), services.Contrast)}
	s.stopReading = func() {}
	if services.Requests != "" && services.Journal != nil {
		s.requests = request.At(s.importer, services.Requests, services.System)
	}
	s.list.Signatures = services.Signatures
	app.Settings().SetTheme(s.look)
	app.SetIcon(icons.App)
	s.win = app.NewWindow(appName)
	s.win.SetPadded(false)
	s.win.SetMaster()
	s.win.Resize(fyne.NewSize(1100, 700))
	s.build()
	s.bind()
	if services.Asker != nil {
		services.Asker.attach(s)
	}
	return &Window{s}
}

// Run shows the window and reads the stores; it returns when the window is
// closed.
func (w *Window) Run() {
	w.shell.start()
	w.shell.win.ShowAndRun()
}

// Open shows files: the import plan for those that hold a key, a viewer for
// certificates. It may be called from any goroutine.
func (w *Window) Open(paths []string) {
	fyne.Do(func() {
		w.shell.win.RequestFocus()
		w.shell.openFiles(paths)
	})
}

// Native calls f on the UI goroutine with the system's handle of the window,
// such as a driver.WindowsWindowContext, where there is one.
func (w *Window) Native(f func(any)) {
	fyne.Do(func() {
		if n, ok := w.shell.win.(driver.NativeWindow); ok {
			n.RunNative(f)
		}
	})
}

// Fit draws the window at the size that it has, in pixels; 0, 0 is not known.
// Windows makes it smaller than it was asked for on a small screen, and the
// toolkit does not hear of it. It is called on the UI goroutine.
func (w *Window) Fit(width, height int) {
	c := w.shell.win.Canvas()
	has := fyne.NewSize(float32(width)/c.Scale(), float32(height)/c.Scale())
	if asked := c.Size(); width > 0 && height > 0 && (has.Width < asked.Width || has.Height < asked.Height) {
		w.shell.win.Resize(has)
	}
}

// build puts the parts of the window together.
func (s *shell) build() {
	s.toast = parts.NewToast(46)
	s.toolbar = newToolbar(s)
	s.sidebar = newSidebar(s)
	s.table = newListView(s)
	s.detail = newDetailPane(s)
	s.status = newStatusBar(s)
	s.notice = parts.VBox(0)
	s.notice.Hide()
	middle := parts.Border(parts.VBox(0, s.table.header, s.notice), nil, nil, nil, s.table.object)
	s.work = newWorkArea(middle, s.detail)
	content := parts.Stack(parts.Fill(parts.Content), parts.Border(s.toolbar.object, s.status.object,
		parts.Border(nil, nil, nil, parts.VLine(), s.sidebar.object), nil, s.work), s.toast.Object())
	s.win.SetContent(content)
	s.shortcuts()
	s.win.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) {
		var paths []string
		for _, u := range uris {
			paths = append(paths, filepath.FromSlash(u.Path()))
		}
		s.dropped(paths)
	})
	s.showSelection()
}

// bind connects the parts to the model.
func (s *shell) bind() {
	on := func(item binding.DataItem, f func()) { item.AddListener(binding.NewDataListener(f)) }
	on(s.list.Snapshot, func() {
		if snapshot, err := s.list.Snapshot.Get(); err == nil && snapshot != nil {
			s.sidebar.show(snapshot)
			s.showErrors()
		}
	})
	on(s.list.View, func() {
		if view, err := s.list.View.Get(); err == nil && view != nil {
			s.table.show(view)
			s.sidebar.mark(view.Query)
			s.status.show()
			s.showSelection()
		}
	})
	on(s.list.Progress, func() {
		s.status.showRead()
		s.table.showEmpty()
	})
	on(s.list.Busy, func() {
		if busy, err := s.list.Busy.Get(); err == nil && busy {
			s.table.asked = true
		}
		s.showErrors()
		s.status.show()
		s.table.showEmpty()
	})
}

// start reads the stores for the first time, and again whenever they change.
func (s *shell) start() {
	s.reload()
	s.watch()
	s.win.Canvas().Focus(s.table.data.body)
	if len(s.services.Problems) > 0 {
		s.showProblem(lang.X("start.problem", "Not everything is available"), s.services.Problems...)
	}
	if s.services.Journal == nil {
		return
	}
	go func() {
		records, err := s.importer.Unfinished()
		if err == nil && len(records) > 0 {
			fyne.Do(func() { s.startUnfinished(records) })
		}
	}()
}

// reload reads the stores again, in the background, until it is done or
// stopReading is called.
func (s *shell) reload() {
	s.stopReading()
	ctx, cancel := context.WithCancel(s.ctx)
	s.stopReading = cancel
	go func() {
		defer cancel()
		s.list.Load(ctx)
	}()
}

// watch reloads when the store says that it changed.
func (s *shell) watch() {
	w, ok := s.services.Store.(certstore.Watcher)
	if !ok {
		return
	}
	changes := w.Changes(s.ctx)
	go func() {
		for range changes {
			fyne.Do(s.reload)
		}
	}()
}

// copyText puts text on the clipboard and says so.
func (s *shell) copyText(text string) {
	s.app.Clipboard().SetContent(text)
	if d := parts.TopDialog(s.win.Canvas()); d != nil {
		d.Toast(lang.X("toast.copied", "Copied"))
		return
	}
	s.toast.Show(lang.X("toast.copied", "Copied"))
}

// selected returns the rows selected in the table.
func (s *shell) selected() []*model.Row { return s.table.selected() }

// showSelection brings toolbar, detail and status bar in line with what is
// selected.
func (s *shell) showSelection() {
	rows := s.selected()
	s.toolbar.show(rows)
	s.detail.show(rows)
	s.status.show()
}

// whole returns what the stores hold, nil while they are read for the first
// time, which it says.
func (s *shell) whole() *model.Snapshot {
	snapshot, err := s.list.Snapshot.Get()
	if err != nil || snapshot == nil || snapshot.Partial {
		s.toast.Show(lang.X("toast.reading", "The stores were not read to their end yet"))
		return nil
	}
	return snapshot
}

// showErrors shows above the table what could not be read, or was not.
func (s *shell) showErrors() {
	snapshot, err := s.list.Snapshot.Get()
	if err != nil || snapshot == nil {
		return
	}
	busy, _ := s.list.Busy.Get()
	s.notice.Objects = nil
	again := func() fyne.CanvasObject {
		return parts.SmallButton("refresh", lang.X("button.again", "Try again"), s.reload)
	}
	for _, err := range snapshot.Errors {
		s.notice.Add(parts.Pad(8, 0, 12, 12, problemBanner(err, again())))
	}
	if snapshot.Partial && !busy {
		s.notice.Add(parts.Pad(8, 0, 12, 12, parts.Banner(parts.KindWarning, lang.X("list.partial", "Reading was stopped after {{.N}} certificates", words{"N": thousands(len(snapshot.Rows))}),
			lang.X("list.partialText", "There are more in the stores. Issuers that are not here may be among them."), again())))
	}
	if len(s.notice.Objects) > 0 {
		s.notice.Add(parts.Gap(1, 8))
		s.notice.Show()
	} else {
		s.notice.Hide()
	}
	s.work.Refresh()
}

// shortcuts are the keys that work wherever the keyboard is, and those that
// nothing took.
func (s *shell) shortcuts() {
	c := s.win.Canvas()
	for _, k := range []struct {
		key fyne.KeyName
		do  func()
	}{
		{fyne.KeyF, func() { c.Focus(s.toolbar.search) }},
		{fyne.KeyI, func() { s.startImport(nil) }},
		{fyne.KeyO, func() { s.startImport(nil) }},
		{fyne.KeyE, func() { s.startExport(s.selected()) }},
		{fyne.KeyR, s.reload},
	} {
		c.AddShortcut(&desktop.CustomShortcut{KeyName: k.key, Modifier: fyne.KeyModifierShortcutDefault}, func(fyne.Shortcut) {
			if parts.TopDialog(c) == nil {
				k.do()
			}
		})
	}
	c.AddShortcut(&fyne.ShortcutUndo{}, func(fyne.Shortcut) {
		if parts.TopDialog(c) == nil {
			s.startUndo()
		}
	})
	s.table.data.onShortcut = func(sc fyne.Shortcut) {
		switch sc.(type) {
		case *desktop.CustomShortcut, *fyne.ShortcutUndo:
			c.(interface{ TypedShortcut(fyne.Shortcut) }).TypedShortcut(sc)
		}
	}
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch {
		case parts.DialogKey(c, e.Name):
		case e.Name == fyne.KeyDown || e.Name == fyne.KeyUp:
			c.Focus(s.table.data.body)
		default:
			s.key(e.Name)
		}
	})
	s.table.data.onKey = s.key
}

// key does what a key does that neither a dialog nor what has the keyboard
// took.
func (s *shell) key(name fyne.KeyName) {
	if name == fyne.KeyF5 {
		s.reload()
	}
}

func modeOf(name string) Mode {
	switch name {
	case "light":
		return AlwaysLight
	case "dark":
		return AlwaysDark
	}
	return FollowSystem
}

// nextTheme goes from the system's colours to light, dark and back.
func (s *shell) nextTheme() {
	next := map[string]string{"": "light", "light": "dark", "dark": ""}[s.services.Settings.Theme]
	s.services.Settings.Theme = next
	s.look = newLook(modeOf(next), s.services.Contrast)
	s.app.Settings().SetTheme(s.look)
	name := map[string]string{"": lang.X("theme.system", "Colours of the system"), "light": lang.X("theme.light", "Light colours"),
		"dark": lang.X("theme.dark", "Dark colours")}[next]
	s.toast.Show(name)
	if s.services.Save == nil {
		return
	}
	settings := s.services.Settings
	go func() {
		if err := s.services.Save(settings); err != nil {
			fyne.Do(func() { s.showProblem(lang.X("settings.problem", "The settings could not be saved"), err) })
		}
	}()
}
