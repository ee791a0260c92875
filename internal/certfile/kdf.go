package certfile

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"math/bits"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/md4"       //lint:ignore SA1019 old files carry it
	"golang.org/x/crypto/ripemd160" //lint:ignore SA1019 old files carry it
	"golang.org/x/crypto/scrypt"
)

// Bounds of a derivation besides [MaxIterations].
const (
	maxSalt   = 4096      // octets
	maxKey    = 64        // octets of a derived key
	maxScrypt = 256 << 20 // bytes of memory
	ctxRounds = 2048      // rounds between two looks at the context
)

// A digest is a hash function by the name that OpenSSL gives it.
type digest struct {
	name string
	new  func() hash.Hash
}

var (
	md5Digest  = digest{"md5", md5.New}
	sha1Digest = digest{"sha1", sha1.New}
	sha256Hash = digest{"sha256", sha256.New}
	sha384Hash = digest{"sha384", sha512.New384}
	sha512Hash = digest{"sha512", sha512.New}
	sha224Hash = digest{"sha224", sha256.New224}
	sha512x224 = digest{"sha512-224", sha512.New512_224}
	sha512x256 = digest{"sha512-256", sha512.New512_256}
	sha3x224   = digest{"sha3-224", func() hash.Hash { return sha3.New224() }}
	sha3x256   = digest{"sha3-256", func() hash.Hash { return sha3.New256() }}
	sha3x384   = digest{"sha3-384", func() hash.Hash { return sha3.New384() }}
	sha3x512   = digest{"sha3-512", func() hash.Hash { return sha3.New512() }}
	sm3Digest  = digest{"sm3", sm3.New}
)

// digests are the hash functions of a MAC (RFC 3279, RFC 5754, NIST CSOR, RFC
// 7693, GM/T 0006; RIPEMD-160 by TeleTrusT).
var digests = map[string]digest{
	"1.2.840.113549.2.5": md5Digest, "1.3.14.3.2.26": sha1Digest,
	"2.16.840.1.101.3.4.2.1": sha256Hash, "2.16.840.1.101.3.4.2.2": sha384Hash, "2.16.840.1.101.3.4.2.3": sha512Hash,
	"2.16.840.1.101.3.4.2.4": sha224Hash, "2.16.840.1.101.3.4.2.5": sha512x224, "2.16.840.1.101.3.4.2.6": sha512x256,
	"2.16.840.1.101.3.4.2.7": sha3x224, "2.16.840.1.101.3.4.2.8": sha3x256, "2.16.840.1.101.3.4.2.9": sha3x384, "2.16.840.1.101.3.4.2.10": sha3x512,
	"1.2.840.113549.2.4": {"md4", md4.New}, "1.3.36.3.2.1": {"ripemd160", ripemd160.New}, "1.2.156.10197.1.401": sm3Digest,
	"1.3.6.1.4.1.1722.12.2.1.16": {"blake2b512", unkeyed(blake2b.New512)}, "1.3.6.1.4.1.1722.12.2.2.8": {"blake2s256", unkeyed(blake2s.New256)},
}

// prfs are the HMACs of PBKDF2 and PBMAC1 (RFC 8018 appendix B.1).
var prfs = map[string]digest{
	"1.3.6.1.5.5.8.1.1": md5Digest, "1.2.840.113549.2.7": sha1Digest, "1.2.840.113549.2.8": sha224Hash, "1.2.840.113549.2.9": sha256Hash,
	"1.2.840.113549.2.10": sha384Hash, "1.2.840.113549.2.11": sha512Hash, "1.2.840.113549.2.12": sha512x224, "1.2.840.113549.2.13": sha512x256,
	"2.16.840.1.101.3.4.2.13": sha3x224, "2.16.840.1.101.3.4.2.14": sha3x256, "2.16.840.1.101.3.4.2.15": sha3x384, "2.16.840.1.101.3.4.2.16": sha3x512,
	"1.2.156.10197.1.401.2": sm3Digest, "1.2.840.113549.2.6": md5Digest, "1.3.6.1.5.5.8.1.2": sha1Digest,
}

// unkeyed makes a hash of a function that could also take a key.
func unkeyed(fresh func(key []byte) (hash.Hash, error)) func() hash.Hash {
	return func() hash.Hash {
		h, err := fresh(nil)
		if err != nil {
			panic(err) // no key is never too long
		}
		return h
	}
}

// What the PKCS#12 derivation makes (RFC 7292 appendix B.3).
const (
	forKey = 1
	forIV  = 2
	forMAC = 3
)

// pkcs12KDF derives size octets (RFC 7292 appendix B.2). The password is a
// BMPString with two zero octets at its end, or nothing at all.
func pkcs12KDF(ctx context.Context, d digest, id byte, password, salt []byte, rounds, size int) ([]byte, error) {
	h := d.new()
	v := h.BlockSize()
	diversifier := make([]byte, v)
	for i := range diversifier {
		diversifier[i] = id
	}
	input := append(stretch(salt, v), stretch(password, v)...)
	var out []byte
	for len(out) < size {
		h.Reset()
		h.Write(diversifier)
		h.Write(input)
		a := h.Sum(nil)
		for i := 1; i < rounds; i++ {
			if i%ctxRounds == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			h.Reset()
			h.Write(a)
			a = h.Sum(a[:0])
		}
		out = append(out, a...)
		addTo(input, stretch(a, v)[:v])
	}
	return out[:size], ctx.Err()
}

// stretch repeats b to the next multiple of v octets; nothing stays nothing.
func stretch(b []byte, v int) []byte {
	n := (len(b) + v - 1) / v * v
	out := make([]byte, n)
	for i := range out {
		out[i] = b[i%len(b)]
	}
	return out
}

// addTo adds b+1 to each block of input, as big-endian numbers.
func addTo(input, b []byte) {
	v := len(b)
	for ; len(input) > 0; input = input[v:] {
		carry := 1
		for i := v - 1; i >= 0; i-- {
			carry += int(input[i]) + int(b[i])
			input[i] = byte(carry)
			carry >>= 8
		}
	}
}

// pbkdf2 derives size octets (RFC 8018 section 5.2). It is crypto/pbkdf2 with
// an eye on the context.
func pbkdf2(ctx context.Context, d digest, password, salt []byte, rounds, size int) ([]byte, error) {
	prf := hmac.New(d.new, password)
	var out []byte
	for block := uint32(1); len(out) < size; block++ {
		prf.Reset()
		prf.Write(salt)
		prf.Write(binary.BigEndian.AppendUint32(nil, block))
		u := prf.Sum(nil)
		t := append([]byte(nil), u...)
		for i := 1; i < rounds; i++ {
			if i%ctxRounds == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			prf.Reset()
			prf.Write(u)
			u = prf.Sum(u[:0])
			for j := range t {
				t[j] ^= u[j]
			}
		}
		out = append(out, t...)
	}
	return out[:size], ctx.Err()
}

// pbkdf1 derives up to one digest (RFC 8018 section 5.1).
func pbkdf1(ctx context.Context, d digest, password, salt []byte, rounds, size int) ([]byte, error) {
	h := d.new()
	h.Write(password)
	h.Write(salt)
	t := h.Sum(nil)
	for i := 1; i < rounds; i++ {
		if i%ctxRounds == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		h.Reset()
		h.Write(t)
		t = h.Sum(t[:0])
	}
	if size > len(t) {
		return nil, errMalformed
	}
	return t[:size], ctx.Err()
}

// scryptCost returns what scrypt with these parameters costs in rounds, or why
// it is refused (RFC 7914 section 2).
func scryptCost(n, r, p int64) (int64, error) {
	if n < 2 || bits.OnesCount64(uint64(n)) != 1 || r < 1 || p < 1 {
		return 0, errMalformed
	}
	if n > 1<<24 || r > 1<<10 || p > 1<<10 || 128*n*r > maxScrypt {
		return 0, tooMuch(fmt.Sprintf("scrypt N=%d r=%d p=%d", n, r, p))
	}
	return 2 * n * r * p, nil
}

// scryptKey is scrypt that gives up waiting when ctx ends. What it started
// runs to its end, which [scryptCost] has bounded.
func scryptKey(ctx context.Context, password, salt []byte, n, r, p, size int) ([]byte, error) {
	type result struct {
		key []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		key, err := scrypt.Key(password, salt, n, r, p, size)
		done <- result{key, err}
	}()
	select {
	case res := <-done:
		return res.key, res.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
