// Package certstore gives one view of the certificate stores of Windows,
// macOS and Linux.
//
// [Open] returns the stores of the user who runs the program and of the
// machine. Each [Location] holds the stores that Windows has names for
// (Personal, Intermediate CAs, ...). Where the system has no such stores, on
// Linux and macOS, they are derived from keys, trust settings and
// basicConstraints. The files certstore_windows.go, certstore_darwin.go and
// certstore_linux.go map the systems to [Store], and no other file of this
// module calls an operating system's certificate API.
//
// Package certstoretest checks that a Store keeps the promises made here.
package certstore

import (
	"context"
	"crypto"
	"iter"

	"certdesk/internal/certificate"
)

// A Location says whose stores are meant.
type Location string

// The locations.
const (
	User    Location = "user"    // the user who runs the program
	Machine Location = "machine" // everybody on this computer
)

// A Name is the name of a store within a location.
type Name string

// The stores every system has; Windows has more, by their Windows names.
const (
	My            Name = "my"            // Personal: certificates with their private key
	CA            Name = "ca"            // Intermediate Certification Authorities
	Root          Name = "root"          // Trusted Root Certification Authorities
	People        Name = "people"        // Other People (AddressBook)
	TrustedPeople Name = "trustedpeople" // Trusted People: trusted one by one
	Disallowed    Name = "disallowed"    // Untrusted Certificates
)

// A KeyState says what is known of an entry's private key.
type KeyState string

// The key states.
const (
	KeyNone     KeyState = "none"
	KeyPresent  KeyState = "present"
	KeyLocked   KeyState = "locked"   // there, behind the store's password
	KeyUnusable KeyState = "unusable" // there, but it cannot sign
)

// A Place is one store of one location.
type Place struct {
	Location Location
	Name     Name
	// ReadOnly is why nothing can be changed here, nil when it can. It
	// matches [ErrDenied] where other rights would help.
	ReadOnly error
	// Path says where it is kept, for people: a directory, a file, a
	// Windows store path.
	Path string
}

// An Entry is one certificate in one place.
type Entry struct {
	Location     Location
	Store        Name
	DER          []byte
	FriendlyName string
	Key          KeyState
	Exportable   bool   // the key may leave the store; false without a key
	NoPSS        bool   // Windows: an RSA key that CNG does not open, which makes signatures of PKCS #1 v1.5 only
	Inherited    bool   // Windows: seen through the user's store, kept in the machine's
	Trusted      bool   // a trust anchor for TLS, whatever store it is shown in; [Entry.Anchor] knows more
	Shipped      bool   // a trust anchor that came with the system, not one that somebody added
	Origin       string // where it is kept: a directory or a file
	// Provided is who put it there, "" for this computer's people: nobody here
	// can change it, whatever their rights.
	Provided Provided
	Archived bool // Windows: put out of sight, as automatic renewal does with the certificate before
	// ReadOnly is true for what can be listed but not changed here, such as
	// the roots that the distribution ships.
	ReadOnly bool

	certificate *certificate.Certificate // where DER had to be read already
	peer        bool                     // NSS: trusted itself
}

// Provided says who puts certificates into a store of Windows that nobody can
// take out here.
type Provided string

// Who they are.
const (
	ByGroupPolicy Provided = "group-policy"
	ByEnterprise  Provided = "enterprise" // Active Directory
	BySystem      Provided = "windows"    // Windows itself, a smart card
	ByRegistry    Provided = "registry"   // nobody knows: it stands in the registry, and Windows does not give it out
)

// Parse returns the entry's certificate, which is read once where the store
// needs it too.
func (e Entry) Parse() *certificate.Certificate {
	if e.certificate != nil {
		return e.certificate
	}
	return certificate.Parse(e.DER)
}

// Unused reports whether no program gets to see the entry, wherever it stands.
func (e Entry) Unused() bool { return e.Provided == ByRegistry }

// Anchor reports whether the certificate is a trust anchor for TLS, which with
// NSS a self-signed one is too that is trusted itself. It may take the
// verification of a signature.
func (e Entry) Anchor() bool { return e.Trusted || e.peer && e.Parse().SelfSigned() }

// Fingerprint returns the SHA-256 of the entry's certificate.
func (e Entry) Fingerprint() certificate.Fingerprint { return certificate.FingerprintOf(e.DER) }

// Ref returns what identifies the entry.
func (e Entry) Ref() Ref { return Ref{e.Location, e.Store, e.Fingerprint()} }

// A Ref identifies an entry: a certificate may be in several places.
type Ref struct {
	Location    Location
	Store       Name
	Fingerprint certificate.Fingerprint
}

// An Item is what [Store.Put] adds.
type Item struct {
	DER          []byte // the certificate
	Key          []byte // its private key as PKCS#8 DER, or nil
	FriendlyName string // "" lets the store choose one
	Exportable   bool   // the key may leave the store again
	// Provider is how Windows is to keep the key; other systems ignore it.
	Provider Provider
	// ProviderName, if not empty, is the one of Windows' own software
	// providers to use instead; other systems ignore it.
	ProviderName string
	// Protected asks Windows for strong protection: a prompt whenever the key
	// is used. Other systems refuse it with [ErrNotPossible].
	Protected bool
}

// A Provider is a way to keep private keys.
type Provider string

// The providers.
const (
	ProviderDefault  Provider = ""         // CNG where it works, else CryptoAPI
	ProviderCNG      Provider = "cng"      // Microsoft Software Key Storage Provider
	ProviderCAPI     Provider = "capi"     // Microsoft Enhanced RSA and AES Cryptographic Provider, for programs that cannot use CNG keys; RSA only
	ProviderTPM      Provider = "tpm"      // Microsoft Platform Crypto Provider, for keys that are made there
	ProviderNSS      Provider = "nss"      // the only way of NSS; not for [Item]
	ProviderKeychain Provider = "keychain" // the only way of macOS; not for [Item]
)

// A State is what one location holds of one certificate, to be compared and
// restored. The zero State means nothing at all. States are plain data: they
// outlive the process in the journal.
type State struct {
	Certificate  bool   `json:"certificate"`
	Key          bool   `json:"key"`       // a private key, or in a locked store its public half
	KeyShared    bool   `json:"keyShared"` // another certificate uses the same key
	Store        Name   `json:"store"`     // "" when there is no certificate
	FriendlyName string `json:"friendlyName"`
	Exportable   bool   `json:"exportable"`
	Trust        string `json:"trust"` // the system's own words, "" for none
}

// What of an entry [Store.Delete] removes.
type DeleteMode int

// The modes.
const (
	DeleteAll     DeleteMode = iota // certificate, trust, and the key unless another certificate uses it
	DeleteKeepKey                   // certificate and trust; the key stays
)

// A Store is one user's view of a system's certificate stores.
//
// Methods may block, for as long as another program holds the database or the
// system keeps a prompt open; they return ctx.Err() soon after ctx ends. A
// Store is safe for concurrent use. Errors are of type [*Error].
type Store interface {
	// Places lists the stores, user first. It creates nothing.
	Places(ctx context.Context) []Place

	// Entries yields the entries of a location in no particular order. An
	// error is yielded with a zero Entry and does not end the listing: what
	// can be read is. It never prompts and creates nothing.
	Entries(ctx context.Context, loc Location) iter.Seq2[Entry, error]

	// Put adds item to the store name of loc: the certificate and its key
	// together or neither. It fails with [ErrExists] if that store holds the
	// same certificate with the same key already. A certificate that is there
	// without its key, or without the trust that name means, is completed.
	// A key is proven by a signature before Put returns; one that does not
	// fit, or that the system cannot use, is [ErrKey] and leaves nothing.
	Put(ctx context.Context, loc Location, name Name, item Item) error

	// Move moves an entry to another store or location, properties and key
	// included. It fails with [ErrNotPossible] where the target cannot hold
	// the entry.
	Move(ctx context.Context, ref Ref, loc Location, name Name) error

	// Delete removes an entry.
	Delete(ctx context.Context, ref Ref, mode DeleteMode) error

	// Signer returns the private key of an entry for use in place; the key
	// itself never leaves the store. Signer may prompt for a password. An RSA
	// key that makes signatures of PKCS #1 v1.5 only answers to PSS with
	// [errors.ErrUnsupported].
	Signer(ctx context.Context, ref Ref) (crypto.Signer, error)

	// State tells what loc holds of the certificate der and its key.
	State(ctx context.Context, loc Location, der []byte) (State, error)

	// Restore takes away what loc holds of der beyond s, and gives back
	// trust and friendly name as s says. It adds no key. After a crash in
	// the middle of Put it removes the pieces that Put left. A certificate
	// that is gone is added again when s has it.
	Restore(ctx context.Context, loc Location, der []byte, s State) error

	// Close releases what the Store holds. Other methods fail afterwards.
	Close() error
}

// An Overviewer is a Store that can list thousands of entries faster, for
// tables of them and nothing else.
type Overviewer interface {
	// Overview is like Entries. Which store a certificate is in and whether
	// it is trusted is believed without the proof that Entries has for each
	// of them; samples are proven. It calls seen with certificates that it
	// has read before it can tell what stands with them, so that they can be
	// looked at meanwhile; [Entry.Parse] returns the same ones.
	Overview(ctx context.Context, loc Location, seen func(*certificate.Certificate)) iter.Seq2[Entry, error]
}

// A KeyExporter is a Store that can hand out private keys.
type KeyExporter interface {
	// ExportKey returns the private key of an entry as PKCS#8 DER. The
	// caller wipes it. It fails with [ErrNotExportable] if the key was
	// imported as not exportable.
	ExportKey(ctx context.Context, ref Ref) ([]byte, error)
}

// An Acceptor is a Store that can say beforehand whether it would take an
// item.
type Acceptor interface {
	// Accepts returns the error that Put would fail with because of what the
	// item is, such as [ErrKey] for a type of key that the system does not
	// know. It changes nothing and never prompts; [ErrExists] is not its
	// business.
	Accepts(ctx context.Context, loc Location, name Name, item Item) error
}

// A Renamer is a Store that can change an entry's friendly name.
type Renamer interface {
	Rename(ctx context.Context, ref Ref, friendlyName string) error
}

// A Watcher is a Store that tells when its content may have changed.
type Watcher interface {
	// Changes sends a value after each change until ctx ends.
	Changes(ctx context.Context) <-chan struct{}
}

// Options are what [Open] needs to know.
type Options struct {
	// Password is asked for the password of a locked store, named by place;
	// again is true after a wrong answer. It returns [ErrCanceled] when the
	// person gives up. Nil means that nobody can be asked. The right answer
	// is kept until Close and then wiped; a wrong one is wiped at once.
	Password func(ctx context.Context, place string, again bool) ([]byte, error)
	// Getenv replaces os.Getenv; nil means os.Getenv.
	Getenv func(string) string
}
