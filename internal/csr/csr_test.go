package csr

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCleanCommonName(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x": "a.example", "http://user@a.example:8443/x?y#z": "a.example", "a.example:443": "a.example", "a.example/path": "a.example",
		" a.example. ": "a.example", "*.a.example": "*.a.example", "https://[2001:db8::1]:8443/": "2001:db8::1", "Jörg Müller": "Jörg Müller",
		"j.doe@a.example": "j.doe@a.example", "localhost": "localhost", "St. John's": "St. John's", "a.example": "a.example", "": "",
	} {
		got, changed := CleanCommonName(in)
		if got != want || changed != (in != want) {
			t.Errorf("%q: %q, changed %v; want %q", in, got, changed, want)
		}
	}
}

func TestParseName(t *testing.T) {
	var n Names
	for _, s := range []string{"www.example.test", "DNS: b.example.test", "10.0.0.1", "2001:db8::1", "a@example.test", "upn:u@corp.test", "https://x.test/y", "uri:urn:x:y", "www.example.test", "dns:intranet"} {
		if err := n.ParseName(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if got := strings.Join(n.All(), " "); got != "dns:www.example.test dns:b.example.test dns:intranet ip:10.0.0.1 ip:2001:db8::1 email:a@example.test uri:https://x.test/y uri:urn:x:y upn:u@corp.test" {
		t.Error(got)
	}
	for _, s := range []string{"intranet", "", "ftp:x"} {
		if err := n.ParseName(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	for _, bad := range []Names{{DNS: []string{"a b"}}, {DNS: []string{"ü.example"}}, {IP: []string{"1.2.3"}}, {Email: []string{"x"}}, {UPN: []string{"x"}}, {URI: []string{"no scheme"}}} {
		if _, err := bad.Extension(); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestSubject(t *testing.T) {
	for _, bad := range []Subject{{}, {CommonName: "x", Country: "Germany"}, {CommonName: strings.Repeat("x", 65)}, {CommonName: "a\nb"}, {CommonName: "x", SerialNumber: "ü"}, {CommonName: "x", Email: "ü@x"}} {
		if _, err := bad.Name(); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestParseKeyType(t *testing.T) {
	for in, want := range map[string]KeyType{"rsa:2048": "", "RSA 2048": RSA2048, "rsa4096": RSA4096, "rsa": RSA2048, "P-256": P256, "prime256v1": P256, "ec p-384": P384, "p521": P521, "ED25519": Ed25519, "dsa": ""} {
		if got, err := ParseKeyType(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestProfiles(t *testing.T) {
	for _, p := range Profiles {
		if _, ok := p.Default.Info(); !ok || p.Title == "" || p.Source == "" || len(p.Keys) == 0 {
			t.Errorf("%+v", p)
		}
		for _, r := range p.Require {
			if words[r] == "" {
				t.Errorf("%s requires %q", p.ID, r)
			}
		}
		for _, k := range p.Keys {
			if _, err := ParseKeyType(string(k)); err != nil {
				t.Errorf("%s: %v", p.ID, err)
			}
		}
	}
	atlas, err := FindProfile("globalsign-atlas-mtls")
	if err != nil {
		t.Fatal(err)
	}
	s := Spec{Subject: Subject{CommonName: "clm.example.test", Organization: "X", Country: "DE"}, Purposes: []Purpose{Client}, Key: P256}
	if f, ok := errors.AsType[*Forbidden](atlas.Check(s)); !ok || !strings.Contains(f.Error(), "RSA 2048 and nothing else") {
		t.Errorf("%v", f)
	}
	s.Key = RSA2048
	if err := atlas.Check(s); err != nil {
		t.Error(err)
	}
	s.Subject.Country = ""
	if err := atlas.Check(s); err == nil {
		t.Error("without a country")
	}
	if _, err := FindProfile("x"); err == nil {
		t.Error("a profile that does not exist")
	}
}

// TestCreate lets openssl read requests of every kind of key.
func TestCreate(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed; make test installs it")
	}
	for _, k := range KeyTypes {
		key, err := NewKey(k)
		if err != nil {
			t.Fatal(err)
		}
		other, err := ParseOther("givenName=Jörg")
		if err != nil {
			t.Fatal(err)
		}
		s, notes := Spec{Subject: Subject{CommonName: "https://www.example.test/x", Organization: "Müller & Söhne", Country: "de", Email: "a@example.test", Other: []Attribute{other}},
			Names: Names{UPN: []string{"a@corp.test"}, IP: []string{"10.0.0.1"}}, Purposes: []Purpose{Server, Client, Email}, Key: k}.Prepare()
		if len(notes) != 3 {
			t.Errorf("%q", notes)
		}
		der, err := Create(s, key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "r.csr")
		if err := os.WriteFile(file, EncodePEM(der), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("openssl", "req", "-in", file, "-verify", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus").CombinedOutput()
		text := string(out)
		if err != nil {
			t.Errorf("%s: %s", k, out)
		}
		for _, want := range []string{"verify OK", "C=DE,O=Müller & Söhne,GN=Jörg,CN=www.example.test,emailAddress=a@example.test", "Digital Signature",
			"TLS Web Server Authentication, TLS Web Client Authentication, E-mail Protection", "DNS:www.example.test, IP Address:10.0.0.1, email:a@example.test", "UPN::a@corp.test"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", k, want, text)
			}
		}
		wantUsage := map[bool]string{true: "Digital Signature, Key Encipherment\n", false: "Digital Signature"}[strings.HasPrefix(string(k), "RSA")]
		if !strings.Contains(text, wantUsage) {
			t.Errorf("%s: %s", k, text)
		}
	}
	if _, err := Create(Spec{Subject: Subject{CommonName: "x"}}, nil); !errors.Is(err, ErrNoPurpose) {
		t.Errorf("%v", err)
	}
}

// TestPrepareClient adds the name of a computer to the alternative names of a
// client certificate, and leaves people and renewed names alone.
func TestPrepareClient(t *testing.T) {
	for _, tt := range []struct {
		cn   string
		raw  []byte
		want string
	}{
		{"https://a.example/x", nil, "dns:a.example"}, {"clm.example.com", nil, "dns:clm.example.com"}, {"a.example:8443", nil, "dns:a.example"},
		{"jane.doe", nil, ""}, {"jdoe", nil, ""}, {"Jane van der Doe", nil, ""}, {"clm.example.com", []byte{0x30, 0}, ""},
	} {
		s, _ := Spec{Subject: Subject{CommonName: tt.cn}, RawSubject: tt.raw, Purposes: []Purpose{Client}}.Prepare()
		if got := strings.Join(s.Names.All(), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.cn, got, tt.want)
		}
	}
}
