package check

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"
)

// A File is what is said about the file that certificates come from.
type File struct {
	Name         string // without folders
	Format       string // one of those of package certfile
	Encoding     string // "DER" or "BER"; "" for PEM
	MAC          string
	Encryption   []string
	Locked       bool // it was read without its password
	Certificates int  // that can be seen
	Keys         int  // that can be seen
	Findings     []finding.Finding
}

// NewFile returns what is said about the file of a name, to be opened by a
// program.
func NewFile(name string, c *certfile.Contents, by keyusage.Consumer) *File {
	return &File{Name: filepath.Base(name), Format: c.Format, Encoding: c.Encoding, MAC: c.MAC, Encryption: c.Encryption, Locked: c.Locked,
		Certificates: len(c.Certificates), Keys: len(c.Keys), Findings: FileFindings(name, c, by)}
}

// ByKeyID returns certificates of the stores that a locked file names by the
// local key id of its key, which OpenSSL and Windows make from the SHA-1 of
// the certificate: so that there is a verdict before the password.
func ByKeyID(c *certfile.Contents, inv *inventory.Inventory) []Subject {
	var found []Subject
	for i := range c.Keys {
		k := &c.Keys[i]
		if len(k.LocalKeyID) != sha1.Size {
			continue
		}
		want := hex.EncodeToString(k.LocalKeyID)
		for _, r := range inv.Rows {
			if r.Certificate.SHA1() == want {
				found = append(found, Subject{Certificate: r.Certificate, HasKey: true, Key: &certfile.Key{Provider: k.Provider, KeyUsageAttr: k.KeyUsageAttr}})
				break
			}
		}
	}
	return found
}

// A fileRule is what is constant about a warning of package certfile.
type fileRule struct {
	severity     finding.Severity // "" is info
	source       string           // "" is the RFC of PKCS #12
	field, param string           // of the evidence: its name, and the parameter or the words that are its value
}

var fileRules = map[string]fileRule{
	"F-01": {finding.Warning, "Microsoft, PFX files before Windows 10 1709", "encryption", "algorithm"},
	"F-02": {"", "Apple Keychain Access", "mac", "mac"},
	"F-03": {"", "", "encryption", "algorithm"},
	"F-04": {finding.Warning, "", "mac", "=none"},
	"F-05": {"", "Microsoft PFXImportCertStore", "provider", "provider"},
	"F-06": {"", "Microsoft PFXImportCertStore", "machineKeySet", "=true"},
	"F-07": {"", "Microsoft PFXImportCertStore", "keyUsageAttribute", "usage"},
	"F-08": {"", "", "pairs", "case"},
	"F-09": {finding.Warning, "", "password", "form"},
	"F-10": {"", "RFC 7292 B.1", "password", "=not ASCII"},
	"F-11": {finding.Error, "Microsoft PFXImportCertStore", "recipient", "sid"},
	"F-12": {"", "Java keytool", "certificates", "=without attribute 2.16.840.1.113894.746875.1.1"},
	"F-14": {"", "", "size", "bytes"},
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

// FileFindings returns what is to be said about a file, worst first, whatever
// the purpose. The name is that of the file; by is the program that is to open
// it.
func FileFindings(name string, c *certfile.Contents, by keyusage.Consumer) []finding.Finding {
	var fs []finding.Finding
	if wants, ok := formatsOf[strings.ToLower(filepath.Ext(name))]; ok && !slices.Contains(wants, c.Format) {
		fs = append(fs, finding.Finding{ID: "F-13", Severity: finding.Info, Source: "content", Evidence: finding.Evidence{Field: "format", Value: formatWords[c.Format]}})
	}
	for _, w := range c.Warnings {
		r := fileRules[w.ID]
		f := finding.Finding{ID: w.ID, Severity: fileSeverity(w, by), Params: w.Params, Source: cmp.Or(r.source, "RFC 7292")}
		f.Evidence = finding.Evidence{Field: r.field, Value: w.Params[r.param]}
		if fixed, ok := strings.CutPrefix(r.param, "="); ok {
			f.Evidence.Value = fixed
		}
		fs = append(fs, f)
	}
	finding.Sort(fs)
	return fs
}

// Apart returns the findings of f, without those that [Verdict.WithFile] puts
// into the verdicts where certificates of the file are judged: for those who
// print both.
func (f *File) Apart(judged bool) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(f.Findings), func(x finding.Finding) bool { return judged && blocks(x) })
}

// blocks reports whether a finding of a file keeps the program from opening
// it, so that no certificate in it works.
func blocks(f finding.Finding) bool {
	return f.Severity == finding.Error && (f.ID == "F-01" || f.ID == "F-11")
}

func fileSeverity(w certfile.Warning, by keyusage.Consumer) finding.Severity {
	switch w.ID {
	case "F-01":
		switch by {
		case keyusage.OldWindows:
			return finding.Error
		case keyusage.AnyConsumer:
		default:
			return finding.Info
		}
	case "F-02":
		if by == keyusage.Apple {
			return finding.Warning
		}
	case "F-03":
		rounds, err := strconv.Atoi(w.Params["iterations"])
		if strings.Contains(w.Params["algorithm"], "RC2-40") || err == nil && rounds > 0 && rounds < 2048 {
			return finding.Warning
		}
	case "F-05":
		if strings.Contains(strings.ToLower(w.Params["provider"]), "smart card") {
			return finding.Warning
		}
	case "F-12":
		if by == keyusage.Java {
			return finding.Warning
		}
	}
	return cmp.Or(fileRules[w.ID].severity, pairSeverity[w.Params["case"]], finding.Info)
}

// WithFile returns v with what keeps the program from opening the file that
// the certificate comes from; what else is wrong with the file has no purpose.
func (v Verdict) WithFile(f *File) Verdict {
	if f == nil {
		return v
	}
	fs := v.Findings[:len(v.Findings):len(v.Findings)]
	for _, x := range f.Findings {
		if blocks(x) {
			x.Purpose = v.Purpose
			fs = append(fs, x)
		}
	}
	w := newVerdict(v.Purpose, fs)
	w.Paths = v.Paths
	return w
}

// oldProviders are Windows' providers without SHA-256 (PROV_RSA_FULL).
var oldProviders = []string{"Microsoft Base Cryptographic Provider v1.0", "Microsoft Enhanced Cryptographic Provider v1.0", "Microsoft Strong Cryptographic Provider"}

// fileKey has the rules about the key that a file holds for a certificate.
func fileKey(s Subject, p finding.Purpose) []finding.Finding {
	var fs []finding.Finding
	if s.WrongKey {
		fs = append(fs, finding.Finding{ID: "K-02", Severity: finding.Error, Source: "PKCS #12 localKeyID", Fix: finding.FixImport, Evidence: finding.Evidence{Field: "localKeyId", Value: "of another key"}})
	}
	if s.Key == nil {
		return fs
	}
	usage := s.Key.KeyUsageAttr
	decrypts := p == finding.Client || p == finding.Server || p == finding.EmailEncrypt
	if decrypts && len(usage) > 0 && usage[0]&0x80 != 0 && usage[0]&0x30 == 0 {
		fs = append(fs, finding.Finding{ID: "K-05", Severity: finding.Warning, Purpose: p, Source: "Microsoft PFXImportCertStore, AT_SIGNATURE", Evidence: finding.Evidence{Field: "keyUsageAttribute", Value: hex.EncodeToString(usage)}})
	}
	if slices.Contains(oldProviders, s.Key.Provider) {
		fs = append(fs, finding.Finding{ID: "K-06", Severity: finding.Warning, Source: "Microsoft PROV_RSA_FULL", Evidence: finding.Evidence{Field: "provider", Value: s.Key.Provider}})
	}
	return fs
}
