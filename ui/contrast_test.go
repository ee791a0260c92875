package ui

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"certdesk/ui/parts"
)

// TestHighContrast: text of every role stands out by 7:1 (WCAG 2.1 AAA) from
// whatever it stands on, in the schemes that Windows comes with; a person's
// own choice of light or dark goes first.
func TestHighContrast(t *testing.T) {
	for name, s := range map[string]SystemColors{
		"black": {rgb(0x000000), rgb(0xFFFFFF), rgb(0x1AEBFF), rgb(0x000000), rgb(0x3FF23F)},
		"white": {rgb(0xFFFFFF), rgb(0x000000), rgb(0x37006E), rgb(0xFFFFFF), rgb(0x600000)},
		"night": {rgb(0x000000), rgb(0xFFFFFF), rgb(0xD6B4FD), rgb(0x2B2B2B), rgb(0xA6A6A6)},
	} {
		l := newLook(FollowSystem, &s)
		of := func(role fyne.ThemeColorName) color.NRGBA {
			return l.Color(role, theme.VariantLight).(color.NRGBA)
		}
		for _, on := range []fyne.ThemeColorName{parts.Content, parts.Chrome, parts.Header, parts.Input, parts.Menu, parts.AccentSoft, parts.OKSoft, parts.WarnSoft,
			parts.ErrSoft, parts.InfoSoft, parts.ChipFill, parts.RowHover, parts.Selected, parts.SelectedIdle} {
			for _, text := range []fyne.ThemeColorName{parts.Text, parts.Text2, parts.OK, parts.Warn, parts.Err, parts.Info} {
				if r := contrast(of(text), of(on)); r < 7 {
					t.Errorf("%s: %s on %s is %.1f:1", name, text, on, r)
				}
			}
		}
		for text, on := range map[fyne.ThemeColorName]fyne.ThemeColorName{parts.OnAccent: parts.Accent, parts.OnBadge: parts.Err, parts.Accent: parts.Content} {
			if r := contrast(of(text), of(on)); r < 7 {
				t.Errorf("%s: %s on %s is %.1f:1", name, text, on, r)
			}
		}
		if r := contrast(of(parts.Text3), of(parts.Content)); r < 7 || of(parts.Text3) == of(parts.Text) {
			t.Errorf("%s: what cannot be done is %v, %.1f:1", name, of(parts.Text3), r)
		}
		if c := newLook(AlwaysDark, &s).Color(parts.Text, theme.VariantLight); c != dark[parts.Text] {
			t.Errorf("%s: who chose dark gets %v", name, c)
		}
	}
}

// contrast returns the ratio of WCAG 2.1 between two opaque colours.
func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func luminance(c color.NRGBA) float64 {
	part := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= .03928 {
			return f / 12.92
		}
		return math.Pow((f+.055)/1.055, 2.4)
	}
	return .2126*part(c.R) + .7152*part(c.G) + .0722*part(c.B)
}
