// Package soft is a driver for Fyne that needs no graphics card: it paints the
// window into an image and leaves it to a [Screen] to show it.
//
// Fyne's embedded driver is the base: it measures text and lets an app be made
// without OpenGL. But it knows touch and key events only, no hover, wheel,
// right click, shortcut, animation or second layout. This package does those
// in the way of Fyne's desktop driver, so that the window behaves the same.
// It uses nothing but Fyne's public packages and runs on any system; package
// gdi is the Screen for Windows.
package soft

import (
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// A Screen is the system's window that a [Driver] draws in. It calls the
// methods of [Window] on the one thread that its loop runs on.
type Screen interface {
	// Loop shows the window and handles events until Stop is called.
	Loop(*Window)
	Stop()
	// OnLoop reports whether the caller is on the loop's thread.
	OnLoop() bool
	// Wake makes the loop call [Window.Work] soon. Any goroutine may call it.
	Wake()
	// Invalidate makes the loop call [Window.Paint] once nothing else is to
	// be done. Any goroutine may call it.
	Invalidate()
	// Tick makes the loop call [Window.Tick] some times a second, or not.
	Tick(bool)

	SetTitle(string)
	SetCursor(desktop.StandardCursor)
	// Resize changes the size of the window's inside, in pixels.
	Resize(width, height int)
	Raise()

	// Scale returns pixels per device independent pixel.
	Scale() float32
	Variant() fyne.ThemeVariant
	Modifiers() fyne.KeyModifier
	fyne.Clipboard
}

// App is a Fyne app whose window is shown by a Screen.
type App struct {
	fyne.App
	driver   *driver
	settings *settings
}

// New makes base, an app of Fyne's, draw on screen, and the current app. base
// still keeps settings, preferences and storage; its driver measures text.
func New(base fyne.App, screen Screen) *App {
	a := &App{App: base, settings: &settings{base.Settings(), screen}}
	a.driver = &driver{Driver: base.Driver(), app: a, screen: screen}
	a.driver.window = newWindow(a.driver)
	a.settings.AddListener(func(fyne.Settings) { a.driver.window.restyle() })
	fyne.SetCurrentApp(a)
	return a
}

// Driver returns the driver of this package.
func (a *App) Driver() fyne.Driver { return a.driver }

// Settings returns the base app's with the system's choice of light or dark.
func (a *App) Settings() fyne.Settings { return a.settings }

// Clipboard returns the system's clipboard.
func (a *App) Clipboard() fyne.Clipboard { return a.driver.screen }

// NewWindow returns the one window.
func (a *App) NewWindow(title string) fyne.Window { return a.driver.CreateWindow(title) }

// Run runs the loop until Quit.
func (a *App) Run() { a.driver.Run() }

// Quit closes the window and ends the loop.
func (a *App) Quit() { a.driver.window.Close() }

type settings struct {
	fyne.Settings
	screen Screen
}

// ThemeVariant returns what the system says; the embedded app has no idea.
func (s *settings) ThemeVariant() fyne.ThemeVariant { return s.screen.Variant() }

// driver is a fyne.Driver with one window.
type driver struct {
	fyne.Driver // measures text
	app         *App
	screen      Screen
	window      *Window
	moving      animations

	mu      sync.Mutex
	queue   []func()
	stopped bool
}

// Declare conformity with interfaces.
var _ desktop.Driver = (*driver)(nil)

// CreateWindow returns the one window with a title.
func (d *driver) CreateWindow(title string) fyne.Window {
	d.window.SetTitle(title)
	return d.window
}

// CreateSplashWindow implements desktop.Driver.
func (d *driver) CreateSplashWindow() fyne.Window { return d.window }

// AllWindows implements fyne.Driver.
func (d *driver) AllWindows() []fyne.Window { return []fyne.Window{d.window} }

// CanvasForObject implements fyne.Driver: there is one canvas.
func (d *driver) CanvasForObject(fyne.CanvasObject) fyne.Canvas { return d.window.surface }

// AbsolutePositionForObject implements fyne.Driver.
func (d *driver) AbsolutePositionForObject(o fyne.CanvasObject) (at fyne.Position) {
	for _, root := range d.window.surface.roots() {
		walk(root, fyne.Position{}, everywhere, func(x fyne.CanvasObject, pos fyne.Position, _ area) {
			if x == o {
				at = pos
			}
		})
	}
	return at
}

// CurrentKeyModifiers implements desktop.Driver.
func (d *driver) CurrentKeyModifiers() fyne.KeyModifier { return d.screen.Modifiers() }

// Device implements fyne.Driver.
func (d *driver) Device() fyne.Device { return device{d.Driver.Device(), d.screen} }

// DoubleTapDelay is the desktop driver's.
func (d *driver) DoubleTapDelay() time.Duration { return 300 * time.Millisecond }

// SetDisableScreenBlanking implements fyne.Driver; it does nothing.
func (d *driver) SetDisableScreenBlanking(bool) {}

// DoFromGoroutine runs f on the loop. After the loop ended it runs f at once,
// so that nobody waits for ever.
func (d *driver) DoFromGoroutine(f func(), wait bool) {
	d.mu.Lock()
	if d.stopped || wait && d.screen.OnLoop() {
		d.mu.Unlock()
		f()
		return
	}
	done := make(chan struct{})
	d.queue = append(d.queue, func() { defer close(done); f() })
	d.mu.Unlock()
	d.screen.Wake()
	if wait {
		<-done
	}
}

// work runs what was queued. What that queues comes after the events that are
// waiting.
func (d *driver) work() {
	d.mu.Lock()
	queue := d.queue
	d.queue = nil
	d.mu.Unlock()
	for _, f := range queue {
		f()
	}
}

// lifecycle is what Fyne's own drivers call through an internal type.
type lifecycle interface {
	OnStarted() func()
	OnStopped() func()
	OnEnteredForeground() func()
	OnExitedForeground() func()
}

func (d *driver) hook(which func(lifecycle) func()) {
	if l, ok := d.app.Lifecycle().(lifecycle); ok {
		if f := which(l); f != nil {
			f()
		}
	}
}

// Run implements fyne.Driver.
func (d *driver) Run() {
	d.hook(lifecycle.OnStarted)
	d.screen.Loop(d.window)
	d.hook(lifecycle.OnStopped)
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	d.work() // somebody may be waiting for it
}

// Quit implements fyne.Driver.
func (d *driver) Quit() { d.screen.Stop() }

// StartAnimation implements fyne.Driver.
func (d *driver) StartAnimation(a *fyne.Animation) {
	d.moving.start(a, time.Now())
	d.screen.Tick(true)
}

// StopAnimation implements fyne.Driver.
func (d *driver) StopAnimation(a *fyne.Animation) { d.moving.stop(a) }

// device says that this is a desktop.
type device struct {
	fyne.Device
	screen Screen
}

// IsMobile implements fyne.Device.
func (device) IsMobile() bool { return false }

// HasKeyboard implements fyne.Device.
func (device) HasKeyboard() bool { return true }

// SystemScaleForWindow implements fyne.Device.
func (d device) SystemScaleForWindow(fyne.Window) float32 { return d.screen.Scale() }

// Orientation implements fyne.Device.
func (device) Orientation() fyne.DeviceOrientation { return fyne.OrientationHorizontalLeft }
