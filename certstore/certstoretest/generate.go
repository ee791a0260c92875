package certstoretest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
)

// generator returns the store as a KeyGenerator, or skips.
func (s *suite) generator() certstore.KeyGenerator {
	s.Helper()
	g, ok := s.store.(certstore.KeyGenerator)
	if !ok {
		s.Skip("this store makes no keys")
	}
	return g
}

// Answer makes a request with a pending key as a program would, has it
// checked, and issues the certificate that it asks for.
func Answer(t testing.TB, g certstore.KeyGenerator, p certstore.PendingKey, issuer certtest.Issuer, name string) certtest.Issuer {
	t.Helper()
	key, err := g.Pending(t.Context(), p)
	if err != nil {
		t.Fatalf("Pending: %v", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		t.Fatalf("CreateCertificateRequest: %v", err)
	}
	request, err := x509.ParseCertificateRequest(der)
	if err == nil {
		err = request.CheckSignature()
	}
	if err != nil {
		t.Fatalf("the request: %v", err)
	}
	return certtest.MakeWithKey(t, &issuer, request.Subject.CommonName, PublicOnly{PublicKey: request.PublicKey},
		certtest.Usage(x509.KeyUsageDigitalSignature), certtest.Purposes(x509.ExtKeyUsageClientAuth))
}

// PublicOnly is what an issuer has of a key: it cannot sign.
type PublicOnly struct{ crypto.PublicKey }

// Public returns the key.
func (p PublicOnly) Public() crypto.PublicKey { return p.PublicKey }

// Sign panics.
func (p PublicOnly) Sign(_ io.Reader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	panic("the issuer signs with a key that it does not have")
}

// stored returns p as it comes back from where the caller keeps it.
func (s *suite) stored(p certstore.PendingKey) (out certstore.PendingKey) {
	s.Helper()
	b, err := json.Marshal(p)
	s.ok(err, "Marshal")
	s.ok(json.Unmarshal(b, &out), "Unmarshal")
	return out
}

func generate(s *suite) {
	g := s.generator()
	for _, a := range certstore.KeyAlgorithms {
		s.Run(string(a), func(t *testing.T) {
			never := ""
			switch {
			case a[:2] == "EC" && s.limits.NoEC != "":
				never = s.limits.NoEC
			case a == certstore.P521:
				never = s.limits.NoP521Request
			}
			if never != "" {
				if err := g.CanGenerate(s.ctx, certstore.KeyRequest{Location: certstore.User, Algorithm: a}); err == nil {
					t.Error("CanGenerate promises a key that cannot be kept")
				}
				t.Skip(never)
			}
			s.generateOne(g, a)
		})
	}
}

// generateOne goes from the key to the certificate that uses it.
func (s *suite) generateOne(g certstore.KeyGenerator, a certstore.KeyAlgorithm) {
	for _, loc := range []certstore.Location{certstore.User, certstore.Machine} {
		if loc == certstore.Machine && a != certstore.RSA2048 {
			continue // the place is another, the kinds are the same
		}
		p, err := g.Generate(s.ctx, certstore.KeyRequest{Location: loc, Algorithm: a})
		s.ok(err, "Generate "+string(a))
		p = s.stored(p)
		leaf := Answer(s, g, p, s.inter, "Requested "+string(a))
		if got := leaf.KeyType(); got != string(a) {
			s.Errorf("the key is %s, want %s", got, a)
		}
		before, err := s.store.State(s.ctx, loc, leaf.Raw)
		if err != nil || before.Certificate {
			s.Errorf("State before the answer = %+v, %v", before, err)
		}
		s.ok(g.Complete(s.ctx, p, certstore.Answer{DER: leaf.Raw}), "Complete")
		s.ok(s.store.Restore(s.ctx, loc, leaf.Raw, before), "Restore to before the answer")
		_, err = g.Pending(s.ctx, p)
		s.ok(err, "Pending after the answer was taken back")
		s.ok(g.Complete(s.ctx, p, certstore.Answer{DER: leaf.Raw, Issuer: s.inter.Raw, FriendlyName: "Requested " + string(a)}), "Complete")
		e := s.entry(loc, certstore.My, leaf)
		if e.Key != certstore.KeyPresent || e.Exportable || e.FriendlyName != "Requested "+string(a) {
			s.Errorf("after Complete: key %s, exportable %t, friendly name %q", e.Key, e.Exportable, e.FriendlyName)
		}
		s.entry(loc, certstore.CA, s.inter)
		s.sign(ref(loc, certstore.My, leaf))
		if x, ok := s.store.(certstore.KeyExporter); ok {
			_, err := x.ExportKey(s.ctx, ref(loc, certstore.My, leaf))
			s.want(err, certstore.ErrNotExportable, "ExportKey of a generated key")
		}
		s.ok(g.Complete(s.ctx, p, certstore.Answer{DER: leaf.Raw}), "Complete again")
		s.want(g.Discard(s.ctx, p), certstore.ErrNotPossible, "Discard of a key in use")
		s.sign(ref(loc, certstore.My, leaf))
		s.ok(s.store.Delete(s.ctx, ref(loc, certstore.My, leaf), certstore.DeleteAll), "Delete")
		_, err = g.Pending(s.ctx, p)
		s.want(err, certstore.ErrNotFound, "Pending after the certificate was deleted with its key")
	}
}

// algorithm returns a kind of key that every store makes.
func (s *suite) algorithm() certstore.KeyAlgorithm {
	if s.limits.NoEC != "" {
		return certstore.RSA2048
	}
	return certstore.P384
}

func wrongAnswer(s *suite) {
	g := s.generator()
	r := certstore.KeyRequest{Location: certstore.User, Algorithm: s.algorithm()}
	p, err := g.Generate(s.ctx, r)
	s.ok(err, "Generate")
	other, err := g.Generate(s.ctx, r)
	s.ok(err, "second Generate")
	if p.Container == other.Container {
		s.Fatalf("both keys are in %s", p.Container)
	}
	leaf, wrong := Answer(s, g, p, s.inter, "Right"), Answer(s, g, other, s.inter, "Wrong")
	for _, tt := range []struct {
		a      certstore.Answer
		target error
		why    string
	}{
		{certstore.Answer{DER: wrong.Raw, Issuer: s.inter.Raw}, certstore.ErrKey, "the answer to another request"},
		{certstore.Answer{DER: []byte("garbage")}, certstore.ErrNotPossible, "garbage"},
		{certstore.Answer{}, certstore.ErrNotPossible, "nothing"},
		{certstore.Answer{DER: leaf.Raw, Issuer: s.root.Raw}, certstore.ErrNotPossible, "an issuer that did not issue it"},
		{certstore.Answer{DER: leaf.Raw, Issuer: []byte("garbage")}, certstore.ErrNotPossible, "garbage as the issuer"},
	} {
		s.want(g.Complete(s.ctx, p, tt.a), tt.target, "Complete with "+tt.why)
	}
	s.count(certstore.User, 0)
	direct := Answer(s, g, p, s.root, "From the root")
	s.ok(g.Complete(s.ctx, p, certstore.Answer{DER: direct.Raw, Issuer: s.root.Raw}), "Complete with a root as issuer")
	s.count(certstore.User, 1) // nobody asked to trust or keep the root
	s.sign(ref(certstore.User, certstore.My, direct))
	s.ok(g.Complete(s.ctx, other, certstore.Answer{DER: wrong.Raw}), "Complete without an issuer")
	s.count(certstore.User, 2)
	s.sign(ref(certstore.User, certstore.My, wrong))
}

func discard(s *suite) {
	g := s.generator()
	r := certstore.KeyRequest{Location: certstore.User, Algorithm: s.algorithm(), Name: "mine.1"}
	p, err := g.Generate(s.ctx, r)
	s.ok(err, "Generate")
	if p.Container == "" || p.PublicKey == nil {
		s.Fatalf("Generate returns %+v", p)
	}
	_, err = g.Generate(s.ctx, r)
	s.want(err, certstore.ErrExists, "Generate under the same name")
	key, err := g.Pending(s.ctx, p)
	s.ok(err, "Pending after a Generate that was refused")
	if public, ok := key.Public().(*ecdsa.PublicKey); ok { // a digest longer than the curve, as in a request with SHA-512
		digest := sha512.Sum512([]byte("signed"))
		if sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA512); err != nil || !ecdsa.VerifyASN1(public, digest[:], sig) {
			s.Errorf("ECDSA with SHA-512: %v", err)
		}
	}
	leaf := Answer(s, g, p, s.inter, "Never comes")
	s.ok(g.Discard(s.ctx, p), "Discard")
	_, err = g.Pending(s.ctx, p)
	s.want(err, certstore.ErrNotFound, "Pending after Discard")
	s.want(g.Complete(s.ctx, p, certstore.Answer{DER: leaf.Raw, Issuer: s.inter.Raw}), certstore.ErrNotFound, "Complete after Discard")
	s.count(certstore.User, 0)
	if st, err := s.store.State(s.ctx, certstore.User, leaf.Raw); err != nil || st != (certstore.State{}) {
		s.Errorf("State after Discard = %+v, %v", st, err)
	}
	s.ok(g.Discard(s.ctx, p), "second Discard")
	p, err = g.Generate(s.ctx, r) // the name is free again
	s.ok(err, "Generate after Discard")
	s.ok(g.Discard(s.ctx, certstore.PendingKey{Location: p.Location, Provider: p.Provider, Container: p.Container}), "Discard by the name alone")
	_, err = g.Pending(s.ctx, p)
	s.want(err, certstore.ErrNotFound, "Pending after Discard by the name")

	for _, r := range []certstore.KeyRequest{
		{Location: certstore.User, Algorithm: "RSA 512"},
		{Location: certstore.User, Algorithm: "EC P-224"},
		{Location: certstore.User},
		{Location: certstore.User, Algorithm: certstore.RSA2048, Name: `a\b`},
		{Location: "moon", Algorithm: certstore.RSA2048},
	} {
		s.want(g.CanGenerate(s.ctx, r), certstore.ErrNotPossible, "CanGenerate of nonsense")
		_, err := g.Generate(s.ctx, r)
		s.want(err, certstore.ErrNotPossible, "Generate of nonsense")
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err = g.Generate(ctx, certstore.KeyRequest{Location: certstore.User, Algorithm: s.algorithm()})
	s.want(err, context.Canceled, "Generate after the end")
	exportable, err := g.Generate(s.ctx, certstore.KeyRequest{Location: certstore.User, Algorithm: s.algorithm(), Exportable: true})
	if s.limits.NoExportableRequest != "" {
		s.want(err, certstore.ErrNotPossible, "Generate of an exportable key")
		s.Skip(s.limits.NoExportableRequest)
	}
	s.ok(err, "Generate of an exportable key")
	leaf = Answer(s, g, exportable, s.inter, "Exportable")
	s.ok(g.Complete(s.ctx, exportable, certstore.Answer{DER: leaf.Raw}), "Complete")
	if x, ok := s.store.(certstore.KeyExporter); ok {
		pkcs8, err := x.ExportKey(s.ctx, ref(certstore.User, certstore.My, leaf))
		s.ok(err, "ExportKey of an exportable key")
		s.put(certstore.Machine, certstore.My, certstore.Item{DER: leaf.Raw, Key: pkcs8})
	}
}
