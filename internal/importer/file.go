package importer

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"path/filepath"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/finding"
)

var fileSeverity = map[string]finding.Severity{
	"F-01": finding.Warning, "F-04": finding.Warning, "F-09": finding.Warning, "F-11": finding.Error,
}

// pairSeverity grades the cases of F-08; the others are good to know.
var pairSeverity = map[string]finding.Severity{"no-certificate": finding.Error, "chain-gap": finding.Warning}

// formatsOf says what the usual endings of names stand for.
var formatsOf = map[string][]string{
	".pfx": {certfile.PKCS12}, ".p12": {certfile.PKCS12}, ".p7b": {certfile.PKCS7}, ".p7c": {certfile.PKCS7},
	".cer": {certfile.DER, certfile.PEM}, ".crt": {certfile.DER, certfile.PEM}, ".der": {certfile.DER, certfile.PKCS8}, ".pem": {certfile.PEM},
}

var formatWords = map[string]string{
	certfile.PKCS12: "PKCS #12 (PFX)", certfile.PKCS7: "PKCS #7 (P7B)", certfile.PEM: "PEM", certfile.DER: "a DER certificate", certfile.PKCS8: "a private key (PKCS #8)",
}

// FileFindings returns the warnings about a file as findings. The name is that
// of the file.
func FileFindings(name string, c *certfile.Contents) []finding.Finding {
	var fs []finding.Finding
	if wants, ok := formatsOf[strings.ToLower(filepath.Ext(name))]; ok && !slices.Contains(wants, c.Format) {
		fs = append(fs, finding.Finding{ID: "F-13", Severity: finding.Info, Source: "content", Params: map[string]string{"format": formatWords[c.Format]}})
	}
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
