package certfile

import "crypto/md5"

// legacyKey opens a key in the encryption of RFC 1423 section 1.1 as OpenSSL
// extends it: one round of MD5 over password and initialization vector.
func (r *reader) legacyKey(data []byte, cipher string, iv []byte, a attributes) error {
	r.note(scheme{name: "PEM " + cipher, rounds: 1})
	if r.inspect {
		r.c.Locked = true
		return r.addLockedKey(a)
	}
	c, ok := cipherByName(cipher)
	if !ok {
		return unsupported(cipher)
	}
	if len(iv) < 8 {
		return damaged("DEK-Info without an initialization vector")
	}
	for _, f := range r.pw.forms(false) {
		plain, err := c.open(bytesToKey(f.secret, iv[:8], c.keySize), iv, data)
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
