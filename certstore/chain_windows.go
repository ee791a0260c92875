package certstore

import (
	"bytes"
	"context"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"

	"certdesk/certstore/internal/wincrypt"
	"certdesk/internal/certificate"
)

var _ ChainChecker = (*windowsStore)(nil)

// CheckChain asks a fresh engine each time: the one that Windows keeps does
// not see what was added since it first looked.
func (s *windowsStore) CheckChain(ctx context.Context, loc Location, der []byte, extra [][]byte) (ChainStatus, error) {
	var st ChainStatus
	err := s.during(ctx, "check", Ref{Location: loc}, func() (_ *certificate.Certificate, err error) {
		c := certificate.Parse(der)
		if len(der) == 0 {
			return c, &impossible{"it is not a certificate", ""}
		}
		var roots [][]byte
		if s.prefix != "" { // tests: issuers and roots are where Windows does not look
			for _, from := range []Location{Machine, loc} {
				all, err := s.all(from)
				if err != nil {
					return c, err
				}
				for _, e := range all {
					if extra = append(extra, e.Raw); e.store.name == Root {
						roots = append(roots, e.Raw)
					}
				}
			}
		}
		st, err = checkChain(loc, der, extra)
		st.trust(roots)
		return c, err
	})
	return st, err
}

// trust takes back that the chain's root is not trusted if it is one of roots.
func (s *ChainStatus) trust(roots [][]byte) {
	n := len(s.Links)
	if n == 0 || !slices.ContainsFunc(roots, func(r []byte) bool { return bytes.Equal(r, s.Links[n-1].DER) }) {
		return
	}
	untrusted := func(p ChainProblem) bool { return p.ID == "untrusted-root" }
	s.Problems = slices.DeleteFunc(s.Problems, untrusted)
	s.Links[n-1].Problems = slices.DeleteFunc(s.Links[n-1].Problems, untrusted)
}

func checkChain(loc Location, der []byte, extra [][]byte) (ChainStatus, error) {
	flags := uint32(wincrypt.CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL)
	if loc == Machine {
		flags |= wincrypt.CERT_CHAIN_USE_LOCAL_MACHINE_STORE
	}
	engine, err := wincrypt.CertCreateCertificateChainEngine(flags)
	if err != nil {
		return ChainStatus{}, err
	}
	defer wincrypt.CertFreeCertificateChainEngine(engine)
	memory, err := windows.CertOpenStore(windows.CERT_STORE_PROV_MEMORY, 0, 0, 0, 0)
	if err != nil {
		return ChainStatus{}, wincrypt.Wrap("CertOpenStore", err)
	}
	defer func() { _ = windows.CertCloseStore(memory, 0) }()
	for _, x := range extra {
		addTo(memory, x)
	}
	leaf, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &der[0], uint32(len(der)))
	if err != nil {
		return ChainStatus{}, wincrypt.Wrap("CertCreateCertificateContext", err)
	}
	defer func() { _ = windows.CertFreeCertificateContext(leaf) }()
	para := &windows.CertChainPara{}
	para.Size = uint32(unsafe.Sizeof(*para))
	var chain *windows.CertChainContext
	err = windows.CertGetCertificateChain(engine, leaf, nil, memory, para,
		wincrypt.CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL|wincrypt.CERT_CHAIN_DISABLE_AUTH_ROOT_AUTO_UPDATE, 0, &chain)
	if err != nil {
		return ChainStatus{}, wincrypt.Wrap("CertGetCertificateChain", err)
	}
	defer windows.CertFreeCertificateChain(chain)
	st := ChainStatus{System: "Windows", Problems: chainProblems(chain.TrustStatus.ErrorStatus)}
	if chain.ChainCount == 0 {
		return st, nil
	}
	first := unsafe.Slice(chain.Chains, chain.ChainCount)[0] // others lead through trust lists
	for _, e := range unsafe.Slice(first.Elements, first.NumElements) {
		raw := slices.Clone(unsafe.Slice(e.CertContext.EncodedCert, e.CertContext.Length))
		st.Links = append(st.Links, ChainLink{raw, chainProblems(e.TrustStatus.ErrorStatus)})
	}
	return st, nil
}

// addTo adds a certificate to a store in memory; what Windows cannot read
// helps no chain.
func addTo(memory windows.Handle, der []byte) {
	if len(der) == 0 {
		return
	}
	c, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &der[0], uint32(len(der)))
	if err != nil {
		return
	}
	_ = windows.CertAddCertificateContextToStore(memory, c, windows.CERT_STORE_ADD_USE_EXISTING, nil)
	_ = windows.CertFreeCertificateContext(c)
}
