package certstore

import "context"

// A ChainChecker is a Store whose system builds and judges chains itself, as
// the programs that use it will.
type ChainChecker interface {
	// CheckChain returns what the system says of the chain of the certificate
	// der for programs that use loc; extra are certificates to build it from,
	// such as the rest of a file. Revocation is not asked for. It fetches
	// nothing from the network and never prompts.
	CheckChain(ctx context.Context, loc Location, der []byte, extra [][]byte) (ChainStatus, error)
}

// A ChainStatus is a system's judgement of a chain.
type ChainStatus struct {
	System   string         // who says so: "Windows"
	Problems []ChainProblem // of the whole chain; none: it is trusted
	Links    []ChainLink    // leaf first
}

// Trusted reports whether the system accepts the chain.
func (s ChainStatus) Trusted() bool { return len(s.Problems) == 0 }

// A ChainLink is one certificate of a chain.
type ChainLink struct {
	DER      []byte
	Problems []ChainProblem
}

// A ChainProblem is one reason not to accept a chain or a certificate of it.
type ChainProblem struct {
	ID   string // stable: "untrusted-root", "partial-chain", ...
	Text string // a full sentence
}

// trustStatus are the bits of CERT_TRUST_STATUS.dwErrorStatus, wincrypt.h,
// worst first.
var trustStatus = []struct {
	bit     uint32
	problem ChainProblem
}{
	{0x04000000, ChainProblem{"explicit-distrust", "It is among the untrusted certificates."}},
	{0x00000004, ChainProblem{"revoked", "It is revoked."}},
	{0x00000008, ChainProblem{"bad-signature", "Its signature does not verify."}},
	{0x00000020, ChainProblem{"untrusted-root", "The chain ends at a root that is not trusted."}},
	{0x00010000, ChainProblem{"partial-chain", "An issuer is missing, so the chain does not reach a root."}},
	{0x00000001, ChainProblem{"not-time-valid", "It has expired or is not valid yet."}},
	{0x00000080, ChainProblem{"cyclic", "The certificates issue each other in a circle."}},
	{0x00000400, ChainProblem{"basic-constraints", "A certificate that is no CA, or has too many CAs below it, issued another."}},
	{0x00000010, ChainProblem{"wrong-usage", "It may not be used for this purpose."}},
	{0x00000100, ChainProblem{"invalid-extension", "It has an extension that is not valid."}},
	{0x08000000, ChainProblem{"critical-extension", "It has a critical extension that Windows does not know."}},
	{0x00000200, ChainProblem{"policy-constraints", "Its policy constraints are violated."}},
	{0x00000800, ChainProblem{"name-constraints", "Its name constraints are not valid."}},
	{0x00001000, ChainProblem{"name-constraint-unsupported", "It has a name constraint that Windows does not support."}},
	{0x00002000, ChainProblem{"name-constraint-undefined", "A name in it is of a kind that the issuer's name constraints do not define."}},
	{0x00004000, ChainProblem{"name-not-permitted", "A name in it is not permitted by the issuer's name constraints."}},
	{0x00008000, ChainProblem{"name-excluded", "A name in it is excluded by the issuer's name constraints."}},
	{0x02000000, ChainProblem{"no-issuance-policy", "There is no issuance policy in the chain."}},
	{0x00100000, ChainProblem{"weak-signature", "It is signed with an algorithm that Windows calls weak."}},
	{0x00020000, ChainProblem{"ctl-not-time-valid", "The certificate trust list is not valid now."}},
	{0x00040000, ChainProblem{"ctl-bad-signature", "The certificate trust list's signature does not verify."}},
	{0x00080000, ChainProblem{"ctl-wrong-usage", "The certificate trust list may not be used for this."}},
	{0x00000040, ChainProblem{"revocation-unknown", "Whether it is revoked is not known."}},
	{0x01000000, ChainProblem{"revocation-offline", "The revocation list could not be read."}},
}

// chainProblems translates error bits; bits without a name are one problem.
func chainProblems(bits uint32) []ChainProblem {
	var list []ChainProblem
	for _, s := range trustStatus {
		if bits&s.bit != 0 {
			list, bits = append(list, s.problem), bits&^s.bit
		}
	}
	if bits != 0 {
		list = append(list, ChainProblem{"other", "Windows gives a reason that has no name here."})
	}
	return list
}
