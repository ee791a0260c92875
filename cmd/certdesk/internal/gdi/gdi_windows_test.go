package gdi

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/sys/windows"

	"certdesk/cmd/certdesk/internal/soft"
)

// TestScreen sends a real window the messages that Windows would.
func TestScreen(t *testing.T) {
	runtime.LockOSThread()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	a := soft.New(test.NewTempApp(t), s)
	t.Cleanup(func() { test.NewApp() })
	w := a.NewWindow("Zoë 中")
	w.SetPadded(false)
	entry := widget.NewEntry()
	w.SetContent(container.NewVBox(entry))
	w.Resize(fyne.NewSize(300, 200))
	var dropped []string
	w.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) {
		for _, u := range uris {
			dropped = append(dropped, u.Path())
		}
	})
	send := func(m, wp, lp uintptr) uintptr {
		r, _, _ := user32.NewProc("SendMessageW").Call(s.hwnd, m, wp, lp)
		return r
	}
	at := func(x, y int) uintptr { return uintptr(y<<16 | x) }

	var title, typed, pasted string
	var size fyne.Size
	hand := false
	var moved rect
	var scale float32
	a.Lifecycle().SetOnStarted(func() {
		go func() {
			// After the window is shown, on its own thread.
			fyne.DoAndWait(func() {
				name := make([]uint16, 100)
				user32.NewProc("GetWindowTextW").Call(s.hwnd, uintptr(unsafe.Pointer(&name[0])), 100)
				title = windows.UTF16ToString(name)
				size = w.Canvas().Size()

				send(wmMouseMove, 0, at(20, 10))
				ibeam, _, _ := loadCursor.Call(0, 32513)
				hand = s.cursor == ibeam && send(wmSetCursor, s.hwnd, hitClient) == 1
				send(wmLeftDown, 1, at(20, 10))
				send(wmLeftUp, 0, at(20, 10))
				if w.Canvas().Focused() == nil {
					w.Canvas().Focus(entry)
				}
				for _, unit := range []uint16{'a', 0xeb, 0x4e2d, 0xd83d, 0xde00, 6, 0x7f} {
					send(wmChar, uintptr(unit), 0)
				}
				typed = entry.Text

				s.SetContent("füßchen 中 😀")
				pasted = s.Content()

				// Another monitor: Windows says where the window is to be there.
				t.Setenv("FYNE_SCALE", "2")
				there := rect{40, 30, 640, 530}
				send(wmDPIChanged, 192<<16|192, uintptr(unsafe.Pointer(&there)))
				user32.NewProc("GetWindowRect").Call(s.hwnd, uintptr(unsafe.Pointer(&moved)))
				scale = w.Canvas().Scale()

				drop := dropFiles(`C:\a b\Zoë.pfx`, `C:\x.cer`)
				send(wmDropFiles, drop, 0)
				send(wmClose, 0, 0)
			})
		}()
	})
	ended := make(chan bool)
	go func() {
		select {
		case <-ended:
		case <-time.After(100 * time.Second):
			panic("the loop does not end")
		}
	}()
	w.ShowAndRun()
	close(ended)

	if title != "Zoë 中" {
		t.Errorf("title %q", title)
	}
	if size != fyne.NewSize(300, 200) {
		t.Errorf("size %v", size)
	}
	if !hand {
		t.Error("no text cursor over the field")
	}
	if (moved != rect{40, 30, 640, 530}) || scale != 2 {
		t.Errorf("on another monitor: %v, scale %v", moved, scale)
	}
	if typed != "aë中😀" {
		t.Errorf("typed %q", typed)
	}
	if pasted != "füßchen 中 😀" {
		t.Errorf("the clipboard gave %q", pasted)
	}
	if want := []string{"C:/a b/Zoë.pfx", "C:/x.cer"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %q, want %q", dropped, want)
	}
}

// dropFiles returns what Explorer sends: a DROPFILES with wide names.
func dropFiles(paths ...string) (drop uintptr) {
	data := make([]byte, 20)
	binary.LittleEndian.PutUint32(data, 20) // where the names begin
	data[16] = 1                            // they are wide
	for _, p := range append(paths, "") {
		units, _ := windows.UTF16FromString(p)
		for _, u := range units {
			data = binary.LittleEndian.AppendUint16(data, u)
		}
	}
	h, _, _ := globalAlloc.Call(moveable, uintptr(len(data)))
	p, _, _ := globalLock.Call(h)
	copy(unsafe.Slice((*byte)(pointer(p)), len(data)), data)
	globalUnlock.Call(h)
	return h
}

func TestKeyName(t *testing.T) {
	for _, tt := range []struct {
		code, l uintptr
		want    fyne.KeyName
	}{
		{'F', 0, fyne.KeyF}, {'7', 0, fyne.Key7}, {0x67, 0, fyne.Key7}, {0x74, 0, fyne.KeyF5}, {0x2e, keyExtended, fyne.KeyDelete},
		{vkReturn, 0, fyne.KeyReturn}, {vkReturn, keyExtended, fyne.KeyEnter}, {vkShift, scanRight << 16, "RightShift"}, {vkShift, 0x2a << 16, "LeftShift"},
		{vkMenu, keyExtended, "RightAlt"}, {0xe8, 0, ""},
	} {
		if got := keyName(tt.code, tt.l); got != tt.want {
			t.Errorf("key %#x with %#x is %q, want %q", tt.code, tt.l, got, tt.want)
		}
	}
}
