package soft

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test" // Fyne's canvas in memory; its embedded driver is built on it as well
)

// An area is a part of the canvas, in device independent pixels.
type area struct{ min, max fyne.Position }

var everywhere = area{max: fyne.NewPos(math.MaxInt32, math.MaxInt32)}

func (a area) intersect(b area) area {
	return area{
		fyne.NewPos(max(a.min.X, b.min.X), max(a.min.Y, b.min.Y)),
		fyne.NewPos(min(a.max.X, b.max.X), min(a.max.Y, b.max.Y)),
	}
}

func (a area) has(p fyne.Position) bool {
	return p.X >= a.min.X && p.Y >= a.min.Y && p.X < a.max.X && p.Y < a.max.Y
}

func (a area) empty() bool { return a.min.X >= a.max.X || a.min.Y >= a.max.Y }

// areaOf returns the area of an object of a size at a place.
func areaOf(at fyne.Position, s fyne.Size) area {
	return area{at, at.AddXY(s.Width, s.Height)}
}

// children returns what an object is made of.
func children(o fyne.CanvasObject) []fyne.CanvasObject {
	switch o := o.(type) {
	case *fyne.Container:
		return o.Objects
	case fyne.Widget:
		return test.WidgetRenderer(o).Objects()
	}
	return nil
}

// clips reports whether an object hides what of its children is outside of it.
func clips(o fyne.CanvasObject) bool {
	if _, ok := o.(fyne.Scrollable); ok {
		return true
	}
	if w, ok := o.(fyne.Widget); ok {
		_, ok := test.WidgetRenderer(w).(interface{ IsClip() })
		return ok
	}
	return false
}

// walk visits o and all that is visible under it in the order it is drawn,
// each with its place on the canvas and what of the canvas it may draw on.
func walk(o fyne.CanvasObject, origin fyne.Position, clip area, visit func(fyne.CanvasObject, fyne.Position, area)) {
	if o == nil || !o.Visible() {
		return
	}
	at := o.Position().Add(origin)
	if clips(o) {
		clip = clip.intersect(areaOf(at, o.Size()))
	}
	visit(o, at, clip)
	for _, child := range children(o) {
		walk(child, at, clip, visit)
	}
}

// find returns the topmost object at a place that matches, and the place
// within it; nil if there is none.
func find(root fyne.CanvasObject, p fyne.Position, matches func(fyne.CanvasObject) bool) (found fyne.CanvasObject, within fyne.Position) {
	walk(root, fyne.Position{}, everywhere, func(o fyne.CanvasObject, at fyne.Position, clip area) {
		if clip.has(p) && areaOf(at, o.Size()).has(p) && matches(o) {
			found, within = o, p.Subtract(at)
		}
	})
	return found, within
}

// contains reports whether o is root or somewhere under it, visible or not.
func contains(root, o fyne.CanvasObject) bool {
	if root == nil {
		return false
	}
	if root == o {
		return true
	}
	for _, child := range children(root) {
		if contains(child, o) {
			return true
		}
	}
	return false
}
