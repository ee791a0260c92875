package importer

import (
	"crypto"
	"crypto/x509"

	"certdesk/internal/certificate"
)

// keyID returns the id by which a store knows the public half of a PKCS#8
// key (see [certificate.Certificate.KeyID]), nil if the key is of an unknown
// kind.
func keyID(pkcs8 []byte) []byte {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil
	}
	return certificate.KeyIDOf(spki)
}
