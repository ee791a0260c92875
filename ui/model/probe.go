package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/identity"
	"certdesk/internal/inventory"
	"certdesk/internal/tlsprobe"
)

// A Probe is what the connection test works on. Run blocks.
type Probe struct {
	Choices []*inventory.Row // certificates with their keys that can be sent

	store certstore.Store
	inv   *inventory.Inventory
	now   func() time.Time
}

// A ProbeQuestion is what a person filled in.
type ProbeQuestion struct {
	Address  string
	Row      *inventory.Row // sent when the server asks; nil: nothing
	File     *PFXFile       // sent instead of Row, with the key in it; nil: none
	Password []byte         // of File; Run wipes it
	Proxy    string         // "" for none
	Roots    []byte         // content of a file of roots; nil: those of this computer
	Insecure bool           // go on although the server's certificate is not acceptable
}

// NewProbe returns a test with the certificates of inv.
func NewProbe(store certstore.Store, inv *inventory.Inventory, now func() time.Time) *Probe {
	p := &Probe{store: store, inv: inv, now: now}
	seen := map[certificate.Fingerprint]bool{}
	for _, r := range inv.Rows {
		if !sendable(r) || seen[r.Certificate.Fingerprint()] {
			continue
		}
		seen[r.Certificate.Fingerprint()] = true
		p.Choices = append(p.Choices, r)
	}
	slices.SortStableFunc(p.Choices, func(a, b *inventory.Row) int {
		return cmp.Compare(strings.ToLower(a.Certificate.CommonName()), strings.ToLower(b.Certificate.CommonName()))
	})
	return p
}

// sendable reports whether a row can be sent to a server: its key is there.
func sendable(r *inventory.Row) bool {
	return r.Key != certstore.KeyNone && r.Key != certstore.KeyUnusable && r.Key != "" && !r.Certificate.IsCA()
}

var errNoRoots = errors.New("the file of roots holds no certificate")

// Run tests the connection; progress is called for each step, from the
// goroutine that called Run.
func (p *Probe) Run(ctx context.Context, q ProbeQuestion, progress func(tlsprobe.Step)) (*tlsprobe.Report, error) {
	defer clear(q.Password)
	opt := tlsprobe.Options{Now: p.now(), Inventory: p.inv, Insecure: q.Insecure, Progress: progress}
	var err error
	if opt.Target, err = tlsprobe.ParseTarget(q.Address); err != nil {
		return nil, err
	}
	if strings.TrimSpace(q.Proxy) != "" {
		if opt.Proxy, err = tlsprobe.ParseProxy(strings.TrimSpace(q.Proxy)); err != nil {
			return nil, err
		}
	}
	if q.Roots != nil {
		contents, err := certfile.Inspect(q.Roots)
		if err != nil {
			return nil, err
		}
		for _, c := range contents.Certificates {
			opt.Roots = append(opt.Roots, c.Certificate)
		}
		contents.Wipe()
		if len(opt.Roots) == 0 {
			return nil, errNoRoots
		}
	}
	if q.Row != nil {
		if opt.Identity, err = identity.OfRow(ctx, p.store, p.inv, q.Row, opt.Now); err != nil {
			return nil, err
		}
	}
	if f := q.File; f != nil {
		f.Open(ctx, certfile.Password{Given: len(q.Password) > 0, Text: q.Password})
		defer f.Wipe()
		if f.Err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), f.Err)
		}
		if opt.Identity, err = identity.OfFile(f.Contents, f.Name(), p.inv, opt.Now); err != nil {
			return nil, err
		}
	}
	return tlsprobe.Run(ctx, opt), nil
}

// Issued returns how many of the person's certificates lead to each CA that
// the server named, at most n of them.
func (p *Probe) Issued(r *tlsprobe.Report, n int) []int {
	var out []int
	for _, ca := range r.Request.CAs[:min(n, len(r.Request.CAs))] {
		out = append(out, r.Issued(ca, p.inv, tlsprobe.Options{Now: p.now()}))
	}
	return out
}

// RootOf returns the row of the certificate that a sent one leads to, nil
// when there is none in the stores.
func (p *Probe) RootOf(c *certificate.Certificate) *inventory.Row {
	for cur, n := c, 0; n < 12; n++ {
		rows := p.inv.WithSubject(cur.RawIssuer)
		i := slices.IndexFunc(rows, func(r *inventory.Row) bool { return cur.CheckSignatureFrom(r.Certificate) == nil })
		if i < 0 {
			return nil
		}
		if cur = rows[i].Certificate; cur.SelfIssued() {
			return rows[i]
		}
	}
	return nil
}

// ReportText is the report to be sent to the other side: no secrets are in
// it.
func ReportText(r *tlsprobe.Report) string {
	var b strings.Builder
	b.WriteString(r.Target.URL + "\n" + r.Title + "\n")
	if r.Text != "" {
		b.WriteString(r.Text + "\n")
	}
	b.WriteString("\n")
	for _, s := range r.Steps {
		b.WriteString(strings.TrimRight(string(s.Status)+": "+s.Title+"  "+s.Detail, " ") + "\n")
	}
	if r.Sent != nil {
		c := r.Sent.Certificate
		b.WriteString("\nCertificate: " + c.Subject().String() + "\nIssuer: " + c.Issuer().String() + "\nSerial number: " + c.Serials().Windows + "\nSHA-256: " + c.Fingerprint().String() + "\n")
	}
	for i, a := range r.Ask {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString("- " + a + "\n")
	}
	return b.String()
}
