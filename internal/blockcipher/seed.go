package blockcipher

import (
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
	"sync"
)

const seedRounds = 16

// seed is the cipher of RFC 4269: two words of key for each round.
type seed [seedRounds][2]uint32

// NewSEED returns SEED with a key of 16 octets (RFC 4269).
func NewSEED(key []byte) (cipher.Block, error) {
	if len(key) != 16 {
		return nil, KeySizeError(len(key))
	}
	// Two words turn right by one octet after odd rounds, the other two left
	// after even ones.
	high, low := binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])
	var c seed
	for i := range c {
		constant := bits.RotateLeft32(0x9e3779b9, i)
		a, b, x, d := uint32(high>>32), uint32(high), uint32(low>>32), uint32(low)
		c[i] = [2]uint32{seedG(a + x - constant), seedG(b - d + constant)}
		if i%2 == 0 {
			high = bits.RotateLeft64(high, -8)
		} else {
			low = bits.RotateLeft64(low, 8)
		}
	}
	return &c, nil
}

// BlockSize returns 16.
func (c *seed) BlockSize() int { return blockSize }

// Encrypt encrypts one block.
func (c *seed) Encrypt(dst, src []byte) {
	c.crypt(dst, src, func(round int) [2]uint32 { return c[round] })
}

// Decrypt decrypts one block.
func (c *seed) Decrypt(dst, src []byte) {
	c.crypt(dst, src, func(round int) [2]uint32 { return c[seedRounds-1-round] })
}

// crypt is the Feistel network of RFC 4269 section 2.
func (c *seed) crypt(dst, src []byte, key func(round int) [2]uint32) {
	var l, r [2]uint32
	for i := range 2 {
		l[i] = binary.BigEndian.Uint32(src[4*i:])
		r[i] = binary.BigEndian.Uint32(src[8+4*i : 12+4*i])
	}
	for round := range seedRounds {
		f := seedF(r, key(round))
		l, r = r, [2]uint32{l[0] ^ f[0], l[1] ^ f[1]}
	}
	for i := range 2 {
		binary.BigEndian.PutUint32(dst[4*i:], r[i])
		binary.BigEndian.PutUint32(dst[8+4*i:12+4*i], l[i])
	}
}

// seedF is the function F of section 2.
func seedF(r, k [2]uint32) [2]uint32 {
	c, d := r[0]^k[0], r[1]^k[1]
	d = seedG(c ^ d)
	c = seedG(c + d)
	d = seedG(d + c)
	return [2]uint32{c + d, d}
}

// seedG is the function G of section 2: four boxes, and a permutation of their bits with the
// masks m0 to m3.
func seedG(x uint32) uint32 {
	boxes, m := seedSBoxes(), [4]byte{0xfc, 0xf3, 0xcf, 0x3f}
	var z uint32
	for i := range 4 { // i is the octet of the result, the lowest first
		var b byte
		for j := range 4 {
			b ^= boxes[j%2][byte(x>>(8*j))] & m[(i+j)%4]
		}
		z |= uint32(b) << (8 * i)
	}
	return z
}

// seedSBoxes are S0 and S1 of appendix A: x^247 and x^251, each followed by an
// affine map.
var seedSBoxes = sync.OnceValue(func() *[2][256]byte {
	const f = field(0x163) // x^8 + x^6 + x^5 + x + 1
	return &[2][256]byte{
		f.sbox(247, affine{rows: [8]byte{0x14, 0x88, 0x21, 0x45, 0x42, 0x85, 0xfe, 0x8a}, constant: 169}),
		f.sbox(251, affine{rows: [8]byte{0x14, 0x42, 0x88, 0x8a, 0x21, 0xfe, 0x85, 0x45}, constant: 56}),
	}
})
