package ui

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2/theme"

	"certdesk/ui/parts"
)

func TestPalettesHaveEveryRole(t *testing.T) {
	for name, p := range map[string]palette{"light": light, "dark": dark} {
		for _, role := range parts.Roles {
			c, ok := p[role]
			if !ok {
				t.Errorf("%s: no colour for %s", name, role)
			}
			if see := role == parts.Clear || role == parts.Hover || role == parts.Scrim || role == parts.Shadow; !see && c.A != 0xff {
				t.Errorf("%s: %s is see-through", name, role)
			}
		}
		if len(p) != len(parts.Roles) {
			t.Errorf("%s: %d colours for %d roles", name, len(p), len(parts.Roles))
		}
	}
}

// TestContrast holds text to 4.5:1 (WCAG 2.1, 1.4.3) on what it stands on.
func TestContrast(t *testing.T) {
	for name, p := range map[string]palette{"light": light, "dark": dark} {
		for _, pair := range [][2]color.NRGBA{
			{p[parts.Text], p[parts.Content]}, {p[parts.Text2], p[parts.Content]}, {p[parts.Text2], p[parts.Chrome]},
			{p[parts.Text], p[parts.Selected]}, {p[parts.Text3], p[parts.Content]},
			{p[parts.OK], p[parts.OKSoft]}, {p[parts.Warn], p[parts.WarnSoft]}, {p[parts.Err], p[parts.ErrSoft]},
			{p[parts.Err], p[parts.Content]}, {p[parts.Warn], p[parts.Content]}, {p[parts.OnAccent], p[parts.Accent]},
			{p[parts.OnBadge], p[parts.Err]}, {p[parts.OnBadge], p[parts.Warn]},
		} {
			if r := contrast(pair[0], pair[1]); r < 4.5 {
				t.Errorf("%s: %v on %v has contrast %.2f", name, pair[0], pair[1], r)
			}
		}
	}
}

func TestModeOverridesSystem(t *testing.T) {
	for _, tt := range []struct {
		mode   Mode
		system int
		want   palette
	}{{FollowSystem, 0, dark}, {FollowSystem, 1, light}, {AlwaysDark, 1, dark}, {AlwaysLight, 0, light}} {
		v := theme.VariantDark
		if tt.system == 1 {
			v = theme.VariantLight
		}
		if got := (&look{mode: tt.mode}).Color(parts.Content, v); got != tt.want[parts.Content] {
			t.Errorf("mode %d, system %d: %v", tt.mode, tt.system, got)
		}
	}
}
