package certstore

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"

	"github.com/google/certtostore"
	"github.com/google/deck"
	"github.com/google/deck/backends/discard"
	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

var _ KeyGenerator = (*windowsStore)(nil)

// pendingLink returns where the key of p is.
func (s *windowsStore) pendingLink(p PendingKey) *link {
	return newLink(usual(p.Provider), p.Location, s.prefix+p.Container)
}

// CanGenerate implements [KeyGenerator].
func (s *windowsStore) CanGenerate(ctx context.Context, r KeyRequest) error {
	return s.during(ctx, "generate", Ref{Location: r.Location, Store: My}, func() (*certificate.Certificate, error) {
		_, err := s.canGenerate(r)
		return nil, err
	})
}

func (s *windowsStore) canGenerate(r KeyRequest) (p PendingKey, err error) {
	p = PendingKey{Location: r.Location, Algorithm: r.Algorithm, Provider: r.Provider}
	if p.Provider == ProviderDefault {
		p.Provider = s.provider
	}
	if err := knownAlgorithm(r.Algorithm); err != nil {
		return p, err
	}
	if p.Container, err = containerFor(r); err != nil {
		return p, err
	}
	curve := r.Algorithm.curve()
	switch {
	case p.Provider == ProviderCAPI && curve != "":
		err = &impossible{"CryptoAPI makes RSA keys only", "Choose RSA, or let CNG keep the key."}
	case p.Provider == ProviderCAPI:
	case p.Provider != ProviderCNG && p.Provider != ProviderTPM:
		err = &impossible{"there is no key provider " + string(p.Provider), "The providers are cng, tpm and capi."}
	case r.Exportable:
		err = &impossible{"keys that CNG or the TPM make for a request never leave", "Let CryptoAPI keep the key, or have it made in a file."}
	case curve == "P-521": // certtostore signs wrongly with it, and TPMs lack it
		err = &impossible{"P-521 keys are not made by CNG here", "Choose P-256 or P-384, or have the key made in a file."}
	case p.Provider == ProviderTPM && r.Algorithm.bits() > 2048:
		err = &impossible{"the TPM provider makes RSA keys of 2048 bits only", "Choose RSA 2048, or let CNG keep the key."}
	}
	if err == nil {
		err = s.readOnly(r.Location)
	}
	return p, err
}

// Generate implements [KeyGenerator].
func (s *windowsStore) Generate(ctx context.Context, r KeyRequest) (PendingKey, error) {
	var p PendingKey
	err := s.during(ctx, "generate", Ref{Location: r.Location, Store: My}, func() (_ *certificate.Certificate, err error) {
		if p, err = s.canGenerate(r); err != nil {
			return nil, err
		}
		l := s.pendingLink(p)
		// certtostore overwrites the key of a container that is there.
		k, err := open(l, windows.CRYPT_SILENT)
		if err == nil {
			k.close()
			return nil, ErrExists
		}
		if wincrypt.IsCode(err, windows.NTE_NOT_SUPPORTED) { // it keeps no keys at all, so nothing is left either
			return nil, makesNone(p, err)
		}
		public, err := generateKey(p, l, r.Exportable)
		if err == nil {
			p.PublicKey, err = x509.MarshalPKIXPublicKey(public)
		}
		if err == nil {
			err = proveSigner(s.pendingSigner(p, l, public))
		}
		if err != nil {
			err = errors.Join(err, deleteKey(l))
		}
		return nil, err
	})
	if err != nil {
		return PendingKey{}, err
	}
	return p, nil
}

func generateKey(p PendingKey, l *link, exportable bool) (crypto.PublicKey, error) {
	if p.Provider == ProviderCAPI {
		return generateCAPI(l, p.Algorithm.bits(), exportable)
	}
	return generateCNG(p, l)
}

// generateCAPI makes the container of l with an RSA key in it.
func generateCAPI(l *link, bits int, exportable bool) (crypto.PublicKey, error) {
	h, err := acquireContainer(l, windows.CRYPT_NEWKEYSET|windows.CRYPT_SILENT|l.Flags)
	if err != nil {
		return nil, err
	}
	var flags uint32
	if exportable {
		flags = wincrypt.CRYPT_EXPORTABLE
	}
	k, err := wincrypt.CryptGenKey(h, l.KeySpec, bits, flags)
	if err == nil {
		wincrypt.CryptDestroyKey(k)
	}
	releaseContainer(l, h)
	if err != nil {
		return nil, err
	}
	key, err := open(l, windows.CRYPT_SILENT)
	if err != nil {
		return nil, err
	}
	defer key.close()
	var blob []byte
	err = key.withUserKey(func(k wincrypt.Key) error {
		blob, err = wincrypt.CryptExportKey(k, wincrypt.PUBLICKEYBLOB)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parsePublicBlob(blob)
}

// silence takes certtostore's log away from standard error, where without a
// back-end it would go.
var silence = sync.OnceFunc(func() { deck.Add(discard.Init()) })

// generateCNG has certtostore make a key that cannot be exported, in software
// or in the TPM. Signatures are made by our own [windowsSigner]: certtostore's
// cuts ECDSA signatures at the length of the digest, and takes no
// PSSSaltLengthAuto.
func generateCNG(p PendingKey, l *link) (crypto.PublicKey, error) {
	silence()
	if err := makeLegacyDirectory(p.Location); err != nil {
		return nil, err
	}
	w, err := certtostore.OpenWinCertStoreWithOptions(certtostore.WinCertStoreOptions{
		Provider: l.Provider, Container: l.Container, CurrentUser: p.Location == User,
	})
	if err != nil {
		return nil, makesNone(p, called(err))
	}
	defer func() { _ = w.Close() }()
	opts := certtostore.GenerateOpts{Algorithm: certtostore.RSA, Size: p.Algorithm.bits()}
	if curve := p.Algorithm.curve(); curve != "" {
		opts.Algorithm, opts.Size = certtostore.EC, namedCurves[curve].Params().BitSize
	}
	key, err := w.Generate(opts)
	if err != nil { // then key is no nil interface, and holds a nil pointer
		return nil, makesNone(p, called(err))
	}
	if k, ok := key.(*certtostore.Key); ok { // it never closes its handle
		defer wincrypt.NCryptFreeObject(wincrypt.Object(k.TransientTpmHandle()))
	}
	return key.Public(), nil
}

// makesNone says that the provider of p made no key because of err.
func makesNone(p PendingKey, err error) error {
	if errors.Is(cause(err), ErrDenied) {
		return err
	}
	advice := "Let CryptoAPI keep the key (--provider capi), or have it made in an encrypted file (--key-in file)."
	if p.Algorithm.curve() != "" {
		advice = "Have the key made in an encrypted file (--key-in file), or choose RSA and let CryptoAPI keep it (--provider capi)."
	}
	if p.Provider == ProviderTPM {
		advice = "Look with tpm.msc whether this computer has a TPM that is ready. " + advice
	}
	return &impossible{fmt.Sprintf("%s makes no key: %v", usual(p.Provider).name, err), advice}
}

// failedCall is how certtostore writes that a function of Windows failed, with
// the number of a handle that says nothing to anybody.
var failedCall = regexp.MustCompile(`(\w+)(?:\(0x[0-9a-f]+\))? returned ([0-9A-Fa-f]{8})\b`)

// called returns certtostore's error as one of Windows.
func called(err error) error {
	m := failedCall.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	code, _ := strconv.ParseUint(m[2], 16, 32) // eight digits
	return wincrypt.Wrap(m[1], syscall.Errno(code))
}

// makeLegacyDirectory makes the folder of CryptoAPI's keys, which certtostore
// reads after it made a key; a fresh profile has none.
func makeLegacyDirectory(loc Location) error {
	dir := filepath.Join(os.Getenv("ProgramData"), `Microsoft\Crypto\RSA\MachineKeys`)
	if loc == User {
		sid, err := certtostore.UserSID()
		if err != nil {
			return err
		}
		dir = filepath.Join(os.Getenv("APPDATA"), `Microsoft\Crypto\RSA`, sid)
	}
	return os.MkdirAll(dir, 0o700)
}

// pendingSigner signs with the key that l leads to.
func (s *windowsStore) pendingSigner(p PendingKey, l *link, public crypto.PublicKey) crypto.Signer {
	return &windowsSigner{l, public, func(err error) error { return s.fail("sign", Ref{Location: p.Location, Store: My}, nil, err) }}
}

// Pending implements [KeyGenerator].
func (s *windowsStore) Pending(ctx context.Context, p PendingKey) (crypto.Signer, error) {
	var key crypto.Signer
	err := s.during(ctx, "sign", Ref{Location: p.Location, Store: My}, func() (*certificate.Certificate, error) {
		public, err := p.public()
		if err != nil {
			return nil, err
		}
		l := s.pendingLink(p)
		k, err := open(l, 0)
		if wincrypt.IsCode(err, windows.NTE_BAD_KEYSET) && !errors.Is(s.denied(l, err), ErrDenied) {
			return nil, errKeyGone
		}
		if err != nil {
			return nil, s.denied(l, err)
		}
		k.close()
		key = s.pendingSigner(p, l, public)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

// Complete implements [KeyGenerator]. The link to the key is set by its name:
// certtostore's Store has Windows search all containers for it, panics
// without an issuer, and takes nothing back.
func (s *windowsStore) Complete(ctx context.Context, p PendingKey, a Answer) error {
	ref := Ref{Location: p.Location, Store: My}
	return a.complete(ctx, p, s, func(c *certificate.Certificate, err error) error {
		return s.fail("complete", ref, c, err)
	}, func(c *certificate.Certificate) error {
		return s.during(ctx, "complete", ref, func() (*certificate.Certificate, error) {
			if err := s.readOnly(p.Location); err != nil {
				return c, err
			}
			y, err := s.systemStore(p.Location, My)
			if err != nil {
				return c, err
			}
			there, err := s.holdings(p.Location, c)
			if err != nil {
				return c, err
			}
			return c, s.place(ctx, y, c, there, s.pendingLink(p), false, a.FriendlyName)
		})
	})
}

// Discard implements [KeyGenerator].
func (s *windowsStore) Discard(ctx context.Context, p PendingKey) error {
	return s.during(ctx, "discard", Ref{Location: p.Location, Store: My}, func() (*certificate.Certificate, error) {
		if err := s.readOnly(p.Location); err != nil {
			return nil, err
		}
		l := s.pendingLink(p)
		used, err := s.references()
		if err == nil && uses(used, l) {
			err = inUse
		}
		if err != nil {
			return nil, err
		}
		return nil, deleteKey(l)
	})
}
