package testca

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"certdesk/internal/outfile"
)

// Reasons are the CRLReasons of RFC 5280 section 5.3.1 that make sense for a
// revocation that lasts.
var Reasons = map[string]int{"unspecified": 0, "key-compromise": 1, "ca-compromise": 2, "affiliation-changed": 3, "superseded": 4, "cessation-of-operation": 5, "privilege-withdrawn": 9}

// crlDays is how long a CRL is good unless asked otherwise.
const crlDays = 30

// CRL signs a list of the revoked certificates that have not expired (RFC 5280
// section 5), writes it to crl.pem in the authority's folder, and returns its
// DER. Its number is one above the last one's.
func (a *Authority) CRL(signer crypto.Signer, days int, now time.Time) ([]byte, error) {
	list, err := a.Issued()
	if err != nil {
		return nil, err
	}
	if days <= 0 {
		days = crlDays
	}
	template := &x509.RevocationList{Number: a.nextCRL(), ThisUpdate: now.Add(-backdate).UTC(), NextUpdate: now.AddDate(0, 0, days).UTC()}
	for _, i := range list {
		if i.Revoked == nil || now.After(i.End) {
			continue
		}
		n, ok := new(big.Int).SetString(i.Serial, 16)
		if !ok {
			return nil, fmt.Errorf("CRL of %q: serial number %q", a.Name, i.Serial)
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: n, RevocationTime: *i.Revoked, ReasonCode: i.Reason})
	}
	issuer, err := a.certs[a.Issuing()].X509()
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, issuer, signer)
	if err == nil {
		err = outfile.Write(filepath.Join(a.path, "crl.pem"), CRLPEM(der), outfile.Public)
	}
	if err != nil {
		return nil, fmt.Errorf("CRL of %q: %w", a.Name, err)
	}
	return der, nil
}

// nextCRL returns the number of the next CRL.
func (a *Authority) nextCRL() *big.Int {
	data, err := os.ReadFile(filepath.Join(a.path, "crl.pem"))
	if err == nil {
		if block, _ := pem.Decode(data); block != nil {
			if last, err := x509.ParseRevocationList(block.Bytes); err == nil && last.Number != nil {
				return new(big.Int).Add(last.Number, big.NewInt(1))
			}
		}
	}
	return big.NewInt(1)
}

// CRLPEM writes a CRL as PEM (RFC 7468 section 6).
func CRLPEM(der []byte) []byte {
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "X509 CRL", Bytes: der}) // to a buffer
	return out.Bytes()
}

// ParseReason reads a reason in the words of [Reasons].
func ParseReason(s string) (int, error) {
	if n, ok := Reasons[strings.ToLower(s)]; ok {
		return n, nil
	}
	return 0, fmt.Errorf("reason %q: there are key-compromise, superseded, affiliation-changed, cessation-of-operation, privilege-withdrawn, ca-compromise and unspecified", s)
}
