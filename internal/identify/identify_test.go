package identify_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"html"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/certtest"
	"certdesk/internal/finding"
	"certdesk/internal/identify"
	"certdesk/internal/inventory"
)

func lines(s string, width int, end string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + end)
		s = s[width:]
	}
	return b.String() + s
}

func utf16le(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func problems(r identify.Report) []string {
	var ids []string
	for _, p := range r.Problems {
		ids = append(ids, p.ID)
	}
	return ids
}

// TestMutations: what people do to the base64 of a mapping, and what Windows
// says about it (W-36).
func TestMutations(t *testing.T) {
	ca := certtest.Root(t, "Root")
	leaf := certtest.Client(t, ca, "Leaf")
	for len(leaf.Raw)%3 == 0 { // its base64 has to end with =
		leaf = certtest.Client(t, ca, "Leaf")
	}
	line := certfile.OneLineBase64(leaf.Raw)
	pemText := string(certfile.EncodePEM([][]byte{leaf.Raw}))
	asJSON, _ := json.Marshal(map[string]string{"certificate": pemText})
	key := leaf.PKCS8(t)
	pfx, err := certfile.EncodePKCS12(certfile.Bundle{Certificates: [][]byte{leaf.Raw, ca.Raw}}, []byte("pw"), certfile.Modern)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "Leaf"}}, leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	xml := func(v string) string {
		return `<add enabled="true" userName="SERVER\certuser" password="[enc]" certificate="` + v + `" />`
	}
	const eod, badTag = identify.CodeEOD, identify.CodeBadTag
	for _, tt := range []struct {
		name, text string
		kind       identify.Kind
		problem    string // one that must be there; "" for none at all
		code       string
	}{
		{"one line", line, identify.Certificate, "", ""},
		{"in a mapping", xml(line), identify.Certificate, "", ""},
		{"PowerShell", "@{ userName = $u; certificate = '" + line + "' }", identify.Certificate, "", ""},
		{"header lines left in", xml(pemText), identify.Certificate, "begin-end", badTag},
		{"header lines on the same line", xml("-----BEGIN CERTIFICATE-----" + line + "-----END CERTIFICATE-----"), identify.Certificate, "begin-end", badTag},
		{"line breaks", xml(lines(line, 64, "\r\n")), identify.Certificate, "line-breaks", eod},
		{"line breaks alone", lines(line, 76, "\n"), identify.Certificate, "line-breaks", eod},
		{"spaces", xml(lines(line, 64, " ")), identify.Certificate, "spaces", badTag},
		{"entities", xml(html.EscapeString(lines(line, 64, "")) + "&#xD;&#xA;"), identify.Certificate, "entities", badTag},
		{"JSON", string(asJSON), identify.Certificate, "escapes", badTag},
		{"truncated at the end", xml(line[:len(line)-100]), identify.Truncated, "truncated", eod},
		{"without the = at the end", xml(strings.TrimRight(line, "=")), identify.Certificate, "padding", badTag},
		{"half of it", line[:len(line)/2], identify.Truncated, "truncated", eod},
		{"empty", xml(""), identify.Truncated, "empty", eod},
		{"BOM", "\ufeff" + line, identify.Certificate, "bom", badTag},
		{"BOM in the value", xml("\ufeff" + line), identify.Certificate, "bom", badTag},
		{"invisible character", xml(line[:40] + "\u200e" + line[40:]), identify.Certificate, "invisible", badTag},
		{"no-break space", xml(line[:40] + "\u00a0" + line[40:]), identify.Certificate, "invisible", badTag},
		{"PFX", xml(b64(pfx)), identify.PKCS12, "wrong-object", badTag},
		{"request", b64(csr), identify.Request, "wrong-object", badTag},
		{"request in PEM", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})), identify.Request, "wrong-object", badTag},
		{"key", b64(key), identify.PrivateKey, "private-key", badTag},
		{"key in PEM", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})), identify.PrivateKey, "private-key", badTag},
		{"encrypted key in PEM", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", identify.PrivateKey, "private-key", badTag},
		{"PKCS7", b64(certfile.EncodePKCS7([][]byte{leaf.Raw, ca.Raw})), identify.PKCS7, "wrong-object", badTag},
		{"public key", b64(leaf.RawSubjectPublicKeyInfo), identify.PublicKey, "wrong-object", badTag},
		{"chain", pemText + string(certfile.EncodePEM([][]byte{ca.Raw})), identify.Certificate, "several", badTag},
		{"encoded twice", xml(b64([]byte(pemText))), identify.Certificate, "twice", badTag},
		{"base64 twice", xml(b64([]byte(line))), identify.Certificate, "twice", badTag},
		{"odd character", xml(line[:50] + "ä" + line[50:]), identify.Damaged, "odd-character", badTag},
		{"no certificate", xml(b64([]byte("this is just some text, and a long one at that, so that it counts"))), identify.Damaged, "damaged", badTag},
		{"URL alphabet", xml(base64.RawURLEncoding.EncodeToString(leaf.Raw)), identify.Certificate, "", "any"},
		{"hex", hex.EncodeToString(leaf.Raw), identify.Certificate, "hex", badTag},
		{"END missing", strings.SplitAfter(pemText, "\n")[0] + line[:200], identify.Truncated, "end-missing", eod},
		{"nothing", "Hello, how are you today?", identify.Nothing, "", ""},
		{"empty text", "", identify.Nothing, "", ""},
	} {
		r := identify.Text(tt.text)
		if r.Kind != tt.kind {
			t.Errorf("%s: kind %q, want %q (%v)", tt.name, r.Kind, tt.kind, r.Problems)
			continue
		}
		if tt.code == "any" {
			continue
		}
		if (tt.problem == "") != (len(r.Problems) == 0) || tt.problem != "" && !slices.Contains(problems(r), tt.problem) {
			t.Errorf("%s: problems %v, want %q", tt.name, problems(r), tt.problem)
		}
		for _, p := range r.Problems {
			if p.ID == tt.problem && p.Code != tt.code {
				t.Errorf("%s: Windows says %q, want %s", tt.name, p.Code, tt.code)
			}
		}
		if strings.HasPrefix(tt.text, "<add") && tt.problem != "" && r.Worst() != finding.Error {
			t.Errorf("%s: IIS reads it, so it is an error", tt.name)
		}
		if tt.kind == identify.Certificate && (len(r.Certificates) == 0 || !bytes.Equal(r.Certificates[0].Raw, leaf.Raw)) {
			t.Errorf("%s: not the certificate", tt.name)
		}
	}
	for name, data := range map[string][]byte{"DER": leaf.Raw, "UTF-16": utf16le(pemText), "UTF-8 with BOM": []byte("\xef\xbb\xbf" + pemText)} {
		r := identify.Bytes(data)
		if r.Kind != identify.Certificate || len(r.Certificates) != 1 || slices.Contains(problems(r), "bom") != (name != "DER") {
			t.Errorf("%s: %q %v", name, r.Kind, problems(r))
		}
	}
	if r := identify.Bytes(pfx); r.Kind != identify.PKCS12 {
		t.Errorf("PFX file: %q", r.Kind)
	}
	if r := identify.Bytes(leaf.Raw[:200]); r.Kind != identify.Truncated {
		t.Errorf("cut file: %q", r.Kind)
	}
}

// TestFind: which certificate of the stores it is, however it is named.
func TestFind(t *testing.T) {
	store := certstore.NewMemory()
	ca := certtest.Root(t, "Root")
	leaf, other := certtest.Client(t, ca, "Leaf", func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3, 4} }), certtest.Client(t, ca, "Other")
	for _, c := range []certtest.Issuer{leaf, other} {
		if err := store.Put(t.Context(), certstore.User, certstore.People, certstore.Item{DER: c.Raw}); err != nil {
			t.Fatal(err)
		}
	}
	inv, errs := inventory.Load(t.Context(), store, inventory.Options{Now: certtest.Now})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	s := leaf.Serials()
	line := certfile.OneLineBase64(leaf.Raw)
	for _, tt := range []struct{ text, by string }{
		{line, "same"}, {line[:len(line)-40], "begins"},
		{"netsh http add sslcert ipport=0.0.0.0:443 certhash=" + leaf.SHA1() + " appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=MY", "sha1"},
		{"    Certificate Hash             : " + leaf.SHA1(), "sha1"},
		{"certhash=\u200e" + strings.ToUpper(leaf.SHA1()), "sha1"},
		{leaf.Fingerprint().String(), "sha256"},
		{`Require expr %{SSL_CLIENT_M_SERIAL} == "` + s.OpenSSL + `"`, "serial"},
		{`map "$ssl_client_i_dn|$ssl_client_serial" $allowed { default 0; "CN=Root,O=Certdesk tests|` + s.OpenSSL + `" 1; }`, "serial"},
		{"map $ssl_client_serial $allowed {\n  default 0;\n  " + s.OpenSSL + " 1;\n}", "serial"},
		{"X509:<I>O=Certdesk tests,CN=Root<SR>" + s.Reversed, "serial-reversed"},
		{"X509:<SKI>01020304", "ski"},
		{"X509:<SHA1-PUKEY>" + leaf.SHA1(), "public-key-sha1"},
		{"serial=" + s.OpenSSL, "serial"}, {"Serial Number: " + s.Colon, "serial"},
	} {
		r := identify.Text(tt.text)
		found := r.Find(inv)
		if len(found) != 1 || found[0].By != tt.by || found[0].Row.Certificate.CommonName() != "Leaf" {
			t.Errorf("%q: kind %q, names %v, found %v", tt.text, r.Kind, r.Names, found)
		}
	}
	if r := identify.Text("map $ssl_client_serial $ok { default 0; " + s.OpenSSL + " 1; }"); !slices.Contains(problems(r), "serial-alone") {
		t.Errorf("a serial number without its issuer: %v", problems(r))
	}
	if r := identify.Text("map \"$ssl_client_i_dn|$ssl_client_serial\" $ok { \"CN=Root|" + s.OpenSSL + "\" 1; }"); slices.Contains(problems(r), "serial-alone") {
		t.Error("issuer and serial number are called a serial number alone")
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"MIIBszCCAVmgAwIBAgIU", "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----", `certificate="MII&#10;"`, "certhash=00", "X509:<I>CN=a<SR>0102", "30820101", "\ufeff", "serial=01", "AAAA\u200eBBBB"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range []identify.Report{identify.Bytes(data), identify.Text(string(data))} {
			if r.Title() == "" || r.Kind.Name() == "" {
				t.Errorf("no words for %q", r.Kind)
			}
			if r.Kind == identify.Certificate && len(r.Certificates) == 0 || r.Kind == identify.Reference && len(r.Names) == 0 {
				t.Errorf("%q without one", r.Kind)
			}
			for _, p := range r.Problems {
				if p.ID == "" || p.Text == "" || p.Severity == "" {
					t.Errorf("incomplete: %+v", p)
				}
			}
		}
	})
}
