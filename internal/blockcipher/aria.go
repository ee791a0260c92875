package blockcipher

import (
	"crypto/cipher"
	"encoding/binary"
	"sync"
)

type ariaBlock = [blockSize]byte

// aria is the cipher of RFC 5794 with its round keys.
type aria struct {
	encrypt, decrypt []ariaBlock
}

// ariaConstants are C1, C2 and C3 of RFC 5794 section 2.2.
var ariaConstants = [3]word128{
	{0x517cc1b727220a94, 0xfe13abe8fa9a6ee0},
	{0x6db14acc9e21c820, 0xff28b1d5ef5de2b0},
	{0xdb92371d2126e970, 0x0324977504e8c90e},
}

// NewARIA returns ARIA with a key of 16, 24 or 32 octets (RFC 5794).
func NewARIA(key []byte) (cipher.Block, error) {
	if len(key) != 16 && len(key) != 24 && len(key) != 32 {
		return nil, KeySizeError(len(key))
	}
	var long [32]byte
	copy(long[:], key)
	shift := (len(key) - 16) / 8 // which constant is the first
	constant := func(i int) ariaBlock { return ariaBytes(ariaConstants[(i+shift)%3]) }
	kl, kr := ariaBlock(long[:16]), ariaBlock(long[16:])
	var w [4]word128
	w0 := kl
	w1 := ariaXor(ariaRound(w0, constant(0), true), kr)
	w2 := ariaXor(ariaRound(w1, constant(1), false), w0)
	w3 := ariaXor(ariaRound(w2, constant(2), true), w1)
	for i, b := range []ariaBlock{w0, w1, w2, w3} {
		w[i] = word128{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
	}
	rounds := 12 + 2*shift
	c := &aria{}
	rotations := [5]int{128 - 19, 128 - 31, 61, 31, 19}
	for i := range rounds + 1 {
		c.encrypt = append(c.encrypt, ariaBytes(w[i%4].xor(w[(i+1)%4].rotate(rotations[i/4]))))
	}
	for i := range c.encrypt {
		k := c.encrypt[rounds-i]
		if i > 0 && i < rounds {
			k = ariaDiffuse(k)
		}
		c.decrypt = append(c.decrypt, k)
	}
	return c, nil
}

// BlockSize returns 16.
func (c *aria) BlockSize() int { return blockSize }

// Encrypt encrypts one block.
func (c *aria) Encrypt(dst, src []byte) { ariaCrypt(c.encrypt, dst, src) }

// Decrypt decrypts one block.
func (c *aria) Decrypt(dst, src []byte) { ariaCrypt(c.decrypt, dst, src) }

// ariaCrypt is section 2.3; it undoes itself with the other round keys.
func ariaCrypt(k []ariaBlock, dst, src []byte) {
	p, last := ariaBlock(src[:blockSize]), len(k)-1
	for i := range last - 1 {
		p = ariaRound(p, k[i], i%2 == 0)
	}
	p = ariaXor(ariaSubstitute(ariaXor(p, k[last-1]), false), k[last])
	copy(dst[:blockSize], p[:])
}

// ariaRound is FO, the function of odd rounds, or FE (section 2.4.1).
func ariaRound(d, k ariaBlock, odd bool) ariaBlock {
	return ariaDiffuse(ariaSubstitute(ariaXor(d, k), odd))
}

// ariaSubstitute is SL1, or SL2 which takes the boxes in the order 3, 4, 1, 2
// (section 2.4.2).
func ariaSubstitute(x ariaBlock, odd bool) ariaBlock {
	boxes, first := ariaSBoxes(), 2
	if odd {
		first = 0
	}
	for i, b := range x {
		x[i] = boxes[(i+first)%4][b]
	}
	return x
}

// ariaA are the rows of the diffusion layer: which octets go into each
// (section 2.4.3).
var ariaA = [blockSize][7]byte{
	{3, 4, 6, 8, 9, 13, 14}, {2, 5, 7, 8, 9, 12, 15}, {1, 4, 6, 10, 11, 12, 15}, {0, 5, 7, 10, 11, 13, 14},
	{0, 2, 5, 8, 11, 14, 15}, {1, 3, 4, 9, 10, 14, 15}, {0, 2, 7, 9, 10, 12, 13}, {1, 3, 6, 8, 11, 12, 13},
	{0, 1, 4, 7, 10, 13, 15}, {0, 1, 5, 6, 11, 12, 14}, {2, 3, 5, 6, 8, 13, 15}, {2, 3, 4, 7, 9, 12, 14},
	{1, 2, 6, 7, 9, 11, 12}, {0, 3, 6, 7, 8, 10, 13}, {0, 3, 4, 5, 9, 11, 14}, {1, 2, 4, 5, 8, 10, 15},
}

func ariaDiffuse(x ariaBlock) (y ariaBlock) {
	for i, row := range ariaA {
		for _, j := range row {
			y[i] ^= x[j]
		}
	}
	return y
}

func ariaXor(a, b ariaBlock) ariaBlock {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}

func ariaBytes(w word128) (b ariaBlock) {
	binary.BigEndian.PutUint64(b[:], w[0])
	binary.BigEndian.PutUint64(b[8:], w[1])
	return b
}

// ariaSBoxes are SB1 to SB4 of section 2.4.2: that of AES, x^247 followed by
// an affine map, and the inverses of both.
var ariaSBoxes = sync.OnceValue(func() *[4][256]byte {
	const f = field(0x11b) // x^8 + x^4 + x^3 + x + 1
	sb1 := f.sbox(254, affine{rows: [8]byte{0xf1, 0xe3, 0xc7, 0x8f, 0x1f, 0x3e, 0x7c, 0xf8}, constant: 0x63})
	sb2 := f.sbox(247, affine{rows: [8]byte{0x7a, 0xbc, 0xeb, 0xb9, 0x34, 0x81, 0xba, 0xcb}, constant: 0xe2})
	return &[4][256]byte{sb1, sb2, inverse(sb1), inverse(sb2)}
})
