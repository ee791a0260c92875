package online

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// contextFields returns the context-specific tags of a SEQUENCE, those of
// BOOLEAN fields only when they are true.
func contextFields(der []byte) []int {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil
	}
	var out []int
	for !seq.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !seq.ReadAnyASN1(&value, &tag) {
			break
		}
		if len(value) == 1 && value[0] == 0 {
			continue
		}
		out = append(out, int(tag)&0x1f)
	}
	return out
}
