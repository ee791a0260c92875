package health

import (
	"bytes"
	_ "embed" // the report's page
	"encoding/csv"
	"html/template"
	"strings"
	"time"

	"certdesk/internal/finding"
	"certdesk/internal/placement"
)

// header names the columns of [Report.CSV].
var header = []string{"severity", "kind", "rule", "location", "store", "subject", "issuer", "serial", "sha1", "sha256", "not after", "message", "fix", "command"}

// CSV returns the problems as comma-separated values (RFC 4180) in UTF-8, one a
// line. A cell that a spreadsheet would take for a formula gets an apostrophe
// before it.
func (r Report) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write(header)
	for _, p := range r.Problems {
		cells := []string{string(p.Severity), string(p.Kind), p.ID, string(p.Location), string(p.Store), p.Subject(), "", "", "", "", "", p.Message, p.Fix, p.Command}
		if p.Row != nil {
			c := p.Row.Certificate
			copy(cells[6:], []string{c.IssuerName(), c.Serials().Colon, c.SHA1(), c.Fingerprint().String(), day(c.NotAfter)})
		}
		for i := range cells {
			cells[i] = harmless(cells[i])
		}
		_ = w.Write(cells) // a buffer takes everything
	}
	w.Flush()
	return b.Bytes()
}

// harmless keeps spreadsheets from taking a cell for a formula (CWE-1236).
func harmless(cell string) string {
	first := strings.TrimLeft(cell, " \u00a0\u3000\ufeff")
	if first != "" && strings.ContainsAny(first[:1], "=+-@\t\r\n|%") || strings.HasPrefix(first, "＝") || strings.HasPrefix(first, "＋") || strings.HasPrefix(first, "－") || strings.HasPrefix(first, "＠") {
		return "'" + cell
	}
	return cell
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"day":   day,
	"store": placement.Title,
	"count": func(r Report, s string) int {
		n := 0
		for _, p := range r.Problems {
			if p.Severity == finding.Severity(s) {
				n++
			}
		}
		return n
	},
}).Parse(page))

// HTML returns the report as one page that needs no other file and runs no
// script. Names in certificates are anybody's text and are escaped.
func (r Report) HTML() ([]byte, error) {
	type section struct {
		Kind     Kind
		Problems []Problem
		More     int
	}
	const most = 1000 // problems of a kind that a page shows
	var sections []section
	for _, k := range Kinds {
		if list := r.Of(k); len(list) > 0 {
			s := section{k, list, 0}
			if len(list) > most {
				s.Problems, s.More = list[:most], len(list)-most
			}
			sections = append(sections, s)
		}
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, struct {
		Report
		Sections []section
		Kinds    []Kind
	}{r, sections, Kinds})
	return b.Bytes(), err
}
