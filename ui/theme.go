package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"certdesk/ui/parts"
)

// A Mode says which of the two palettes the window wears.
type Mode int

// The modes.
const (
	FollowSystem Mode = iota // light or dark as the system says
	AlwaysLight
	AlwaysDark
)

// look is the window's theme: colours by role in a light and a dark variant,
// and the sizes of a dense desktop program.
type look struct {
	mode     Mode
	contrast palette // worn when the system is followed; nil for none
}

func newLook(m Mode, contrast *SystemColors) *look {
	if contrast == nil {
		return &look{mode: m}
	}
	return &look{m, contrast.palette()}
}

// Declare conformity with interfaces.
var _ fyne.Theme = (*look)(nil)

// palette maps each role to its colour.
type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}
}

func rgba(v uint32, alpha uint8) color.NRGBA {
	c := rgb(v)
	c.A = alpha
	return c
}

var light = palette{
	parts.Content: rgb(0xFFFFFF), parts.Chrome: rgb(0xF3F4F6), parts.Header: rgb(0xFAFBFC),
	parts.Line: rgb(0xDFE3E8), parts.FaintLine: rgb(0xECEFF2), parts.Input: rgb(0xFFFFFF),
	parts.Text: rgb(0x1A1F26), parts.Text2: rgb(0x56606C), parts.Text3: rgb(0x6B7682),
	parts.Accent: rgb(0x1462C4), parts.AccentHover: rgb(0x0F54AA), parts.OnAccent: rgb(0xFFFFFF), parts.AccentSoft: rgb(0xE3EEFB),
	parts.RowHover: rgb(0xF0F4F9), parts.Selected: rgb(0xD6E6FA), parts.SelectedIdle: rgb(0xE6E9ED),
	parts.Hover: rgba(0x1A1F26, 0x12), parts.Ring: rgb(0x1462C4),
	parts.OK: rgb(0x11783C), parts.OKSoft: rgb(0xE2F4E8),
	parts.Warn: rgb(0x9A5B00), parts.WarnSoft: rgb(0xFDF1D8),
	parts.Err: rgb(0xBE2A1D), parts.ErrSoft: rgb(0xFCE6E3), parts.ErrHover: rgb(0xA32318),
	parts.Info: rgb(0x1462C4), parts.InfoSoft: rgb(0xE6F0FC),
	parts.ChipFill: rgb(0xF0F2F5), parts.ChipLine: rgb(0xDADFE5), parts.OnBadge: rgb(0xFFFFFF),
	parts.Scrim: rgba(0x000000, 0x66), parts.Menu: rgb(0xFFFFFF), parts.Shadow: rgba(0x000000, 0x33),
	parts.Clear: rgba(0xFFFFFF, 0), // blends to white under a line
}

var dark = palette{
	parts.Content: rgb(0x1A1D21), parts.Chrome: rgb(0x22262B), parts.Header: rgb(0x1F2328),
	parts.Line: rgb(0x343A41), parts.FaintLine: rgb(0x2A2F35), parts.Input: rgb(0x15181B),
	parts.Text: rgb(0xE7EAEE), parts.Text2: rgb(0xA4AEB9), parts.Text3: rgb(0x8A95A1),
	parts.Accent: rgb(0x5EA8F7), parts.AccentHover: rgb(0x7DBAFA), parts.OnAccent: rgb(0x0B1B2E), parts.AccentSoft: rgb(0x1F3550),
	parts.RowHover: rgb(0x24292F), parts.Selected: rgb(0x24415F), parts.SelectedIdle: rgb(0x2E343B),
	parts.Hover: rgba(0xE7EAEE, 0x12), parts.Ring: rgb(0x5EA8F7),
	parts.OK: rgb(0x5CCB8B), parts.OKSoft: rgb(0x1B3828),
	parts.Warn: rgb(0xF2B44C), parts.WarnSoft: rgb(0x3D3018),
	parts.Err: rgb(0xFF8275), parts.ErrSoft: rgb(0x45231F), parts.ErrHover: rgb(0xFF9C92),
	parts.Info: rgb(0x5EA8F7), parts.InfoSoft: rgb(0x1D3049),
	parts.ChipFill: rgb(0x2A2F35), parts.ChipLine: rgb(0x3C434B), parts.OnBadge: rgb(0x1A1D21),
	parts.Scrim: rgba(0x000000, 0x8c), parts.Menu: rgb(0x262B31), parts.Shadow: rgba(0x000000, 0x88),
	parts.Clear: rgba(0x1A1D21, 0),
}

// toolkitRoles says which of our roles the toolkit's own widgets wear.
var toolkitRoles = map[fyne.ThemeColorName]fyne.ThemeColorName{
	theme.ColorNameBackground:          parts.Content,
	theme.ColorNameForeground:          parts.Text,
	theme.ColorNamePrimary:             parts.Accent,
	theme.ColorNameHyperlink:           parts.Accent,
	theme.ColorNameForegroundOnPrimary: parts.OnAccent,
	theme.ColorNameButton:              parts.ChipFill,
	theme.ColorNameDisabledButton:      parts.Chrome,
	theme.ColorNameDisabled:            parts.Text3,
	theme.ColorNamePlaceHolder:         parts.Text3,
	theme.ColorNameInputBackground:     parts.Input,
	theme.ColorNameInputBorder:         parts.ChipLine,
	theme.ColorNameHover:               parts.Hover,
	theme.ColorNameSeparator:           parts.Line,
	theme.ColorNameShadow:              parts.Shadow,
	theme.ColorNameOverlayBackground:   parts.Menu,
	theme.ColorNameMenuBackground:      parts.Menu,
	theme.ColorNameHeaderBackground:    parts.Header,
	theme.ColorNameSuccess:             parts.OK,
	theme.ColorNameWarning:             parts.Warn,
	theme.ColorNameError:               parts.Err,
}

// translucent are the toolkit's roles that are one of ours made see-through.
var translucent = map[fyne.ThemeColorName]struct {
	role  fyne.ThemeColorName
	alpha uint8
}{
	theme.ColorNamePressed:             {parts.Text, 0x22},
	theme.ColorNameFocus:               {parts.Accent, 0x55},
	theme.ColorNameSelection:           {parts.Accent, 0x40},
	theme.ColorNameScrollBar:           {parts.Text2, 0x88},
	theme.ColorNameScrollBarBackground: {parts.Text, 0x08},
}

var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText: 13, theme.SizeNameHeadingText: 19, theme.SizeNameSubHeadingText: 15, theme.SizeNameCaptionText: 11,
	theme.SizeNamePadding: 3, theme.SizeNameInnerPadding: 6, theme.SizeNameInlineIcon: 16, theme.SizeNameLineSpacing: 4,
	theme.SizeNameInputRadius: 4, theme.SizeNameSelectionRadius: 3, theme.SizeNameInputBorder: 1,
	theme.SizeNameScrollBar: 10, theme.SizeNameScrollBarSmall: 4, theme.SizeNameSeparatorThickness: 1,
}

// variant returns the variant to wear when the system says v.
func (l *look) variant(v fyne.ThemeVariant) fyne.ThemeVariant {
	switch l.mode {
	case AlwaysLight:
		return theme.VariantLight
	case AlwaysDark:
		return theme.VariantDark
	}
	return v
}

// Color returns the colour of a role of ours or of the toolkit.
func (l *look) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	v = l.variant(v)
	p := light
	if v == theme.VariantDark {
		p = dark
	}
	if l.contrast != nil && l.mode == FollowSystem {
		p = l.contrast
	}
	if c, ok := p[name]; ok {
		return c
	}
	if role, ok := toolkitRoles[name]; ok {
		return p[role]
	}
	if t, ok := translucent[name]; ok {
		c := p[t.role]
		c.A = t.alpha
		return c
	}
	return theme.DefaultTheme().Color(name, v)
}

// Font returns the toolkit's fonts.
func (l *look) Font(s fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(s) }

// Icon returns the toolkit's icons; ours are in package icons.
func (l *look) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size returns a size in device independent pixels. All are whole, or text
// would be spaced unevenly.
func (l *look) Size(n fyne.ThemeSizeName) float32 {
	if s, ok := sizes[n]; ok {
		return s
	}
	return theme.DefaultTheme().Size(n)
}
