package certstore

import (
	"fmt"
	"strings"

	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certificate"
)

// The policies that Certdesk trusts certificates for (SecPolicy.h).
const (
	policySSL   = "1.2.840.113635.100.1.3"
	policySMIME = "1.2.840.113635.100.1.8"
)

// A keychainRule is one of a certificate's trust settings.
type keychainRule struct {
	policy string // an object identifier; "" for all
	client bool   // of the SSL policy: for clients
	result int32  // SecTrustSettingsResult
	more   bool   // it is restricted in ways that are not kept here, such as to one program
}

// A keychainTrust is a certificate's trust settings, nil for none.
type keychainTrust []keychainRule

// trusts reports whether the rule gives trust away.
func (r keychainRule) trusts() bool {
	return r.result == keychain.TrustRoot || r.result == keychain.TrustAsRoot
}

// kind returns what the settings make of c.
func (t keychainTrust) kind(c *certificate.Certificate, key bool) kind {
	k := kind{key: key}
	for _, r := range t {
		switch {
		case r.result == keychain.TrustDeny:
			k.distrusted = true
		case r.trusts() && c.IsCA():
			k.anchor = true
		case r.trusts():
			k.trusted = true
		}
	}
	return k
}

// anchor reports whether TLS trusts what c issues.
func (t keychainTrust) anchor(c *certificate.Certificate) bool {
	is := false
	for _, r := range t {
		if r.policy != "" && r.policy != policySSL {
			continue
		}
		if r.result == keychain.TrustDeny {
			return false
		}
		is = is || r.trusts() && c.IsCA()
	}
	return is
}

// keychainTrustOf returns the settings that the store name means for c. A
// root is trusted for TLS only. macOS has one word for trust in self-signed
// certificates and another for trust in others, and takes no other.
func keychainTrustOf(name Name, c *certificate.Certificate) keychainTrust {
	result := int32(keychain.TrustAsRoot)
	if c.SelfSigned() {
		result = keychain.TrustRoot
	}
	switch name {
	case Root:
		return keychainTrust{{policy: policySSL, result: result}}
	case TrustedPeople:
		return keychainTrust{{policy: policySSL, result: result}, {policy: policySMIME, result: result}}
	case Disallowed:
		return keychainTrust{{result: keychain.TrustDeny}}
	}
	return nil
}

var keychainResults = map[int32]string{
	keychain.TrustRoot: "root", keychain.TrustAsRoot: "as-root", keychain.TrustDeny: "deny", keychain.TrustNone: "unspecified",
}

// String returns the settings as words, "" for none: "POLICY=RESULT",
// with "*" for all policies, "/client" behind the SSL policy of clients, and
// "+" behind what is restricted further.
func (t keychainTrust) String() string {
	var words []string
	for _, r := range t {
		word := r.policy
		if word == "" {
			word = "*"
		}
		if r.client {
			word += "/client"
		}
		result, ok := keychainResults[r.result]
		if !ok {
			result = fmt.Sprint(r.result)
		}
		word += "=" + result
		if r.more {
			word += "+"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// parseKeychainTrust is the reverse of [keychainTrust.String].
func parseKeychainTrust(s string) (keychainTrust, error) {
	var t keychainTrust
	for _, word := range strings.Fields(s) {
		policy, result, ok := strings.Cut(word, "=")
		var r keychainRule
		result, r.more = strings.CutSuffix(result, "+")
		policy, r.client = strings.CutSuffix(policy, "/client")
		if policy != "*" {
			r.policy = policy
		}
		for n, text := range keychainResults {
			if text == result {
				r.result = n
			}
		}
		if !ok || r.result == 0 {
			return nil, fmt.Errorf("the trust %.80q is not understood", word)
		}
		t = append(t, r)
	}
	return t, nil
}

// trusts returns the settings of all certificates that have some in a domain.
func (k *openKeychain) trusts(domain uint32) (map[certificate.Fingerprint]keychainTrust, error) {
	all := map[certificate.Fingerprint]keychainTrust{}
	var list keychain.Ref
	err := k.Check("SecTrustSettingsCopyCertificates", k.SecTrustSettingsCopyCertificates(domain, &list))
	if keychain.IsStatus(err, keychain.ErrNoTrustSettings, keychain.ErrItemNotFound) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	for _, ref := range k.Values(k.Own(list)) {
		t, err := k.settings(ref, domain)
		if err != nil {
			return nil, err
		}
		if t != nil {
			all[k.parse(ref).Fingerprint()] = t
		}
	}
	return all, nil
}

// settings reads the trust settings of one certificate.
func (k *openKeychain) settings(ref keychain.Ref, domain uint32) (keychainTrust, error) {
	var list keychain.Ref
	err := k.Check("SecTrustSettingsCopyTrustSettings", k.SecTrustSettingsCopyTrustSettings(ref, domain, &list))
	if keychain.IsStatus(err, keychain.ErrItemNotFound, keychain.ErrNoTrustSettings) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := k.Values(k.Own(list))
	if len(values) == 0 { // no restriction at all
		return keychainTrust{{result: keychain.TrustRoot}}, nil
	}
	var t keychainTrust
	for _, v := range values {
		r, known := keychainRule{result: keychain.TrustRoot}, 0
		if policy := k.Value(v, k.String(keychain.TrustPolicy)); policy != 0 {
			known++
			r.policy = k.policyOID(policy)
		}
		if name := k.Value(v, k.String(keychain.TrustPolicyName)); name != 0 {
			known++
			r.client = k.Text(name) == "sslClient"
		}
		if result, ok := k.Int(k.Value(v, k.String(keychain.TrustResult))); ok {
			known++
			r.result = result
		}
		r.more = k.CFDictionaryGetCount(v) > known
		t = append(t, r)
	}
	return t, nil
}

// policyOID returns the object identifier of a SecPolicyRef; "other" for one
// that does not tell, so that it never passes for all policies.
func (k *openKeychain) policyOID(policy keychain.Ref) string {
	oid := k.Text(policy) // trust settings are stored with the identifier alone
	if oid == "" && k.CFGetTypeID(policy) == k.SecPolicyGetTypeID() {
		oid = k.Text(k.Value(k.Own(k.SecPolicyCopyProperties(policy)), k.KSecPolicyOid))
	}
	if oid == "" {
		return "other"
	}
	return oid
}

// setTrust changes the settings of the certificate ref from old to t. macOS
// asks for the user's password, or an administrator's.
func (k *openKeychain) setTrust(ref keychain.Ref, old, t keychainTrust) error {
	if old.String() == t.String() {
		return nil
	}
	if t == nil {
		err := k.Check("SecTrustSettingsRemoveTrustSettings", k.SecTrustSettingsRemoveTrustSettings(ref, k.domain))
		if keychain.IsStatus(err, keychain.ErrItemNotFound) {
			return nil
		}
		return err
	}
	var list []keychain.Ref
	for _, r := range t {
		if r.more || r.policy == "other" {
			return &impossible{"its trust was restricted in a way that only Keychain Access can set", "Set it again in Keychain Access."}
		}
		pairs := []keychain.Ref{k.String(keychain.TrustResult), k.Number(r.result)}
		if r.policy != "" {
			var properties keychain.Ref
			if r.client {
				properties = k.Dictionary(k.KSecPolicyClient, k.KCFBooleanTrue)
			}
			policy := k.Own(k.SecPolicyCreateWithProperties(k.String(r.policy), properties))
			if policy == 0 {
				return fmt.Errorf("SecPolicyCreateWithProperties: macOS does not know the policy %s", r.policy)
			}
			pairs = append(pairs, k.String(keychain.TrustPolicy), policy)
		}
		list = append(list, k.Dictionary(pairs...))
	}
	return k.Check("SecTrustSettingsSetTrustSettings", k.SecTrustSettingsSetTrustSettings(ref, k.domain, k.Array(list...)))
}
