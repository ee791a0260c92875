package certfile

import (
	"crypto/aes"
	"crypto/des"
	"crypto/md5"
)

// legacyCiphers are those of DEK-Info in OpenSSL's own key files (RFC 1423
// section 1.1, and OpenSSL for the rest).
var legacyCiphers = map[string]struct {
	keySize int
	block   newBlock
}{
	"DES-CBC": {8, des.NewCipher}, "DES-EDE3-CBC": {24, newTripleDES}, "DES-EDE-CBC": {16, newTripleDES},
	"AES-128-CBC": {16, aes.NewCipher}, "AES-192-CBC": {24, aes.NewCipher}, "AES-256-CBC": {32, aes.NewCipher},
	"RC2-CBC": {16, newRC2Block(128)}, "RC2-64-CBC": {8, newRC2Block(64)}, "RC2-40-CBC": {5, newRC2Block(40)},
	"BF-CBC": {16, newBlowfish}, "CAST5-CBC": {16, newCAST5},
}

// legacyKey opens a key in OpenSSL's own encryption: one round of MD5 over
// password and initialization vector.
func (r *reader) legacyKey(data []byte, cipher string, iv []byte, a attributes) error {
	r.note(scheme{name: "PEM " + cipher, rounds: 1})
	if r.inspect {
		r.c.Locked = true
		return r.addLockedKey(a)
	}
	c, ok := legacyCiphers[cipher]
	if !ok {
		return unsupported(cipher)
	}
	if len(iv) < 8 {
		return damaged("DEK-Info without an initialization vector")
	}
	for _, f := range r.pw.forms(false) {
		plain, err := openCBC(c.block)(bytesToKey(f.secret, iv[:8], c.keySize), iv, data)
		if err != nil || !isList(plain) {
			continue
		}
		defer clear(plain)
		if k := kindOf(plain); k == kindPKCS1 || k == kindSEC1 || k == kindDSA || k == kindPKCS8 {
			r.proven = true
			r.emptyForm(f)
			return r.plainKey(plain, k, a)
		}
	}
	r.failed = true
	return r.addLockedKey(a)
}

// bytesToKey is OpenSSL's EVP_BytesToKey with MD5 and one round.
func bytesToKey(password, salt []byte, size int) []byte {
	var out, last []byte
	for len(out) < size {
		h := md5.New()
		h.Write(last)
		h.Write(password)
		h.Write(salt)
		last = h.Sum(nil)
		out = append(out, last...)
	}
	return out[:size]
}
