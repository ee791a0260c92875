package check

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

// Windows' stores that have no name on other systems.
const (
	webHosting       certstore.Name = "webhosting"
	clientAuthIssuer certstore.Name = "clientauthissuer"
)

// maxIssuerList is how many bytes of names Schannel sends to a client.
const maxIssuerList = 16384

// consumer has the rules about the program that is to use an entry: it looks
// in stores of its own.
func consumer(r *inventory.Row, p finding.Purpose, inv *inventory.Inventory, by keyusage.Consumer) []finding.Finding {
	var fs []finding.Finding
	place := finding.Evidence{Field: "store", Value: string(r.Location) + "/" + string(r.Store)}
	add := func(id string, s finding.Severity, source string, fix finding.Fix, e finding.Evidence, to certstore.Name, loc certstore.Location) {
		fs = append(fs, finding.Finding{ID: id, Severity: s, Purpose: p, Source: source, Fix: fix, Evidence: e,
			Params: map[string]string{"to": string(to), "location": string(loc)}})
	}
	at := func(loc certstore.Location, names ...certstore.Name) bool {
		return slices.ContainsFunc(inv.At(r.Certificate.Fingerprint()), func(x *inventory.Row) bool {
			return x.Location == loc && slices.Contains(names, x.Store)
		})
	}
	switch {
	case by == keyusage.Browser && p == finding.Client && at(certstore.Machine, certstore.My) && !at(certstore.User, certstore.My):
		add("C-07", finding.Warning, "Chromium client_cert_store", finding.FixMove, place, certstore.My, certstore.User)
	case by == keyusage.IIS && p == finding.Server && !(at(certstore.Machine, certstore.My, webHosting) && r.Key != certstore.KeyNone):
		fix := finding.FixMove
		if r.Key == certstore.KeyNone {
			fix = finding.FixImport
		}
		add("S-15", finding.Error, "IIS, server certificates", fix, place, certstore.My, certstore.Machine)
	}
	if by != keyusage.IIS || p != finding.Client && p != finding.Server {
		return fs
	}
	if n := issuerList(inv); n > maxIssuerList {
		add("P-07", finding.Warning, "Microsoft KB 2801679", finding.FixNone, finding.Evidence{Field: "issuerList", Value: strconv.Itoa(n)}, "", "")
	}
	if p == finding.Client && lacksIssuer(r.Certificate, inv) {
		add("P-09", finding.Warning, "Microsoft, Client Authentication Issuers", finding.FixNone, finding.Evidence{Field: "issuer", Value: r.Certificate.IssuerName()}, "", "")
	}
	return fs
}

// issuerList returns how many bytes the names of the machine's trusted roots
// take in a CertificateRequest (RFC 5246 section 7.4.4).
func issuerList(inv *inventory.Inventory) int {
	n, seen := 0, map[string]bool{}
	for _, r := range inv.Rows {
		if name := string(r.Certificate.RawSubject); r.Location == certstore.Machine && r.Store == certstore.Root && !seen[name] {
			seen[name] = true
			n += 2 + len(name)
		}
	}
	return n
}

// lacksIssuer reports whether Windows' store of issuers of clients is used,
// without the issuer of c.
func lacksIssuer(c *certificate.Certificate, inv *inventory.Inventory) bool {
	used := false
	for _, r := range inv.Rows {
		if r.Store == clientAuthIssuer {
			used = true
			if bytes.Equal(r.Certificate.RawSubject, c.RawIssuer) {
				return false
			}
		}
	}
	return used
}

// rowKey has the rules about the private key of an entry.
func rowKey(r *inventory.Row, p finding.Purpose, public bool, inv *inventory.Inventory, by keyusage.Consumer) []finding.Finding {
	var fs []finding.Finding
	if r.Key == certstore.KeyUnusable {
		return append(fs, keyusage.BrokenKey(string(r.Key)))
	}
	if r.Key == certstore.KeyNone {
		return nil
	}
	exportable := finding.Evidence{Field: "exportable", Value: strconv.FormatBool(r.Exportable)}
	serves := p == finding.Server || by == keyusage.Service || by == keyusage.IIS || by == keyusage.SQLServer
	switch {
	case r.Exportable && p == finding.Code && public:
		fs = append(fs, keyusage.SoftwareKey(r.Certificate)...)
	case r.Exportable && serves:
		fs = append(fs, finding.Finding{ID: "K-08", Severity: finding.Info, Purpose: p, Source: "NIST SP 800-57", Evidence: exportable})
	case !r.Exportable && r.Key == certstore.KeyPresent:
		fs = append(fs, finding.Finding{ID: "K-09", Severity: finding.Info, Source: "NTE_BAD_KEY_STATE 0x8009000b", Evidence: exportable})
	}
	var others []string
	seen := map[certificate.Fingerprint]bool{r.Certificate.Fingerprint(): true}
	for _, x := range inv.KeyHolders(r.Certificate.KeyID()) {
		if fp := x.Certificate.Fingerprint(); !seen[fp] {
			seen[fp] = true
			others = append(others, x.Certificate.CommonName()+" ("+fp.String()[:8]+")")
		}
	}
	if len(others) > 0 {
		fs = append(fs, finding.Finding{ID: "K-10", Severity: finding.Info, Source: "NIST SP 800-57", Evidence: finding.Evidence{Field: "key", Value: strings.Join(others, ", ")}})
	}
	return fs
}

// siblings has the rules about other certificates of the same person or
// server.
func siblings(r *inventory.Row, p finding.Purpose, inv *inventory.Inventory, now time.Time) []finding.Finding {
	var fs []finding.Finding
	c := r.Certificate
	var newer *certificate.Certificate
	for _, x := range inv.WithSubject(c.RawSubject) {
		o := x.Certificate
		if o.NotBefore.After(c.NotBefore) && now.Before(o.NotAfter) && !c.IsCA() && slices.Equal(o.AltNames, c.AltNames) && slices.Equal(o.ExtKeyUsage, c.ExtKeyUsage) &&
			(newer == nil || o.NotBefore.After(newer.NotBefore)) {
			newer = o
		}
	}
	if newer != nil {
		value := "valid to " + newer.NotAfter.Format(time.DateOnly) + ", SHA-256 " + newer.Fingerprint().String()[:16]
		fs = append(fs, finding.Finding{ID: "P-10", Severity: finding.Info, Source: "RFC 5280 4.1.2.5", Evidence: finding.Evidence{Field: "renewedBy", Value: value}})
	}
	if p != finding.Client || !fitsClient(r, now) {
		return fs
	}
	seen := map[certificate.Fingerprint]bool{}
	for _, x := range inv.Rows {
		if bytes.Equal(x.Certificate.RawIssuer, c.RawIssuer) && fitsClient(x, now) {
			seen[x.Certificate.Fingerprint()] = true
		}
	}
	if n := len(seen); n > 1 {
		fs = append(fs, finding.Finding{ID: "C-13", Severity: finding.Info, Purpose: p, Source: "RFC 5246 7.4.4",
			Evidence: finding.Evidence{Field: "issuer", Value: c.IssuerName()}, Params: map[string]string{"n": strconv.Itoa(n)}})
	}
	return fs
}

// fitsClient reports whether a browser would offer the entry.
func fitsClient(r *inventory.Row, now time.Time) bool {
	usable := r.Key == certstore.KeyPresent || r.Key == certstore.KeyLocked
	return usable && r.Location == certstore.User && r.Store == certstore.My &&
		finding.Worst(keyusage.Judge(r.Certificate, finding.Client, keyusage.Question{Now: now})) != finding.Error
}
