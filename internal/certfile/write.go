package certfile

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"

	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"
)

// A Profile is how a PKCS#12 file is protected.
type Profile string

const (
	// Modern is PBES2 with AES-256-CBC and a SHA-256 MAC, 10,000 rounds each
	// as the JDK writes them. Windows reads it from Windows 10 1709 and Server
	// 2019 on, OpenSSL from 1.0.
	Modern Profile = "modern"
	// Compatible is 3DES with a SHA-1 MAC, which Server 2016 and old macOS
	// read. It is weak: fine for transport only.
	Compatible Profile = "compatible"
)

// modernRounds stays far below the 300,000 at which .NET refuses a file.
const modernRounds = 10_000

var errPasswordCharacter = errors.New("the password has characters outside the Basic Multilingual Plane, such as emoji, which many programs cannot take")

// EncodePKCS12 writes a key, its certificate and further certificates as
// PKCS#12 (RFC 7292), the key as PKCS#8. The certificates may be of any kind;
// a key that Go does not know is [ErrUnsupported], with its algorithm. A password
// with characters outside the Basic Multilingual Plane is refused.
//
// No friendly name is written: go-pkcs12 has no means to set one on a key
// and its certificate. Programs show the subject instead.
func EncodePKCS12(key, cert []byte, chain [][]byte, password string, profile Profile) ([]byte, error) {
	k, err := newKey(key)
	if err != nil {
		return nil, errAt("write", "PKCS#12", err)
	}
	defer clear(k.PKCS8)
	private, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
	if err != nil {
		return nil, errAt("write", "PKCS#12", unsupported(k.Algorithm+" key"))
	}
	for _, c := range password {
		if c > 0xffff {
			return nil, &Error{Op: "write", Object: "PKCS#12", Err: errPasswordCharacter}
		}
	}
	encoder := pkcs12.Modern2023.WithIterations(modernRounds)
	if profile == Compatible {
		encoder = pkcs12.LegacyDES.WithIterations(2048)
	}
	var others []*x509.Certificate
	for _, der := range chain {
		others = append(others, &x509.Certificate{Raw: der}) // go-pkcs12 looks at Raw only
	}
	data, err := encoder.Encode(private, &x509.Certificate{Raw: cert}, others, password)
	if err != nil {
		return nil, errAt("write", "PKCS#12", unsupported(err.Error()))
	}
	return data, nil
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
