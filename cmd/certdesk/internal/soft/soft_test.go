package soft

import (
	"image/color"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// fakeScreen is a screen that the test is the loop of.
type fakeScreen struct {
	mu          sync.Mutex
	woken       chan bool
	stopped     chan bool
	invalidated int
	ticking     bool
	cursor      desktop.StandardCursor
	title, clip string
	width       int
	height      int
	scale       float32
	mods        fyne.KeyModifier
	onLoop      bool
}

func (f *fakeScreen) Loop(w *Window) {
	for {
		select {
		case <-f.woken:
			f.onLoop = true
			w.Work()
			f.onLoop = false
		case <-f.stopped:
			return
		}
	}
}
func (f *fakeScreen) Stop()        { close(f.stopped) }
func (f *fakeScreen) OnLoop() bool { return f.onLoop }
func (f *fakeScreen) Wake() {
	select {
	case f.woken <- true:
	default:
	}
}
func (f *fakeScreen) Invalidate()                        { f.mu.Lock(); f.invalidated++; f.mu.Unlock() }
func (f *fakeScreen) Tick(on bool)                       { f.ticking = on }
func (f *fakeScreen) SetTitle(t string)                  { f.title = t }
func (f *fakeScreen) SetCursor(c desktop.StandardCursor) { f.cursor = c }
func (f *fakeScreen) Resize(w, h int)                    { f.width, f.height = w, h }
func (f *fakeScreen) Raise()                             {}
func (f *fakeScreen) Scale() float32                     { return f.scale }
func (f *fakeScreen) Variant() fyne.ThemeVariant         { return theme.VariantLight }
func (f *fakeScreen) Modifiers() fyne.KeyModifier        { return f.mods }
func (f *fakeScreen) Content() string                    { return f.clip }
func (f *fakeScreen) SetContent(s string)                { f.clip = s }

// open returns a window of 400 by 300 with content.
func open(t *testing.T, content fyne.CanvasObject) (*Window, *fakeScreen) {
	t.Helper()
	s := &fakeScreen{woken: make(chan bool, 1), stopped: make(chan bool), scale: 1}
	a := New(test.NewTempApp(t), s)
	t.Cleanup(func() { test.NewApp() })
	w := a.NewWindow("test").(*Window)
	w.SetPadded(false)
	w.SetContent(content)
	w.Resize(fyne.NewSize(400, 300))
	w.Sized(s.width, s.height)
	w.Paint()
	return w, s
}

// spy notes what it is told.
type spy struct {
	widget.BaseWidget
	events []string
	at     fyne.Position
	mods   fyne.KeyModifier
}

func newSpy() *spy                              { s := &spy{}; s.ExtendBaseWidget(s); return s }
func (s *spy) note(e string)                    { s.events = append(s.events, e) }
func (s *spy) MouseDown(e *desktop.MouseEvent)  { s.note("down"); s.at, s.mods = e.Position, e.Modifier }
func (s *spy) MouseUp(*desktop.MouseEvent)      { s.note("up") }
func (s *spy) MouseIn(*desktop.MouseEvent)      { s.note("in") }
func (s *spy) MouseMoved(*desktop.MouseEvent)   {}
func (s *spy) MouseOut()                        { s.note("out") }
func (s *spy) Tapped(*fyne.PointEvent)          { s.note("tap") }
func (s *spy) TappedSecondary(*fyne.PointEvent) { s.note("menu") }
func (s *spy) DoubleTapped(*fyne.PointEvent)    { s.note("double") }
func (s *spy) Dragged(*fyne.DragEvent)          { s.note("drag") }
func (s *spy) DragEnd()                         { s.note("dragged") }
func (s *spy) Cursor() desktop.Cursor           { return desktop.PointerCursor }
func (s *spy) FocusGained()                     { s.note("focus") }
func (s *spy) FocusLost()                       { s.note("blur") }
func (s *spy) TypedRune(r rune)                 { s.note(string(r)) }
func (s *spy) TypedKey(e *fyne.KeyEvent)        { s.note("key " + string(e.Name)) }
func (s *spy) TypedShortcut(sc fyne.Shortcut)   { s.note(sc.ShortcutName()) }
func (s *spy) KeyDown(*fyne.KeyEvent)           {}
func (s *spy) KeyUp(e *fyne.KeyEvent)           { s.note("released " + string(e.Name)) }
func (s *spy) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(color.White))
}
func (s *spy) want(t *testing.T, what string, w ...string) {
	t.Helper()
	if !slices.Equal(s.events, w) {
		t.Errorf("%s: %q, want %q", what, s.events, w)
	}
	s.events = nil
}

func TestMouse(t *testing.T) {
	s := newSpy()
	other := canvas.NewRectangle(color.Black)
	w, screen := open(t, container.NewWithoutLayout(other, s))
	s.Move(fyne.NewPos(100, 50))
	s.Resize(fyne.NewSize(100, 100))

	w.Moved(120, 60)
	s.want(t, "hover", "in")
	if screen.cursor != desktop.PointerCursor {
		t.Errorf("cursor %v", screen.cursor)
	}
	w.Moved(10, 10)
	s.want(t, "away", "out")
	if screen.cursor != desktop.DefaultCursor {
		t.Errorf("cursor %v after leaving", screen.cursor)
	}

	screen.mods = fyne.KeyModifierShift
	w.Button(130, 70, desktop.MouseButtonSecondary, true)
	w.Button(130, 70, desktop.MouseButtonSecondary, false)
	s.want(t, "right click", "in", "down", "up", "menu")
	if s.at != fyne.NewPos(30, 20) || s.mods != fyne.KeyModifierShift {
		t.Errorf("at %v with %v", s.at, s.mods)
	}
	screen.mods = 0

	for range 2 {
		w.Button(130, 70, desktop.MouseButtonPrimary, true)
		w.Button(130, 70, desktop.MouseButtonPrimary, false)
	}
	s.want(t, "double click", "down", "up", "down", "up", "double")

	w.Button(130, 70, desktop.MouseButtonPrimary, true)
	w.Moved(150, 80)
	w.Moved(350, 250) // outside: it is still dragged
	w.Button(350, 250, desktop.MouseButtonPrimary, false)
	s.want(t, "drag", "down", "drag", "drag", "up", "dragged", "out")

	w.Button(130, 70, desktop.MouseButtonPrimary, true)
	w.Button(131, 70, desktop.MouseButtonPrimary, false)
	s.events = nil
	for end := time.After(5 * time.Second); len(s.events) == 0; { // the double click delay
		select {
		case <-screen.woken:
			w.Work()
		case <-end:
			t.Fatal("a single click is never a tap")
		}
	}
	s.want(t, "click", "tap")
}

func TestWheel(t *testing.T) {
	long := canvas.NewRectangle(color.Black)
	long.SetMinSize(fyne.NewSize(10, 2000))
	scroll := container.NewVScroll(long)
	w, _ := open(t, scroll)
	w.Scrolled(20, 20, 0, -3)
	if scroll.Offset.Y != 3*wheelStep {
		t.Errorf("scrolled to %v", scroll.Offset)
	}
}

func TestKeyboard(t *testing.T) {
	s := newSpy()
	entry := widget.NewEntry()
	w, screen := open(t, container.NewVBox(entry, s))
	w.Pressed(fyne.KeyTab, false)
	if w.surface.Focused() != fyne.Focusable(entry) {
		t.Fatal("Tab does not reach the first field")
	}
	for _, r := range "Zoë 中" {
		w.Typed(r)
	}
	screen.mods = fyne.KeyModifierShift
	w.Pressed(desktop.KeyShiftLeft, false)
	w.Pressed(fyne.KeyLeft, false)
	w.Released(desktop.KeyShiftLeft)
	screen.mods = fyne.KeyModifierControl
	w.Pressed(fyne.KeyC, false)
	if screen.clip != "中" {
		t.Errorf("copied %q", screen.clip)
	}
	screen.clip = "pasted"
	w.Pressed(fyne.KeyA, false)
	w.Pressed(fyne.KeyV, false)
	if entry.Text != "pasted" {
		t.Errorf("text %q after pasting", entry.Text)
	}
	screen.mods = 0
	w.Pressed(fyne.KeyTab, false)
	w.Pressed(fyne.KeyF5, false)
	w.Released(fyne.KeyF5)
	screen.mods = fyne.KeyModifierControl
	w.Pressed(fyne.KeyF, false)
	screen.mods = fyne.KeyModifierShift
	w.Pressed(fyne.KeyTab, false)
	s.want(t, "keys", "focus", "key F5", "released F5", "CustomDesktop:Control+F", "blur")

	// Without a focus they go to the canvas.
	var got []string
	w.surface.Unfocus()
	w.surface.SetOnTypedKey(func(e *fyne.KeyEvent) { got = append(got, string(e.Name)) })
	w.surface.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyI, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) { got = append(got, "Ctrl+I") })
	screen.mods = 0
	w.Pressed(fyne.KeyEscape, false)
	screen.mods = fyne.KeyModifierControl
	w.Pressed(fyne.KeyI, false)
	if !slices.Equal(got, []string{"Escape", "Ctrl+I"}) {
		t.Errorf("the canvas got %q", got)
	}
}

// TestMenu opens a menu, which lies over the content, and chooses from it.
func TestMenu(t *testing.T) {
	s := newSpy()
	w, _ := open(t, container.NewStack(s))
	chosen := false
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", fyne.NewMenuItem("Choose", func() { chosen = true })), w.Canvas(), fyne.NewPos(300, 200))
	w.Paint()
	item := w.surface.top()
	if at := w.driver.AbsolutePositionForObject(item); !at.IsZero() || item.Size() != w.surface.Size() {
		t.Errorf("the overlay is at %v, %v large", at, item.Size())
	}
	w.Button(310, 210, desktop.MouseButtonPrimary, true)
	w.Button(310, 210, desktop.MouseButtonPrimary, false)
	if !chosen {
		t.Error("the menu's item was not chosen")
	}
	if w.surface.Overlays().Top() != nil {
		t.Error("the menu is still there")
	}
	s.events = nil
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", fyne.NewMenuItem("Choose", nil)), w.Canvas(), fyne.NewPos(300, 200))
	w.surface.Focus(s) // as an item may do
	w.Button(10, 10, desktop.MouseButtonPrimary, true)
	w.Button(10, 10, desktop.MouseButtonPrimary, false)
	s.want(t, "focus after the menu", "focus")
}

// TestLayout changes a text: what contains it has to make room.
func TestLayout(t *testing.T) {
	label, after := widget.NewLabel("a"), widget.NewLabel("b")
	w, screen := open(t, container.NewVBox(container.NewHBox(label, after)))
	before := after.Position().X
	label.SetText("a much longer text")
	w.Paint()
	if after.Position().X <= before {
		t.Errorf("what follows stays at %v", after.Position().X)
	}
	label.SetText(strings.Repeat("wide ", 100))
	w.Paint()
	if screen.width <= 400 {
		t.Errorf("the window is %d wide and its content %v", screen.width, w.Content().MinSize())
	}
}

func TestPaint(t *testing.T) {
	box := canvas.NewRectangle(color.NRGBA{R: 255, A: 255})
	text := canvas.NewText("text", color.Black)
	w, screen := open(t, container.NewWithoutLayout(box, text))
	box.Move(fyne.NewPos(200, 100))
	box.Resize(fyne.NewSize(50, 40))
	text.Move(fyne.NewPos(20, 30))
	text.Resize(text.MinSize())
	pixels, _ := w.Paint()
	if got := pixels.RGBAAt(225, 120); got != (color.RGBA{R: 255, A: 255}) {
		t.Errorf("inside the box: %v", got)
	}
	if _, changed := w.Paint(); !changed.Empty() {
		t.Errorf("nothing changed but %v", changed)
	}
	before := screen.invalidated
	box.Move(fyne.NewPos(210, 100))
	box.Refresh()
	if screen.invalidated != before+1 {
		t.Errorf("asked %d times to be painted, want once", screen.invalidated-before)
	}
	if _, changed := w.Paint(); changed.Min.X != 200 || changed.Max.X != 260 || changed.Dy() != 40 {
		t.Errorf("changed %v", changed)
	}
	if screen.invalidated != before+1 {
		t.Error("painting asks to be painted again")
	}
	dark := 0
	for x := 20; x < 20+int(text.Size().Width); x++ {
		for y := 30; y < 30+int(text.Size().Height); y++ {
			if p := pixels.RGBAAt(x, y); p.R < 100 {
				dark++
			}
		}
	}
	if dark < 10 {
		t.Errorf("the text has %d dark pixels", dark)
	}

	screen.scale = 2
	w.Sized(800, 600)
	pixels, _ = w.Paint()
	if got := pixels.RGBAAt(2*225, 2*120); got != (color.RGBA{R: 255, A: 255}) || w.surface.Size() != fyne.NewSize(400, 300) {
		t.Errorf("at twice the scale: %v, %v", got, w.surface.Size())
	}
}

func TestRun(t *testing.T) {
	w, screen := open(t, widget.NewLabel(""))
	var ran []string
	go func() {
		fyne.DoAndWait(func() {
			ran = append(ran, "waited")
			fyne.DoAndWait(func() { ran = append(ran, "at once") }) // from the loop itself
			fyne.Do(func() {
				ran = append(ran, "later")
				fyne.CurrentApp().Quit()
			})
		})
	}()
	done := make(chan bool)
	go func() { w.ShowAndRun(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the loop does not end")
	}
	if !slices.Equal(ran, []string{"waited", "at once", "later"}) {
		t.Errorf("ran %q", ran)
	}
	fyne.DoAndWait(func() { ran = nil })
	if ran != nil || screen.title != "test" {
		t.Error("after the end nothing runs")
	}
}

func TestDrop(t *testing.T) {
	w, screen := open(t, widget.NewLabel(""))
	var got []string
	w.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) {
		for _, u := range uris {
			got = append(got, u.Path())
		}
	})
	w.Dropped(1, 1, []string{"/tmp/a b/Zoë.pfx", "/tmp/100%.cer"})
	if !slices.Equal(got, []string{"/tmp/a b/Zoë.pfx", "/tmp/100%.cer"}) {
		t.Errorf("dropped %q", got)
	}
	asked := false
	w.SetCloseIntercept(func() { asked = true })
	w.Closing()
	if !asked {
		t.Error("closing did not ask")
	}
	w.SetCloseIntercept(nil)
	w.Closing()
	select {
	case <-screen.stopped:
	default:
		t.Error("closing does not stop the loop")
	}
}

func TestAnimation(t *testing.T) {
	var m animations
	var got []float32
	now := time.Unix(0, 0)
	a := &fyne.Animation{Duration: time.Second, AutoReverse: true, RepeatCount: 1, Curve: fyne.AnimationLinear, Tick: func(v float32) { got = append(got, v) }}
	m.start(a, now)
	for i := range 9 {
		if more := m.tick(now.Add(time.Duration(i) * 500 * time.Millisecond)); more != (i < 8) {
			t.Fatalf("step %d: goes on %v", i, more)
		}
	}
	want := []float32{0, .5, 1, .5, 0, .5, 1, .5, 0}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	m.start(a, now)
	m.stop(a)
	if m.tick(now) {
		t.Error("a stopped animation goes on")
	}
}
