package handover

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/exporter"
)

// A Form is what can be handed over.
type Form string

// The forms: the sheet in three, and the calendar file.
const (
	FormMarkdown Form = "markdown"
	FormHTML     Form = "html"
	FormPDF      Form = "pdf"
	FormReminder Form = "ics"
)

// Forms lists the forms in the order they are offered.
var Forms = []Form{FormMarkdown, FormHTML, FormPDF, FormReminder}

// ParseForm reads the name of a form; "md" is markdown.
func ParseForm(s string) (Form, error) {
	f := Form(strings.ToLower(s))
	if f == "md" {
		f = FormMarkdown
	}
	if !slices.Contains(Forms, f) {
		return "", fmt.Errorf("hand over as %q: there are markdown, html, pdf and ics", s)
	}
	return f, nil
}

// Text reports whether the form is text that a person would read or copy.
func (f Form) Text() bool { return f == FormMarkdown || f == FormHTML || f == FormReminder }

// FileName proposes a name for c handed over as f.
func (f Form) FileName(c *certificate.Certificate) string {
	base := strings.TrimSuffix(exporter.FileName(c, exporter.PEM), exporter.PEM.Extension())
	switch f {
	case FormReminder:
		return base + "-renewal.ics"
	case FormMarkdown:
		return base + "-handover.md"
	}
	return base + "-handover." + string(f)
}

// The days before the end that a reminder can be for.
const (
	UsualDays = 30
	maxDays   = 3650
)

// ErrDays says that a reminder is for too many days before the end, or fewer
// than none.
var ErrDays = errors.New("a reminder is from 0 to 3650 days before the end")

// Make makes what is handed over of c, with the certificates that go with it
// in order; days is for the reminder, before the end.
func Make(f Form, c *certificate.Certificate, chain []*certificate.Certificate, opt Options, days int) ([]byte, error) {
	if f == FormReminder {
		if days < 0 || days > maxDays {
			return nil, fmt.Errorf("%d days: %w", days, ErrDays)
		}
		return Reminder(c, days, opt.Now), nil
	}
	s := New(c, chain, opt)
	switch f {
	case FormMarkdown:
		return s.Markdown(), nil
	case FormHTML:
		return s.HTML()
	case FormPDF:
		return s.PDF()
	}
	return nil, fmt.Errorf("hand over as %q: there are markdown, html, pdf and ics", f)
}
