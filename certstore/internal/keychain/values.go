package keychain

import (
	"runtime"
	"strings"
	"unsafe"
)

// A Pool holds references until Drain releases each once.
type Pool struct {
	*Library
	refs []Ref
}

// NewPool returns an empty Pool.
func (l *Library) NewPool() *Pool { return &Pool{Library: l} }

// Own gives r to the pool and returns it. NULL is nothing to be released.
func (p *Pool) Own(r Ref) Ref {
	if r != 0 {
		p.refs = append(p.refs, r)
	}
	return r
}

// Drain releases what the pool holds, the newest first.
func (p *Pool) Drain() {
	for i := len(p.refs) - 1; i >= 0; i-- {
		p.CFRelease(p.refs[i])
	}
	p.refs = nil
}

// String makes a CFString that the pool owns.
func (p *Pool) String(s string) Ref {
	b := append([]byte(s), 0) // never empty: its first octet has an address
	defer clear(b)
	r := p.CFStringCreateWithBytes(0, &b[0], len(s), UTF8, false)
	runtime.KeepAlive(b)
	return p.Own(r)
}

// Data makes a CFData with a copy of b that the pool owns.
func (p *Pool) Data(b []byte) Ref {
	octets := append(b[:len(b):len(b)], 0) // never empty: its first octet has an address
	defer clear(octets)                    // a copy of what may be a secret
	r := p.CFDataCreate(0, &octets[0], len(b))
	runtime.KeepAlive(octets)
	return p.Own(r)
}

// Number makes a CFNumber that the pool owns.
func (p *Pool) Number(n int32) Ref { return p.Own(p.CFNumberCreate(0, NumberSInt32, &n)) }

// Array makes a CFArray that the pool owns.
func (p *Pool) Array(values ...Ref) Ref {
	list := append(values[:len(values):len(values)], 0)
	r := p.CFArrayCreate(0, &list[0], len(values), p.KCFTypeArrayCallBacks)
	runtime.KeepAlive(list)
	return p.Own(r)
}

// Dictionary makes a CFDictionary of keys and values in turn that the pool
// owns.
func (p *Pool) Dictionary(pairs ...Ref) Ref {
	keys, values := make([]Ref, len(pairs)/2+1), make([]Ref, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		keys[i/2], values[i/2] = pairs[i], pairs[i+1]
	}
	r := p.CFDictionaryCreate(0, &keys[0], &values[0], len(pairs)/2, p.KCFTypeDictionaryKeyCallBacks, p.KCFTypeDictionaryValueCallBacks)
	runtime.KeepAlive(keys)
	runtime.KeepAlive(values)
	return p.Own(r)
}

// Bytes returns a copy of a CFData, nil if r is something else.
func (l *Library) Bytes(r Ref) []byte {
	if r == 0 || l.CFGetTypeID(r) != l.CFDataGetTypeID() {
		return nil
	}
	n := l.CFDataGetLength(r)
	if n <= 0 {
		return nil
	}
	address := l.CFDataGetBytePtr(r)
	b := make([]byte, n)
	copy(b, unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&address))), n))
	return b
}

// Text returns a CFString, "" if r is something else.
func (l *Library) Text(r Ref) string {
	if r == 0 || l.CFGetTypeID(r) != l.CFStringGetTypeID() {
		return ""
	}
	data := l.CFStringCreateExternalRepresentation(0, r, UTF8, '?')
	if data == 0 {
		return ""
	}
	defer l.CFRelease(data)
	return strings.ToValidUTF8(string(l.Bytes(data)), "?")
}

// Int returns a CFNumber; ok is false if r is something else.
func (l *Library) Int(r Ref) (n int32, ok bool) {
	if r == 0 || l.CFGetTypeID(r) != l.CFNumberGetTypeID() {
		return 0, false
	}
	ok = l.CFNumberGetValue(r, NumberSInt32, &n)
	return n, ok
}

// Bool returns a CFBoolean, or a CFNumber as C does; ok is false if r is
// something else.
func (l *Library) Bool(r Ref) (value, ok bool) {
	if n, ok := l.Int(r); ok {
		return n != 0, true
	}
	if r == 0 || l.CFGetTypeID(r) != l.CFBooleanGetTypeID() {
		return false, false
	}
	return l.CFBooleanGetValue(r), true
}

// Values returns the elements of a CFArray, borrowed; none if r is something
// else.
func (l *Library) Values(r Ref) []Ref {
	if r == 0 || l.CFGetTypeID(r) != l.CFArrayGetTypeID() {
		return nil
	}
	list := make([]Ref, max(l.CFArrayGetCount(r), 0))
	for i := range list {
		list[i] = l.CFArrayGetValueAtIndex(r, i)
	}
	return list
}

// Value returns the value of key in a CFDictionary, borrowed; NULL if it is
// not there or r is something else.
func (l *Library) Value(r, key Ref) Ref {
	if r == 0 || l.CFGetTypeID(r) != l.CFDictionaryGetTypeID() {
		return 0
	}
	return l.CFDictionaryGetValue(r, key)
}
