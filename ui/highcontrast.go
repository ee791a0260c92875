package ui

import (
	"image/color"

	"fyne.io/fyne/v2"

	"certdesk/ui/parts"
)

// SystemColors are those that a person chose for a desktop in high contrast.
// The window wears them in place of its own palettes.
type SystemColors struct {
	Window, Text         color.NRGBA
	Selected, OnSelected color.NRGBA // what is selected, and the text on it
	Disabled             color.NRGBA // text of what cannot be done now
}

// palette gives every role one of the few colours: what is told apart by
// colour elsewhere has an icon and words besides.
func (s *SystemColors) palette() palette {
	p := palette{}
	for _, role := range parts.Roles {
		p[role] = s.Window
	}
	for _, role := range []fyne.ThemeColorName{parts.Text, parts.Text2, parts.Line, parts.FaintLine, parts.ChipLine, parts.Ring,
		parts.OK, parts.Warn, parts.Err, parts.ErrHover, parts.Info} {
		p[role] = s.Text
	}
	p[parts.Text3] = s.Disabled
	p[parts.Accent], p[parts.AccentHover], p[parts.OnAccent] = s.Selected, s.Selected, s.OnSelected
	// The text of a row keeps its colour when the row is selected.
	p[parts.Selected], p[parts.SelectedIdle] = mix(s.Window, s.Selected, 30), mix(s.Window, s.Selected, 15)
	p[parts.RowHover] = mix(s.Window, s.Selected, 10)
	for role, alpha := range map[fyne.ThemeColorName]uint8{parts.Hover: 0x20, parts.Shadow: 0x33} {
		c := s.Text
		c.A = alpha
		p[role] = c
	}
	p[parts.Scrim] = rgba(0x000000, 0x99)
	p[parts.Clear] = color.NRGBA{R: s.Window.R, G: s.Window.G, B: s.Window.B}
	return p
}

// mix is a with so many percent of b.
func mix(a, b color.NRGBA, percent int) color.NRGBA {
	part := func(x, y uint8) uint8 { return uint8((int(x)*(100-percent) + int(y)*percent) / 100) }
	return color.NRGBA{R: part(a.R, b.R), G: part(a.G, b.G), B: part(a.B, b.B), A: 0xff}
}
