package ui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"certdesk/ui/parts"
	"certdesk/ui/uitest"
)

// fakePicker answers with what it is told to, once release is closed.
type fakePicker struct {
	paths   []string
	err     error
	asked   []string
	release chan struct{}
}

func (p *fakePicker) answer(what string, q FileQuestion) ([]string, error) {
	for _, f := range q.Filters {
		what += fmt.Sprint(" ", f.Extensions)
	}
	p.asked = append(p.asked, what+" near "+q.Near)
	<-p.release
	return p.paths, p.err
}

func (p *fakePicker) Open(q FileQuestion) ([]string, error) {
	what := "open"
	if q.Several {
		what = "open several"
	}
	return p.answer(what, q)
}

func (p *fakePicker) first(paths []string, err error) (string, error) {
	return strings.Join(paths[:min(1, len(paths))], ""), err
}

func (p *fakePicker) Save(q FileQuestion) (string, error) { return p.first(p.answer("save", q)) }

func (p *fakePicker) Folder(q FileQuestion) (string, error) { return p.first(p.answer("folder", q)) }

// toolkitPicker reports whether a dialog of the toolkit for files is open.
func toolkitPicker(s *shell) bool {
	return s.win.Canvas().Overlays().Top() != nil && parts.TopDialog(s.win.Canvas()) == nil
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestSystemPicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		var got []string
		ask := func() { s.chooseFile("", []string{".pfx"}, "/x", func(path string) { got = append(got, path) }) }
		p := &fakePicker{paths: []string{"/a b/c.pfx"}, release: make(chan struct{})}
		s.services.Picker = p
		for range 2 { // the second click finds it open
			ask()
			uitest.Settle()
		}
		close(p.release)
		uitest.Settle()
		if !slices.Equal(p.asked, []string{"open [.pfx] [] near /x"}) || !slices.Equal(got, []string{"/a b/c.pfx"}) {
			t.Errorf("asked %q, got %q", p.asked, got)
		}
		p.paths = nil
		ask()
		uitest.Settle()
		if len(got) != 1 || s.win.Canvas().Overlays().Top() != nil {
			t.Errorf("giving up chose %q", got)
		}
		p.err = errors.New("no shell here")
		ask()
		uitest.Settle()
		sees(t, s, "No shell here")
	})
}

// TestToolkitPicker wants the toolkit's dialog where the system has none, or
// has none after all.
func TestToolkitPicker(t *testing.T) {
	for name, picker := range map[string]Picker{"none": nil, "unsupported": &fakePicker{err: fmt.Errorf("no portal: %w", errors.ErrUnsupported), release: closed()}} {
		for what, ask := range map[string]func(*shell){
			"open":   func(s *shell) { s.chooseFile("", []string{".pfx"}, "", func(string) { t.Error("chosen") }) },
			"save":   func(s *shell) { s.chooseSave("", "/x", func(string) { t.Error("chosen") }, func(string) {}) },
			"folder": func(s *shell) { s.chooseFolder("", "/x", func(string) { t.Error("chosen") }) },
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStoreShell(t)
					s.services.Picker = picker
					ask(s)
					uitest.Settle()
					if !toolkitPicker(s) {
						t.Error("the toolkit's dialog did not open")
					}
				})
			})
		}
	}
}

// TestSaveAsk wants one question before a file is replaced: that of the
// system's dialog, or ours.
func TestSaveAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		dir := t.TempDir()
		old, other := filepath.Join(dir, "old.pem"), filepath.Join(dir, "other.pem")
		for _, path := range []string{old, other} {
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p := &fakePicker{paths: []string{old}, release: closed()}
		s.services.Picker = p
		done := 0
		f := s.newForm("", "", "export", "Save", 600, 380)
		target := s.newSaveTarget("new.pem", f.update)
		target.folder.SetText(dir)
		f.replaces = func() []string { return []string{target.path()} }
		f.show(target.object, nil, func() { done++ })
		form := parts.TopDialog(s.win.Canvas())
		tapText(t, s, "Choose…")
		if target.path() != old || !slices.Equal(p.asked, []string{"save near " + filepath.Join(dir, "new.pem")}) {
			t.Errorf("asked %q, path %s", p.asked, target.path())
		}
		for _, x := range []struct {
			name string
			asks bool
		}{{"old.pem", false}, {"old.pem", true}, {"other.pem", true}, {"fresh.pem", false}} { // a yes counts once
			target.name.SetText(x.name)
			before := done
			tapText(t, s, "Save")
			asks := parts.TopDialog(s.win.Canvas()) != form
			if asks != x.asks || (done > before) == asks {
				t.Errorf("%s: done %d times, asked: %v", x.name, done-before, asks)
			}
			if asks {
				parts.TopDialog(s.win.Canvas()).Close()
			}
		}
	})
}
