package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/outfile"
)

// Days that certificates are valid unless asked otherwise. They stay within
// what clients accept of a private CA, Apple's 825 days for servers, and near
// what public CAs may issue.
var usualDays = map[csr.Purpose]int{csr.Server: 397, csr.Client: 397, csr.Email: 825, csr.Code: 397}

// A Request is what to issue.
type Request struct {
	Spec   csr.Spec
	Days   int              // 0: what is usual for the purpose
	Fault  Fault            // "" for a right one
	Public crypto.PublicKey // of a request that somebody sent; nil makes a key
	CRLURL string           // where the CRL will be found, "" for nowhere
	Now    time.Time
}

// Issued is a certificate that an authority issued.
type Issued struct {
	Serial  string     `json:"serial"` // content octets of the DER INTEGER, lowercase hex
	Subject string     `json:"subject"`
	Purpose string     `json:"purpose"`
	Fault   Fault      `json:"fault,omitempty"`
	Time    time.Time  `json:"time"`
	End     time.Time  `json:"notAfter"`
	SHA256  string     `json:"sha256"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Reason  int        `json:"reason,omitempty"` // RFC 5280 section 5.3.1
	DER     []byte     `json:"der"`
}

// A Result is what was issued: the certificate and, if it was made here, its
// key as PKCS#8. The caller wipes that.
type Result struct {
	Issued
	Certificate *certificate.Certificate
	Key         []byte
	Chain       []*certificate.Certificate // that go with it: empty for the fault no-chain
	Notes       []string
}

// Issue issues a certificate for one purpose, the first of the spec, signed by
// the key of the issuing level, and writes it into the authority's folder.
func (a *Authority) Issue(r Request, signer crypto.Signer) (*Result, error) {
	if len(r.Spec.Purposes) != 1 {
		return nil, csr.ErrNoPurpose
	}
	purpose := r.Spec.Purposes[0]
	info, ok := purpose.Info()
	if !ok {
		return nil, fmt.Errorf("purpose %q: %w", purpose, csr.ErrNoPurpose)
	}
	spec, notes := r.Spec.Prepare()
	days := r.Days
	if days <= 0 {
		days = usualDays[purpose]
	}
	d := draft{now: r.Now, from: r.Now.Add(-backdate), to: r.Now.AddDate(0, 0, days), names: spec.Names, eku: []x509.ExtKeyUsage{info.EKU}}
	public := r.Public
	var key crypto.Signer
	if r.Fault != "" {
		f, err := faultInfo(r.Fault, purpose)
		if err != nil {
			return nil, err
		}
		f.apply(&d)
		if d.weak && public != nil {
			return nil, fmt.Errorf("fault %s: the key comes with the request", r.Fault)
		}
	} else if err := complete(purpose, spec); err != nil {
		return nil, err
	}
	if public == nil {
		var err error
		if key, err = newKey(spec.Key, d.weak); err != nil {
			return nil, err
		}
		public = key.Public()
	}
	cert, err := a.sign(spec, d, purpose, public, signer, r.CRLURL)
	if err != nil {
		return nil, fmt.Errorf("issue a %s certificate by %q: %w", purpose, a.Name, err)
	}
	res := &Result{Certificate: cert, Notes: notes, Issued: Issued{
		Serial: hex.EncodeToString(cert.SerialNumber), Subject: cert.Subject().String(), Purpose: string(purpose), Fault: r.Fault,
		Time: r.Now.UTC().Truncate(time.Second), End: cert.NotAfter, SHA256: cert.Fingerprint().String(), DER: cert.Raw}}
	if !d.bare {
		res.Chain = a.Chain()
	}
	if key != nil {
		if res.Key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			return nil, err
		}
	}
	if err := a.write(res.Issued); err != nil {
		clear(res.Key)
		return nil, fmt.Errorf("issue by %q: %w", a.Name, err)
	}
	return res, nil
}

// complete says what a certificate for a purpose cannot do without.
func complete(p csr.Purpose, s csr.Spec) error {
	switch {
	case p == csr.Server && len(s.Names.DNS)+len(s.Names.IP) == 0:
		return fmt.Errorf("a server certificate needs a DNS name or an IP address: %w", ErrNoName)
	case p == csr.Email && len(s.Names.Email) == 0:
		return fmt.Errorf("an S/MIME certificate needs a mail address: %w", ErrNoName)
	}
	return nil
}

func newKey(k csr.KeyType, weak bool) (crypto.Signer, error) {
	if weak {
		return rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // what is asked for
	}
	return csr.NewKey(k)
}

var oidUnknown = asn1.ObjectIdentifier{2, 25, 42, 42} // below joint-iso-itu-t UUID: nobody's

func (a *Authority) sign(spec csr.Spec, d draft, purpose csr.Purpose, public crypto.PublicKey, signer crypto.Signer, crl string) (*certificate.Certificate, error) {
	parent, err := a.certs[a.Issuing()].X509()
	if err != nil {
		return nil, err
	}
	subject, err := spec.Name()
	if err != nil {
		return nil, err
	}
	if d.to.After(parent.NotAfter) {
		d.to = parent.NotAfter
	}
	usage := d.usage
	if usage == 0 {
		usage = csr.KeyUsage(public, purpose)
	}
	template := &x509.Certificate{
		SerialNumber: serial(), RawSubject: subject, NotBefore: d.from.UTC(), NotAfter: d.to.UTC(),
		KeyUsage: usage, ExtKeyUsage: d.eku, BasicConstraintsValid: true, IsCA: d.isCA,
	}
	names, err := d.names.Extension()
	if err != nil {
		return nil, err
	}
	if names != nil {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names})
	}
	if d.unknown {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidUnknown, Critical: true, Value: asn1.NullBytes})
	}
	if crl != "" {
		template.CRLDistributionPoints = []string{crl}
	}
	if spki, err := x509.MarshalPKIXPublicKey(public); err == nil {
		template.SubjectKeyId = certificate.KeyIDOf(spki)
	}
	if d.sha1 {
		template.SignatureAlgorithm = x509.SHA1WithRSA
		if _, ok := signer.Public().(*ecdsa.PublicKey); ok {
			template.SignatureAlgorithm = x509.ECDSAWithSHA1
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, err
	}
	return certificate.Parse(der), nil
}

func (a *Authority) issuedFile(serial string) string {
	return filepath.Join(a.path, "issued", serial+".json")
}

func (a *Authority) write(i Issued) error {
	data, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	return outfile.Write(a.issuedFile(i.Serial), data, outfile.Private)
}

// Issued lists what the authority issued, the newest first.
func (a *Authority) Issued() ([]Issued, error) {
	entries, err := os.ReadDir(filepath.Join(a.path, "issued"))
	if err != nil {
		return nil, fmt.Errorf("list what %q issued: %w", a.Name, err)
	}
	var list []Issued
	for _, e := range entries {
		serial, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		i, err := a.read(serial)
		if err != nil {
			return list, fmt.Errorf("list what %q issued: %w", a.Name, err)
		}
		list = append(list, i)
	}
	return sorted(list), nil
}

func (a *Authority) read(serial string) (Issued, error) {
	var i Issued
	data, err := os.ReadFile(a.issuedFile(serial))
	if err == nil {
		err = json.Unmarshal(data, &i)
	}
	return i, err
}

// Find returns the certificate with a serial number or thumbprint in any
// spelling, or that the first 8 digits or more of one name.
func (a *Authority) Find(id string) (Issued, error) {
	list, err := a.Issued()
	if err != nil {
		return Issued{}, err
	}
	var prefix []Issued
	want, ok := certificate.ParseID(id)
	for _, i := range list {
		if !ok {
			break
		}
		switch certificate.Parse(i.DER).Match(want) {
		case certificate.MatchExact:
			return i, nil
		case certificate.MatchPrefix:
			prefix = append(prefix, i)
		}
	}
	switch len(prefix) {
	case 0:
		return Issued{}, fmt.Errorf("%s of %q: %w", id, a.Name, ErrNoSerial)
	case 1:
		return prefix[0], nil
	}
	return Issued{}, fmt.Errorf("%s of %q: it issued %d that begin so: %w", id, a.Name, len(prefix), ErrNoSerial)
}

// Revoke notes that a certificate is revoked, for the next CRL. Reason is a
// CRLReason of RFC 5280 section 5.3.1. One that was revoked before stays as it
// is.
func (a *Authority) Revoke(serial string, reason int, at time.Time) (Issued, error) {
	i, err := a.read(serial)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoSerial
	}
	if err == nil && i.Revoked == nil {
		at = at.UTC().Truncate(time.Second)
		i.Revoked, i.Reason = &at, reason
		err = a.write(i)
	}
	if err != nil {
		return i, fmt.Errorf("revoke %s of %q: %w", serial, a.Name, err)
	}
	return i, nil
}

// FileName makes a file name of a user's name: what file systems and shells
// dislike becomes a hyphen.
func FileName(user, extension string) string {
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`<>:"/\|?*'`+"`$&;()[]{}!#", r) {
			return '-'
		}
		return r
	}, strings.TrimSpace(user))
	name = strings.Trim(name, "-. ")
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if reserved := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "COM1": true, "COM2": true, "COM3": true, "LPT1": true, "LPT2": true}; name == "" || reserved[base] {
		name = "user-" + name
	}
	return strings.TrimSuffix(name, "-") + extension
}

// UsualDays returns how long certificates for a purpose are valid unless asked
// otherwise.
func UsualDays(p csr.Purpose) int { return usualDays[p] }
