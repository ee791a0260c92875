package wincrypt

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Flags of chain engines and chains.
const (
	CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL      = 0x4
	CERT_CHAIN_USE_LOCAL_MACHINE_STORE       = 0x8
	CERT_CHAIN_DISABLE_AUTH_ROOT_AUTO_UPDATE = 0x100
)

var (
	procCertCreateCertificateChainEngine = crypt32.NewProc("CertCreateCertificateChainEngine")
	procCertFreeCertificateChainEngine   = crypt32.NewProc("CertFreeCertificateChainEngine")
)

// chainEngineConfig is CERT_CHAIN_ENGINE_CONFIG up to CycleDetectionModulus:
// 64 octets on amd64, which is all that Wine 8 takes.
type chainEngineConfig struct {
	size                                           uint32
	restrictedRoot, restrictedTrust, restrictOther windows.Handle
	additionalStores                               uint32
	additionalStore                                uintptr
	flags, urlTimeout, maxCached, cycleModulus     uint32
}

// CertCreateCertificateChainEngine makes an engine that has cached nothing.
func CertCreateCertificateChainEngine(flags uint32) (windows.Handle, error) {
	config := &chainEngineConfig{flags: flags}
	config.size = uint32(unsafe.Sizeof(*config))
	var engine windows.Handle
	_, err := call(procCertCreateCertificateChainEngine, uintptr(unsafe.Pointer(config)), uintptr(unsafe.Pointer(&engine)))
	return engine, err
}

// CertFreeCertificateChainEngine frees the engine; it returns nothing.
func CertFreeCertificateChainEngine(engine windows.Handle) {
	if procCertFreeCertificateChainEngine.Find() == nil {
		_, _, _ = procCertFreeCertificateChainEngine.Call(uintptr(engine))
	}
}
