package ui

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"iter"
	"math/big"
	"sync"
	"testing"
	"time"

	"certdesk/certstore"
)

// testNow is the time certificates are judged at in tests.
var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeStore is a store whose entries a test chooses.
type fakeStore struct {
	mu      sync.Mutex
	entries []certstore.Entry
	err     error         // yielded for the machine, or for the location it names
	hang    chan struct{} // not nil: reading waits until it is closed
}

func (f *fakeStore) Places(context.Context) []certstore.Place {
	var ps []certstore.Place
	for _, l := range []certstore.Location{certstore.User, certstore.Machine} {
		for _, n := range []certstore.Name{certstore.My, certstore.CA, certstore.Root, certstore.People} {
			p := certstore.Place{Location: l, Name: n, Path: "/test"}
			if l == certstore.Machine {
				p.ReadOnly = certstore.ErrDenied
			}
			ps = append(ps, p)
		}
	}
	return ps
}

func (f *fakeStore) Entries(_ context.Context, l certstore.Location) iter.Seq2[certstore.Entry, error] {
	return func(yield func(certstore.Entry, error) bool) {
		if f.hang != nil {
			<-f.hang
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		at := certstore.Machine
		if e, ok := errors.AsType[*certstore.Error](f.err); ok {
			at = e.Location
		}
		if l == at && f.err != nil && !yield(certstore.Entry{}, f.err) {
			return
		}
		for _, e := range f.entries {
			if e.Location == l && !yield(e, nil) {
				return
			}
		}
	}
}

var errNotInTest = errors.New("not in this test")

func (f *fakeStore) Put(context.Context, certstore.Location, certstore.Name, certstore.Item) error {
	return errNotInTest
}

func (f *fakeStore) Move(context.Context, certstore.Ref, certstore.Location, certstore.Name) error {
	return errNotInTest
}

func (f *fakeStore) Delete(context.Context, certstore.Ref, certstore.DeleteMode) error {
	return errNotInTest
}

func (f *fakeStore) Signer(context.Context, certstore.Ref) (crypto.Signer, error) {
	return nil, errNotInTest
}

func (f *fakeStore) State(context.Context, certstore.Location, []byte) (certstore.State, error) {
	return certstore.State{}, errNotInTest
}

func (f *fakeStore) Restore(context.Context, certstore.Location, []byte, certstore.State) error {
	return errNotInTest
}

func (f *fakeStore) Close() error { return nil }

// entry makes a self-signed client certificate in the user's Personal store.
func entry(t *testing.T, name string, serial int64, usage x509.KeyUsage, notAfter time.Time) certstore.Entry {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: notAfter, KeyUsage: usage, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		&x509.Certificate{Subject: pkix.Name{CommonName: "Test CA"}}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return certstore.Entry{Location: certstore.User, Store: certstore.My, DER: der, Key: certstore.KeyPresent, Exportable: true}
}
