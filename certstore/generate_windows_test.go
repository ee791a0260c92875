package certstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/certstoretest"
	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certtest"
)

// requestIn in the environment makes the test binary do one step of a
// request ("csr" or "complete"), and exit. What it needs comes as JSON.
const requestIn = "CERTDESK_TEST_REQUEST"

type requestData struct {
	Prefix  string
	Pending certstore.PendingKey
	Answer  certstore.Answer
}

func requestStep(step string) error {
	ctx := context.Background()
	var d requestData
	if err := json.NewDecoder(os.Stdin).Decode(&d); err != nil {
		return err
	}
	s, err := certstore.Open(ctx, certstore.Options{Getenv: prefixed(d.Prefix)})
	if err != nil {
		return err
	}
	g := s.(certstore.KeyGenerator)
	if step == "complete" {
		return g.Complete(ctx, d.Pending, d.Answer)
	}
	key, err := g.Pending(ctx, d.Pending)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "Client"}}, key)
	if err == nil {
		_, err = os.Stdout.Write(der)
	}
	return err
}

// TestRequestInProcesses goes from the key to a signature with a process of
// its own for each step, as a request that waits for days does.
func TestRequestInProcesses(t *testing.T) {
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		s, prefix := openPrefixed(t)
		p, err := s.(certstore.KeyGenerator).Generate(t.Context(), certstore.KeyRequest{Location: loc, Algorithm: certstore.RSA2048})
		if err != nil {
			t.Fatal(err)
		}
		d := requestData{Prefix: prefix, Pending: p}
		request, err := x509.ParseCertificateRequest(processStep(t, "csr", d))
		if err == nil {
			err = request.CheckSignature()
		}
		if err != nil {
			t.Fatalf("the request: %v", err)
		}
		root := certtest.Root(t, "Root")
		inter := certtest.Intermediate(t, root, "Intermediate")
		leaf := certtest.MakeWithKey(t, &inter, "Client", certstoretest.PublicOnly{PublicKey: request.PublicKey})
		d.Answer = certstore.Answer{DER: leaf.Raw, Issuer: inter.Raw}
		processStep(t, "complete", d)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), signIn+"="+prefix, signIn+"_LOCATION="+string(loc))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", loc, err, out)
		}
	}
}

func processStep(t *testing.T, step string, d requestData) []byte {
	t.Helper()
	in, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env, cmd.Stdin = append(os.Environ(), requestIn+"="+step), bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", step, err, out)
	}
	return out
}

// TestGenerateWithCerttostore makes keys of CNG and of the TPM where they can
// be kept. Elsewhere it wants an error and nothing left, also on the outputs
// that scripts read.
func TestGenerateWithCerttostore(t *testing.T) {
	for _, tt := range []struct {
		provider  certstore.Provider
		algorithm certstore.KeyAlgorithm
	}{
		{certstore.ProviderCNG, certstore.RSA2048}, {certstore.ProviderCNG, certstore.RSA4096}, {certstore.ProviderCNG, certstore.P256}, {certstore.ProviderCNG, certstore.P384},
		{certstore.ProviderTPM, certstore.RSA2048}, {certstore.ProviderTPM, certstore.P256},
	} {
		t.Run(fmt.Sprintf("%s %s", tt.provider, tt.algorithm), func(t *testing.T) {
			s := openScratch(t)
			g := s.(certstore.KeyGenerator)
			r := certstore.KeyRequest{Location: certstore.User, Algorithm: tt.algorithm, Provider: tt.provider}
			if err := g.CanGenerate(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			var p certstore.PendingKey
			var err error
			printed := captured(t, func() { p, err = g.Generate(t.Context(), r) })
			if printed != "" {
				t.Errorf("it prints %q", printed)
			}
			if wincrypt.OnWine() != "" {
				if !errors.Is(err, certstore.ErrNotPossible) {
					t.Errorf("Generate = %v, want ErrNotPossible: does Wine keep CNG keys now?", err)
				} else if !strings.Contains(err.Error(), "Provider makes no key: NCrypt") || strings.Contains(err.Error(), "(0x") || certstore.Advice(err) == "" {
					t.Errorf("Generate = %v, want the provider and the cause; advice %q", err, certstore.Advice(err))
				}
				if err := g.Discard(t.Context(), certstore.PendingKey{Location: r.Location, Provider: r.Provider, Container: certstore.ContainerOf("x")}); err != nil {
					t.Errorf("Discard of a key that there cannot be: %v", err)
				}
				t.Skip("Wine 8: NCrypt keeps no keys, and has no elliptic curves and no Unique Name")
			}
			if err != nil && tt.provider == certstore.ProviderTPM {
				t.Skipf("no TPM that makes such keys: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			root := certtest.Root(t, "Root")
			leaf := certstoretest.Answer(t, g, p, root, "Client")
			if err := g.Complete(t.Context(), p, certstore.Answer{DER: leaf.Raw}); err != nil {
				t.Fatal(err)
			}
			if err := g.Discard(t.Context(), p); !errors.Is(err, certstore.ErrNotPossible) {
				t.Errorf("Discard of a key in use = %v", err)
			}
			if err := s.Delete(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: leaf.Fingerprint()}, certstore.DeleteAll); err != nil {
				t.Error(err)
			}
			if err := g.Discard(t.Context(), p); err != nil { // the TPM's outlive their certificate
				t.Error(err)
			}
		})
	}
}

// captured returns what f prints on both outputs.
func captured(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		text <- string(b)
	}()
	func() {
		defer func() { os.Stdout, os.Stderr = out, errs }()
		f()
	}()
	_ = w.Close()
	return <-text
}

func TestCanGenerate(t *testing.T) {
	g := openScratch(t).(certstore.KeyGenerator)
	for _, r := range []certstore.KeyRequest{
		{Algorithm: certstore.P256, Provider: certstore.ProviderCAPI},
		{Algorithm: certstore.P521, Provider: certstore.ProviderCNG},
		{Algorithm: certstore.P521, Provider: certstore.ProviderTPM},
		{Algorithm: certstore.RSA3072, Provider: certstore.ProviderTPM},
		{Algorithm: certstore.RSA2048, Provider: certstore.ProviderCNG, Exportable: true},
		{Algorithm: certstore.RSA2048, Provider: "tape"},
	} {
		r.Location = certstore.User
		err := g.CanGenerate(t.Context(), r)
		if !errors.Is(err, certstore.ErrNotPossible) || certstore.Advice(err) == "" {
			t.Errorf("%+v: %v, want ErrNotPossible with advice", r, err)
		}
	}
}
