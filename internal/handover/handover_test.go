package handover

import (
	"bytes"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// TestHostileNames makes a sheet of a certificate whose names want to be
// Markdown and HTML.
func TestHostileNames(t *testing.T) {
	root := certtest.Root(t, "Root")
	name := "</td><script>alert(1)</script>|`x`\r\n# heading ‮ [link](http://x)"
	leaf := certtest.Client(t, root, name, func(c *x509.Certificate) { c.EmailAddresses = []string{"a@example.test"} })
	s := New(leaf.Certificate, []*certificate.Certificate{root.Certificate}, Options{System: Nginx, File: "x.pfx", User: name, Now: certtest.Now})
	md := string(s.Markdown())
	for _, line := range strings.Split(md, "\n") {
		if strings.HasPrefix(line, "# heading") {
			t.Errorf("a heading of their own: %q", line)
		}
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|") {
			t.Errorf("a broken row: %q", line)
		}
	}
	if strings.Contains(md, "‮") || strings.Contains(md, "\r") {
		t.Error("text that turns around")
	}
	html, err := s.HTML()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(html, []byte("<script")) || bytes.Count(html, []byte("</td>")) != strings.Count(md, "\n| ")*2-strings.Count(md, "| | |")*2 {
		t.Errorf("%d cells in HTML", bytes.Count(html, []byte("</td>")))
	}
	if _, err := s.PDF(); err != nil {
		t.Error(err)
	}
	for _, f := range Forms {
		data, err := Make(f, leaf.Certificate, nil, Options{Now: certtest.Now}, UsualDays)
		if err != nil || len(data) == 0 || f.Text() != utf8.Valid(data) {
			t.Errorf("%s: %d bytes, %v", f, len(data), err)
		}
		if got, err := ParseForm(strings.ToUpper(string(f))); err != nil || got != f {
			t.Errorf("%s: %q, %v", f, got, err)
		}
	}
	if _, err := ParseForm("docx"); err == nil {
		t.Error("a form that does not exist")
	}
	if _, err := Make(FormReminder, leaf.Certificate, nil, Options{}, -1); !errors.Is(err, ErrDays) {
		t.Error(err)
	}
}

func TestReminder(t *testing.T) {
	root := certtest.Root(t, "Root")
	leaf := certtest.Client(t, root, "Jörg, der; Lange mit einem Namen, der über fünfundsiebzig Oktette geht\\", certtest.Valid(0, 365))
	ics := string(Reminder(leaf.Certificate, 30, certtest.Now))
	want := "DTSTART:" + leaf.NotAfter.AddDate(0, 0, -30).UTC().Format("20060102T150405Z") + "\r\n"
	if !strings.Contains(ics, want) {
		t.Errorf("no %q in %s", want, ics)
	}
	for _, line := range strings.Split(strings.TrimSuffix(ics, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	unfolded := strings.ReplaceAll(ics, "\r\n ", "")
	if !strings.Contains(unfolded, `Jörg\, der\; Lange`) || !strings.Contains(unfolded, `geht\\`) {
		t.Error(unfolded)
	}
	if got := strings.Count("\r\n"+ics, "\r\nBEGIN:") - strings.Count(ics, "\r\nEND:"); got != 0 {
		t.Error(ics)
	}
}
