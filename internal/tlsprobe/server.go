package tlsprobe

import (
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
)

// A Peer is the server's certificate and what is to be said of it.
type Peer struct {
	Sent       []*certificate.Certificate // as the server sent them
	Paths      chain.Result
	Acceptable bool
	Findings   []finding.Finding // worst first
}

// maxSent is how many of the certificates a server sends are looked at.
const maxSent = 32

// judgePeer says whether the server that sent these certificates is the one
// that was meant.
func (p *prober) judgePeer(sent []*certificate.Certificate) *Peer {
	sent = sent[:min(len(sent), maxSent)]
	opt := chain.Options{Now: p.opt.Now, Purpose: finding.Server, Found: chain.Sent, OnlyCA: len(p.opt.Roots) > 0}
	for _, c := range sent[1:] {
		opt.Extra = append(opt.Extra, chain.Candidate{Certificate: c, Found: chain.Sent})
	}
	for _, c := range p.opt.Roots {
		opt.Extra = append(opt.Extra, chain.Candidate{Certificate: c, Found: chain.Given, Trusted: true})
	}
	peer := &Peer{Sent: sent, Paths: chain.Build(p.opt.Inventory, sent[0], opt)}
	peer.Findings = append(keyusage.Judge(sent[0], finding.Server, keyusage.Question{Now: p.opt.Now, Host: p.opt.Target.Host}), peer.Paths.Findings(finding.Server)...)
	for i, f := range peer.Findings {
		switch {
		case chain.IsTrust(f):
			peer.Findings[i].Severity = finding.Error
		case f.ID == "S-20": // it works today
			peer.Findings[i].Severity = finding.Warning
		}
	}
	if missing := p.notSent(peer); missing != "" {
		peer.Findings = append(peer.Findings, finding.Finding{ID: "S-19a", Severity: finding.Warning, Purpose: finding.Server, Source: "RFC 8446 4.4.2",
			Evidence: finding.Evidence{Field: "issuer", Value: missing}})
	}
	finding.Sort(peer.Findings)
	peer.Acceptable = finding.Worst(peer.Findings) != finding.Error
	return peer
}

// notSent returns the intermediate that the server should send and does not.
func (p *prober) notSent(peer *Peer) string {
	for _, c := range peer.Paths.Best().Certificates(false)[1:] {
		if !slices.ContainsFunc(peer.Sent, func(s *certificate.Certificate) bool { return s.Fingerprint() == c.Fingerprint() }) && !p.isRoot(c) {
			return c.CommonName()
		}
	}
	return ""
}

func (p *prober) isRoot(c *certificate.Certificate) bool {
	return slices.ContainsFunc(p.opt.Roots, func(r *certificate.Certificate) bool { return r.Fingerprint() == c.Fingerprint() })
}

// acceptable judges a chain that may be the one judged before.
func (p *prober) acceptable(sent []*certificate.Certificate) bool {
	if len(sent) == 0 {
		return false
	}
	same := func(a, b *certificate.Certificate) bool { return a.Fingerprint() == b.Fingerprint() }
	if old := p.report.Server; old != nil && slices.EqualFunc(old.Sent, sent[:min(len(sent), maxSent)], same) {
		return old.Acceptable
	}
	return p.judgePeer(sent).Acceptable
}

// serverStep tells about the server's certificate; it reports whether it is
// acceptable.
func (p *prober) serverStep(sent []*certificate.Certificate) bool {
	peer := p.judgePeer(sent)
	p.report.Server = peer
	s := Step{ID: "server-certificate", Status: StepOK, Title: "Server certificate is trusted", Detail: sent[0].CommonName()}
	if len(peer.Findings) > 0 {
		worst := peer.Findings[0]
		w := finding.WordsOf(worst)
		s.Reason, s.Advice = w.Message, w.Advice
		switch worst.Severity {
		case finding.Error:
			s.Status, s.Title = StepError, "Server certificate is not acceptable: "+strings.ToLower(w.Short)
			s.Advice = serverAdvice(worst, w)
		case finding.Warning:
			s.Status = StepWarning
		default:
			s.Reason, s.Advice = "", ""
		}
	}
	p.say(s)
	return peer.Acceptable
}

func serverAdvice(f finding.Finding, w finding.Words) string {
	switch f.ID {
	case "T-01":
		return "If the server is your own or a partner's, name its root for this test (--ca, or the roots file in the window), or trust it after comparing its SHA-256; else do not go on."
	case "S-19":
		return "Ask the server's owner to send the whole chain, or name the issuer's root for this test (--ca, or the roots file in the window)."
	}
	return w.Advice
}

// peerName is how a server's certificate is spoken of.
func (r *Report) peerName() string {
	if r.Server == nil {
		return r.Target.Host
	}
	return fmt.Sprintf("%s, SHA-256 %s", r.Server.Sent[0].CommonName(), r.Server.Sent[0].Fingerprint())
}
