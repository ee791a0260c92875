package check

import (
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
)

// Passed returns, in sentences, what was looked at for a verdict and found
// right.
func Passed(s Subject, v Verdict) []string {
	said := func(ids ...string) bool {
		return slices.ContainsFunc(v.Findings, func(f finding.Finding) bool { return slices.Contains(ids, f.ID) })
	}
	c := s.Certificate
	var out []string
	if c.RawSubject == nil {
		return nil
	}
	keyed := s.HasKey || s.Row != nil && s.Row.Key != certstore.KeyNone && s.Row.Key != ""
	if keyed && !said("K-01", "K-02") {
		out = append(out, "The private key is here.")
	}
	if len(c.ExtKeyUsage) > 0 && v.Purpose != finding.Any && v.Purpose != finding.CA && !said("C-02", "C-03", "S-04", "M-04", "X-02", "D-02") {
		words := make([]string, len(c.ExtKeyUsage))
		for i, oid := range c.ExtKeyUsage {
			words[i] = certificate.PurposeWords(oid)
		}
		out = append(out, "Its purposes allow it: "+strings.Join(words, ", ")+".")
	}
	if c.HasKeyUsage && v.Purpose != finding.Any && !said("C-01", "S-01", "S-02", "M-01", "M-02", "M-03", "X-01", "D-01", "A-01", "A-02", "A-05", "A-10") {
		out = append(out, "Key Usage allows it: "+c.WindowsKeyUsage()+".")
	}
	if !said("C-06", "S-20") && !c.NotAfter.IsZero() {
		out = append(out, "It is valid until "+c.NotAfter.Format(time.DateOnly)+".")
	}
	if end := v.Paths.Best().End(); end.Status == chain.Trusted && v.Paths.Best().Trusted() {
		out = append(out, "The chain ends at "+end.Name+", which is trusted here.")
	}
	return out
}
