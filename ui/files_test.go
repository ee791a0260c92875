package ui

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"certdesk/ui/parts"
)

// fakePicker answers with what it is told to, once release is closed.
type fakePicker struct {
	path    string
	err     error
	asked   []string
	release chan struct{}
}

func (p *fakePicker) answer(q string) (string, error) {
	p.asked = append(p.asked, q)
	<-p.release
	return p.path, p.err
}

func (p *fakePicker) File(_ string, ext []string, near string) (string, error) {
	return p.answer("file " + ext[0] + " near " + near)
}

func (p *fakePicker) Folder(_, near string) (string, error) { return p.answer("folder near " + near) }

func TestSystemPicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStoreShell(t)
		var got []string
		ask := func(p Picker) (string, error) { return p.File("", []string{".pfx"}, "/x") }
		chosen := func(path string) { got = append(got, path) }
		if s.systemPicker(ask, chosen) {
			t.Fatal("there is no picker, but one was asked")
		}
		p := &fakePicker{path: "/a b/c.pfx", release: make(chan struct{})}
		s.services.Picker = p
		for range 2 { // the second click finds it open
			if !s.systemPicker(ask, chosen) {
				t.Fatal("the picker was not asked")
			}
			synctest.Wait()
		}
		close(p.release)
		synctest.Wait()
		if !slices.Equal(p.asked, []string{"file .pfx near /x"}) || !slices.Equal(got, []string{"/a b/c.pfx"}) {
			t.Errorf("asked %q, got %q", p.asked, got)
		}
		p.path = ""
		s.systemPicker(ask, chosen)
		synctest.Wait()
		if len(got) != 1 || parts.TopDialog(s.win.Canvas()) != nil {
			t.Errorf("giving up chose %q", got)
		}
		p.err = errors.New("no shell here")
		s.systemPicker(ask, chosen)
		synctest.Wait()
		sees(t, s, "No shell here")
	})
}
