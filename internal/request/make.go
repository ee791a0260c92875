package request

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/finding"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
	"certdesk/internal/outfile"
)

// Options say what request to make, and where its key goes.
type Options struct {
	Spec     csr.Spec // as [csr.Spec.Prepare] returns it
	Profile  csr.Profile
	KeyIn    KeyPlace
	Location certstore.Location
	Provider certstore.Provider // who keeps the key on Windows
	// Exportable says whether the key may leave the store; nil: if the store
	// can make such keys.
	Exportable *bool
	File       string // to write the request to; "" writes none, but is an error with InFile
	Force      bool   // files that exist are replaced
	Password   []byte // for the key file; the caller wipes it
	KDF        certfile.KDF
	Renews     *inventory.Row // the certificate that is renewed; nil: none
	SameKey    bool           // with the key of Renews
}

// Why a request cannot be made. Compare with [errors.Is].
var (
	ErrExists     = errors.New("the file exists")
	ErrNoStoreKey = errors.New("this system's store does not make keys")
	ErrStoreType  = errors.New("the store does not make keys of this kind")
	ErrNoFile     = errors.New("a file is needed for a key that is kept in a file")
	ErrSameKey    = errors.New("the key of the old certificate cannot be used again")
	ErrKeyInUse   = errors.New("the file holds the key of another request that waits")
)

// KeyFileFor returns the name of the key file beside a request: the same
// stem.
func KeyFileFor(file string) string {
	stem := strings.TrimSuffix(file, filepath.Ext(file))
	if name := stem + ".key"; name != file {
		return name
	}
	return stem + ".key.pem"
}

// New makes a key and the request, or nothing at all.
func (s *Service) New(ctx context.Context, opt Options) (Record, error) {
	r := Record{ID: s.newID(), Time: s.now(), Names: opt.Spec.Names.All(), Purposes: opt.Spec.Purposes, KeyType: opt.Spec.Key,
		Profile: opt.Profile.ID, KeyIn: opt.KeyIn, Location: opt.Location, File: opt.File, SameKey: opt.SameKey}
	if err := s.check(ctx, &r, opt); err != nil {
		return Record{}, fmt.Errorf("request for %s: %w", naming(opt.Spec), err)
	}
	if err := s.save(r); err != nil { // first, so that a crash leaves nothing that nobody knows of
		return Record{}, err
	}
	err := s.fill(ctx, &r, opt)
	if err == nil {
		err = s.save(r)
	}
	if err == nil && r.File != "" {
		if err = outfile.WriteUntil(ctx.Done(), r.File, r.PEM(), outfile.Public); err != nil {
			err = fmt.Errorf("write %s: %w", r.File, err)
		}
	}
	if err != nil {
		err = fmt.Errorf("request for %s: %w", naming(opt.Spec), err)
		return Record{}, errors.Join(err, s.drop(context.WithoutCancel(ctx), r))
	}
	r.Status = Pending
	return r, nil
}

func naming(s csr.Spec) string {
	if name, err := s.Name(); err == nil {
		return certificate.ParseName(name).String()
	}
	return s.Subject.CommonName
}

// check finds what is wrong before anything is made.
func (s *Service) check(ctx context.Context, r *Record, opt Options) error {
	if err := Check(opt.Spec, opt.Profile); err != nil {
		return err
	}
	name, err := opt.Spec.Name()
	if err != nil {
		return err
	}
	r.Subject, r.CommonName = certificate.ParseName(name).String(), certificate.ParseName(name).Value("CN")
	if opt.Renews != nil {
		r.Renews, r.Old = opt.Renews.Fingerprint().String(), opt.Renews.DER
	}
	if r.File != "" && !opt.Force && outfile.Exists(r.File) {
		return fmt.Errorf("write %s: %w", r.File, ErrExists)
	}
	if err := outfile.CheckName(r.File); r.File != "" && err != nil {
		return fmt.Errorf("write %s: %w", r.File, err)
	}
	switch {
	case opt.SameKey:
		return s.checkSameKey(r, opt)
	case opt.KeyIn == InFile:
		return s.checkKeyFile(r, opt)
	}
	g, ok := s.Store.(certstore.KeyGenerator)
	if !ok {
		return ErrNoStoreKey
	}
	if opt.Spec.Key == csr.Ed25519 {
		return fmt.Errorf("%s: %w", opt.Spec.Key, ErrStoreType)
	}
	key, err := s.keyRequest(ctx, g, r.ID, opt)
	if err != nil {
		return err
	}
	r.Key = &certstore.PendingKey{Location: key.Location, Algorithm: key.Algorithm, Provider: key.Provider, Container: certstore.ContainerOf(key.Name)}
	return nil
}

// Check returns what is wrong with a spec, as it is typed: a
// [*csr.Forbidden] of the profile first, nil for nothing.
func Check(spec csr.Spec, p csr.Profile) error {
	if p.ID != "" {
		if err := p.Check(spec); err != nil {
			return err
		}
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	_, err = csr.Create(spec, key)
	return err
}

// keyRequest is what the store is asked for.
func (s *Service) keyRequest(ctx context.Context, g certstore.KeyGenerator, name string, opt Options) (certstore.KeyRequest, error) {
	key := certstore.KeyRequest{Location: opt.Location, Algorithm: certstore.KeyAlgorithm(opt.Spec.Key), Provider: opt.Provider, Name: name, Exportable: true}
	if opt.Exportable != nil {
		key.Exportable = *opt.Exportable
		return key, g.CanGenerate(ctx, key)
	}
	err := g.CanGenerate(ctx, key)
	if errors.Is(err, certstore.ErrNotPossible) {
		key.Exportable = false
		err = g.CanGenerate(ctx, key)
	}
	return key, err
}

// checkKeyFile looks at the place of the key file.
func (s *Service) checkKeyFile(r *Record, opt Options) error {
	switch {
	case r.File == "":
		return ErrNoFile
	case len(opt.Password) == 0:
		return fmt.Errorf("a key file needs a password: %w", certfile.ErrNoPassword)
	}
	r.KeyFile = KeyFileFor(r.File)
	if !outfile.Exists(r.KeyFile) {
		return nil
	}
	if !opt.Force {
		return fmt.Errorf("write %s: %w", r.KeyFile, ErrExists)
	}
	all, err := s.List()
	for _, o := range all {
		if o.Status == Pending && o.KeyFile == r.KeyFile {
			return fmt.Errorf("write %s: %w: %s for %s", r.KeyFile, ErrKeyInUse, o.ID, o.CommonName)
		}
	}
	return err
}

// checkSameKey reports why a certificate cannot be renewed with its key.
func (s *Service) checkSameKey(r *Record, opt Options) error {
	switch row := opt.Renews; {
	case row == nil || row.Key != certstore.KeyPresent && row.Key != certstore.KeyLocked:
		return fmt.Errorf("%w: it is not in the store", ErrSameKey)
	case s.System == "windows":
		// The key is another certificate's there, and CryptoAPI ties it to that one by its container.
		return fmt.Errorf("%w on Windows", ErrSameKey)
	default:
		r.KeyIn, r.Location = InStore, row.Location
	}
	return nil
}

// fill makes the key and signs the request with it.
func (s *Service) fill(ctx context.Context, r *Record, opt Options) error {
	signer, err := s.makeKey(ctx, r, opt)
	if err != nil {
		return err
	}
	if r.PublicKey, err = x509.MarshalPKIXPublicKey(signer.Public()); err != nil {
		return err
	}
	if r.Request, err = csr.Create(opt.Spec, signer); err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}

func (s *Service) makeKey(ctx context.Context, r *Record, opt Options) (crypto.Signer, error) {
	switch {
	case opt.SameKey:
		return s.Store.Signer(ctx, opt.Renews.Ref())
	case opt.KeyIn == InFile:
		return s.makeKeyFile(r, opt)
	}
	g := s.Store.(certstore.KeyGenerator)
	key, err := s.keyRequest(ctx, g, r.ID, opt)
	if err != nil {
		return nil, err
	}
	made, err := g.Generate(ctx, key)
	if err != nil {
		return nil, err
	}
	r.Key = &made
	if err := s.save(*r); err != nil {
		return nil, err
	}
	return g.Pending(ctx, made)
}

func (s *Service) makeKeyFile(r *Record, opt Options) (crypto.Signer, error) {
	key, err := csr.NewKey(opt.Spec.Key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(pkcs8)
	pem, err := certfile.EncodeKeyPEM(pkcs8, opt.Password, opt.KDF)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(pem)
	r.KeyFileSum = sum[:]
	if err := s.save(*r); err != nil { // drop deletes a file with this sum only
		return nil, err
	}
	if err := outfile.Write(r.KeyFile, pem, outfile.Private); err != nil {
		return nil, fmt.Errorf("write %s: %w", r.KeyFile, err)
	}
	return key, nil
}

// Discard deletes a request that was not completed, with its key, or the
// record of one that was. It reports whether a key file was left because it
// is no longer the one that was written.
func (s *Service) Discard(ctx context.Context, r Record) (left bool, err error) {
	if r.Status != Completed {
		if left, err = s.dropKey(ctx, r); err != nil {
			return left, fmt.Errorf("discard request %s: %w", r.ID, err)
		}
	}
	if err := os.Remove(s.file(r.ID)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return left, fmt.Errorf("discard request %s: %w", r.ID, err)
	}
	return left, nil
}

// drop takes back what a failed New made.
func (s *Service) drop(ctx context.Context, r Record) error {
	r.Status = Unfinished
	_, err := s.Discard(ctx, r)
	return err
}

func (s *Service) dropKey(ctx context.Context, r Record) (left bool, err error) {
	switch {
	case r.SameKey:
	case r.Key != nil:
		g, ok := s.Store.(certstore.KeyGenerator)
		if !ok {
			return false, ErrNoStoreKey
		}
		return false, g.Discard(ctx, *r.Key)
	case r.KeyFile != "" && r.KeyFileSum != nil:
		data, err := readSmall(r.KeyFile)
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if sum := sha256.Sum256(data); !bytes.Equal(sum[:], r.KeyFileSum) {
			return true, nil
		}
		return false, os.Remove(r.KeyFile)
	}
	return false, nil
}

// readSmall reads a file that is not larger than a key can be.
func readSmall(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxRecord {
		return nil, fmt.Errorf("read %s: %w", path, certfile.ErrTooMuch)
	}
	return os.ReadFile(path)
}

// Renewal returns the options for a request that renews a certificate: the
// same subject, names and purposes, with a new key of the same kind. The
// notes say what cannot be taken over.
func Renewal(row *inventory.Row) (Options, []string) {
	spec, notes := csr.FromCertificate(row.Certificate)
	if len(spec.Purposes) == 0 {
		spec.Purposes = []csr.Purpose{csr.Client}
		for _, p := range keyusage.Infer(row.Certificate) {
			if p == finding.Server {
				spec.Purposes = []csr.Purpose{csr.Server}
			}
		}
		notes = append(notes, fmt.Sprintf("The certificate names no purpose; the request asks for %s.", spec.Purposes[0]))
	}
	opt := Options{Spec: spec, KeyIn: InStore, Location: row.Location, Renews: row, KDF: certfile.PBKDF2}
	if row.Key != certstore.KeyNone && row.Key != "" {
		exportable := row.Exportable || importer.DefaultExportable && row.Key == certstore.KeyLocked
		if !exportable {
			opt.Exportable = &exportable
		}
	}
	return opt, notes
}
