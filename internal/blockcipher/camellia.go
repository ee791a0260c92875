package blockcipher

import (
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

// camellia is the cipher of RFC 3713 with its subkeys in the order in which
// encryption meets them: whitening, six rounds, FL and FLINV, six rounds, ...,
// whitening.
type camellia struct {
	encrypt, decrypt []uint64
}

// NewCamellia returns Camellia with a key of 16, 24 or 32 octets (RFC 3713).
func NewCamellia(key []byte) (cipher.Block, error) {
	var kl, kr word128
	switch len(key) {
	case 32:
		kr[1] = binary.BigEndian.Uint64(key[24:])
		fallthrough
	case 24:
		kr[0] = binary.BigEndian.Uint64(key[16:])
		if len(key) == 24 {
			kr[1] = ^kr[0]
		}
		fallthrough
	case 16:
		kl = word128{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	default:
		return nil, KeySizeError(len(key))
	}
	c := &camellia{}
	ka, kb := camelliaIntermediate(kl, kr)
	add := func(k word128, n int) { k = k.rotate(n); c.encrypt = append(c.encrypt, k[0], k[1]) }
	if len(key) == 16 { // section 2.2, the table for 128 bits
		add(kl, 0)
		add(ka, 0)
		add(kl, 15)
		add(ka, 15)
		add(ka, 30)
		add(kl, 45)
		c.encrypt = append(c.encrypt, ka.rotate(45)[0], kl.rotate(60)[1])
		add(ka, 60)
		add(kl, 77)
		add(kl, 94)
		add(ka, 94)
		add(kl, 111)
		add(ka, 111)
	} else { // that for 192 and 256
		add(kl, 0)
		add(kb, 0)
		add(kr, 15)
		add(ka, 15)
		add(kr, 30)
		add(kb, 30)
		add(kl, 45)
		add(ka, 45)
		add(kl, 60)
		add(kr, 60)
		add(kb, 60)
		add(kl, 77)
		add(ka, 77)
		add(kr, 94)
		add(ka, 94)
		add(kl, 111)
		add(kb, 111)
	}
	// Decryption takes them backwards, but the whitening keeps its halves
	// (section 2.3.3).
	c.decrypt = slices.Clone(c.encrypt)
	slices.Reverse(c.decrypt)
	n := len(c.decrypt)
	c.decrypt[0], c.decrypt[1] = c.decrypt[1], c.decrypt[0]
	c.decrypt[n-2], c.decrypt[n-1] = c.decrypt[n-1], c.decrypt[n-2]
	return c, nil
}

// camelliaSigma are the constants of section 2.2.
var camelliaSigma = [6]uint64{
	0xa09e667f3bcc908b, 0xb67ae8584caa73b2, 0xc6ef372fe94f82be,
	0x54ff53a5f1d36f1c, 0x10e527fade682d1d, 0xb05688c2b3e6c1fd,
}

// camelliaIntermediate derives KA and KB (section 2.2).
func camelliaIntermediate(kl, kr word128) (ka, kb word128) {
	twoRounds := func(d word128, sigma []uint64) word128 {
		d[1] ^= camelliaF(d[0], sigma[0])
		d[0] ^= camelliaF(d[1], sigma[1])
		return d
	}
	d := twoRounds(kl.xor(kr), camelliaSigma[:2])
	ka = twoRounds(d.xor(kl), camelliaSigma[2:4])
	kb = twoRounds(ka.xor(kr), camelliaSigma[4:])
	return ka, kb
}

// BlockSize returns 16.
func (c *camellia) BlockSize() int { return blockSize }

// Encrypt encrypts one block.
func (c *camellia) Encrypt(dst, src []byte) { camelliaBlock(c.encrypt, dst, src) }

// Decrypt decrypts one block.
func (c *camellia) Decrypt(dst, src []byte) { camelliaBlock(c.decrypt, dst, src) }

// camelliaBlock is section 2.3.
func camelliaBlock(k []uint64, dst, src []byte) {
	d1 := binary.BigEndian.Uint64(src) ^ k[0]
	d2 := binary.BigEndian.Uint64(src[8:16]) ^ k[1]
	for k = k[2:]; ; k = k[2:] {
		for range 3 {
			d2 ^= camelliaF(d1, k[0])
			d1 ^= camelliaF(d2, k[1])
			k = k[2:]
		}
		if len(k) == 2 {
			break
		}
		d1, d2 = camelliaFL(d1, k[0]), camelliaFLINV(d2, k[1])
	}
	binary.BigEndian.PutUint64(dst, d2^k[0])
	binary.BigEndian.PutUint64(dst[8:16], d1^k[1])
}

// camelliaFL is section 2.4.2.
func camelliaFL(x, k uint64) uint64 {
	x1, x2, k1, k2 := uint32(x>>32), uint32(x), uint32(k>>32), uint32(k)
	x2 ^= bits.RotateLeft32(x1&k1, 1)
	x1 ^= x2 | k2
	return uint64(x1)<<32 | uint64(x2)
}

// camelliaFLINV is section 2.4.3.
func camelliaFLINV(y, k uint64) uint64 {
	y1, y2, k1, k2 := uint32(y>>32), uint32(y), uint32(k>>32), uint32(k)
	y1 ^= y2 | k2
	y2 ^= bits.RotateLeft32(y1&k1, 1)
	return uint64(y1)<<32 | uint64(y2)
}

// camelliaP has, for each octet of the input of the P-function, which octets
// of its output it goes into, as a mask with 01 for each (section 2.4.1).
var camelliaP = [8]uint64{
	0x0101010001000001, 0x0001010101010000, 0x0100010100010100, 0x0101000100000101,
	0x0001010100010101, 0x0100010101000101, 0x0101000101010001, 0x0101010001010100,
}

// camelliaF is the F-function (section 2.4.1).
func camelliaF(x, k uint64) uint64 {
	s := camelliaSBox()
	x ^= k
	var out uint64
	for i := range 8 {
		t := byte(x >> (56 - 8*i))
		switch i {
		case 0, 7:
			t = s[t]
		case 1, 4:
			t = bits.RotateLeft8(s[t], 1)
		case 2, 5:
			t = bits.RotateLeft8(s[t], 7)
		case 3, 6:
			t = s[bits.RotateLeft8(t, 1)]
		}
		out ^= camelliaP[i] * uint64(t)
	}
	return out
}

// camelliaSBox is SBOX1 of section 2.4.1, made as the designers define it
// (Aoki et al., "Specification of Camellia", section 4.4.4): an affine map, an
// inversion in GF((2^4)^2) with its bits in that basis, and another one.
var camelliaSBox = sync.OnceValue(func() *[256]byte {
	const f = field(0x169) // x^8 + x^6 + x^5 + x^3 + 1
	// The basis 1, a, a^2, a^3, b, ab, a^2 b, a^3 b; a = b^238, b is the root.
	a := f.power(2, 238)
	var basis [8]byte
	for i := range basis {
		basis[i] = f.power(a, i%4)
		if i >= 4 {
			basis[i] = f.multiply(basis[i], 2)
		}
	}
	var in, out [256]byte // from these bits to the field and back
	for x := range in {
		for i, b := range basis {
			if x>>i&1 != 0 {
				in[x] ^= b
			}
		}
		out[in[x]] = byte(x)
	}
	first := affine{rows: [8]byte{0x14, 0x81, 0x48, 0x12, 0x21, 0x29, 0x82, 0x44}}
	last := affine{rows: [8]byte{0x24, 0x88, 0x81, 0x22, 0x41, 0x12, 0x44, 0x4c}, constant: 0x6e}
	var s [256]byte
	for x := range s {
		y := first.apply(byte(x) ^ 0xc5)
		s[x] = last.apply(out[f.power(in[y], 254)])
	}
	return &s
})
