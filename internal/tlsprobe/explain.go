package tlsprobe

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/explain"
)

// An Explanation is what is known about a code.
type Explanation struct {
	Title string   // what it means, as a headline: "the server does not trust your certificate"
	Text  string   // what it says and what usually causes it
	Ask   []string // what to do or to ask the other side; {root}, {serial}, {sha1} and {name} are filled in
}

// An Explainer returns what is known about a code: "403.16", "400", "alert
// 48".
type Explainer func(code string) (Explanation, bool)

// Explain is the package's own Explainer: what the connection test has to add
// for a code, else what package explain knows of it.
func Explain(code string) (Explanation, bool) {
	if e, ok := explanations[code]; ok {
		return e, true
	}
	c := explain.ByID(code)
	if c == nil {
		return Explanation{}, false
	}
	return Explanation{c.Name, c.Meaning, append(slices.Clone(c.Causes), askLog)}, true
}

func (p *prober) explain(code string) Explanation {
	if p.opt.Explain != nil {
		if e, ok := p.opt.Explain(code); ok {
			return e
		}
	}
	if e, ok := Explain(code); ok {
		return e
	}
	if major, _, found := strings.Cut(code, "."); found {
		return p.explain(major)
	}
	return Explanation{Title: "the server refused (" + code + ")", Text: "The server's log says why.", Ask: []string{"Ask the server's owner for the log of this request."}}
}

const (
	askRoot  = "Add {root} to the trusted roots of their machine."
	askMap   = "Map or allow the certificate with the serial number {serial} (SHA-1 {sha1})."
	askLog   = "Ask the server's owner for the log of this request."
	askClean = "Check that no intermediate CA is in their Trusted Root CAs."
)

// explanations are for what a server answers; the error codes of Windows are
// in package explain.
var explanations = map[string]Explanation{
	"401": {"the server does not know who you are", "The request was refused as not logged on. The certificate was not taken as a log-on, or no account belongs to it.", []string{askMap, askLog}},
	"401.1": {"the account for the certificate did not log on", "IIS took the certificate, and the account it is mapped to failed: its user name or password is wrong, or the base64 in the mapping cannot be read (0x8007052e, 0x80093102, 0x8009310b).",
		[]string{"Set user name and password of the mapping for serial number {serial} again.", "Check the base64 in oneToOneMappings: one line, no BEGIN and END.", askLog}},
	"401.2": {"no way to log on is switched on for this address", "IIS found no authentication that accepts the certificate: the client certificate mapping is off, or stands on another level of the configuration.",
		[]string{"Switch on iisClientCertificateMappingAuthentication for this site.", askMap}},
	"401.3": {"the mapped account has no right to the file", "The log-on worked; the account may not read the resource.", []string{"Give the mapped account the right to read this address."}},
	"403":   {"the server does not let you in", "The request was refused. After a client certificate was asked for, that usually means that it was missing, not trusted, or belongs to nobody who is allowed.", []string{askRoot, askMap, askLog}},
	"403.4": {"TLS is required", "The address was asked for without TLS.", []string{"Use the https:// address."}},
	"403.7": {"the server wants a client certificate", "IIS requires a client certificate and got none: none was chosen, none fits its list of CAs, or one wrong certificate among its roots spoils the list.",
		[]string{"Choose a certificate that fits, from the list.", askClean, askRoot}},
	"403.12": {"the mapper denied access", "IIS knows the certificate, and its mapping says no.", []string{askMap}},
	"403.13": {"the certificate is revoked, or the server could not check", "IIS looked for the certificate's revocation and found it revoked, or could not reach the CA's list (0x80092013).",
		[]string{"Check the certificate with certctl check --revocation.", "Let the server reach the addresses of the CA's revocation lists, or look at its proxy."}},
	"403.16": {"the server does not trust your certificate", "The connection and your private key are fine; IIS refused the certificate after the handshake. Usually the root of your certificate is not in the server's Trusted root CAs, or a certificate that is not self-signed is in that store on the server (0x800b0109).",
		[]string{askRoot, askClean, "Map serial number {serial} to an account."}},
	"403.17": {"the certificate has expired or is not yet valid", "The server compared the certificate's dates with its clock.", []string{"Renew the certificate.", "Check the server's clock."}},
	"495":    {"the server did not accept the certificate", "nginx could not verify the certificate: its CA is not in ssl_client_certificate, an intermediate is missing, or it has expired.", []string{"Add {root} to the server's ssl_client_certificate.", "Raise ssl_verify_depth if there are intermediates.", askLog}},
	"496":    {"the server wants a client certificate", "nginx requires a client certificate and got none.", []string{"Choose a certificate that fits, from the list."}},
	"497":    {"plain HTTP on the TLS port", "The server got a request without TLS.", []string{"Use the https:// address."}},
	"500":    {"the server failed", "The server had an error of its own. IIS on Windows 11 24H2 and Server 2025 answers so when it wants to ask for a certificate after a TLS 1.3 handshake (0x80070032).", []string{"Have the certificate asked for in the handshake: netsh http … clientcertnegotiation=enable.", askLog}},
	"502":    {"the server behind the server did not answer", "A proxy or load balancer got no good answer; it may keep the client certificate to itself.", []string{askLog}},

	"alert 0":   {"the server closed the connection", "The server closed the connection without an error.", []string{askLog}},
	"alert 40":  {"the handshake failed", "The server found nothing in common, or it required a client certificate and got none it takes.", []string{"Choose a certificate that fits, from the list.", askLog}},
	"alert 42":  {"the server calls the certificate bad", "The server could not read or verify the certificate, or got none.", []string{askRoot, askLog}},
	"alert 43":  {"the kind of certificate is not supported", "The certificate's purpose or kind of key does not suit the server: Client Authentication may be missing.", []string{"Check the certificate with certctl check --for client."}},
	"alert 44":  {"the certificate is revoked", "The server found the certificate on a revocation list.", []string{"Get a new certificate from the CA."}},
	"alert 45":  {"the certificate has expired", "The server finds the certificate, or a CA above it, expired or not yet valid.", []string{"Renew the certificate.", "Check the server's clock."}},
	"alert 46":  {"the certificate was refused", "The server refused the certificate for another reason.", []string{askRoot, askLog}},
	"alert 48":  {"the server does not know the CA", "The server could not build a chain from the certificate to a CA it trusts: the root is not among its trusted ones, or the intermediate is missing.", []string{askRoot, "Have the intermediate sent along, or installed on the server.", askLog}},
	"alert 49":  {"the server denies access", "The certificate is valid, and its owner may not come in.", []string{askMap}},
	"alert 50":  {"the server could not read a message", "The server found a message malformed.", []string{askLog}},
	"alert 51":  {"the signature did not verify", "The server could not verify the signature of the handshake: certificate and key may not belong together, or the key's provider signs wrongly.", []string{"Import the certificate with its key again."}},
	"alert 70":  {"the versions of TLS do not meet", "The server does not offer a version of TLS from 1.0 to 1.3.", []string{"The server has to offer TLS 1.2 or newer."}},
	"alert 71":  {"the security is not enough for the server", "The server wants stronger keys or ciphers.", []string{"Check key and signature of the certificate with certctl check."}},
	"alert 80":  {"the server failed", "The server had an error of its own.", []string{askLog}},
	"alert 86":  {"the server takes no fallback", "The server offers a newer version of TLS.", []string{askLog}},
	"alert 112": {"the server does not know the name", "The server has no certificate for this host name.", []string{"Check the host name in the address."}},
	"alert 116": {"the server requires a client certificate", "The server asked for a certificate in the handshake and got none.", []string{"Choose a certificate that fits, from the list."}},
	"alert 120": {"no common protocol", "The server does not speak HTTP/1.1.", []string{askLog}},
}

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
		e := p.explain(code)
		r.Title, r.Text = "The server wants a client certificate, and none was sent", "It answered "+p.heading(code)+"."
		r.Ask = p.fill(e.Ask)
	case r.Result == Asked:
		r.Title, r.Text = "The server asks for a client certificate, and none was given", last.Reason
		if r.Response != nil {
			r.Text = "It answered " + r.Response.name() + " without one: the certificate is optional, or asked for only to know you."
		}
		r.ask("Choose one of your certificates that fit, and test again.")
	case code != "":
		e := p.explain(code)
		r.Title, r.Text, r.Ask = p.heading(code)+": "+e.Title, e.Text, p.fill(e.Ask)
	default:
		r.Title, r.Text = last.Title, last.Reason
		r.ask(last.Advice)
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
