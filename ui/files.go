package ui

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/storage"

	"certdesk/internal/certfile"
	"certdesk/internal/check"
	"certdesk/internal/inventory"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

var errTooLarge = errors.New("the file is larger than any certificate file")

// readFile returns the content of a file. It blocks.
func readFile(path string) ([]byte, error) {
	r, err := storage.Reader(storage.NewFileURI(path))
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			e.Path = path // the toolkit's has slashes on Windows too
		}
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, certfile.MaxSize+1))
	if err == nil && len(data) > certfile.MaxSize {
		err = errTooLarge
	}
	return data, err
}

// openFiles shows files that were dropped, named on the command line or handed
// over by a second start: if one of them holds a key, the import wizard takes
// them all, one after another; else the viewer shows the certificates.
func (s *shell) openFiles(paths []string) {
	if len(paths) == 0 {
		return
	}
	go func() {
		var readable []string
		withKey := false
		var subjects []check.Subject
		var errs []error
		for _, p := range paths {
			data, err := readFile(p)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			contents, err := certfile.Inspect(data)
			switch {
			case err != nil:
				errs = append(errs, &fileError{filepath.Base(p), err})
			case contents.Format == certfile.PKCS12 || len(contents.Keys) > 0:
				readable, withKey = append(readable, p), true
			default:
				readable, subjects = append(readable, p), append(subjects, check.InFile(contents)...)
			}
		}
		fyne.Do(func() {
			switch {
			case withKey:
				s.startImport(readable)
			case len(subjects) > 0:
				s.view(subjects, readable)
			}
			s.showProblem(lang.X("open.problem", "Could not be opened"), errs...)
		})
	}()
}

// dropped gives files to the dialog on top if it takes some, else opens them.
func (s *shell) dropped(paths []string) {
	if d := parts.TopDialog(s.win.Canvas()); d != nil && d.OnFiles != nil {
		d.OnFiles(paths)
		return
	}
	s.openFiles(paths)
}

// A fileError says which file could not be read.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }

// view shows the certificates of files in a dialog, with a button to import
// them.
func (s *shell) view(subjects []check.Subject, paths []string) {
	size := s.win.Canvas().Size()
	d := parts.NewDialog(s.win.Canvas(), filepath.Base(paths[0]), plural(len(subjects), lang.X("view.one", "1 certificate, not imported"),
		lang.X("view.many", "{{.N}} certificates, not imported", words{"N": strconv.Itoa(len(subjects))})), min(900, size.Width-40), min(600, size.Height-40))
	v := newDetailView(s)
	names := make([]string, len(subjects))
	for i, x := range subjects {
		names[i] = x.Certificate.CommonName()
	}
	show := func(i int) {
		go func() {
			snapshot, _ := s.list.Snapshot.Get()
			if snapshot == nil {
				snapshot = &model.Snapshot{Inventory: &inventory.Inventory{}}
			}
			detail := model.DescribeFile(snapshot, subjects[i], s.list.Now())
			fyne.Do(func() { v.show(detail) })
		}()
	}
	top := parts.HBox(8, parts.Pad(0, 0, 12, 0, v.tabs.Object()), parts.Spacer())
	if len(subjects) > 1 {
		top.Add(parts.Pad(4, 4, 0, 14, parts.NewDropdown(names, 0, show)))
	}
	d.SetBody(parts.Border(parts.VBox(0, top, parts.FaintHLine()), nil, nil, nil, v.body))
	shut := parts.Secondary("", lang.X("button.close", "Close"), d.Close)
	get := parts.Primary("import", lang.X("toolbar.import", "Import…"), func() { d.Close(); s.startImport(paths) })
	d.SetButtons(get, shut, get)
	d.Show()
	show(0)
}

// rowOf returns the list's row for a row of the inventory, or nil.
func (s *shell) rowOf(r *inventory.Row) *model.Row {
	snapshot, err := s.list.Snapshot.Get()
	if err != nil || snapshot == nil {
		return nil
	}
	for _, row := range snapshot.Rows {
		if row.Row == r {
			return row
		}
	}
	return nil
}

func (s *shell) rowsOf(r *model.Row) []*model.Row { return []*model.Row{r} }

// goTo lists the store a row is in and selects the row.
func (s *shell) goTo(r *inventory.Row) {
	row := s.rowOf(r)
	if row == nil {
		return
	}
	s.toolbar.clearSearch()
	s.table.filter.SetSelected(0)
	go func() {
		s.list.Ask(func(q *model.Query) {
			q.Scope, q.Search, q.Filter = model.Scope{Location: r.Location, Store: r.Store}, "", model.All
		})
		fyne.Do(func() { s.table.data.SelectID(row.ID) })
	}()
}
