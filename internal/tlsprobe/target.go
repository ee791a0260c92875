package tlsprobe

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// A Target is what is probed.
type Target struct {
	URL  string // as it is shown, in full
	Host string // name or address, ASCII
	Port string
	Path string // of the request, with the query; "" with TLSOnly
	// TLSOnly is true for tls://host:port: the handshake and no HTTP request.
	TLSOnly bool
}

// ErrTarget is an address that is not one.
var ErrTarget = errors.New("not an address to test")

const maxURL = 4096 // bytes

// ParseTarget reads an address as people write it: https://host/path,
// host:port, host, or tls://host:port for a server that does not speak HTTP.
func ParseTarget(s string) (Target, error) {
	s = strings.TrimSpace(s)
	bad := func(format string, args ...any) (Target, error) {
		return Target{}, fmt.Errorf("%w: %s", ErrTarget, fmt.Sprintf(format, args...))
	}
	if s == "" {
		return bad("it is empty")
	}
	if len(s) > maxURL {
		return bad("it is too long")
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return bad("%v", err)
	}
	switch u.Scheme = strings.ToLower(u.Scheme); {
	case u.Scheme == "http":
		return bad("http:// has no certificates; write https://")
	case u.Scheme != "https" && u.Scheme != "tls":
		return bad("%s:// is not known; write https:// or tls://", u.Scheme)
	case u.User != nil:
		return bad("it must not hold a user name or password")
	case u.Hostname() == "":
		return bad("it has no host name")
	}
	host := u.Hostname()
	if net.ParseIP(strings.SplitN(host, "%", 2)[0]) == nil {
		if host, err = idna.Lookup.ToASCII(strings.TrimSuffix(host, ".")); err != nil && strings.ContainsAny(u.Hostname(), " \t\r\n") {
			return bad("%v", err)
		} else if err != nil { // an underscore, say: let the resolver decide
			host = u.Hostname()
		}
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return bad("the port %s is not a number from 1 to 65535", port)
	}
	t := Target{URL: u.String(), Host: host, Port: port, Path: u.RequestURI(), TLSOnly: u.Scheme == "tls"}
	if t.TLSOnly {
		t.Path = ""
	}
	return t, nil
}

// Address is host:port.
func (t Target) Address() string { return net.JoinHostPort(t.Host, t.Port) }

// hostHeader leaves the usual port out.
func (t Target) hostHeader() string {
	if t.Port == "443" {
		return strings.TrimSuffix(net.JoinHostPort(t.Host, ""), ":")
	}
	return t.Address()
}

// ParseProxy reads http://host:port or https://host:port.
func ParseProxy(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("proxy %q: write http://host:port or https://host:port", redact(s))
	}
	return u, nil
}

// redact leaves out what may be a password.
func redact(s string) string {
	if i := strings.LastIndex(s, "@"); i >= 0 {
		if j := strings.Index(s, "://"); j >= 0 && j < i {
			return s[:j+3] + "…" + s[i:]
		}
		return "…" + s[i:]
	}
	return s
}
