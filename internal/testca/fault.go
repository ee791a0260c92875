package testca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"certdesk/internal/csr"
	"certdesk/internal/finding"
)

// A Fault is something deliberately wrong with a certificate, to see what a
// system says about it.
type Fault string

// A FaultInfo describes a fault.
type FaultInfo struct {
	Fault Fault
	Text  string
	// Findings are the ids of package check that it brings for a purpose with
	// an RSA key, worst first; none where the fault does not exist for the
	// purpose.
	Findings map[csr.Purpose][]string
	apply    func(*draft)
}

// Faults lists the faults. Each brings exactly the findings named: a test
// compares them.
var Faults = []FaultInfo{
	{"no-digital-signature", "Key Usage without Digital Signature: browsers do not offer it", findings("S-01", "C-01 C-01a G-01", "M-01", "X-01 G-01"),
		func(d *draft) { d.usage = x509.KeyUsageKeyEncipherment }},
	{"wrong-eku", "Extended Key Usage for another purpose", findings("S-04", "C-02", "M-04", "X-02"),
		func(d *draft) { d.eku = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }},
	{"any-eku", "Extended Key Usage 'any purpose' only", findings("S-04", "C-03", "M-04", "X-02 X-05"),
		func(d *draft) { d.eku = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }},
	{"no-eku", "no Extended Key Usage", findings("S-04b", "C-04", "", "X-02"), func(d *draft) { d.eku = nil }},
	{"expired", "expired yesterday", findings("C-06", "C-06", "C-06", "C-06"),
		func(d *draft) { d.from, d.to = d.now.AddDate(0, 0, -31), d.now.AddDate(0, 0, -1) }},
	{"not-yet-valid", "valid from tomorrow on", findings("C-06", "C-06", "C-06", "C-06"),
		func(d *draft) { d.from = d.now.AddDate(0, 0, 1) }},
	{"expires-soon", "expires in three days", findings("S-20", "S-20", "S-20", "S-20"),
		func(d *draft) { d.to = d.now.AddDate(0, 0, 3) }},
	{"no-san", "no subjectAltName", findings("S-05", "", "M-05", ""), func(d *draft) { d.names = csr.Names{} }},
	{"wrong-host", "issued for wrong.invalid instead of the name asked for", findings("S-06", "", "", ""),
		func(d *draft) { d.names.DNS, d.names.IP = []string{"wrong.invalid"}, nil }},
	{"long-validity", "valid for 900 days", findings("S-08", "", "", ""), func(d *draft) { d.to = d.now.AddDate(0, 0, 900) }},
	{"ca-certificate", "basicConstraints say CA:TRUE", findings("", "C-11", "", ""), func(d *draft) { d.isCA = true }},
	{"sha1", "signed with SHA-1", findings("S-09", "C-14", "", ""), func(d *draft) { d.sha1 = true }},
	{weakKey, "RSA key of 1024 bits", findings("S-09", "C-15", "", ""), func(d *draft) { d.weak = true }},
	{"unknown-critical", "a critical extension that nobody knows", findings("A-12", "A-12", "A-12", "A-12"), func(d *draft) { d.unknown = true }},
	{"no-chain", "the PFX file comes without the intermediate", findings("S-19", "C-08", "", ""), func(d *draft) { d.bare = true }},
}

// Expected returns the ids of package check that the fault brings for a
// purpose and a kind of key, worst first.
func (f FaultInfo) Expected(p csr.Purpose, key csr.KeyType) []string {
	ids := f.Findings[p]
	if strings.HasPrefix(string(key), "EC ") && slices.Equal(ids, []string{"S-01"}) {
		return []string{"S-02", "S-11"} // the same, of an elliptic curve
	}
	return ids
}

// FaultsFor returns the faults that there are for a purpose.
func FaultsFor(p csr.Purpose) []FaultInfo {
	var fs []FaultInfo
	for _, f := range Faults {
		if f.Findings[p] != nil {
			fs = append(fs, f)
		}
	}
	return fs
}

// FaultsOf returns those of [FaultsFor] that an answer to a request can have:
// its key comes with it.
func FaultsOf(p csr.Purpose) []FaultInfo {
	return slices.DeleteFunc(FaultsFor(p), func(f FaultInfo) bool { return f.Fault == weakKey })
}

const weakKey Fault = "weak-key"

// findings are those of a fault for server, client, email and code, "" where
// it does not exist.
func findings(server, client, email, code string) map[csr.Purpose][]string {
	m := map[csr.Purpose][]string{}
	for p, id := range map[csr.Purpose]string{csr.Server: server, csr.Client: client, csr.Email: email, csr.Code: code} {
		if id != "" {
			m[p] = strings.Fields(id)
		}
	}
	return m
}

// Judged is the purpose that certificates for p are judged for.
func Judged(p csr.Purpose) finding.Purpose {
	return map[csr.Purpose]finding.Purpose{csr.Server: finding.Server, csr.Client: finding.Client, csr.Email: finding.EmailSign, csr.Code: finding.Code}[p]
}

// errFault says that there is no such fault for a profile.
var errFault = errors.New("no such fault")

func faultInfo(f Fault, p csr.Purpose) (FaultInfo, error) {
	var names []string
	for _, info := range Faults {
		if info.Findings[p] == nil {
			continue
		}
		if info.Fault == f {
			return info, nil
		}
		names = append(names, string(info.Fault))
	}
	return FaultInfo{}, fmt.Errorf("fault %s of a %s certificate: %w; there are %s", f, p, errFault, strings.Join(names, ", "))
}

// A draft is a certificate before it is signed.
type draft struct {
	now, from, to time.Time
	usage         x509.KeyUsage
	eku           []x509.ExtKeyUsage
	names         csr.Names
	isCA          bool
	sha1          bool // sign with SHA-1
	weak          bool // RSA 1024
	unknown       bool // an unknown critical extension
	bare          bool // without chain
}
