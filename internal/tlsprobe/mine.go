package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

// Mine is one of the person's certificates, held against what the server
// asked for.
type Mine struct {
	Row      *inventory.Row
	Fits     bool
	Findings []finding.Finding // why not, worst first
}

// mine returns the certificates of the Personal stores, those that fit r
// first, each certificate once.
func (p *prober) mine(ctx context.Context, r *Request) []Mine {
	var out []Mine
	needsPSS := sync.OnceValue(func() bool { return p.needsPSS(ctx, r) })
	hold := func(row *inventory.Row) Mine {
		m := p.hold(row, r)
		if m.Fits && row.NoPSS && needsPSS() {
			m.Fits, m.Findings = false, []finding.Finding{wrongKey(row.Certificate.KeyType()+" without PSS signatures", r.withoutPKCS1().AlgorithmText(),
				"Import its file again and let CNG keep the key, or use a certificate with another kind of key.")}
		}
		return m
	}
	seen := map[certificate.Fingerprint]int{}
	for _, row := range p.opt.Inventory.Rows {
		if row.Store != "my" || row.Certificate.IsCA() {
			continue
		}
		if i, ok := seen[row.Fingerprint()]; ok {
			if out[i].Row.Key == "none" && row.Key != "none" {
				out[i] = hold(row)
			}
			continue
		}
		seen[row.Fingerprint()] = len(out)
		out = append(out, hold(row))
	}
	slices.SortStableFunc(out, func(a, b Mine) int {
		rank := func(m Mine) int {
			if m.Fits {
				return 0
			}
			return 1
		}
		return cmp.Or(rank(a)-rank(b), strings.Compare(strings.ToLower(a.Row.Certificate.CommonName()), strings.ToLower(b.Row.Certificate.CommonName())))
	})
	return out
}

func (p *prober) hold(row *inventory.Row, r *Request) Mine {
	m := Mine{Row: row}
	c := row.Certificate
	if row.Key == "none" || row.Key == "unusable" {
		m.Findings = append(m.Findings, keyusage.NoKey(finding.Client, finding.Error))
	}
	for _, f := range keyusage.Judge(c, finding.Client, keyusage.Question{Now: p.opt.Now}) {
		if f.Severity == finding.Error {
			m.Findings = append(m.Findings, f)
		}
	}
	m.Findings = append(m.Findings, r.against(c, p.opt.Inventory, nil, p.opt)...)
	finding.Sort(m.Findings)
	m.Fits = len(m.Findings) == 0
	return m
}

// against returns why the server would not take c: its CA is not among those
// named, or its key cannot make a signature that the server takes. sent is
// the chain that goes along; nil means the best one of the stores.
func (r *Request) against(c *certificate.Certificate, inv *inventory.Inventory, sent []*certificate.Certificate, opt Options) []finding.Finding {
	var fs []finding.Finding
	if len(r.CAs) > 0 {
		if sent == nil {
			sent = chain.Build(inv, c, chain.Options{Now: opt.Now, Purpose: finding.Client}).Best().Certificates(true)
		}
		named := slices.ContainsFunc(append([]*certificate.Certificate{c}, sent...), func(x *certificate.Certificate) bool {
			return slices.ContainsFunc(r.CAs, func(ca []byte) bool { return bytes.Equal(ca, x.RawIssuer) })
		})
		if !named {
			fs = append(fs, finding.Finding{ID: "C-09", Severity: finding.Error, Purpose: finding.Client, Source: "RFC 8446 4.2.4", Evidence: finding.Evidence{Field: "certificate_authorities", Value: r.names(5)}})
		}
	}
	if r.info != nil && !r.signable(c) {
		fs = append(fs, wrongKey(c.KeyType(), r.AlgorithmText(), "Use a certificate with another kind of key."))
	}
	return fs
}

// wrongKey says that a key makes none of the signatures in list.
func wrongKey(key, list, advice string) finding.Finding {
	return finding.Finding{ID: "C-18", Severity: finding.Error, Purpose: finding.Client, Source: "RFC 8446 4.2.3",
		Evidence: finding.Evidence{Field: "subjectPublicKeyInfo", Value: key}, Params: map[string]string{"list": list, "advice": advice}}
}

// needsPSS reports whether the server takes no RSA signatures of PKCS #1 v1.5:
// at TLS 1.3 there are none for a handshake, so whether it has TLS 1.2 too is
// tried, without a certificate. What cannot be found out is no reason.
func (p *prober) needsPSS(ctx context.Context, r *Request) bool {
	if r.Version == tls.VersionTLS13 {
		quiet := &prober{opt: p.opt, report: &Report{Target: p.opt.Target}}
		quiet.opt.Progress = nil
		o := quiet.connect(ctx, attempt{max: tls.VersionTLS12})
		if o.request == nil {
			return isAlert(o.err)
		}
		r = o.request
	}
	return len(r.Algorithms) > 0 && len(r.withoutPKCS1().Algorithms) == len(r.Algorithms)
}

// withoutPKCS1 returns r as a key sees it that has to sign with PSS.
func (r *Request) withoutPKCS1() *Request {
	return &Request{Algorithms: slices.DeleteFunc(slices.Clone(r.Algorithms), func(a tls.SignatureScheme) bool { return strings.HasPrefix(a.String(), "PKCS1") })}
}

// signable reports whether the key of c can make a signature that the server
// takes.
func (r *Request) signable(c *certificate.Certificate) bool {
	pub, err := c.PublicKey()
	if err != nil {
		return false
	}
	info := *r.info
	info.AcceptableCAs = nil
	return info.SupportsCertificate(&tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: publicOnly{pub}}) == nil
}

// publicOnly has the type of a key, which is all that is asked here.
type publicOnly struct{ pub crypto.PublicKey }

func (k publicOnly) Public() crypto.PublicKey { return k.pub }

func (k publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private key")
}

// CANames returns the names of the CAs that the server accepts, at most n of
// them.
func (r *Request) CANames(n int) []string {
	var out []string
	for _, der := range r.CAs[:min(n, len(r.CAs))] {
		out = append(out, certificate.ParseName(der).String())
	}
	return out
}

func (r *Request) names(n int) string {
	text := strings.Join(r.CANames(n), "; ")
	if len(r.CAs) > n {
		text += "; …"
	}
	return text
}

// AlgorithmText names the kinds of keys that the server takes: "RSA or
// ECDSA".
func (r *Request) AlgorithmText() string {
	var kinds []string
	for _, a := range r.Algorithms {
		kind := ""
		switch name := a.String(); {
		case strings.HasPrefix(name, "PSS"):
			kind = "RSA-PSS"
		case strings.HasPrefix(name, "PKCS1"):
			kind = "RSA"
		case strings.HasPrefix(name, "ECDSA"):
			kind = "ECDSA"
		case a == tls.Ed25519:
			kind = "Ed25519"
		}
		if kind != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if slices.Contains(kinds, "RSA") { // says it all
		kinds = slices.DeleteFunc(kinds, func(s string) bool { return s == "RSA-PSS" })
	}
	return strings.Join(kinds, ", ")
}

// Issued returns how many of the person's certificates lead to the CA with
// the DER name ca.
func (r *Report) Issued(ca []byte, inv *inventory.Inventory, opt Options) int {
	n := 0
	for _, m := range r.Mine {
		one := &Request{CAs: [][]byte{ca}}
		if len(one.against(m.Row.Certificate, inv, nil, opt)) == 0 {
			n++
		}
	}
	return n
}

// cannotSend says why the chosen certificate cannot answer the server's
// question at all; nil when it can. That its CA is not on the server's list
// stops nobody from trying.
func (p *prober) cannotSend() *Step {
	id, r := p.opt.Identity, p.report.Request
	c := id.Chain[0]
	for _, f := range r.against(c, p.opt.Inventory, id.Chain, p.opt) {
		w := finding.WordsOf(f)
		if f.ID == "C-18" {
			return &Step{ID: "sent", Status: StepError, Title: "The certificate cannot be sent", Detail: c.CommonName(), Reason: w.Message, Advice: w.Advice}
		}
		p.say(Step{ID: "asked", Status: StepWarning, Title: "The chosen certificate is not from a CA that the server named", Detail: c.IssuerName(), Reason: w.Message, Advice: w.Advice})
	}
	switch id.Key.Public().(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return nil
	}
	return &Step{ID: "sent", Status: StepError, Title: "The certificate cannot be sent", Detail: c.KeyType(), Reason: "TLS has no signature for this kind of key.", Advice: "Ask the CA for a certificate with an RSA or EC key."}
}
