package certstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/secdesc"
	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

var _ KeyPermitter = (*windowsStore)(nil)

// What of a descriptor is read.
const wholeDescriptor = windows.OWNER_SECURITY_INFORMATION | windows.GROUP_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION

// windowsAccounts asks Windows, and falls back on what is the same everywhere:
// names are translated ("NETZWERKDIENST"), and English ones are written in
// every manual.
var windowsAccounts = accounts{
	name: func(s secdesc.SID) string {
		sid, err := windows.StringToSid(string(s))
		if err == nil {
			account, domain, _, err := sid.LookupAccount("")
			switch {
			case err == nil && domain != "":
				return domain + `\` + account
			case err == nil && account != "":
				return account
			}
		}
		if n := s.Name(); n != "" {
			return n
		}
		return string(s)
	},
	find: func(name string) (secdesc.SID, error) {
		if sid, err := secdesc.ParseSID(name); err == nil {
			return sid, nil
		}
		if local, ok := strings.CutPrefix(name, `.\`); ok { // as the services' console writes it; the look-up knows no such domain
			if computer, err := windows.ComputerName(); err == nil {
				name = computer + `\` + local
			}
		}
		sid, _, kind, err := windows.LookupSID("", name)
		switch {
		case err != nil:
		case kind == windows.SidTypeDomain, kind == windows.SidTypeDeletedAccount, kind == windows.SidTypeInvalid:
			return "", noAccount(name) // nobody signs in as a whole domain
		default:
			return secdesc.ParseSID(sid.String())
		}
		// Pools and services that Windows does not know are misspelt.
		if sid, ok := secdesc.Account(name); ok && sid.Name() != "" {
			return sid, nil
		}
		return "", noAccount(name)
	},
}

// A guarded is a private key with its permissions.
type guarded struct {
	kind, path string
	mask       uint32 // what to grant
	get        func() ([]byte, error)
	set        func([]byte) error
}

// withGuarded finds the key of an entry and calls f with it while it is open.
func (s *windowsStore) withGuarded(ctx context.Context, ref Ref, f func(guarded) error) error {
	return s.during(ctx, "permissions", ref, func() (*certificate.Certificate, error) {
		e, err := s.lookup(ref, windows.CERT_STORE_PROV_SYSTEM)
		if err != nil {
			return nil, err
		}
		switch {
		case e.link == nil:
			return e.Certificate, errNoKey
		case !inSoftware(e.link):
			return e.Certificate, &impossible{e.link.Provider + " keeps the key, with rules of its own", "Use the tools of the card or module."}
		}
		k, err := open(e.link, windows.CRYPT_SILENT)
		if err != nil {
			return e.Certificate, s.denied(e.link, err)
		}
		defer k.close()
		return e.Certificate, f(guard(e.link, k))
	})
}

// guard chooses whose permissions count: the provider's, or where it has none
// those of the file.
func guard(l *link, k *openKey) guarded {
	unique := k.uniqueName()
	file := keyFile(l, unique)
	g := guarded{kind: "CNG key", path: file, mask: secdesc.Use}
	if file == "" {
		g.path = l.Container
	}
	if k.key != 0 {
		g.get = func() ([]byte, error) {
			return wincrypt.NCryptGetProperty(k.key, wincrypt.NCRYPT_SECURITY_DESCR_PROPERTY, wholeDescriptor)
		}
		g.set = func(b []byte) error {
			return wincrypt.NCryptSetProperty(k.key, wincrypt.NCRYPT_SECURITY_DESCR_PROPERTY, b, windows.DACL_SECURITY_INFORMATION)
		}
	} else {
		g.kind = "CryptoAPI key"
		g.get = func() ([]byte, error) {
			return wincrypt.CryptGetProvParam(k.container, wincrypt.PP_KEYSET_SEC_DESCR, wholeDescriptor)
		}
		g.set = func(b []byte) error {
			return wincrypt.CryptSetProvParam(k.container, wincrypt.PP_KEYSET_SEC_DESCR, b, windows.DACL_SECURITY_INFORMATION)
		}
	}
	_, err := g.get()
	if wincrypt.IsCode(err, windows.NTE_NOT_SUPPORTED, windows.NTE_BAD_TYPE, windows.NTE_INVALID_PARAMETER) && file != "" {
		return guarded{"key file", file, secdesc.FileRead, func() ([]byte, error) { return fileDescriptor(file) }, func(b []byte) error { return setFileList(file, b) }}
	}
	return g
}

// uniqueName returns the name of the file that the key is in, "" if the
// provider has none.
func (k *openKey) uniqueName() string {
	if k.key != 0 {
		b, err := wincrypt.NCryptGetProperty(k.key, wincrypt.NCRYPT_UNIQUE_NAME_PROPERTY, 0)
		if err != nil || len(b) < 2 {
			return ""
		}
		return windows.UTF16ToString(unsafe.Slice((*uint16)(unsafe.Pointer(&b[0])), len(b)/2))
	}
	b, err := wincrypt.CryptGetProvParam(k.container, wincrypt.PP_UNIQUE_CONTAINER, 0)
	if err != nil {
		return ""
	}
	name, _, _ := bytes.Cut(b, []byte{0})
	return string(name)
}

// keyFile returns the file of a key of Microsoft's software providers, "" if
// it is not where their documents say.
func keyFile(l *link, unique string) string {
	if unique == "" || unique != filepath.Base(unique) {
		return ""
	}
	root, folders := os.Getenv("APPDATA"), []string{`Keys`}
	switch {
	case machineKey(l) && l.ProvType == 0:
		root, folders = os.Getenv("ProgramData"), []string{`Keys`, `SystemKeys`}
	case machineKey(l):
		root, folders = os.Getenv("ProgramData"), []string{`RSA\MachineKeys`}
	case l.ProvType != 0:
		u, err := windows.GetCurrentProcessToken().GetTokenUser()
		if err != nil {
			return ""
		}
		folders = []string{`RSA\` + u.User.Sid.String()}
	}
	for _, f := range folders {
		path := filepath.Join(root, `Microsoft\Crypto`, f, unique)
		if _, err := os.Stat(path); root != "" && err == nil {
			return path
		}
	}
	return ""
}

func fileDescriptor(path string) ([]byte, error) {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, wholeDescriptor)
	if err != nil {
		return nil, wincrypt.Wrap("GetNamedSecurityInfo", err)
	}
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(sd)), sd.Length())), nil
}

// setFileList sets the access list of a file, leaving whether it inherits as
// it is.
func setFileList(path string, b []byte) error {
	sd := (*windows.SECURITY_DESCRIPTOR)(unsafe.Pointer(&b[0]))
	dacl, _, err := sd.DACL()
	if err != nil {
		return wincrypt.Wrap("GetSecurityDescriptorDacl", err)
	}
	control, _, err := sd.Control()
	if err != nil {
		return wincrypt.Wrap("GetSecurityDescriptorControl", err)
	}
	what := windows.SECURITY_INFORMATION(windows.DACL_SECURITY_INFORMATION | windows.UNPROTECTED_DACL_SECURITY_INFORMATION)
	if control&windows.SE_DACL_PROTECTED != 0 {
		what = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	}
	return wincrypt.Wrap("SetNamedSecurityInfo", windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, what, nil, nil, dacl, nil))
}

// KeyPermissions implements [KeyPermitter].
func (s *windowsStore) KeyPermissions(ctx context.Context, ref Ref) (p KeyPermissions, err error) {
	err = s.withGuarded(ctx, ref, func(g guarded) error {
		p, err = s.permissions(ref, g)
		return err
	})
	return p, err
}

func (s *windowsStore) permissions(ref Ref, g guarded) (KeyPermissions, error) {
	b, err := g.get()
	if err != nil {
		return KeyPermissions{}, err
	}
	p, err := windowsAccounts.permissions(g.kind, g.path, b)
	if e, ok := errors.AsType[*Error](s.readOnly(ref.Location)); ok {
		p.Fixed = e
	}
	return p, err
}

// PlanKeyPermissions implements [KeyPermitter].
func (s *windowsStore) PlanKeyPermissions(ctx context.Context, ref Ref, c KeyChange) (before, after KeyPermissions, err error) {
	err = s.withGuarded(ctx, ref, func(g guarded) error {
		if before, err = s.permissions(ref, g); err == nil {
			after, err = windowsAccounts.plan(before, c, g.mask)
		}
		return err
	})
	return before, after, err
}

// SetKeyPermissions implements [KeyPermitter].
func (s *windowsStore) SetKeyPermissions(ctx context.Context, ref Ref, from, to []byte) error {
	return s.withGuarded(ctx, ref, func(g guarded) error { return swap(from, to, g.get, g.set) })
}
