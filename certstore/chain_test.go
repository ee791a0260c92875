package certstore

import (
	"math/bits"
	"testing"
)

func TestChainProblems(t *testing.T) {
	ids := func(status uint32) string {
		text := ""
		for _, p := range chainProblems(status) {
			text += p.ID + " "
		}
		return text
	}
	for status, want := range map[uint32]string{
		0:                       "",
		0x20 | 1:                "untrusted-root not-time-valid ",
		0x10000:                 "partial-chain ",
		0x1000040:               "revocation-unknown revocation-offline ",
		0x10000000 | 0x20000000: "other ",
	} {
		if got := ids(status); got != want {
			t.Errorf("%#x is %q, want %q", status, got, want)
		}
	}
	seen, names := uint32(0), map[string]bool{}
	for _, s := range trustStatus {
		if bits.OnesCount32(s.bit) != 1 || seen&s.bit != 0 || names[s.problem.ID] {
			t.Errorf("%#x %s is no bit of its own", s.bit, s.problem.ID)
		}
		seen, names[s.problem.ID] = seen|s.bit, true
	}
}
