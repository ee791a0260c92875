package online

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"certdesk/internal/certificate"
	"certdesk/internal/chain"
	"certdesk/internal/finding"
)

// A Status says what is known of a certificate's revocation.
type Status string

// The statuses.
const (
	Good        Status = "good"
	Revoked     Status = "revoked"
	Unknown     Status = "unknown"     // the responder does not know the certificate
	Unreachable Status = "unreachable" // nobody could be asked; see Tried
	NoSource    Status = "no-source"   // the certificate names no address
)

// An Answer is what was found about one certificate.
type Answer struct {
	Certificate *certificate.Certificate
	Status      Status
	By          string // "OCSP" or "CRL"; "" when nobody answered
	URL         string
	ThisUpdate  time.Time
	NextUpdate  time.Time // zero: not told
	RevokedAt   time.Time
	Reason      string
	Tried       []Attempt
	Note        string // what the answer leaves open, "" for nothing
}

// Revocation asks about every certificate of a path but its root, OCSP first
// and revocation lists where that does not answer.
func (c *Client) Revocation(ctx context.Context, p chain.Path) []Answer {
	var out []Answer
	for i := 0; i+1 < len(p.Links) && ctx.Err() == nil; i++ {
		cert, issuer := p.Links[i].Certificate, p.Links[i+1].Certificate
		if cert == nil {
			break
		}
		if issuer == nil {
			out = append(out, Answer{Certificate: cert, Status: Unreachable, Note: "its issuer is not here, and without it no answer can be verified"})
			break
		}
		out = append(out, c.revocation(ctx, cert, issuer))
	}
	return out
}

func (c *Client) revocation(ctx context.Context, cert, issuer *certificate.Certificate) Answer {
	a := Answer{Certificate: cert, Status: NoSource}
	for _, address := range accessURLs(cert, oidOCSP) {
		if c.ocsp(ctx, &a, issuer, address) && a.Status != Unknown {
			return a
		}
	}
	addresses, indirect := crlURLs(cert)
	for _, address := range addresses {
		err := errors.New("it is another CA's list (indirect CRL), which this program does not read")
		if !indirect {
			err = c.crl(ctx, &a, issuer, address)
		}
		a.Tried = append(a.Tried, Attempt{"CRL", address, err})
		if err == nil {
			return a
		}
	}
	if len(a.Tried) > 0 && a.Status == NoSource {
		a.Status = Unreachable
	}
	return a
}

// stub gives package ocsp what it needs of a certificate, also of one that
// Go's parser refuses.
func stub(c *certificate.Certificate) *x509.Certificate {
	if std, err := c.X509(); err == nil {
		return std
	}
	pub, _ := c.PublicKey()
	return &x509.Certificate{Raw: c.Raw, RawSubject: c.RawSubject, RawIssuer: c.RawIssuer, RawSubjectPublicKeyInfo: c.RawSubjectPublicKeyInfo,
		SerialNumber: certificate.SerialInt(c.SerialNumber), PublicKey: pub}
}

// maxGet is the longest OCSP request sent in an address (RFC 5019 section 5).
const maxGet = 255

// ocsp asks one responder, by GET, and by POST where that fails. It reports
// whether a believable answer came.
func (c *Client) ocsp(ctx context.Context, a *Answer, issuer *certificate.Certificate, address string) bool {
	request, err := ocsp.CreateRequest(stub(a.Certificate), stub(issuer), &ocsp.RequestOptions{Hash: crypto.SHA1}) // what responders are sure to know
	if err != nil {
		a.Tried = append(a.Tried, Attempt{"OCSP POST", address, err})
		return false
	}
	encoded := url.PathEscape(base64.StdEncoding.EncodeToString(request))
	if len(encoded) <= maxGet {
		data, err := c.get(ctx, strings.TrimSuffix(address, "/")+"/"+encoded, maxOCSP)
		if err == nil {
			err = c.readOCSP(a, issuer, data, address)
		}
		a.Tried = append(a.Tried, Attempt{"OCSP GET", address, err})
		if err == nil {
			return true
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(request))
	var data []byte
	if err == nil {
		req.Header.Set("Content-Type", "application/ocsp-request")
		req.Header.Set("Accept", "application/ocsp-response")
		data, err = c.fetch(req, maxOCSP)
	}
	if err == nil {
		err = c.readOCSP(a, issuer, data, address)
	}
	a.Tried = append(a.Tried, Attempt{"OCSP POST", address, err})
	return err == nil
}

const clockSkew = 5 * time.Minute // by which another clock may differ

// readOCSP verifies an answer: the signature of the issuer, or of a responder
// that the issuer named; the serial number; the times.
func (c *Client) readOCSP(a *Answer, issuer *certificate.Certificate, data []byte, address string) error {
	r, err := ocsp.ParseResponseForCert(data, stub(a.Certificate), stub(issuer))
	if err != nil {
		return err
	}
	if d := r.Certificate; d != nil && !bytes.Equal(d.Raw, issuer.Raw) {
		if !slices.Contains(d.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
			return errors.New("the responder's certificate is not made for OCSP")
		}
		if c.Now.After(d.NotAfter) || c.Now.Before(d.NotBefore) {
			return errors.New("the responder's certificate is out of date")
		}
	}
	if err := c.fresh(r.ThisUpdate, r.NextUpdate); err != nil {
		return err
	}
	a.By, a.URL, a.ThisUpdate, a.NextUpdate = "OCSP", address, r.ThisUpdate, r.NextUpdate
	switch r.Status {
	case ocsp.Good:
		a.Status = Good
	case ocsp.Revoked:
		a.Status, a.RevokedAt, a.Reason = Revoked, r.RevokedAt, reason(r.RevocationReason)
	default:
		a.Status = Unknown
	}
	return nil
}

func (c *Client) fresh(this, next time.Time) error {
	switch {
	case this.After(c.Now.Add(clockSkew)):
		return fmt.Errorf("the answer is from the future (%s): check the clock", this.UTC().Format(time.RFC3339))
	case !next.IsZero() && next.Before(c.Now.Add(-clockSkew)):
		return fmt.Errorf("the answer was replaced on %s", next.UTC().Format(time.RFC3339))
	}
	return nil
}

// Extensions of a revocation list, RFC 5280 section 5.2.
const (
	oidDelta   = "2.5.29.27"
	oidIssuing = "2.5.29.28"
)

// crl reads one revocation list.
func (c *Client) crl(ctx context.Context, a *Answer, issuer *certificate.Certificate, address string) error {
	data, err := c.get(ctx, address, maxCRL)
	if err != nil {
		return err
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return errors.New("the answer is no revocation list")
	}
	if !bytes.Equal(list.RawIssuer, issuer.RawSubject) {
		return errors.New("it is the list of another CA")
	}
	signer, err := issuer.X509()
	if err != nil {
		return fmt.Errorf("the issuer's certificate is malformed, so that the list cannot be verified: %w", err)
	}
	if err := list.CheckSignatureFrom(signer); err != nil {
		return fmt.Errorf("its signature does not verify: %w", err)
	}
	for _, e := range list.Extensions {
		switch oid := e.Id.String(); {
		case oid == oidDelta:
			return errors.New("it is a delta list, which says nothing by itself")
		case oid == oidIssuing:
			if err := scope(e.Value, a.Certificate.IsCA()); err != nil {
				return err
			}
		case e.Critical:
			return fmt.Errorf("it has an unknown critical extension (%s)", oid)
		}
	}
	if err := c.fresh(list.ThisUpdate, list.NextUpdate); err != nil {
		return err
	}
	a.By, a.URL, a.ThisUpdate, a.NextUpdate, a.Status = "CRL", address, list.ThisUpdate, list.NextUpdate, Good
	if extension(a.Certificate, "2.5.29.46") != nil {
		a.Note = "the CA also publishes delta lists, which are not read: a revocation since the list was made is not seen"
	}
	serial := certificate.SerialInt(a.Certificate.SerialNumber)
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp((*big.Int)(serial)) == 0 {
			a.Status, a.RevokedAt, a.Reason = Revoked, e.RevocationTime, reason(e.ReasonCode)
			break
		}
	}
	return nil
}

// scope says why a list with an issuingDistributionPoint (RFC 5280 section
// 5.2.5) is not about the certificate.
func scope(value []byte, ca bool) error {
	for _, field := range contextFields(value) {
		switch field {
		case 1:
			if ca {
				return errors.New("the list is about end entities only")
			}
		case 2:
			if !ca {
				return errors.New("the list is about CAs only")
			}
		case 3:
			return errors.New("the list has some reasons only")
		case 4:
			return errors.New("it is another CA's list (indirect CRL), which this program does not read")
		case 5:
			return errors.New("the list is about attribute certificates only")
		}
	}
	return nil
}

var reasons = map[int]string{0: "", 1: "key compromise", 2: "CA compromise", 3: "affiliation changed", 4: "superseded", 5: "cessation of operation", 6: "on hold", 8: "removed from the list", 9: "privilege withdrawn", 10: "AA compromise"}

func reason(code int) string { return reasons[code] }

// Findings returns what is to be said of the answers about a certificate used
// for purpose p. That nobody could be asked is no proof of anything.
func Findings(answers []Answer, p finding.Purpose) []finding.Finding {
	var fs []finding.Finding
	for _, a := range answers {
		f := finding.Finding{Purpose: p, Severity: finding.Warning, Source: "RFC 5280 6.3"}
		params := map[string]string{"name": a.Certificate.CommonName()}
		switch a.Status {
		case Revoked:
			f.ID, f.Severity, f.Fix = "R-01", finding.Error, finding.FixAsk
			params["when"], params["by"], params["reason"] = a.RevokedAt.UTC().Format(time.DateOnly), a.By, a.Reason
			if a.Reason == "" {
				params["reason"] = "no reason given"
			}
		case Unknown:
			f.ID, f.Source = "R-02", "RFC 6960 2.2"
			params["url"] = a.URL
		case Unreachable:
			f.ID = "R-03"
			params["advice"] = "Check the network and the proxy (--proxy), or ask again later."
			if params["tried"] = triedText(a.Tried); params["tried"] == "" {
				params["tried"] = a.Note
				params["advice"] = "Import the issuer's certificate, or have it fetched (--aia), and ask again."
			}
		case NoSource:
			f.ID, f.Severity = "R-04", finding.Info
		default:
			continue
		}
		f.Params = params
		fs = append(fs, f)
	}
	return fs
}
