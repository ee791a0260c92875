package nss

import (
	"encoding/binary"
	"strconv"
)

// An Attribute is a CK_ATTRIBUTE.
type Attribute struct {
	Type  uint
	Value []byte
}

// A Handle is a CK_OBJECT_HANDLE, valid in the slot it came from.
type Handle uint

// ulongSize is the size of CK_ULONG in bytes.
const ulongSize = strconv.IntSize / 8

// Bytes returns an attribute with the value v.
func Bytes(t uint, v []byte) Attribute { return Attribute{t, v} }

// Text returns an attribute with a string value.
func Text(t uint, v string) Attribute { return Attribute{t, []byte(v)} }

// Bool returns an attribute with a CK_BBOOL value.
func Bool(t uint, v bool) Attribute {
	if v {
		return Attribute{t, []byte{1}}
	}
	return Attribute{t, []byte{0}}
}

// Ulong returns an attribute with a CK_ULONG value.
func Ulong(t, v uint) Attribute { return Attribute{t, ulong(v)} }

func ulong(v uint) []byte {
	if ulongSize == 4 {
		return binary.NativeEndian.AppendUint32(nil, uint32(v))
	}
	return binary.NativeEndian.AppendUint64(nil, uint64(v))
}

// ParseUlong returns the value of a CK_ULONG attribute; ok is false when it
// has another size.
func ParseUlong(v []byte) (n uint, ok bool) {
	if len(v) != ulongSize {
		return 0, false
	}
	if ulongSize == 4 {
		return uint(binary.NativeEndian.Uint32(v)), true
	}
	return uint(binary.NativeEndian.Uint64(v)), true
}

// PSSParams returns the CK_RSA_PKCS_PSS_PARAMS of hash (a CKM), mask
// generation function (a CKG) and salt length in bytes.
func PSSParams(hash, mgf, saltLength uint) []byte {
	return append(append(ulong(hash), ulong(mgf)...), ulong(saltLength)...)
}
