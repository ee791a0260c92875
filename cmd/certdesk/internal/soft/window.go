package soft

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
)

// Window is the one window. The methods of fyne.Window are for the program,
// the others are what a [Screen] calls.
type Window struct {
	driver  *driver
	surface *surface
	title   string
	icon    fyne.Resource
	pointer pointer

	onClosed    func()
	onIntercept func()
	onDropped   func(fyne.Position, []fyne.URI)
	closed      bool
}

// Declare conformity with interfaces.
var _ fyne.Window = (*Window)(nil)

func newWindow(d *driver) *Window {
	return &Window{driver: d, surface: newSurface(d.screen)}
}

// Title implements fyne.Window.
func (w *Window) Title() string { return w.title }

// SetTitle implements fyne.Window.
func (w *Window) SetTitle(title string) {
	w.title = title
	w.driver.screen.SetTitle(title)
}

// FullScreen implements fyne.Window; there is none.
func (w *Window) FullScreen() bool { return false }

// SetFullScreen implements fyne.Window; it does nothing.
func (w *Window) SetFullScreen(bool) {}

// Resize asks for a size, in device independent pixels.
func (w *Window) Resize(size fyne.Size) {
	w.surface.Resize(size)
	s := w.surface.Scale()
	w.driver.screen.Resize(round(size.Width*s), round(size.Height*s))
}

// RequestFocus implements fyne.Window.
func (w *Window) RequestFocus() { w.driver.screen.Raise() }

// FixedSize implements fyne.Window; the window can always be resized.
func (w *Window) FixedSize() bool { return false }

// SetFixedSize implements fyne.Window; it does nothing.
func (w *Window) SetFixedSize(bool) {}

// CenterOnScreen implements fyne.Window; it does nothing.
func (w *Window) CenterOnScreen() {}

// Padded implements fyne.Window.
func (w *Window) Padded() bool { return w.surface.Padded() }

// SetPadded implements fyne.Window.
func (w *Window) SetPadded(padded bool) { w.surface.SetPadded(padded) }

// Icon implements fyne.Window.
func (w *Window) Icon() fyne.Resource { return w.icon }

// SetIcon implements fyne.Window; the screen shows the program's icon.
func (w *Window) SetIcon(icon fyne.Resource) { w.icon = icon }

// SetMaster implements fyne.Window; the one window always is.
func (w *Window) SetMaster() {}

// MainMenu implements fyne.Window; there is none.
func (w *Window) MainMenu() *fyne.MainMenu { return nil }

// SetMainMenu implements fyne.Window; it does nothing.
func (w *Window) SetMainMenu(*fyne.MainMenu) {}

// SetOnClosed implements fyne.Window.
func (w *Window) SetOnClosed(f func()) { w.onClosed = f }

// SetCloseIntercept implements fyne.Window.
func (w *Window) SetCloseIntercept(f func()) { w.onIntercept = f }

// SetOnDropped implements fyne.Window.
func (w *Window) SetOnDropped(f func(fyne.Position, []fyne.URI)) { w.onDropped = f }

// Show implements fyne.Window; the window is shown when the app runs.
func (w *Window) Show() { w.surface.SetDirty() }

// Hide implements fyne.Window; it does nothing.
func (w *Window) Hide() {}

// Close implements fyne.Window and ends the app.
func (w *Window) Close() {
	if w.closed {
		return
	}
	w.closed = true
	if w.onClosed != nil {
		w.onClosed()
	}
	w.driver.Quit()
}

// ShowAndRun implements fyne.Window.
func (w *Window) ShowAndRun() {
	w.Show()
	w.driver.Run()
}

// Content implements fyne.Window.
func (w *Window) Content() fyne.CanvasObject { return w.surface.Content() }

// SetContent implements fyne.Window.
func (w *Window) SetContent(o fyne.CanvasObject) { w.surface.SetContent(o) }

// Canvas implements fyne.Window.
func (w *Window) Canvas() fyne.Canvas { return w.surface }

// Clipboard implements fyne.Window.
func (w *Window) Clipboard() fyne.Clipboard { return w.driver.screen }

// Closing is for when the person closes the window.
func (w *Window) Closing() {
	if w.onIntercept != nil {
		w.onIntercept()
		return
	}
	w.Close()
}

// Sized is for when the window's inside has a new size in pixels, or the
// screen a new scale.
func (w *Window) Sized(width, height int) {
	if width <= 0 || height <= 0 { // minimized
		return
	}
	scale := w.driver.screen.Scale()
	rescaled := scale != w.surface.Scale()
	w.surface.SetScale(scale)
	w.surface.Resize(fyne.NewSize(float32(width)/scale, float32(height)/scale))
	if rescaled {
		w.restyle()
	}
}

// MinSize returns the smallest size of the window's inside in pixels.
func (w *Window) MinSize() (width, height int) {
	c := w.surface.Content()
	if c == nil {
		return 0, 0
	}
	size, s := c.MinSize(), w.surface.Scale()
	return round(size.Width * s), round(size.Height * s)
}

// Restyled is for when the system's colours changed.
func (w *Window) Restyled() { w.restyle() }

func (w *Window) restyle() {
	w.surface.painter.forget()
	w.surface.restyle()
}

// Dropped is for when files were dropped at a place in pixels.
func (w *Window) Dropped(x, y int, paths []string) {
	if w.onDropped == nil || len(paths) == 0 {
		return
	}
	var uris []fyne.URI
	for _, p := range paths {
		uris = append(uris, storage.NewFileURI(p))
	}
	w.onDropped(w.place(x, y), uris)
}

// Work runs what other goroutines asked to be run here.
func (w *Window) Work() { w.driver.work() }

// Tick moves animations on, and stops the ticking when there are none.
func (w *Window) Tick() {
	if !w.driver.moving.tick(time.Now()) {
		w.driver.screen.Tick(false)
	}
}

// Paint paints the canvas if something changed. It returns the pixels, which
// stay the same until the next call, and the part of them that is new.
func (w *Window) Paint() (pixels *image.RGBA, changed image.Rectangle) {
	s := w.surface
	if !s.dirty.Load() {
		return s.painter.last, image.Rectangle{}
	}
	if need := s.fit(); need.Width > s.Size().Width || need.Height > s.Size().Height {
		w.Resize(need.Max(s.Size()))
	}
	f := s.painter.paint(s)
	s.dirty.Store(false) // painting itself says that objects changed, which they did not
	return f.pixels, f.changed
}

// place turns pixels into the canvas' coordinates.
func (w *Window) place(x, y int) fyne.Position {
	s := w.surface.Scale()
	return fyne.NewPos(float32(x)/s, float32(y)/s)
}

func round(v float32) int { return int(v + 0.5) }
