package check_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"certdesk/internal/certfile"
	"certdesk/internal/check"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/keyusage"

	"certdesk/internal/certtest"
)

func emailName(a string) pkix.AttributeTypeAndValue {
	return pkix.AttributeTypeAndValue{Type: oid("1.2.840.113549.1.9.1"), Value: a}
}

// A made is a file: how openssl makes it, and how it is opened.
type made struct {
	args     []string // of openssl pkcs12 -export; nil: see change
	password string
	name     string // of the file; "" is client.pfx
	change   func(t *testing.T, dir string, pfx []byte) []byte
	by       keyusage.Consumer
	purpose  finding.Purpose // of the verdict to look at
}

type filePair struct {
	severity     finding.Severity
	fires, quiet made
}

var modern = made{password: "secret"}

func legacy(args ...string) made {
	return made{args: append([]string{"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", "-iter", "4096"}, args...), password: "secret"}
}

func (m made) used(by keyusage.Consumer) made { m.by = by; return m }

func (m made) as(p finding.Purpose) made { m.purpose = p; return m }

// filePairs has a file for every rule about files and the keys in them, and one
// that it does not speak about.
var filePairs = map[string][]filePair{
	"F-01": {{finding.Warning, modern, legacy()}, {finding.Error, modern.used(keyusage.OldWindows), legacy().used(keyusage.OldWindows)}},
	"F-02": {{finding.Info, modern, legacy()}, {finding.Warning, modern.used(keyusage.Apple), legacy().used(keyusage.Apple)}},
	"F-03": {{finding.Info, legacy(), modern}, {finding.Warning, legacy("-iter", "1000"), modern}},
	"F-04": {{finding.Warning, made{args: []string{"-nomac"}, password: "secret"}, modern}},
	"F-05": {{finding.Info, legacy("-CSP", "Microsoft Enhanced RSA and AES Cryptographic Provider"), modern}, {finding.Warning, legacy("-CSP", "Microsoft Base Smart Card Crypto Provider"), modern}},
	"F-06": {{finding.Info, legacy("-LMK"), modern}},
	"F-07": {{finding.Info, legacy("-keyex"), modern}},
	"F-08": {{finding.Error, made{change: strayKey, password: "secret"}, modern}, {finding.Info, made{args: []string{"-certfile", "root.pem"}, password: "secret"}, modern}},
	"F-09": {{finding.Warning, made{password: ""}, modern}},
	"F-10": {{finding.Info, made{password: "pässwörd"}, modern}},
	"F-11": {{finding.Error, made{change: protectedToDomain}, modern}},
	"F-12": {{finding.Info, made{args: []string{"-nokeys"}, password: "secret"}, modern}, {finding.Warning, made{args: []string{"-nokeys"}, password: "secret"}.used(keyusage.Java), modern.used(keyusage.Java)}},
	"F-13": {{finding.Info, made{password: "secret", name: "client.cer"}, modern}},
	"F-14": {{finding.Info, made{password: "secret", change: func(_ *testing.T, _ string, pfx []byte) []byte { return append(pfx, "tail"...) }}, modern}},
	"K-02": {{finding.Error, made{password: "secret", change: swappedKey}, modern}},
	"K-05": {{finding.Warning, legacy("-keysig").as(finding.Client), legacy("-keyex").as(finding.Client)}, {finding.Warning, legacy("-keysig").as(finding.EmailEncrypt), legacy("-keysig").as(finding.EmailSign)}},
	"K-06": {{finding.Warning, legacy("-CSP", "Microsoft Enhanced Cryptographic Provider v1.0"), legacy("-CSP", "Microsoft Enhanced RSA and AES Cryptographic Provider")}},
}

// TestFileRules makes the files of filePairs with openssl and judges them.
func TestFileRules(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed; scripts/setup.sh test installs it")
	}
	dir := t.TempDir()
	m := newMaker(t)
	leaf := certtest.MakeWithKey(t, &m.root, "leaf", m.rsa, ku(signs|enciphs), eku(x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection), mailTo("a@example.com"))
	other := certtest.MakeWithKey(t, &m.root, "other", newRSA(t, 2048), ku(signs), forTLS)
	for name, der := range map[string][]byte{"leaf": leaf.Raw, "other": other.Raw, "root": m.root.Raw} {
		writePEM(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", der)
	}
	writePEM(t, filepath.Join(dir, "leaf.key"), "PRIVATE KEY", leaf.PKCS8(t))
	writePEM(t, filepath.Join(dir, "other.key"), "PRIVATE KEY", other.PKCS8(t))
	for id, list := range filePairs {
		for _, x := range list {
			if fs := x.fires.findings(t, dir); !slices.ContainsFunc(fs, func(f finding.Finding) bool { return f.ID == id && f.Severity == x.severity }) {
				t.Errorf("%s %s: got %v", id, x.severity, fs)
			} else {
				for _, f := range fs {
					checkWords(t, f)
				}
			}
			if fs := x.quiet.findings(t, dir); slices.ContainsFunc(fs, func(f finding.Finding) bool { return f.ID == id }) {
				t.Errorf("%s: said of the file that has no such fault: %v", id, fs)
			}
		}
	}
}

// findings makes the file and returns all that is said of it and of its first
// certificate.
func (f made) findings(t *testing.T, dir string) []finding.Finding {
	t.Helper()
	args := append([]string{"pkcs12", "-export", "-in", "leaf.pem", "-inkey", "leaf.key", "-passout", "pass:" + f.password, "-out", "out.pfx"}, f.args...)
	openssl(t, dir, args...)
	pfx, err := os.ReadFile(filepath.Join(dir, "out.pfx"))
	if err != nil {
		t.Fatal(err)
	}
	if f.change != nil {
		pfx = f.change(t, dir, pfx)
	}
	contents, err := certfile.Read(t.Context(), pfx, certfile.Password{Given: true, Text: []byte(f.password)})
	if err != nil {
		if contents, err = certfile.Inspect(pfx); err != nil {
			t.Fatal(err)
		}
	}
	name := f.name
	if name == "" {
		name = "client.pfx"
	}
	fs := check.FileFindings(name, contents, f.by)
	purpose := f.purpose
	for _, s := range check.InFile(contents) {
		fs = append(fs, check.Judge(s, purpose, &inventory.Inventory{}, check.Options{Now: certtest.Now, UsedBy: f.by}).Findings...)
	}
	return fs
}

func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// strayKey is a PEM file of a certificate and a key that does not fit.
func strayKey(t *testing.T, dir string, _ []byte) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{"leaf.pem", "other.key"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

// swappedKey is a PKCS #12 file whose localKeyID pairs a certificate with the
// key of another, as careless tools write it.
func swappedKey(t *testing.T, dir string, _ []byte) []byte {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		return block.Bytes
	}
	id := attribute("1.2.840.113549.1.9.21", func(b *cryptobyte.Builder) { b.AddASN1OctetString([]byte{1}) })
	key := bag("1.2.840.113549.1.12.10.1.1", func(b *cryptobyte.Builder) { b.AddBytes(read("other.key")) }, id)
	cert := bag("1.2.840.113549.1.12.10.1.3", func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid("1.2.840.113549.1.9.22.1"))
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(read("leaf.pem")) })
		})
	}, id)
	safe := build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(key); b.AddBytes(cert) })
	})
	return pfxOf(t, content(safe))
}

// protectedToDomain is a PKCS #12 file that only accounts of a domain open.
func protectedToDomain(t *testing.T, _ string, _ []byte) []byte {
	return pfxOf(t, build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid("1.2.840.113549.1.7.3"))
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(2)
					b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte("S-1-5-21-1-2-3-500")) })
				})
			})
		})
	}))
}

func tagged(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

func build(f func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	f(&b)
	return b.BytesOrPanic()
}

func attribute(id string, value func(*cryptobyte.Builder)) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid(id))
			b.AddASN1(cbasn1.SET, value)
		})
	})
}

func bag(id string, value func(*cryptobyte.Builder), attributes []byte) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid(id))
			b.AddASN1(tagged(0), value)
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
		})
	})
}

// content is a ContentInfo of data.
func content(data []byte) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid("1.2.840.113549.1.7.1"))
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(data) })
		})
	})
}

// pfxOf is a PFX without a MAC around one safe.
func pfxOf(t *testing.T, safe []byte) []byte {
	t.Helper()
	list, err := asn1.Marshal([]asn1.RawValue{{FullBytes: safe}})
	if err != nil {
		t.Fatal(err)
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(3)
			b.AddBytes(content(list))
		})
	})
}
