package certfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"

	"certdesk/internal/certificate"
)

// A reader is one run over one file.
type reader struct {
	ctx     context.Context
	pw      Password
	inspect bool
	survey  bool // only to sum up the work; what is found is not kept
	c       *Contents
	items   int

	proven bool // something opened with the password: it is the right one
	failed bool // something did not
	mark   mark // what warnings need to know
}

// read is [Read], or [Inspect] when inspect is set.
func read(ctx context.Context, data []byte, pw Password, inspect bool) (*Contents, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(data) > MaxSize {
		return nil, errAt("read", "file", tooMuch(fmt.Sprintf("%d bytes", len(data))))
	}
	if !inspect {
		if err := survey(ctx, data); err != nil {
			return nil, err
		}
	}
	r := &reader{ctx: ctx, pw: pw, inspect: inspect, c: &Contents{}}
	if err := r.detect(data); err != nil {
		r.c.Wipe()
		return nil, err
	}
	if err := r.checkPassword(); err != nil {
		r.c.Wipe()
		return nil, errAt("read", objectNames[r.c.Format], err)
	}
	r.pair()
	r.warn()
	return r.c, nil
}

// survey sums up the derivations that the file asks for as far as it can be
// read without a password, and refuses too many before the first is done.
func survey(ctx context.Context, data []byte) error {
	r := &reader{ctx: ctx, inspect: true, survey: true, c: &Contents{}}
	if err := r.detect(data); err != nil || r.c.Iterations <= MaxIterations {
		return nil // what is wrong with the file is the reader's to say
	}
	return errAt("read", objectNames[r.c.Format], tooMuchWork(r.c.Iterations))
}

func tooMuchWork(rounds int) error {
	return tooMuch(fmt.Sprintf("%d rounds of key derivation", rounds))
}

var objectNames = map[string]string{PKCS12: "PKCS#12", PKCS7: "PKCS#7", PEM: "PEM", DER: "certificate", PKCS8: "PKCS#8 key"}

// checkPassword decides what it means that parts stayed closed. When nothing
// opened, the password is wrong; when some did, the rest has another one.
func (r *reader) checkPassword() error {
	if r.inspect || !r.failed {
		return nil
	}
	if r.proven && r.pw.Given {
		r.c.Locked = true
		return nil
	}
	return r.wrongPassword()
}

func (r *reader) wrongPassword() error {
	if !r.pw.Given {
		return ErrNoPassword
	}
	return ErrPassword
}

// count counts one item of the file against [MaxItems].
func (r *reader) count() error {
	r.items++
	if r.items > MaxItems {
		return tooMuch(fmt.Sprintf("more than %d items", MaxItems))
	}
	return r.ctx.Err()
}

func (r *reader) addOther(word string) error {
	r.c.Other = append(r.c.Other, word)
	return r.count()
}

// addCert adds a certificate; der must not be part of a buffer that changes.
func (r *reader) addCert(der []byte, a attributes) error {
	if r.survey {
		return r.count()
	}
	r.c.Certificates = append(r.c.Certificates, Cert{
		Certificate:  certificate.Parse(bytes.Clone(der)),
		FriendlyName: a.friendlyName, LocalKeyID: a.localKeyID, JavaTrusted: a.javaTrusted,
	})
	return r.count()
}

// addKey adds an unencrypted PKCS#8 key in DER or BER.
func (r *reader) addKey(pkcs8 []byte, a attributes) error {
	if r.survey {
		return r.count()
	}
	k, err := newKey(pkcs8)
	if err != nil {
		return err
	}
	r.c.Keys = append(r.c.Keys, a.label(k))
	return r.count()
}

// addLockedKey adds a key that stays closed.
func (r *reader) addLockedKey(a attributes) error {
	r.c.Keys = append(r.c.Keys, a.label(Key{State: KeyLocked, Certificate: -1}))
	return r.count()
}

// charge adds rounds to the work of the file, before it is done.
func (r *reader) charge(rounds int64) error {
	r.c.Iterations += int(min(rounds, int64(math.MaxInt-r.c.Iterations)))
	if r.inspect || r.c.Iterations <= MaxIterations {
		return r.ctx.Err()
	}
	return tooMuchWork(r.c.Iterations)
}

// note records an encryption that the file uses.
func (r *reader) note(s scheme) {
	r.c.NeedPassword = true
	if !slices.Contains(r.c.Encryption, s.name) {
		r.c.Encryption = append(r.c.Encryption, s.name)
	}
	r.mark.rounds(s.rounds)
}

// errLocked says that an encrypted part stays closed.
var errLocked = errors.New("encrypted")

// open decrypts what alg encrypted into ciphertext. It tries the forms of the
// password until one gives what looks like ASN.1 of the given tag. It returns
// errLocked when inspecting and when none does.
func (r *reader) open(alg *ber.Packet, ciphertext []byte, valid func([]byte) bool) ([]byte, error) {
	s := readScheme(alg)
	r.note(s)
	if s.err != nil && !r.inspect {
		return nil, s.err
	}
	if err := r.charge(s.rounds); err != nil {
		return nil, err
	}
	if r.inspect {
		r.c.Locked = true
		return nil, errLocked
	}
	for _, f := range r.pw.forms(s.bmp) {
		plain, err := s.open(r.ctx, f.secret, ciphertext)
		if err == nil && valid(plain) {
			r.proven = true
			r.emptyForm(f)
			return plain, nil
		}
		clear(plain)
		if r.ctx.Err() != nil {
			return nil, r.ctx.Err()
		}
		if err != nil && !errors.Is(err, errPadding) {
			return nil, err
		}
	}
	r.failed = true
	return nil, errLocked
}

// emptyForm remembers which empty password was the first to fit.
func (r *reader) emptyForm(f form) {
	if len(r.pw.Text) == 0 && r.c.EmptyForm == "" {
		r.c.EmptyForm = f.name
	}
}

// openKey adds the key of an EncryptedPrivateKeyInfo (RFC 5958 section 3).
func (r *reader) openKey(p *ber.Packet, a attributes) error {
	ciphertext, ok := octets(child(p, 1))
	if !is(p, ber.TagSequence) || !ok {
		return errMalformed
	}
	plain, err := r.open(child(p, 0), ciphertext, isPKCS8)
	if errors.Is(err, errLocked) {
		return r.addLockedKey(a)
	}
	if err != nil {
		return err
	}
	defer clear(plain)
	return r.addKey(plain, a)
}
