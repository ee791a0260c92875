package report_test

import (
	"crypto/x509"
	"regexp"
	"strings"
	"testing"

	"certdesk/internal/certtest"
	"certdesk/internal/check"
	"certdesk/internal/check/report"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// TestReport writes a report on a certificate with a stranger's text in it.
func TestReport(t *testing.T) {
	ca := certtest.Root(t, "Evil <script>alert(1)</script> CA")
	c := certtest.Make(t, &ca, "[click](http://example.com) | `x` <img src=x> @all", certtest.Usage(x509.KeyUsageKeyEncipherment), certtest.Purposes(x509.ExtKeyUsageClientAuth))
	s := check.Subject{Certificate: c.Certificate}
	vs := check.All(s, []finding.Purpose{finding.Client, finding.Server}, &inventory.Inventory{}, check.Options{Now: certtest.Now})
	r := []report.Report{{Subject: s, Verdicts: vs, Now: certtest.Now}}
	text := report.Text(nil, r)
	for _, want := range []string{"As client: will not work", "As server: will not work", "ERROR   C-01: ", "Proof: keyUsage: Key Encipherment (20)", "To the CA: Please issue it with Digital Signature", "Rule: RFC 5280 4.2.1.3",
		"OK      It is valid until ", "Checked         2026-11-22 12:00 UTC", c.Fingerprint().String()} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
	md := report.Markdown(nil, r)
	for _, want := range []string{"## As client: will not work", "- **error C-01: ", "  - Proof: keyUsage: Key Encipherment (20)"} {
		if !strings.Contains(md, want) {
			t.Errorf("Markdown lacks %q:\n%s", want, md)
		}
	}
	if bad := regexp.MustCompile("<script|<img|[^\\\\]\\[click|[^\\\\]`|http://|@all").FindString(md); bad != "" {
		t.Errorf("Markdown lets %q through:\n%s", bad, md)
	}
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "|") && len(regexp.MustCompile(`[^\\]\|`).FindAllString(line, -1)) != 2 && !strings.HasPrefix(line, "|---") && !strings.HasPrefix(line, "| | |") {
			t.Errorf("not two cells: %s", line)
		}
	}
	if req := report.Request(s, vs[0].Findings[0]); !strings.Contains(req, c.Serials().Windows) || !strings.Contains(req, "Digital Signature (80)") {
		t.Errorf("request: %s", req)
	}
}
