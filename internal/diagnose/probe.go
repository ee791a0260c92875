package diagnose

import (
	"certdesk/internal/explain"
	"certdesk/internal/tlsprobe"
)

// ForProbe is a [tlsprobe.Explainer]: what the probe says itself about a code
// goes first, then what package explain knows.
func ForProbe(code string) (tlsprobe.Explanation, bool) {
	if e, ok := tlsprobe.Explain(code); ok {
		return e, true
	}
	c := explain.ByID(code)
	if c == nil {
		return tlsprobe.Explanation{}, false
	}
	return tlsprobe.Explanation{Title: c.Name, Text: c.Meaning, Ask: c.Causes}, true
}
