package certfile

import (
	"context"
	"crypto/hmac"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// A mac is the MacData of a PFX (RFC 7292 section 4), or PBMAC1 in its place
// (RFC 9579).
type mac struct {
	name   string // "sha256" or "PBMAC1 sha256"
	rounds int64
	bmp    bool
	want   []byte
	hash   digest
	key    func(ctx context.Context, secret []byte) ([]byte, error)
}

// verify checks the MAC of authSafe against the forms of the password. Without
// a MAC there is nothing to check.
func (r *reader) verify(data *ber.Packet, authSafe []byte, signed bool) error {
	if data == nil {
		r.c.MAC = "none"
		r.mark.noMAC = !signed
		return nil
	}
	r.c.NeedPassword = true
	m, err := readMAC(data)
	r.c.MAC = m.name
	if m.rounds > 0 {
		r.c.MAC = iterations(m.name, m.rounds)
	}
	r.mark.mac = m.name
	r.mark.rounds(m.rounds)
	if chargeErr := r.charge(m.rounds); err == nil {
		err = chargeErr
	}
	if r.inspect {
		return r.ctx.Err()
	}
	if err != nil {
		return err
	}
	for _, f := range r.pw.forms(m.bmp) {
		key, err := m.key(r.ctx, f.secret)
		if err != nil {
			return err
		}
		h := hmac.New(m.hash.new, key)
		h.Write(authSafe)
		if hmac.Equal(h.Sum(nil), m.want) {
			r.proven, r.mark.macOK = true, true
			r.emptyForm(f)
			return nil
		}
	}
	if !r.pw.Given && hasEnvelope(authSafe) {
		return errPrincipals
	}
	return r.wrongPassword()
}

// readMAC reads MacData. The name and the rounds are set as far as they could
// be read, also along with an error.
func readMAC(data *ber.Packet) (mac, error) {
	info := child(data, 0)
	alg := child(info, 0)
	id := oid(child(alg, 0))
	want, ok := octets(child(info, 1))
	if id == "" || !ok {
		return mac{name: "?"}, errMalformed
	}
	if id == oidPBMAC1 {
		m, err := readPBMAC1(child(alg, 1))
		m.want = want
		return m, err
	}
	hash, ok := digests[id]
	if !ok {
		return mac{name: algorithmName(id)}, unsupported("MAC with " + algorithmName(id))
	}
	m := mac{name: hash.name, rounds: 1, bmp: true, want: want, hash: hash}
	salt, ok := octets(child(data, 1))
	if !ok {
		return m, errMalformed
	}
	if n := child(data, 2); n != nil {
		if m.rounds, ok = integer(n); !ok {
			return m, errMalformed
		}
		m.rounds = max(m.rounds, 1)
	}
	m.key = func(ctx context.Context, secret []byte) ([]byte, error) {
		return pkcs12KDF(ctx, hash, forMAC, secret, salt, int(m.rounds), hash.new().Size())
	}
	return m, checkSalt(salt)
}

// readPBMAC1 reads PBMAC1-params (RFC 8018 appendix A.5). RFC 9579 section 4
// wants the length of the key in it; without one it is that of the digest.
func readPBMAC1(params *ber.Packet) (mac, error) {
	m := mac{name: "PBMAC1"}
	k, err := readDerivation(child(params, 0))
	m.rounds = k.rounds
	if err != nil {
		return m, err
	}
	id := oid(child(child(params, 1), 0))
	hash, ok := prfs[id]
	if !ok {
		return m, unsupported("PBMAC1 with " + algorithmName(id))
	}
	m.name, m.hash = "PBMAC1 "+hash.name, hash
	size := k.size
	if size == 0 {
		size = hash.new().Size()
	}
	m.key = func(ctx context.Context, secret []byte) ([]byte, error) {
		return k.derive(ctx, secret, size)
	}
	return m, nil
}

// hasEnvelope reports whether one of the safes is an EnvelopedData.
func hasEnvelope(authSafe []byte) bool {
	infos, _ := split(authSafe)
	for _, info := range infos {
		if contentType(info) == oidEnvelopedData {
			return true
		}
	}
	return false
}
