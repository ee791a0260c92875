package chain

import (
	"encoding/hex"
	"fmt"

	"certdesk/certstore"
	"certdesk/internal/action"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// Findings returns what is to be said about the best path of a certificate
// used for purpose p. Missing trust is a warning, because the other side may
// know what this computer does not.
func (r Result) Findings(p finding.Purpose) []finding.Finding {
	best := r.Best()
	fs := append([]finding.Finding(nil), best.Findings...)
	end := best.End()
	switch {
	case end.Status == Missing && len(best.Links) > 2: // the certificate's own issuer is here; what it sends is complete
		fs = append(fs, untrusted(end.Name, p))
	case end.Status == Missing:
		id := "C-08"
		if p == finding.Server {
			id = "S-19"
		}
		issuer := end.Name
		if end.KeyID != nil {
			issuer += " (key identifier " + hex.EncodeToString(end.KeyID) + ")"
		}
		fs = append(fs, finding.Finding{ID: id, Severity: finding.Warning, Purpose: p, Source: "RFC 8446 4.4.2", Fix: finding.FixImport, Evidence: finding.Evidence{Field: "issuer", Value: issuer}})
	case end.Status == Untrusted || end.Status == OK:
		fs = append(fs, untrusted(end.Name, p))
	}
	return fs
}

// IsTrust reports whether a finding speaks of what this computer lacks to
// trust a certificate, rather than of the certificates.
func IsTrust(f finding.Finding) bool { return f.ID == "C-08" || f.ID == "S-19" || f.ID == "T-01" }

func untrusted(root string, p finding.Purpose) finding.Finding {
	return finding.Finding{ID: "T-01", Severity: finding.Warning, Purpose: p, Source: "RFC 5280 6.1.1", Fix: finding.FixTrust, Evidence: finding.Evidence{Field: "chain", Value: root}}
}

// What an [Action] does.
type Do string

// The actions.
const (
	Add     Do = "add"     // the certificate to the store
	Unblock Do = "unblock" // take it out of the untrusted certificates
	Get     Do = "get"     // the missing certificate, from its owner
	Replace Do = "replace" // what is wrong cannot be mended by trust
)

// An Action is one step towards being accepted by this computer.
type Action struct {
	Do          Do
	Certificate *certificate.Certificate // nil with Get and Replace
	Name        string                   // the certificate's, or the missing issuer's DN
	KeyID       []byte                   // Get: the missing certificate's key identifier; nil: not known
	Location    certstore.Location
	Store       certstore.Name
	Text        string // one sentence
}

// An Acceptance says whether services of this computer accept the
// certificate, and else what must be trusted where.
type Acceptance struct {
	Accepted bool // by services, which look at the machine's stores
	User     bool // by programs of this user
	Text     string
	Actions  []Action
}

// Accept answers what a server product asks of an administrator: a
// self-signed certificate is itself to be trusted, one issued by a CA needs
// that CA's root, and the intermediates on the way to it.
func (r Result) Accept(inv *inventory.Inventory) Acceptance {
	best := r.Best()
	if e := worst(best.Findings); e != nil {
		a := Acceptance{Text: "Trust does not help here: " + finding.WordsOf(*e).Message}
		for _, l := range best.Links {
			if l.Status == Blocked {
				a.Actions = append(a.Actions, Action{Do: Unblock, Certificate: l.Certificate, Name: l.Name, Location: l.Row.Location, Store: certstore.Disallowed,
					Text: fmt.Sprintf("Take %s out of the untrusted certificates (%s), if it was blocked by mistake.", l.Name, placeOf(l.Row))})
			}
		}
		if len(a.Actions) == 0 {
			a.Actions = []Action{{Do: Replace, Name: best.Links[0].Name, Text: finding.WordsOf(*e).Advice}}
		}
		return a
	}
	end := best.End()
	if end.Status == Missing {
		a := Acceptance{Text: "The certificate of the CA that issued " + below(best).Name + " is not here."}
		text := "Get the certificate of " + end.Name
		if end.KeyID != nil {
			text += " (key identifier " + hex.EncodeToString(end.KeyID) + ")"
		}
		a.Actions = []Action{{Do: Get, Name: end.Name, KeyID: end.KeyID, Text: text + " from the CA, import it, and look again."}}
		return a
	}
	a := Acceptance{User: end.Status == Trusted, Accepted: end.Status == Trusted && onMachine(inv, end)}
	for i, l := range best.Links[1:] {
		if i < len(best.Links)-2 && !onMachine(inv, l) && l.Found != InStore {
			a.Actions = append(a.Actions, Action{Do: Add, Certificate: l.Certificate, Name: l.Name, Location: certstore.Machine, Store: certstore.CA,
				Text: fmt.Sprintf("Add %s to Intermediate CAs of the machine, unless every client sends it.", l.Name)})
		}
	}
	if !a.Accepted {
		what := fmt.Sprintf("Add the root %s to Trusted Root CAs of the machine, after comparing its SHA-256 %s with its owner's.", end.Name, end.Certificate.Fingerprint())
		if len(best.Links) == 1 {
			what = fmt.Sprintf("Add %s itself to the certificates that the machine trusts, after comparing its SHA-256 %s with its owner's: on Windows to Trusted Root CAs, on Linux, where only a CA can be a root, to Trusted People (%s).", end.Name, end.Certificate.Fingerprint(), action.Say("«move ID --to trustedpeople --location machine»"))
		}
		a.Actions = append(a.Actions, Action{Do: Add, Certificate: end.Certificate, Name: end.Name, Location: certstore.Machine, Store: certstore.Root, Text: what})
	}
	a.Text = acceptanceText(a, best)
	return a
}

func acceptanceText(a Acceptance, best Path) string {
	switch {
	case a.Accepted:
		return "Services of this computer accept it: the chain ends at " + best.End().Name + ", which the machine trusts."
	case a.User:
		return best.End().Name + " is trusted by this user only; services look at the machine's trusted roots."
	case len(best.Links) == 1:
		return "It is self-signed: it is accepted only where it is itself trusted."
	}
	return "Its CA must be trusted first: the chain ends at " + best.End().Name + "."
}

func below(p Path) Link { return p.Links[len(p.Links)-2] }

func worst(fs []finding.Finding) *finding.Finding {
	for i := range fs {
		if fs[i].Severity == finding.Error {
			return &fs[i]
		}
	}
	return nil
}

// onMachine reports whether the machine's stores hold the certificate of l,
// trusted if l ends a path.
func onMachine(inv *inventory.Inventory, l Link) bool {
	for _, r := range inv.At(l.Certificate.Fingerprint()) {
		if r.Location == certstore.Machine && (l.Status != Trusted || trustedRow(r)) {
			return true
		}
	}
	return false
}
