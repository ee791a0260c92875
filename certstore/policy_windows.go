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

// impossible is why an entry that somebody else provides cannot be changed.
func (e Entry) impossible() error {
	const ask = "No administrator of this computer can change it: ask whoever manages the domain."
	switch e.Provided {
	case ByRegistry:
		return &impossible{"it stands in the registry, and Windows does not give it out", `No program uses it. To get rid of it: reg delete "` + e.Origin + `"`}
	case ByGroupPolicy:
		return &impossible{"a group policy provides it", ask}
	case ByEnterprise:
		return &impossible{"Active Directory provides it, in the store of the enterprise", ask}
	}
	return &impossible{"Windows provides it", "It cannot be changed by hand."}
}

// fixed returns the entry of the store y that somebody else provides.
func (s *windowsStore) fixed(y systemStore, fp certificate.Fingerprint) (Entry, bool) {
	names, list := y.registered(), s.provided(y)
	if own, err := y.own(); err == nil {
		list = append(list, y.unread(names, own)...)
	}
	for _, e := range list {
		if e.Fingerprint() == fp {
			return e, true
		}
	}
	return Entry{}, false
}
