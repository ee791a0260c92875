package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
	"certdesk/internal/identity"
	"certdesk/internal/inventory"
	"certdesk/internal/tlsprobe"
)

func (a *app) probeCommand() *cobra.Command {
	var cert, proxy, ca string
	opt := tlsprobe.Options{}
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "connect to a server and say, step by step, what it does with client certificates",
		Long: `probe connects to a server without a certificate, and with --cert once more
with that one: never with another. It says whether and when the server asks
for a certificate, which CAs and keys it accepts, which of your certificates
fit and why the others do not, and what became of the one that was sent.

A certificate of a store is used in place; its key does not leave the store.
If the server's own certificate is not acceptable, nothing is sent.
tls://host:port stops after the handshake, for servers that do not speak HTTP.

Exit codes: 0 it works with what was sent; 6 refused, asked for a certificate
that was not given, or the server's certificate is not acceptable; 1 no
connection.`,
		Example: `  certctl probe https://ws.partner.example:8443/orders
  certctl probe https://ws.partner.example:8443/orders --cert 4ff4a1beb76c
  certctl probe https://localhost:8443 --cert client.pfx --password-file pw.txt --ca root.pem`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opt.Target, err = tlsprobe.ParseTarget(args[0]); err != nil {
				return usage("%v", err)
			}
			if opt.Timeout <= 0 {
				return usage("--timeout %s: write a time such as 20s", opt.Timeout)
			}
			if opt.Proxy, err = a.proxy(proxy, args[0]); err != nil {
				return err
			}
			return a.probe(cmd.Context(), opt, cert, ca)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cert, "cert", "", "the certificate to send when asked: an ID in a store, or a file with its key")
	f.StringVar(&proxy, "proxy", "", "http://host:port of an HTTP proxy; HTTPS_PROXY in the environment if not given, \"none\" for none")
	f.StringVar(&ca, "ca", "", "file with the roots that the server's certificate may end at, instead of those of this computer")
	f.DurationVar(&opt.Timeout, "timeout", tlsprobe.DefaultTimeout, "how long a connection may take")
	f.BoolVar(&opt.Insecure, "insecure", false, "go on although the server's certificate is not acceptable")
	a.password.add(f, "", "the file's password")
	return cmd
}

// proxy returns the proxy that the flag or the environment names. A password
// comes from the environment only, as command lines are seen by everybody.
func (a *app) proxy(flag, target string) (*url.URL, error) {
	switch flag {
	case "none":
		return nil, nil
	case "":
		if !strings.Contains(target, "://") {
			target = "https://" + target
		}
		u, err := url.Parse(target)
		if err != nil {
			return nil, nil
		}
		u.Scheme = "https" // tls:// goes the same way
		p, err := http.ProxyFromEnvironment(&http.Request{URL: u})
		if err != nil || p == nil {
			return nil, err
		}
		return tlsprobe.ParseProxy(p.String())
	}
	p, err := tlsprobe.ParseProxy(flag)
	if err != nil {
		return nil, usage("%v", err)
	}
	if p.User != nil {
		return nil, usage("--proxy: a user name and password belong into the environment variable HTTPS_PROXY, not on the command line")
	}
	return p, nil
}

func (a *app) probe(ctx context.Context, opt tlsprobe.Options, cert, ca string) error {
	opt.Now = a.now
	inv, err := a.load(ctx, "")
	if err != nil {
		a.warn(err)
	}
	opt.Inventory = inv
	if ca != "" {
		if opt.Roots, err = a.roots(ca); err != nil {
			return err
		}
	}
	if cert != "" {
		if opt.Identity, err = a.identity(ctx, cert, inv); err != nil {
			return err
		}
	}
	report := tlsprobe.Run(ctx, opt)
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(jsonProbeOf(report))
	} else {
		a.printProbe(report)
	}
	if err != nil {
		return err
	}
	switch report.ExitCode() {
	case exitCheck:
		return errVerdict
	case exitFailed:
		return errNoConnection
	}
	return nil
}

// errNoConnection makes the program end with exit code 1; the report has been
// printed.
var errNoConnection = errors.New("no connection")

// roots reads the certificates of a file.
func (a *app) roots(path string) ([]*certificate.Certificate, error) {
	data, err := a.readBounded(path)
	if err != nil {
		return nil, err
	}
	contents, err := certfile.Inspect(data)
	if err != nil {
		return nil, fmt.Errorf("--ca %s: %w", path, err)
	}
	defer contents.Wipe()
	var out []*certificate.Certificate
	for _, c := range contents.Certificates {
		out = append(out, c.Certificate)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("--ca %s: there is no certificate in it", path)
	}
	return out, nil
}

// identity finds the certificate to send and its key.
func (a *app) identity(ctx context.Context, arg string, inv *inventory.Inventory) (*tlsprobe.Identity, error) {
	if isFile(arg) {
		_, contents, err := a.readFile(ctx, arg)
		if err != nil {
			return nil, err
		}
		defer contents.Wipe()
		return identity.OfFile(contents, arg, inv, a.now)
	}
	rows, err := inv.Resolve(arg, nil)
	if err != nil {
		return nil, err
	}
	store, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	return identity.OfRow(ctx, store, inv, withKey(rows), a.now)
}

type jsonProbe struct {
	URL          string            `json:"url"`
	Result       tlsprobe.Result   `json:"result"` // ok, asked, refused, server-certificate, cannot-send or no-connection
	Title        string            `json:"title"`
	Text         string            `json:"text"`
	Advice       []string          `json:"advice"`
	Steps        []jsonProbeStep   `json:"steps"`
	TLS          *jsonTLS          `json:"tls"`
	Server       *jsonServer       `json:"server"`
	Request      *jsonRequest      `json:"request"` // null: no client certificate was asked for
	Certificates []jsonMine        `json:"certificates"`
	Sent         *jsonSent         `json:"sent"` // null: nothing was sent
	Alert        string            `json:"alert,omitempty"`
	HTTP         *jsonHTTPResponse `json:"http"`
}

type jsonProbeStep struct {
	tlsprobe.Step
	Milliseconds float64 `json:"ms"`
}

type jsonTLS struct {
	Version string `json:"version"`
	Cipher  string `json:"cipher"`
}

type jsonServer struct {
	Acceptable bool          `json:"acceptable"`
	Sent       int           `json:"sent"` // certificates
	SHA256     string        `json:"sha256"`
	Chain      []jsonLink    `json:"chain"`
	Findings   []jsonFinding `json:"findings"`
}

type jsonRequest struct {
	When          tlsprobe.When `json:"when"` // handshake or renegotiation
	TLS           string        `json:"tls"`
	OnlyTLS12     bool          `json:"onlyTLS12"`
	AcceptableCAs []string      `json:"acceptableCAs"` // empty: any
	Algorithms    []string      `json:"signatureAlgorithms"`
}

type jsonMine struct {
	CommonName string        `json:"commonName"`
	SHA256     string        `json:"sha256"`
	Fits       bool          `json:"fits"`
	Findings   []jsonFinding `json:"findings"`
}

type jsonSent struct {
	Subject      string `json:"subject"`
	SHA256       string `json:"sha256"`
	Certificates int    `json:"certificates"`
	Signature    string `json:"signature,omitempty"`
}

type jsonHTTPResponse struct {
	Status    int    `json:"status"`
	Substatus int    `json:"substatus,omitempty"`
	Text      string `json:"text"`
	Server    string `json:"server,omitempty"`
}

func jsonProbeOf(r *tlsprobe.Report) jsonProbe {
	j := jsonProbe{URL: r.Target.URL, Result: r.Result, Title: r.Title, Text: r.Text, Advice: r.Ask, Steps: []jsonProbeStep{}, Certificates: []jsonMine{}, Alert: r.Alert}
	if j.Advice == nil {
		j.Advice = []string{}
	}
	for _, s := range r.Steps {
		j.Steps = append(j.Steps, jsonProbeStep{s, float64(s.Took.Microseconds()) / 1000})
	}
	if r.Version != 0 {
		j.TLS = &jsonTLS{tls.VersionName(r.Version), r.Cipher}
	}
	if p := r.Server; p != nil {
		j.Server = &jsonServer{p.Acceptable, len(p.Sent), p.Sent[0].Fingerprint().String(), jsonLinks(p.Paths.Best()), jsonFindings(p.Findings)}
	}
	if q := r.Request; q != nil {
		j.Request = &jsonRequest{When: q.When, TLS: tls.VersionName(q.Version), OnlyTLS12: q.OnlyTLS12, AcceptableCAs: q.CANames(len(q.CAs)), Algorithms: []string{}}
		if j.Request.AcceptableCAs == nil {
			j.Request.AcceptableCAs = []string{}
		}
		for _, s := range q.Algorithms {
			j.Request.Algorithms = append(j.Request.Algorithms, s.String())
		}
	}
	for _, m := range r.Mine {
		c := m.Row.Certificate
		j.Certificates = append(j.Certificates, jsonMine{c.CommonName(), c.Fingerprint().String(), m.Fits, jsonFindings(m.Findings)})
	}
	if s := r.Sent; s != nil {
		j.Sent = &jsonSent{s.Certificate.Subject().String(), s.Certificate.Fingerprint().String(), s.Count, s.Signature}
	}
	if h := r.Response; h != nil {
		j.HTTP = &jsonHTTPResponse{h.Status, h.Substatus, h.Text, h.Server}
	}
	return j
}

var stepMarks = map[tlsprobe.Status]string{tlsprobe.StepOK: "ok", tlsprobe.StepInfo: "-", tlsprobe.StepWarning: "WARNING", tlsprobe.StepError: "ERROR"}

const casShown = 20 // names of acceptable CAs that the table lists

func (a *app) printProbe(r *tlsprobe.Report) {
	fmt.Fprintf(a.stdout, "%s\n%s\n\n", r.Title, r.Text)
	for _, s := range r.Steps {
		detail := s.Detail
		if s.Took >= time.Millisecond {
			detail = strings.TrimPrefix(fmt.Sprintf("%s, %d ms", detail, s.Took.Milliseconds()), ", ")
		}
		fmt.Fprintln(a.stdout, strings.TrimRight(fmt.Sprintf("%-7s  %-42s  %s", stepMarks[s.Status], s.Title, detail), " "))
		for _, line := range []string{s.Reason, s.Advice} {
			if line != "" {
				fmt.Fprintln(a.stdout, "         "+line)
			}
		}
	}
	if q := r.Request; q != nil && len(q.CAs) > 0 {
		fmt.Fprintln(a.stdout, "\nCertificate authorities the server accepts:")
		for _, n := range q.CANames(casShown) {
			fmt.Fprintln(a.stdout, "  "+n)
		}
		if more := len(q.CAs) - casShown; more > 0 {
			fmt.Fprintf(a.stdout, "  and %d more; --json lists them\n", more)
		}
	}
	if len(r.Mine) > 0 {
		fmt.Fprintln(a.stdout, "\nYour certificates:")
		for _, m := range r.Mine {
			why := "fits"
			if !m.Fits {
				why = "left out: " + finding.WordsOf(m.Findings[0]).Title
			}
			fmt.Fprintf(a.stdout, "  %s  %s (%s)\n", m.Row.Certificate.Fingerprint().String()[:16], m.Row.Certificate.CommonName(), why)
		}
	}
	if len(r.Ask) > 0 {
		fmt.Fprintln(a.stdout, "\nWhat to do, or to ask the other side:")
		for i, s := range r.Ask {
			fmt.Fprintf(a.stdout, "  %d. %s\n", i+1, s)
		}
	}
}
