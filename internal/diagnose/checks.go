package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/explain"
	"certdesk/internal/finding"
	"certdesk/internal/health"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
	"certdesk/internal/placement"
)

var checks = map[explain.Check]func(*diagnosis, *Outcome){
	explain.RootStore: rootStore, explain.Trust: trust, explain.MachineCA: machineRoot, explain.Issuer: issuer,
	explain.Blocked: blocked, explain.Validity: validity, explain.Key: privateKey, explain.Client: client,
	explain.Server: server, explain.HostName: hostName, explain.Revocation: revocation, explain.IssuerList: issuerList,
	explain.Weak: weak, explain.CARules: caRules, explain.Mail: mail, explain.Named: named, explain.Base64: base64Text,
	explain.Access: access,
}

// rootStore looks for certificates that are not self-signed among the roots:
// one of them breaks client logon for every site of IIS (KB 2802568).
func rootStore(d *diagnosis, o *Outcome) {
	for _, r := range d.Inventory.Rows {
		if health.IssuedRoot(r) {
			o.add(r, "issued by %s", r.Certificate.IssuerName())
		}
	}
	o.decide("Not self-signed among the trusted roots: {n}. On Windows one is enough to break client logon for every site.",
		"Every certificate among the trusted roots is self-signed.")
	if o.Status == Applies {
		first := o.Subjects[0].Row
		o.Fix = fmt.Sprintf("Move it: «move %s --to ca --location %s»; or all that is misplaced: «tidy».", short(first), first.Location)
	}
}

func trust(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	for _, r := range d.personal() {
		if end := d.path(r).End(); end.Status == chain.Untrusted || end.Status == chain.OK {
			o.add(r, "its chain ends at %s, which is not trusted here", end.Name)
		}
	}
	o.decide("The chains of {n} end at a root that is not trusted here.", "The chain of every personal certificate that is complete ends at a trusted root.")
	if o.Status == Applies {
		o.Fix = "Compare the root's SHA-256 with the one its owner publishes, then trust it: «import ROOT.pem --trust-root». «check ID» says what must be trusted where."
	}
}

func machineRoot(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	for _, r := range d.personal() {
		a := d.judge(r, finding.Client).Paths.Accept(d.Inventory)
		for _, act := range a.Actions {
			if a.User && act.Do == chain.Add && act.Store == certstore.Root && act.Location == certstore.Machine {
				o.add(r, "its root %s is trusted by the user only", act.Name)
			}
		}
	}
	o.decide("{n} with a root that only the user trusts. IIS and other services look at the machine's stores.",
		"No personal certificate depends on a root that only the user trusts.")
	if o.Status == Applies {
		o.Fix = "Trust the root for the machine: «move ID --to root --location machine», as administrator or root."
	}
}

func issuer(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	for _, r := range d.personal() {
		if end := d.path(r).End(); end.Status == chain.Missing {
			o.add(r, "the certificate of %s is not here", end.Name)
		}
	}
	o.decide("The chain of {n} is not complete.", "The chain of every personal certificate is complete.")
	if o.Status == Applies {
		o.Fix = "Get the missing certificate from the CA and import it: «import FILE»."
	}
}

func blocked(d *diagnosis, o *Outcome) {
	for _, r := range d.personal() {
		for _, l := range d.path(r).Links {
			if l.Status == chain.Blocked {
				o.add(r, "%s is among the untrusted certificates", l.Name)
			}
		}
	}
	n := 0
	for _, r := range d.Inventory.Rows {
		if r.Store == certstore.Disallowed {
			n++
		}
	}
	o.decide("{n} blocked, or with a blocked issuer.", fmt.Sprintf("No personal certificate and none of its issuers is among the untrusted certificates (%d there).", n))
	if o.Status == Applies {
		o.Fix = "If it was put there by mistake, take it out: «delete ID --store disallowed»."
	}
}

func validity(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	for _, r := range d.personal() {
		for i, l := range d.path(r).Links {
			if c := l.Certificate; c != nil {
				if text := outOfDate(c, d.Now); text != "" && i == 0 {
					o.add(r, "%s", text)
				} else if text != "" {
					o.add(r, "its issuer %s: %s", l.Name, text)
				}
			}
		}
	}
	o.decide("{n} out of date, or with an issuer that is.", "Every personal certificate and its issuers are within their dates by this computer's clock.")
	if o.Status == Applies {
		o.Fix = "Get a new certificate from the CA; import the CA's new certificate if it is the issuer's."
	}
}

func outOfDate(c *certificate.Certificate, now time.Time) string {
	switch {
	case c.NotAfter.IsZero():
		return ""
	case now.After(c.NotAfter):
		return "expired on " + c.NotAfter.Format(time.DateOnly)
	case now.Before(c.NotBefore):
		return "not valid before " + c.NotBefore.Format(time.DateOnly)
	}
	return ""
}

// privateKey looks for certificates in Personal without a key, and tries the
// others out.
func privateKey(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		o.Status, o.Message = Applies, "There is no certificate with a private key on this computer, in the user's stores or the machine's."
		o.Fix = "Import the PFX file: «import FILE.pfx»."
		return
	}
	tried, locked := 0, 0
	for _, r := range d.personal() {
		switch r.Key {
		case certstore.KeyNone:
			o.add(r, "%s", d.keyElsewhere(r))
		case certstore.KeyUnusable:
			o.add(r, "its private key is there and cannot be used")
		case certstore.KeyLocked:
			locked++
		case certstore.KeyPresent:
			if d.Signer == nil || tried == maxSigned {
				break
			}
			tried++
			if err := d.Signer(d.ctx, r); err != nil && d.ctx.Err() == nil {
				o.add(r, "its private key does not work: %v", err)
			}
		}
	}
	also := fmt.Sprintf(" %s tried out with a signature.", was(tried, "key"))
	if locked > 0 {
		also += fmt.Sprintf(" %s locked by the store's password and not tried.", was(locked, "key"))
	}
	o.decide("{n} without a private key that works."+also, "Every personal certificate has its private key."+also)
	if o.Status == Applies {
		o.Fix = "Import the PFX file with the key, for the same location as the program that needs it: «import FILE.pfx --location machine». On Windows a key that is there and not linked: certutil -repairstore My THUMBPRINT."
	}
}

func was(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return fmt.Sprintf("%d %ss were", n, noun)
}

// keyElsewhere says where the key of a certificate is if it is not with it.
func (d *diagnosis) keyElsewhere(r *inventory.Row) string {
	for _, k := range d.Inventory.KeyHolders(r.Certificate.KeyID()) {
		if k.Key != certstore.KeyNone {
			return fmt.Sprintf("no private key in %s; a key that fits is in %s/%s", r.Location, k.Location, k.Store)
		}
	}
	return "no private key here"
}

// able judges certificates for a purpose.
func (d *diagnosis) able(o *Outcome, p finding.Purpose, rows []*inventory.Row, word string) {
	fit := 0
	for _, r := range rows {
		var bad []string
		for _, f := range d.judge(r, p).Findings {
			if f.Severity == finding.Error {
				bad = append(bad, f.ID+" "+finding.WordsOf(f).Title)
			}
		}
		if len(bad) > 0 {
			o.add(r, "%s", strings.Join(bad, "; "))
		} else {
			fit++
		}
	}
	o.decide(fmt.Sprintf("{n} cannot be used to %s; %d of %d can.", word, fit, len(rows)), fmt.Sprintf("Nothing in the %s here keeps them from being used to %s.", count(len(rows)), word))
	if o.Status == Applies {
		o.Fix = fmt.Sprintf("«check ID --for %s» says why, and what to ask the CA for.", p)
	}
}

func client(d *diagnosis, o *Outcome) {
	rows := slices.DeleteFunc(d.keyed(), func(r *inventory.Row) bool { // nobody wants to log on with a server's
		return slices.Equal(keyusage.Infer(r.Certificate), []finding.Purpose{finding.Server})
	})
	if len(rows) == 0 {
		o.Status, o.Message = Applies, "There is no certificate with a private key on this computer, so there is nothing to log on with."
		o.Fix = "Import the PFX file: «import FILE.pfx»."
		return
	}
	d.able(o, finding.Client, rows, "log on")
}

// servers are the certificates that were made for servers.
func (d *diagnosis) servers(o *Outcome) []*inventory.Row {
	rows := slices.DeleteFunc(d.keyed(), func(r *inventory.Row) bool {
		return !slices.Contains(keyusage.Infer(r.Certificate), finding.Server)
	})
	if len(rows) == 0 {
		o.Status, o.Message = NotChecked, "There is no server certificate with a private key on this computer."
		o.Fix = "If it is in a file: «check FILE --for server --host NAME». If it is another computer's: «probe URL»."
	}
	return rows
}

func server(d *diagnosis, o *Outcome) {
	if rows := d.servers(o); len(rows) > 0 {
		d.able(o, finding.Server, rows, "serve")
	}
}

func hostName(d *diagnosis, o *Outcome) {
	rows := d.servers(o)
	for _, r := range rows {
		var names []string
		for _, n := range r.Certificate.AltNames {
			if n.Type == "dns" || n.Type == "ip" {
				names = append(names, n.Value)
			}
		}
		if len(names) == 0 {
			o.add(r, "no host name in Subject Alternative Name")
		}
	}
	switch {
	case len(o.Subjects) > 0:
		o.Status, o.Message = Applies, count(len(o.Subjects))+" without a host name in Subject Alternative Name; the common name does not count."
		o.Fix = "Ask the CA for a certificate with the host name in Subject Alternative Name."
	case len(rows) > 0:
		o.Status, o.Message = NotChecked, "Which name was used is not in the message; every server certificate here names some host."
		o.Fix = "«check ID --for server --host NAME» compares."
	}
}

func issuerList(d *diagnosis, o *Outcome) {
	o.Status = Clear
	var sizes []string
	for _, l := range []certstore.Location{certstore.Machine, certstore.User} {
		n, bytes := health.IssuerList(d.Inventory, l)
		if bytes > health.MaxIssuerList {
			o.Status = Applies
		}
		sizes = append(sizes, fmt.Sprintf("%s: %d roots, %d bytes", l, n, bytes))
	}
	o.Message = "A TLS server that sends the names of its trusted roots would send " + strings.Join(sizes, "; ") + fmt.Sprintf(". The limit of Windows is %d.", health.MaxIssuerList)
	if o.Status == Applies {
		o.Fix = "Remove roots that nobody needs, give the site a list of its own (Client Authentication Issuers), or switch SendTrustedIssuerList off."
	}
}

func weak(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	for _, r := range d.personal() {
		for i, l := range d.path(r).Links {
			if l.Certificate == nil {
				continue
			}
			if text := health.Weak(l.Certificate); text != "" && i == 0 {
				o.add(r, "%s", text)
			} else if text != "" {
				o.add(r, "its issuer %s: %s", l.Name, text)
			}
		}
	}
	o.decide("{n} with a weak key or signature, or with an issuer that has one.", "No personal certificate and none of its issuers has a weak key or signature.")
	if o.Status == Applies {
		o.Fix = "Ask the CA for a certificate with RSA 2048 or more, or P-256, signed with SHA-256."
	}
}

func caRules(d *diagnosis, o *Outcome) {
	if d.nobody(o) {
		return
	}
	for _, r := range d.personal() {
		for _, f := range d.judge(r, finding.Client).Findings {
			if (strings.HasPrefix(f.ID, "A-") || f.ID == "N-04" || f.ID == "N-05") && f.Severity != finding.Info {
				o.add(r, "%s %s", f.ID, finding.WordsOf(f).Message)
			}
		}
	}
	o.decide("{n} with something wrong about its CAs or its form.", "The CAs of every personal certificate may do what they did, as far as their certificates are here.")
	if o.Status == Applies {
		o.Fix = "«check ID» shows the chain and what is wrong in it; the CA has to mend it."
	}
}

func mail(d *diagnosis, o *Outcome) {
	rows := slices.DeleteFunc(d.keyed(), func(r *inventory.Row) bool {
		return !slices.Contains(r.Certificate.ExtKeyUsage, certificate.EmailProtection)
	})
	if len(rows) == 0 {
		o.Status, o.Message = Applies, "There is no certificate for mail with its private key on this computer."
		o.Fix = "Import the PFX file of the certificate that the mail was encrypted for; old ones are needed for old mail."
		return
	}
	o.Status, o.Message = NotChecked, fmt.Sprintf("%s for mail with a private key here. Which one the mail was encrypted for is written in the mail.", count(len(rows)))
	for _, r := range rows {
		o.add(r, "serial number %s, issued by %s", r.Certificate.Serials().Windows, r.Certificate.IssuerName())
	}
}

func access(d *diagnosis, o *Outcome) {
	for _, err := range d.Unread {
		o.Subjects = append(o.Subjects, Subject{Detail: err.Error()})
	}
	seen := map[string]bool{}
	for _, p := range d.Places {
		if p.ReadOnly == nil {
			continue
		}
		text := fmt.Sprintf("%s (%s) cannot be changed: %v", p.Location, p.Path, p.ReadOnly)
		if !seen[text] {
			seen[text] = true
			o.Subjects = append(o.Subjects, Subject{Detail: text})
		}
	}
	if len(o.Subjects) == 0 {
		o.Status, o.Message = Clear, "Every store can be read and changed by this account."
		return
	}
	o.Status, o.Message = Applies, "Not everything can be read or changed by this account."
	o.Fix = "Use the user location, or run it as administrator (root)."
}

// where names the place of a row for people.
func where(r *inventory.Row) string { return string(r.Location) + "/" + placement.Title(r.Store) }
