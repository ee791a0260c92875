package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"

	"certdesk/internal/certificate"
)

// A badKey is an ErrKey with its reason.
type badKey struct{ why string }

func (e *badKey) Error() string        { return ErrKey.Error() + ": " + e.why }
func (e *badKey) Is(target error) bool { return target == ErrKey }

// A noPSS is why an RSA key makes signatures of PKCS #1 v1.5 only. It matches
// [errors.ErrUnsupported].
type noPSS struct{ keeper string }

func (e *noPSS) Error() string {
	return e.keeper + " makes no PSS signatures with this key; TLS 1.3 needs them, TLS 1.2 does not"
}
func (e *noPSS) Is(target error) bool { return target == errors.ErrUnsupported }

// complete reports whether c has the parts that NSS files a certificate by.
func complete(c *certificate.Certificate) bool {
	return len(c.SerialNumber) > 0 && len(c.RawIssuer) > 0 && len(c.RawSubject) > 0
}

// truncate shortens a digest to the length of the curve's order, FIPS 186-5
// section 6.4.1; softoken refuses longer ones,
// as does CNG.
func truncate(digest []byte, public *ecdsa.PublicKey) []byte {
	if n := (public.Curve.Params().N.BitLen() + 7) / 8; len(digest) > n {
		return digest[:n]
	}
	return digest
}

// proveSigner makes and verifies a signature.
func proveSigner(key crypto.Signer) error {
	text := make([]byte, 32)
	_, _ = rand.Read(text) // never fails
	digest := sha256.Sum256(text)
	sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return &because{ErrKey, err}
	}
	ok := false
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], sig) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(public, digest[:], sig)
	}
	if !ok {
		return &badKey{"its signature does not verify with the certificate"}
	}
	return nil
}
