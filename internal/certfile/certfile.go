// Package certfile reads and writes files of certificates and keys: PKCS#12,
// PKCS#7, PKCS#8, PEM and DER. It decides by content, never by a file's name.
//
// [Inspect] tells what can be known without a password, [Read] opens the file.
// Keys and certificates come back as raw DER, in the order of the file, so
// that what Go's own parsers refuse can still be listed and imported.
//
// All work is bounded: see the Max constants.
package certfile

import (
	"context"
	"errors"

	"certdesk/internal/certificate"
)

// Limits on what a file may ask for. Over one of them is [ErrTooMuch].
const (
	MaxSize       = 16 << 20   // bytes of a file
	MaxIterations = 10_000_000 // key derivation rounds of a whole file
	MaxItems      = 20_000     // certificates, keys and other objects
	MaxNesting    = 8          // SafeContents within SafeContents
)

// Why a file could not be opened. Compare with [errors.Is].
var (
	ErrPassword    = errors.New("wrong password")
	ErrNoPassword  = error(noPassword{}) // matches ErrPassword too
	ErrDamaged     = errors.New("damaged")
	ErrUnknown     = errors.New("no certificate or key found")
	ErrUnsupported = errors.New("unsupported algorithm")
	ErrTooMuch     = errors.New("asks for more work than is reasonable")
)

// An Error says what of a file could not be read. Its text has the form
// "read PKCS#12: unsupported algorithm: Camellia-256-CBC".
type Error struct {
	Op     string // "read" or "write"
	Object string // "PKCS#12", "PEM", "PKCS#8 key", ...
	Detail string // the algorithm, the offset, what was found instead; may be empty
	Err    error  // one of the Err variables
}

// Error returns operation, object, cause and detail.
func (e *Error) Error() string {
	s := e.Op + " " + e.Object + ": " + e.Err.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Formats of a file.
const (
	PKCS12 = "pkcs12"
	PKCS7  = "pkcs7"
	PEM    = "pem"
	DER    = "der"   // one certificate
	PKCS8  = "pkcs8" // one key in DER
)

// Contents is what a file holds.
type Contents struct {
	Format       string   // one of the formats above
	Encoding     string   // "DER" or "BER" for binary formats; "" for PEM
	Armor        string   // how a binary format was wrapped: "", "PEM", "base64", "hex"
	MAC          string   // "sha256, 2048 iterations"; "none"; "" outside PKCS#12
	Encryption   []string // "PBES2 AES-256-CBC", in file order, without repeats
	Iterations   int      // the sum of all derivations, for progress and warnings
	NeedPassword bool     // something in it is encrypted or has a MAC
	Locked       bool     // encrypted parts were not opened (Inspect)
	EmptyForm    string   // which empty password opened it: "", "empty" or "absent"

	Certificates []Cert
	Keys         []Key
	Other        []string // "crl", "secret", "sdsi", "request", "public-key", ...: one word for each skipped object
	Warnings     []Warning
}

// A Warning is something about the file that a person should know. ID is an
// id of facts/certificates.md section 4.4 (F-01 ...), or F-14 for bytes after
// the end of the content; Params fill its text. F-13 is the caller's, who
// knows the name of the file.
type Warning struct {
	ID     string
	Params map[string]string
}

// A Cert is one certificate of a file.
type Cert struct {
	Certificate  *certificate.Certificate
	FriendlyName string
	LocalKeyID   []byte
	JavaTrusted  bool // carries Oracle's trusted-entry attribute
}

// KeyState of a key in a file.
type KeyState string

// The key states.
const (
	KeyOK          KeyState = "ok"
	KeyLocked      KeyState = "locked"      // encrypted and not opened
	KeyUnsupported KeyState = "unsupported" // opened, but of an algorithm that Go does not know
)

// A Key is one private key of a file.
type Key struct {
	Algorithm     string // "RSA 2048", "EC P-256", "Ed25519", or an OID
	PKCS8         []byte // unencrypted PrivateKeyInfo; nil while locked
	FriendlyName  string
	LocalKeyID    []byte
	Provider      string // Microsoft CSP or KSP name (1.3.6.1.4.1.311.17.1)
	MachineKeySet bool   // 1.3.6.1.4.1.311.17.2 is present
	KeyUsageAttr  []byte // 2.5.29.15 attribute of the key: 80 signature, 10 exchange; nil if absent
	PublicKey     []byte // SubjectPublicKeyInfo, DER, as far as the key tells; nil while locked
	State         KeyState
	// Certificate is the index in Certificates of the certificate with this
	// public key (or, when the key cannot be parsed, this localKeyID); -1: none.
	Certificate int

	keyID []byte // [certificate.Certificate.KeyID] of the public key; nil: unknown
}

// Wipe overwrites the private keys.
func (c *Contents) Wipe() {
	for i := range c.Keys {
		clear(c.Keys[i].PKCS8)
		c.Keys[i].PKCS8 = nil
	}
}

// A Password opens a file. The zero value means that none was given.
type Password struct {
	Given bool
	Text  []byte // UTF-8; empty with Given is the empty password
}

// Inspect reads what can be known of data without a password. It fails only
// when data is no known format or damaged; what is encrypted is counted and
// left locked.
func Inspect(data []byte) (*Contents, error) {
	return read(context.Background(), data, Password{}, true)
}

// Read opens data. It fails with [ErrNoPassword] if one is needed and was not
// given, and with [ErrPassword], [ErrDamaged], [ErrUnsupported], [ErrTooMuch]
// or [ErrUnknown]. A file without a password opens with any. A key that has
// another password than the rest of its file, as Java permits, stays
// [KeyLocked] and sets Locked. Read returns ctx.Err() soon after ctx ends,
// long key derivations included.
func Read(ctx context.Context, data []byte, pw Password) (*Contents, error) {
	return read(ctx, data, pw, false)
}
