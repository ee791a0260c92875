package certstore

import (
	"crypto/rand"
	"crypto/x509"
	"errors"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

// exportKey returns the private key that l leads to as PKCS#8 DER.
func (s *windowsStore) exportKey(c *certificate.Certificate, l *link) ([]byte, error) {
	if l == nil {
		return nil, &because{ErrNotFound, errors.New("there is no private key")}
	}
	k, err := open(l, 0)
	if err != nil {
		return nil, s.denied(l, err)
	}
	defer k.close()
	ok, err := k.exportable()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotExportable
	}
	var out []byte
	if k.key != 0 {
		out, err = k.exportCNG()
	} else {
		err = k.withUserKey(func(h wincrypt.Key) error {
			blob, err := wincrypt.CryptExportKey(h, wincrypt.PRIVATEKEYBLOB)
			if err != nil {
				return err
			}
			defer clear(blob)
			key, err := parseRSABlob(blob)
			if err != nil {
				return err
			}
			out, err = x509.MarshalPKCS8PrivateKey(key)
			return err
		})
	}
	if wincrypt.IsCode(err, windows.NTE_BAD_KEY_STATE, windows.NTE_BAD_TYPE) {
		err = &because{ErrNotExportable, err}
	}
	if err != nil {
		return nil, err
	}
	if _, err := parseKey(c, out); err != nil { // another key than the certificate's
		clear(out)
		return nil, err
	}
	return out, nil
}

// exportCNG returns the key as PKCS#8. Most keys that other programs imported
// may leave under encryption only: then they do, under a password that nobody
// else ever sees.
func (k *openKey) exportCNG() ([]byte, error) {
	policy, err := wincrypt.NCryptGetNumber(k.key, wincrypt.NCRYPT_EXPORT_POLICY_PROPERTY)
	if err != nil {
		return nil, err
	}
	if policy&wincrypt.NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG != 0 {
		return wincrypt.NCryptExportKey(k.key, wincrypt.NCRYPT_PKCS8_PRIVATE_KEY_BLOB, 0)
	}
	password := rand.Text()
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	locked, err := wincrypt.NCryptExportEncrypted(k.key, password, salt, 1, 0)
	if err != nil {
		return nil, err
	}
	return unlock(locked, password)
}
