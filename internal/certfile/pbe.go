package certfile

import (
	"context"
	"crypto/des"
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Identifiers of RFC 8018 appendix C.
const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidPBMAC1 = "1.2.840.113549.1.5.14"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

// A scheme is a password-based encryption with its parameters.
type scheme struct {
	name   string
	rounds int64 // what deriving the key costs
	bmp    bool  // the password goes in as BMPString, not as octets
	err    error // why it cannot be used, or nil
	open   func(ctx context.Context, secret, ciphertext []byte) ([]byte, error)
}

// pbe12 are the encryptions of RFC 7292 appendix C.
var pbe12 = map[string]decrypter{
	"1.2.840.113549.1.12.1.1": {"PBE-SHA1-RC4-128", 16, 0, openRC4},
	"1.2.840.113549.1.12.1.2": {"PBE-SHA1-RC4-40", 5, 0, openRC4},
	"1.2.840.113549.1.12.1.3": {"PBE-SHA1-3DES", 24, 8, mode(openCBC).of(newTripleDES)},
	"1.2.840.113549.1.12.1.4": {"PBE-SHA1-2DES", 16, 8, mode(openCBC).of(newTripleDES)},
	"1.2.840.113549.1.12.1.5": {"PBE-SHA1-RC2-128", 16, 8, mode(openCBC).of(newRC2Block(128))},
	"1.2.840.113549.1.12.1.6": {"PBE-SHA1-RC2-40", 5, 8, mode(openCBC).of(newRC2Block(40))},
}

// pbes1 are the encryptions of RFC 8018 section 6.1.
var pbes1 = map[string]struct {
	name  string
	hash  digest
	block newBlock
}{
	"1.2.840.113549.1.5.3":  {"PBE-MD5-DES", md5Digest, des.NewCipher},
	"1.2.840.113549.1.5.6":  {"PBE-MD5-RC2-64", md5Digest, newRC2Block(64)},
	"1.2.840.113549.1.5.10": {"PBE-SHA1-DES", sha1Digest, des.NewCipher},
	"1.2.840.113549.1.5.11": {"PBE-SHA1-RC2-64", sha1Digest, newRC2Block(64)},
}

// readScheme reads the AlgorithmIdentifier of an encryption. What is wrong
// with it is in the result, so that Inspect can still name it.
func readScheme(alg *ber.Packet) scheme {
	id, params := oid(child(alg, 0)), child(alg, 1)
	if d, ok := pbe12[id]; ok {
		s := scheme{name: d.name, bmp: true}
		salt, rounds, err := saltAndRounds(params)
		s.rounds, s.err = rounds, err
		s.open = func(ctx context.Context, secret, ciphertext []byte) ([]byte, error) {
			key, err := pkcs12KDF(ctx, sha1Digest, forKey, secret, salt, int(rounds), d.keySize)
			if err != nil {
				return nil, err
			}
			iv, err := pkcs12KDF(ctx, sha1Digest, forIV, secret, salt, int(rounds), d.ivSize)
			if err != nil {
				return nil, err
			}
			return d.open(key, iv, ciphertext)
		}
		return s
	}
	if p, ok := pbes1[id]; ok {
		s := scheme{name: p.name}
		salt, rounds, err := saltAndRounds(params)
		s.rounds, s.err = rounds, err
		s.open = func(ctx context.Context, secret, ciphertext []byte) ([]byte, error) {
			dk, err := pbkdf1(ctx, p.hash, secret, salt, int(rounds), 16)
			if err != nil {
				return nil, err
			}
			return mode(openCBC).of(p.block)(dk[:8], dk[8:], ciphertext)
		}
		return s
	}
	switch id {
	case oidPBES2:
		return readPBES2(params)
	case "":
		return scheme{name: "?", err: errMalformed}
	}
	return scheme{name: algorithmName(id), err: unsupported(algorithmName(id))}
}

// saltAndRounds reads the parameters that PKCS#12 and PBES1 share. Zero rounds
// count as one, which is what they amount to.
func saltAndRounds(params *ber.Packet) (salt []byte, rounds int64, err error) {
	salt, ok := octets(child(params, 0))
	rounds, ok2 := integer(child(params, 1))
	if !ok || !ok2 {
		return nil, 0, errMalformed
	}
	return salt, max(rounds, 1), checkSalt(salt)
}

func checkSalt(salt []byte) error {
	if len(salt) > maxSalt {
		return tooMuch(fmt.Sprintf("a salt of %d bytes", len(salt)))
	}
	return nil
}

// readPBES2 reads PBES2-params (RFC 8018 appendix A.4).
func readPBES2(params *ber.Packet) scheme {
	d, err := readCipher(child(params, 1))
	k, kdfErr := readDerivation(child(params, 0))
	if err == nil {
		err = kdfErr
	}
	size := d.keySize
	if size <= 0 { // RC2, RC4: what the file says, else the cipher's own
		size = max(k.size, 0)
		if size == 0 {
			size = -d.keySize
		}
	}
	return scheme{name: "PBES2 " + d.name, rounds: k.rounds, err: err,
		open: func(ctx context.Context, secret, ciphertext []byte) ([]byte, error) {
			key, err := k.derive(ctx, secret, size)
			if err != nil {
				return nil, err
			}
			return d.open(key, nil, ciphertext)
		}}
}

// A derivation makes a key of a password.
type derivation struct {
	rounds int64
	size   int // octets of the key, if the file says; else 0
	prf    string
	derive func(ctx context.Context, secret []byte, size int) ([]byte, error)
}

// readDerivation reads PBKDF2-params (RFC 8018 appendix A.2) or scrypt-params
// (RFC 7914 section 7.1).
func readDerivation(alg *ber.Packet) (derivation, error) {
	id, params := oid(child(alg, 0)), child(alg, 1)
	switch id {
	case oidPBKDF2:
		return readPBKDF2(params)
	case oidScrypt:
		return readScrypt(params)
	case "":
		return derivation{}, errMalformed
	}
	return derivation{}, unsupported(algorithmName(id))
}

func readPBKDF2(params *ber.Packet) (derivation, error) {
	var k derivation
	salt, ok := octets(child(params, 0))
	rounds, ok2 := integer(child(params, 1))
	if !ok || !ok2 {
		return k, errMalformed
	}
	k.rounds = max(rounds, 1)
	next := 2
	if size, ok := integer(child(params, next)); ok {
		next++
		if size > maxKey {
			return k, tooMuch(fmt.Sprintf("a key of %d bytes", size))
		}
		k.size = int(size)
	}
	prf := sha1Digest
	if alg := child(params, next); alg != nil {
		id := oid(child(alg, 0))
		if prf, ok = prfs[id]; !ok {
			return k, unsupported("PBKDF2 with " + algorithmName(id))
		}
	}
	k.prf = prf.name
	k.derive = func(ctx context.Context, secret []byte, size int) ([]byte, error) {
		return pbkdf2(ctx, prf, secret, salt, int(k.rounds), size)
	}
	return k, checkSalt(salt)
}

func readScrypt(params *ber.Packet) (derivation, error) {
	var k derivation
	var n [3]int64
	salt, ok := octets(child(params, 0))
	for i := range n {
		v, isInt := integer(child(params, i+1))
		n[i], ok = v, ok && isInt
	}
	if !ok {
		return k, errMalformed
	}
	cost, err := scryptCost(n[0], n[1], n[2])
	if err != nil {
		return k, err
	}
	k.rounds = cost
	if size, ok := integer(child(params, 4)); ok && size <= maxKey {
		k.size = int(size)
	}
	k.derive = func(ctx context.Context, secret []byte, size int) ([]byte, error) {
		return scryptKey(ctx, secret, salt, int(n[0]), int(n[1]), int(n[2]), size)
	}
	return k, checkSalt(salt)
}
