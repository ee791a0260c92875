package blockcipher

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
)

// desx is DES between two additions of key material (Kilian and Rogaway, "How
// to protect DES against exhaustive key search").
type desx struct {
	cipher.Block
	in, out []byte
}

// NewDESX returns DES-X with a key of 24 octets: that of DES, what is added
// before it, and what after.
func NewDESX(key []byte) (cipher.Block, error) {
	if len(key) != 24 {
		return nil, KeySizeError(len(key))
	}
	block, err := des.NewCipher(key[:8])
	return &desx{block, append([]byte(nil), key[8:16]...), append([]byte(nil), key[16:]...)}, err
}

// Encrypt encrypts one block of 8 octets.
func (c *desx) Encrypt(dst, src []byte) { c.between(dst, src, c.in, c.Block.Encrypt, c.out) }

// Decrypt decrypts one block of 8 octets.
func (c *desx) Decrypt(dst, src []byte) { c.between(dst, src, c.out, c.Block.Decrypt, c.in) }

func (c *desx) between(dst, src, before []byte, crypt func(dst, src []byte), after []byte) {
	var b [des.BlockSize]byte
	subtle.XORBytes(b[:], src[:des.BlockSize], before)
	crypt(b[:], b[:])
	subtle.XORBytes(dst[:des.BlockSize], b[:], after)
}
