package certstore_test

import (
	"errors"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certtest"
)

// set gives a certificate trust settings as another program would.
func (m *mac) set(t *testing.T, p *keychain.Pool, i certtest.Issuer, settings keychain.Ref) {
	t.Helper()
	certificate := p.Own(p.SecCertificateCreateWithData(0, p.Data(i.Raw)))
	if err := p.Check("SecTrustSettingsSetTrustSettings", p.SecTrustSettingsSetTrustSettings(certificate, keychain.DomainUser, settings)); err != nil {
		t.Fatal(err)
	}
}

// TestKeychainSettings reads trust that other programs set, and gives back
// what can be given back.
func TestKeychainSettings(t *testing.T) {
	m := newMac(t)
	p := m.NewPool()
	defer p.Drain()
	rule := func(policy string, client bool, result int32, more ...keychain.Ref) keychain.Ref {
		pairs := append([]keychain.Ref{p.String(keychain.TrustResult), p.Number(result)}, more...)
		if policy != "" {
			var properties keychain.Ref
			if client {
				properties = p.Dictionary(p.KSecPolicyClient, p.KCFBooleanTrue)
			}
			pairs = append(pairs, p.String(keychain.TrustPolicy), p.Own(p.SecPolicyCreateWithProperties(p.String(policy), properties)))
		}
		return p.Dictionary(pairs...)
	}
	const ssl, smime, code = "1.2.840.113635.100.1.3", "1.2.840.113635.100.1.8", "1.2.840.113635.100.1.16"
	for _, tt := range []struct {
		name     string
		settings keychain.Ref
		store    certstore.Name
		tls      bool // trusted for TLS
		words    string
		back     bool // can be given back
	}{
		{"always trust, without settings", 0, certstore.Root, true, "*=root", true},
		{"always trust", p.Array(rule("", false, keychain.TrustRoot)), certstore.Root, true, "*=root", true},
		{"an empty rule", p.Array(p.Dictionary()), certstore.Root, true, "*=root", true},
		{"SSL, and mail not", p.Array(rule(ssl, false, keychain.TrustRoot), rule(smime, false, keychain.TrustDeny)), certstore.Disallowed, true, ssl + "=root " + smime + "=deny", true},
		{"for clients", p.Array(rule(ssl, true, keychain.TrustRoot)), certstore.Root, true, ssl + "/client=root", true},
		{"code only", p.Array(rule(code, false, keychain.TrustRoot)), certstore.Root, false, code + "=root", true},
		{"never", p.Array(rule("", false, keychain.TrustDeny)), certstore.Disallowed, false, "*=deny", true},
		{"no opinion", p.Array(rule("", false, keychain.TrustNone)), certstore.CA, false, "*=unspecified", true},
		{"one host", p.Array(rule(ssl, false, keychain.TrustRoot, p.String("kSecTrustSettingsPolicyString"), p.String("www.example.test"))), certstore.Root, true, ssl + "=root+", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := m.open()
			root := certtest.Root(t, "Test Root")
			if err := s.Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: root.Raw}); err != nil {
				t.Fatal(err)
			}
			m.set(t, p, root, tt.settings)
			st, err := s.State(t.Context(), certstore.User, root.Raw)
			if err != nil || st.Store != tt.store || st.Trust != tt.words {
				t.Errorf("State = %+v, %v; want %s with %q", st, err, tt.store, tt.words)
			}
			for e := range s.Entries(t.Context(), certstore.User) {
				if e.Fingerprint() == root.Fingerprint() && e.Trusted != tt.tls {
					t.Errorf("trusted for TLS: %t, want %t", e.Trusted, tt.tls)
				}
			}
			if err := s.Restore(t.Context(), certstore.User, root.Raw, st); err != nil {
				t.Errorf("Restore of what is: %v", err)
			}
			if err := s.Delete(t.Context(), refTo(tt.store, root), certstore.DeleteAll); err != nil {
				t.Fatal(err)
			}
			err = s.Restore(t.Context(), certstore.User, root.Raw, st)
			if !tt.back {
				if !errors.Is(err, certstore.ErrNotPossible) || !strings.Contains(certstore.Advice(err), "Keychain Access") {
					t.Errorf("Restore = %v", err)
				}
				return
			}
			if again, err2 := s.State(t.Context(), certstore.User, root.Raw); err != nil || err2 != nil || again != st {
				t.Errorf("Restore = %v; State = %+v, %v; want %+v", err, again, err2, st)
			}
			if err := s.Restore(t.Context(), certstore.User, root.Raw, certstore.State{}); err != nil {
				t.Errorf("Restore to nothing: %v", err)
			}
		})
	}
	m.Fail("SecPolicyCreateWithProperties", 0, 0)
	root := certtest.Root(t, "Test Root")
	if err := m.open().Put(t.Context(), certstore.User, certstore.Root, certstore.Item{DER: root.Raw}); err == nil || !strings.Contains(err.Error(), ssl) {
		t.Errorf("Put with a policy that macOS does not know = %v", err)
	}
	m.Fail("SecCertificateCreateWithData", 0, 0)
	if err := m.open().Put(t.Context(), certstore.User, certstore.CA, certstore.Item{DER: root.Raw}); !errors.Is(err, certstore.ErrNotPossible) {
		t.Errorf("Put of what macOS reads as no certificate = %v", err)
	}
	damaged := certstore.State{Certificate: true, Store: certstore.CA, Trust: "what=ever"}
	if err := m.open().Restore(t.Context(), certstore.User, root.Raw, damaged); err == nil {
		t.Error("Restore takes trust that nobody wrote")
	}
}
