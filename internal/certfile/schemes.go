package certfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"fmt"
	"strings"

	"github.com/emmansun/gmsm/sm4"
	ber "github.com/go-asn1-ber/asn1-ber"
	"golang.org/x/crypto/blowfish" //lint:ignore SA1019 old files are encrypted with it
	"golang.org/x/crypto/cast5"    //lint:ignore SA1019 old files are encrypted with it

	"certdesk/internal/blockcipher"
)

// blockCiphers are the block ciphers by the names that OpenSSL gives them.
var blockCiphers = map[string]struct {
	name    string // for people
	keySize int    // octets
	block   newBlock
}{
	"DES": {"DES", 8, des.NewCipher}, "DES-EDE": {"2DES", 16, newTripleDES}, "DES-EDE3": {"3DES", 24, newTripleDES},
	"DESX":    {"DES-X", 24, blockcipher.NewDESX},
	"AES-128": {"AES-128", 16, aes.NewCipher}, "AES-192": {"AES-192", 24, aes.NewCipher}, "AES-256": {"AES-256", 32, aes.NewCipher},
	"CAMELLIA-128": {"Camellia-128", 16, blockcipher.NewCamellia}, "CAMELLIA-192": {"Camellia-192", 24, blockcipher.NewCamellia},
	"CAMELLIA-256": {"Camellia-256", 32, blockcipher.NewCamellia},
	"ARIA-128":     {"ARIA-128", 16, blockcipher.NewARIA}, "ARIA-192": {"ARIA-192", 24, blockcipher.NewARIA}, "ARIA-256": {"ARIA-256", 32, blockcipher.NewARIA},
	"SEED": {"SEED", 16, blockcipher.NewSEED}, "SM4": {"SM4", 16, sm4.NewCipher},
	"BF": {"Blowfish", 16, newBlowfish}, "CAST5": {"CAST5", 16, newCAST5},
	"RC2": {"RC2-128", 16, newRC2Block(128)}, "RC2-64": {"RC2-64", 8, newRC2Block(64)}, "RC2-40": {"RC2-40", 5, newRC2Block(40)},
}

func newRC2Block(effective int) newBlock {
	return func(key []byte) (cipher.Block, error) { return blockcipher.NewRC2(key, effective) }
}

// newTripleDES takes 24 octets, or 16 for two keys (RFC 7292 appendix C).
func newTripleDES(key []byte) (cipher.Block, error) {
	if len(key) == 16 {
		key = append(key[:16:16], key[:8]...)
	}
	return des.NewTripleDESCipher(key)
}

func newBlowfish(key []byte) (cipher.Block, error) { return blowfish.NewCipher(key) }
func newCAST5(key []byte) (cipher.Block, error)    { return cast5.NewCipher(key) }

// cipherByName returns what undoes a cipher by its name in OpenSSL,
// "AES-128-CBC" with the mode behind the last hyphen.
func cipherByName(name string) (decrypter, bool) {
	if name == "ChaCha20" {
		return decrypter{name: name, keySize: 32, open: openChaCha20}, true
	}
	at := max(strings.LastIndexByte(name, '-'), 0)
	c, known := blockCiphers[name[:at]]
	m, hasMode := modes[strings.TrimPrefix(name[at:], "-")]
	if !known || !hasMode {
		return decrypter{}, false
	}
	return decrypter{name: c.name + name[at:], keySize: c.keySize, open: m.of(c.block)}, true
}

// schemeNames are the encryption schemes of PBES2 whose parameter is the
// initialization vector, if they have any: their names in OpenSSL by the OID
// (RFC 8018 appendix B.2, NIST CSOR, RFC 3657, RFC 5794, RFC 4269, GM/T 0006).
var schemeNames = func() map[string]string {
	m := map[string]string{
		"1.3.14.3.2.6": "DES-ECB", "1.3.14.3.2.7": "DES-CBC", "1.3.14.3.2.8": "DES-OFB", "1.3.14.3.2.9": "DES-CFB",
		"1.3.14.3.2.17": "DES-EDE-ECB", "1.2.840.113549.3.7": "DES-EDE3-CBC",
		"1.3.6.1.4.1.3029.1.2": "BF-CBC", "1.2.840.113533.7.66.10": "CAST5-CBC",
		"1.2.410.200004.1.3": "SEED-ECB", "1.2.410.200004.1.4": "SEED-CBC", "1.2.410.200004.1.5": "SEED-CFB", "1.2.410.200004.1.6": "SEED-OFB",
	}
	// Families that number their modes alike for each size of key.
	for i, size := range []string{"128", "192", "256"} {
		m[fmt.Sprintf("1.2.392.200011.61.1.1.1.%d", 2+i)] = "CAMELLIA-" + size + "-CBC"
		number(m, "2.16.840.1.101.3.4.1.", 20*i, "AES-"+size, "ECB", "CBC", "OFB", "CFB")
		number(m, "0.3.4401.5.3.1.9.", 20*i, "CAMELLIA-"+size, "ECB", "", "OFB", "CFB", "", "", "", "", "CTR")
		number(m, "1.2.410.200046.1.1.", 5*i, "ARIA-"+size, "ECB", "CBC", "CFB", "OFB", "CTR")
	}
	number(m, "1.2.156.10197.1.104.", 0, "SM4", "ECB", "CBC", "OFB", "CFB", "", "", "CTR")
	return m
}()

// number enters the modes of a cipher under arc with the numbers from base+1.
func number(m map[string]string, arc string, base int, cipher string, modes ...string) {
	for i, mode := range modes {
		if mode != "" {
			m[fmt.Sprint(arc, base+i+1)] = cipher + "-" + mode
		}
	}
}

var gcmKeySizes = map[string]int{
	"2.16.840.1.101.3.4.1.6": 16, "2.16.840.1.101.3.4.1.26": 24, "2.16.840.1.101.3.4.1.46": 32,
}

var gcmNames = map[int]string{16: "AES-128-GCM", 24: "AES-192-GCM", 32: "AES-256-GCM"}

// readCipher reads the encryption scheme of PBES2.
func readCipher(alg *ber.Packet) (decrypter, error) {
	id, params := oid(child(alg, 0)), child(alg, 1)
	if c, ok := cipherByName(schemeNames[id]); ok {
		iv, ok := octets(params)
		if is(params, ber.TagSequence) { // CAST5: IV and key length (RFC 2144)
			iv, ok = octets(child(params, 0))
		}
		if !ok && !strings.HasSuffix(c.name, "-ECB") {
			return decrypter{name: c.name}, errMalformed
		}
		c.open = withIV(iv, c.open)
		return c, nil
	}
	if size, ok := gcmKeySizes[id]; ok {
		nonce, ok := octets(child(params, 0))
		tag := int64(12) // RFC 5084 section 3.2
		if p := child(params, 1); p != nil {
			tag, _ = integer(p)
		}
		d := decrypter{name: gcmNames[size], keySize: size}
		if !ok || tag < 12 || tag > 16 {
			return d, errMalformed
		}
		d.open = withIV(nonce, openGCM(int(tag)))
		return d, nil
	}
	switch id {
	case "1.2.840.113549.3.2":
		return readRC2(params)
	case "1.2.840.113549.3.4":
		return decrypter{name: "RC4", keySize: -16, open: openRC4}, nil
	case "":
		return decrypter{name: "?"}, errMalformed
	}
	return decrypter{name: algorithmName(id)}, unsupported(algorithmName(id))
}

// rc2Versions are the encodings of effective key bits (RFC 8018 appendix
// B.2.3); from 256 on a version is the number of bits itself.
var rc2Versions = map[int64]int{160: 40, 120: 64, 58: 128}

func readRC2(params *ber.Packet) (decrypter, error) {
	d := decrypter{name: "RC2-CBC"}
	bits, ivAt := 32, 0
	if version, ok := integer(child(params, 0)); ok {
		ivAt = 1
		bits = rc2Versions[version]
		if version >= 256 && version <= 1024 {
			bits = int(version)
		}
	}
	iv, ok := octets(child(params, ivAt))
	if is(params, ber.TagOctetString) { // the IV alone: 32 bits
		iv, ok = octets(params)
	}
	if !ok || bits == 0 {
		return d, errMalformed
	}
	d.open = withIV(iv, mode(openCBC).of(newRC2Block(bits)))
	d.keySize = -bits / 8
	return d, nil
}

func withIV(iv []byte, open opener) opener {
	return func(key, _, ciphertext []byte) ([]byte, error) { return open(key, iv, ciphertext) }
}
