package wincrypt

import (
	"bytes"
	"unsafe"

	"golang.org/x/sys/windows"
)

// CryptoAPI constants that x/sys lacks.
const (
	MS_ENH_RSA_AES_PROV = "Microsoft Enhanced RSA and AES Cryptographic Provider"

	PUBLICKEYBLOB  = 6
	PRIVATEKEYBLOB = 7

	CALG_RSA_KEYX        = 0x0000a400
	CALG_SHA1            = 0x00008004
	CALG_SHA_256         = 0x0000800c
	CALG_SHA_384         = 0x0000800d
	CALG_SHA_512         = 0x0000800e
	CALG_SSL3_SHAMD5     = 0x00008008
	HP_HASHVAL           = 2
	KP_PERMISSIONS       = 6
	PP_ENUMCONTAINERS    = 2
	PP_KEYSET_SEC_DESCR  = 8
	PP_UNIQUE_CONTAINER  = 36
	CRYPT_EXPORT         = 4
	CRYPT_EXPORTABLE     = 1
	CRYPT_USER_PROTECTED = 2
)

// Handles of CryptoAPI.
type (
	Key  uintptr
	Hash uintptr
)

var (
	advapi32              = windows.NewLazySystemDLL("advapi32.dll")
	procCryptImportKey    = advapi32.NewProc("CryptImportKey")
	procCryptExportKey    = advapi32.NewProc("CryptExportKey")
	procCryptGenKey       = advapi32.NewProc("CryptGenKey")
	procCryptGetProvParam = advapi32.NewProc("CryptGetProvParam")
	procCryptSetProvParam = advapi32.NewProc("CryptSetProvParam")
	procCryptDestroyKey   = advapi32.NewProc("CryptDestroyKey")
	procCryptGetUserKey   = advapi32.NewProc("CryptGetUserKey")
	procCryptGetKeyParam  = advapi32.NewProc("CryptGetKeyParam")
	procCryptCreateHash   = advapi32.NewProc("CryptCreateHash")
	procCryptSetHashParam = advapi32.NewProc("CryptSetHashParam")
	procCryptSignHash     = advapi32.NewProc("CryptSignHashW")
	procCryptDestroyHash  = advapi32.NewProc("CryptDestroyHash")
)

// CryptAcquireContext opens, makes or deletes (by flags) a key container.
func CryptAcquireContext(container, provider string, provType, flags uint32) (windows.Handle, error) {
	c, err := windows.UTF16PtrFromString(container)
	if err != nil {
		return 0, err
	}
	p, err := windows.UTF16PtrFromString(provider)
	if err != nil {
		return 0, err
	}
	var h windows.Handle
	err = windows.CryptAcquireContext(&h, c, p, provType, flags)
	return h, Wrap("CryptAcquireContext", err)
}

// CryptImportKey imports a key blob into the container.
func CryptImportKey(prov windows.Handle, blob []byte, flags uint32) (Key, error) {
	var k Key
	_, err := call(procCryptImportKey, uintptr(prov), uintptr(unsafe.Pointer(unsafe.SliceData(blob))), uintptr(len(blob)), 0, uintptr(flags), uintptr(unsafe.Pointer(&k)))
	return k, err
}

// CryptExportKey returns a key blob of type PUBLICKEYBLOB or PRIVATEKEYBLOB.
func CryptExportKey(k Key, blobType uint32) ([]byte, error) {
	var n uint32
	if _, err := call(procCryptExportKey, uintptr(k), 0, uintptr(blobType), 0, 0, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	blob := make([]byte, n)
	_, err := call(procCryptExportKey, uintptr(k), 0, uintptr(blobType), 0, uintptr(unsafe.Pointer(unsafe.SliceData(blob))), uintptr(unsafe.Pointer(&n)))
	return blob[:min(int(n), len(blob))], err
}

// CryptGenKey makes the key pair that alg (AT_KEYEXCHANGE) names, with a modulus
// of bits. Wine stores it when the container is released.
func CryptGenKey(prov windows.Handle, alg uint32, bits int, flags uint32) (Key, error) {
	var k Key
	_, err := call(procCryptGenKey, uintptr(prov), uintptr(alg), uintptr(uint32(bits)<<16|flags), uintptr(unsafe.Pointer(&k)))
	return k, err
}

// CryptGetProvParam returns a parameter of an open container; for
// PP_KEYSET_SEC_DESCR flags say which parts (DACL_SECURITY_INFORMATION, ...).
func CryptGetProvParam(prov windows.Handle, param, flags uint32) ([]byte, error) {
	var n uint32
	if _, err := call(procCryptGetProvParam, uintptr(prov), uintptr(param), 0, uintptr(unsafe.Pointer(&n)), uintptr(flags)); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err := call(procCryptGetProvParam, uintptr(prov), uintptr(param), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&n)), uintptr(flags))
	return b[:min(int(n), len(b))], err
}

// maxContainers bounds an enumeration of keys.
const maxContainers = 10000

// CryptEnumContainers returns the names of the key containers of a provider:
// the user's, or with CRYPT_MACHINE_KEYSET in flags the machine's.
func CryptEnumContainers(provider string, provType, flags uint32) ([]string, error) {
	p, err := windows.UTF16PtrFromString(provider)
	if err != nil {
		return nil, err
	}
	var h windows.Handle
	if err := windows.CryptAcquireContext(&h, nil, p, provType, windows.CRYPT_VERIFYCONTEXT|windows.CRYPT_SILENT|flags); err != nil {
		return nil, Wrap("CryptAcquireContext", err)
	}
	defer func() { _ = windows.CryptReleaseContext(h, 0) }()
	how := uint32(cryptFirst)
	if OnWine() != "" {
		how |= flags // it takes the key set from here; Windows would refuse the flag
	}
	var longest uint32
	if _, err := call(procCryptGetProvParam, uintptr(h), PP_ENUMCONTAINERS, 0, uintptr(unsafe.Pointer(&longest)), uintptr(how)); err != nil {
		return nil, noMore(err)
	}
	var names []string
	for len(names) < maxContainers {
		b := make([]byte, longest+1)
		n := uint32(len(b))
		if _, err := call(procCryptGetProvParam, uintptr(h), PP_ENUMCONTAINERS, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(&n)), uintptr(how)); err != nil {
			return names, noMore(err)
		}
		name, _, _ := bytes.Cut(b, []byte{0})
		if wide := fromANSI(name); wide != "" {
			names = append(names, wide)
		}
		how = how&^cryptFirst | cryptNext
	}
	return names, nil
}

const (
	cryptFirst = 1
	cryptNext  = 2
)

// noMore takes the end of an enumeration for no error, and that the folder of
// the keys is not there, as in a new profile.
func noMore(err error) error {
	if IsCode(err, windows.ERROR_NO_MORE_ITEMS, windows.ERROR_FILE_NOT_FOUND, windows.ERROR_PATH_NOT_FOUND) || IsCode(err, windows.NTE_NO_MORE_ITEMS) {
		return nil
	}
	return err
}

// fromANSI reads a name in the computer's code page, "" if it cannot be read.
func fromANSI(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	wide := make([]uint16, len(b))
	const codePageOfTheComputer, strict = 0, 8 // CP_ACP, MB_ERR_INVALID_CHARS
	n, err := windows.MultiByteToWideChar(codePageOfTheComputer, strict, &b[0], int32(len(b)), &wide[0], int32(len(wide)))
	if err != nil {
		return ""
	}
	return windows.UTF16ToString(wide[:n])
}

// CryptSetProvParam sets a parameter of an open container.
func CryptSetProvParam(prov windows.Handle, param uint32, value []byte, flags uint32) error {
	_, err := call(procCryptSetProvParam, uintptr(prov), uintptr(param), uintptr(unsafe.Pointer(unsafe.SliceData(value))), uintptr(flags))
	return err
}

// CryptDestroyKey frees the handle.
func CryptDestroyKey(k Key) { _, _ = call(procCryptDestroyKey, uintptr(k)) }

// CryptGetUserKey opens the key of the container that keySpec names.
func CryptGetUserKey(prov windows.Handle, keySpec uint32) (Key, error) {
	var k Key
	_, err := call(procCryptGetUserKey, uintptr(prov), uintptr(keySpec), uintptr(unsafe.Pointer(&k)))
	return k, err
}

// CryptGetKeyParam returns a parameter that is a number.
func CryptGetKeyParam(k Key, param uint32) (uint32, error) {
	var v uint32
	n := uint32(unsafe.Sizeof(v))
	_, err := call(procCryptGetKeyParam, uintptr(k), uintptr(param), uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&n)), 0)
	return v, err
}

// CryptCreateHash makes a hash object.
func CryptCreateHash(prov windows.Handle, alg uint32) (Hash, error) {
	var h Hash
	_, err := call(procCryptCreateHash, uintptr(prov), uintptr(alg), 0, 0, uintptr(unsafe.Pointer(&h)))
	return h, err
}

// CryptSetHashParam sets a parameter of a hash, HP_HASHVAL its value.
func CryptSetHashParam(h Hash, param uint32, value []byte) error {
	_, err := call(procCryptSetHashParam, uintptr(h), uintptr(param), uintptr(unsafe.Pointer(unsafe.SliceData(value))), 0)
	return err
}

// CryptSignHash signs a hash with the container's key; the octets come in
// little-endian order.
func CryptSignHash(h Hash, keySpec uint32) ([]byte, error) {
	var n uint32
	if _, err := call(procCryptSignHash, uintptr(h), uintptr(keySpec), 0, 0, 0, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	sig := make([]byte, n)
	_, err := call(procCryptSignHash, uintptr(h), uintptr(keySpec), 0, 0, uintptr(unsafe.Pointer(unsafe.SliceData(sig))), uintptr(unsafe.Pointer(&n)))
	return sig[:min(int(n), len(sig))], err
}

// CryptDestroyHash frees the handle.
func CryptDestroyHash(h Hash) { _, _ = call(procCryptDestroyHash, uintptr(h)) }
