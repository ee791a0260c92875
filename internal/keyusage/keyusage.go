// Package keyusage answers whether a certificate may be used for a purpose,
// from the certificate alone: Key Usage, Extended Key Usage, names, dates, key
// and serial number. An empty result means that nothing in it forbids the
// purpose; chain, key and placement are judged by package check.
//
// One file holds the rules of a purpose; limits.json the dates and numbers of
// the CA/Browser Forum and of vendors.
package keyusage

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

// How soon before its end a certificate is reported, in days.
const (
	SoonDays   = 30
	UrgentDays = 7
)

// A Consumer is the program that is to use a certificate.
type Consumer string

// The consumers that rules know; [AnyConsumer] is whoever may come.
const (
	AnyConsumer Consumer = ""
	Browser     Consumer = "browser"
	Service     Consumer = "service" // runs under an account of its own: BizTalk, nginx, a scheduled job
	IIS         Consumer = "iis"
	SQLServer   Consumer = "sql-server"
	Java        Consumer = "java"
	Apple       Consumer = "apple"        // macOS, iOS
	OldWindows  Consumer = "windows-2016" // Windows before 1709, Server 2016 and older
)

// Consumers are all of them but AnyConsumer.
var Consumers = []Consumer{Browser, Service, IIS, SQLServer, Java, Apple, OldWindows}

// A Question is what a certificate is judged for.
type Question struct {
	Now    time.Time // UTC
	Host   string    // server: the name clients will use; "" for no check
	UsedBy Consumer
	// Public says that the chain ends at a root that systems ship, so that
	// the rules for public CAs apply.
	Public bool
}

// Infer returns the purposes a certificate seems to be made for: what its EKU
// names, as far as Key Usage leaves one half of a signing and encrypting pair;
// without EKU, what its names are for, else client. A CA is for issuing; but
// one whose Key Usage does not let it sign certificates, or that has none, and
// that names purposes, is a certificate that somebody made with a tool's
// defaults.
func Infer(c *certificate.Certificate) []finding.Purpose {
	signs := c.HasKeyUsage && c.KeyUsage&x509.KeyUsageCertSign != 0
	switch {
	case c.RawSubject == nil:
		return nil
	case c.IsCA() && (signs || c.ExtKeyUsage == nil):
		return []finding.Purpose{finding.CA}
	}
	var ps []finding.Purpose
	switch {
	case c.ExtKeyUsage != nil:
		if has(c, certificate.ClientAuth) || has(c, certificate.AnyExtKeyUsage) {
			ps = append(ps, finding.Client)
		}
		if has(c, certificate.ServerAuth) {
			ps = append(ps, finding.Server)
		}
		if has(c, certificate.EmailProtection) {
			ps = append(ps, mailHalves(c)...)
		}
		if has(c, certificate.CodeSigning) {
			ps = append(ps, finding.Code)
		}
		if slices.ContainsFunc(certificate.DocumentPurposes, func(oid string) bool { return has(c, oid) }) {
			ps = append(ps, finding.Document)
		}
	case slices.ContainsFunc(c.AltNames, isHost):
		ps = append(ps, finding.Server)
	case len(c.MailAddresses()) > 0:
		ps = append(ps, finding.Client)
		ps = append(ps, mailHalves(c)...)
	default:
		ps = append(ps, finding.Client)
	}
	return ps
}

// mailHalves returns what of mail Key Usage allows; both if it allows neither,
// so that the reason is said.
func mailHalves(c *certificate.Certificate) []finding.Purpose {
	sign := !lacks(c, x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment)
	encrypt := !lacks(c, x509.KeyUsageKeyEncipherment|x509.KeyUsageKeyAgreement)
	switch {
	case sign && !encrypt:
		return []finding.Purpose{finding.EmailSign}
	case encrypt && !sign:
		return []finding.Purpose{finding.EmailEncrypt}
	}
	return []finding.Purpose{finding.EmailSign, finding.EmailEncrypt}
}

// Judge returns the findings of c for purpose p: its own rules and those that
// hold for every purpose; [finding.Any] asks for the latter only.
func Judge(c *certificate.Certificate, p finding.Purpose, q Question) []finding.Finding {
	l := list{purpose: p}
	l.judge(c, p, q)
	l.validity(c, q)
	return append(l.found, general(c, p)...)
}

// Survey returns the findings worth showing in a list: those of the purposes
// the certificate was made for.
func Survey(c *certificate.Certificate, q Question) []finding.Finding {
	purposes := Infer(c)
	l := list{}
	for _, p := range purposes {
		l.purpose = p
		l.judge(c, p, q)
	}
	if len(purposes) != 1 {
		l.purpose = finding.Any
	}
	l.validity(c, q)
	return append(l.found, general(c, l.purpose)...)
}

// A list gathers findings for a purpose.
type list struct {
	purpose finding.Purpose
	found   []finding.Finding
}

// add adds a finding; params are names and values in turn.
func (l *list) add(id string, s finding.Severity, source string, fix finding.Fix, proof finding.Evidence, params ...string) {
	f := finding.Finding{ID: id, Severity: s, Purpose: l.purpose, Source: source, Fix: fix, Evidence: proof, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		f.Params[params[i]] = params[i+1]
	}
	l.found = append(l.found, f)
}

func (l *list) judge(c *certificate.Certificate, p finding.Purpose, q Question) {
	if c.RawSubject == nil {
		return // not a certificate: N-05 says so
	}
	switch p {
	case finding.Client:
		l.client(c, q)
	case finding.Server:
		l.server(c, q)
	case finding.EmailSign, finding.EmailEncrypt:
		l.mail(c, q)
	case finding.Code:
		l.code(c, q)
	case finding.Document:
		l.document(c)
	case finding.CA:
		l.ca(c)
	}
}

func (l *list) validity(c *certificate.Certificate, q Question) {
	const source = "RFC 5280 4.1.2.5"
	switch {
	case c.NotAfter.IsZero():
		return
	case q.Now.Before(c.NotBefore):
		date := c.NotBefore.Format(time.DateOnly)
		l.add("C-06", finding.Error, source, finding.FixNone, finding.Evidence{Field: "notBefore", Value: date},
			"when", "Not yet valid", "title", "The certificate is not yet valid", "text", "is not valid before "+date, "advice", "Wait until then, or correct this computer's clock.")
		return
	case q.Now.After(c.NotAfter):
		date := c.NotAfter.Format(time.DateOnly)
		l.add("C-06", finding.Error, source, finding.FixAsk, finding.Evidence{Field: "notAfter", Value: date},
			"when", "Expired", "title", "The certificate has expired", "text", "expired on "+date, "advice", "Get a new certificate from the CA.")
		return
	}
	days := int(c.NotAfter.Sub(q.Now) / (24 * time.Hour))
	if days >= SoonDays {
		return
	}
	s := finding.Warning
	if l.purpose == finding.Server && days < UrgentDays {
		s = finding.Error
	}
	date := c.NotAfter.Format(time.DateOnly)
	l.add("S-20", s, source, finding.FixAsk, finding.Evidence{Field: "notAfter", Value: date}, "date", date, "days", fmt.Sprint(days))
}

// Names reports whether an Extended Key Usage value is that of a purpose.
func Names(oid string, p finding.Purpose) bool {
	switch oid {
	case certificate.ClientAuth:
		return p == finding.Client
	case certificate.ServerAuth:
		return p == finding.Server
	case certificate.EmailProtection:
		return p == finding.EmailSign || p == finding.EmailEncrypt
	case certificate.CodeSigning:
		return p == finding.Code
	}
	return p == finding.Document && slices.Contains(certificate.DocumentPurposes, oid)
}

func has(c *certificate.Certificate, oid string) bool { return slices.Contains(c.ExtKeyUsage, oid) }

// hasAny returns those of oids that c names.
func hasAny(c *certificate.Certificate, oids ...string) []string {
	var found []string
	for _, oid := range oids {
		if has(c, oid) {
			found = append(found, certificate.PurposeWords(oid))
		}
	}
	return found
}

func isHost(a certificate.AltName) bool { return a.Type == "dns" || a.Type == "ip" }

// lacks reports whether Key Usage is there without any of bits.
func lacks(c *certificate.Certificate, bits x509.KeyUsage) bool {
	return c.HasKeyUsage && c.KeyUsage&bits == 0
}

// sets reports whether Key Usage is there with one of bits.
func sets(c *certificate.Certificate, bits x509.KeyUsage) bool {
	return c.HasKeyUsage && c.KeyUsage&bits != 0
}

// keyUsage is Key Usage as Windows prints it, as evidence.
func keyUsage(c *certificate.Certificate) finding.Evidence {
	e := finding.Evidence{Field: "keyUsage", Value: c.WindowsKeyUsage()}
	switch {
	case !c.HasKeyUsage:
		e.Value = "absent"
	case c.KeyUsage == 0:
		e.Value = fmt.Sprintf("none (%x)", c.KeyUsageBits)
	}
	return e
}

// extKeyUsage is the list of purposes, as evidence.
func extKeyUsage(c *certificate.Certificate) finding.Evidence {
	words := make([]string, len(c.ExtKeyUsage))
	for i, oid := range c.ExtKeyUsage {
		words[i] = certificate.PurposeWords(oid)
	}
	e := finding.Evidence{Field: "extKeyUsage", Value: strings.Join(words, ", ")}
	switch {
	case c.ExtKeyUsage == nil:
		e.Value = "absent"
	case len(words) == 0:
		e.Value = "none"
	}
	return e
}

// lifetime is the validity, as evidence.
func lifetime(c *certificate.Certificate) finding.Evidence {
	days := (c.NotAfter.Sub(c.NotBefore) + time.Second).Hours() / 24
	return finding.Evidence{Field: "validity", Value: fmt.Sprintf("%s to %s, %.0f days", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly), days)}
}

func keyType(c *certificate.Certificate) finding.Evidence {
	return finding.Evidence{Field: "keyType", Value: c.KeyType()}
}

func signature(c *certificate.Certificate) finding.Evidence {
	return finding.Evidence{Field: "signatureAlgorithm", Value: c.SignatureAlgorithm()}
}

func basic(c *certificate.Certificate) finding.Evidence {
	e := finding.Evidence{Field: "basicConstraints", Value: "absent"}
	if c.Basic != nil {
		e.Value = "CA:FALSE"
		if c.Basic.CA {
			e.Value = "CA:TRUE"
		}
	}
	return e
}

// altNames are the host names or the mail addresses, as evidence.
func altNames(names []string) finding.Evidence {
	e := finding.Evidence{Field: "subjectAltNames", Value: strings.Join(names, ", ")}
	if len(names) == 0 {
		e.Value = "none that fits"
	}
	return e
}

func hostNames(c *certificate.Certificate) []string {
	var names []string
	for _, a := range c.AltNames {
		if isHost(a) {
			names = append(names, a.Value)
		}
	}
	return names
}
