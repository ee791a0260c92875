package importer

import (
	"cmp"
	"crypto"
	"crypto/x509"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

var fileSeverity = map[string]finding.Severity{
	"F-01": finding.Warning, "F-04": finding.Warning, "F-09": finding.Warning, "F-11": finding.Error,
}

// pairSeverity grades the cases of F-08; the others are good to know.
var pairSeverity = map[string]finding.Severity{"no-certificate": finding.Error, "chain-gap": finding.Warning}

// FileFindings returns the warnings about a file as findings.
func FileFindings(c *certfile.Contents) []finding.Finding {
	var fs []finding.Finding
	for _, w := range c.Warnings {
		s := cmp.Or(fileSeverity[w.ID], pairSeverity[w.Params["case"]], finding.Info)
		fs = append(fs, finding.Finding{ID: w.ID, Severity: s, Params: w.Params, Source: "RFC 7292"})
	}
	finding.Sort(fs)
	return fs
}

// keyID returns the id by which a store knows the public half of a PKCS#8
// key (see [certificate.Certificate.KeyID]), nil if the key is of an unknown
// kind.
func keyID(pkcs8 []byte) []byte {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return nil
	}
	return certificate.KeyIDOf(spki)
}
