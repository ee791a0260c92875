package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"certdesk/ui/parts"
)

const (
	wideWork     = 1150 // pixels beside the sidebar from which the detail goes to the right
	detailWidth  = 430
	detailHeight = 250
	listMin      = 150 // pixels that the list keeps, half of what there is in a low window
)

// workArea holds the list and the detail: below it, or at its right where
// there is room. The line between them can be dragged.
type workArea struct {
	widget.BaseWidget
	list          fyne.CanvasObject
	detail        *detailPane
	grip          *grip
	width, height float32 // of the detail, as the person left it
	tall          bool    // the detail has all but the list's minimum
}

func newWorkArea(list fyne.CanvasObject, detail *detailPane) *workArea {
	w := &workArea{list: list, detail: detail, width: detailWidth, height: detailHeight}
	w.grip = newGrip(w.drag)
	w.ExtendBaseWidget(w)
	return w
}

// most is how high the detail can be.
func (w *workArea) most() float32 {
	h := w.Size().Height
	return h - min(listMin, h/2)
}

func (w *workArea) wide() bool { return w.Size().Width >= wideWork }

func (w *workArea) drag(dx, dy float32) {
	if w.wide() {
		w.width = min(max(320, w.width-dx), w.Size().Width-420)
	} else {
		w.height = min(max(120, w.height-dy), w.most())
		w.tall = false
	}
	w.place()
}

// toggleTall gives the detail most of the room, or takes it back.
func (w *workArea) toggleTall() { w.tall = !w.tall; w.place() }

// place gives list and detail their room.
func (w *workArea) place() {
	s := w.Size()
	if !w.detail.Visible() {
		w.grip.Hide()
		w.list.Move(fyne.NewPos(0, 0))
		w.list.Resize(s)
		return
	}
	w.grip.Show()
	if w.grip.sideways = w.wide(); w.grip.sideways {
		x := s.Width - w.width
		w.list.Resize(fyne.NewSize(x, s.Height))
		w.grip.Move(fyne.NewPos(x-2, 0))
		w.grip.Resize(fyne.NewSize(5, s.Height))
		w.detail.Move(fyne.NewPos(x+1, 0))
		w.detail.Resize(fyne.NewSize(w.width-1, s.Height))
		return
	}
	h := min(w.height, w.most())
	if w.tall {
		h = w.most()
	}
	y := float32(int(s.Height - h))
	w.list.Move(fyne.NewPos(0, 0))
	w.list.Resize(fyne.NewSize(s.Width, y))
	w.grip.Move(fyne.NewPos(0, y-2))
	w.grip.Resize(fyne.NewSize(s.Width, 5))
	w.detail.Move(fyne.NewPos(0, y+1))
	w.detail.Resize(fyne.NewSize(s.Width, s.Height-y-1))
}

// MinSize implements fyne.CanvasObject.
func (w *workArea) MinSize() fyne.Size { return fyne.NewSize(360, 220) }

// CreateRenderer implements fyne.Widget.
func (w *workArea) CreateRenderer() fyne.WidgetRenderer { return &workRenderer{w} }

type workRenderer struct{ work *workArea }

func (r *workRenderer) Destroy()           {}
func (r *workRenderer) Layout(fyne.Size)   { r.work.place() }
func (r *workRenderer) MinSize() fyne.Size { return r.work.MinSize() }
func (r *workRenderer) Refresh()           { r.work.place(); canvas.Refresh(r.work) }
func (r *workRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.work.list, r.work.detail, r.work.grip}
}

// A grip is a line that can be dragged.
type grip struct {
	widget.BaseWidget
	line     *parts.Surface
	sideways bool
	dragged  func(dx, dy float32)
}

func newGrip(dragged func(dx, dy float32)) *grip {
	g := &grip{line: parts.Fill(parts.Line), dragged: dragged}
	g.ExtendBaseWidget(g)
	return g
}

// Dragged implements fyne.Draggable.
func (g *grip) Dragged(e *fyne.DragEvent) { g.dragged(e.Dragged.DX, e.Dragged.DY) }

// DragEnd implements fyne.Draggable.
func (g *grip) DragEnd() {}

// Cursor implements desktop.Cursorable.
func (g *grip) Cursor() desktop.Cursor {
	if g.sideways {
		return desktop.HResizeCursor
	}
	return desktop.VResizeCursor
}

// MinSize implements fyne.CanvasObject.
func (g *grip) MinSize() fyne.Size { return fyne.NewSize(5, 5) }

// CreateRenderer implements fyne.Widget.
func (g *grip) CreateRenderer() fyne.WidgetRenderer { return &gripRenderer{g} }

type gripRenderer struct{ grip *grip }

func (r *gripRenderer) Destroy() {}

// Layout draws the line in the middle.
func (r *gripRenderer) Layout(s fyne.Size) {
	if s.Height > s.Width {
		r.grip.line.Move(fyne.NewPos(2, 0))
		r.grip.line.Resize(fyne.NewSize(1, s.Height))
		return
	}
	r.grip.line.Move(fyne.NewPos(0, 2))
	r.grip.line.Resize(fyne.NewSize(s.Width, 1))
}
func (r *gripRenderer) MinSize() fyne.Size           { return r.grip.MinSize() }
func (r *gripRenderer) Refresh()                     { canvas.Refresh(r.grip) }
func (r *gripRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.grip.line} }
