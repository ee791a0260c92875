package wincrypt

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// CNG constants.
const (
	MS_KEY_STORAGE_PROVIDER          = "Microsoft Software Key Storage Provider"
	MS_PLATFORM_KEY_STORAGE_PROVIDER = "Microsoft Platform Crypto Provider"

	NCRYPT_PKCS8_PRIVATE_KEY_BLOB  = "PKCS8_PRIVATEKEY"
	BCRYPT_RSAFULLPRIVATE_BLOB     = "RSAFULLPRIVATEBLOB"
	BCRYPT_PUBLIC_KEY_BLOB         = "PUBLICBLOB"
	NCRYPT_EXPORT_POLICY_PROPERTY  = "Export Policy"
	NCRYPT_SECURITY_DESCR_PROPERTY = "Security Descr"
	NCRYPT_UI_POLICY_PROPERTY      = "UI Policy"
	NCRYPT_UNIQUE_NAME_PROPERTY    = "Unique Name"

	NCRYPT_UI_PROTECT_KEY_FLAG = 1

	NCRYPT_ALLOW_EXPORT_FLAG           = 1
	NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG = 2

	NCRYPT_MACHINE_KEY_FLAG     = 0x20
	NCRYPT_SILENT_FLAG          = 0x40
	NCRYPT_DO_NOT_FINALIZE_FLAG = 0x400
	NCRYPT_PERSIST_FLAG         = 0x80000000

	BCRYPT_PAD_NONE  = 0
	BCRYPT_PAD_PKCS1 = 2
	BCRYPT_PAD_PSS   = 8

	szOID_PKCS_12_pbeWithSHA1And3KeyTripleDES = "1.2.840.113549.1.12.1.3"

	ncryptBufferAlgOID   = 41 // NCRYPTBUFFER_PKCS_ALG_OID
	ncryptBufferAlgParam = 42 // NCRYPTBUFFER_PKCS_ALG_PARAM
	ncryptBufferKeyName  = 45 // NCRYPTBUFFER_PKCS_KEY_NAME
	ncryptBufferSecret   = 46 // NCRYPTBUFFER_PKCS_SECRET
)

// An Object is a handle of CNG: a provider or a key.
type Object uintptr

var (
	ncrypt                        = windows.NewLazySystemDLL("ncrypt.dll")
	procNCryptOpenStorageProvider = ncrypt.NewProc("NCryptOpenStorageProvider")
	procNCryptOpenKey             = ncrypt.NewProc("NCryptOpenKey")
	procNCryptImportKey           = ncrypt.NewProc("NCryptImportKey")
	procNCryptExportKey           = ncrypt.NewProc("NCryptExportKey")
	procNCryptGetProperty         = ncrypt.NewProc("NCryptGetProperty")
	procNCryptSetProperty         = ncrypt.NewProc("NCryptSetProperty")
	procNCryptFinalizeKey         = ncrypt.NewProc("NCryptFinalizeKey")
	procNCryptSignHash            = ncrypt.NewProc("NCryptSignHash")
	procNCryptDeleteKey           = ncrypt.NewProc("NCryptDeleteKey")
	procNCryptFreeObject          = ncrypt.NewProc("NCryptFreeObject")
	procNCryptFreeBuffer          = ncrypt.NewProc("NCryptFreeBuffer")
	procNCryptEnumKeys            = ncrypt.NewProc("NCryptEnumKeys")
)

// NCryptOpenStorageProvider opens a key storage provider. Wine opens any.
func NCryptOpenStorageProvider(name string) (Object, error) {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	var o Object
	err = status(procNCryptOpenStorageProvider, uintptr(unsafe.Pointer(&o)), uintptr(unsafe.Pointer(wide)), 0)
	return o, err
}

// NCryptOpenKey opens a persisted key.
func NCryptOpenKey(prov Object, name string, keySpec, flags uint32) (Object, error) {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	var k Object
	err = status(procNCryptOpenKey, uintptr(prov), uintptr(unsafe.Pointer(&k)), uintptr(unsafe.Pointer(wide)), uintptr(keySpec), uintptr(flags))
	return k, err
}

// keyName is NCryptKeyName.
type keyName struct {
	name, algorithm *uint16
	legacySpec      uint32
	flags           uint32
}

// NCryptEnumKeys returns the names of the persisted keys of a provider: the
// user's, or with NCRYPT_MACHINE_KEY_FLAG the machine's. Those that CryptoAPI
// keeps are left out.
func NCryptEnumKeys(prov Object, flags uint32) ([]string, error) {
	var names []string
	var state uintptr
	defer func() {
		if state != 0 {
			_ = status(procNCryptFreeBuffer, state)
		}
	}()
	for range maxContainers {
		var k *keyName
		if err := status(procNCryptEnumKeys, uintptr(prov), 0, uintptr(unsafe.Pointer(&k)), uintptr(unsafe.Pointer(&state)), uintptr(flags)); err != nil {
			return names, noMore(err)
		}
		if k.legacySpec == 0 {
			names = append(names, windows.UTF16PtrToString(k.name))
		}
		_ = status(procNCryptFreeBuffer, uintptr(unsafe.Pointer(k)))
	}
	return names, nil
}

type (
	bufferDesc struct {
		version, count uint32
		buffers        *buffer
	}
	buffer struct {
		size, kind uint32
		data       unsafe.Pointer
	}
)

// NCryptImportKey imports a key blob, as a persisted key if it has a name.
func NCryptImportKey(prov Object, blobType, name string, blob []byte, flags uint32) (Object, error) {
	kind, err := windows.UTF16PtrFromString(blobType)
	if err != nil {
		return 0, err
	}
	var params *bufferDesc
	if name != "" {
		wide, err := windows.UTF16FromString(name)
		if err != nil {
			return 0, err
		}
		params = &bufferDesc{0, 1, &buffer{uint32(len(wide) * 2), ncryptBufferKeyName, unsafe.Pointer(&wide[0])}}
	}
	var k Object
	err = status(procNCryptImportKey, uintptr(prov), 0, uintptr(unsafe.Pointer(kind)), uintptr(unsafe.Pointer(params)), uintptr(unsafe.Pointer(&k)),
		uintptr(unsafe.Pointer(unsafe.SliceData(blob))), uintptr(len(blob)), uintptr(flags))
	runtime.KeepAlive(params)
	return k, err
}

// NCryptExportKey returns a key blob.
func NCryptExportKey(k Object, blobType string, flags uint32) ([]byte, error) {
	kind, err := windows.UTF16PtrFromString(blobType)
	if err != nil {
		return nil, err
	}
	var n uint32
	if err := status(procNCryptExportKey, uintptr(k), 0, uintptr(unsafe.Pointer(kind)), 0, 0, 0, uintptr(unsafe.Pointer(&n)), uintptr(flags)); err != nil {
		return nil, err
	}
	blob := make([]byte, n)
	err = status(procNCryptExportKey, uintptr(k), 0, uintptr(unsafe.Pointer(kind)), 0, uintptr(unsafe.Pointer(unsafe.SliceData(blob))), uintptr(n), uintptr(unsafe.Pointer(&n)), uintptr(flags))
	return blob[:min(int(n), len(blob))], err
}

// NCryptExportEncrypted returns a key as PKCS #8 EncryptedPrivateKeyInfo
// under pbeWithSHA1And3-KeyTripleDES-CBC, RFC 7292 appendix C.
func NCryptExportEncrypted(k Object, password string, salt [8]byte, iterations uint32, flags uint32) ([]byte, error) {
	kind, err := windows.UTF16PtrFromString(NCRYPT_PKCS8_PRIVATE_KEY_BLOB)
	if err != nil {
		return nil, err
	}
	secret, err := windows.UTF16FromString(password)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	oid := []byte(szOID_PKCS_12_pbeWithSHA1And3KeyTripleDES + "\x00")
	pbe := &struct { // CRYPT_PKCS12_PBE_PARAMS with its salt
		iterations, saltSize uint32
		salt                 [8]byte
	}{iterations, 8, salt}
	buffers := &[3]buffer{
		{uint32(len(secret) * 2), ncryptBufferSecret, unsafe.Pointer(&secret[0])},
		{uint32(len(oid)), ncryptBufferAlgOID, unsafe.Pointer(&oid[0])},
		{uint32(unsafe.Sizeof(*pbe)), ncryptBufferAlgParam, unsafe.Pointer(pbe)},
	}
	params := &bufferDesc{0, 3, &buffers[0]}
	var n uint32
	export := func(blob []byte) error {
		err := status(procNCryptExportKey, uintptr(k), 0, uintptr(unsafe.Pointer(kind)), uintptr(unsafe.Pointer(params)),
			uintptr(unsafe.Pointer(unsafe.SliceData(blob))), uintptr(len(blob)), uintptr(unsafe.Pointer(&n)), uintptr(flags))
		runtime.KeepAlive(buffers)
		return err
	}
	if err := export(nil); err != nil {
		return nil, err
	}
	blob := make([]byte, n)
	err = export(blob)
	return blob[:min(int(n), len(blob))], err
}

// NCryptSetUIPolicy makes an unfinished key ask the person before it is used
// (flags NCRYPT_UI_...); name is what the prompt calls it.
func NCryptSetUIPolicy(k Object, flags uint32, name string) error {
	property, err := windows.UTF16PtrFromString(NCRYPT_UI_POLICY_PROPERTY)
	if err != nil {
		return err
	}
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	policy := &struct { // NCRYPT_UI_POLICY
		version, flags           uint32
		title, name, description *uint16
	}{1, flags, nil, wide, nil}
	return status(procNCryptSetProperty, uintptr(k), uintptr(unsafe.Pointer(property)), uintptr(unsafe.Pointer(policy)), unsafe.Sizeof(*policy), NCRYPT_PERSIST_FLAG)
}

// NCryptGetProperty returns a property as it is.
func NCryptGetProperty(o Object, property string, flags uint32) ([]byte, error) {
	wide, err := windows.UTF16PtrFromString(property)
	if err != nil {
		return nil, err
	}
	var n uint32
	if err := status(procNCryptGetProperty, uintptr(o), uintptr(unsafe.Pointer(wide)), 0, 0, uintptr(unsafe.Pointer(&n)), uintptr(flags)); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	err = status(procNCryptGetProperty, uintptr(o), uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(n), uintptr(unsafe.Pointer(&n)), uintptr(flags))
	return b[:min(int(n), len(b))], err
}

// NCryptSetProperty sets a property.
func NCryptSetProperty(o Object, property string, value []byte, flags uint32) error {
	wide, err := windows.UTF16PtrFromString(property)
	if err != nil {
		return err
	}
	return status(procNCryptSetProperty, uintptr(o), uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(unsafe.SliceData(value))), uintptr(len(value)), uintptr(flags))
}

// NCryptGetNumber returns a property that is a number.
func NCryptGetNumber(o Object, property string) (uint32, error) {
	wide, err := windows.UTF16PtrFromString(property)
	if err != nil {
		return 0, err
	}
	var v, n uint32
	err = status(procNCryptGetProperty, uintptr(o), uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(&v)), 4, uintptr(unsafe.Pointer(&n)), NCRYPT_SILENT_FLAG)
	return v, err
}

// NCryptSetNumber sets a property that is a number, and stores it with the key.
func NCryptSetNumber(o Object, property string, v uint32) error {
	wide, err := windows.UTF16PtrFromString(property)
	if err != nil {
		return err
	}
	return status(procNCryptSetProperty, uintptr(o), uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(&v)), 4, NCRYPT_PERSIST_FLAG|NCRYPT_SILENT_FLAG)
}

// NCryptFinalizeKey makes an imported key usable and stores it.
func NCryptFinalizeKey(k Object, flags uint32) error {
	return status(procNCryptFinalizeKey, uintptr(k), uintptr(flags))
}

// NCryptSignHash signs a digest. For BCRYPT_PAD_PKCS1 and _PSS alg names the
// hash ("SHA256"), "" for a digest without DigestInfo.
func NCryptSignHash(k Object, digest []byte, padding uint32, alg string, salt int) ([]byte, error) {
	var info struct {
		alg  *uint16
		salt uint32
	}
	pad := unsafe.Pointer(nil)
	if padding != BCRYPT_PAD_NONE {
		if alg != "" {
			wide, err := windows.UTF16PtrFromString(alg)
			if err != nil {
				return nil, err
			}
			info.alg = wide
		}
		info.salt = uint32(salt)
		pad = unsafe.Pointer(&info)
	}
	sign := func(sig []byte) (uint32, error) {
		var n uint32
		err := status(procNCryptSignHash, uintptr(k), uintptr(pad), uintptr(unsafe.Pointer(unsafe.SliceData(digest))), uintptr(len(digest)),
			uintptr(unsafe.Pointer(unsafe.SliceData(sig))), uintptr(len(sig)), uintptr(unsafe.Pointer(&n)), uintptr(padding))
		return n, err
	}
	n, err := sign(nil)
	if err != nil {
		return nil, err
	}
	sig := make([]byte, n)
	n, err = sign(sig)
	return sig[:min(int(n), len(sig))], err
}

// NCryptDeleteKey deletes a persisted key and frees its handle.
func NCryptDeleteKey(k Object, flags uint32) error {
	return status(procNCryptDeleteKey, uintptr(k), uintptr(flags))
}

// NCryptFreeObject frees a handle; 0 is none.
func NCryptFreeObject(o Object) {
	if o != 0 {
		_ = status(procNCryptFreeObject, uintptr(o))
	}
}
