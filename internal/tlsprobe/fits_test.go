package tlsprobe

import (
	"crypto/tls"
	"testing"

	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
)

// TestAgainst has C-09 and C-18 for a request that a P-256 certificate does
// not meet, and neither for one that it does.
func TestAgainst(t *testing.T) {
	ours, theirs := certtest.Root(t, "Ours"), certtest.Root(t, "Theirs")
	leaf := certtest.Client(t, ours, "client")
	request := func(ca certtest.Issuer, a tls.SignatureScheme) *Request {
		r := &Request{CAs: [][]byte{ca.RawSubject}, Algorithms: []tls.SignatureScheme{a}}
		r.info = &tls.CertificateRequestInfo{Version: tls.VersionTLS13, AcceptableCAs: r.CAs, SignatureSchemes: r.Algorithms}
		return r
	}
	for _, tt := range []struct {
		name string
		r    *Request
		want string
	}{
		{"fits", request(ours, tls.ECDSAWithP256AndSHA256), ""},
		{"another CA", request(theirs, tls.ECDSAWithP256AndSHA256), "C-09"},
		{"RSA only", request(ours, tls.PSSWithSHA256), "C-18"},
	} {
		got := ""
		for _, f := range tt.r.against(leaf.Certificate, &inventory.Inventory{}, nil, Options{Now: certtest.Now}) {
			got += f.ID
			if w := finding.WordsOf(f); w.Message == "" || f.Evidence.Value == "" {
				t.Errorf("%s: %+v, %+v", tt.name, w, f)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
