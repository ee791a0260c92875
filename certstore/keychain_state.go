package certstore

import (
	"context"
	"errors"
	"io/fs"

	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certificate"
)

func (s *keychainStore) State(ctx context.Context, loc Location, der []byte) (State, error) {
	c := certificate.Parse(der)
	var st State
	err := s.during(ctx, "list", Ref{Location: loc}, func(k *openKeychain) (*certificate.Certificate, error) {
		now, err := k.read()
		if err == nil {
			st = now.state(c)
		}
		return c, err
	})
	if err != nil { // ctx may have ended before the answer
		return State{}, err
	}
	return st, nil
}

// state tells what is there of c.
func (c *keychainContents) state(of *certificate.Certificate) State {
	st := State{KeyShared: c.shared(of), Trust: c.trust[of.Fingerprint()].String()}
	if key := c.key(of); key != nil {
		st.Key, st.Exportable = true, key.exportable
	}
	if held := c.find(of); held != nil {
		st.Certificate, st.Store, st.FriendlyName = true, c.store(of), held.label
	} else {
		st.Trust = "" // of a certificate of another keychain
	}
	return st
}

func (s *keychainStore) Restore(ctx context.Context, loc Location, der []byte, st State) error {
	c := certificate.Parse(der)
	return s.during(ctx, "restore", Ref{Location: loc, Store: st.Store}, func(k *openKeychain) (*certificate.Certificate, error) {
		goal, err := parseKeychainTrust(st.Trust)
		if err != nil {
			return c, err
		}
		now, err := k.read()
		if err != nil {
			return c, err
		}
		is := now.state(c)
		orphans := !st.Key && is.Key && !is.KeyShared
		renamed := st.Certificate && st.FriendlyName != "" && st.FriendlyName != is.FriendlyName
		if orphans || renamed || is.Certificate != st.Certificate || st.Certificate && is.Trust != st.Trust {
			if err := k.readOnly(); err != nil {
				return c, err
			}
			if err := k.unlock(ctx); err != nil {
				return c, err
			}
			if err := k.restore(c, now, st, goal); err != nil {
				return c, err
			}
		}
		if st.Key && !is.Key {
			return c, &because{ErrNotFound, errors.New("the private key is gone and cannot be given back")}
		}
		return c, nil
	})
}

// restore makes what is there of c equal to st, except that it adds no key.
func (k *openKeychain) restore(c *certificate.Certificate, now *keychainContents, st State, goal keychainTrust) error {
	if held := now.find(c); held != nil && !st.Certificate {
		return k.destroy(held, now, !st.Key)
	}
	if key := now.key(c); key != nil && !st.Key && !now.shared(c) {
		if err := k.remove(key.ref); err != nil {
			return err
		}
	}
	if !st.Certificate {
		return nil
	}
	if now.find(c) == nil {
		if err := k.addCertificate(c); err != nil {
			return err
		}
		var err error
		if now, err = k.read(); err != nil {
			return err
		}
	}
	held := now.find(c)
	if held == nil {
		return errors.New("macOS reports success, and the certificate is not there")
	}
	if st.FriendlyName != "" && st.FriendlyName != held.label {
		if err := k.label(held.ref, st.FriendlyName); err != nil {
			return err
		}
	}
	return k.setTrust(held.ref, now.trust[c.Fingerprint()], goal)
}

// fail returns err as an Error of the place that ref names.
func (s *keychainStore) fail(op string, ref Ref, path string, c *certificate.Certificate, err error) *Error {
	e := &Error{Op: op, Location: ref.Location, Store: ref.Store, Path: path, Err: keychainCause(err)}
	if inner, ok := errors.AsType[*Error](err); ok {
		e.Err, e.Advise = inner.Err, inner.Advise
	}
	if c != nil && len(c.Raw) > 0 {
		if e.Subject = c.Subject().String(); e.Subject == "" {
			e.Subject = c.SHA1()
		}
	}
	i, isImpossible := errors.AsType[*impossible](err)
	switch {
	case isImpossible:
		e.Advise = i.advice
	case keychain.IsStatus(err, keychain.ErrInteractionNotAllowed, keychain.ErrInteractionRequired, keychain.ErrAuthorizationInteraction):
		e.Advise = "macOS has to ask and cannot here, as over ssh or in a service: sit at the Mac, or unlock the keychain first with security unlock-keychain."
	case keychain.IsStatus(err, keychain.ErrNoSuchKeychain, keychain.ErrNoDefaultKeychain):
		e.Advise = "Make one in Keychain Access (File, New Keychain), or name another with CERTDESK_USER_KEYCHAIN."
	case errors.Is(e.Err, ErrUnavailable):
		e.Advise = "macOS keeps no keychain for whoever runs this: log in at the Mac and try again."
	case errors.Is(e.Err, ErrPassword):
		e.Advise = "This is the password of the keychain, for the login keychain that of the user, not of the file that is imported."
	case errors.Is(e.Err, ErrCanceled):
		e.Advise = "Nothing was changed. Start again and allow what macOS asks."
	case errors.Is(e.Err, ErrDenied) && ref.Location == Machine:
		e.Advise = "Choose the user location, or run this again with sudo; trust for everybody needs an administrator at the Mac."
	}
	return e
}

// keychainCauses are the errors that Apple's numbers stand for.
var keychainCauses = map[error][]keychain.Status{
	ErrCanceled:      {keychain.ErrUserCanceled, keychain.ErrAuthorizationCanceled},
	ErrExists:        {keychain.ErrDuplicateItem},
	ErrNotFound:      {keychain.ErrItemNotFound},
	ErrPassword:      {keychain.ErrAuthFailed},
	ErrLocked:        {keychain.ErrInteractionNotAllowed, keychain.ErrInteractionRequired},
	ErrUnavailable:   {keychain.ErrNotAvailable, keychain.ErrNoSuchKeychain, keychain.ErrNoDefaultKeychain},
	ErrDamaged:       {keychain.ErrInvalidKeychain},
	ErrNotExportable: {keychain.ErrDataNotAvailable},
	ErrKey:           {keychain.ErrDecode, keychain.ErrPKCS12VerifyFailure, keychain.ErrUnsupportedKeyFormat},
	ErrDenied: {
		keychain.ErrReadOnly, keychain.ErrWritePermission, keychain.ErrNoAccessForItem, keychain.ErrMissingEntitlement,
		keychain.ErrAuthorizationDenied, keychain.ErrAuthorizationInteraction, keychain.ErrInternalComponent,
	},
}

// keychainCause gives an error of macOS the sentinel it stands for.
func keychainCause(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &because{ErrDenied, err}
	}
	for kind, numbers := range keychainCauses {
		if keychain.IsStatus(err, numbers...) && !errors.Is(err, kind) {
			return &because{kind, err}
		}
	}
	return err
}
