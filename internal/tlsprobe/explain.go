package tlsprobe

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/action"
	"certdesk/internal/explain"
)

// An Explanation is what is said about a code that a server answered.
type Explanation struct {
	Title string   // what it means, as a headline: "the server does not trust your certificate"
	Text  string   // what it says
	Ask   []string // what to do or to ask the other side; {root}, {serial}, {sha1} and {name} are filled in
}

// Explain returns what package explain knows of a code ("403.16", "400",
// "alert 48"), with the headline and the requests of a connection test.
func Explain(code string) Explanation {
	c := explain.ByID(code)
	if c == nil {
		if major, _, found := strings.Cut(code, "."); found {
			return Explain(major)
		}
		return Explanation{"the server refused (" + code + ")", "The server's log says why.", []string{askLog}}
	}
	if a, ok := asks[code]; ok {
		return Explanation{a.title, c.Meaning, a.ask}
	}
	return Explanation{c.Name, c.Meaning, append(slices.Clone(c.Causes), askLog)}
}

const (
	askRoot  = "Add {root} to the trusted roots of their machine."
	askMap   = "Map or allow the certificate with the serial number {serial} (SHA-1 {sha1})."
	askLog   = "Ask the server's owner for the log of this request."
	askClean = "Check that no intermediate CA is in their Trusted Root CAs."
)

// asks are the headlines for codes, and what to do or to ask for: what package
// explain, which does not know the certificate that was sent, cannot say.
var asks = map[string]struct {
	title string
	ask   []string
}{
	"401":       {"the server does not know who you are", []string{askMap, askLog}},
	"401.1":     {"the account for the certificate did not log on", []string{"Set user name and password of the mapping for serial number {serial} again.", "Check the base64 in oneToOneMappings: one line, no BEGIN and END.", askLog}},
	"401.2":     {"no way to log on is switched on for this address", []string{"Switch on iisClientCertificateMappingAuthentication for this site.", askMap}},
	"401.3":     {"the mapped account has no right to the file", []string{"Give the mapped account the right to read this address."}},
	"403":       {"the server does not let you in", []string{askRoot, askMap, askLog}},
	"403.4":     {"TLS is required", []string{"Use the https:// address."}},
	"403.7":     {"the server wants a client certificate", []string{"Choose a certificate that fits, from the list.", askClean, askRoot}},
	"403.12":    {"the mapper denied access", []string{askMap}},
	"403.13":    {"the certificate is revoked, or the server could not check", []string{"Check the certificate with «check ID --revocation».", "Let the server reach the addresses of the CA's revocation lists, or look at its proxy."}},
	"403.16":    {"the server does not trust your certificate", []string{askRoot, askClean, "Map serial number {serial} to an account."}},
	"403.17":    {"the certificate has expired or is not yet valid", []string{"Renew the certificate.", "Check the server's clock."}},
	"495":       {"the server did not accept the certificate", []string{"Add {root} to the server's ssl_client_certificate.", "Raise ssl_verify_depth if there are intermediates.", askLog}},
	"496":       {"the server wants a client certificate", []string{"Choose a certificate that fits, from the list."}},
	"497":       {"plain HTTP on the TLS port", []string{"Use the https:// address."}},
	"500":       {"the server failed", []string{"Have the certificate asked for in the handshake: netsh http … clientcertnegotiation=enable.", askLog}},
	"502":       {"the server behind the server did not answer", []string{askLog}},
	"alert 0":   {"the server closed the connection", []string{askLog}},
	"alert 40":  {"the handshake failed", []string{"Choose a certificate that fits, from the list.", askLog}},
	"alert 42":  {"the server calls the certificate bad", []string{askRoot, askLog}},
	"alert 43":  {"the kind of certificate is not supported", []string{"Check the certificate with «check ID --for client»."}},
	"alert 44":  {"the certificate is revoked", []string{"Get a new certificate from the CA."}},
	"alert 45":  {"the certificate has expired", []string{"Renew the certificate.", "Check the server's clock."}},
	"alert 46":  {"the certificate was refused", []string{askRoot, askLog}},
	"alert 48":  {"the server does not know the CA", []string{askRoot, "Have the intermediate sent along, or installed on the server.", askLog}},
	"alert 49":  {"the server denies access", []string{askMap}},
	"alert 50":  {"the server could not read a message", []string{askLog}},
	"alert 51":  {"the signature did not verify", []string{"Import the certificate with its key again."}},
	"alert 70":  {"the versions of TLS do not meet", []string{"The server has to offer TLS 1.2 or newer."}},
	"alert 71":  {"the security is not enough for the server", []string{"Check key and signature of the certificate with «check ID»."}},
	"alert 80":  {"the server failed", []string{askLog}},
	"alert 86":  {"the server takes no fallback", []string{askLog}},
	"alert 112": {"the server does not know the name", []string{"Check the host name in the address."}},
	"alert 116": {"the server requires a client certificate", []string{"Choose a certificate that fits, from the list."}},
	"alert 120": {"no common protocol", []string{askLog}},
}

// nothingInCommon is what the alert handshake_failure means before the server
// showed its certificate.
const nothingInCommon = "It asked for no certificate yet: the two sides have no version of TLS, no cipher or no signature algorithm in common. " +
	"A server whose certificate is signed with MD5, or has a key of a kind that is out of use, answers so too."

// alertNames are those of RFC 8446 section 6.
var alertNames = map[int]string{0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter",
	48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
	113: "bad_certificate_status_response", 115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol"}

func alertName(number int) string {
	if n, ok := alertNames[number]; ok {
		return fmt.Sprintf("%s (%d)", n, number)
	}
	return fmt.Sprint(number)
}

// conclude writes the headline and what to ask.
func (p *prober) conclude() {
	r := p.report
	if p.opt.Insecure && r.Server != nil && !r.Server.Acceptable && r.Result != NoConnection {
		if r.Result == OK {
			r.Title = "It works, but the server's certificate is not acceptable"
		}
		r.Result = ServerCertificate
	}
	last := Step{}
	for _, s := range r.Steps {
		if s.Status == StepError {
			last = s
		}
	}
	code := ""
	switch {
	case r.Response != nil && r.Response.refused():
		code = r.Response.Code
	case r.Alert != "":
		code = alertCode(r.alert)
	}
	switch {
	case r.Result == OK && r.Sent != nil:
		r.Title, r.Text = "It works: the server took the certificate", p.answerText()
	case r.Result == OK:
		r.Title, r.Text = "It works: the server wants no certificate", p.answerText()
	case r.Result == ServerCertificate:
		if r.Title == "" {
			r.Title = "The server's certificate is not acceptable"
		}
		for _, s := range r.Steps {
			if s.ID == "server-certificate" {
				r.Text, last = s.Reason, s
			}
		}
		r.Text = strings.TrimSpace(r.Text + " " + p.sentNothing())
		r.ask(last.Advice)
	case r.Result == CannotSend || r.Result == NoConnection:
		r.Title, r.Text = last.Title, last.Reason
		r.ask(last.Advice)
	case r.Result == Asked && code != "":
		e := Explain(code)
		r.Title, r.Text = "The server wants a client certificate, and none was sent", "It answered "+p.heading(code)+"."
		r.Ask = p.fill(e.Ask)
	case r.Result == Asked:
		r.Title, r.Text = "The server asks for a client certificate, and none was given", last.Reason
		if r.Response != nil {
			r.Text = "It answered " + r.Response.name() + " without one: the certificate is optional, or asked for only to know you."
		}
		r.ask("Choose one of your certificates that fit, and test again.")
	case code != "":
		e := Explain(code)
		r.Title, r.Text, r.Ask = p.heading(code)+": "+e.Title, e.Text, p.fill(e.Ask)
	default:
		r.Title, r.Text = last.Title, last.Reason
		r.ask(last.Advice)
	}
	switch {
	case r.Server == nil && r.alert == 40:
		r.Text = nothingInCommon
		r.Ask = []string{"Ask the server's owner for TLS 1.2 or newer with ECDHE, and a certificate signed with SHA-256.", askLog}
	case p.late != nil && r.Result == Refused: // the likeliest cause of all
		r.Text = strings.TrimSpace(r.Text + " " + p.late.Reason)
		r.Ask = append([]string{p.late.Advice}, r.Ask...)
	}
}

func (r *Report) ask(s string) {
	if s != "" {
		r.Ask = []string{s}
	}
}

// heading is how a code is shown: "403.16", or the alert's name.
func (p *prober) heading(code string) string {
	if r := p.report; r.Response == nil || !r.Response.refused() {
		return "Alert " + r.Alert
	} else if r.Response.Substatus == 0 {
		return r.Response.name()
	}
	return code
}

func (p *prober) answerText() string {
	r := p.report
	text := versionName(r.Version)
	if r.Response != nil {
		text += ", HTTP " + r.Response.name()
	}
	return text + "."
}

func (p *prober) sentNothing() string {
	if p.report.Sent == nil {
		return "No certificate and no request was sent."
	}
	return ""
}

// fill puts the chosen certificate into what is to be asked; what speaks of a
// certificate is left out when none was chosen.
func (p *prober) fill(ask []string) []string {
	var out []string
	for _, s := range ask {
		s = action.Say(s)
		if p.opt.Identity == nil && strings.Contains(s, "{") {
			continue
		}
		if id := p.opt.Identity; id != nil {
			c := id.Chain[0]
			top := id.Chain[len(id.Chain)-1]
			root := top.Issuer().String()
			if top.SelfIssued() {
				root = top.CommonName() + " (SHA-256 " + top.Fingerprint().String() + ")"
			}
			s = strings.NewReplacer("{root}", root, "{serial}", hex.EncodeToString(c.SerialNumber), "{sha1}", c.SHA1(), "{name}", c.CommonName()).Replace(s)
		}
		out = append(out, s)
	}
	return out
}
