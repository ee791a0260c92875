package handover

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"certdesk/internal/certificate"
)

// Reminder returns a calendar file (RFC 5545) with one event at the end of the
// certificate less the given days, and an alarm then. now is when it was made.
func Reminder(c *certificate.Certificate, days int, now time.Time) []byte {
	at := c.NotAfter.AddDate(0, 0, -days).UTC()
	const form = "20060102T150405Z"
	var b bytes.Buffer
	line := func(name, value string) {
		b.WriteString(fold(name+":"+value) + "\r\n")
	}
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//Certdesk//EN")
	line("BEGIN", "VEVENT")
	line("UID", fmt.Sprintf("%s-%d@certdesk", c.Fingerprint().String()[:32], days))
	line("DTSTAMP", now.UTC().Format(form))
	line("DTSTART", at.Format(form))
	line("DTEND", at.Add(30*time.Minute).Format(form))
	line("SUMMARY", escape(fmt.Sprintf("Renew the certificate of %s: it ends on %s", clean(c.CommonName()), c.NotAfter.UTC().Format(time.DateOnly))))
	line("DESCRIPTION", escape(fmt.Sprintf("Subject: %s\nIssuer: %s\nSerial number: %s\nSHA-1: %s\nEnds: %s",
		clean(c.Subject().String()), clean(c.Issuer().String()), c.Serials().Windows, c.SHA1(), c.NotAfter.UTC().Format(time.RFC3339))))
	line("BEGIN", "VALARM")
	line("ACTION", "DISPLAY")
	line("TRIGGER", "PT0S")
	line("DESCRIPTION", escape("Renew the certificate of "+clean(c.CommonName())))
	line("END", "VALARM")
	line("END", "VEVENT")
	line("END", "VCALENDAR")
	return b.Bytes()
}

// escape quotes TEXT (RFC 5545 section 3.3.11).
func escape(s string) string {
	return strings.NewReplacer("\\", "\\\\", ";", "\\;", ",", "\\,", "\n", "\\n").Replace(s)
}

// fold breaks a line after 75 octets, between characters (section 3.1).
func fold(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if size := utf8.RuneLen(r); n+size > 74 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(r)
		n += utf8.RuneLen(r)
	}
	return b.String()
}
