package certstore

import (
	"context"
	"crypto/sha1"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"

	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certificate"
)

// An openKeychain is one keychain during one operation. The pool owns all
// references; they die with it.
type openKeychain struct {
	*keychain.Pool
	loc      Location
	ref      keychain.Ref
	path     string
	domain   uint32 // of the trust settings
	unlocked bool
	password func(ctx context.Context, place string, again bool) ([]byte, error)
}

// open opens the keychain of a location.
func (s *keychainStore) open(pool *keychain.Pool, loc Location) (*openKeychain, error) {
	k := &openKeychain{Pool: pool, loc: loc, password: s.password}
	path := s.user
	switch loc {
	case User:
		k.domain = keychain.DomainUser
	case Machine:
		k.domain, path = keychain.DomainAdmin, s.machine
	default:
		return nil, &impossible{"there is no such location", "The locations are user and machine."}
	}
	return k, k.openAt(path)
}

// at returns another keychain of the same operation.
func (k *openKeychain) at(path string) (*openKeychain, error) {
	other := &openKeychain{Pool: k.Pool, loc: k.loc, domain: k.domain, password: k.password}
	return other, other.openAt(path)
}

// openAt opens the keychain at path, "" for the user's default one.
func (k *openKeychain) openAt(path string) error {
	var err error
	if path == "" {
		err = k.Check("SecKeychainCopyDomainDefault", k.SecKeychainCopyDomainDefault(keychain.DomainUser, &k.ref))
	} else {
		err = k.Check("SecKeychainOpen", k.SecKeychainOpen(path, &k.ref))
	}
	if err != nil {
		return err
	}
	k.Own(k.ref)
	var buffer [1024]byte // PATH_MAX
	n := uint32(len(buffer))
	if err := k.Check("SecKeychainGetPath", k.SecKeychainGetPath(k.ref, &n, &buffer[0])); err != nil {
		return err
	}
	k.path = string(buffer[:min(int(n), len(buffer))])
	return k.status()
}

// status asks whether the keychain is there and unlocked.
func (k *openKeychain) status() error {
	var status uint32
	err := k.Check("SecKeychainGetStatus", k.SecKeychainGetStatus(k.ref, &status))
	k.unlocked = status&keychain.StatusUnlocked != 0
	return err
}

// readOnly returns why nothing can be changed in the keychain. Apple's own
// answer is of no use before an administrator's rights were asked for; the
// file's permissions are what decides.
func (k *openKeychain) readOnly() error {
	f, err := os.OpenFile(k.path, os.O_WRONLY, 0)
	if err == nil {
		return f.Close()
	}
	if errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil // its real name may be another; a change will tell
}

// unlock asks for the keychain's password if it is locked and somebody can be
// asked. Where nobody can, macOS asks by itself when it has to.
func (k *openKeychain) unlock(ctx context.Context) error {
	if k.unlocked || k.password == nil {
		return nil
	}
	const tries = 3
	var err error
	for again := range tries {
		var password []byte
		if password, err = k.password(ctx, k.path, again > 0); err != nil {
			return err
		}
		n := len(password)
		octets := append(password, 0) // never empty: its first octet has an address
		err = k.Check("SecKeychainUnlock", k.SecKeychainUnlock(k.ref, uint32(n), &octets[0], true))
		runtime.KeepAlive(octets)
		clear(octets)
		clear(password)
		if err == nil {
			return k.status()
		}
		if !keychain.IsStatus(err, keychain.ErrAuthFailed) {
			return err
		}
	}
	return &because{ErrPassword, err}
}

// A keychainCertificate is a certificate of a keychain.
type keychainCertificate struct {
	*certificate.Certificate
	ref   keychain.Ref
	label string
}

// A keychainKey is a private key of a keychain.
type keychainKey struct {
	ref        keychain.Ref
	hash       string // of the public key: see keychainHash
	exportable bool
}

// keychainHash returns what macOS joins certificate and key by: the SHA-1 of
// the bits of the public key.
func keychainHash(c *certificate.Certificate) string {
	sum := sha1.Sum(c.PublicKeyBits())
	return string(sum[:])
}

// keychainContents are what a keychain holds, and the trust settings of its
// domain.
type keychainContents struct {
	certificates []keychainCertificate
	keys         []keychainKey
	trust        map[certificate.Fingerprint]keychainTrust
}

// read reads the keychain. It never prompts.
func (k *openKeychain) read() (*keychainContents, error) {
	c := &keychainContents{}
	var err error
	if c.certificates, err = k.certificates(); err != nil {
		return nil, err
	}
	if c.keys, err = k.keys(); err != nil {
		return nil, err
	}
	c.trust, err = k.trusts(k.domain)
	return c, err
}

// matching returns all items of a class in this keychain, as dictionaries
// with their attributes.
func (k *openKeychain) matching(class ...keychain.Ref) ([]keychain.Ref, error) {
	query := k.Dictionary(append(class,
		k.KSecMatchSearchList, k.Array(k.ref), k.KSecMatchLimit, k.KSecMatchLimitAll,
		k.KSecReturnRef, k.KCFBooleanTrue, k.KSecReturnAttributes, k.KCFBooleanTrue)...)
	var found keychain.Ref
	err := k.Check("SecItemCopyMatching", k.SecItemCopyMatching(query, &found))
	if keychain.IsStatus(err, keychain.ErrItemNotFound) {
		return nil, nil
	}
	return k.Values(k.Own(found)), err
}

func (k *openKeychain) certificates() ([]keychainCertificate, error) {
	items, err := k.matching(k.KSecClass, k.KSecClassCertificate)
	var list []keychainCertificate
	for _, item := range items {
		ref := k.Value(item, k.KSecValueRef)
		if ref == 0 {
			continue
		}
		list = append(list, keychainCertificate{k.parse(ref), ref, k.Text(k.Value(item, k.KSecAttrLabel))})
	}
	return list, err
}

// parse reads a SecCertificateRef.
func (k *openKeychain) parse(ref keychain.Ref) *certificate.Certificate {
	data := k.SecCertificateCopyData(ref)
	if data == 0 {
		return certificate.Parse(nil)
	}
	defer k.CFRelease(data)
	return certificate.Parse(k.Bytes(data))
}

func (k *openKeychain) keys() ([]keychainKey, error) {
	items, err := k.matching(k.KSecClass, k.KSecClassKey, k.KSecAttrKeyClass, k.KSecAttrKeyClassPrivate)
	var list []keychainKey
	for _, item := range items {
		key := keychainKey{ref: k.Value(item, k.KSecValueRef), hash: string(k.Bytes(k.Value(item, k.KSecAttrApplicationLabel)))}
		if key.ref == 0 || key.hash == "" {
			continue
		}
		extractable, told := k.Bool(k.Value(item, k.KSecAttrIsExtractable))
		key.exportable = extractable || !told // macOS itself will refuse
		list = append(list, key)
	}
	return list, err
}

// find returns the certificate with the same octets as c.
func (c *keychainContents) find(wanted *certificate.Certificate) *keychainCertificate {
	for i, held := range c.certificates {
		if held.Fingerprint() == wanted.Fingerprint() {
			return &c.certificates[i]
		}
	}
	return nil
}

// key returns the private key of a certificate, nil if it is not there.
func (c *keychainContents) key(of *certificate.Certificate) *keychainKey {
	hash := keychainHash(of)
	if i := slices.IndexFunc(c.keys, func(k keychainKey) bool { return k.hash == hash }); i >= 0 {
		return &c.keys[i]
	}
	return nil
}

// shared reports whether another certificate has the key of c.
func (c *keychainContents) shared(with *certificate.Certificate) bool {
	hash := keychainHash(with)
	return slices.ContainsFunc(c.certificates, func(held keychainCertificate) bool {
		return held.Fingerprint() != with.Fingerprint() && keychainHash(held.Certificate) == hash
	})
}

// store returns the store that a certificate is shown in.
func (c *keychainContents) store(of *certificate.Certificate) Name {
	return c.trust[of.Fingerprint()].kind(of, c.key(of) != nil).store(of)
}
