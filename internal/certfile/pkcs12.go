package certfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Content types of RFC 5652.
const (
	oidData          = "1.2.840.113549.1.7.1"
	oidSignedData    = "1.2.840.113549.1.7.2"
	oidEnvelopedData = "1.2.840.113549.1.7.3"
	oidEncryptedData = "1.2.840.113549.1.7.6"
)

// errPrincipals is the answer to a file that only accounts of a Windows domain
// open.
var errPrincipals = unsupported("protected to Active Directory principals")

// pkcs12 reads a PFX (RFC 7292 section 4), der being all of it.
func (r *reader) pkcs12(der []byte) error {
	r.c.Format = PKCS12
	pfx, err := decode(der)
	if err != nil {
		return errAt("read", "PKCS#12", err)
	}
	authSafe, signed, err := authenticatedSafe(child(pfx, 1))
	if err == nil {
		err = r.verify(child(pfx, 2), authSafe, signed)
	}
	if err == nil {
		if x, err := measure(authSafe); err == nil && x.ber {
			r.c.Encoding = "BER"
		}
		err = r.safes(authSafe)
	}
	if err != nil {
		return errAt("read", "PKCS#12", err)
	}
	return nil
}

// authenticatedSafe returns the octets that the MAC is about. In public-key
// integrity mode they are in a SignedData, whose signature is not verified.
func authenticatedSafe(info *ber.Packet) (safe []byte, signed bool, err error) {
	content := explicit(child(info, 1), 0)
	switch id := oid(child(info, 0)); id {
	case oidData:
		safe, ok := octets(content)
		if !ok {
			return nil, false, errMalformed
		}
		return safe, false, nil
	case oidSignedData:
		safe, ok := octets(explicit(child(child(content, 2), 1), 0))
		if !ok {
			return nil, true, errMalformed
		}
		return safe, true, nil
	case oidEnvelopedData:
		return nil, false, errPrincipals
	case "":
		return nil, false, errMalformed
	default:
		return nil, false, unsupported("content type " + id)
	}
}

// safes reads the AuthenticatedSafe (RFC 7292 section 4.1).
func (r *reader) safes(authSafe []byte) error {
	infos, err := split(authSafe)
	if err != nil {
		return inner(err)
	}
	for _, raw := range infos {
		if err := r.count(); err != nil {
			return err
		}
		r.items-- // a safe is no item, only what is in it
		if err := r.safe(raw); err != nil {
			return err
		}
	}
	if r.mark.enveloped && !r.inspect && len(r.c.Certificates)+len(r.c.Keys) == 0 {
		return errPrincipals
	}
	return nil
}

// inner turns the truncation of an inner level into a malformation: the file
// itself, which is whole, was not cut.
func inner(err error) error {
	var cut errTruncated
	if errors.As(err, &cut) {
		return errMalformed
	}
	return err
}

// safe reads one ContentInfo of the AuthenticatedSafe.
func (r *reader) safe(raw []byte) error {
	info, err := decode(raw)
	if err != nil {
		return inner(err)
	}
	content := explicit(child(info, 1), 0)
	switch id := oid(child(info, 0)); id {
	case oidData:
		contents, ok := octets(content)
		if !ok {
			return errMalformed
		}
		return r.safeContents(contents, 0)
	case oidEncryptedData:
		return r.encryptedSafe(child(content, 1))
	case oidEnvelopedData:
		return r.envelopedSafe(raw)
	case "":
		return errMalformed
	default:
		return r.addOther("content type " + id)
	}
}

// encryptedSafe opens an EncryptedContentInfo (RFC 5652 section 6.1).
func (r *reader) encryptedSafe(info *ber.Packet) error {
	ciphertext, ok := octets(child(info, 2))
	if !ok || !isContext(child(info, 2), 0) {
		return errMalformed
	}
	contents, err := r.open(child(info, 1), ciphertext, isList)
	if errors.Is(err, errLocked) {
		r.mark.closedSafe = true
		switch {
		case r.inspect:
			return nil
		case r.mark.macOK: // the password is right and the content is what was written
			return damaged("the password fits, but the content decrypts to nonsense")
		}
		return r.wrongPassword()
	}
	if err != nil {
		return err
	}
	defer clear(contents)
	return r.safeContents(contents, 0)
}

var sid = regexp.MustCompile(`S-1-[0-9]+(-[0-9]+)+`)

// envelopedSafe notes a safe encrypted to accounts of a Windows domain
// (public-key privacy mode of RFC 7292 section 3.1).
func (r *reader) envelopedSafe(raw []byte) error {
	r.mark.enveloped = true
	r.mark.sid = string(sid.Find(raw))
	r.c.NeedPassword = true
	r.c.Locked = true
	if !r.inspect && !r.pw.Given {
		return errPrincipals
	}
	return r.addOther("enveloped")
}

// isList reports whether plain is one SEQUENCE and nothing more than padding
// that an old writer left.
func isList(plain []byte) bool {
	if len(plain) == 0 || plain[0] != 0x30 {
		return false
	}
	x, err := measure(plain)
	return (err == nil && len(plain)-x.size <= 16) || errors.Is(err, errTooMany) || errors.Is(err, errTooDeep)
}

// isPKCS8 reports whether plain is a PrivateKeyInfo.
func isPKCS8(plain []byte) bool {
	if !isList(plain) {
		return false
	}
	p, err := decode(plain)
	if err != nil {
		return false
	}
	_, ok := octets(child(p, 2))
	return ok && is(child(p, 0), ber.TagInteger) && oid(child(child(p, 1), 0)) != ""
}

// isPFX reports whether parts are those of a PFX.
func isPFX(parts [][]byte) bool {
	if len(parts) < 2 || !bytes.Equal(parts[0], []byte{2, 1, 3}) || parts[1][0] != 0x30 {
		return false
	}
	return contentType(parts[1]) != ""
}

// contentType returns the OID at the start of a ContentInfo, if it is one of
// PKCS#7.
func contentType(info []byte) string {
	h, err := readHeader(info)
	if err != nil {
		return ""
	}
	p, err := decode(info[h.size:])
	if err != nil {
		return ""
	}
	return oid(p)
}

// iterations words a number of rounds.
func iterations(name string, n int64) string {
	if n == 1 {
		return name + ", 1 iteration"
	}
	return fmt.Sprintf("%s, %d iterations", name, n)
}
