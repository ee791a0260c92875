package certstore

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/big"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certtest"
)

// TestSignCNG signs with keys that are in no store, which Wine can do. Each
// signature has a handle of its own: Wine 8 fails at PKCS #1 after PSS.
func TestSignCNG(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("signed"))
	for name, opts := range map[string]crypto.SignerOpts{
		"PKCS #1 v1.5": crypto.SHA256,
		"PSS":          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256},
		"PSS auto":     &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := wincrypt.NCryptOpenStorageProvider(wincrypt.MS_KEY_STORAGE_PROVIDER)
			if err != nil {
				t.Fatal(err)
			}
			defer wincrypt.NCryptFreeObject(p)
			k, err := wincrypt.NCryptImportKey(p, wincrypt.BCRYPT_RSAFULLPRIVATE_BLOB, "", fullPrivateBlob(key), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer wincrypt.NCryptFreeObject(k)
			sig, err := signCNG(k, key.Public(), digest[:], opts)
			if err != nil {
				t.Fatal(err)
			}
			if pss, ok := opts.(*rsa.PSSOptions); ok {
				err = rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, digest[:], sig, pss)
			} else {
				err = rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], sig)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// fullPrivateBlob is BCRYPT_RSAFULLPRIVATE_BLOB.
func fullPrivateBlob(key *rsa.PrivateKey) []byte {
	e := big.NewInt(int64(key.E)).Bytes()
	n, half := key.Size(), key.Size()/2
	var out []byte
	for _, v := range []int{0x33415352, key.N.BitLen(), len(e), n, half, half} { // "RSA3"
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	out = append(out, e...)
	p := key.Precomputed
	for i, v := range []*big.Int{key.N, key.Primes[0], key.Primes[1], p.Dp, p.Dq, p.Qinv, key.D} {
		size := half
		if i == 0 || i == 6 {
			size = n
		}
		out = append(out, v.FillBytes(make([]byte, size))...)
	}
	return out
}

// A countdown is a context that ends when it was asked n times.
type countdown struct {
	context.Context
	n int
}

func (c *countdown) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// TestFailedImport ends an import after its key was stored: the container
// must be gone, and what was there before as it was.
func TestFailedImport(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := certtest.MakeWithKey(t, nil, "Client", key)
	s := &windowsStore{prefix: "CertdeskTest-" + rand.Text()[:10] + "-", provider: ProviderCAPI, writable: machineWritable}
	deleted := 0
	for n := range 5 {
		err := s.Put(&countdown{t.Context(), n}, Machine, My, Item{DER: c.Raw, Key: c.PKCS8(t)})
		if err == nil {
			deleted = n
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d questions: %v", n, err)
		}
		for _, loc := range []Location{User, Machine} {
			if st, err := s.State(t.Context(), loc, c.Raw); err != nil || st != (State{}) {
				t.Errorf("after %d questions %s holds %+v, %v", n, loc, st, err)
			}
		}
	}
	if deleted < 3 {
		t.Errorf("the context was asked %d times only: no import ended behind its key", deleted)
	}
	if err := s.Restore(t.Context(), Machine, c.Raw, State{}); err != nil {
		t.Error(err)
	}
}

// TestProviders wants the reason where a provider cannot keep a key.
func TestProviders(t *testing.T) {
	s := &windowsStore{prefix: "CertdeskTest-" + rand.Text()[:10] + "-", provider: ProviderCAPI, writable: machineWritable}
	ec := certtest.Root(t, "EC")
	put := func(p Provider) error {
		return s.Put(t.Context(), User, My, Item{DER: ec.Raw, Key: ec.PKCS8(t), Provider: p})
	}
	if err := put(ProviderCAPI); !errors.Is(err, ErrKey) {
		t.Errorf("an EC key for CryptoAPI = %v, want ErrKey", err)
	}
	if err := put("tape"); !errors.Is(err, ErrNotPossible) {
		t.Errorf("an unknown provider = %v, want ErrNotPossible", err)
	}
	t.Run("CNG", func(t *testing.T) {
		if wincrypt.OnWine() != "" {
			if err := put(ProviderCNG); err == nil {
				t.Error("Wine keeps CNG keys now: drop the limits")
			}
			t.Skip("Wine 8: no persisted CNG keys")
		}
		if err := put(ProviderCNG); err != nil {
			t.Error(err)
		}
		if err := s.Restore(t.Context(), User, ec.Raw, State{}); err != nil {
			t.Error(err)
		}
	})
	if st, err := s.State(t.Context(), User, ec.Raw); err != nil || st != (State{}) {
		t.Errorf("State = %+v, %v", st, err)
	}
}

// TestCalled takes the call and the number out of what certtostore says, and
// leaves the handle behind.
func TestCalled(t *testing.T) {
	for text, want := range map[string]string{
		"unable to determine key unique name: NCryptGetProperty(0x4a8964c02d0) returned 80090027 during size check: Success.": "NCryptGetProperty",
		"NCryptCreatePersistedKey returned 80090029: Success.":                                                                "NCryptCreatePersistedKey",
		"NCryptOpenStorageProvider returned 80070005: Access is denied.":                                                      "NCryptOpenStorageProvider",
	} {
		err := called(errors.New(text))
		if e, ok := errors.AsType[*wincrypt.Error](err); !ok || e.Call != want || strings.Contains(err.Error(), "0x4a8964c02d0") {
			t.Errorf("%s becomes %v", text, err)
		}
		if errors.Is(cause(err), ErrDenied) != strings.Contains(text, "80070005") {
			t.Errorf("%s becomes %v", text, cause(err))
		}
	}
	if err := errors.New("something else"); !errors.Is(called(err), err) {
		t.Error("what names no call is another error")
	}
}

// TestCause wants each cause once, whoever finds it first.
func TestCause(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{wincrypt.Wrap("RegOpenKeyEx", windows.ERROR_ACCESS_DENIED), "access denied: RegOpenKeyEx (0x00000005)"},
		{windows.ERROR_ACCESS_DENIED, "access denied: 0x00000005"},
		{&fs.PathError{Op: "mkdir", Path: "keys", Err: windows.ERROR_ACCESS_DENIED}, "access denied: mkdir keys (0x00000005)"},
		{wincrypt.Wrap("CertAddCertificateContextToStore", syscall.Errno(windows.CRYPT_E_EXISTS)), "already in the store: CertAddCertificateContextToStore (0x80092005)"},
		{errors.New("anything"), "anything"},
	} {
		if got := cause(cause(tt.err)); got.Error() != tt.want || !errors.Is(got, tt.err) {
			t.Errorf("%v becomes %v, want %s", tt.err, got, tt.want)
		}
	}
}
