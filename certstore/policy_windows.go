package certstore

import (
	"golang.org/x/sys/windows"

	"certdesk/internal/certificate"
)

// A policy is where Windows keeps certificates of a location that others than
// its administrator put there.
type policy struct {
	location uint32
	by       Provided
	physical string // Windows' name of the physical store
}

var policies = map[Location][]policy{
	User: {{windows.CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY, ByGroupPolicy, ".GroupPolicy"}},
	Machine: {
		{windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY, ByGroupPolicy, ".GroupPolicy"},
		{windows.CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE, ByEnterprise, ".Enterprise"},
	},
}

// provided returns what policies add to the store y: programs see it as if it
// were the store's own.
func (s *windowsStore) provided(y systemStore) []Entry {
	var list []Entry
	for _, p := range policies[y.loc] {
		from := y
		from.from = p.location
		held, _ := from.own() // most computers have none; what cannot be read here is seen through the store
		for _, e := range held {
			in := s.entry(e, true)
			in.Provided, in.Origin = p.by, y.path()+`\`+p.physical
			list = append(list, in)
		}
	}
	return list
}

// impossible is why what a policy provides cannot be changed.
func (p Provided) impossible() error {
	const ask = "No administrator of this computer can change it: ask whoever manages the domain."
	switch p {
	case ByGroupPolicy:
		return &impossible{"a group policy provides it", ask}
	case ByEnterprise:
		return &impossible{"Active Directory provides it, in the store of the enterprise", ask}
	}
	return &impossible{"Windows provides it", "It cannot be changed by hand."}
}

// providedBy returns who provides a certificate in the store y, "" for nobody.
func (s *windowsStore) providedBy(y systemStore, fp certificate.Fingerprint) Provided {
	for _, e := range s.provided(y) {
		if e.Fingerprint() == fp {
			return e.Provided
		}
	}
	return ""
}
