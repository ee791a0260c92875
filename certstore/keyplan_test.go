package certstore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

// TestECNeedsCNG says what to do where CryptoAPI cannot keep a key.
func TestECNeedsCNG(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, err := providerFor(Item{Provider: ProviderCAPI}, ProviderCNG)
	if err != nil {
		t.Fatal(err)
	}
	err = &Error{Op: "put", Location: User, Store: My, Err: p.keeps(key.Public())}
	if !errors.Is(err, ErrKey) || !strings.Contains(Advice(err), "CNG") {
		t.Errorf("%v, advice %q", err, Advice(err))
	}
	if p, err = providerFor(Item{}, ProviderCNG); err != nil || p.keeps(key.Public()) != nil {
		t.Errorf("CNG: %v, %v", err, p.keeps(key.Public()))
	}
}
