// Package report writes what package check found as text or Markdown, to be
// pasted into a mail or a ticket. The command line and the window hand out the
// same report. It holds no secrets: certificates, places, findings.
package report

import (
	"fmt"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
)

// A Report is what is said about one certificate.
type Report struct {
	Subject  check.Subject
	File     *check.File // the file it came from; nil for a store
	Verdicts []check.Verdict
	Host     string            // that was asked for; may be empty
	UsedBy   keyusage.Consumer // that was asked for; may be empty
	Now      time.Time
}

// Request returns what to send to the CA about a finding: which certificate,
// what is wrong, and the sentence that asks for another. It is empty for a
// finding that is not the CA's business.
func Request(s check.Subject, f finding.Finding) string {
	w := finding.WordsOf(f)
	if f.Fix != finding.FixAsk || w.Request == "" {
		return ""
	}
	c := s.Certificate
	return fmt.Sprintf("About the certificate %s, serial number %s, issued by %s:\n\n%s\n%s", c.Subject().String(), c.Serials().Windows, c.Issuer().String(), w.Message, w.Request)
}

// A field is a name and a value.
type field struct{ name, value string }

func (r Report) fields() []field {
	c := r.Subject.Certificate
	usage, purposes := c.WindowsKeyUsage(), strings.Join(purposeNames(c.ExtKeyUsage), ", ")
	if !c.HasKeyUsage {
		usage = "absent: everything is allowed"
	}
	if c.ExtKeyUsage == nil {
		purposes = "absent: everything is allowed"
	}
	fs := []field{{"Subject", c.Subject().String()}, {"Issuer", c.Issuer().String()}, {"Serial number", c.Serials().Windows}, {"SHA-256", c.Fingerprint().String()},
		{"Valid", c.NotBefore.Format(time.DateOnly) + " to " + c.NotAfter.Format(time.DateOnly)}, {"Public key", c.KeyType()}, {"Key usage", usage}, {"Purposes", purposes}}
	switch row := r.Subject.Row; {
	case row != nil:
		fs = append(fs, field{"Found in", fmt.Sprintf("%s/%s, private key %s", row.Location, row.Store, keyWords(row.Key))})
	case r.File != nil && r.Subject.HasKey:
		fs = append(fs, field{"Found in", r.File.Name + ", with its private key"})
	case r.File != nil:
		fs = append(fs, field{"Found in", r.File.Name})
	}
	if r.Host != "" {
		fs = append(fs, field{"Host asked for", r.Host})
	}
	if r.UsedBy != keyusage.AnyConsumer {
		fs = append(fs, field{"Used by", string(r.UsedBy)})
	}
	return append(fs, field{"Checked", r.Now.UTC().Format("2006-01-02 15:04 UTC")})
}

func keyWords(k certstore.KeyState) string {
	if k == certstore.KeyNone || k == "" {
		return "not here"
	}
	return string(k)
}

func fileFields(f *check.File) []field {
	protection := strings.Join(f.Encryption, ", ")
	if f.MAC != "" {
		protection = strings.TrimPrefix(protection+"; MAC "+f.MAC, "; ")
	}
	fs := []field{{"File", f.Name}, {"Format", strings.TrimSpace(f.Format + " " + f.Encoding)}}
	if protection != "" {
		fs = append(fs, field{"Protection", protection})
	}
	state := fmt.Sprintf("%d certificates, %d keys", f.Certificates, f.Keys)
	if f.Locked {
		state += " can be seen without the password"
	}
	return append(fs, field{"Holds", state})
}

// chainLines are the links of the best path, the leaf first.
func (r Report) chainLines() []string {
	if len(r.Verdicts) == 0 {
		return nil
	}
	var lines []string
	for _, l := range r.Verdicts[0].Paths.Best().Links {
		where := string(l.Found)
		if l.Found == chain.InStore && l.Row != nil {
			where = fmt.Sprintf("%s/%s", l.Row.Location, l.Row.Store)
		}
		lines = append(lines, fmt.Sprintf("%s (%s, %s)", l.Name, where, l.Status))
	}
	return lines
}

func heading(v check.Verdict) string {
	if v.Purpose == finding.Any {
		return "For any purpose: " + v.Verdict
	}
	return "As " + string(v.Purpose) + ": " + v.Verdict
}

func proof(f finding.Finding) string {
	if f.Evidence.Field == "" {
		return ""
	}
	return f.Evidence.Field + ": " + f.Evidence.Value
}
