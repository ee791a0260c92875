package handover

import (
	"bytes"
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// Sizes of the page, in millimetres and points.
const (
	margin    = 18.0
	labelWide = 62.0
	pageWide  = 210.0
)

// PDF writes the sheet as PDF, A4. Its fonts know Latin, Greek and Cyrillic
// letters; others appear as boxes, which Markdown and HTML do not have.
func (s *Sheet) PDF() ([]byte, error) {
	p := fpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes("go", "", goregular.TTF)
	p.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	p.AddUTF8FontFromBytes("mono", "", gomono.TTF)
	p.SetTitle(clean(s.Title), true)
	p.SetCreator("Certdesk", true)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	p.SetFooterFunc(func() {
		p.SetY(-margin + 4)
		p.SetFont("go", "", 8)
		p.SetTextColor(110, 110, 110)
		p.CellFormat(0, 5, fmt.Sprintf("%s, page %d", clean(s.Title), p.PageNo()), "", 0, "C", false, 0, "")
		p.SetTextColor(0, 0, 0)
	})
	p.AddPage()
	p.SetFont("go", "B", 16)
	p.MultiCell(0, 8, clean(s.Title), "", "L", false)
	p.SetFont("go", "", 10)
	for _, t := range s.Intro {
		p.Ln(2)
		p.MultiCell(0, 5, clean(t), "", "L", false)
	}
	for _, sec := range s.Sections {
		p.Ln(5)
		p.SetFont("go", "B", 12)
		p.MultiCell(0, 6, clean(sec.Heading), "B", "L", false)
		p.Ln(1)
		for i, step := range sec.Steps {
			p.SetFont("go", "", 10)
			p.MultiCell(0, 5, fmt.Sprintf("%d.  %s", i+1, clean(step)), "", "L", false)
		}
		for _, r := range sec.Rows {
			pdfRow(p, r)
		}
		if sec.Code != "" {
			p.SetFont("mono", "", 7.5)
			for _, line := range strings.Split(strings.TrimRight(sec.Code, "\n"), "\n") {
				p.MultiCell(0, 3.4, clean(line), "", "L", false)
			}
		}
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, fmt.Errorf("hand-over sheet as PDF: %w", err)
	}
	return b.Bytes(), nil
}

// pdfRow writes label and value side by side; a long value takes several lines.
func pdfRow(p *fpdf.Fpdf, r Row) {
	font, size := "go", 10.0
	if r.Exact {
		font, size = "mono", 9.0
	}
	p.SetFont("go", "", 9)
	label := p.SplitText(clean(r.Label), labelWide-2)
	p.SetFont(font, "", size)
	value := p.SplitText(clean(r.Value), pageWide-2*margin-labelWide-2)
	const high = 4.8
	lines := max(len(label), len(value))
	_, pageHigh := p.GetPageSize()
	if p.GetY()+float64(lines)*high > pageHigh-margin {
		p.AddPage()
	}
	x, y := p.GetX(), p.GetY()
	p.SetFont("go", "", 9)
	p.SetTextColor(90, 90, 90)
	for i, l := range label {
		p.SetXY(x, y+float64(i)*high)
		p.CellFormat(labelWide, high, l, "", 0, "L", false, 0, "")
	}
	p.SetTextColor(0, 0, 0)
	p.SetFont(font, "", size)
	for i, l := range value {
		p.SetXY(x+labelWide, y+float64(i)*high)
		p.CellFormat(0, high, l, "", 0, "L", false, 0, "")
	}
	p.SetXY(x, y+float64(lines)*high)
}
