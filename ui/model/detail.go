package model

import (
	"context"
	"strings"
	"sync"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/keyusage"
	"certdesk/internal/online"
	"certdesk/internal/tlsprobe"
)

// A Detail is all there is to say about one certificate.
type Detail struct {
	Certificate *certificate.Certificate
	Subject     check.Subject    // what was judged
	Row         *Row             // nil for a certificate of a file
	Chain       []chain.Link     // the best path
	Paths       chain.Result     // all of them
	Acceptance  chain.Acceptance // by services of this computer
	Verdicts    []check.Verdict  // one for each purpose that rules know
	Suggested   int              // index of the verdict that matters most
	Now         time.Time

	ask    sync.Once
	system *certstore.ChainStatus
}

// System asks the system that keeps the stores about the chain, once; nil
// where it judges none. It blocks.
func (d *Detail) System(ctx context.Context, store certstore.Store) *certstore.ChainStatus {
	d.ask.Do(func() { d.system, _ = check.System(ctx, store, d.Subject) }) // an error leaves nothing to be shown
	return d.system
}

const revocationPatience = 15 * time.Second // for one address

// AskRevocation asks the network about the best path, through proxy, or, if
// it is empty, the proxies that the environment names. It blocks.
func (d *Detail) AskRevocation(ctx context.Context, proxy string) ([]online.Answer, error) {
	client, err := d.client(proxy)
	if err != nil {
		return nil, err
	}
	return client.Revocation(ctx, d.Paths.Best()), nil
}

// FetchIssuers fetches the missing issuers from the addresses in the
// certificates, and returns what is to be said with them, and what was tried.
// It blocks.
func (d *Detail) FetchIssuers(ctx context.Context, s *Snapshot, proxy string) (*Detail, []online.Attempt, error) {
	client, err := d.client(proxy)
	if err != nil {
		return nil, nil, err
	}
	fetched, tried := client.Issuers(ctx, s.Inventory, d.Certificate, d.Subject.Extra)
	return Again(s, d, check.Options{Fetched: fetched}), tried, nil
}

func (d *Detail) client(proxy string) (*online.Client, error) {
	if proxy = strings.TrimSpace(proxy); proxy == "" {
		return online.FromEnvironment(revocationPatience, d.Now), nil
	}
	u, err := tlsprobe.ParseProxy(proxy)
	if err != nil {
		return nil, err
	}
	return online.New(u, revocationPatience, d.Now), nil
}

// Describe gathers the detail of a row. It blocks: signatures are verified.
func Describe(s *Snapshot, r *Row, now time.Time) *Detail {
	return describe(s, check.Subject{Certificate: r.Certificate, Row: r.Row}, r, check.Options{Now: now})
}

// DescribeFile gathers the detail of a certificate of a file.
func DescribeFile(s *Snapshot, subject check.Subject, now time.Time) *Detail {
	return describe(s, subject, nil, check.Options{Now: now})
}

// Again judges what d describes with other options; their Now is d's.
func Again(s *Snapshot, d *Detail, opt check.Options) *Detail {
	opt.Now = d.Now
	return describe(s, d.Subject, d.Row, opt)
}

func describe(s *Snapshot, subject check.Subject, r *Row, opt check.Options) *Detail {
	c := subject.Certificate
	paths := check.Paths(subject, finding.Any, s.Inventory, opt)
	d := &Detail{Certificate: c, Subject: subject, Row: r, Now: opt.Now, Chain: paths.Best().Links, Paths: paths, Acceptance: paths.Accept(s.Inventory),
		Verdicts: check.All(subject, finding.Purposes, s.Inventory, opt)}
	wanted := finding.Purpose("")
	if ps := check.Purposes(c); len(ps) > 0 {
		wanted = ps[0]
	}
	for i, p := range finding.Purposes {
		if p == wanted {
			d.Suggested = i
		}
	}
	return d
}

// Findings returns the findings of the verdict that matters most; for
// somebody else's certificate, and one made for none of the purposes that
// rules know, such as a CA's, those of the list.
func (d *Detail) Findings() []finding.Finding {
	switch {
	case d.Subject.Elsewhere():
		return d.Row.Findings
	case len(check.Purposes(d.Certificate)) > 0:
		return d.Verdicts[d.Suggested].Findings
	case d.Row != nil:
		return d.Row.Findings
	}
	return keyusage.Survey(d.Certificate, keyusage.Question{Now: d.Now})
}

// Complete reports whether the chain ends at a trusted root.
func (d *Detail) Complete() bool {
	return len(d.Chain) > 0 && d.Chain[len(d.Chain)-1].Status == chain.Trusted
}

// Elapsed returns how much of the validity is over, from 0 to 1.
func (d *Detail) Elapsed() float32 {
	c := d.Certificate
	whole := c.NotAfter.Sub(c.NotBefore)
	if whole <= 0 {
		return 1
	}
	return float32(min(1, max(0, float64(d.Now.Sub(c.NotBefore))/float64(whole))))
}
