package certstore

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"strings"
)

// A KeyPlan says how a store would keep a private key.
type KeyPlan struct {
	Provider Provider // cng, capi, nss or keychain
	Name     string   // the provider's own name
	KeySet   Location // whose keys it will be among
	Reason   string   // why this provider when nobody asked for one, a full sentence
}

// A KeyPlanner is a Store that can say beforehand how it would keep a key.
type KeyPlanner interface {
	// KeyPlan tells how [Store.Put] would keep the key of item, or the error
	// that it would fail with because of that. It changes nothing and never
	// prompts.
	KeyPlan(loc Location, item Item) (KeyPlan, error)
}

// Names of Windows' software providers, wincrypt.h and ncrypt.h.
const (
	softwareKSP = "Microsoft Software Key Storage Provider"
	rsaAESCSP   = "Microsoft Enhanced RSA and AES Cryptographic Provider"
)

// A keyProvider is one of those that Windows itself keeps keys with, in
// software. Type is CryptoAPI's PROV_..., 0 for CNG.
type keyProvider struct {
	name string
	kind Provider
	typ  uint32
}

var softwareProviders = []keyProvider{
	{softwareKSP, ProviderCNG, 0},
	{rsaAESCSP, ProviderCAPI, 24},
	{"Microsoft RSA SChannel Cryptographic Provider", ProviderCAPI, 12},
	{"Microsoft Enhanced Cryptographic Provider v1.0", ProviderCAPI, 1},
	{"Microsoft Strong Cryptographic Provider", ProviderCAPI, 1},
	{"Microsoft Base Cryptographic Provider v1.0", ProviderCAPI, 1},
}

// usual returns the provider of a kind that nobody asked for by name.
func usual(kind Provider) keyProvider {
	for _, p := range softwareProviders {
		if p.kind == kind {
			return p
		}
	}
	return keyProvider{"Microsoft Platform Crypto Provider", ProviderTPM, 0}
}

// providerFor picks the provider that item asks for, by name or by kind; def
// is the kind when it asks for none.
func providerFor(item Item, def Provider) (keyProvider, error) {
	kind := item.Provider
	if kind == ProviderDefault {
		kind = def
	}
	for _, p := range softwareProviders {
		if item.ProviderName == "" && p.kind == kind || strings.EqualFold(p.name, item.ProviderName) {
			return p, nil
		}
	}
	if item.ProviderName != "" {
		return keyProvider{}, &impossible{fmt.Sprintf("the file asks for the provider %q, which is not one of Windows' own in software", item.ProviderName),
			"Import without honouring the file's provider: the key then goes to the usual one."}
	}
	return keyProvider{}, &impossible{"there is no key provider " + string(kind), "The providers are cng and capi."}
}

var errNeedsCNG = &badKey{"CryptoAPI stores RSA keys only; this one needs CNG"}

// keeps reports why the provider cannot keep keys with this public half.
func (p keyProvider) keeps(public any) error {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return nil
	case *ecdsa.PublicKey:
		if p.kind == ProviderCAPI {
			return errNeedsCNG
		}
		if n := k.Params().BitSize; n != 256 && n != 384 && n != 521 {
			return &badKey{"CNG has no curve " + k.Params().Name}
		}
		return nil
	}
	return &badKey{fmt.Sprintf("Windows keeps no keys of type %s", strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", public), "*"), ".PublicKey"))}
}

// unprotected refuses strong protection where the system has none.
func unprotected(item Item) error {
	if item.Protected {
		return &impossible{"strong key protection is a feature of Windows", "Import without it; here the store's own password protects its keys."}
	}
	return nil
}

// errProtectedMachine refuses a prompt that nobody would see.
var errProtectedMachine = &impossible{"strong protection asks a person at every use of the key, and the machine's keys are used by services, which have nobody to ask",
	"Import for the user, or without strong protection."}
