package handover

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
)

// Markdown writes the sheet as Markdown.
func (s *Sheet) Markdown() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", inline(s.Title))
	for _, p := range s.Intro {
		fmt.Fprintf(&b, "\n%s\n", inline(p))
	}
	for _, sec := range s.Sections {
		fmt.Fprintf(&b, "\n## %s\n\n", inline(sec.Heading))
		for i, step := range sec.Steps {
			fmt.Fprintf(&b, "%d. %s\n", i+1, inline(step))
		}
		if len(sec.Rows) > 0 {
			b.WriteString("| | |\n|---|---|\n")
		}
		for _, r := range sec.Rows {
			value := inline(r.Value)
			if r.Exact {
				value = code(r.Value)
			}
			fmt.Fprintf(&b, "| %s | %s |\n", inline(r.Label), value)
		}
		if sec.Code != "" {
			fmt.Fprintf(&b, "```\n%s\n```\n", strings.TrimRight(sec.Code, "\n"))
		}
	}
	return b.Bytes()
}

// inline keeps text from being taken for Markdown or HTML: a certificate's
// names are anybody's to choose.
func inline(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if strings.ContainsRune("\\`*_{}[]<>#|~!&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is s as a code span of a table (CommonMark 6.1): between more backticks
// than it has.
func code(s string) string {
	s = strings.ReplaceAll(clean(s), "|", "\\|")
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// clean makes one line of s without control characters and those that turn
// text around.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f {
			return ' '
		}
		return r
	}, s)
}

var page = template.Must(template.New("sheet").Funcs(template.FuncMap{"clean": clean}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title | clean}}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:1.8rem;border-bottom:1px solid #d0d7de}
table{border-collapse:collapse;width:100%}td{padding:.25rem .6rem .25rem 0;vertical-align:top}td:first-child{color:#57606a;width:17rem}
code,pre{font:13px/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}pre{background:#f6f8fa;padding:.8rem;overflow:auto}pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
@media print{pre{white-space:pre-wrap;overflow-wrap:anywhere}}
</style></head><body>
<h1>{{.Title | clean}}</h1>
{{range .Intro}}<p>{{. | clean}}</p>
{{end}}{{range .Sections}}<h2>{{.Heading | clean}}</h2>
{{if .Steps}}<ol>{{range .Steps}}<li>{{. | clean}}</li>
{{end}}</ol>
{{end}}{{if .Rows}}<table>{{range .Rows}}<tr><td>{{.Label}}</td><td>{{if .Exact}}<code>{{.Value | clean}}</code>{{else}}{{.Value | clean}}{{end}}</td></tr>
{{end}}</table>
{{end}}{{if .Code}}<pre{{if .Wrap}} class="wrap"{{end}}>{{.Code}}</pre>
{{end}}{{end}}</body></html>
`))

// HTML writes the sheet as one page that loads nothing.
func (s *Sheet) HTML() ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("hand-over sheet as HTML: %w", err)
	}
	return b.Bytes(), nil
}
