package certfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20"
)

// errPadding says that a decryption gave nonsense: another key, or damage.
var errPadding = errors.New("decrypts to nonsense")

// maxBitwise bounds, in octets, what is decrypted bit by bit: each bit costs a
// whole block.
const maxBitwise = 64 << 10

// An opener undoes an encryption.
type opener func(key, iv, ciphertext []byte) ([]byte, error)

// A decrypter undoes one encryption with the key and, for a cipher that takes
// it from the derivation, the initialization vector.
type decrypter struct {
	name    string
	keySize int // octets of the key; negative: unless the derivation says
	ivSize  int // octets to derive; 0: none
	open    opener
}

// newBlock makes a block cipher of a key.
type newBlock func(key []byte) (cipher.Block, error)

// A mode undoes a mode of operation (NIST SP 800-38A). All but CBC and ECB
// give some result in any case; whether it makes sense is the caller's to see.
type mode func(block cipher.Block, iv, ciphertext []byte) ([]byte, error)

var modes = map[string]mode{
	"CBC": openCBC, "ECB": openECB, "CFB8": openCFB8, "CFB1": openCFB1,
	"CFB": stream(cipher.NewCFBDecrypter), //lint:ignore SA1019 what the file is encrypted with
	"OFB": stream(cipher.NewOFB),          //lint:ignore SA1019 likewise
	"CTR": stream(cipher.NewCTR),
}

// of returns what undoes m of the cipher.
func (m mode) of(fresh newBlock) opener {
	return func(key, iv, ciphertext []byte) ([]byte, error) {
		block, err := fresh(key)
		if err != nil {
			return nil, damaged(err.Error())
		}
		return m(block, iv, ciphertext)
	}
}

func openCBC(block cipher.Block, iv, ciphertext []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(ciphertext) == 0 || len(ciphertext)%size != 0 {
		return nil, damaged("encrypted content is not whole blocks")
	}
	plain := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, ciphertext)
	return unpad(plain, size)
}

// openECB decrypts each block for itself; there is no initialization vector.
func openECB(block cipher.Block, _, ciphertext []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(ciphertext) == 0 || len(ciphertext)%size != 0 {
		return nil, damaged("encrypted content is not whole blocks")
	}
	plain := make([]byte, len(ciphertext))
	for i := 0; i < len(plain); i += size {
		block.Decrypt(plain[i:], ciphertext[i:])
	}
	return unpad(plain, size)
}

// unpad removes the padding (RFC 8018 section 6.1.1, which is that of RFC 5652
// section 6.3).
func unpad(plain []byte, size int) ([]byte, error) {
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

func checkIV(block cipher.Block, iv []byte) error {
	if len(iv) != block.BlockSize() {
		return damaged("an initialization vector of another size than a block")
	}
	return nil
}

func stream(fresh func(cipher.Block, []byte) cipher.Stream) mode {
	return func(block cipher.Block, iv, ciphertext []byte) ([]byte, error) {
		if err := checkIV(block, iv); err != nil {
			return nil, err
		}
		plain := make([]byte, len(ciphertext))
		fresh(block, iv).XORKeyStream(plain, ciphertext)
		return plain, nil
	}
}

// openCFB8 is cipher feedback of an octet (SP 800-38A section 6.3, s = 8).
func openCFB8(block cipher.Block, iv, ciphertext []byte) ([]byte, error) {
	if err := checkIV(block, iv); err != nil {
		return nil, err
	}
	register := append([]byte(nil), iv...)
	plain, pad := make([]byte, len(ciphertext)), make([]byte, len(iv))
	for i, c := range ciphertext {
		block.Encrypt(pad, register)
		plain[i] = c ^ pad[0]
		register = append(register[1:], c)
	}
	return plain, nil
}

// openCFB1 is cipher feedback of a bit (SP 800-38A section 6.3, s = 1).
func openCFB1(block cipher.Block, iv, ciphertext []byte) ([]byte, error) {
	if err := checkIV(block, iv); err != nil {
		return nil, err
	}
	if len(ciphertext) > maxBitwise {
		return nil, tooMuch(fmt.Sprintf("%d bytes in one-bit cipher feedback", len(ciphertext)))
	}
	register := append([]byte(nil), iv...)
	plain, pad := make([]byte, len(ciphertext)), make([]byte, len(iv))
	for i := range 8 * len(ciphertext) {
		bit := ciphertext[i/8] >> (7 - i%8) & 1
		block.Encrypt(pad, register)
		plain[i/8] |= (bit ^ pad[0]>>7) << (7 - i%8)
		for j := range register {
			next := bit
			if j+1 < len(register) {
				next = register[j+1] >> 7
			}
			register[j] = register[j]<<1 | next
		}
	}
	return plain, nil
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

// openChaCha20 takes OpenSSL's vector: a counter, little-endian, and the nonce
// of RFC 8439.
func openChaCha20(key, iv, ciphertext []byte) ([]byte, error) {
	if len(iv) != 4+chacha20.NonceSize {
		return nil, damaged("an initialization vector of another size than ChaCha20's")
	}
	c, err := chacha20.NewUnauthenticatedCipher(key, iv[4:])
	if err != nil {
		return nil, damaged(err.Error())
	}
	counter := binary.LittleEndian.Uint32(iv)
	if uint64(counter)+uint64(len(ciphertext)/64)+1 > 1<<32 {
		return nil, damaged("the counter of ChaCha20 runs over")
	}
	c.SetCounter(counter)
	plain := make([]byte, len(ciphertext))
	c.XORKeyStream(plain, ciphertext)
	return plain, nil
}

// openGCM decrypts AES-GCM with a tag of the given size at the end (RFC 5084).
func openGCM(tag int) opener {
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
