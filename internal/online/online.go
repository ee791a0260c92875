// Package online asks the network what certificates point to: their issuer
// (the caIssuers address), and whether they were revoked (OCSP, revocation
// lists). It is used only when the person asks for it.
//
// Everything fetched is bounded in size and time, and nothing of it is
// believed without the signature of the CA.
package online

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// Bounds of what is fetched.
const (
	maxIssuer = 1 << 20  // bytes of a CA certificate or PKCS #7
	maxOCSP   = 1 << 20  // bytes of an OCSP answer
	maxCRL    = 64 << 20 // bytes of a revocation list
	maxURLs   = 4        // addresses tried for one certificate
)

// A Client fetches.
type Client struct {
	HTTP *http.Client
	Now  time.Time
}

// New returns a client that goes through proxy, or straight when it is nil.
func New(proxy *url.URL, timeout time.Duration, now time.Time) *Client {
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	redirect := func(_ *http.Request, via []*http.Request) error {
		if len(via) > 3 {
			return errors.New("too many redirects")
		}
		return nil
	}
	return &Client{&http.Client{Transport: transport, Timeout: timeout, CheckRedirect: redirect}, now}
}

// FromEnvironment is [New] with the proxies that HTTP_PROXY, HTTPS_PROXY and
// NO_PROXY name.
func FromEnvironment(timeout time.Duration, now time.Time) *Client {
	c := New(nil, timeout, now)
	c.HTTP.Transport.(*http.Transport).Proxy = http.ProxyFromEnvironment
	return c
}

// fetch sends a request and returns the answer, at most limit bytes of it.
func (c *Client) fetch(req *http.Request, limit int64) ([]byte, error) {
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, fmt.Errorf("%s: addresses are not asked", req.URL.Scheme)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("the answer is larger than %d bytes", limit)
	}
	return data, err
}

func (c *Client) get(ctx context.Context, address string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("not an address")
	}
	return c.fetch(req, limit)
}

// An Attempt is one address that was asked.
type Attempt struct {
	Method string // "OCSP GET", "OCSP POST", "CRL" or "caIssuers"
	URL    string
	Err    error // nil: it helped
}

const (
	oidAuthorityInfo = "1.3.6.1.5.5.7.1.1"
	oidCRLPoints     = "2.5.29.31"
	oidOCSP          = "1.3.6.1.5.5.7.48.1"
	oidCAIssuers     = "1.3.6.1.5.5.7.48.2"
)

func extension(c *certificate.Certificate, oid string) cryptobyte.String {
	for _, e := range c.Extensions {
		if e.OID == oid {
			return e.Value
		}
	}
	return nil
}

// accessURLs returns the addresses of one method of the authority information
// access extension (RFC 5280 section 4.2.2.1).
func accessURLs(c *certificate.Certificate, method string) []string {
	in := extension(c, oidAuthorityInfo)
	var list cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return nil
	}
	var want cryptobyte.Builder
	want.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) {
		b.AddBytes([]byte{0x2b, 6, 1, 5, 5, 7, 48, method[len(method)-1] - '0'})
	})
	oid, _ := want.Bytes()
	var out []string
	for !list.Empty() && len(out) < maxURLs {
		var access, id, location cryptobyte.String
		var tag asn1.Tag
		if !list.ReadASN1(&access, asn1.SEQUENCE) || !access.ReadASN1Element(&id, asn1.OBJECT_IDENTIFIER) || !access.ReadAnyASN1(&location, &tag) {
			break
		}
		if string(id) == string(oid) && tag == asn1.Tag(6).ContextSpecific() {
			out = append(out, string(location))
		}
	}
	return out
}

// crlURLs returns the addresses of the CRL distribution points (RFC 5280
// section 4.2.1.13), and whether one of them is another CA's list.
func crlURLs(c *certificate.Certificate) (out []string, indirect bool) {
	in := extension(c, oidCRLPoints)
	var points cryptobyte.String
	if !in.ReadASN1(&points, asn1.SEQUENCE) {
		return nil, false
	}
	for !points.Empty() && len(out) < maxURLs {
		var point, name, full cryptobyte.String
		if !points.ReadASN1(&point, asn1.SEQUENCE) {
			break
		}
		if !point.ReadASN1(&name, asn1.Tag(0).ContextSpecific().Constructed()) || !name.ReadASN1(&full, asn1.Tag(0).ContextSpecific().Constructed()) {
			continue
		}
		for !full.Empty() && len(out) < maxURLs {
			var value cryptobyte.String
			var tag asn1.Tag
			if !full.ReadAnyASN1(&value, &tag) {
				break
			}
			if tag == asn1.Tag(6).ContextSpecific() {
				out = append(out, string(value))
			}
		}
		var present bool
		var skipped cryptobyte.String
		point.ReadOptionalASN1(&skipped, &present, asn1.Tag(1).ContextSpecific())
		if point.ReadOptionalASN1(&skipped, &present, asn1.Tag(2).ContextSpecific().Constructed()) && present {
			indirect = true
		}
	}
	return out, indirect
}

const maxFetched = 6 // issuers above each other

var errNotIssuer = errors.New("what stands there is not the issuer's certificate")

// Issuers fetches the missing issuers of c, one above the other, from the
// addresses in the certificates (caIssuers). What it returns is not trusted:
// package chain verifies the signatures.
func (c *Client) Issuers(ctx context.Context, inv *inventory.Inventory, cert *certificate.Certificate, extra []*certificate.Certificate) (found []chain.Candidate, tried []Attempt) {
	for range maxFetched {
		end := chain.Build(inv, cert, chain.Options{Now: c.Now, Purpose: finding.Any, Extra: append(chain.FromFile(extra), found...)}).Best()
		if end.Complete() || ctx.Err() != nil {
			break
		}
		child := end.Links[len(end.Links)-2].Certificate
		got := false
		for _, address := range accessURLs(child, oidCAIssuers) {
			certs, err := c.issuer(ctx, address)
			for _, x := range certs {
				if child.CheckSignatureFrom(x) == nil {
					found = append(found, chain.Candidate{Certificate: x, Found: chain.Fetched, URL: address})
					got = true
				}
			}
			if err == nil && !got {
				err = errNotIssuer
			}
			tried = append(tried, Attempt{"caIssuers", address, err})
			if got {
				break
			}
		}
		if !got {
			break
		}
	}
	return found, tried
}

func (c *Client) issuer(ctx context.Context, address string) ([]*certificate.Certificate, error) {
	data, err := c.get(ctx, address, maxIssuer)
	if err != nil {
		return nil, err
	}
	contents, err := certfile.Inspect(data)
	if err != nil {
		return nil, errors.New("the answer is no certificate")
	}
	defer contents.Wipe()
	var out []*certificate.Certificate
	for _, x := range contents.Certificates {
		out = append(out, x.Certificate)
	}
	return out, nil
}

func triedText(tried []Attempt) string {
	var out []string
	for _, t := range tried {
		if t.Err != nil {
			out = append(out, t.Method+" "+t.URL+": "+t.Err.Error())
		}
	}
	return strings.Join(out, "; ")
}
