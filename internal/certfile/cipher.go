package certfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"errors"

	ber "github.com/go-asn1-ber/asn1-ber"
	"golang.org/x/crypto/blowfish" //lint:ignore SA1019 old files are encrypted with it
	"golang.org/x/crypto/cast5"    //lint:ignore SA1019 old files are encrypted with it
)

// errPadding says that a decryption gave nonsense: another key, or damage.
var errPadding = errors.New("decrypts to nonsense")

// A decrypter undoes one encryption with the key and, for a cipher that takes
// it from the derivation, the initialization vector.
type decrypter struct {
	name    string
	keySize int // octets of the key; 0: what the derivation says
	ivSize  int // octets to derive; 0: none
	open    func(key, iv, ciphertext []byte) ([]byte, error)
}

type newBlock func(key []byte) (cipher.Block, error)

func newRC2Block(effective int) newBlock {
	return func(key []byte) (cipher.Block, error) { return newRC2(key, effective) }
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

// openCBC decrypts in CBC mode and removes the padding (RFC 8018 section
// 6.1.1, which is that of RFC 5652 section 6.3).
func openCBC(fresh newBlock) func(key, iv, ciphertext []byte) ([]byte, error) {
	return func(key, iv, ciphertext []byte) ([]byte, error) {
		block, err := fresh(key)
		if err != nil {
			return nil, damaged(err.Error())
		}
		size := block.BlockSize()
		if len(iv) != size || len(ciphertext) == 0 || len(ciphertext)%size != 0 {
			return nil, damaged("encrypted content is not whole blocks")
		}
		plain := make([]byte, len(ciphertext))
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, ciphertext)
		pad := int(plain[len(plain)-1])
		if pad < 1 || pad > size {
			return nil, errPadding
		}
		for _, b := range plain[len(plain)-pad:] {
			if int(b) != pad {
				return nil, errPadding
			}
		}
		return plain[:len(plain)-pad], nil
	}
}

func openRC4(key, _, ciphertext []byte) ([]byte, error) {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil, damaged(err.Error())
	}
	plain := make([]byte, len(ciphertext))
	c.XORKeyStream(plain, ciphertext)
	return plain, nil
}

// openGCM decrypts AES-GCM with a tag of the given size at the end (RFC 5084).
func openGCM(tag int) func(key, iv, ciphertext []byte) ([]byte, error) {
	return func(key, iv, ciphertext []byte) ([]byte, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, damaged(err.Error())
		}
		aead, err := cipher.NewGCMWithTagSize(block, tag)
		if err != nil || len(iv) != aead.NonceSize() {
			return nil, unsupported("AES-GCM with an unusual nonce or tag")
		}
		plain, err := aead.Open(nil, iv, ciphertext, nil)
		if err != nil {
			return nil, errPadding
		}
		return plain, nil
	}
}

// blockCiphers are the encryption schemes of PBES2 (RFC 8018 appendix B.2)
// whose parameter is the initialization vector.
var blockCiphers = map[string]struct {
	name    string
	keySize int
	block   newBlock
}{
	"1.3.14.3.2.7":            {"DES-CBC", 8, des.NewCipher},
	"1.2.840.113549.3.7":      {"3DES-CBC", 24, newTripleDES},
	"2.16.840.1.101.3.4.1.2":  {"AES-128-CBC", 16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {"AES-192-CBC", 24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {"AES-256-CBC", 32, aes.NewCipher},
	"1.3.6.1.4.1.3029.1.2":    {"Blowfish-CBC", 16, newBlowfish},
	"1.2.840.113533.7.66.10":  {"CAST5-CBC", 16, newCAST5},
}

// streamCiphers are those schemes that make a stream of AES, without padding.
var streamCiphers = map[string]struct {
	name    string
	keySize int
	stream  func(cipher.Block, []byte) cipher.Stream
}{
	"2.16.840.1.101.3.4.1.3":  {"AES-128-OFB", 16, cipher.NewOFB},          //lint:ignore SA1019 what the file is encrypted with
	"2.16.840.1.101.3.4.1.23": {"AES-192-OFB", 24, cipher.NewOFB},          //lint:ignore SA1019 likewise
	"2.16.840.1.101.3.4.1.43": {"AES-256-OFB", 32, cipher.NewOFB},          //lint:ignore SA1019 likewise
	"2.16.840.1.101.3.4.1.4":  {"AES-128-CFB", 16, cipher.NewCFBDecrypter}, //lint:ignore SA1019 likewise
	"2.16.840.1.101.3.4.1.24": {"AES-192-CFB", 24, cipher.NewCFBDecrypter}, //lint:ignore SA1019 likewise
	"2.16.840.1.101.3.4.1.44": {"AES-256-CFB", 32, cipher.NewCFBDecrypter}, //lint:ignore SA1019 likewise
}

// openStream decrypts AES as a stream. Whether the result makes sense is the
// caller's to see.
func openStream(stream func(cipher.Block, []byte) cipher.Stream) func(key, iv, ciphertext []byte) ([]byte, error) {
	return func(key, iv, ciphertext []byte) ([]byte, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, damaged(err.Error())
		}
		if len(iv) != aes.BlockSize {
			return nil, damaged("an initialization vector of another size than a block")
		}
		plain := make([]byte, len(ciphertext))
		stream(block, iv).XORKeyStream(plain, ciphertext)
		return plain, nil
	}
}

var gcmKeySizes = map[string]int{
	"2.16.840.1.101.3.4.1.6": 16, "2.16.840.1.101.3.4.1.26": 24, "2.16.840.1.101.3.4.1.46": 32,
}

var gcmNames = map[int]string{16: "AES-128-GCM", 24: "AES-192-GCM", 32: "AES-256-GCM"}

// readCipher reads the encryption scheme of PBES2.
func readCipher(alg *ber.Packet) (decrypter, error) {
	id, params := oid(child(alg, 0)), child(alg, 1)
	if c, ok := blockCiphers[id]; ok {
		iv, ok := octets(params)
		if is(params, ber.TagSequence) { // CAST5: IV and key length (RFC 2144)
			iv, ok = octets(child(params, 0))
		}
		if !ok {
			return decrypter{name: c.name}, errMalformed
		}
		return decrypter{name: c.name, keySize: c.keySize, open: withIV(iv, openCBC(c.block))}, nil
	}
	if c, ok := streamCiphers[id]; ok {
		iv, ok := octets(params)
		if !ok {
			return decrypter{name: c.name}, errMalformed
		}
		return decrypter{name: c.name, keySize: c.keySize, open: withIV(iv, openStream(c.stream))}, nil
	}
	if id == "1.2.840.113549.3.2" {
		return readRC2(params)
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
	if id == "" {
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
	d.open = withIV(iv, openCBC(newRC2Block(bits)))
	d.keySize = -bits / 8 // a default: the derivation may say otherwise
	return d, nil
}

func withIV(iv []byte, open func(key, iv, ciphertext []byte) ([]byte, error)) func(_, _, _ []byte) ([]byte, error) {
	return func(key, _, ciphertext []byte) ([]byte, error) { return open(key, iv, ciphertext) }
}
