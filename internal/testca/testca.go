// Package testca is a certification authority for tests and for small
// organizations: a root, an intermediate below it if wanted, and what they
// issue, right by default and deliberately wrong on request.
//
// An authority is a folder. Its keys are encrypted PKCS#8 files in it, or stay
// in a certificate store; everything else in the folder is public. Each
// certificate issued is a file of its own, so that two processes which issue
// at once lose nothing.
package testca

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/outfile"
	"certdesk/internal/place"
)

// Why an authority cannot be used. Compare with [errors.Is].
var (
	ErrNotFound  = errors.New("there is no such certification authority")
	ErrExists    = errors.New("there is a certification authority of this name")
	ErrNoSerial  = errors.New("it issued no certificate with this serial number")
	ErrName      = errors.New("a name has letters, digits, dots, hyphens and underscores, at most 64")
	ErrNoName    = errors.New("there is none among its names")
	ErrFolder    = errors.New("the folder is not empty")
	ErrKeyAbsent = errors.New("the key of the certification authority is not in its folder")
)

// ErrPassword says that a password is not that of an authority's key. It is a
// [certfile.ErrPassword].
var ErrPassword error = wrongPassword{}

type wrongPassword struct{}

func (wrongPassword) Error() string { return certfile.ErrPassword.Error() }

func (wrongPassword) Is(target error) bool { return target == certfile.ErrPassword }

// A Level is one of an authority's certificates.
type Level string

// The levels.
const (
	Root         Level = "root"
	Intermediate Level = "intermediate"
)

// A Dir is the folder of all authorities.
type Dir struct{ path string }

// DefaultPath returns the folder of the user's authorities.
func DefaultPath(getenv func(string) string) (string, error) {
	path, err := place.Data(getenv, "ca")
	if err != nil {
		return "", fmt.Errorf("certification authorities: %w", err)
	}
	return path, nil
}

// Open returns the authorities in the folder path, which need not exist.
func Open(path string) Dir { return Dir{path} }

// An Authority is one certification authority.
type Authority struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// InStore says in which place of the certificate stores a level's key is;
	// levels that are not in it have their key in the folder.
	InStore map[Level]certstore.Ref `json:"inStore,omitempty"`

	path  string
	certs map[Level]*certificate.Certificate
}

// Certificate returns the certificate of a level, nil if there is none.
func (a *Authority) Certificate(l Level) *certificate.Certificate { return a.certs[l] }

// Issuing returns the level that issues: the intermediate, if there is one.
func (a *Authority) Issuing() Level {
	if a.certs[Intermediate] != nil {
		return Intermediate
	}
	return Root
}

// Chain returns the certificates from the issuing one to the root.
func (a *Authority) Chain() []*certificate.Certificate {
	if c := a.certs[Intermediate]; c != nil {
		return []*certificate.Certificate{c, a.certs[Root]}
	}
	return []*certificate.Certificate{a.certs[Root]}
}

// Path returns the authority's folder.
func (a *Authority) Path() string { return a.path }

// NameOf makes a name for an authority's folder of what people call it.
func NameOf(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._", r) {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	name := strings.TrimLeft(b.String(), "-.")
	return strings.Trim(name[:min(64, len(name))], "-")
}

// Names lists the authorities.
func (d Dir) Names() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && validName(e.Name()) {
			if _, err := os.Stat(filepath.Join(d.path, e.Name(), "ca.json")); err == nil {
				names = append(names, e.Name())
			}
		}
	}
	return names, err
}

func validName(s string) bool {
	return s != "" && len(s) <= 64 && s[0] != '.' && s[0] != '-' &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// Load returns the authority of a name; "" means the only one there is.
func (d Dir) Load(name string) (*Authority, error) {
	if name == "" {
		names, err := d.Names()
		switch {
		case err != nil:
			return nil, err
		case len(names) == 0:
			return nil, fmt.Errorf("open a certification authority in %s: %w", d.path, ErrNotFound)
		case len(names) > 1:
			return nil, fmt.Errorf("open a certification authority: there are several: %s: %w", strings.Join(names, ", "), ErrNotFound)
		}
		name = names[0]
	}
	if !validName(name) {
		return nil, fmt.Errorf("certification authority %q: %w", name, ErrName)
	}
	a := &Authority{path: filepath.Join(d.path, name), certs: map[Level]*certificate.Certificate{}}
	data, err := os.ReadFile(filepath.Join(a.path, "ca.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open %q in %s: %w", name, d.path, ErrNotFound)
	}
	if err == nil {
		err = json.Unmarshal(data, a)
	}
	if err != nil {
		return nil, fmt.Errorf("open the certification authority %q: %w", name, err)
	}
	for _, l := range []Level{Root, Intermediate} {
		der, err := readPEM(a.file(l, ".pem"))
		if errors.Is(err, fs.ErrNotExist) && l == Intermediate {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open the certification authority %q: %w", name, err)
		}
		a.certs[l] = der
	}
	return a, nil
}

func (a *Authority) file(l Level, suffix string) string {
	return filepath.Join(a.path, string(l)+suffix)
}

func readPEM(path string) (*certificate.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := certfile.Inspect(data)
	if err != nil {
		return nil, err
	}
	if len(c.Certificates) == 0 {
		return nil, fmt.Errorf("%s: %w", path, certfile.ErrUnknown)
	}
	return c.Certificates[0].Certificate, nil
}

// Signer opens the key of a level with the password of its file. It fails with
// [certfile.ErrPassword] if that is wrong, and with [ErrKeyAbsent] if the key
// is in a store.
func (a *Authority) Signer(l Level, password []byte) (crypto.Signer, error) {
	data, err := os.ReadFile(a.file(l, ".key.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, ErrKeyAbsent)
	}
	if err != nil {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, err)
	}
	c, err := certfile.Read(context.Background(), data, certfile.Password{Given: true, Text: password})
	if errors.Is(err, certfile.ErrPassword) {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, ErrPassword)
	}
	if err != nil {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, err)
	}
	defer c.Wipe()
	if len(c.Keys) != 1 {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, certfile.ErrDamaged)
	}
	key, err := x509.ParsePKCS8PrivateKey(c.Keys[0].PKCS8)
	if err != nil {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s key of %q: %w", l, a.Name, certfile.ErrUnsupported)
	}
	return signer, nil
}

// A Spec is what a new authority is to be.
type Spec struct {
	Name         string // of its folder
	Subject      csr.Subject
	Key          csr.KeyType
	Intermediate bool
	RootDays     int // how long the root is valid; 0: ten years
	InterDays    int // and the intermediate; 0: five years
	Now          time.Time
}

// Years of validity unless asked otherwise.
const (
	rootDays  = 3652
	interDays = 1826
)

// A KeyMaker makes the key of a level. With a nil PKCS8 the key stays where it
// was made.
type KeyMaker func(l Level) (signer crypto.Signer, err error)

// A Keeper takes the certificate for a key that a [KeyMaker] made in a store
// and returns where it stands now.
type Keeper func(l Level, cert *certificate.Certificate) (certstore.Ref, error)

// Init makes an authority. Its keys are made in memory and written encrypted
// under password; or, with maker and keeper, made and kept in a store. On an
// error no folder is left; what is in the store is the caller's to discard.
func (d Dir) Init(s Spec, password []byte, maker KeyMaker, keeper Keeper) (_ *Authority, err error) {
	if !validName(s.Name) {
		return nil, fmt.Errorf("certification authority %q: %w", s.Name, ErrName)
	}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, fmt.Errorf("make the certification authority %q: %w", s.Name, err)
	}
	final := filepath.Join(d.path, s.Name)
	if _, err := os.Lstat(final); err == nil {
		return nil, fmt.Errorf("make the certification authority %q: %w", s.Name, ErrExists)
	}
	temp, err := os.MkdirTemp(d.path, ".new-*")
	if err != nil {
		return nil, fmt.Errorf("make the certification authority %q: %w", s.Name, err)
	}
	defer os.RemoveAll(temp)
	a := &Authority{Name: s.Name, Created: s.Now.UTC().Truncate(time.Second), path: temp, certs: map[Level]*certificate.Certificate{}}
	levels := []Level{Root}
	if s.Intermediate {
		levels = append(levels, Intermediate)
	}
	if maker == nil {
		maker = func(Level) (crypto.Signer, error) { return csr.NewKey(s.Key) }
	} else {
		a.InStore = map[Level]certstore.Ref{}
	}
	var parent crypto.Signer
	for _, l := range levels {
		key, err := maker(l)
		if err != nil {
			return nil, fmt.Errorf("make the %s key of %q: %w", l, s.Name, err)
		}
		if err := a.make(l, s, key, cmp.Or(parent, key)); err != nil {
			return nil, fmt.Errorf("make the %s of %q: %w", l, s.Name, err)
		}
		if parent == nil {
			parent = key
		}
		if keeper != nil {
			a.InStore[l], err = keeper(l, a.certs[l])
		} else {
			err = writeKey(a.file(l, ".key.pem"), key, password)
		}
		if err != nil {
			return nil, fmt.Errorf("keep the %s key of %q: %w", l, s.Name, err)
		}
	}
	data, err := json.MarshalIndent(a, "", "  ")
	if err == nil {
		err = outfile.Write(filepath.Join(temp, "ca.json"), data, outfile.Private)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(temp, "issued"), 0o700)
	}
	if err == nil {
		err = os.Rename(temp, final)
	}
	if err != nil {
		return nil, fmt.Errorf("make the certification authority %q: %w", s.Name, err)
	}
	a.path = final
	return a, nil
}

func writeKey(path string, key crypto.Signer, password []byte) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	defer clear(der)
	data, err := certfile.EncodeKeyPEM(der, password, certfile.PBKDF2)
	if err != nil {
		return err
	}
	return outfile.Write(path, data, outfile.Private)
}

// make signs the certificate of a level (RFC 5280 section 4.2, CABF BR
// 7.1.2.1 and 7.1.2.6).
func (a *Authority) make(l Level, s Spec, key, parentKey crypto.Signer) error {
	subject := s.Subject
	days := cmp.Or(s.RootDays, rootDays)
	if l == Intermediate {
		subject.CommonName += " Issuing CA"
		days = cmp.Or(s.InterDays, interDays)
	} else {
		subject.CommonName += " Root CA"
	}
	name, err := subject.Name()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), RawSubject: name,
		NotBefore: s.Now.Add(-backdate).UTC(), NotAfter: s.Now.AddDate(0, 0, days).UTC(),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true,
	}
	parent := template
	if l == Intermediate {
		template.MaxPathLenZero = true
		if parent, err = a.certs[Root].X509(); err != nil {
			return err
		}
		if template.NotAfter.After(parent.NotAfter) {
			template.NotAfter = parent.NotAfter
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return err
	}
	a.certs[l] = certificate.Parse(der)
	return outfile.Write(a.file(l, ".pem"), certfile.EncodePEM([][]byte{der}), outfile.Public)
}

// backdate lets a certificate begin a little before now: clocks differ.
const backdate = 5 * time.Minute

// serial returns a serial number of 127 random bits, positive and not zero
// (RFC 5280 section 4.1.2.2; CABF BR 7.1 wants 64 bits from a CSPRNG).
func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // cannot fail since Go 1.24
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b)
}

// sorted returns issued certificates, the newest first.
func sorted(list []Issued) []Issued {
	slices.SortFunc(list, func(a, b Issued) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Serial, b.Serial)) })
	return list
}
