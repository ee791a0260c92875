// Package keychain calls the functions of macOS's Security and CoreFoundation
// frameworks. They keep Apple's names, so Apple's manual applies, and decide
// nothing.
//
// A [Library] is filled by package dylib, from the frameworks or, in tests on
// other systems, from a stand-in with the same prototypes. This package itself
// loads nothing and compiles everywhere.
//
// Ownership is Apple's: what a function with Create or Copy in its name
// returns, or hands out through a pointer, is the caller's, to be released
// once; what a function with Get in its name returns is borrowed. A [Pool]
// releases what was given to it.
package keychain

// A Ref is a reference to an object of CoreFoundation, 0 for NULL. It is no
// Go pointer: the collector must not follow it.
type Ref uintptr

// An Address is where a structure of a framework is, such as kCFTypeArrayCallBacks.
type Address uintptr

// A Status is an OSStatus, 0 for success.
type Status int32

// A Library holds the functions and constants of both frameworks, one field
// for each symbol. A field of type Ref is a constant: the object that the
// symbol's variable refers to. All fields are set, or loading failed.
type Library struct {
	CoreFoundation
	Security
}

// CoreFoundation is what is used of CoreFoundation.framework. Allocators are
// always NULL, the default one.
type CoreFoundation struct {
	KCFBooleanTrue                  Ref
	KCFBooleanFalse                 Ref
	KCFTypeArrayCallBacks           Address // arrays made with it retain what they hold
	KCFTypeDictionaryKeyCallBacks   Address // dictionaries made with it retain their keys
	KCFTypeDictionaryValueCallBacks Address // and their values

	CFRelease         func(Ref)      // takes one back; NULL would crash
	CFGetTypeID       func(Ref) uint // of the functions below
	CFArrayGetTypeID  func() uint
	CFDataGetTypeID   func() uint
	CFStringGetTypeID func() uint
	CFNumberGetTypeID func() uint
	CFBooleanGetTypeID,
	CFDictionaryGetTypeID func() uint

	CFStringCreateWithBytes              func(alloc Ref, text *byte, n int, encoding uint32, external bool) Ref // Create
	CFStringCreateExternalRepresentation func(alloc, s Ref, encoding uint32, loss byte) Ref                     // Create: a CFData; NULL if s cannot be written so

	CFDataCreate     func(alloc Ref, b *byte, n int) Ref // Create: copies b
	CFDataGetLength  func(data Ref) int
	CFDataGetBytePtr func(data Ref) uintptr // Get: valid as long as data

	CFArrayCreate          func(alloc Ref, values *Ref, n int, callBacks Address) Ref // Create: retains the values
	CFArrayGetCount        func(array Ref) int
	CFArrayGetValueAtIndex func(array Ref, i int) Ref // Get

	CFDictionaryCreate   func(alloc Ref, keys, values *Ref, n int, keyCallBacks, valueCallBacks Address) Ref // Create: retains both
	CFDictionaryGetCount func(dictionary Ref) int
	CFDictionaryGetValue func(dictionary, key Ref) Ref // Get: NULL if it is not there

	CFNumberCreate    func(alloc Ref, kind int, value *int32) Ref // Create
	CFNumberGetValue  func(number Ref, kind int, value *int32) bool
	CFBooleanGetValue func(boolean Ref) bool

	CFErrorGetCode         func(err Ref) int
	CFErrorCopyDescription func(err Ref) Ref // Copy: a CFString
}

// Security is what is used of Security.framework. Items are SecKeychainItemRef,
// which a SecCertificateRef and a SecKeyRef of a keychain are too.
type Security struct {
	KSecClass                   Ref
	KSecClassCertificate        Ref
	KSecClassKey                Ref
	KSecAttrKeyClass            Ref
	KSecAttrKeyClassPrivate     Ref
	KSecAttrLabel               Ref // CFString
	KSecAttrApplicationLabel    Ref // of a key: CFData, the SHA-1 of the public key's bits
	KSecAttrIsExtractable       Ref
	KSecAttrIsPermanent         Ref
	KSecAttrIsSensitive         Ref
	KSecMatchLimit              Ref
	KSecMatchLimitAll           Ref
	KSecMatchSearchList         Ref // CFArray of keychains to look in
	KSecMatchItemList           Ref // CFArray of items to look among
	KSecReturnRef               Ref
	KSecReturnAttributes        Ref
	KSecValueRef                Ref
	KSecPolicyOid               Ref // CFString
	KSecPolicyClient            Ref // CFBoolean
	KSecKeyAlgorithmRSARaw      Ref `symbol:"kSecKeyAlgorithmRSASignatureRaw"`
	KSecKeyAlgorithmPKCS1Raw    Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPKCS1v15Raw"`
	KSecKeyAlgorithmPKCS1SHA1   Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA1"`
	KSecKeyAlgorithmPKCS1SHA224 Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA224"`
	KSecKeyAlgorithmPKCS1SHA256 Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA256"`
	KSecKeyAlgorithmPKCS1SHA384 Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA384"`
	KSecKeyAlgorithmPKCS1SHA512 Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPKCS1v15SHA512"`
	KSecKeyAlgorithmPSSSHA1     Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPSSSHA1"`
	KSecKeyAlgorithmPSSSHA224   Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPSSSHA224"`
	KSecKeyAlgorithmPSSSHA256   Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPSSSHA256"`
	KSecKeyAlgorithmPSSSHA384   Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPSSSHA384"`
	KSecKeyAlgorithmPSSSHA512   Ref `symbol:"kSecKeyAlgorithmRSASignatureDigestPSSSHA512"`
	KSecKeyAlgorithmECDSADigest Ref `symbol:"kSecKeyAlgorithmECDSASignatureDigestX962"`

	SecCopyErrorMessageString func(status Status, reserved uintptr) Ref // Copy: a CFString; NULL for an unknown number

	SecKeychainCopyDomainDefault func(domain uint32, keychain *Ref) Status // Copy
	SecKeychainOpen              func(path string, keychain *Ref) Status   // Copy, though nothing in its name says so; a file that is not there is no error yet
	SecKeychainGetPath           func(keychain Ref, n *uint32, path *byte) Status
	SecKeychainGetStatus         func(keychain Ref, status *uint32) Status // -25294 for a file that is not there
	SecKeychainUnlock            func(keychain Ref, n uint32, password *byte, usePassword bool) Status
	SecKeychainItemDelete        func(item Ref) Status

	SecItemCopyMatching func(query Ref, result *Ref) Status // Copy: a CFArray for kSecMatchLimitAll
	SecItemUpdate       func(query, attributes Ref) Status

	// SecItemImport hands out what it imported: Copy, NULL for not wanted.
	SecItemImport func(data, fileName Ref, format, itemType *uint32, flags uint32, parameters *KeyParameters, keychain Ref, items *Ref) Status
	SecItemExport func(items Ref, format, flags uint32, parameters *KeyParameters, data *Ref) Status // Copy: a CFData

	SecCertificateCreateWithData func(alloc, der Ref) Ref // Create: NULL for what is no certificate
	SecCertificateCopyData       func(certificate Ref) Ref
	SecCertificateAddToKeychain  func(certificate, keychain Ref) Status

	SecKeyIsAlgorithmSupported func(key Ref, operation int, algorithm Ref) bool
	SecKeyCreateSignature      func(key, algorithm, data Ref, err *Ref) Ref // Create: a CFData, or NULL and a CFError that is the caller's

	SecPolicyGetTypeID            func() uint
	SecPolicyCreateWithProperties func(oid, properties Ref) Ref // Create
	SecPolicyCopyProperties       func(policy Ref) Ref          // Copy: a CFDictionary

	SecTrustSettingsCopyCertificates    func(domain uint32, certificates *Ref) Status              // Copy: a CFArray; -25263 for none
	SecTrustSettingsCopyTrustSettings   func(certificate Ref, domain uint32, settings *Ref) Status // Copy: a CFArray; -25300 for none
	SecTrustSettingsSetTrustSettings    func(certificate Ref, domain uint32, settings Ref) Status
	SecTrustSettingsRemoveTrustSettings func(certificate Ref, domain uint32) Status
}

// KeyParameters is a SecItemImportExportKeyParameters (SecImportExport.h).
// The references are borrowed for the call.
type KeyParameters struct {
	Version       uint32 // 0
	Flags         uint32
	Passphrase    Ref // CFString
	AlertTitle    Ref
	AlertPrompt   Ref
	AccessRef     Ref // 0: the program that imports may use the key, others have to ask
	KeyUsage      Ref
	KeyAttributes Ref // CFArray of kSecAttrIs...
}

// The numbers of Apple's headers; they are no symbols.
const (
	UTF8 = 0x08000100 // kCFStringEncodingUTF8

	NumberSInt32 = 3 // kCFNumberSInt32Type

	FormatPKCS12      = 12 // SecExternalFormat
	ItemTypeAggregate = 5  // SecExternalItemType

	DomainUser  = 0 // SecPreferencesDomain and SecTrustSettingsDomain
	DomainAdmin = 1

	OperationSign = 0 // SecKeyOperationType

	StatusUnlocked = 1 // SecKeychainStatus, a bit

	TrustRoot   = 1 // SecTrustSettingsResult: for self-signed ones
	TrustAsRoot = 2 // for others
	TrustDeny   = 3
	TrustNone   = 4 // unspecified
)

// Names of the keys of trust settings; SecTrustSettings.h defines them as
// texts, not as symbols.
const (
	TrustPolicy     = "kSecTrustSettingsPolicy"
	TrustPolicyName = "kSecTrustSettingsPolicyName"
	TrustResult     = "kSecTrustSettingsResult"
)
