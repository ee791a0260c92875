package wincrypt

import (
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Certificate properties.
const (
	CERT_KEY_PROV_HANDLE_PROP_ID   = 1
	CERT_KEY_PROV_INFO_PROP_ID     = 2
	CERT_KEY_CONTEXT_PROP_ID       = 5
	CERT_FRIENDLY_NAME_PROP_ID     = 11
	CERT_DESCRIPTION_PROP_ID       = 13
	CERT_ARCHIVED_PROP_ID          = 19
	CERT_CERT_PROP_ID              = 32 // of a serialized certificate: the certificate itself
	CERT_NCRYPT_KEY_HANDLE_PROP_ID = 78
)

// What CertControlStore can be asked for.
const (
	CERT_STORE_CTRL_COMMIT            = 3
	CERT_STORE_CTRL_COMMIT_FORCE_FLAG = 1
)

var (
	crypt32                               = windows.NewLazySystemDLL("crypt32.dll")
	procCertEnumSystemStore               = crypt32.NewProc("CertEnumSystemStore")
	procCertControlStore                  = crypt32.NewProc("CertControlStore")
	procCertGetCertificateContextProperty = crypt32.NewProc("CertGetCertificateContextProperty")
	procCertSetCertificateContextProperty = crypt32.NewProc("CertSetCertificateContextProperty")
	procCertUnregisterSystemStore         = crypt32.NewProc("CertUnregisterSystemStore")
)

// bytePtr and widePtr make a pointer of what Windows gave as a number.
func bytePtr(p uintptr) *byte   { return *(**byte)(unsafe.Pointer(&p)) }
func widePtr(p uintptr) *uint16 { return *(**uint16)(unsafe.Pointer(&p)) }

// enumerate collects names for CertEnumSystemStore: callbacks are never
// freed, so there is one, and one caller at a time.
var enumerate struct {
	sync.Mutex
	callback uintptr
	names    []string
}

// CertEnumSystemStore returns the names of the system stores of a location
// (CERT_SYSTEM_STORE_...), possibly some of them twice.
func CertEnumSystemStore(location uint32) ([]string, error) {
	enumerate.Lock()
	defer enumerate.Unlock()
	if enumerate.callback == 0 {
		enumerate.callback = syscall.NewCallback(func(name, flags, info, reserved, arg uintptr) uintptr {
			enumerate.names = append(enumerate.names, windows.UTF16PtrToString(widePtr(name)))
			return 1
		})
	}
	enumerate.names = nil
	_, err := call(procCertEnumSystemStore, uintptr(location), 0, 0, enumerate.callback)
	if IsCode(err, windows.ERROR_FILE_NOT_FOUND) {
		err = nil
	}
	return enumerate.names, err
}

// CertControlStore asks something of an open store.
func CertControlStore(store windows.Handle, flags, control uint32, para unsafe.Pointer) error {
	_, err := call(procCertControlStore, uintptr(store), uintptr(flags), uintptr(control), uintptr(para))
	return err
}

// CertUnregisterSystemStore removes a system store with its certificates.
func CertUnregisterSystemStore(name string, flags uint32) error {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	_, err = call(procCertUnregisterSystemStore, uintptr(unsafe.Pointer(wide)), uintptr(flags))
	return err
}

// CertGetCertificateContextProperty returns a property, aligned as a struct
// with pointers needs it; nil if there is none.
func CertGetCertificateContextProperty(c *windows.CertContext, id uint32) ([]uint64, error) {
	var n uint32
	if _, err := call(procCertGetCertificateContextProperty, uintptr(unsafe.Pointer(c)), uintptr(id), 0, uintptr(unsafe.Pointer(&n))); err != nil {
		if IsCode(err, windows.CRYPT_E_NOT_FOUND) {
			return nil, nil
		}
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	buf := make([]uint64, (n+7)/8)
	_, err := call(procCertGetCertificateContextProperty, uintptr(unsafe.Pointer(c)), uintptr(id), uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&n)))
	return buf, err
}

// HasProperty reports whether there is a property, which may be empty.
func HasProperty(c *windows.CertContext, id uint32) bool {
	var n uint32
	_, err := call(procCertGetCertificateContextProperty, uintptr(unsafe.Pointer(c)), uintptr(id), 0, uintptr(unsafe.Pointer(&n)))
	return err == nil
}

// CertSetCertificateContextProperty sets a property, or removes it when data
// is nil.
func CertSetCertificateContextProperty(c *windows.CertContext, id, flags uint32, data unsafe.Pointer) error {
	_, err := call(procCertSetCertificateContextProperty, uintptr(unsafe.Pointer(c)), uintptr(id), uintptr(flags), uintptr(data))
	return err
}

// A KeyProvInfo is CRYPT_KEY_PROV_INFO: where the private key is. ProvType 0
// is a CNG key storage provider.
type KeyProvInfo struct {
	Container, Provider      string
	ProvType, Flags, KeySpec uint32
}

type keyProvInfo struct {
	container, provider *uint16
	provType, flags     uint32
	paramCount          uint32
	params              uintptr
	keySpec             uint32
}

// GetKeyProvInfo returns CERT_KEY_PROV_INFO_PROP_ID, nil if there is none.
func GetKeyProvInfo(c *windows.CertContext) (*KeyProvInfo, error) {
	buf, err := CertGetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID)
	if err != nil || uintptr(len(buf))*8 < unsafe.Sizeof(keyProvInfo{}) {
		return nil, err
	}
	raw := (*keyProvInfo)(unsafe.Pointer(&buf[0]))
	return &KeyProvInfo{windows.UTF16PtrToString(raw.container), windows.UTF16PtrToString(raw.provider), raw.provType, raw.flags, raw.keySpec}, nil
}

// SetKeyProvInfo sets CERT_KEY_PROV_INFO_PROP_ID; nil removes it.
func SetKeyProvInfo(c *windows.CertContext, info *KeyProvInfo) error {
	if info == nil {
		return CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0, nil)
	}
	container, err := windows.UTF16PtrFromString(info.Container)
	if err != nil {
		return err
	}
	provider, err := windows.UTF16PtrFromString(info.Provider)
	if err != nil {
		return err
	}
	raw := &keyProvInfo{container: container, provider: provider, provType: info.ProvType, flags: info.Flags, keySpec: info.KeySpec}
	return CertSetCertificateContextProperty(c, CERT_KEY_PROV_INFO_PROP_ID, 0, unsafe.Pointer(raw))
}

// GetText returns a property that is a string, "" if there is none.
func GetText(c *windows.CertContext, id uint32) (string, error) {
	buf, err := CertGetCertificateContextProperty(c, id)
	if err != nil || len(buf) == 0 {
		return "", err
	}
	return windows.UTF16ToString(unsafe.Slice((*uint16)(unsafe.Pointer(&buf[0])), len(buf)*4)), nil
}

// SetText sets a property that is a string; "" removes it.
func SetText(c *windows.CertContext, id uint32, text string) error {
	if text == "" {
		return CertSetCertificateContextProperty(c, id, 0, nil)
	}
	wide, err := windows.UTF16FromString(text)
	if err != nil {
		return err
	}
	blob := &windows.CryptDataBlob{Size: uint32(len(wide) * 2), Data: (*byte)(unsafe.Pointer(&wide[0]))}
	return CertSetCertificateContextProperty(c, id, 0, unsafe.Pointer(blob))
}
