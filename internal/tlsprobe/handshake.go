package tlsprobe

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"time"

	"certdesk/internal/certificate"
)

// An attempt is one connection.
type attempt struct {
	max      uint16    // TLS version; 0: the newest
	identity *Identity // sent when asked for; nil: nothing is
	pkcs1    bool      // RSA keys sign with PKCS #1 v1.5 only
	narrate  bool      // tell the steps up to the question for a certificate
}

// An outcome is what a connection brought.
type outcome struct {
	fatal    bool // no connection; the report says so
	stop     bool // the server's certificate is not acceptable
	version  uint16
	request  *Request
	signed   string // the signature scheme the identity was asked for
	given    bool   // the identity was handed over
	signErr  error  // why the key did not sign
	stepDown bool   // at TLS 1.2, because the key does not do for TLS 1.3
	response *Response
	err      error // what ended the connection instead
}

// noPSS reports whether the key was asked for PSS and makes no such signatures.
func (o *outcome) noPSS() bool {
	return strings.HasPrefix(o.signed, "PSS") && errors.Is(o.signErr, errors.ErrUnsupported)
}

// lateAsk reports whether the answer may come from a server that wanted to
// ask for a certificate after the handshake.
func (o *outcome) lateAsk() bool {
	return o.err != nil && (closed(o.err) || isAlert(o.err)) || o.response != nil && o.response.refused()
}

var errServerCertificate = errors.New("the server's certificate is not acceptable")

// connect makes one connection: TCP, TLS, request, answer.
func (p *prober) connect(ctx context.Context, a attempt) *outcome {
	p.number++
	o := &outcome{}
	ctx, cancel := context.WithTimeout(ctx, p.opt.Timeout)
	defer cancel()
	raw, err := p.dial(ctx, a.narrate)
	if err != nil {
		p.noConnection(err)
		o.fatal = true
		return o
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	start := time.Now()
	h := &handshake{p: p, a: a, o: o}
	conn := tls.Client(raw, h.config())
	o.err = conn.HandshakeContext(ctx)
	if ctx.Err() != nil && o.err != nil && !isAlert(o.err) {
		o.err = ctx.Err()
	}
	if a.narrate {
		p.tlsStep(conn.ConnectionState(), time.Since(start), o, h)
		if o.fatal {
			return o
		}
		h.mu.Lock()
		chain := h.chain
		h.mu.Unlock()
		if len(chain) > 0 {
			o.stop = !p.serverStep(chain) && !p.opt.Insecure
		}
		if o.request != nil {
			p.report.Request = o.request
			p.say(p.askedStep(o.request))
		}
	}
	if errors.Is(o.err, errServerCertificate) {
		p.say(Step{ID: "server-certificate", Status: StepError, Title: "Another server certificate than before", Reason: "It is not acceptable, so the certificate was not sent.", Advice: "Servers behind one name may differ; test again."})
		o.stop = true
	}
	if o.stop {
		p.report.Result = ServerCertificate
		return o
	}
	if o.err == nil {
		state := conn.ConnectionState()
		o.version = state.Version
		if a.narrate || a.identity != nil {
			p.report.Version, p.report.Cipher = state.Version, tls.CipherSuiteName(state.CipherSuite)
		}
		h.done()
		asked := o.request != nil
		o.response, o.err = p.ask(conn, asked && o.version == tls.VersionTLS13)
		if o.err != nil && ctx.Err() != nil && !isAlert(o.err) {
			o.err = ctx.Err()
		}
	}
	if a.narrate && o.request != nil && p.report.Request == nil { // it came by renegotiation
		p.report.Request = o.request
		p.say(p.askedStep(o.request))
	} else if a.narrate && o.request == nil {
		p.say(Step{ID: "asked", Status: StepInfo, Title: "No client certificate was asked for", Detail: versionName(o.version)})
	}
	return o
}

const alertPause = 250 * time.Millisecond // how long a TLS 1.3 server may take to refuse a certificate

// ask sends the HTTP request and reads the answer. At TLS 1.3 a server refuses
// a certificate after the client thinks that the handshake is over, so a
// refusal is waited for before anything is written into a closing connection.
func (p *prober) ask(conn *tls.Conn, wait bool) (*Response, error) {
	r := bufio.NewReader(conn)
	tlsOnly := p.opt.Target.TLSOnly
	if wait || tlsOnly {
		pause := alertPause
		if tlsOnly {
			pause = 4 * alertPause
		}
		conn.SetReadDeadline(time.Now().Add(pause))
		_, err := r.Peek(1)
		conn.SetReadDeadline(time.Time{})
		var timeout net.Error
		switch {
		case err != nil && (!errors.As(err, &timeout) || !timeout.Timeout()):
			if tlsOnly && errors.Is(err, io.EOF) {
				return nil, nil // it closed politely
			}
			return nil, err
		case tlsOnly:
			return nil, nil
		}
	}
	request := "GET " + p.opt.Target.Path + " HTTP/1.1\r\nHost: " + p.opt.Target.hostHeader() +
		"\r\nUser-Agent: certdesk-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		if _, rerr := r.Peek(1); isAlert(rerr) { // the reason may have arrived meanwhile
			return nil, rerr
		}
		return nil, err
	}
	return readResponse(r)
}

// A handshake collects what happens inside of one.
type handshake struct {
	p *prober
	a attempt
	o *outcome

	mu       sync.Mutex
	complete bool
	chain    []*certificate.Certificate
}

func (h *handshake) done() {
	h.mu.Lock()
	h.complete = true
	h.mu.Unlock()
}

func (h *handshake) config() *tls.Config {
	var suites []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		suites = append(suites, s.ID)
	}
	name := h.p.opt.Target.Host
	if net.ParseIP(name) != nil {
		name = "" // an address is no server name, RFC 6066 section 3
	}
	return &tls.Config{
		ServerName: name, NextProtos: []string{"http/1.1"},
		// Old servers are to be described, not to be avoided; and the chain
		// is judged by package chain, which says more than yes or no.
		MinVersion: tls.VersionTLS10, MaxVersion: h.a.max, CipherSuites: suites, InsecureSkipVerify: true,
		Renegotiation:         tls.RenegotiateFreelyAsClient,
		VerifyPeerCertificate: h.verify,
		GetClientCertificate:  h.clientCertificate,
	}
}

// verify keeps the server's certificates, and stops a connection that would
// send a certificate to a server that is not acceptable.
func (h *handshake) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	var chain []*certificate.Certificate
	for _, der := range raw {
		chain = append(chain, certificate.Parse(bytes.Clone(der)))
	}
	h.mu.Lock()
	h.chain = chain
	h.mu.Unlock()
	if h.a.identity != nil && !h.p.opt.Insecure && !h.p.acceptable(chain) {
		return errServerCertificate
	}
	return nil
}

func (h *handshake) clientCertificate(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &Request{When: Handshake, Version: info.Version, CAs: info.AcceptableCAs, Algorithms: info.SignatureSchemes, info: info}
	if h.complete {
		r.When = Renegotiation
	}
	h.o.request = r
	id := h.a.identity
	if id == nil {
		return &tls.Certificate{}, nil
	}
	h.o.given = true
	cert := &tls.Certificate{PrivateKey: &witness{key: id.Key, o: h.o}}
	if h.a.pkcs1 {
		cert.SupportedSignatureAlgorithms = []tls.SignatureScheme{tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.PKCS1WithSHA1}
	}
	for _, c := range id.Chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	return cert, nil
}

// A witness is a key that remembers what it was asked.
type witness struct {
	key crypto.Signer
	o   *outcome
}

func (w *witness) Public() crypto.PublicKey { return w.key.Public() }

func (w *witness) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	sig, err := w.key.Sign(rand, digest, opts)
	w.o.signErr = err
	kind := "PKCS #1 v1.5"
	if _, ok := opts.(*rsa.PSSOptions); ok {
		kind = "PSS"
	}
	if _, ok := w.key.Public().(*rsa.PublicKey); !ok {
		kind = keyKind(w.key.Public())
	}
	w.o.signed = kind
	if h := opts.HashFunc(); h != 0 {
		w.o.signed += " with " + h.String()
	}
	return sig, err
}

// isAlert reports whether the other side ended the connection with a TLS
// alert.
func isAlert(err error) bool { _, ok := alertOf(err); return ok }

// alertOf returns the number of the alert that the other side sent. The type
// that crypto/tls has for it is not exported; its kind is known.
func alertOf(err error) (number int, ok bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" || op.Err == nil {
		return 0, false
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return int(v.Uint()), true
	}
	return 0, false
}

// closed reports whether the other side ended the connection without a word.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.Errno(10053)) || errors.Is(err, syscall.Errno(10054)) // WSAECONNABORTED, WSAECONNRESET
}

func versionName(v uint16) string {
	if v == 0 {
		return ""
	}
	return tls.VersionName(v)
}

func keyKind(pub crypto.PublicKey) string {
	switch fmt.Sprintf("%T", pub) {
	case "*ecdsa.PublicKey":
		return "ECDSA"
	case "ed25519.PublicKey":
		return "Ed25519"
	}
	return "RSA"
}
