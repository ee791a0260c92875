package certfile

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"

	"certdesk/internal/certificate"
)

// A KeySpec is the key usage attribute of a private key (2.5.29.15), which
// decides between Windows' AT_KEYEXCHANGE and AT_SIGNATURE when CryptoAPI
// imports an RSA key (PFXImportCertStore, remarks).
type KeySpec byte

// The key specs.
const (
	KeySpecNone      KeySpec = 0
	KeySpecExchange  KeySpec = 0x10
	KeySpecSignature KeySpec = 0x80
)

// A KeyEntry is a private key with its certificate, to be written.
type KeyEntry struct {
	PKCS8        []byte // unencrypted PrivateKeyInfo, of any algorithm
	Certificate  []byte // DER; nil for a key alone
	FriendlyName string // "" writes none
	KeySpec      KeySpec
}

// A Bundle is what a PKCS#12 file is to hold.
type Bundle struct {
	Keys         []KeyEntry
	Certificates [][]byte // DER of the others: chains, or all of a file without a key
}

// Why a bundle cannot be written with a password or profile.
var (
	errPasswordCharacter = errors.New("the password has characters outside the Basic Multilingual Plane, such as emoji, which many programs cannot take")
	errPasswordEmpty     = errors.New("this profile needs a password that is not empty")
	errNothing           = errors.New("there is neither a key nor a certificate")
)

// EncodePKCS12 writes a bundle as PKCS#12 (RFC 7292) in DER: the certificates
// encrypted, then the keys as PKCS8ShroudedKeyBags. Keys and certificates may
// be of any kind; keys are written as they are, without the attributes of
// their PKCS#8. A password with characters outside the Basic Multilingual
// Plane is refused, an empty one by some profiles.
//
// What was written is read again before it is returned, by the reader of this
// package and, where it can, by go-pkcs12.
func EncodePKCS12(b Bundle, password []byte, profile Profile) ([]byte, error) {
	data, err := encodePKCS12(b, password, profile)
	if err == nil {
		err = proveFile(data, b, password)
	}
	if err != nil {
		return nil, errWrite("PKCS#12", err)
	}
	return data, nil
}

// errWrite makes an [Error] of writing. A cause of its own keeps its text.
func errWrite(object string, err error) error {
	if slices.Contains([]error{errPasswordCharacter, errPasswordEmpty, errNothing}, err) {
		return &Error{Op: "write", Object: object, Err: err}
	}
	return errAt("write", object, err)
}

func encodePKCS12(b Bundle, password []byte, profile Profile) ([]byte, error) {
	info, ok := profile.Info()
	switch {
	case !ok:
		return nil, unsupported("profile " + string(profile))
	case len(b.Keys)+len(b.Certificates) == 0:
		return nil, errNothing
	case info.password && len(password) == 0:
		return nil, errPasswordEmpty
	}
	for _, c := range string(password) {
		if c > 0xffff {
			return nil, errPasswordCharacter
		}
	}
	var certs, keys [][]byte
	written := map[certificate.Fingerprint]bool{}
	for i, k := range b.Keys {
		id := sha1.Sum(k.Certificate) // as OpenSSL and go-pkcs12 do it
		name := k.FriendlyName
		if name == "" && info.alias {
			name = fmt.Sprintf("key-%d", i+1)
		}
		attributes := bagAttributes(name, id[:], false)
		if k.Certificate == nil {
			attributes = bagAttributes(name, nil, false)
		} else if f := certificate.FingerprintOf(k.Certificate); !written[f] {
			written[f] = true
			certs = append(certs, certBagOf(k.Certificate, attributes))
		}
		shrouded, err := shroud(k, password, info)
		if err != nil {
			return nil, err
		}
		keys = append(keys, bagOf(oidShroudedBag, shrouded, attributes))
	}
	for i, der := range b.Certificates {
		if f := certificate.FingerprintOf(der); !written[f] {
			written[f] = true
			var attributes []byte
			if len(b.Keys) == 0 && info.alias {
				attributes = bagAttributes(fmt.Sprintf("certificate-%d", i+1), nil, true)
			}
			certs = append(certs, certBagOf(der, attributes))
		}
	}
	var safes [][]byte
	if len(certs) > 0 {
		alg, ciphertext, err := seal(element(asn1.SEQUENCE, certs...), password, info)
		if err != nil {
			return nil, err
		}
		encrypted := element(asn1.SEQUENCE, []byte{2, 1, 0},
			element(asn1.SEQUENCE, oidDER(oidData), alg, element(asn1.Tag(0).ContextSpecific(), ciphertext)))
		safes = append(safes, contentInfo(oidEncryptedData, encrypted))
	}
	if len(keys) > 0 {
		safes = append(safes, contentInfo(oidData, element(asn1.OCTET_STRING, element(asn1.SEQUENCE, keys...))))
	}
	authSafe := element(asn1.SEQUENCE, safes...)
	mac, err := writeMAC(authSafe, password, info)
	if err != nil {
		return nil, err
	}
	return element(asn1.SEQUENCE, []byte{2, 1, 3}, contentInfo(oidData, element(asn1.OCTET_STRING, authSafe)), mac), nil
}

func oidDER(id string) []byte {
	return ber.NewOID(ber.ClassUniversal, ber.TypePrimitive, ber.TagObjectIdentifier, id, "").Bytes()
}

func wrapped(content []byte) []byte {
	return element(asn1.Tag(0).ContextSpecific().Constructed(), content)
}

func contentInfo(id string, content []byte) []byte {
	return element(asn1.SEQUENCE, oidDER(id), wrapped(content))
}

func bagOf(id string, value, attributes []byte) []byte {
	return element(asn1.SEQUENCE, oidDER(id), wrapped(value), attributes)
}

func certBagOf(der, attributes []byte) []byte {
	return bagOf(oidCertBag, element(asn1.SEQUENCE, oidDER(oidX509Certificate), wrapped(element(asn1.OCTET_STRING, der))), attributes)
}

// bagAttributes writes friendlyName, localKeyID and Oracle's mark of a trusted
// entry (anyExtendedKeyUsage), each if there is one; nil if there is none.
func bagAttributes(name string, id []byte, trusted bool) []byte {
	var set [][]byte
	add := func(oid string, value []byte) {
		set = append(set, element(asn1.SEQUENCE, oidDER(oid), element(asn1.SET, value)))
	}
	if name != "" {
		bmp := bmpString([]byte(name))
		add(oidFriendlyName, element(asn1.Tag(ber.TagBMPString), bmp[:len(bmp)-2]))
	}
	if id != nil {
		add(oidLocalKeyID, element(asn1.OCTET_STRING, id))
	}
	if trusted {
		add(oidJavaTrust, oidDER(certificate.AnyExtKeyUsage))
	}
	if set == nil {
		return nil
	}
	slices.SortFunc(set, bytes.Compare) // SET OF in DER
	return element(asn1.SET, set...)
}

// shroud encrypts a key (RFC 7292 section 4.2.2). The private key itself goes
// over octet by octet; attributes are only the KeySpec asked for.
func shroud(k KeyEntry, password []byte, info ProfileInfo) ([]byte, error) {
	parts, err := keyParts(k.PKCS8)
	if err != nil {
		return nil, err
	}
	var attributes []byte
	if k.KeySpec != KeySpecNone {
		unused := byte(4)
		if k.KeySpec == KeySpecSignature {
			unused = 7
		}
		attributes = wrapped(element(asn1.SEQUENCE, oidDER(oidKeyUsage), element(asn1.SET, element(asn1.BIT_STRING, []byte{unused, byte(k.KeySpec)}))))
	}
	plain := element(asn1.SEQUENCE, parts[0], parts[1], parts[2], attributes)
	defer clear(plain)
	alg, ciphertext, err := seal(plain, password, info)
	if err != nil {
		return nil, err
	}
	return element(asn1.SEQUENCE, alg, element(asn1.OCTET_STRING, ciphertext)), nil
}

// keyParts splits a PrivateKeyInfo into version 0, algorithm and key. The
// public key of version 1 is left out with its version: nobody needs it, and
// old readers refuse it.
func keyParts(pkcs8 []byte) ([3][]byte, error) {
	var out [3][]byte
	k, err := newKey(pkcs8) // in DER from here on
	if err != nil {
		return out, err
	}
	defer clear(k.PKCS8)
	parts, err := split(k.PKCS8)
	if err != nil || len(parts) < 3 {
		return out, errMalformed
	}
	return [3][]byte{{2, 1, 0}, bytes.Clone(parts[1]), bytes.Clone(parts[2])}, nil
}

// seal encrypts plain and returns the AlgorithmIdentifier with it.
func seal(plain, password []byte, info ProfileInfo) (alg, ciphertext []byte, err error) {
	salt := random(16)
	if info.aes {
		key, err := pbkdf2(context.Background(), sha256Hash, password, salt, info.rounds, 32)
		if err != nil {
			return nil, nil, err
		}
		defer clear(key)
		return sealPBES2(plain, key, pbkdf2Params(salt, info.rounds))
	}
	salt = salt[:8]
	secret := bmpString(password)
	defer clear(secret)
	key, err := pkcs12KDF(context.Background(), sha1Digest, forKey, secret, salt, info.rounds, 24)
	if err != nil {
		return nil, nil, err
	}
	defer clear(key)
	iv, err := pkcs12KDF(context.Background(), sha1Digest, forIV, secret, salt, info.rounds, 8)
	if err != nil {
		return nil, nil, err
	}
	block, err := newTripleDES(key)
	if err != nil {
		return nil, nil, err
	}
	params := element(asn1.SEQUENCE, element(asn1.OCTET_STRING, salt), integerDER(info.rounds))
	return element(asn1.SEQUENCE, oidDER("1.2.840.113549.1.12.1.3"), params), sealCBC(block, iv, plain), nil
}

// sealPBES2 encrypts plain with AES-256-CBC (RFC 8018 section 6.2) under a key
// that kdf derived.
func sealPBES2(plain, key, kdf []byte) (alg, ciphertext []byte, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	iv := random(aes.BlockSize)
	cipherAlg := element(asn1.SEQUENCE, oidDER("2.16.840.1.101.3.4.1.42"), element(asn1.OCTET_STRING, iv))
	alg = element(asn1.SEQUENCE, oidDER(oidPBES2), element(asn1.SEQUENCE, kdf, cipherAlg))
	return alg, sealCBC(block, iv, plain), nil
}

// pbkdf2Params writes the derivation with HMAC-SHA-256. The length of the key
// is left out, as every writer but one leaves it out.
func pbkdf2Params(salt []byte, rounds int) []byte {
	prf := element(asn1.SEQUENCE, oidDER("1.2.840.113549.2.9"), []byte{5, 0})
	return element(asn1.SEQUENCE, oidDER(oidPBKDF2), element(asn1.SEQUENCE, element(asn1.OCTET_STRING, salt), integerDER(rounds), prf))
}

// sealCBC pads (RFC 8018 section 6.1.1) and encrypts.
func sealCBC(block cipher.Block, iv, plain []byte) []byte {
	size := block.BlockSize()
	pad := size - len(plain)%size
	out := make([]byte, len(plain)+pad)
	copy(out, plain)
	for i := len(plain); i < len(out); i++ {
		out[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}

// writeMAC writes MacData (RFC 7292 section 4).
func writeMAC(authSafe, password []byte, info ProfileInfo) ([]byte, error) {
	salt := random(16)
	secret := bmpString(password)
	defer clear(secret)
	key, err := pkcs12KDF(context.Background(), info.mac, forMAC, secret, salt, info.rounds, info.mac.new().Size())
	if err != nil {
		return nil, err
	}
	defer clear(key)
	h := hmac.New(info.mac.new, key)
	h.Write(authSafe)
	id := "1.3.14.3.2.26"
	if info.aes {
		id = "2.16.840.1.101.3.4.2.1"
	}
	digestInfo := element(asn1.SEQUENCE, element(asn1.SEQUENCE, oidDER(id), []byte{5, 0}), element(asn1.OCTET_STRING, h.Sum(nil)))
	return element(asn1.SEQUENCE, digestInfo, element(asn1.OCTET_STRING, salt), integerDER(info.rounds)), nil
}

func integerDER(n int) []byte {
	return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, n, "").Bytes()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // cannot fail since Go 1.24
	return b
}

// proveFile reads what was written. A file that somebody else cannot open is
// found out here, not at the partner's.
func proveFile(data []byte, b Bundle, password []byte) error {
	c, err := Read(context.Background(), data, Password{Given: true, Text: password})
	if err != nil {
		return fmt.Errorf("the new file does not open: %w", err)
	}
	defer c.Wipe()
	if len(c.Keys) != len(b.Keys) {
		return fmt.Errorf("the new file holds %d keys of %d", len(c.Keys), len(b.Keys))
	}
	for i, k := range c.Keys {
		if !sameKey(k.PKCS8, b.Keys[i].PKCS8) {
			return errors.New("the new file holds another key")
		}
	}
	if len(b.Keys) != 1 || c.Keys[0].State != KeyOK || c.Keys[0].Certificate != 0 {
		return nil // more than go-pkcs12 reads
	}
	for _, cert := range c.Certificates {
		if _, err := x509.ParseCertificate(cert.Certificate.Raw); err != nil {
			return nil //nolint:nilerr // likewise
		}
	}
	if _, _, _, err := pkcs12.DecodeChain(data, string(password)); err != nil {
		return fmt.Errorf("go-pkcs12 does not open the new file: %w", err)
	}
	return nil
}

// sameKey compares algorithm and private key octet by octet.
func sameKey(a, b []byte) bool {
	x, err := keyParts(a)
	y, err2 := keyParts(b)
	defer func() { clear(x[2]); clear(y[2]) }()
	return err == nil && err2 == nil && bytes.Equal(x[1], y[1]) && bytes.Equal(x[2], y[2])
}
