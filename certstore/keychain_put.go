package certstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certificate"
)

func (s *keychainStore) Put(ctx context.Context, loc Location, name Name, item Item) error {
	return s.during(ctx, "put", Ref{Location: loc, Store: name}, func(k *openKeychain) (*certificate.Certificate, error) {
		c := certificate.Parse(item.DER)
		return c, k.put(ctx, c, name, item)
	})
}

// Accepts implements [Acceptor].
func (s *keychainStore) Accepts(ctx context.Context, loc Location, name Name, item Item) error {
	return s.during(ctx, "put", Ref{Location: loc, Store: name}, func(k *openKeychain) (*certificate.Certificate, error) {
		c := certificate.Parse(item.DER)
		_, err := acceptsForKeychain(c, name, item)
		return c, err
	})
}

// KeyPlan implements [KeyPlanner].
func (s *keychainStore) KeyPlan(loc Location, item Item) (KeyPlan, error) {
	name := "login keychain"
	if loc == Machine {
		name = "System keychain"
	}
	return KeyPlan{Provider: ProviderKeychain, Name: name, KeySet: loc, Reason: "macOS keeps private keys in the keychain of their certificates."}, unprotected(item)
}

// acceptsForKeychain returns the key of an item, nil for none, or why a
// keychain does not take the item.
func acceptsForKeychain(c *certificate.Certificate, name Name, item Item) (crypto.Signer, error) {
	if !complete(c) {
		return nil, &impossible{"it is not a certificate", "Look at the file again: it is damaged, or something else."}
	}
	if err := holds(name, c, true); err != nil || item.Key == nil {
		return nil, err
	}
	if name != My {
		return nil, &impossible{"with its private key it would be Personal", "Put it into Personal, or put the certificate alone."}
	}
	if err := unprotected(item); err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(item.Key)
	if err != nil {
		return nil, &badKey{err.Error()}
	}
	public, err := c.PublicKey()
	if err != nil {
		return nil, &badKey{"the certificate's public key cannot be read: " + err.Error()}
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if len(key.Primes) != 2 {
			return nil, &badKey{"keychains store no RSA keys with more than two primes"}
		}
		if key.PublicKey.Equal(public) {
			return key, nil
		}
	case *ecdsa.PrivateKey:
		if _, ok := namedCurves[key.Params().Name]; !ok {
			return nil, &badKey{"keychains have no curve " + key.Params().Name}
		}
		if key.PublicKey.Equal(public) {
			return key, nil
		}
	default:
		return nil, &badKey{"keychains store no keys of type " + c.KeyType()}
	}
	return nil, &badKey{"it does not belong to the certificate"}
}

// put adds c to the store name, with its key if item has one, and takes back
// what it made if it fails.
func (k *openKeychain) put(ctx context.Context, c *certificate.Certificate, name Name, item Item) error {
	key, err := acceptsForKeychain(c, name, item)
	if err != nil {
		return err
	}
	if err := k.readOnly(); err != nil {
		return err
	}
	before, err := k.read()
	if err != nil {
		return err
	}
	old, oldKey := before.find(c), before.key(c)
	if name == My && key == nil && oldKey == nil {
		return holds(My, c, false)
	}
	had := before.trust[c.Fingerprint()]
	was, goal := had.kind(c, false), had
	if old != nil && was.distrusted && name != My && name != Disallowed {
		return &impossible{"it is among the untrusted certificates", "Move it out of there if it is to be used again."}
	}
	switch means := keychainTrustOf(name, c); {
	case name == Root && !had.anchor(c), name == TrustedPeople && !was.trusted:
		goal = append(slices.Clone(had), means...)
	case name == Disallowed && !was.distrusted:
		goal = means
	}
	if old != nil && (key == nil || oldKey != nil) && goal.String() == had.String() {
		return ErrExists
	}
	if err := k.unlock(ctx); err != nil {
		return err
	}
	if err = ctx.Err(); err == nil {
		err = k.add(ctx, c, before, key, item, goal)
	}
	if err != nil {
		return errors.Join(err, k.takeBack(c, before))
	}
	return nil
}

// add makes what is missing: the key first, then the certificate, then trust.
func (k *openKeychain) add(ctx context.Context, c *certificate.Certificate, before *keychainContents, key crypto.Signer, item Item, goal keychainTrust) error {
	old := before.find(c)
	if key != nil && before.key(c) == nil {
		if err := k.importKey(c, key, item.Exportable); err != nil {
			return err
		}
	}
	now, err := k.read()
	if err != nil {
		return err
	}
	if now.find(c) == nil {
		if err := k.addCertificate(c); err != nil {
			return err
		}
		if now, err = k.read(); err != nil {
			return err
		}
	}
	held := now.find(c)
	if held == nil {
		return errors.New("macOS reports success, and the certificate is not there")
	}
	if name := strings.TrimSpace(item.FriendlyName); old == nil && name != "" && name != held.label {
		if err := k.label(held.ref, name); err != nil {
			return err
		}
	}
	if key != nil {
		there := now.key(c)
		if there == nil {
			return &badKey{"macOS reports success, and the key is not there"}
		}
		if err := proveSigner(&keyInUse{k, there.ref, key.Public()}); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return k.setTrust(held.ref, before.trust[c.Fingerprint()], goal)
}

// importKey imports key together with c, as the PKCS#12 file that every
// version of macOS reads: encrypted with 3DES under a password that is used
// once and has nothing to protect.
func (k *openKeychain) importKey(c *certificate.Certificate, key crypto.Signer, exportable bool) error {
	password := rand.Text()
	pfx, err := pkcs12.LegacyDES.Encode(key, &x509.Certificate{Raw: c.Raw}, nil, password)
	if err != nil {
		return &because{ErrKey, err}
	}
	defer clear(pfx)
	attributes := []keychain.Ref{k.KSecAttrIsPermanent, k.KSecAttrIsSensitive}
	if exportable {
		attributes = append(attributes, k.KSecAttrIsExtractable)
	}
	format, kind := uint32(keychain.FormatPKCS12), uint32(keychain.ItemTypeAggregate)
	parameters := &keychain.KeyParameters{Passphrase: k.String(password), KeyAttributes: k.Array(attributes...)}
	err = k.Check("SecItemImport", k.SecItemImport(k.Data(pfx), 0, &format, &kind, 0, parameters, k.ref, nil))
	if keychain.IsStatus(err, keychain.ErrDuplicateItem) {
		return nil // the certificate was there already; the caller looks for the key
	}
	return err
}

// addCertificate adds a certificate alone.
func (k *openKeychain) addCertificate(c *certificate.Certificate) error {
	ref := k.Own(k.SecCertificateCreateWithData(0, k.Data(c.Raw)))
	if ref == 0 {
		return &impossible{"macOS does not read it as a certificate", "It breaks the rules of X.509; ask for a new one."}
	}
	err := k.Check("SecCertificateAddToKeychain", k.SecCertificateAddToKeychain(ref, k.ref))
	if keychain.IsStatus(err, keychain.ErrDuplicateItem) { // it is known that c is not there
		return &impossible{"the keychain holds another certificate with the same issuer and serial number", "Delete that one first; an issuer must not use a serial number twice."}
	}
	return err
}

// label gives a certificate a friendly name.
func (k *openKeychain) label(ref keychain.Ref, name string) error {
	query := k.Dictionary(k.KSecClass, k.KSecClassCertificate, k.KSecMatchSearchList, k.Array(k.ref), k.KSecMatchItemList, k.Array(ref))
	return k.Check("SecItemUpdate", k.SecItemUpdate(query, k.Dictionary(k.KSecAttrLabel, k.String(name))))
}

// takeBack makes what the keychain holds of c what it was before.
func (k *openKeychain) takeBack(c *certificate.Certificate, before *keychainContents) error {
	now, err := k.read()
	if err != nil {
		return err
	}
	if before.find(c) == nil {
		if held := now.find(c); held != nil {
			return k.destroy(held, now, before.key(c) == nil)
		}
	}
	if key := now.key(c); key != nil && before.key(c) == nil {
		err = k.remove(key.ref)
	}
	if held := now.find(c); held != nil {
		err = errors.Join(err, k.setTrust(held.ref, now.trust[c.Fingerprint()], before.trust[c.Fingerprint()]))
	}
	return err
}

// remove deletes an item. That it is gone already is no error.
func (k *openKeychain) remove(item keychain.Ref) error {
	err := k.Check("SecKeychainItemDelete", k.SecKeychainItemDelete(item))
	if keychain.IsStatus(err, keychain.ErrItemNotFound) {
		return nil
	}
	return err
}

// destroy deletes a certificate with its trust, and its key unless another
// one uses it. The certificate goes last, so that a crash leaves something to
// see.
func (k *openKeychain) destroy(held *keychainCertificate, c *keychainContents, withKey bool) error {
	if err := k.setTrust(held.ref, c.trust[held.Fingerprint()], nil); err != nil {
		return err
	}
	if withKey && !c.shared(held.Certificate) {
		if key := c.key(held.Certificate); key != nil {
			if err := k.remove(key.ref); err != nil {
				return err
			}
		}
	}
	return k.remove(held.ref)
}

func (s *keychainStore) Delete(ctx context.Context, ref Ref, mode DeleteMode) error {
	return s.during(ctx, "delete", ref, func(k *openKeychain) (*certificate.Certificate, error) {
		held, c, err := s.change(ctx, k, ref)
		if err != nil {
			return held.Certificate, err
		}
		return held.Certificate, k.destroy(&held, c, mode == DeleteAll)
	})
}

// Move changes trust within a location, and otherwise copies, proves the copy
// and deletes.
func (s *keychainStore) Move(ctx context.Context, ref Ref, loc Location, name Name) error {
	return s.during(ctx, "move", ref, func(k *openKeychain) (*certificate.Certificate, error) {
		held, c, err := s.change(ctx, k, ref)
		if err != nil {
			return held.Certificate, err
		}
		if ref.Location == loc && ref.Store == name {
			return held.Certificate, ErrExists
		}
		if err := movable(ref.Store, name, held.Certificate); err != nil {
			return held.Certificate, err
		}
		if ref.Location == loc {
			return held.Certificate, k.setTrust(held.ref, c.trust[ref.Fingerprint], keychainTrustOf(name, held.Certificate))
		}
		to, err := s.open(k.Pool, loc)
		if err != nil {
			return held.Certificate, err
		}
		return held.Certificate, k.moveTo(ctx, to, held, c, name)
	})
}

// moveTo copies an entry to the store name of another keychain and deletes it
// here.
func (k *openKeychain) moveTo(ctx context.Context, to *openKeychain, held keychainCertificate, c *keychainContents, name Name) error {
	if err := to.readOnly(); err != nil { // before the key is taken out
		return err
	}
	item := Item{DER: held.Raw, FriendlyName: held.label}
	if name == My {
		key, err := k.exportKey(ctx, held, c.key(held.Certificate))
		if err != nil {
			return err
		}
		defer clear(key)
		item.Key, item.Exportable = key, true
	}
	if err := to.put(ctx, held.Certificate, name, item); err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	if had := c.trust[held.Fingerprint()]; name == My && had != nil { // a CA with its key may be trusted as well
		now, err := to.read()
		if err != nil {
			return err
		}
		if err := to.setTrust(now.find(held.Certificate).ref, now.trust[held.Fingerprint()], had); err != nil {
			return err
		}
	}
	return k.destroy(&held, c, true)
}
