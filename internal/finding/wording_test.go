package finding

import "testing"

func TestPlaceholders(t *testing.T) {
	f := Finding{ID: "N-04", Params: map[string]string{"other": "a {value}"}, Evidence: Evidence{Value: "00ff"}}
	for text, want := range map[string]string{
		"none": "none", "": "", "{other} and {value}": "a {value} and 00ff", "{value}{value}": "00ff00ff",
		"{unknown} {value}": "{unknown} 00ff", "open {other": "open {other", "}{": "}{", "{{value}}": "{00ff}",
	} {
		if got := f.fill(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
