//go:build linux || darwin

package certstore_test

import (
	"sync"
	"testing"

	"certdesk/certstore"
	"certdesk/certstore/internal/keychain"
	"certdesk/internal/certtest"
)

// refTo names an entry of the user.
func refTo(name certstore.Name, i certtest.Issuer) certstore.Ref {
	return certstore.Ref{Location: certstore.User, Store: name, Fingerprint: i.Fingerprint()}
}

// keepTrust has a library keep trust settings in this process. macOS asks a
// person at each change, which no machine without one can answer; what is
// read back are the very objects that were to be set. They are released at the
// end of the test.
func keepTrust(t *testing.T, l *keychain.Library) {
	type key struct {
		domain uint32
		der    string
	}
	var mu sync.Mutex
	all := map[key][]keychain.Ref{}
	of := func(certificate keychain.Ref, domain uint32) key {
		data := l.SecCertificateCopyData(certificate)
		defer l.CFRelease(data)
		return key{domain, string(l.Bytes(data))}
	}
	copied := func(values []keychain.Ref) keychain.Ref {
		list := append(values[:len(values):len(values)], 0)
		return l.CFArrayCreate(0, &list[0], len(values), l.KCFTypeArrayCallBacks)
	}
	remove := func(k key) {
		for _, r := range all[k] {
			l.CFRelease(r)
		}
		delete(all, k)
	}
	t.Cleanup(func() {
		for k := range all {
			remove(k)
		}
	})
	l.SecTrustSettingsSetTrustSettings = func(certificate keychain.Ref, domain uint32, settings keychain.Ref) keychain.Status {
		mu.Lock()
		defer mu.Unlock()
		k := of(certificate, domain)
		remove(k)
		all[k] = []keychain.Ref{copied(l.Values(settings))}
		return 0
	}
	l.SecTrustSettingsRemoveTrustSettings = func(certificate keychain.Ref, domain uint32) keychain.Status {
		mu.Lock()
		defer mu.Unlock()
		remove(of(certificate, domain))
		return 0
	}
	l.SecTrustSettingsCopyTrustSettings = func(certificate keychain.Ref, domain uint32, settings *keychain.Ref) keychain.Status {
		mu.Lock()
		defer mu.Unlock()
		held := all[of(certificate, domain)]
		if held == nil {
			return keychain.ErrItemNotFound
		}
		*settings = copied(l.Values(held[0]))
		return 0
	}
	l.SecTrustSettingsCopyCertificates = func(domain uint32, certificates *keychain.Ref) keychain.Status {
		mu.Lock()
		defer mu.Unlock()
		pool := l.NewPool()
		defer pool.Drain()
		var list []keychain.Ref
		for k := range all {
			if k.domain == domain {
				list = append(list, pool.Own(l.SecCertificateCreateWithData(0, pool.Data([]byte(k.der)))))
			}
		}
		if len(list) == 0 {
			return keychain.ErrNoTrustSettings
		}
		*certificates = copied(list)
		return 0
	}
}
