package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// parseCNGPublicBlob reads BCRYPT_RSAKEY_BLOB and BCRYPT_ECCKEY_BLOB with a
// public key: a magic number and lengths in little-endian order, then numbers
// in big-endian order.
func parseCNGPublicBlob(blob []byte) (crypto.PublicKey, error) {
	if len(blob) < 8 {
		return nil, errCNGBlob
	}
	word := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(blob[4*i:])) }
	if word(0) == magicRSA1 {
		const header = 24 // magic, bits, lengths of exponent, modulus and two primes
		if len(blob) < header {
			return nil, errCNGBlob
		}
		e, n := word(2), word(3)
		if e == 0 || e > 4 || n == 0 || uint64(len(blob)) < header+e+n {
			return nil, errCNGBlob
		}
		exponent := new(big.Int).SetBytes(blob[header : header+e])
		return &rsa.PublicKey{N: new(big.Int).SetBytes(blob[header+e : header+e+n]), E: int(exponent.Int64())}, nil
	}
	curve, ok := map[uint64]elliptic.Curve{32: elliptic.P256(), 48: elliptic.P384(), 66: elliptic.P521()}[word(1)]
	if !ok || !eccMagic(word(0)) || uint64(len(blob)) < 8+2*word(1) {
		return nil, errCNGBlob
	}
	return ecdsa.ParseUncompressedPublicKey(curve, append([]byte{4}, blob[8:8+2*word(1)]...))
}

var errCNGBlob = errors.New("CNG returns a key in another format")

// eccMagic knows BCRYPT_ECDH_PUBLIC_... and BCRYPT_ECDSA_PUBLIC_..._MAGIC of
// P-256, P-384, P-521 and of named curves: "ECK1", "ECS1" and so on.
func eccMagic(m uint64) bool {
	switch string(binary.LittleEndian.AppendUint32(nil, uint32(m))) {
	case "ECK1", "ECK3", "ECK5", "ECKP", "ECS1", "ECS3", "ECS5", "ECDP":
		return true
	}
	return false
}

// keyTypeOf names a key as [certificate.Certificate.KeyType] does.
func keyTypeOf(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC " + k.Params().Name
	}
	return ""
}
