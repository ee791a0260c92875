package tlsprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// connectionError is a connection that did not come about.
type connectionError struct {
	step   string // resolve, connect or proxy
	text   string
	advice string
	err    error
}

func (e *connectionError) Error() string { return e.text + ": " + e.err.Error() }
func (e *connectionError) Unwrap() error { return e.err }

// dial opens the connection to the target, through the proxy if there is one.
// It tells the steps when narrate is set.
func (p *prober) dial(ctx context.Context, narrate bool) (net.Conn, error) {
	tell := func(s Step) {
		if narrate {
			p.say(s)
		}
	}
	host, port := p.opt.Target.Host, p.opt.Target.Port
	if p.opt.Proxy != nil {
		host, port = p.opt.Proxy.Hostname(), p.opt.Proxy.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[p.opt.Proxy.Scheme]
		}
	}
	start := time.Now()
	addrs, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, &connectionError{"resolve", "The name " + host + " was not found", "Check the spelling, and whether this computer's DNS knows the name (VPN, hosts file).", err}
	}
	if net.ParseIP(host) == nil {
		tell(Step{ID: "resolve", Status: StepOK, Title: "Name resolved", Detail: strings.Join(addrs[:min(3, len(addrs))], ", "), Took: time.Since(start)})
	}
	start = time.Now()
	conn, err := dialAny(ctx, addrs, port)
	if err != nil {
		return nil, &connectionError{"connect", "No connection to " + net.JoinHostPort(host, port), connectAdvice(err, p.opt.Proxy != nil), err}
	}
	what := "Connected"
	if p.opt.Proxy != nil {
		what = "Connected to the proxy"
	}
	tell(Step{ID: "connect", Status: StepOK, Title: what, Detail: conn.RemoteAddr().String(), Took: time.Since(start)})
	if p.opt.Proxy == nil {
		return conn, nil
	}
	start = time.Now()
	through, err := p.tunnel(ctx, conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	tell(Step{ID: "proxy", Status: StepOK, Title: "The proxy opened the way to " + p.opt.Target.Address(), Detail: p.opt.Proxy.Host, Took: time.Since(start)})
	return through, nil
}

// dialAny tries one address after the other.
func dialAny(ctx context.Context, addrs []string, port string) (net.Conn, error) {
	var errs []error
	for _, a := range addrs {
		d := net.Dialer{Timeout: 8 * time.Second}
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(a, port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil || len(errs) == 4 {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func connectAdvice(err error, proxy bool) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "refused"):
		if proxy {
			return "Nothing listens at the proxy's address: check its host and port."
		}
		return "Nothing listens there: check the port, and whether the service runs."
	case errors.Is(err, context.DeadlineExceeded) || strings.Contains(text, "timeout"):
		return "Nothing answered: a firewall may drop the packets, or a proxy is needed (--proxy)."
	}
	return "Check address, port and firewall; some networks need a proxy (--proxy)."
}

const maxProxyAnswer = 64 << 10 // bytes

// tunnel asks the proxy for a connection to the target.
func (p *prober) tunnel(ctx context.Context, conn net.Conn) (net.Conn, error) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	proxy := p.opt.Proxy
	fail := func(text, advice string, err error) (net.Conn, error) {
		return nil, &connectionError{"proxy", text, advice, err}
	}
	if proxy.Scheme == "https" {
		t := tls.Client(conn, &tls.Config{ServerName: proxy.Hostname()})
		if err := t.HandshakeContext(ctx); err != nil {
			return fail("No TLS with the proxy", "Write http:// if the proxy is a plain one.", err)
		}
		conn = t
	}
	address := p.opt.Target.Address()
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n" + proxyLogin(proxy) + "\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return fail("The proxy closed the connection", "Check that this is an HTTP proxy.", err)
	}
	status, err := readTunnel(conn)
	switch {
	case err != nil:
		return fail("The proxy's answer is not HTTP", "Check that this is an HTTP proxy.", err)
	case status == http.StatusProxyAuthRequired:
		return fail("The proxy wants a login", "Put http://user:password@proxy into the environment variable HTTPS_PROXY.", errors.New("HTTP 407"))
	case status/100 != 2:
		return fail("The proxy does not connect to "+address, "Ask for the address to be allowed on the proxy.", fmt.Errorf("HTTP %d", status))
	}
	return conn, nil
}

// readTunnel reads the answer to CONNECT byte by byte, so that nothing of
// what follows is taken away.
func readTunnel(r io.Reader) (status int, err error) {
	var head []byte
	one := make([]byte, 1)
	for !strings.HasSuffix(string(head[max(0, len(head)-4):]), "\r\n\r\n") {
		if len(head) == maxProxyAnswer {
			return 0, errors.New("the header does not end")
		}
		if _, err := io.ReadFull(r, one); err != nil {
			return 0, err
		}
		head = append(head, one[0])
	}
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(head))), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return 0, errors.New("malformed header")
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

func proxyLogin(u *url.URL) string {
	if u.User == nil {
		return ""
	}
	pw, _ := u.User.Password()
	return "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+pw)) + "\r\n"
}
