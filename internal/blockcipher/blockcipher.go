// Package blockcipher has the block ciphers that key files are encrypted with
// and that no Go module in reach offers: Camellia, ARIA, SEED, RC2 and DES-X.
// They serve to read a file that somebody has. Tables are looked up by secret
// octets, so that they are not for a server that answers strangers.
package blockcipher

import (
	"fmt"
	"math/bits"
)

// blockSize is the block size in octets of Camellia, ARIA and SEED.
const blockSize = 16

// A KeySizeError is the length in octets of a key that a cipher does not take.
type KeySizeError int

func (k KeySizeError) Error() string { return fmt.Sprintf("key of %d octets", int(k)) }

// A field is GF(2^8) with the given reduction polynomial.
type field int

func (f field) multiply(a, b byte) byte {
	var product int
	for x := int(a); b != 0; b >>= 1 {
		if b&1 != 0 {
			product ^= x
		}
		if x <<= 1; x > 0xff {
			x ^= int(f)
		}
	}
	return byte(product)
}

func (f field) power(x byte, n int) byte {
	y := byte(1)
	for range n {
		y = f.multiply(y, x)
	}
	return y
}

// An affine map of eight bits: output bit i is the parity of the input bits
// that rows[i] has, the lowest bit first, and then constant is added.
type affine struct {
	rows     [8]byte
	constant byte
}

func (m affine) apply(x byte) byte {
	y := m.constant
	for i, row := range m.rows {
		y ^= byte(bits.OnesCount8(row&x)&1) << i
	}
	return y
}

// sbox tabulates x^n followed by m.
func (f field) sbox(n int, m affine) (s [256]byte) {
	for x := range s {
		s[x] = m.apply(f.power(byte(x), n))
	}
	return s
}

// inverse returns the permutation that undoes s.
func inverse(s [256]byte) (out [256]byte) {
	for x, y := range s {
		out[y] = byte(x)
	}
	return out
}

// A word128 is 128 bits, the higher half first.
type word128 [2]uint64

// rotate rotates w left by n bits, 0 to 127.
func (w word128) rotate(n int) word128 {
	if n >= 64 {
		w[0], w[1] = w[1], w[0]
		n -= 64
	}
	if n == 0 {
		return w
	}
	return word128{w[0]<<n | w[1]>>(64-n), w[1]<<n | w[0]>>(64-n)}
}

func (w word128) xor(v word128) word128 { return word128{w[0] ^ v[0], w[1] ^ v[1]} }
