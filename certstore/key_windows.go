package certstore

import (
	"crypto"

	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

// containers is how many key containers of one key are looked for: a
// container's name is that of the key and a number from 1, so that what a
// crash left behind can be found again.
const containers = 8

// A link says where the private key of a certificate is.
type link = wincrypt.KeyProvInfo

// container returns the name of the n-th key container for the key of c.
func (s *windowsStore) container(c *certificate.Certificate, n int) string {
	return fmt.Sprintf("%scertdesk-%s-%d", s.prefix, hex.EncodeToString(c.KeyID()), n)
}

// newLink returns what is to lead to a key.
func newLink(p keyProvider, loc Location, container string) *link {
	l := &link{Container: container, Provider: p.name, ProvType: p.typ}
	if p.kind == ProviderCAPI {
		l.KeySpec = windows.AT_KEYEXCHANGE
	}
	if loc == Machine {
		l.Flags = windows.CRYPT_MACHINE_KEYSET // CNG's flag has the same value
	}
	return l
}

func sameKey(a, b *link) bool {
	return strings.EqualFold(a.Container, b.Container) && (a.ProvType == 0) == (b.ProvType == 0) && machineKey(a) == machineKey(b)
}

func machineKey(l *link) bool { return l.Flags&windows.CRYPT_MACHINE_KEYSET != 0 }

// inSoftware reports whether Windows itself keeps the key: others, such as
// smart cards, are neither opened for a listing, as that may prompt, nor
// deleted from.
func inSoftware(l *link) bool {
	p := l.Provider
	return p == wincrypt.MS_KEY_STORAGE_PROVIDER || l.ProvType != 0 && strings.HasPrefix(p, "Microsoft ") && !strings.Contains(p, "Smart Card")
}

// An openKey is a private key that is open: one of CNG's, or one of
// CryptoAPI's in its container.
type openKey struct {
	provider, key wincrypt.Object // CNG
	container     windows.Handle  // CryptoAPI
	link          *link
}

// open opens the key that l leads to.
func open(l *link, flags uint32) (*openKey, error) {
	flags |= l.Flags & windows.CRYPT_MACHINE_KEYSET
	if l.ProvType == 0 {
		p, err := wincrypt.NCryptOpenStorageProvider(l.Provider)
		if err != nil {
			return nil, err
		}
		k, err := wincrypt.NCryptOpenKey(p, l.Container, l.KeySpec, flags)
		if err != nil {
			wincrypt.NCryptFreeObject(p)
			return nil, err
		}
		return &openKey{provider: p, key: k}, nil
	}
	h, err := acquireContainer(l, flags)
	if err != nil {
		return nil, err
	}
	return &openKey{container: h, link: l}, nil
}

func (k *openKey) close() {
	if k.container != 0 {
		releaseContainer(k.link, k.container)
	}
	wincrypt.NCryptFreeObject(k.key)
	wincrypt.NCryptFreeObject(k.provider)
}

// denied gives err its reason where CryptoAPI says "no key set" for a key of
// the machine that the person may not open.
func (s *windowsStore) denied(l *link, err error) error {
	if machineKey(l) && wincrypt.IsCode(err, windows.NTE_BAD_KEYSET) && s.writable() != nil {
		return &because{ErrDenied, err}
	}
	return err
}

// withUserKey calls f with the handle of the key in its container.
func (k *openKey) withUserKey(f func(wincrypt.Key) error) error {
	h, err := wincrypt.CryptGetUserKey(k.container, k.link.KeySpec)
	if err != nil {
		return err
	}
	defer wincrypt.CryptDestroyKey(h)
	return f(h)
}

// exportable reports whether the key may leave.
func (k *openKey) exportable() (ok bool, err error) {
	if k.key != 0 {
		policy, err := wincrypt.NCryptGetNumber(k.key, wincrypt.NCRYPT_EXPORT_POLICY_PROPERTY)
		return policy&(wincrypt.NCRYPT_ALLOW_EXPORT_FLAG|wincrypt.NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG) != 0, err
	}
	err = k.withUserKey(func(h wincrypt.Key) error {
		bits, err := wincrypt.CryptGetKeyParam(h, wincrypt.KP_PERMISSIONS)
		ok = bits&wincrypt.CRYPT_EXPORT != 0
		return err
	})
	return ok, err
}

// inspect tells the state of the key that l leads to, without a prompt.
func (s *windowsStore) inspect(l *link) (state KeyState, exportable bool) {
	if !inSoftware(l) {
		return KeyPresent, false
	}
	k, err := open(l, windows.CRYPT_SILENT)
	if err == nil {
		defer k.close()
		exportable, err = k.exportable()
	}
	switch {
	case err == nil:
		return KeyPresent, exportable
	case errors.Is(cause(s.denied(l, err)), ErrDenied), wincrypt.IsCode(err, windows.NTE_SILENT_CONTEXT):
		return KeyPresent, false
	}
	return KeyUnusable, false
}

// parseKey reads PKCS#8 and checks that it is the key of c.
func parseKey(c *certificate.Certificate, pkcs8 []byte) (crypto.Signer, error) {
	public, err := c.PublicKey()
	if err != nil {
		return nil, &badKey{"the certificate's public key cannot be read: " + err.Error()}
	}
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, &badKey{err.Error()}
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, &badKey{"it cannot sign"}
	}
	if own, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(public) {
		return nil, &badKey{"it does not belong to the certificate"}
	}
	return signer, nil
}

// importKey puts the key of c into a container of its own, as item says.
func (s *windowsStore) importKey(c *certificate.Certificate, key crypto.Signer, loc Location, item Item) (*link, error) {
	p, err := s.accepts(loc, item, key.Public())
	if err != nil {
		return nil, err
	}
	put := importCNG
	if p.kind == ProviderCAPI {
		put = importCAPI
	}
	for n := 1; n <= containers; n++ {
		l := newLink(p, loc, s.container(c, n))
		if k, err := open(l, windows.CRYPT_SILENT); err == nil {
			k.close()
			continue
		}
		err := put(l, key, item)
		if !wincrypt.IsCode(err, windows.NTE_EXISTS) {
			return l, err
		}
	}
	return nil, &badKey{fmt.Sprintf("it is stored %d times already", containers)}
}

// importCAPI makes the container of l with an RSA key in it.
func importCAPI(l *link, key crypto.Signer, item Item) error {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return &badKey{"CryptoAPI stores RSA keys only"}
	}
	blob, err := rsaBlob(private)
	if err != nil {
		return err
	}
	defer clear(blob)
	flags, how := uint32(windows.CRYPT_SILENT), uint32(0)
	if item.Protected { // Windows asks the person how, now
		flags, how = 0, wincrypt.CRYPT_USER_PROTECTED
	}
	h, err := acquireContainer(l, windows.CRYPT_NEWKEYSET|flags|l.Flags)
	if err != nil {
		return err
	}
	if item.Exportable {
		how |= wincrypt.CRYPT_EXPORTABLE
	}
	k, err := wincrypt.CryptImportKey(h, blob, how)
	if err == nil {
		wincrypt.CryptDestroyKey(k)
	}
	releaseContainer(l, h)
	if err != nil {
		err = &because{ErrKey, err}
		if e := deleteKey(l); e != nil {
			err = errors.Join(err, e)
		}
	}
	return err
}

// importCNG makes a persisted CNG key named as l says.
func importCNG(l *link, key crypto.Signer, item Item) error {
	blob, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return &badKey{err.Error()}
	}
	defer clear(blob)
	p, err := wincrypt.NCryptOpenStorageProvider(l.Provider)
	if err != nil {
		return err
	}
	defer wincrypt.NCryptFreeObject(p)
	flags := uint32(wincrypt.NCRYPT_SILENT_FLAG) | l.Flags
	k, err := wincrypt.NCryptImportKey(p, wincrypt.NCRYPT_PKCS8_PRIVATE_KEY_BLOB, l.Container, blob, flags|wincrypt.NCRYPT_DO_NOT_FINALIZE_FLAG)
	if err != nil {
		return err
	}
	var policy uint32
	if item.Exportable {
		policy = wincrypt.NCRYPT_ALLOW_EXPORT_FLAG | wincrypt.NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG
	}
	err = wincrypt.NCryptSetNumber(k, wincrypt.NCRYPT_EXPORT_POLICY_PROPERTY, policy)
	silent := uint32(wincrypt.NCRYPT_SILENT_FLAG)
	if err == nil && item.Protected { // Windows asks the person how, when the key is finalized
		silent = 0
		err = wincrypt.NCryptSetUIPolicy(k, wincrypt.NCRYPT_UI_PROTECT_KEY_FLAG, certificate.Parse(item.DER).CommonName())
	}
	if err == nil {
		err = wincrypt.NCryptFinalizeKey(k, silent)
	}
	wincrypt.NCryptFreeObject(k) // nothing is stored before it is finalized
	if err != nil {
		return &because{ErrKey, err}
	}
	return nil
}

// deleteKey deletes the container that l leads to; that it is gone is no
// error, nor that the provider opens no keys at all, as Wine's CNG.
func deleteKey(l *link) error {
	if l.ProvType != 0 {
		err := deleteContainer(l)
		if wincrypt.IsCode(err, windows.NTE_BAD_KEYSET) {
			return nil
		}
		return err
	}
	k, err := open(l, wincrypt.NCRYPT_SILENT_FLAG)
	if wincrypt.IsCode(err, windows.NTE_BAD_KEYSET, windows.NTE_NOT_SUPPORTED) {
		return nil
	}
	if err != nil {
		return err
	}
	defer k.close()
	if err = wincrypt.NCryptDeleteKey(k.key, wincrypt.NCRYPT_SILENT_FLAG); err == nil {
		k.key = 0
	}
	return err
}

// references returns the keys that certificates of either location use.
func (s *windowsStore) references() ([]*link, error) {
	var list []*link
	for _, loc := range []Location{User, Machine} {
		all, err := s.all(loc)
		if err != nil { // then nobody knows what is used
			return nil, err
		}
		for _, e := range all {
			if e.link != nil {
				list = append(list, e.link)
			}
		}
	}
	return list, nil
}

func uses(list []*link, l *link) bool {
	for _, r := range list {
		if sameKey(r, l) {
			return true
		}
	}
	return false
}

// orphans returns containers of ours with the key of c that no certificate
// uses: a removed certificate's, or what an import left when it was killed.
func (s *windowsStore) orphans(loc Location, c *certificate.Certificate, used []*link) []*link {
	var list []*link
	for n := 1; n <= containers; n++ {
		for _, p := range softwareProviders[:2] { // CNG, and CryptoAPI's: its RSA providers share their containers
			l := newLink(p, loc, s.container(c, n))
			if uses(used, l) {
				continue
			}
			if k, err := open(l, windows.CRYPT_SILENT); err == nil {
				k.close()
				list = append(list, l)
			}
		}
	}
	return list
}
