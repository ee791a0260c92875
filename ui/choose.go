package ui

import (
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/storage"

	"certdesk/ui/parts"
)

// A Picker shows the system's own dialogs for files. Its methods block until
// the person chose; no path means that they did not. An error that matches
// [errors.ErrUnsupported] means that there is no such dialog after all, and
// the toolkit's is shown.
type Picker interface {
	// Open asks for a file, or for several.
	Open(FileQuestion) (paths []string, err error)
	// Save asks where a file goes, and whether one that is there is replaced.
	Save(FileQuestion) (path string, err error)
	// Folder asks for a folder.
	Folder(FileQuestion) (path string, err error)
}

// A FileQuestion is what a dialog for files asks.
type FileQuestion struct {
	Title   string
	Filters []FileFilter // the first is chosen
	Near    string       // a file or folder to begin at, or ""; for Save the proposed path
	Several bool         // Open only
}

// A FileFilter shows files with one of some extensions, such as ".pfx"; none
// means all files.
type FileFilter struct {
	Name       string
	Extensions []string
}

// certificateFiles are the usual extensions of what can be opened here.
var certificateFiles = []string{".pfx", ".p12", ".pem", ".cer", ".crt", ".der", ".p7b", ".p7c", ".key"}

// filtersFor returns the filters of a dialog: what a file is called says
// little about what is in it, so all files can be seen.
func filtersFor(extensions []string) []FileFilter {
	if len(extensions) == 0 {
		return nil
	}
	return []FileFilter{{lang.X("picker.some", "Certificate files ({{.Extensions}})", words{"Extensions": "*" + strings.Join(extensions, " *")}), extensions},
		{lang.X("picker.all", "All files"), nil}}
}

// choose asks with the system's dialog, else with the toolkit's, which is what
// toolkit does; chosen is called with the answer.
func (s *shell) choose(ask func(Picker) ([]string, error), toolkit func(), chosen func(paths []string)) {
	if s.services.Picker == nil {
		toolkit()
		return
	}
	if s.picking {
		return // it is open already
	}
	s.picking = true
	go func() {
		paths, err := ask(s.services.Picker)
		fyne.Do(func() {
			s.picking = false
			switch {
			case errors.Is(err, errors.ErrUnsupported):
				toolkit()
			case err != nil:
				s.showProblem(lang.X("picker.problem", "The system's file dialog does not open"), err)
			case len(paths) > 0:
				chosen(paths)
			}
		})
	}()
}

// one makes an answer of one path from that of a dialog for one.
func one(path string, err error) ([]string, error) {
	if path == "" {
		return nil, err
	}
	return []string{path}, err
}

// chooseFiles asks for files; chosen gets their paths.
func (s *shell) chooseFiles(q FileQuestion, chosen func([]string)) {
	s.choose(func(p Picker) ([]string, error) { return p.Open(q) }, func() { s.toolkitFile(q, chosen) }, chosen)
}

// chooseFile asks for a file; chosen gets its path.
func (s *shell) chooseFile(title string, extensions []string, near string, chosen func(string)) {
	s.chooseFiles(FileQuestion{Title: title, Filters: filtersFor(extensions), Near: near}, func(paths []string) { chosen(paths[0]) })
}

// chooseFolder asks for a folder.
func (s *shell) chooseFolder(title, near string, chosen func(string)) {
	s.choose(func(p Picker) ([]string, error) { return one(p.Folder(FileQuestion{Title: title, Near: near})) },
		func() { s.toolkitFolder(near, chosen) }, func(paths []string) { chosen(paths[0]) })
}

// chooseSave asks where a file goes, proposing path. Where only the toolkit
// asks it asks for the folder, and nothing about a file that is there: its
// dialog for saving empties that.
func (s *shell) chooseSave(title, path string, chosen func(path string), folder func(string)) {
	s.choose(func(p Picker) ([]string, error) { return one(p.Save(FileQuestion{Title: title, Near: path})) },
		func() { s.toolkitFolder(path, folder) }, func(paths []string) { chosen(paths[0]) })
}

// fileField is a field for a path with a button that chooses it.
func fileField(field *parts.Field, choose func()) fyne.CanvasObject {
	return parts.Border(nil, nil, nil, parts.Pad(0, 0, 8, 0, parts.Middle(parts.SmallButton("folder", lang.X("button.choose", "Choose…"), choose))), field)
}

func (s *shell) toolkitFile(q FileQuestion, chosen func([]string)) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			s.showProblem(lang.X("import.chooseProblem", "The file cannot be opened"), err)
			return
		}
		if r == nil {
			return
		}
		path := r.URI().Path()
		r.Close()
		chosen([]string{path})
	}, s.win)
	if len(q.Filters) > 0 && len(q.Filters[0].Extensions) > 0 {
		var both []string
		for _, e := range q.Filters[0].Extensions {
			both = append(both, e, strings.ToUpper(e))
		}
		d.SetFilter(storage.NewExtensionFileFilter(both))
	}
	s.showToolkit(d, q.Near)
}

func (s *shell) toolkitFolder(near string, chosen func(string)) {
	s.showToolkit(dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		switch {
		case err != nil:
			s.showProblem(lang.X("picker.folder", "The folder cannot be opened"), err)
		case folder != nil:
			chosen(folder.Path())
		}
	}, s.win), near)
}

// showToolkit shows the toolkit's file dialog, beginning at near or in its
// folder, and lets Escape close it.
func (s *shell) showToolkit(d *dialog.FileDialog, near string) {
	c := s.win.Canvas()
	if near != "" {
		for _, dir := range []string{near, folderOf(near)} {
			if folder, err := storage.ListerForURI(storage.NewFileURI(dir)); err == nil {
				d.SetLocation(folder)
				break
			}
		}
	}
	before := c.OnTypedKey()
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			d.Hide()
		}
	})
	d.SetOnClosed(func() { c.SetOnTypedKey(before) })
	size := c.Size()
	d.Resize(fyne.NewSize(min(900, size.Width-40), min(620, size.Height-40)))
	d.Show()
}
