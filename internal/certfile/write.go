package certfile

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// A KDF makes the key of an encrypted PKCS#8 file from its password.
type KDF string

// The derivations.
const (
	PBKDF2 KDF = "pbkdf2" // HMAC-SHA-256, 600,000 rounds: the floor OWASP names
	Scrypt KDF = "scrypt" // RFC 7914 with what OpenSSL writes, N=2^14 r=8 p=1: at 2^15 it refuses to read
)

const (
	keyRounds                 = 600_000
	scryptN, scryptR, scryptP = 1 << 14, 8, 1
)

// EncodeKey encrypts an unencrypted PKCS#8 key of any algorithm as an
// EncryptedPrivateKeyInfo (RFC 5958 section 3) in DER: PBES2 with AES-256-CBC.
// An empty password is refused.
func EncodeKey(pkcs8, password []byte, kdf KDF) ([]byte, error) {
	if len(password) == 0 {
		return nil, errWrite("PKCS#8 key", errPasswordEmpty)
	}
	el, _, err := first(pkcs8)
	if err != nil {
		return nil, errWrite("PKCS#8 key", err)
	}
	salt := random(16)
	var key, params []byte
	switch kdf {
	case PBKDF2:
		key, err = pbkdf2(context.Background(), sha256Hash, password, salt, keyRounds, 32)
		params = pbkdf2Params(salt, keyRounds)
	case Scrypt:
		key, err = scryptKey(context.Background(), password, salt, scryptN, scryptR, scryptP, 32)
		params = element(asn1.SEQUENCE, oidDER(oidScrypt), element(asn1.SEQUENCE,
			element(asn1.OCTET_STRING, salt), integerDER(scryptN), integerDER(scryptR), integerDER(scryptP), integerDER(32)))
	default:
		err = unsupported("key derivation " + string(kdf))
	}
	if err != nil {
		return nil, errWrite("PKCS#8 key", err)
	}
	defer clear(key)
	alg, ciphertext, err := sealPBES2(el, key, params)
	if err != nil {
		return nil, errWrite("PKCS#8 key", err)
	}
	return element(asn1.SEQUENCE, alg, element(asn1.OCTET_STRING, ciphertext)), nil
}

// EncodeKeyPEM is [EncodeKey] as PEM (RFC 7468 section 11).
func EncodeKeyPEM(pkcs8, password []byte, kdf KDF) ([]byte, error) {
	der, err := EncodeKey(pkcs8, password, kdf)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
}

// EncodePKCS7 writes certificates as a SignedData without content or signers
// (RFC 5652 section 5.1, a .p7b file), in their order.
func EncodePKCS7(certs [][]byte) []byte {
	signedData := []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2}
	data := []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1}
	set := element(asn1.SET)
	tag := asn1.Tag(0).ContextSpecific().Constructed()
	return element(asn1.SEQUENCE, signedData, element(tag, element(asn1.SEQUENCE,
		[]byte{2, 1, 1}, set, element(asn1.SEQUENCE, data), element(tag, certs...), set)))
}

// EncodePEM writes certificates as PEM (RFC 7468 section 5), one after the
// other.
func EncodePEM(certs [][]byte) []byte {
	var out bytes.Buffer
	for _, der := range certs {
		// Writing to a buffer cannot fail.
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return out.Bytes()
}

// OneLineBase64 returns der in base64 without line breaks, as configuration
// files and forms on the web want it.
func OneLineBase64(der []byte) string { return base64.StdEncoding.EncodeToString(der) }
