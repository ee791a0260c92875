package diagnose

import (
	"fmt"

	"certdesk/internal/identify"
)

// revocation lists where the certificates say that revocation is looked up.
func revocation(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	silent := 0
	for _, r := range d.personal() {
		std, err := r.Certificate.X509()
		switch {
		case err != nil:
			o.add(r, "could not be read: %v", err)
		case len(std.OCSPServer)+len(std.CRLDistributionPoints) == 0:
			silent++
			o.add(r, "names no CRL and no OCSP address")
		default:
			o.add(r, "OCSP %v, CRL %v", std.OCSPServer, std.CRLDistributionPoints)
		}
	}
	if silent > 0 {
		o.Status = Applies
		o.Message = count(silent) + " naming no address where revocation could be looked up: a server that insists on it refuses."
		return
	}
	o.Status, o.Message = NotChecked, "Nothing is asked over the network here; these are the addresses that the server must be able to reach."
	o.Fix = "«check ID --revocation» asks them from here; on a Windows server: certutil -verify -urlfetch FILE.cer."
}

// named looks for the thumbprints of the text in every store.
func named(d *diagnosis, o *Outcome) {
	invisible := ""
	if d.result.Invisible {
		invisible = " The text holds characters that nobody sees, such as the U+200E that Windows' dialog puts before a thumbprint: type the first digit anew."
	}
	if len(d.result.Named) == 0 {
		o.Status, o.Message = NotChecked, "There is no thumbprint in the text."+invisible
		o.Fix = "Paste the message with the thumbprint, or look for it: «list --find THUMBPRINT»."
		if invisible != "" {
			o.Status = Applies
		}
		return
	}
	missing := 0
	for _, id := range d.result.Named {
		found := false
		for _, r := range d.Inventory.Rows {
			if id == r.Certificate.SHA1() || id == r.Fingerprint().String() {
				found = true
				o.add(r, "is in %s, private key: %s", where(r), r.Key)
			}
		}
		if !found {
			missing++
			o.Subjects = append(o.Subjects, Subject{Detail: id + " is in no store of this computer"})
		}
	}
	o.Status, o.Message = Clear, "The certificate is on this computer; compare the store with the one that the program looks in."+invisible
	if missing > 0 {
		o.Message = fmt.Sprintf("%d of %d thumbprints are in no store of this computer.%s", missing, len(d.result.Named), invisible)
	}
	if missing > 0 || invisible != "" {
		o.Status = Applies
	}
}

// base64Text looks for a certificate in the text.
func base64Text(d *diagnosis, o *Outcome) {
	r := identify.Text(d.Text)
	switch {
	case r.Kind == identify.Nothing:
		o.Status, o.Message = NotChecked, "There is no certificate in the text."
		o.Fix = "Copy the value of the attribute certificate, or the whole <add> line, and paste it: «identify -»."
	case len(r.Problems) > 0:
		o.Status, o.Message = Applies, r.Title()
		for _, p := range r.Problems {
			o.Subjects = append(o.Subjects, Subject{Detail: p.Text})
		}
		o.Fix = "«export ID --format iis-one-to-one» writes it anew."
	default:
		o.Status, o.Message = Clear, "The certificate in the text is well-formed: "+r.Title()
	}
}
