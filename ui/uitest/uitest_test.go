package uitest

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// TestQueue wants what fyne.Do gets to run in its order, after what the
// window's goroutine does now, and when its time has come.
func TestQueue(t *testing.T) {
	var ran []string
	note := func(what string) { fyne.Do(func() { ran = append(ran, what) }) }
	t.Run("test", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			NewApp(t)
			fyne.Do(func() {
				note("within")
				ran = append(ran, "first")
			})
			if ran != nil {
				t.Errorf("ran %q at once", ran)
			}
			Settle()
			time.AfterFunc(time.Second, func() { note("later") })
			time.AfterFunc(time.Hour, func() { note("too late") })
			Rest(time.Minute)
			happened := false
			go fyne.Do(func() { happened = true })
			Until(t, func() bool { return happened })
			note("after the test")
		})
	})
	note("without a test")
	if want := []string{"first", "within", "later"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
}

// TestOtherGoroutine wants a change without fyne.Do to be noticed, whether or
// not the race detector is on.
func TestOtherGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		NewApp(t)
		label := widget.NewLabel("")
		test.NewTempWindow(t, label)
		label.SetText("on the window's goroutine")
		var noticed any
		go func() {
			defer func() { noticed = recover() }()
			time.Sleep(time.Second)
			label.SetText("on another")
		}()
		Rest(time.Minute)
		if noticed == nil {
			t.Error("nothing is said")
		}
	})
}
