package report

import (
	"fmt"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/check"
	"certdesk/internal/finding"
)

// Text returns reports as plain text; file is the file they come from, or nil.
func Text(file *check.File, reports []Report) string {
	var b strings.Builder
	if file != nil {
		textFields(&b, fileFields(file))
		textFindings(&b, file.Apart(len(reports) > 0))
	}
	for i, r := range reports {
		if i > 0 || file != nil {
			b.WriteString("\n")
		}
		b.WriteString(r.Subject.Certificate.CommonName() + "\n")
		textFields(&b, r.fields())
		for _, v := range r.Verdicts {
			fmt.Fprintf(&b, "\n%s\n", heading(v))
			textFindings(&b, v.Findings)
			for _, p := range check.Passed(r.Subject, v) {
				fmt.Fprintf(&b, "OK      %s\n", p)
			}
		}
		if lines := r.chainLines(); len(lines) > 0 {
			b.WriteString("\nChain\n")
			for _, l := range lines {
				b.WriteString("  " + l + "\n")
			}
		}
	}
	return b.String()
}

func textFields(b *strings.Builder, fs []field) {
	for _, f := range fs {
		fmt.Fprintf(b, "%-15s %s\n", f.name, f.value)
	}
}

func textFindings(b *strings.Builder, fs []finding.Finding) {
	for _, f := range fs {
		w := finding.WordsOf(f)
		fmt.Fprintf(b, "%-7s %s: %s\n", strings.ToUpper(string(f.Severity)), f.ID, w.Message)
		for _, line := range []field{{"Proof: ", proof(f)}, {"What to do: ", w.Advice}, {"To the CA: ", request(f, w)}, {"Rule: ", f.Source}} {
			if line.value != "" {
				b.WriteString("        " + line.name + line.value + "\n")
			}
		}
	}
}

func request(f finding.Finding, w finding.Words) string {
	if f.Fix == finding.FixAsk {
		return w.Request
	}
	return ""
}

// Markdown returns reports as Markdown. What comes from certificates and files
// is escaped: it is a stranger's text.
func Markdown(file *check.File, reports []Report) string {
	var b strings.Builder
	if file != nil {
		fmt.Fprintf(&b, "# %s\n\n", escape(file.Name))
		markdownFields(&b, fileFields(file))
		markdownFindings(&b, file.Apart(len(reports) > 0))
	}
	for _, r := range reports {
		fmt.Fprintf(&b, "# %s\n\n", escape(r.Subject.Certificate.CommonName()))
		markdownFields(&b, r.fields())
		for _, v := range r.Verdicts {
			fmt.Fprintf(&b, "## %s\n\n", heading(v))
			markdownFindings(&b, v.Findings)
			if passed := check.Passed(r.Subject, v); len(passed) > 0 {
				for _, p := range passed {
					fmt.Fprintf(&b, "- ok: %s\n", escape(p))
				}
				b.WriteString("\n")
			}
		}
		if lines := r.chainLines(); len(lines) > 0 {
			b.WriteString("## Chain\n\n")
			for i, l := range lines {
				fmt.Fprintf(&b, "%d. %s\n", i+1, escape(l))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func markdownFields(b *strings.Builder, fs []field) {
	b.WriteString("| | |\n|---|---|\n")
	for _, f := range fs {
		fmt.Fprintf(b, "| %s | %s |\n", f.name, escape(f.value))
	}
	b.WriteString("\n")
}

func markdownFindings(b *strings.Builder, fs []finding.Finding) {
	for _, f := range fs {
		w := finding.WordsOf(f)
		fmt.Fprintf(b, "- **%s %s: %s.** %s", f.Severity, f.ID, escape(w.Title), escape(w.Message))
		if w.Advice != "" {
			b.WriteString(" " + escape(w.Advice))
		}
		b.WriteString("\n")
		for _, line := range []field{{"Proof", proof(f)}, {"To the CA", request(f, w)}, {"Rule", f.Source}} {
			if line.value != "" {
				fmt.Fprintf(b, "  - %s: %s\n", line.name, escape(line.value))
			}
		}
	}
	if len(fs) > 0 {
		b.WriteString("\n")
	}
}

// special are the characters that mean something in Markdown or HTML.
var special = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"|", "\\|", "#", "\\#", "~", "\\~", "!", "\\!", "\r", " ", "\n", " ", "@", "&#64;", "://", ":&#47;&#47;")

// escape makes a text harmless in Markdown: no link, image, heading, table
// cell, mention or HTML.
func escape(s string) string { return special.Replace(s) }

func purposeNames(oids []string) []string {
	words := make([]string, len(oids))
	for i, oid := range oids {
		words[i] = certificate.PurposeWords(oid)
	}
	return words
}
