package check

import (
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

// public reports whether the rules of public CAs apply: the chain ends at a
// root that the system ships; or the issuer is not known here, and the
// certificate says that it is one.
func public(s Subject, best chain.Path, inv *inventory.Inventory) bool {
	end := best.End()
	if end.Certificate == nil {
		return keyusage.ClaimsPublic(s.Certificate)
	}
	return slices.ContainsFunc(inv.At(end.Certificate.Fingerprint()), func(r *inventory.Row) bool { return r.Shipped })
}

// authorities has the rules about the CAs of the chain: those of package
// chain, and those about single certificates and about who sees their stores.
func authorities(paths chain.Result, p finding.Purpose, inv *inventory.Inventory, opt Options) []finding.Finding {
	var fs []finding.Finding
	for _, f := range paths.Findings(p) {
		if opt.Trust && chain.IsTrust(f) {
			f.Severity = finding.Error
		}
		fs = append(fs, f)
	}
	links := paths.Best().Links
	for i, l := range links {
		if i > 0 && l.Certificate != nil {
			fs = append(fs, authority(links[0].Certificate, l, p, opt)...)
			fs = append(fs, seen(l, p, inv, opt.UsedBy)...)
		}
	}
	return fs
}

// authority has the rules about one CA of the chain of leaf.
func authority(leaf *certificate.Certificate, l chain.Link, p finding.Purpose, opt Options) []finding.Finding {
	var fs []finding.Finding
	c := l.Certificate
	if c.NotAfter.Before(leaf.NotAfter) && !opt.Now.After(c.NotAfter) {
		date := c.NotAfter.Format(time.DateOnly)
		fs = append(fs, finding.Finding{ID: "A-09", Severity: finding.Info, Purpose: p, Source: "RFC 5280 6.1.3", Evidence: finding.Evidence{Field: "notAfter", Value: date},
			Params: map[string]string{"title": "A CA of the chain expires first", "ca": l.Name, "when": "expires on " + date + ", before this certificate"}})
	}
	if oids := c.UnknownCritical(); len(oids) > 0 {
		fs = append(fs, finding.Finding{ID: "A-12", Severity: finding.Error, Purpose: p, Source: "RFC 5280 4.2", Fix: finding.FixAsk,
			Evidence: finding.Evidence{Field: "extensions", Value: strings.Join(oids, ", ") + " of " + l.Name}})
	}
	if c.WeakSignature() && !c.SelfSigned() && l.Status != chain.Trusted {
		f := finding.Finding{ID: "C-14", Severity: finding.Warning, Purpose: p, Source: "RFC 9155", Fix: finding.FixAsk,
			Evidence: finding.Evidence{Field: "signatureAlgorithm", Value: c.SignatureAlgorithm() + " of " + l.Name}}
		if p == finding.Server {
			f.ID, f.Severity, f.Source = "S-09", finding.Error, "CABF BR 7.1.3.2"
		}
		fs = append(fs, f)
	}
	return fs
}

// seen has the rules about a program that runs under another account: it does
// not see the stores of this user.
func seen(l chain.Link, p finding.Purpose, inv *inventory.Inventory, by keyusage.Consumer) []finding.Finding {
	rows := inv.At(l.Certificate.Fingerprint())
	onMachine := slices.ContainsFunc(rows, func(r *inventory.Row) bool { return r.Location == certstore.Machine })
	if by != keyusage.Service && by != keyusage.IIS && by != keyusage.SQLServer || len(rows) == 0 || onMachine {
		return nil
	}
	f := finding.Finding{ID: "P-08", Severity: finding.Warning, Purpose: p, Source: "Windows system stores", Evidence: finding.Evidence{Field: "chain", Value: l.Name}}
	if l.Status == chain.Trusted {
		f.ID, f.Severity = "P-06", finding.Error
	}
	return []finding.Finding{f}
}
