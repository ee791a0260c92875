package certstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"sync"

	"certdesk/internal/certificate"
)

// A memory is a Store that forgets everything at the end of the process.
type memory struct {
	mu        sync.Mutex
	locations map[Location]*pile
	closed    bool
	watchers  []chan struct{}
}

// A pile is what one location of a memory holds.
type pile struct {
	certificates []*memoryCertificate
	keys         map[string]*memoryKey // by KeyID
}

type memoryCertificate struct {
	*certificate.Certificate
	label string
	trust Name   // Root, TrustedPeople, Disallowed or ""
	id    []byte // what its key is found by, where that is not its own KeyID
}

type memoryKey struct {
	pkcs8      []byte
	signer     crypto.Signer
	exportable bool
	container  string // of a generated key
	descriptor []byte // who may use it; nil until somebody asks
}

// NewMemory returns an empty Store that keeps everything in memory, for the
// tests of what is built on a Store. It derives stores as Linux does, and
// knows the keys that crypto/x509 knows.
func NewMemory() Store {
	return &memory{locations: map[Location]*pile{
		User:    {keys: map[string]*memoryKey{}},
		Machine: {keys: map[string]*memoryKey{}},
	}}
}

func (m *memory) Places(ctx context.Context) []Place {
	var list []Place
	for _, loc := range []Location{User, Machine} {
		for _, n := range []Name{My, CA, Root, People, TrustedPeople, Disallowed} {
			list = append(list, Place{Location: loc, Name: n, Path: "memory"})
		}
	}
	return list
}

func (m *memory) Entries(ctx context.Context, loc Location) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var list []Entry
		err := m.do(ctx, loc, func(p *pile) error {
			for _, c := range p.certificates {
				e := Entry{
					Location: loc, Store: p.store(c), DER: c.Raw, FriendlyName: c.label,
					Key: KeyNone, Trusted: c.trust == Root || c.trust == TrustedPeople && c.SelfSigned(), Origin: "memory",
				}
				if k := p.keys[string(c.KeyID())]; k != nil {
					e.Key, e.Exportable = KeyPresent, k.exportable
				}
				list = append(list, e)
			}
			return nil
		})
		if err != nil {
			yield(Entry{}, &Error{Op: "list", Location: loc, Err: err})
		}
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) Put(ctx context.Context, loc Location, name Name, item Item) error {
	c := certificate.Parse(item.DER)
	err := m.do(ctx, loc, func(p *pile) error { return p.put(c, name, item) })
	return m.done("put", Ref{Location: loc, Store: name}, c, err)
}

func (p *pile) put(c *certificate.Certificate, name Name, item Item) error {
	if len(c.SerialNumber) == 0 || len(c.RawIssuer) == 0 || len(c.RawSubject) == 0 {
		return &impossible{"it is not a certificate", ""}
	}
	id := string(c.KeyID())
	if err := holds(name, c, item.Key != nil || p.keys[id] != nil); err != nil {
		return err
	}
	if item.Key != nil && name != My {
		return &impossible{"with its private key it would be Personal", ""}
	}
	if err := unprotected(item); item.Key != nil && err != nil {
		return err
	}
	var key *memoryKey
	if item.Key != nil && p.keys[id] == nil {
		var err error
		if key, err = newMemoryKey(c, item); err != nil {
			return err
		}
	}
	old := p.find(c.Raw)
	var t Name
	if name == Root || name == TrustedPeople || name == Disallowed {
		t = name
	}
	if old != nil {
		if old.trust == Disallowed && name != Disallowed && name != My {
			return &impossible{"it is among the untrusted certificates", ""}
		}
		if key == nil && (t == "" || t == old.trust) {
			return ErrExists
		}
		if key != nil {
			old.id = nil
		}
		if t != "" {
			old.trust = t
		}
	} else {
		p.certificates = append(p.certificates, &memoryCertificate{Certificate: certificate.Parse(bytes.Clone(c.Raw)), label: p.label(c, item.FriendlyName), trust: t})
	}
	if key != nil {
		p.keys[id] = key
	}
	return nil
}

func newMemoryKey(c *certificate.Certificate, item Item) (*memoryKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(item.Key)
	if err != nil {
		return nil, &because{ErrKey, err}
	}
	public, err := c.PublicKey()
	if err != nil {
		return nil, &because{ErrKey, err}
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		if key.PublicKey.Equal(public) {
			return &memoryKey{pkcs8: bytes.Clone(item.Key), signer: key, exportable: item.Exportable}, nil
		}
	case *ecdsa.PrivateKey:
		if key.PublicKey.Equal(public) {
			return &memoryKey{pkcs8: bytes.Clone(item.Key), signer: key, exportable: item.Exportable}, nil
		}
	default:
		return nil, &because{ErrKey, errors.New("key type " + c.KeyType() + " is not supported")}
	}
	return nil, &because{ErrKey, errors.New("it does not belong to the certificate")}
}

// label chooses a friendly name: the one asked for, that of an older
// certificate of the subject, or the common name.
func (p *pile) label(c *certificate.Certificate, wanted string) string {
	if wanted != "" {
		return wanted
	}
	for _, o := range p.certificates {
		if bytes.Equal(o.RawSubject, c.RawSubject) {
			return o.label
		}
	}
	return c.CommonName()
}

func (p *pile) find(der []byte) *memoryCertificate {
	for _, c := range p.certificates {
		if bytes.Equal(c.Raw, der) {
			return c
		}
	}
	return nil
}

func (p *pile) store(c *memoryCertificate) Name {
	return kind{
		key:        p.keys[string(c.KeyID())] != nil,
		distrusted: c.trust == Disallowed, anchor: c.trust == Root, trusted: c.trust == TrustedPeople,
	}.store(c.Certificate)
}

// shared reports whether another certificate has the key of c.
func (p *pile) shared(c *certificate.Certificate) bool {
	return slices.ContainsFunc(p.certificates, func(o *memoryCertificate) bool {
		return bytes.Equal(o.KeyID(), c.KeyID()) && !bytes.Equal(o.Raw, c.Raw)
	})
}

func (p *pile) remove(c *certificate.Certificate, key bool) {
	if key && !p.shared(c) {
		delete(p.keys, string(c.KeyID()))
	}
	p.certificates = slices.DeleteFunc(p.certificates, func(o *memoryCertificate) bool { return bytes.Equal(o.Raw, c.Raw) })
}

func (m *memory) Move(ctx context.Context, ref Ref, loc Location, name Name) error {
	return m.with(ctx, "move", ref, func(p *pile, c *memoryCertificate) error {
		if ref.Location == loc && ref.Store == name {
			return ErrExists
		}
		if err := movable(ref.Store, name, c.Certificate); err != nil {
			return err
		}
		if ref.Location == loc {
			c.trust = ""
			if name == Root || name == TrustedPeople || name == Disallowed {
				c.trust = name
			}
			return nil
		}
		to, ok := m.locations[loc]
		if !ok {
			return &impossible{"there is no such location", ""}
		}
		item := Item{DER: c.Raw, FriendlyName: c.label}
		if k := p.keys[string(c.KeyID())]; k != nil {
			if !k.exportable {
				return ErrNotExportable
			}
			item.Key, item.Exportable = k.pkcs8, k.exportable
		}
		if err := to.put(c.Certificate, name, item); err != nil && !errors.Is(err, ErrExists) {
			return err
		}
		if name == My {
			to.find(c.Raw).trust = c.trust
		}
		p.remove(c.Certificate, true)
		return nil
	})
}

func (m *memory) Delete(ctx context.Context, ref Ref, mode DeleteMode) error {
	return m.with(ctx, "delete", ref, func(p *pile, c *memoryCertificate) error {
		p.remove(c.Certificate, mode == DeleteAll)
		return nil
	})
}

func (m *memory) Signer(ctx context.Context, ref Ref) (signer crypto.Signer, err error) {
	err = m.with(ctx, "sign", ref, func(p *pile, c *memoryCertificate) error {
		k := p.keys[string(c.KeyID())]
		if k == nil {
			return &because{ErrNotFound, errors.New("there is no private key")}
		}
		signer = k.signer
		return nil
	})
	return signer, err
}

func (m *memory) ExportKey(ctx context.Context, ref Ref) (key []byte, err error) {
	err = m.with(ctx, "export", ref, func(p *pile, c *memoryCertificate) error {
		switch k := p.keys[string(c.KeyID())]; {
		case k == nil:
			return &because{ErrNotFound, errors.New("there is no private key")}
		case !k.exportable:
			return ErrNotExportable
		default:
			key = bytes.Clone(k.pkcs8)
			return nil
		}
	})
	return key, err
}

func (m *memory) Rename(ctx context.Context, ref Ref, friendlyName string) error {
	return m.with(ctx, "rename", ref, func(p *pile, c *memoryCertificate) error {
		for _, o := range p.certificates {
			if o.label == friendlyName && !bytes.Equal(o.RawSubject, c.RawSubject) {
				return ErrNameInUse
			}
		}
		c.label = friendlyName
		return nil
	})
}

func (m *memory) State(ctx context.Context, loc Location, der []byte) (st State, err error) {
	c := certificate.Parse(der)
	err = m.do(ctx, loc, func(p *pile) error {
		st = State{Key: p.keys[string(c.KeyID())] != nil, KeyShared: p.shared(c)}
		if st.Key {
			st.Exportable = p.keys[string(c.KeyID())].exportable
		}
		if o := p.find(der); o != nil {
			st.Certificate, st.Store, st.FriendlyName, st.Trust = true, p.store(o), o.label, string(o.trust)
		}
		return nil
	})
	return st, m.done("list", Ref{Location: loc}, c, err)
}

func (m *memory) Restore(ctx context.Context, loc Location, der []byte, st State) error {
	c := certificate.Parse(der)
	err := m.do(ctx, loc, func(p *pile) error {
		if !st.Key && !p.shared(c) {
			delete(p.keys, string(c.KeyID()))
		}
		if !st.Certificate {
			p.remove(c, false)
		} else if o := p.find(der); o != nil {
			o.label, o.trust = st.FriendlyName, Name(st.Trust)
		} else {
			p.certificates = append(p.certificates, &memoryCertificate{Certificate: c, label: st.FriendlyName, trust: Name(st.Trust)})
		}
		if st.Key && p.keys[string(c.KeyID())] == nil {
			return &because{ErrNotFound, errors.New("the private key is gone and cannot be given back")}
		}
		return nil
	})
	return m.done("restore", Ref{Location: loc, Store: st.Store}, c, err)
}

// Changes implements [Watcher].
func (m *memory) Changes(ctx context.Context) <-chan struct{} {
	ch := make(chan struct{}, 1)
	m.mu.Lock()
	m.watchers = append(m.watchers, ch)
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers = slices.DeleteFunc(m.watchers, func(c chan struct{}) bool { return c == ch })
		close(ch)
	})
	return ch
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// do runs f on a location, one at a time.
func (m *memory) do(ctx context.Context, loc Location, f func(*pile) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch p := m.locations[loc]; {
	case ctx.Err() != nil:
		return ctx.Err()
	case m.closed:
		return errors.New("the store was closed")
	case p == nil:
		return &impossible{"there is no such location", ""}
	default:
		return f(p)
	}
}

// with runs f on the entry that ref names.
func (m *memory) with(ctx context.Context, op string, ref Ref, f func(*pile, *memoryCertificate) error) error {
	var c *certificate.Certificate
	err := m.do(ctx, ref.Location, func(p *pile) error {
		for _, o := range p.certificates {
			if o.Fingerprint() == ref.Fingerprint && p.store(o) == ref.Store {
				c = o.Certificate
				return f(p, o)
			}
		}
		return ErrNotFound
	})
	return m.done(op, ref, c, err)
}

// done gives err a home, and tells the watchers when there is none.
func (m *memory) done(op string, ref Ref, c *certificate.Certificate, err error) error {
	if err != nil {
		e := &Error{Op: op, Location: ref.Location, Store: ref.Store, Err: err}
		if c != nil {
			e.Subject = c.Subject().String()
		}
		if i, ok := errors.AsType[*impossible](err); ok {
			e.Advise = i.advice
		}
		return e
	}
	if op == "list" || op == "sign" || op == "export" || op == "permissions" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ch := range m.watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
	return nil
}

// LooseKeys implements [KeyLister].
func (m *memory) LooseKeys(ctx context.Context, loc Location) ([]LooseKey, error) {
	var keys []LooseKey
	err := m.do(ctx, loc, func(p *pile) error {
		for id := range p.keys {
			if !slices.ContainsFunc(p.certificates, func(c *memoryCertificate) bool { return string(c.KeyID()) == id || string(c.Certificate.KeyID()) == id }) {
				keys = append(keys, LooseKey{Location: loc, ID: hex.EncodeToString([]byte(id)), Path: "memory"})
			}
		}
		return nil
	})
	slices.SortFunc(keys, func(a, b LooseKey) int { return cmp.Compare(a.ID, b.ID) })
	return keys, err
}
