// Package tlsprobe connects to a server, looks at what it does step by step,
// and says what a client certificate has to do with it: whether and when the
// server asks for one, which it would take, what became of the one that was
// sent.
//
// The first connection never sends a certificate; a second one sends the one
// that the person chose, and no other. What the server sends is bounded in
// size and time.
package tlsprobe

import (
	"context"
	"crypto"
	"crypto/tls"
	"net/url"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
)

// DefaultTimeout is how long one connection may take.
const DefaultTimeout = 20 * time.Second

// An Identity is the certificate that the person chose to send.
type Identity struct {
	Chain []*certificate.Certificate // leaf first, as it is sent
	Key   crypto.Signer              // in a store or a file; it is only asked for signatures
}

// Options say what is probed and how.
type Options struct {
	Target    Target
	Identity  *Identity                  // nil: nothing is sent
	Proxy     *url.URL                   // nil: none
	Roots     []*certificate.Certificate // the only ones trusted; none: those of the stores
	Insecure  bool                       // go on although the server's certificate is not acceptable
	Timeout   time.Duration              // of each connection; 0 means [DefaultTimeout]
	Now       time.Time
	Inventory *inventory.Inventory // what the stores hold; never nil
	Progress  func(Step)           // called for each step as it ends; may be nil
}

// A Result says how a probe ended.
type Result string

// The results.
const (
	OK                Result = "ok"                 // handshake and request succeeded with what was sent
	Asked             Result = "asked"              // a certificate was asked for, and none was given
	Refused           Result = "refused"            // the server refused
	ServerCertificate Result = "server-certificate" // the server's certificate is not acceptable
	CannotSend        Result = "cannot-send"        // the chosen certificate cannot be used for this server
	NoConnection      Result = "no-connection"
)

// A Status says how a step went.
type Status string

// The statuses.
const (
	StepOK      Status = "ok"
	StepInfo    Status = "info" // not good, not bad
	StepWarning Status = "warning"
	StepError   Status = "error"
)

// A Step is one line of the report.
type Step struct {
	ID         string        `json:"id"` // resolve, connect, proxy, tls, server-certificate, asked, sent, again, http
	Status     Status        `json:"status"`
	Title      string        `json:"title"`
	Detail     string        `json:"detail"`           // short, at the right
	Reason     string        `json:"reason,omitempty"` // what follows from it
	Advice     string        `json:"advice,omitempty"`
	Took       time.Duration `json:"-"`
	Connection int           `json:"connection"` // 1, 2, ...
}

// When a server asks for a certificate.
type When string

// The moments.
const (
	Never         When = ""
	Handshake     When = "handshake"
	Renegotiation When = "renegotiation" // TLS 1.2 and before: after it saw the request
)

// A Request is a server's question for a client certificate.
type Request struct {
	When       When
	Version    uint16
	CAs        [][]byte // DER names; none: any
	Algorithms []tls.SignatureScheme
	// OnlyTLS12 is true when the server asks at TLS 1.2 and not at TLS 1.3,
	// where it would ask after the handshake, which this program, like
	// browsers, does not offer.
	OnlyTLS12 bool

	info *tls.CertificateRequestInfo
}

// A Response is the HTTP answer.
type Response struct {
	Status    int
	Text      string // "Forbidden"
	Substatus int    // IIS: 16 of 403.16; 0: none told
	Server    string // its name, shortened
	Code      string // "403.16", "400", ...; what explanations are kept under
}

// A Report is what a probe found.
type Report struct {
	Target   Target
	Result   Result
	Title    string   // one line
	Text     string   // what it means
	Ask      []string // what to do or to ask the other side, in order
	Steps    []Step
	Version  uint16
	Cipher   string
	Server   *Peer    // nil: no certificate was seen
	Request  *Request // nil: none was seen
	Mine     []Mine   // my certificates, the fitting ones first; only with Request
	Sent     *Sent    // nil: nothing was sent
	Alert    string   // "unknown_ca (48)", "" for none
	Response *Response

	alert int // its number
}

// Sent is what was sent of the chosen certificate.
type Sent struct {
	Certificate *certificate.Certificate
	Count       int    // certificates, with the intermediates
	Signature   string // "PSSWithSHA256", the proof of the key
}

// ExitCode is the command line's.
func (r *Report) ExitCode() int {
	switch r.Result {
	case OK:
		return 0
	case NoConnection:
		return 1
	}
	return 6
}

// A prober is one run.
type prober struct {
	opt    Options
	report *Report
	number int   // of the connection
	late   *Step // TLS 1.3 only, refused, and nothing was asked for; else nil
}

// Run probes. The report is never nil; a canceled ctx ends it early with
// [NoConnection].
func Run(ctx context.Context, opt Options) *Report {
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	p := &prober{opt: opt, report: &Report{Target: opt.Target}}
	p.run(ctx)
	if p.report.Request != nil {
		p.report.Mine = p.mine(ctx, p.report.Request)
	}
	p.conclude()
	return p.report
}

// run makes the connections: one without a certificate, one more with TLS 1.2
// if the answer smells of a server that wants to ask late, one with the
// chosen certificate.
func (p *prober) run(ctx context.Context) {
	first := p.connect(ctx, attempt{narrate: true})
	if first.fatal || first.stop {
		return
	}
	version := uint16(0)
	if p.report.Request == nil && first.version == tls.VersionTLS13 && first.lateAsk() {
		probe := p.connect(ctx, attempt{max: tls.VersionTLS12})
		if probe.request != nil {
			version = tls.VersionTLS12
			p.report.Request = probe.request
			p.report.Request.OnlyTLS12 = true
			p.say(p.askedStep(probe.request))
			first = probe
		} else if probe.version == 0 {
			p.late = &Step{ID: "again", Status: StepInfo, Title: "No question for a certificate, and no TLS 1.2", Detail: "TLS 1.3 only",
				Reason: "A server that wants a certificate for some addresses only must ask after the handshake at TLS 1.3 (post-handshake authentication), and neither browsers nor this program offer that.",
				Advice: "Ask the server's owner whether this address needs a certificate; it should be asked for during the handshake."}
			p.say(*p.late)
		}
	}
	if p.opt.Identity == nil || p.report.Request == nil {
		if p.opt.Identity != nil {
			p.say(Step{ID: "sent", Status: StepInfo, Title: "Certificate not sent", Detail: "the server did not ask",
				Reason: "A client certificate is only sent when the server asks for one, and this one did not.",
				Advice: "Ask the owner of the server for the address that needs a certificate."})
		}
		p.answer(first)
		return
	}
	if bad := p.cannotSend(); bad != nil {
		p.say(*bad)
		p.report.Result = CannotSend
		return
	}
	if version != 0 {
		p.say(Step{ID: "again", Status: StepInfo, Title: "Connecting again with TLS 1.2", Detail: "to be asked for the certificate"})
	}
	second := p.connect(ctx, attempt{max: version, identity: p.opt.Identity})
	if second.noPSS() {
		second = p.withoutPSS(ctx, second)
	}
	if second.fatal || second.stop {
		return
	}
	p.sentStep(second)
	p.answer(second)
}

// withoutPSS connects again, as programs that know such a key do: with TLS 1.2
// and without PSS. It returns o, which came to nothing for want of PSS, when
// the server does not ask the key for anything else.
func (p *prober) withoutPSS(ctx context.Context, o *outcome) *outcome {
	s := Step{ID: "again", Status: StepInfo, Title: "Connecting again without PSS signatures", Detail: "with PKCS #1 v1.5", Reason: "The private key does not make them."}
	if o.request.Version == tls.VersionTLS13 {
		s.Title, s.Detail = "Connecting again with TLS 1.2", "without PSS signatures"
		s.Reason = "The private key does not make them, and at TLS 1.3 RSA keys make no others."
	}
	p.say(s)
	again := p.connect(ctx, attempt{max: tls.VersionTLS12, identity: p.opt.Identity, pkcs1: true})
	if again.err != nil && again.signed == "" && !again.fatal && !again.stop {
		return o
	}
	again.stepDown = o.request.Version == tls.VersionTLS13
	return again
}

const maxLine = 600 // characters of a step's texts

// say adds a step to the report.
func (p *prober) say(s Step) {
	if s.Connection == 0 {
		s.Connection = max(1, p.number)
	}
	s.Title, s.Detail, s.Reason = clean(s.Title, maxLine), clean(s.Detail, maxLine), clean(s.Reason, maxLine) // errors quote the server
	p.report.Steps = append(p.report.Steps, s)
	if p.opt.Progress != nil {
		p.opt.Progress(s)
	}
}
