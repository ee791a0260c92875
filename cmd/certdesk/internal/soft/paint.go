package soft

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/theme"
)

// maxSprites is how many bytes of painted objects are kept.
const maxSprites = 48 << 20

// painter paints a canvas. Fyne's software painter draws each text and shape
// once, into an image that is kept; a frame is put together from those. Fyne
// itself would draw all of them for each frame.
type painter struct {
	last, spare *image.RGBA
	sprites     map[any]*image.RGBA
	bytes       int
}

// A frame is a painted window and the part of it that differs from the frame
// before.
type frame struct {
	pixels  *image.RGBA
	changed image.Rectangle
}

// forget drops what was painted, for it would look different now.
func (p *painter) forget() { p.sprites, p.bytes = nil, 0 }

// paint returns the canvas painted, in pixels.
func (p *painter) paint(s *surface) frame {
	scale := s.Scale()
	size := image.Rect(0, 0, round(s.Size().Width*scale), round(s.Size().Height*scale))
	img := p.spare
	if img == nil || img.Rect != size {
		img = image.NewRGBA(size)
	}
	draw.Draw(img, size, image.NewUniform(theme.Color(theme.ColorNameBackground)), image.Point{}, draw.Src)
	for _, root := range s.roots() {
		walk(root, fyne.Position{}, areaOf(fyne.Position{}, s.Size()), func(o fyne.CanvasObject, at fyne.Position, clip area) {
			to := img.SubImage(image.Rect(pixel(clip.min.X, scale), pixel(clip.min.Y, scale), pixel(clip.max.X, scale), pixel(clip.max.Y, scale))).(*image.RGBA)
			if !to.Rect.Empty() {
				p.object(to, o, at, scale)
			}
		})
	}
	changed := difference(p.last, img)
	p.last, p.spare = img, p.last
	return frame{img, changed}
}

// object paints one object without its children.
func (p *painter) object(to *image.RGBA, o fyne.CanvasObject, at fyne.Position, scale float32) {
	x, y := pixel(at.X, scale), pixel(at.Y, scale)
	width, height := pixel(o.Size().Width, scale), pixel(o.Size().Height, scale)
	if _, ok := o.(*canvas.Text); !ok && !image.Rect(x-8, y-8, x+width+8, y+height+8).Overlaps(to.Rect) {
		return // not to be seen; text may be wider than its object
	}
	switch o := o.(type) {
	case *fyne.Container, fyne.Widget:
	case *canvas.Rectangle:
		if plain(o) {
			if o.FillColor != nil {
				draw.Draw(to, image.Rect(x, y, x+width, y+height), image.NewUniform(o.FillColor), image.Point{}, draw.Over)
			}
			return
		}
		c := *o
		c.Move(fyne.Position{})
		p.put(to, &c, c, at, scale)
	case *canvas.Text:
		if o.Text == "" {
			return
		}
		c := *o
		c.Move(fyne.Position{})
		if c.Color == nil {
			c.Color = theme.Color(theme.ColorNameForeground)
		}
		// Room for the whole text, aligned in it as in its object.
		need := c.MinSize()
		switch c.Alignment {
		case fyne.TextAlignTrailing:
			at.X += c.Size().Width - need.Width
		case fyne.TextAlignCenter:
			at.X += (c.Size().Width - need.Width) / 2
		}
		at.Y += max(0, (c.Size().Height-need.Height)/2)
		c.Alignment = fyne.TextAlignLeading
		c.Resize(need)
		if areaOf(at, need).intersect(areaOfPixels(to.Rect, scale)).empty() {
			return
		}
		p.put(to, &c, c, at, scale)
	case *canvas.Image:
		c := *o
		c.Move(fyne.Position{})
		p.put(to, &c, c, at, scale)
	case *canvas.Line:
		c := *o
		c.Position1, c.Position2 = c.Position1.Subtract(o.Position()), c.Position2.Subtract(o.Position())
		p.put(to, &c, c, at, scale)
	case *canvas.Circle:
		c := *o
		c.Position1, c.Position2 = c.Position1.Subtract(o.Position()), c.Position2.Subtract(o.Position())
		p.put(to, &c, c, at, scale)
	case *canvas.LinearGradient:
		c := *o
		c.Move(fyne.Position{})
		p.put(to, &c, c, at, scale)
	case *canvas.RadialGradient:
		c := *o
		c.Move(fyne.Position{})
		p.put(to, &c, c, at, scale)
	}
}

// plain reports whether a rectangle is nothing but pixels of one colour.
func plain(r *canvas.Rectangle) bool {
	return (r.StrokeColor == nil || r.StrokeWidth == 0 || r.StrokeColor == color.Transparent) && r.Aspect == 0 &&
		max(r.CornerRadius, r.TopLeftCornerRadius, r.TopRightCornerRadius, r.BottomLeftCornerRadius, r.BottomRightCornerRadius) == 0
}

// put puts an object, which is a copy at the origin, on the frame; key is what
// makes it look as it does.
func (p *painter) put(to *image.RGBA, o fyne.CanvasObject, key any, at fyne.Position, scale float32) {
	margin := float32(math.Ceil(float64(8/scale))) + 1 // strokes and slanted letters reach over the edge
	sprite := p.sprites[key]
	if sprite == nil {
		sprite = render(o, margin, scale)
		if p.bytes += len(sprite.Pix); p.sprites == nil || p.bytes > maxSprites {
			p.sprites, p.bytes = map[any]*image.RGBA{}, len(sprite.Pix)
		}
		p.sprites[key] = sprite
	}
	from := image.Pt(pixel(at.X, scale)-pixel(margin, scale), pixel(at.Y, scale)-pixel(margin, scale))
	draw.Draw(to, sprite.Rect.Add(from), sprite, image.Point{}, draw.Over)
}

// render has Fyne paint one object, with a margin around it.
func render(o fyne.CanvasObject, margin, scale float32) *image.RGBA {
	size := o.Size()
	o.Move(o.Position().AddXY(margin, margin))
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetScale(scale)
	c.SetContent(container.NewWithoutLayout(o))
	c.Resize(size.AddWidthHeight(2*margin, 2*margin))
	painted := c.Capture()
	img := image.NewRGBA(painted.Bounds())
	draw.Draw(img, img.Rect, painted, image.Point{}, draw.Src)
	return img
}

// pixel is how Fyne's painters turn a coordinate into pixels.
func pixel(v, scale float32) int { return int(math.Ceil(float64(v * scale))) }

func areaOfPixels(r image.Rectangle, scale float32) area {
	return area{fyne.NewPos(float32(r.Min.X)/scale, float32(r.Min.Y)/scale), fyne.NewPos(float32(r.Max.X)/scale, float32(r.Max.Y)/scale)}
}

// difference returns the smallest rectangle outside of which two images are
// the same; all of b if they differ in size.
func difference(a, b *image.RGBA) image.Rectangle {
	if a == nil || a.Rect != b.Rect {
		return b.Rect
	}
	row := func(img *image.RGBA, y int) []byte { return img.Pix[y*img.Stride : y*img.Stride+4*img.Rect.Dx()] }
	var r image.Rectangle
	for y := range b.Rect.Dy() {
		x, z := row(a, y), row(b, y)
		if bytes.Equal(x, z) {
			continue
		}
		left, right := 0, len(x)
		for x[left] == z[left] {
			left++
		}
		for x[right-1] == z[right-1] {
			right--
		}
		r = r.Union(image.Rect(left/4, y, (right+3)/4, y+1))
	}
	return r
}
