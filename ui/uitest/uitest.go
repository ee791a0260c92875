// Package uitest gives tests of the window what the program has: one goroutine
// that the window runs on. Fyne's own test driver runs what [fyne.Do] gets on
// the goroutine that calls it, beside the test's.
package uitest

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// app is Fyne's test app with a driver of ours.
type app struct {
	fyne.App
	driver *driver
}

// Driver implements fyne.App.
func (a *app) Driver() fyne.Driver { return a.driver }

// driver is Fyne's test driver with the queue that Fyne's real drivers have.
type driver struct {
	fyne.Driver
	woken chan struct{} // has room for one: there is something in queue
	idle  atomic.Bool   // the test's goroutine waits

	mu    sync.Mutex
	queue []func()
	ended bool // nobody works off the queue any more
}

// NewApp makes a test app the current one. What fyne.Do gets waits until the
// test calls [Settle], [Rest] or [Until], and runs on the test's goroutine;
// what comes after the test does not run.
func NewApp(t testing.TB) fyne.App {
	base := test.NewApp()
	d := &driver{Driver: base.Driver(), woken: make(chan struct{}, 1)}
	t.Cleanup(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.ended, d.queue = true, nil
	})
	a := &app{App: base, driver: d}
	fyne.SetCurrentApp(a)
	return a
}

// CanvasForObject implements fyne.Driver. Whatever is shown anew asks for it.
func (d *driver) CanvasForObject(o fyne.CanvasObject) fyne.Canvas {
	if d.idle.Load() {
		panic("uitest: changed without fyne.Do, on another goroutine than the window's")
	}
	return d.Driver.CanvasForObject(o)
}

// DoFromGoroutine implements fyne.Driver.
func (d *driver) DoFromGoroutine(f func(), wait bool) {
	if wait {
		panic("uitest: the program has no use for fyne.DoAndWait, so it is not here")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	d.queue = append(d.queue, f)
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// work runs what is in the queue and reports whether there was anything.
func (d *driver) work() bool {
	d.mu.Lock()
	queue := d.queue
	d.queue = nil
	d.mu.Unlock()
	for _, f := range queue {
		f()
	}
	return len(queue) > 0
}

// Settle lets the window and all that works for it go on until there is
// nothing more to do. Call it in a synctest bubble.
func Settle() {
	d := fyne.CurrentApp().Driver().(*driver)
	for {
		d.idle.Store(true)
		synctest.Wait()
		d.idle.Store(false)
		if !d.work() {
			return
		}
	}
}

// Rest is Settle after a time in which the window lives on.
func Rest(long time.Duration) {
	d := fyne.CurrentApp().Driver().(*driver)
	for over := time.After(long); d.next(over); {
	}
	Settle()
}

// Until lets the window live on until what the test waits for has happened. It
// is for tests that work with the world outside, where there is no bubble.
func Until(t testing.TB, happened func() bool) {
	t.Helper()
	d := fyne.CurrentApp().Driver().(*driver)
	limit := time.After(time.Minute)
	for !happened() {
		if !d.next(limit) {
			t.Fatal("it has not happened within a minute")
		}
	}
}

// next works when there is something to do, and reports false if it is over
// before that.
func (d *driver) next(over <-chan time.Time) bool {
	d.idle.Store(true)
	select {
	case <-d.woken:
		d.idle.Store(false)
		d.work()
		return true
	case <-over:
		d.idle.Store(false)
		return false
	}
}
