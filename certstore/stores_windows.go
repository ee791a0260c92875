package certstore

import (
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

// standard are the stores every system has, in the order they are listed,
// under Windows' names.
var standard = []struct {
	name    Name
	windows string
}{
	{My, "MY"}, {CA, "CA"}, {Root, "Root"}, {People, "AddressBook"}, {TrustedPeople, "TrustedPeople"}, {Disallowed, "Disallowed"},
}

// A systemStore is one of Windows' stores.
type systemStore struct {
	loc     Location
	name    Name
	windows string // Windows' name, with the prefix of tests
	from    uint32 // CERT_SYSTEM_STORE_... of a policy; 0: the location itself
}

// path is how Windows' own documents write it.
func (y systemStore) path() string {
	if y.loc == Machine {
		return `LocalMachine\` + y.windows
	}
	return `CurrentUser\` + y.windows
}

func (y systemStore) location() uint32 {
	if y.from != 0 {
		return y.from
	}
	if y.loc == Machine {
		return windows.CERT_SYSTEM_STORE_LOCAL_MACHINE
	}
	return windows.CERT_SYSTEM_STORE_CURRENT_USER
}

// userDS is Active Directory's copy of the user's certificates. To open it
// asks a domain controller, which takes long where there is one and fails
// where there is none.
const userDS Name = "userds"

// systemStores returns the stores of a location: the standard ones, and the
// others that Windows knows there or that policies have, except [userDS].
// Nothing is created.
func (s *windowsStore) systemStores(loc Location) ([]systemStore, error) {
	var list []systemStore
	for _, n := range standard {
		list = append(list, systemStore{loc, n.name, s.prefix + n.windows, 0})
	}
	names, err := wincrypt.CertEnumSystemStore(list[0].location())
	for _, p := range policies[loc] { // a policy may have stores that the location has not, such as FVE
		more, _ := wincrypt.CertEnumSystemStore(p.location) // most computers have none; Wine has no enterprise
		names = append(names, more...)
	}
	for _, n := range names {
		rest, ok := strings.CutPrefix(strings.ToLower(n), strings.ToLower(s.prefix))
		known := slices.ContainsFunc(list, func(y systemStore) bool { return strings.EqualFold(y.windows, n) }) // Wine names some twice
		if ok && !known && rest != "" && (loc != User || Name(rest) != userDS) {
			list = append(list, systemStore{loc, otherName(rest), n, 0})
		}
	}
	return list, err
}

// otherName returns the name of a store that is not one of the standard ones:
// Windows' own in lower case, unless a standard one is called that here, as
// AddressBook is called people.
func otherName(windows string) Name {
	name := Name(windows)
	if _, taken := windowsName(name); taken {
		return "windows-" + name
	}
	return name
}

// systemStore returns the one called name.
func (s *windowsStore) systemStore(loc Location, name Name) (systemStore, error) {
	list, err := s.systemStores(loc)
	for _, y := range list {
		if y.name == name {
			return y, nil
		}
	}
	if err != nil {
		return systemStore{}, err
	}
	return systemStore{}, &impossible{"there is no such store on this system", "certctl list --store all shows the names; my, ca, root, people, trustedpeople and disallowed are always there."}
}

// open opens the store, archived certificates included: with CERT_STORE_PROV_SYSTEM as programs see it, in the
// user's case together with the machine's; with
// CERT_STORE_PROV_SYSTEM_REGISTRY what is its own.
func (y systemStore) open(provider uintptr, flags uint32) (windows.Handle, error) {
	wide, err := windows.UTF16PtrFromString(y.windows)
	if err != nil {
		return 0, err
	}
	h, err := windows.CertOpenStore(provider, 0, 0, y.location()|windows.CERT_STORE_ENUM_ARCHIVED_FLAG|flags, uintptr(unsafe.Pointer(wide)))
	runtime.KeepAlive(wide)
	return h, wincrypt.Wrap("CertOpenStore", err)
}

// A held is one certificate as a system store holds it.
type held struct {
	store systemStore
	*certificate.Certificate
	friendlyName string
	link         *wincrypt.KeyProvInfo // where its key is, or nil
	archived     bool
}

// read returns what the store holds. It creates none: without
// CERT_STORE_OPEN_EXISTING_FLAG Wine does, even one that is opened to be read.
func (y systemStore) read(provider uintptr) ([]held, error) {
	h, err := y.open(provider, windows.CERT_STORE_READONLY_FLAG|windows.CERT_STORE_OPEN_EXISTING_FLAG)
	if wincrypt.IsCode(err, windows.ERROR_FILE_NOT_FOUND) {
		if provider == windows.CERT_STORE_PROV_SYSTEM && y.loc == User && y.name != My { // programs would see the machine's
			machine := y
			machine.loc = Machine
			list, err := machine.read(provider)
			for i := range list {
				list[i].store = y
			}
			return list, err
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = windows.CertCloseStore(h, 0) }()
	var list []held
	err = each(h, func(c *windows.CertContext, der []byte) (bool, error) {
		e := held{store: y, Certificate: certificate.Parse(der)}
		e.friendlyName, _ = wincrypt.GetText(c, wincrypt.CERT_FRIENDLY_NAME_PROP_ID)
		e.link, _ = wincrypt.GetKeyProvInfo(c)
		e.archived = wincrypt.HasProperty(c, wincrypt.CERT_ARCHIVED_PROP_ID)
		list = append(list, e)
		return true, nil
	})
	return list, err
}

// own returns the certificates that are the store's own.
func (y systemStore) own() ([]held, error) { return y.read(windows.CERT_STORE_PROV_SYSTEM_REGISTRY) }

// each calls f for every certificate of an open store until it returns false.
// The context is f's for the duration of the call.
func each(h windows.Handle, f func(c *windows.CertContext, der []byte) (bool, error)) error {
	var c *windows.CertContext
	for {
		next, err := windows.CertEnumCertificatesInStore(h, c) // frees c
		if err != nil {
			if wincrypt.IsCode(err, windows.CRYPT_E_NOT_FOUND) || wincrypt.IsCode(err, windows.ERROR_NO_MORE_FILES) {
				return nil
			}
			return wincrypt.Wrap("CertEnumCertificatesInStore", err)
		}
		c = next
		der := slices.Clone(unsafe.Slice(c.EncodedCert, c.Length))
		more, err := f(c, der)
		if err != nil || !more {
			_ = windows.CertFreeCertificateContext(c)
			return err
		}
	}
}

// with opens the store for a change and calls f with the context of the
// certificate fp, nil if the store does not hold it. What f changed is written
// before with returns: Wine keeps changes in memory until it is told.
func (y systemStore) with(fp certificate.Fingerprint, f func(h windows.Handle, c *windows.CertContext) error) error {
	provider := uintptr(windows.CERT_STORE_PROV_SYSTEM_REGISTRY)
	mine := true
	if y.loc == User && strings.EqualFold(y.windows, "Root") && wincrypt.OnWine() == "" {
		provider = windows.CERT_STORE_PROV_SYSTEM // Windows protects it, and asks the person
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		own, err := y.own()
		if err != nil {
			return err
		}
		mine = slices.ContainsFunc(own, func(e held) bool { return e.Fingerprint() == fp }) // else it is the machine's
	}
	h, err := y.open(provider, 0)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CertCloseStore(h, 0) }()
	var found *windows.CertContext
	err = each(h, func(c *windows.CertContext, der []byte) (bool, error) {
		if !mine || certificate.FingerprintOf(der) != fp {
			return true, nil
		}
		found = windows.CertDuplicateCertificateContext(c)
		return false, nil
	})
	if err == nil {
		err = f(h, found)
	}
	if err == nil {
		err = commit(h)
	}
	if found != nil {
		_ = windows.CertFreeCertificateContext(found)
	}
	return err
}

// commit writes changes and properties. Windows has written them already.
func commit(h windows.Handle) error {
	err := wincrypt.CertControlStore(h, wincrypt.CERT_STORE_CTRL_COMMIT_FORCE_FLAG, wincrypt.CERT_STORE_CTRL_COMMIT, nil)
	if err != nil && wincrypt.OnWine() == "" {
		return nil //nolint:nilerr // documented as ignored by stores that write at once
	}
	return err
}

// remove takes the certificate fp away.
func (y systemStore) remove(fp certificate.Fingerprint) error {
	return y.with(fp, func(_ windows.Handle, c *windows.CertContext) error {
		if c == nil {
			return nil
		}
		return wincrypt.Wrap("CertDeleteCertificateFromStore", windows.CertDeleteCertificateFromStore(windows.CertDuplicateCertificateContext(c)))
	})
}

// Properties are what a certificate is to have in a store.
type properties struct {
	friendlyName *string               // nil: as it is
	link         *wincrypt.KeyProvInfo // nil: none
}

func (p properties) set(c *windows.CertContext) error {
	if err := wincrypt.SetKeyProvInfo(c, p.link); err != nil {
		return err
	}
	if p.friendlyName == nil {
		return nil
	}
	return wincrypt.SetText(c, wincrypt.CERT_FRIENDLY_NAME_PROP_ID, *p.friendlyName)
}

// add adds c with properties p, or gives p to the one that is there. from is
// a store to copy its other properties from, or nil.
func (y systemStore) add(c *certificate.Certificate, from *systemStore, p properties) error {
	if len(c.Raw) == 0 {
		return &impossible{"it is not a certificate", ""}
	}
	return y.with(c.Fingerprint(), func(h windows.Handle, there *windows.CertContext) error {
		if there != nil {
			return p.set(there)
		}
		ctx, err := y.context(c, from)
		if err != nil {
			return err
		}
		defer func() { _ = windows.CertFreeCertificateContext(ctx) }()
		if err := p.set(ctx); err != nil {
			return err
		}
		return wincrypt.Wrap("CertAddCertificateContextToStore", windows.CertAddCertificateContextToStore(h, ctx, windows.CERT_STORE_ADD_NEW, nil))
	})
}

// context makes a context of c that is in no system store, with the
// properties it has in the store from.
func (y systemStore) context(c *certificate.Certificate, from *systemStore) (*windows.CertContext, error) {
	if from == nil {
		ctx, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &c.Raw[0], uint32(len(c.Raw)))
		return ctx, wincrypt.Wrap("CertCreateCertificateContext", err)
	}
	source, err := from.open(windows.CERT_STORE_PROV_SYSTEM_REGISTRY, windows.CERT_STORE_READONLY_FLAG|windows.CERT_STORE_OPEN_EXISTING_FLAG)
	if err != nil {
		return nil, err
	}
	defer func() { _ = windows.CertCloseStore(source, 0) }()
	memory, err := windows.CertOpenStore(windows.CERT_STORE_PROV_MEMORY, 0, 0, 0, 0)
	if err != nil {
		return nil, wincrypt.Wrap("CertOpenStore", err)
	}
	defer func() { _ = windows.CertCloseStore(memory, 0) }()
	var copied *windows.CertContext
	err = each(source, func(ctx *windows.CertContext, der []byte) (bool, error) {
		if certificate.FingerprintOf(der) != c.Fingerprint() {
			return true, nil
		}
		return false, wincrypt.Wrap("CertAddCertificateContextToStore", windows.CertAddCertificateContextToStore(memory, ctx, windows.CERT_STORE_ADD_NEW, &copied))
	})
	if err == nil && copied == nil {
		err = ErrNotFound
	}
	return copied, err
}
