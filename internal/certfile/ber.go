package certfile

import (
	"bytes"
	"errors"
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Bounds of one BER element. A PKCS#12 file of any known program nests less
// than 30 deep; asn1-ber keeps a copy of the content at each level, about 300
// bytes a node, so both are limited before it sees anything.
const (
	maxDepth = 48
	maxNodes = 1 << 20            // of one element that is only split
	maxTree  = 1 << 17            // of one element that asn1-ber reads
	maxCopy  = 12 * MaxSize       // bytes that asn1-ber may copy, the sum over all levels
	lengthOf = 8                  // octets of a length, at most (X.690 section 8.1.3.5)
	indef    = int(^uint(0) >> 1) // end of an element of indefinite length
)

// An extent is what a walk over one element tells about it.
type extent struct {
	size  int  // tag, length, content and end-of-contents octets
	nodes int  // elements in it, itself included
	copy  int  // sum of the sizes of all nodes
	ber   bool // not DER: an indefinite or padded length, a string in pieces
}

// errTruncated says that an element is longer than its data.
type errTruncated struct{ have, want int } // want is 0 for an indefinite length

func (e errTruncated) Error() string {
	if e.want == 0 {
		return fmt.Sprintf("truncated after %d bytes", e.have)
	}
	return fmt.Sprintf("truncated: %d of %d bytes", e.have, e.want)
}

var (
	errMalformed = errors.New("malformed ASN.1")
	errTooDeep   = errors.New("nested too deeply")
	errTooMany   = errors.New("too many elements")
)

// A header is tag and length of an element (X.690 section 8.1).
type header struct {
	id     byte // class and constructed bits, and the number of a low tag
	size   int  // octets of the header
	length int  // octets of the content; -1: indefinite
	padded bool // the length is longer than DER allows
}

func (h header) constructed() bool { return h.id&0x20 != 0 }

// readHeader reads the header at the start of data.
func readHeader(data []byte) (header, error) {
	short := errTruncated{have: len(data)}
	if len(data) < 2 {
		return header{}, short
	}
	h := header{id: data[0], size: 1}
	if h.id&0x1f == 0x1f { // high tag number
		for more := true; more; h.size++ {
			if h.size > lengthOf {
				return h, errMalformed
			}
			if h.size >= len(data) {
				return h, short
			}
			more = data[h.size]&0x80 != 0
		}
	}
	if h.size >= len(data) {
		return h, short
	}
	first := data[h.size]
	h.size++
	switch {
	case first < 0x80:
		h.length = int(first)
		return h, nil
	case first == 0x80:
		h.length, h.padded = -1, true
		if !h.constructed() {
			return h, errMalformed
		}
		return h, nil
	}
	n := int(first & 0x7f)
	if n > lengthOf {
		return h, errMalformed
	}
	if len(data) < h.size+n {
		return h, short
	}
	length := uint64(0)
	for _, b := range data[h.size : h.size+n] {
		length = length<<8 | uint64(b)
	}
	h.size += n
	h.padded = length < 0x80 || length>>(8*(n-1)) == 0
	h.length = int(min(length, 1<<30)) // longer than any file
	return h, nil
}

// measure walks over the first element of data, without recursion.
func measure(data []byte) (extent, error) {
	var x extent
	ends := make([]int, 0, maxDepth)   // where the open elements end
	starts := make([]int, 0, maxDepth) // and where they began
	limit, closed := len(data), false  // the end of the innermost one of definite length
	for {
		h, err := readHeader(data[x.size:limit])
		if _, short := err.(errTruncated); short && !closed {
			return x, errTruncated{have: len(data)}
		}
		if err != nil {
			return x, errMalformed
		}
		start := x.size
		x.size += h.size
		x.nodes++
		x.ber = x.ber || h.padded || h.constructed() && stringTag(h.id)
		switch {
		case x.nodes > maxNodes:
			return x, errTooMany
		case h.id == 0 && h.length == 0 && len(ends) > 0 && ends[len(ends)-1] == indef:
			ends[len(ends)-1] = x.size // end-of-contents
		case h.length > limit-x.size && closed:
			return x, errMalformed // longer than what it is in
		case h.length > limit-x.size:
			return x, errTruncated{len(data), x.size + h.length}
		case h.constructed():
			if len(ends) == maxDepth {
				return x, errTooDeep
			}
			end := indef
			if h.length >= 0 {
				end = x.size + h.length
			}
			ends, starts = append(ends, end), append(starts, start)
		default:
			x.size += h.length
			x.copy += h.size + h.length
		}
		for len(ends) > 0 && ends[len(ends)-1] == x.size {
			x.copy += x.size - starts[len(starts)-1]
			ends, starts = ends[:len(ends)-1], starts[:len(starts)-1]
		}
		if len(ends) == 0 {
			return x, nil
		}
		limit, closed = innermost(ends, len(data))
	}
}

// innermost returns the smallest end of the open elements: definite lengths
// shrink inwards, so it is the last of them. Without one it is size, the end
// of what there is, and closed is false.
func innermost(ends []int, size int) (limit int, closed bool) {
	for i := len(ends) - 1; i >= 0; i-- {
		if ends[i] != indef {
			return ends[i], true
		}
	}
	return size, false
}

// stringTag reports whether id is a string type, which DER does not split.
func stringTag(id byte) bool {
	n := id & 0x1f
	return id&0xc0 == 0 && n != 0x10 && n != 0x11 && n != 0x08 && n != 0x0b
}

// split cuts the first element of data, which must be constructed, into the
// elements of its content. They are parts of data, not copies.
func split(data []byte) ([][]byte, error) {
	x, err := measure(data)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(data)
	if err != nil || !h.constructed() {
		return nil, errMalformed
	}
	in := data[h.size:x.size]
	if h.length < 0 {
		in = in[:len(in)-2]
	}
	var parts [][]byte
	for len(in) > 0 {
		x, err := measure(in)
		if err != nil {
			return nil, err
		}
		parts = append(parts, in[:x.size])
		in = in[x.size:]
	}
	return parts, nil
}

// first returns the first element of data and the number of bytes after it.
func first(data []byte) ([]byte, extent, error) {
	x, err := measure(data)
	if err != nil {
		return nil, x, err
	}
	return data[:x.size], x, nil
}

// content returns the content octets of the first element of data when that is
// primitive, or of definite length.
func content(data []byte) []byte {
	h, err := readHeader(data)
	if err != nil || h.length < 0 || len(data) < h.size+h.length {
		return nil
	}
	return data[h.size : h.size+h.length]
}

// decode reads the first element of data with asn1-ber.
func decode(data []byte) (*ber.Packet, error) {
	el, x, err := first(data)
	if err != nil {
		return nil, err
	}
	if x.nodes > maxTree || x.copy > maxCopy {
		return nil, errTooMany
	}
	p, err := ber.DecodePacketErr(el)
	if err != nil {
		return nil, errMalformed
	}
	return p, nil
}

// is reports whether p is there, of the universal tag and constructed or not.
func is(p *ber.Packet, tag ber.Tag) bool {
	if p == nil || p.ClassType != ber.ClassUniversal || p.Tag != tag {
		return false
	}
	constructed := tag == ber.TagSequence || tag == ber.TagSet
	return tag == ber.TagOctetString || (p.TagType == ber.TypeConstructed) == constructed
}

// isContext reports whether p is there and has the context-specific tag n.
func isContext(p *ber.Packet, n ber.Tag) bool {
	return p != nil && p.ClassType == ber.ClassContext && p.Tag == n
}

// child returns the i-th child of p, nil if there is none.
func child(p *ber.Packet, i int) *ber.Packet {
	if p == nil || i >= len(p.Children) {
		return nil
	}
	return p.Children[i]
}

// explicit returns what the explicit tag [n] in p wraps.
func explicit(p *ber.Packet, n ber.Tag) *ber.Packet {
	if !isContext(p, n) || len(p.Children) != 1 {
		return nil
	}
	return p.Children[0]
}

// octets returns the content of an OCTET STRING, or of an implicitly tagged
// one, its pieces joined (X.690 section 8.7.3).
func octets(p *ber.Packet) ([]byte, bool) {
	if !is(p, ber.TagOctetString) && (p == nil || p.ClassType != ber.ClassContext) {
		return nil, false
	}
	if p.TagType == ber.TypePrimitive {
		return p.Data.Bytes(), true
	}
	var out bytes.Buffer
	for _, c := range p.Children {
		part, ok := octets(c)
		if !ok || c.ClassType != ber.ClassUniversal {
			return nil, false
		}
		out.Write(part)
	}
	return out.Bytes(), true
}

// integer returns a non-negative INTEGER; one too large for an int64 is the
// largest int64.
func integer(p *ber.Packet) (int64, bool) {
	if !is(p, ber.TagInteger) {
		return 0, false
	}
	b := p.Data.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		return 0, false
	}
	n := int64(0)
	for _, c := range b {
		if n > 1<<54 {
			return 1<<63 - 1, true
		}
		n = n<<8 | int64(c)
	}
	return n, true
}

// oid returns an OBJECT IDENTIFIER in dotted form, "" for anything else.
func oid(p *ber.Packet) string {
	if !is(p, ber.TagObjectIdentifier) {
		return ""
	}
	s, _ := p.Value.(string)
	return s
}

// toDER returns p with definite lengths, its OCTET STRINGs in one piece. What
// is in an OCTET STRING stays as it is.
func toDER(p *ber.Packet) []byte {
	if p.TagType == ber.TypePrimitive {
		return p.Bytes()
	}
	d := &ber.Packet{Identifier: p.Identifier, Data: new(bytes.Buffer)}
	if b, ok := octets(p); ok && is(p, ber.TagOctetString) {
		d.TagType = ber.TypePrimitive
		d.Data.Write(b)
		return d.Bytes()
	}
	for _, c := range p.Children {
		d.Data.Write(toDER(c))
	}
	return d.Bytes()
}
