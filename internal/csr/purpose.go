package csr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"
)

// A Purpose is what a certificate is asked for.
type Purpose string

// The purposes.
const (
	Client Purpose = "client"
	Server Purpose = "server"
	Email  Purpose = "email"
	Code   Purpose = "code"
)

// A PurposeInfo describes a purpose.
type PurposeInfo struct {
	Purpose Purpose
	Text    string // what the certificate will do
	Source  string // of its extensions
	EKU     x509.ExtKeyUsage
}

// Purposes lists the purposes in the order they are offered.
var Purposes = []PurposeInfo{
	{Client, "logs a person or a program on at a server (TLS client)", "RFC 5280 4.2.1.12, RFC 8446 4.4.2", x509.ExtKeyUsageClientAuth},
	{Server, "proves who a server is (TLS server)", "RFC 5280 4.2.1.12, CABF BR 7.1.2.7", x509.ExtKeyUsageServerAuth},
	{Email, "signs and encrypts mail (S/MIME)", "RFC 8550 4.4, CABF S/MIME BR 7.1.2.3", x509.ExtKeyUsageEmailProtection},
	{Code, "signs programs", "CABF CSBR 7.1.2.3", x509.ExtKeyUsageCodeSigning},
}

// Info returns the description of p; ok is false for a purpose that does not
// exist.
func (p Purpose) Info() (info PurposeInfo, ok bool) {
	i := slices.IndexFunc(Purposes, func(x PurposeInfo) bool { return x.Purpose == p })
	if i < 0 {
		return PurposeInfo{}, false
	}
	return Purposes[i], true
}

// KeyUsage returns the Key Usage that the purposes need of a key: what RFC
// 3279 section 2.3.1, RFC 8813 section 3 and RFC 5753 section 3 leave to its
// kind.
func KeyUsage(public crypto.PublicKey, purposes ...Purpose) x509.KeyUsage {
	ku := x509.KeyUsageDigitalSignature
	_, isRSA := public.(*rsa.PublicKey)
	_, isEC := public.(*ecdsa.PublicKey)
	for _, p := range purposes {
		switch {
		case isRSA && (p == Server || p == Email):
			ku |= x509.KeyUsageKeyEncipherment
		case isEC && p == Email:
			ku |= x509.KeyUsageKeyAgreement
		}
	}
	return ku
}
