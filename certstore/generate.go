package certstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"certdesk/internal/certificate"
)

// A KeyAlgorithm is a kind of key that can be made, in the words that
// [certificate.Certificate.KeyType] uses.
type KeyAlgorithm string

// The kinds of keys.
const (
	RSA2048 KeyAlgorithm = "RSA 2048"
	RSA3072 KeyAlgorithm = "RSA 3072"
	RSA4096 KeyAlgorithm = "RSA 4096"
	P256    KeyAlgorithm = "EC P-256"
	P384    KeyAlgorithm = "EC P-384"
	P521    KeyAlgorithm = "EC P-521"
)

// KeyAlgorithms lists the kinds of keys, the most widely accepted first. Not
// every place makes them all: see [KeyGenerator.CanGenerate].
var KeyAlgorithms = []KeyAlgorithm{RSA2048, RSA3072, RSA4096, P256, P384, P521}

// namedCurves are the curves by the names that curve returns.
var namedCurves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// bits returns the length of an RSA modulus; 0 is for the others.
func (a KeyAlgorithm) bits() int {
	switch a {
	case RSA2048:
		return 2048
	case RSA3072:
		return 3072
	case RSA4096:
		return 4096
	}
	return 0
}

// curve returns the name of the curve, "" for RSA.
func (a KeyAlgorithm) curve() string {
	name, ok := strings.CutPrefix(string(a), "EC ")
	if !ok {
		return ""
	}
	return name
}

// A KeyRequest says what key to make.
type KeyRequest struct {
	Location  Location
	Algorithm KeyAlgorithm
	// Provider is who keeps the key on Windows; other systems ignore it.
	Provider Provider
	// Exportable allows the key to leave the store later. Without it NSS
	// marks the key, which Certdesk honours and NSS's own tools do not; CNG
	// and a TPM keep such keys in earnest, and make no others here.
	Exportable bool
	// Name tells keys apart: letters, digits, "-", "_", ".", at most 64. It must
	// not be in use. "" lets the store choose one. A caller that stores
	// PendingKey{Location, Provider, Container: ContainerOf(Name)} before
	// [KeyGenerator.Generate] can discard what a crash left.
	Name string
}

// A PendingKey names a private key that was made for a request and has no
// certificate yet. It is plain data, to be stored by the caller until the
// answer comes: it holds no secret.
type PendingKey struct {
	Location  Location     `json:"location"`
	Algorithm KeyAlgorithm `json:"algorithm"`
	Provider  Provider     `json:"provider,omitempty"`
	Container string       `json:"container"` // Windows: the key container; NSS: the label
	PublicKey []byte       `json:"publicKey"` // SubjectPublicKeyInfo, DER
}

// An Answer is what came back for a request.
type Answer struct {
	DER          []byte // the certificate
	Issuer       []byte // who issued it, or nil where that is not known
	FriendlyName string // "" lets the store choose one
}

// A KeyGenerator is a Store that can make private keys which never leave it,
// and give them their certificates later, in another process.
type KeyGenerator interface {
	// CanGenerate returns the error that Generate would fail with because of
	// what is asked for. It changes nothing.
	CanGenerate(ctx context.Context, r KeyRequest) error

	// Generate makes a key and proves it by a signature. It fails with
	// [ErrExists] if the name is in use, and with [ErrNotPossible] for what
	// the place cannot make. On an error nothing is left.
	Generate(ctx context.Context, r KeyRequest) (PendingKey, error)

	// Pending returns the key, to sign the request with. It fails with
	// [ErrNotFound] if the key is gone, and may prompt for a password.
	Pending(ctx context.Context, p PendingKey) (crypto.Signer, error)

	// Complete adds the answer to Personal, joined to its key, and the
	// issuer to the intermediate CAs unless it is there or is a root: both
	// or neither. The key is proven first. It fails with [ErrKey] if the
	// answer is for another key.
	Complete(ctx context.Context, p PendingKey, a Answer) error

	// Discard deletes the key. That it is gone is no error; one that a
	// certificate uses is [ErrNotPossible]. Without p.PublicKey it goes by
	// p.Container alone.
	Discard(ctx context.Context, p PendingKey) error
}

// ContainerOf returns the [PendingKey] container of a [KeyRequest] name.
// Windows puts CERTDESK_STORE_PREFIX before it by itself.
func ContainerOf(name string) string { return "certdesk-request-" + name }

// containerFor returns the container for r, and checks its name.
func containerFor(r KeyRequest) (string, error) {
	if r.Name == "" {
		return ContainerOf(strings.ToLower(rand.Text())), nil
	}
	odd := func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.", c))
	}
	if len(r.Name) > 64 || strings.IndexFunc(r.Name, odd) >= 0 {
		return "", &impossible{fmt.Sprintf("%.80q is no name for a key", r.Name), "Use up to 64 letters, digits, dashes, underscores and dots."}
	}
	return ContainerOf(r.Name), nil
}

// knownAlgorithm reports a kind of key that nobody makes.
func knownAlgorithm(a KeyAlgorithm) error {
	if slices.Contains(KeyAlgorithms, a) {
		return nil
	}
	return &impossible{fmt.Sprintf("there is no kind of key %.40q", string(a)), "The kinds are RSA 2048, RSA 3072, RSA 4096, EC P-256, EC P-384 and EC P-521."}
}

// public returns the public half.
func (p PendingKey) public() (crypto.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if err != nil {
		return nil, &badKey{"the record of the request is damaged: " + err.Error()}
	}
	switch key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return key, nil
	}
	return nil, &badKey{fmt.Sprintf("no request was made with a %T", key)}
}

// An answered is an Answer that was read and fits its key.
type answered struct {
	certificate *certificate.Certificate
	issuer      *certificate.Certificate // nil: there is none to be added
	public      crypto.PublicKey
}

// read checks that a answers the request of p.
func (a Answer) read(p PendingKey) (answered, error) {
	r := answered{certificate: certificate.Parse(a.DER)}
	if !complete(r.certificate) {
		return r, &impossible{"it is not a certificate", "Look at the answer again: it is damaged, or something else."}
	}
	var err error
	if r.public, err = p.public(); err != nil {
		return r, err
	}
	theirs, err := r.certificate.PublicKey()
	if err != nil {
		return r, &badKey{"the certificate's public key cannot be read: " + err.Error()}
	}
	if !r.public.(interface{ Equal(crypto.PublicKey) bool }).Equal(theirs) {
		return r, &badKey{"the certificate is for another key than the request"}
	}
	if len(a.Issuer) == 0 {
		return r, nil
	}
	issuer := certificate.Parse(a.Issuer)
	switch {
	case !complete(issuer), !bytes.Equal(issuer.RawSubject, r.certificate.RawIssuer), r.certificate.CheckSignatureFrom(issuer) != nil:
		return r, &impossible{"the issuer given did not issue the certificate", "Leave the issuer out, or give the certificate whose subject is the answer's issuer."}
	case issuer.SelfIssued(): // a root: trusting it is another decision
		return r, nil
	}
	if err := holds(CA, issuer, false); err != nil {
		return r, err
	}
	r.issuer = issuer
	return r, nil
}

// complete carries out what Complete promises with the operations of a Store:
// the issuer goes first and is taken back if the certificate, which put adds,
// cannot be. fail makes the store's error of what is wrong with the answer.
func (a Answer) complete(ctx context.Context, p PendingKey, s interface {
	Store
	KeyGenerator
}, fail func(*certificate.Certificate, error) error, put func(*certificate.Certificate) error) error {
	r, err := a.read(p)
	if err != nil {
		return fail(r.certificate, err)
	}
	key, err := s.Pending(ctx, p)
	if err != nil {
		return err
	}
	if err := proveSigner(key); err != nil {
		return err
	}
	var before State
	if r.issuer != nil {
		if before, err = s.State(ctx, p.Location, r.issuer.Raw); err != nil {
			return err
		}
		if err := s.Put(ctx, p.Location, CA, Item{DER: r.issuer.Raw}); err != nil && !errors.Is(err, ErrExists) {
			return err
		}
	}
	err = put(r.certificate)
	if err != nil && r.issuer != nil && !before.Certificate {
		err = errors.Join(err, s.Restore(context.WithoutCancel(ctx), p.Location, r.issuer.Raw, before))
	}
	return err
}

// inUse is why a key is not discarded.
var inUse = &impossible{"a certificate uses the key", "Delete the certificate; its key goes with it."}

// errKeyGone says that the key of a request is not there.
var errKeyGone = &because{ErrNotFound, errors.New("the private key of the request is not there")}
