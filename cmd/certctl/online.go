package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/online"
)

// onlineFlags say what check may ask the network.
type onlineFlags struct {
	revocation, aia bool
	proxy           string
	timeout         time.Duration
}

func (o *onlineFlags) add(f *pflag.FlagSet) {
	f.BoolVar(&o.revocation, "revocation", false, "ask the CA's OCSP responder and revocation lists, over the network")
	f.BoolVar(&o.aia, "aia", false, "fetch missing issuers from the addresses in the certificates, over the network")
	f.StringVar(&o.proxy, "proxy", "", "http://host:port of a proxy for that; HTTP_PROXY and HTTPS_PROXY if not given, \"none\" for none")
	f.DurationVar(&o.timeout, "timeout", 15*time.Second, "how long an address may take to answer")
}

type jsonRevocation struct {
	Subject    string        `json:"subject"`
	SHA256     string        `json:"sha256"`
	Status     online.Status `json:"status"` // good, revoked, unknown, unreachable or no-source
	By         string        `json:"by,omitempty"`
	URL        string        `json:"url,omitempty"`
	ThisUpdate string        `json:"thisUpdate,omitempty"`
	NextUpdate string        `json:"nextUpdate,omitempty"`
	RevokedAt  string        `json:"revokedAt,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	Note       string        `json:"note,omitempty"`
	Tried      []jsonAttempt `json:"tried"`
}

type jsonAttempt struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Error  string `json:"error,omitempty"`
}

func jsonAttempts(tried []online.Attempt) []jsonAttempt {
	out := []jsonAttempt{}
	for _, t := range tried {
		j := jsonAttempt{Method: t.Method, URL: t.URL}
		if t.Err != nil {
			j.Error = t.Err.Error()
		}
		out = append(out, j)
	}
	return out
}

// client returns what fetches, nil when nothing is to be fetched.
func (a *app) client(o onlineFlags) (*online.Client, error) {
	if !o.revocation && !o.aia {
		if o.proxy != "" {
			return nil, usage("--proxy is for --revocation and --aia")
		}
		return nil, nil
	}
	if o.timeout <= 0 {
		return nil, usage("--timeout %s: write a time such as 15s", o.timeout)
	}
	if o.proxy == "" {
		return online.FromEnvironment(o.timeout, a.now), nil
	}
	var proxy *url.URL
	proxy, err := a.proxy(o.proxy, "")
	if err != nil {
		return nil, err
	}
	return online.New(proxy, o.timeout, a.now), nil
}

// jsonOnline is what the network said about a certificate.
type jsonOnline struct {
	Fetched    []jsonAttempt    `json:"fetched,omitzero"`    // with --aia
	Revocation []jsonRevocation `json:"revocation,omitzero"` // with --revocation, of every certificate but the root
}

// An asker asks the network what its flags say.
type asker struct {
	flags  onlineFlags
	client *online.Client // nil: nothing
}

// ask returns opt with the answers in it.
func (n asker) ask(ctx context.Context, s check.Subject, p finding.Purpose, inv *inventory.Inventory, opt check.Options) (check.Options, *jsonOnline) {
	if n.client == nil {
		return opt, nil
	}
	j := &jsonOnline{}
	if n.flags.aia {
		var tried []online.Attempt
		opt.Fetched, tried = n.client.Issuers(ctx, inv, s.Certificate, s.Extra)
		j.Fetched = jsonAttempts(tried)
	}
	if !n.flags.revocation {
		return opt, j
	}
	answers := n.client.Revocation(ctx, check.Paths(s, p, inv, opt).Best())
	opt.More = online.Findings(answers, finding.Any)
	j.Revocation = []jsonRevocation{}
	for _, x := range answers {
		j.Revocation = append(j.Revocation, jsonRevocation{x.Certificate.Subject().String(), x.Certificate.Fingerprint().String(), x.Status, x.By, x.URL,
			rfc3339(x.ThisUpdate), rfc3339(x.NextUpdate), rfc3339(x.RevokedAt), x.Reason, x.Note, jsonAttempts(x.Tried)})
	}
	return opt, j
}

// printOnline prints what the network said.
func (a *app) printOnline(r *jsonOnline) {
	if r == nil {
		return
	}
	for _, t := range r.Fetched {
		text := "fetched"
		if t.Error != "" {
			text = t.Error
		}
		fmt.Fprintf(a.stdout, "Issuer from %s: %s\n", t.URL, text)
	}
	for i, x := range r.Revocation {
		if i == 0 {
			fmt.Fprintln(a.stdout, "Revocation:")
		}
		how := ""
		if x.By != "" {
			how = fmt.Sprintf(" (%s of %s, %s)", x.By, x.ThisUpdate, x.URL)
		}
		fmt.Fprintf(a.stdout, "  %s: %s%s\n", x.Subject, strings.ReplaceAll(string(x.Status), "-", " "), how)
		if x.Note != "" {
			fmt.Fprintf(a.stdout, "    %s\n", x.Note)
		}
	}
}
