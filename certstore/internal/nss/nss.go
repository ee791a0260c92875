// Package nss reads and writes NSS databases (cert9.db and key4.db) through
// softoken, the PKCS#11 module that NSS itself uses.
//
// It keeps PKCS#11's and NSS's names, so that their manuals apply, and holds
// no policy: what a trust object means, and which objects make up an entry,
// is decided by its caller. Softoken is started without a database of its
// own; each [Database] gets a slot when it is used (CKO_NSS_NEWSLOT).
//
// Softoken crashes when two threads use one session, and everything it finds
// or logs in to is state of a session or a slot. A [Session] therefore belongs
// to one goroutine for as long as the function it was given to runs.
package nss

// Attribute types, object classes, key types and mechanisms: PKCS#11 2.40 and
// 3.2, and NSS's vendor range (lib/util/pkcs11n.h).
const (
	CKA_CLASS             = 0x0
	CKA_TOKEN             = 0x1
	CKA_PRIVATE           = 0x2
	CKA_LABEL             = 0x3
	CKA_VALUE             = 0x11
	CKA_CERTIFICATE_TYPE  = 0x80
	CKA_ISSUER            = 0x81
	CKA_SERIAL_NUMBER     = 0x82
	CKA_KEY_TYPE          = 0x100
	CKA_SUBJECT           = 0x101
	CKA_ID                = 0x102
	CKA_SENSITIVE         = 0x103
	CKA_ENCRYPT           = 0x104
	CKA_DECRYPT           = 0x105
	CKA_WRAP              = 0x106
	CKA_UNWRAP            = 0x107
	CKA_SIGN              = 0x108
	CKA_SIGN_RECOVER      = 0x109
	CKA_VERIFY            = 0x10A
	CKA_DERIVE            = 0x10C
	CKA_MODULUS           = 0x120
	CKA_MODULUS_BITS      = 0x121
	CKA_PUBLIC_EXPONENT   = 0x122
	CKA_PRIVATE_EXPONENT  = 0x123
	CKA_PRIME_1           = 0x124
	CKA_PRIME_2           = 0x125
	CKA_EXPONENT_1        = 0x126
	CKA_EXPONENT_2        = 0x127
	CKA_COEFFICIENT       = 0x128
	CKA_EXTRACTABLE       = 0x162
	CKA_MODIFIABLE        = 0x170
	CKA_EC_PARAMS         = 0x180
	CKA_EC_POINT          = 0x181
	CKA_NSS_DB            = 0xD5A0DB00
	CKA_NSS_MODULE_SPEC   = vendor + 24
	CKA_TRUST_SERVER_AUTH = trust + 8
	CKA_TRUST_CLIENT_AUTH = trust + 9
	CKA_TRUST_CODE        = trust + 10
	CKA_TRUST_EMAIL       = trust + 11
	CKA_TRUST_STEP_UP     = trust + 16
	CKA_CERT_SHA1_HASH    = trust + 100
	CKA_CERT_MD5_HASH     = trust + 101

	// The trust attributes of PKCS#11 3.2 (NSS 3.114 and later).
	CKA_PKCS_TRUST_SERVER_AUTH = 0x62C
	CKA_PKCS_TRUST_CLIENT_AUTH = 0x62D
	CKA_PKCS_TRUST_CODE        = 0x62E
	CKA_PKCS_TRUST_EMAIL       = 0x62F

	CKO_CERTIFICATE = 0x1
	CKO_PUBLIC_KEY  = 0x2
	CKO_PRIVATE_KEY = 0x3
	CKO_SECRET_KEY  = 0x4
	CKO_TRUST       = 0xB // PKCS#11 3.2
	CKO_NSS_TRUST   = vendor + 3
	CKO_NSS_NEWSLOT = vendor + 5
	CKO_NSS_DELSLOT = vendor + 6

	CKC_X_509 = 0x0

	CKK_RSA = 0x0
	CKK_EC  = 0x3
	CKK_AES = 0x1F

	CKM_RSA_PKCS_KEY_PAIR_GEN = 0x0
	CKM_RSA_PKCS              = 0x1
	CKM_RSA_PKCS_PSS          = 0xD
	CKM_SHA_1                 = 0x220
	CKM_SHA224                = 0x255
	CKM_SHA256                = 0x250
	CKM_SHA384                = 0x260
	CKM_SHA512                = 0x270
	CKM_EC_KEY_PAIR_GEN       = 0x1040
	CKM_ECDSA                 = 0x1041
	CKM_AES_CBC_PAD           = 0x1085

	CKG_MGF1_SHA1   = 0x1
	CKG_MGF1_SHA256 = 0x2
	CKG_MGF1_SHA384 = 0x3
	CKG_MGF1_SHA512 = 0x4
	CKG_MGF1_SHA224 = 0x5

	vendor = 0xCE534350      // CKA_NSS, CKO_NSS, CKT_NSS, CKR_NSS
	trust  = vendor + 0x2000 // CKA_TRUST
)

// Values of the CKA_TRUST attributes of a CKO_NSS_TRUST object.
const (
	CKT_NSS_TRUSTED           = vendor + 1
	CKT_NSS_TRUSTED_DELEGATOR = vendor + 2
	CKT_NSS_MUST_VERIFY_TRUST = vendor + 3
	CKT_NSS_TRUST_UNKNOWN     = vendor + 5
	CKT_NSS_NOT_TRUSTED       = vendor + 10
	CKT_NSS_VALID_DELEGATOR   = vendor + 11
)

// Values of the trust attributes of a CKO_TRUST object (PKCS#11 3.2).
const (
	CKT_TRUST_UNKNOWN           = 0
	CKT_TRUSTED                 = 1
	CKT_TRUST_ANCHOR            = 2
	CKT_NOT_TRUSTED             = 3
	CKT_TRUST_MUST_VERIFY_TRUST = 4
)

const (
	ckuSO   = 0
	ckuUser = 1

	ckfRW     = 0x2 // CKF_RW_SESSION
	ckfSerial = 0x4 // CKF_SERIAL_SESSION

	ckfUserPINInitialized = 0x8 // CKF_USER_PIN_INITIALIZED
)
