package tlsprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"
)

func (p *prober) noConnection(err error) {
	p.report.Result = NoConnection
	s := Step{ID: "connect", Status: StepError, Title: "No connection", Reason: err.Error()}
	if e, ok := errors.AsType[*connectionError](err); ok {
		s.ID, s.Title, s.Reason, s.Advice = e.step, e.text, e.err.Error(), e.advice
	}
	if errors.Is(err, context.Canceled) {
		s.Title, s.Reason, s.Advice = "Canceled", "It was stopped before the end.", "Start the test again."
	}
	p.say(s)
}

// tlsStep tells how the handshake went.
func (p *prober) tlsStep(state tls.ConnectionState, took time.Duration, o *outcome, h *handshake) {
	r := p.report
	r.Version, r.Cipher = state.Version, tls.CipherSuiteName(state.CipherSuite)
	h.mu.Lock()
	seen := len(h.chain) > 0
	h.mu.Unlock()
	if o.err == nil || seen {
		s := Step{ID: "tls", Status: StepOK, Title: strings.TrimSuffix(versionName(r.Version)+", "+r.Cipher, ", "), Took: took}
		if r.Version != 0 && r.Version < tls.VersionTLS12 {
			s.Status, s.Reason, s.Advice = StepWarning, versionName(r.Version)+" is out of use; browsers refuse it.", "The server has to offer TLS 1.2 or newer."
		}
		if o.err != nil { // the state is kept only when it is complete
			s.Title, r.Version, r.Cipher = "TLS handshake begun", 0, ""
		}
		for _, bad := range tls.InsecureCipherSuites() {
			if bad.ID == state.CipherSuite && s.Status == StepOK && o.err == nil {
				s.Status, s.Reason, s.Advice = StepWarning, "The cipher "+bad.Name+" is weak.", "The server should prefer an ECDHE cipher with AES-GCM."
			}
		}
		p.say(s)
		return
	}
	s := Step{ID: "tls", Status: StepError, Title: "No TLS handshake", Reason: o.err.Error(), Took: took}
	if e, ok := errors.AsType[tls.RecordHeaderError](o.err); ok {
		s.Title, s.Reason = "The server does not speak TLS", fmt.Sprintf("It answered %q.", clean(string(e.RecordHeader[:]), maxShown))
		s.Advice = "Check the port: plain HTTP usually has 80 or 8080, and HTTPS another."
		o.fatal, p.report.Result = true, NoConnection
	} else if number, ok := alertOf(o.err); ok {
		p.report.Alert, p.report.alert = alertName(number), number
		s.Reason = "The server refused the handshake with the alert " + p.report.Alert + "."
		s.Advice = Explain(alertCode(number)).Text
		if number == 40 {
			s.Advice = nothingInCommon
		}
		o.fatal, p.report.Result = true, Refused
	} else {
		switch {
		case errors.Is(o.err, context.DeadlineExceeded):
			s.Reason, s.Advice = "The server did not answer in time.", "Try again with a longer --timeout; a firewall may let the connection in and nothing through."
		case errors.Is(o.err, context.Canceled):
			s.Title, s.Reason, s.Advice = "Canceled", "It was stopped before the end.", "Start the test again."
		case closed(o.err):
			s.Reason, s.Advice = "The server closed the connection during the handshake, without a reason.", "It may not know the host name, or have no certificate; look at the server's log."
		case strings.Contains(o.err.Error(), "failed to parse certificate"):
			_, why, _ := strings.Cut(o.err.Error(), "certificate from server: ")
			s.Reason = "It cannot be read: " + why + "."
			s.ID, s.Title = "server-certificate", "The server's certificate is malformed"
			s.Advice = "Programs written in Go, Rust and Java may refuse it too: the server needs another certificate."
			p.report.Result, o.fatal = ServerCertificate, true
			p.say(s)
			return
		default:
			s.Advice = "What answers there may not be a TLS server."
		}
		o.fatal, p.report.Result = true, NoConnection
	}
	p.say(s)
}

func (p *prober) askedStep(r *Request) Step {
	s := Step{ID: "asked", Status: StepOK, Title: "Server asked for a client certificate"}
	what := "any CA"
	if n := len(r.CAs); n == 1 {
		what = "1 CA name"
	} else if n > 1 {
		what = fmt.Sprintf("%d CA names", n)
	}
	s.Detail = what
	if a := r.AlgorithmText(); a != "" {
		s.Detail += "; " + a
	}
	switch {
	case r.OnlyTLS12:
		s.Status, s.Title = StepWarning, "Server asked for a client certificate, after the request and at TLS 1.2 only"
		s.Reason = "At TLS 1.3 this server asks after the handshake (post-handshake authentication), which browsers and this program do not offer; at TLS 1.2 it renegotiates."
		s.Advice = "Ask the server's owner to ask during the handshake (for the whole host, or a host of its own), or connect with TLS 1.2."
	case r.When == Renegotiation:
		s.Title = "Server asked for a client certificate after it saw the request (renegotiation)"
		s.Reason = "Only this address needs a certificate, or the server asks late; TLS 1.3 has no renegotiation."
	}
	return s
}

// byCNG begins the advice for a key that makes no PSS signatures.
const byCNG = "On Windows import the file again and let CNG keep the key"

func (p *prober) sentStep(o *outcome) {
	c := p.opt.Identity.Chain[0]
	n := len(p.opt.Identity.Chain)
	s := Step{ID: "sent", Status: StepOK, Title: "Certificate sent", Detail: fmt.Sprintf("%d certificates", n)}
	switch {
	case n == 2:
		s.Title = "Certificate sent with its intermediate"
	case n > 2:
		s.Title = "Certificate sent with its intermediates"
	default:
		s.Detail = "1 certificate"
	}
	switch {
	case o.signErr != nil:
		s = Step{ID: "sent", Status: StepError, Title: "The private key did not sign", Detail: c.CommonName(), Reason: o.signErr.Error(),
			Advice: "Test the key: a locked store wants its password, and a key of an old provider or TPM may not know " + o.signed + "."}
		if o.noPSS() {
			s.Title, s.Advice = "The private key makes no PSS signatures, and the server wants them", byCNG+"; or ask the server's owner for TLS 1.2 with PKCS #1 v1.5 signatures."
		}
		p.report.Result = CannotSend
	case !o.given:
		s = Step{ID: "sent", Status: StepWarning, Title: "Certificate not sent", Detail: c.CommonName(), Reason: "The server did not ask for it the second time."}
	default:
		p.report.Sent = &Sent{Certificate: c, Count: n, Signature: o.signed}
		if o.signed != "" {
			s.Reason = "The private key signed the handshake (" + o.signed + ")."
		}
		if o.stepDown {
			s.Status, s.Advice = StepWarning, byCNG+", or have them use TLS 1.2."
			s.Reason += " Programs that insist on TLS 1.3 cannot use it here."
		}
	}
	p.say(s)
}

// answer tells how the last connection ended.
func (p *prober) answer(o *outcome) {
	r := p.report
	r.Response = o.response
	if r.Result == CannotSend {
		return
	}
	asked := r.Request != nil && r.Sent == nil
	if o.response != nil {
		x := o.response
		s := Step{ID: "http", Status: StepOK, Title: "HTTP " + x.name(), Detail: x.Server}
		switch {
		case x.refused() && asked:
			s.Status, r.Result = StepError, Asked
		case x.refused():
			s.Status, r.Result = StepError, Refused
		case asked:
			r.Result = Asked
			s.Reason = "The server answers without a certificate too: it asks for one and does not insist."
		default:
			r.Result = OK
			if x.Status >= 400 {
				s.Status = StepWarning
				s.Reason = "The connection works; the server has nothing to show at this address."
			}
		}
		if s.Status == StepError {
			e := Explain(x.Code)
			s.Reason = e.Text
		}
		p.say(s)
		return
	}
	if o.err == nil { // tls:// only
		r.Result = OK
		if asked {
			r.Result = Asked
		}
		p.say(Step{ID: "http", Status: StepOK, Title: "Handshake complete", Detail: versionName(o.version)})
		return
	}
	r.Result = Refused
	if asked {
		r.Result = Asked
	}
	s := Step{ID: "http", Status: StepError, Title: "The server closed the connection", Reason: o.err.Error()}
	if number, ok := alertOf(o.err); ok {
		r.Alert, r.alert = alertName(number), number
		e := Explain(alertCode(number))
		s.Title, s.Reason = "The server refused with the alert "+r.Alert, e.Text
	} else {
		switch {
		case errors.Is(o.err, context.DeadlineExceeded):
			r.Result, s.Title, s.Reason = NoConnection, "No answer in time", "The handshake was complete, and then nothing came."
			s.Advice = "Try again with a longer --timeout."
		case errors.Is(o.err, context.Canceled):
			r.Result, s.Title, s.Reason, s.Advice = NoConnection, "Canceled", "It was stopped before the end.", "Start the test again."
		case errors.Is(o.err, errTooLong):
			r.Result, s.Title, s.Reason = NoConnection, "The answer is not HTTP", "Its header does not end."
			s.Advice = "What answers there may not be a web server."
		case closed(o.err):
			s.Reason = "It gave no reason. Some servers do that when the certificate is missing or does not suit them."
			s.Advice = "Look at the server's log; on Windows Server 2022 a reset after the request can mean that it wanted to ask at TLS 1.3."
		default:
			r.Result, s.Title = NoConnection, "The answer is not HTTP"
			s.Advice = "For a server that speaks something else write tls://host:port."
		}
	}
	p.say(s)
}

func alertCode(number int) string { return fmt.Sprintf("alert %d", number) }
