package certstore

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
)

// CryptoAPI's PRIVATEKEYBLOB of an RSA key: a header, then modulus, primes,
// exponents and coefficient, each in little-endian order at its fixed length.
type rsaHeader struct {
	Type, Version byte
	Reserved      uint16
	Algorithm     uint32
	Magic, Bits   uint32
	Exponent      uint32
}

const (
	publicKeyBlob  = 6
	privateKeyBlob = 7
	algRSAKeyX     = 0xa400
	magicRSA1      = 0x31415352
	magicRSA2      = 0x32415352
)

// rsaBlob returns key as a PRIVATEKEYBLOB for AT_KEYEXCHANGE.
func rsaBlob(key *rsa.PrivateKey) ([]byte, error) {
	bits := key.N.BitLen()
	if len(key.Primes) != 2 || bits < 1024 || bits%16 != 0 {
		return nil, &badKey{fmt.Sprintf("CryptoAPI has no RSA keys of %d bits and %d primes", bits, len(key.Primes))}
	}
	key.Precompute()
	var out bytes.Buffer
	_ = binary.Write(&out, binary.LittleEndian, rsaHeader{privateKeyBlob, 2, 0, algRSAKeyX, magicRSA2, uint32(bits), uint32(key.E)}) // never fails
	p := key.Precomputed
	for i, n := range []*big.Int{key.N, key.Primes[0], key.Primes[1], p.Dp, p.Dq, p.Qinv, key.D} {
		size := bits / 16
		if i == 0 || i == 6 {
			size = bits / 8
		}
		if n.BitLen() > size*8 {
			return nil, &badKey{"CryptoAPI takes RSA keys with primes of the same length only"}
		}
		le := n.FillBytes(make([]byte, size))
		slices.Reverse(le)
		out.Write(le)
		clear(le)
	}
	return out.Bytes(), nil
}

// parseRSABlob reads a PRIVATEKEYBLOB.
func parseRSABlob(blob []byte) (*rsa.PrivateKey, error) {
	var h rsaHeader
	r := bytes.NewReader(blob)
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil || h.Type != privateKeyBlob || h.Magic != magicRSA2 || h.Bits%16 != 0 || h.Bits > 1<<16 {
		return nil, errors.New("CryptoAPI returns a key in another format")
	}
	var n [7]*big.Int
	for i := range n {
		size := h.Bits / 16
		if i == 0 || i == 6 {
			size = h.Bits / 8
		}
		le := make([]byte, size)
		if _, err := io.ReadFull(r, le); err != nil {
			return nil, errors.New("the key that CryptoAPI returns is cut off")
		}
		slices.Reverse(le)
		n[i] = new(big.Int).SetBytes(le)
		clear(le)
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n[0], E: int(h.Exponent)}, D: n[6], Primes: []*big.Int{n[1], n[2]}}
	if err := key.Validate(); err != nil {
		return nil, &badKey{err.Error()}
	}
	key.Precompute()
	return key, nil
}

// parsePublicBlob reads a PUBLICKEYBLOB.
func parsePublicBlob(blob []byte) (*rsa.PublicKey, error) {
	var h rsaHeader
	r := bytes.NewReader(blob)
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil || h.Type != publicKeyBlob || h.Magic != magicRSA1 || h.Bits%8 != 0 || h.Bits > 1<<16 {
		return nil, errors.New("CryptoAPI returns a key in another format")
	}
	le := make([]byte, h.Bits/8)
	if _, err := io.ReadFull(r, le); err != nil {
		return nil, errors.New("the key that CryptoAPI returns is cut off")
	}
	slices.Reverse(le)
	return &rsa.PublicKey{N: new(big.Int).SetBytes(le), E: int(h.Exponent)}, nil
}
