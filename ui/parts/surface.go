package parts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"certdesk/icons"
)

// A Surface is a rectangle in role colours.
type Surface struct {
	widget.BaseWidget
	fill, stroke fyne.ThemeColorName
	rect         *canvas.Rectangle
}

// Fill returns a plain area.
func Fill(role fyne.ThemeColorName) *Surface { return Outlined(role, "", 0) }

// Outlined returns an area with round corners and, unless stroke is "", a
// line around it.
func Outlined(fill, stroke fyne.ThemeColorName, radius float32) *Surface {
	s := &Surface{fill: fill, stroke: stroke, rect: canvas.NewRectangle(ColorOf(fill))}
	s.rect.CornerRadius = radius
	s.paint()
	s.ExtendBaseWidget(s)
	return s
}

// Round sets the corners one by one: top left, top right, bottom right, bottom
// left.
func (s *Surface) Round(tl, tr, br, bl float32) *Surface {
	s.rect.TopLeftCornerRadius, s.rect.TopRightCornerRadius = tl, tr
	s.rect.BottomRightCornerRadius, s.rect.BottomLeftCornerRadius = br, bl
	return s
}

// SetRoles changes the colours.
func (s *Surface) SetRoles(fill, stroke fyne.ThemeColorName) {
	if s.fill != fill || s.stroke != stroke {
		s.fill, s.stroke = fill, stroke
		s.Refresh()
	}
}

func (s *Surface) paint() {
	s.rect.FillColor = ColorOf(s.fill)
	s.rect.StrokeColor, s.rect.StrokeWidth = ColorOf(s.stroke), 0
	if s.stroke != "" && s.stroke != Clear {
		s.rect.StrokeWidth = 1
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer {
	return &surfaceRenderer{surface: s, WidgetRenderer: widget.NewSimpleRenderer(s.rect)}
}

type surfaceRenderer struct {
	fyne.WidgetRenderer
	surface *Surface
}

func (r *surfaceRenderer) Refresh() {
	r.surface.paint()
	r.WidgetRenderer.Refresh()
}

// HLine returns a line across, one pixel high.
func HLine() fyne.CanvasObject { return Fixed(-1, 1, Fill(Line)) }

// FaintHLine returns a line for between rows.
func FaintHLine() fyne.CanvasObject { return Fixed(-1, 1, Fill(FaintLine)) }

// VLine returns a line down, one pixel wide.
func VLine() fyne.CanvasObject { return Fixed(1, -1, Fill(Line)) }

// An Icon is one of package icons in a role's colour.
type Icon struct {
	widget.BaseWidget
	name  string
	role  fyne.ThemeColorName
	size  float32
	image *canvas.Image
}

// NewIcon returns the icon name, size pixels wide and high.
func NewIcon(name string, size float32, role fyne.ThemeColorName) *Icon {
	i := &Icon{name: name, role: role, size: size}
	i.image = canvas.NewImageFromResource(IconResource(name, role))
	i.image.FillMode = canvas.ImageFillContain
	i.ExtendBaseWidget(i)
	return i
}

// KindIcon returns the icon of a kind in its colour.
func KindIcon(k Kind, size float32) *Icon {
	role, _ := k.Roles()
	return NewIcon(k.IconName(), size, role)
}

// IconResource returns the icon name in the colour that role has now.
func IconResource(name string, role fyne.ThemeColorName) fyne.Resource {
	return icons.Resource(name, ColorOf(role), ColorOf(Content))
}

// Set changes name and colour.
func (i *Icon) Set(name string, role fyne.ThemeColorName) {
	if i.name != name || i.role != role {
		i.name, i.role = name, role
		i.Refresh()
	}
}

// SetRole changes the colour.
func (i *Icon) SetRole(role fyne.ThemeColorName) { i.Set(i.name, role) }

// MinSize returns the icon's own size.
func (i *Icon) MinSize() fyne.Size { return fyne.NewSize(i.size, i.size) }

// CreateRenderer implements fyne.Widget.
func (i *Icon) CreateRenderer() fyne.WidgetRenderer {
	return &iconRenderer{icon: i, WidgetRenderer: widget.NewSimpleRenderer(i.image)}
}

type iconRenderer struct {
	fyne.WidgetRenderer
	icon *Icon
}

func (r *iconRenderer) Refresh() {
	i := r.icon
	if res := IconResource(i.name, i.role); res != i.image.Resource {
		i.image.Resource = res
		i.image.Refresh()
	}
}
