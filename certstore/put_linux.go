package certstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"certdesk/certstore/internal/nss"
	"certdesk/internal/certificate"
)

// put adds a certificate to the store name, with its key if item has one.
func (d *database) put(ctx context.Context, c *certificate.Certificate, name Name, item Item) error {
	if err := holds(name, c, true); err != nil {
		return err
	}
	if item.Key != nil && name != My {
		return &impossible{"with its private key it would be Personal", "Put it into Personal, or put the certificate alone."}
	}
	if err := d.readOnly(); err != nil {
		return err
	}
	lib, err := d.Library()
	if err != nil {
		return err
	}
	var pair *keyPair
	if item.Key != nil {
		if pair, err = newKeyPair(c, item.Key, lib, item.Exportable); err != nil {
			return err
		}
		defer pair.wipe()
	}
	if name == My && pair == nil { // never make a database for nothing
		if err := d.keyThere(ctx, c); err != nil {
			return err
		}
	}
	var made []object
	err = d.change(ctx, pair != nil || trustOf(name) != trust{}, true, func(s *nss.Session) error {
		made, err = d.add(ctx, s, c, name, item.FriendlyName, pair)
		return err
	})
	if err != nil || pair == nil {
		return err
	}
	if err = d.prove(ctx, c); err == nil {
		return nil
	}
	// The key is no good, or its password is a new one: leave nothing.
	if cleanup := d.change(context.WithoutCancel(ctx), true, false, func(s *nss.Session) error { return d.takeBack(s, c, made) }); cleanup != nil {
		return errors.Join(err, cleanup)
	}
	return err
}

// keyThere fails with [ErrNotPossible] unless the private key of c is there.
func (d *database) keyThere(ctx context.Context, c *certificate.Certificate) error {
	there := false
	err := d.Read(ctx, func(s *nss.Session) error {
		p, err := d.pieces(s, c)
		there = err == nil && p.hasKey()
		return err
	})
	if !there && (err == nil || isNotExist(err)) {
		return holds(My, c, false)
	}
	return err
}

// An object is something that put made.
type object struct {
	class  uint
	handle nss.Handle
}

// cameMeanwhile reports whether another process has added c since it was
// looked for; softoken calls that CKR_GENERAL_ERROR.
func (d *database) cameMeanwhile(s *nss.Session, c *certificate.Certificate) bool {
	p, err := d.pieces(s, c)
	return err == nil && p.found
}

// accepts tells whether put would take item, without changing anything or
// asking for a password.
func (d *database) accepts(ctx context.Context, c *certificate.Certificate, name Name, item Item) error {
	if err := holds(name, c, true); err != nil {
		return err
	}
	lib, err := d.Library()
	if err != nil {
		return err
	}
	if item.Key != nil {
		pair, err := newKeyPair(c, item.Key, lib, item.Exportable)
		if err != nil {
			return err
		}
		pair.wipe()
	}
	err = d.Read(ctx, func(s *nss.Session) error {
		_, err := d.pieces(s, c)
		return err
	})
	if isNotExist(err) {
		return nil
	}
	return err
}

// add creates what is missing: public key, private key, certificate and
// trust, in this order, so that a crash leaves at most a key without a
// certificate and never the reverse. The public key comes first because it is
// what a locked database shows: a private key alone would be out of sight of
// whoever cleans up. On an error add leaves nothing.
func (d *database) add(ctx context.Context, s *nss.Session, c *certificate.Certificate, name Name, friendlyName string, pair *keyPair) (made []object, err error) {
	p, err := d.pieces(s, c)
	if err != nil {
		return nil, err
	}
	newKey, newTrust, err := missing(p, c, name, pair)
	if err != nil {
		return nil, err
	}
	label, err := d.label(s, c, p, friendlyName)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil {
			return
		}
		for i := len(made) - 1; i >= 0; i-- {
			if e := s.Destroy(made[i].handle); e != nil {
				err = errors.Join(err, e)
			}
		}
		made = nil
	}()
	create := func(class uint, template []nss.Attribute) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := s.Create(template...)
		if err == nil {
			made = append(made, object{class, h})
		}
		return err
	}
	if pair != nil && len(p.public) == 0 {
		if err = create(nss.CKO_PUBLIC_KEY, pair.public); err != nil {
			return made, err
		}
	}
	if newKey {
		if err = create(nss.CKO_PRIVATE_KEY, append(pair.private, nss.Text(nss.CKA_LABEL, label))); err != nil {
			return made, err
		}
	}
	switch {
	case !p.found:
		err = create(nss.CKO_CERTIFICATE, certificateObject(c, label))
		if nss.IsCode(err, nss.CKR_ATTRIBUTE_VALUE_INVALID) {
			err = &because{ErrNameInUse, err}
		}
		if err != nil && !newTrust && pair == nil && d.cameMeanwhile(s, c) {
			err = ErrExists
		}
	case newKey && !bytes.Equal(p.id, c.KeyID()): // only the same CKA_ID joins them
		err = s.Set(p.certificate, nss.Bytes(nss.CKA_ID, c.KeyID()))
	}
	if err == nil && newTrust {
		err = setTrust(s, c, p.trusts, trustOf(name))
	}
	return made, err
}

// missing tells what the store name lacks of c.
func missing(p *pieces, c *certificate.Certificate, name Name, pair *keyPair) (key, newTrust bool, err error) {
	k := p.trust().kind(p.hasKey())
	key = pair != nil && len(p.private) == 0
	switch {
	case name == My && !p.hasKey() && !key:
		return false, false, holds(My, c, false)
	case name != My && k.distrusted && name != Disallowed && p.found:
		return false, false, &impossible{"it is among the untrusted certificates", "Move it out of there if it is to be used again."}
	}
	t := trustOf(name)
	switch name {
	case Root:
		newTrust = !p.trust().anchor()
	case TrustedPeople:
		newTrust = !k.trusted && !k.anchor
	case Disallowed:
		newTrust = !k.distrusted
	default:
		newTrust = false
	}
	newTrust = newTrust && t != trust{}
	if p.found && !key && !newTrust {
		return false, false, ErrExists
	}
	return key, newTrust, nil
}

// certificateObject returns the attributes of a certificate as they stand in
// its DER: NSS compares them octet by octet.
func certificateObject(c *certificate.Certificate, label string) []nss.Attribute {
	return []nss.Attribute{
		nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), nss.Bool(nss.CKA_TOKEN, true), nss.Ulong(nss.CKA_CERTIFICATE_TYPE, nss.CKC_X_509),
		nss.Bytes(nss.CKA_ID, c.KeyID()), nss.Text(nss.CKA_LABEL, label), nss.Bytes(nss.CKA_VALUE, c.Raw),
		nss.Bytes(nss.CKA_SUBJECT, c.RawSubject), nss.Bytes(nss.CKA_ISSUER, c.RawIssuer), nss.Bytes(nss.CKA_SERIAL_NUMBER, serialDER(c)),
	}
}

// takeBack removes what put made; the handles of another session are of no
// use, so the objects are found again.
func (d *database) takeBack(s *nss.Session, c *certificate.Certificate, made []object) error {
	p, err := d.pieces(s, c)
	if err != nil {
		return err
	}
	var destroy []nss.Handle
	for _, o := range made {
		switch o.class {
		case nss.CKO_PRIVATE_KEY:
			destroy = append(destroy, p.private...)
		case nss.CKO_PUBLIC_KEY:
			destroy = append(destroy, p.public...)
		case nss.CKO_CERTIFICATE:
			destroy = append(destroy, p.certificate)
		}
	}
	for _, h := range destroy {
		if err := s.Destroy(h); err != nil {
			return err
		}
	}
	return nil
}

// label returns the nickname that c is to have. NSS gives one nickname to all
// certificates of a subject, and to no other subject.
func (d *database) label(s *nss.Session, c *certificate.Certificate, p *pieces, wanted string) (string, error) {
	if p.found {
		return p.label, nil
	}
	wanted = cleanLabel(wanted)
	if wanted == "" { // a renewal takes the name of its predecessor
		same, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), nss.Bytes(nss.CKA_SUBJECT, c.RawSubject))
		if err != nil {
			return "", err
		}
		for _, h := range same {
			if v, err := s.Values(h, nss.CKA_LABEL); err == nil && len(v[0]) > 0 {
				return string(v[0]), nil
			}
		}
		wanted = defaultLabel(c)
	}
	for n := 1; ; n++ {
		candidate := wanted
		if n > 1 {
			candidate = fmt.Sprintf("%s (%d)", wanted, n)
		}
		free, err := labelFree(s, c, candidate)
		if err != nil || free {
			return candidate, err
		}
	}
}

// labelFree reports whether no certificate of another subject is called label.
func labelFree(s *nss.Session, c *certificate.Certificate, label string) (bool, error) {
	named, err := s.Find(nss.Ulong(nss.CKA_CLASS, nss.CKO_CERTIFICATE), nss.Text(nss.CKA_LABEL, label))
	if err != nil {
		return false, err
	}
	for _, h := range named {
		if v, err := s.Values(h, nss.CKA_SUBJECT); err == nil && !bytes.Equal(v[0], c.RawSubject) {
			return false, nil
		}
	}
	return true, nil
}

// defaultLabel returns "CN - O", or what there is of it.
func defaultLabel(c *certificate.Certificate) string {
	name := c.CommonName()
	if o := c.Subject().Value("O"); o != "" && o != name {
		name += " - " + o
	}
	return cleanLabel(name)
}

// cleanLabel makes s fit for a nickname: in NSS's own programs a colon
// separates the token from the name.
func cleanLabel(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == ':':
			return '-'
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, s))
}
