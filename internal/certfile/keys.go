package certfile

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"

	ber "github.com/go-asn1-ber/asn1-ber"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"certdesk/internal/certificate"
)

// Key algorithms, RFC 3279, 5480 and 4055.
const (
	oidRSA    = "1.2.840.113549.1.1.1"
	oidRSAPSS = "1.2.840.113549.1.1.10"
	oidDSA    = "1.2.840.10040.4.1"
	oidEC     = "1.2.840.10045.2.1"
)

// maxDSA is the longest DSA modulus, in bits, of which a public key is made.
const maxDSA = 4096

// newKey describes a PrivateKeyInfo (RFC 5958 section 2). It keeps a copy, in
// DER even if it comes in BER.
func newKey(pkcs8 []byte) (Key, error) {
	el, x, err := first(pkcs8)
	if err != nil {
		return Key{}, err
	}
	p, err := decode(el)
	if err != nil {
		return Key{}, err
	}
	alg := child(p, 1)
	id := oid(child(alg, 0))
	private, ok := octets(child(p, 2))
	if id == "" || !ok {
		return Key{}, errMalformed
	}
	k := Key{State: KeyUnsupported, Certificate: -1, PKCS8: bytes.Clone(el)}
	if x.ber {
		k.PKCS8 = toDER(p)
	}
	k.KeyUsageAttr = keyUsageAttribute(p)
	public := publicKeyInfo(alg, private, p)
	if std, err := x509.ParsePKCS8PrivateKey(k.PKCS8); err == nil {
		k.State = KeyOK
		if s, ok := std.(interface{ Public() crypto.PublicKey }); ok {
			if spki, err := x509.MarshalPKIXPublicKey(s.Public()); err == nil {
				public = spki
			}
		}
	}
	c := &certificate.Certificate{PublicKeyOID: id, RawSubjectPublicKeyInfo: public}
	if id == oidEC {
		c.NamedCurve = oid(child(alg, 1))
	}
	k.Algorithm, k.keyID, k.PublicKey = c.KeyType(), c.KeyID(), public
	if n := dsaBits(alg); id == oidDSA && n > 0 {
		k.Algorithm = fmt.Sprintf("DSA %d", n)
	}
	return k, nil
}

// keyUsageAttribute returns the octets of the key usage that Windows and
// OpenSSL write into the attributes of a key, nil if there is none.
func keyUsageAttribute(p *ber.Packet) []byte {
	for i := 3; child(p, i) != nil; i++ {
		if !isContext(child(p, i), 0) {
			continue
		}
		for _, a := range child(p, i).Children {
			bits := child(child(a, 1), 0)
			if oid(child(a, 0)) == oidKeyUsage && is(bits, ber.TagBitString) && bits.Data.Len() > 1 {
				return bytes.Clone(bits.Data.Bytes()[1:])
			}
		}
	}
	return nil
}

// publicKeyInfo makes a SubjectPublicKeyInfo of what a private key that Go
// does not know tells of its public half. Its BIT STRING is empty if that is
// nothing.
func publicKeyInfo(alg *ber.Packet, private []byte, pkcs8 *ber.Packet) []byte {
	var bits []byte
	in := cryptobyte.String(private)
	var seq, skip, n, e cryptobyte.String
	switch oid(child(alg, 0)) {
	case oidRSA, oidRSAPSS:
		if in.ReadASN1(&seq, asn1.SEQUENCE) && seq.ReadASN1(&skip, asn1.INTEGER) &&
			seq.ReadASN1Element(&n, asn1.INTEGER) && seq.ReadASN1Element(&e, asn1.INTEGER) {
			bits = element(asn1.SEQUENCE, n, e)
		}
	case oidEC:
		bits = ecPoint(private)
	case oidDSA:
		bits = dsaPublic(alg, private)
	}
	for i := 3; bits == nil && child(pkcs8, i) != nil; i++ {
		if p := child(pkcs8, i); isContext(p, 1) && p.Data.Len() > 1 { // RFC 5958 section 2
			bits = p.Data.Bytes()[1:]
		}
	}
	return element(asn1.SEQUENCE, alg.Bytes(), element(asn1.BIT_STRING, []byte{0}, bits))
}

// element encodes an element with the given content.
func element(tag asn1.Tag, content ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, c := range content {
			b.AddBytes(c)
		}
	})
	out, err := b.Bytes()
	if err != nil {
		return nil // over 4 GB
	}
	return out
}

// ecPoint returns the public key in an ECPrivateKey (RFC 5915 section 3).
func ecPoint(sec1 []byte) []byte {
	p, err := decode(sec1)
	if err != nil {
		return nil
	}
	for i := 2; child(p, i) != nil; i++ {
		bits := explicit(child(p, i), 1)
		if is(bits, ber.TagBitString) && bits.Data.Len() > 1 {
			return bits.Data.Bytes()[1:]
		}
	}
	return nil
}

// dsaNumbers returns p, q and g of the parameters of a DSA key.
func dsaNumbers(alg *ber.Packet) (n [3]*big.Int, ok bool) {
	for i := range n {
		v := child(child(alg, 1), i)
		if !is(v, ber.TagInteger) || v.Data.Len() > maxDSA/8+1 {
			return n, false
		}
		n[i] = new(big.Int).SetBytes(v.Data.Bytes())
	}
	return n, n[0].Sign() > 0
}

func dsaBits(alg *ber.Packet) int {
	if n, ok := dsaNumbers(alg); ok {
		return n[0].BitLen()
	}
	return 0
}

// dsaPublic computes the public key of x, the INTEGER of RFC 3279 section
// 2.3.2.
func dsaPublic(alg *ber.Packet, private []byte) []byte {
	n, ok := dsaNumbers(alg)
	x, err := decode(private)
	if !ok || err != nil || !is(x, ber.TagInteger) || x.Data.Len() > maxDSA/8 {
		return nil
	}
	var b cryptobyte.Builder
	b.AddASN1BigInt(new(big.Int).Exp(n[2], new(big.Int).SetBytes(x.Data.Bytes()), n[0]))
	return b.BytesOrPanic()
}

// plainKey adds an unencrypted key of any of the four encodings.
func (r *reader) plainKey(el []byte, k kind, a attributes) error {
	pkcs8, err := toPKCS8(el, k, r.mark.parameters)
	if err != nil {
		return err
	}
	if k != kindPKCS8 {
		defer clear(pkcs8)
	}
	return r.addKey(pkcs8, a)
}

// toPKCS8 wraps a key of another encoding. Params is the DER of the EC
// parameters that stood before a key which has none.
func toPKCS8(el []byte, k kind, params []byte) ([]byte, error) {
	null := []byte{5, 0}
	switch k {
	case kindPKCS8:
		return el, nil
	case kindPKCS1:
		return wrapKey(oidRSA, null, el)
	case kindSEC1:
		p, err := decode(el)
		if err != nil {
			return nil, err
		}
		for i := 2; child(p, i) != nil; i++ {
			if curve := explicit(child(p, i), 0); curve != nil {
				params = curve.Bytes()
			}
		}
		if params == nil {
			return nil, unsupported("EC key without its curve")
		}
		return wrapKey(oidEC, params, el)
	case kindDSA: // version, p, q, g, y, x
		n, err := split(el)
		if err != nil {
			return nil, err
		}
		return wrapKey(oidDSA, element(asn1.SEQUENCE, n[1], n[2], n[3]), n[5])
	}
	return nil, errMalformed
}

// wrapKey makes a PrivateKeyInfo (RFC 5958 section 2).
func wrapKey(id string, params, private []byte) ([]byte, error) {
	alg := ber.NewOID(ber.ClassUniversal, ber.TypePrimitive, ber.TagObjectIdentifier, id, "")
	if alg == nil {
		return nil, errors.New("identifier " + id)
	}
	return element(asn1.SEQUENCE, []byte{2, 1, 0},
		element(asn1.SEQUENCE, alg.Bytes(), params),
		element(asn1.OCTET_STRING, private)), nil
}

// pair gives each key its certificate: by the public key, or by the localKeyID
// when the public key is not known. Of several with the same public key the
// one with the key's localKeyID wins, else the first.
func (r *reader) pair() {
	byKey := map[string][]int{}
	byID := map[string]int{}
	for i, c := range r.c.Certificates {
		if id := c.Certificate.KeyID(); id != nil {
			byKey[string(id)] = append(byKey[string(id)], i)
		}
		if _, taken := byID[string(c.LocalKeyID)]; !taken && len(c.LocalKeyID) > 0 {
			byID[string(c.LocalKeyID)] = i
		}
	}
	for i := range r.c.Keys {
		k := &r.c.Keys[i]
		same := byKey[string(k.keyID)]
		named, hasName := byID[string(k.LocalKeyID)]
		switch {
		case k.keyID == nil && hasName:
			k.Certificate = named
		case k.keyID == nil || len(same) == 0:
			k.Certificate = -1
		default:
			k.Certificate = same[0]
			for _, j := range same {
				if len(k.LocalKeyID) > 0 && bytes.Equal(r.c.Certificates[j].LocalKeyID, k.LocalKeyID) {
					k.Certificate = j
					break
				}
			}
		}
	}
}
