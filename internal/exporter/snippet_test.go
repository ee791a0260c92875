package exporter_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
	"certdesk/internal/exporter"
	"certdesk/internal/identify"
)

// nasty is a name that breaks every quoting which is not done right.
const nasty = ` Bad "CA", 'x' \ $1 $host %{HTTP_HOST} & <b>; #1 + Ünïcode ’ `

func subject(n pkix.Name) certtest.Option { return func(c *x509.Certificate) { c.Subject = n } }

func snippet(t *testing.T, f exporter.Format, c *certificate.Certificate, s exporter.Settings) string {
	t.Helper()
	data, err := exporter.Snippet(f, c, s)
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return string(data)
}

// example has the serial number and names of the project's notes, section 6.
func example(t *testing.T) *certificate.Certificate {
	t.Helper()
	root := certtest.Root(t, "", subject(pkix.Name{CommonName: "WebSSLTestRoot", Organization: []string{"Stadgenoot"}}))
	serial, _ := new(big.Int).SetString("f1a0b3c4d5e6f708", 16)
	return certtest.Client(t, root, "", certtest.Serial(serial), subject(pkix.Name{Country: []string{"NL"}, Organization: []string{"Stadgenoot"}, CommonName: "client"}),
		func(c *x509.Certificate) { c.SubjectKeyId = []byte{0xab, 0xcd} }).Certificate
}

func TestExactFormats(t *testing.T) {
	c := example(t)
	line := certfile.OneLineBase64(c.Raw)
	for f, want := range map[exporter.Format][]string{
		exporter.IISOneToOne: {`<location path="Default Web Site">`, `<access sslFlags="Ssl, SslNegotiateCert, SslRequireCert" />`, `oneToOneCertificateMappingsEnabled="true"`,
			`manyToOneCertificateMappingsEnabled="false"`, `userName="SERVER\certuser" password="[set by tool]"`, `certificate="` + line + `" />`, `<anonymousAuthentication enabled="false" />`},
		exporter.IISOneToOnePS: {"Import-Module WebAdministration", "$site = 'Default Web Site'", `-Filter "$sec/oneToOneMappings" -Name '.'`, "certificate = '" + line + "' }", "Get-Credential", "'Ssl,SslNegotiateCert,SslRequireCert'"},
		exporter.IISManyToOne: {`manyToOneCertificateMappingsEnabled="true"`, `permissionMode="Allow"`, `<add certificateField="Issuer" certificateSubField="CN" matchCriteria="WebSSLTestRoot" compareCaseSensitive="true" />`,
			`<add certificateField="Subject" certificateSubField="O" matchCriteria="Stadgenoot" compareCaseSensitive="true" />`},
		exporter.IISManyToOnePS:    {"manyToOneMappings/add[@name='Client certificates']/rules", "matchCriteria = 'WebSSLTestRoot'"},
		exporter.IISManyToOneCmd:   {`/+"manyToOneMappings.[name='Client certificates'].rules.[certificateField='Subject',certificateSubField='O',matchCriteria='Stadgenoot',compareCaseSensitive='True']" /commit:apphost`},
		exporter.IISAuthorization:  {`<remove users="*" roles="" verbs="" />`, `<add accessType="Allow" users="SERVER\certuser" />`},
		exporter.IISSSLFlags:       {`<access sslFlags="Ssl, SslNegotiateCert" />`, "Ssl,SslNegotiateCert,SslRequireCert"},
		exporter.NetSh:             {"netsh http add sslcert ipport=0.0.0.0:443 certhash=" + c.SHA1() + " appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=MY clientcertnegotiation=enable\r\n", "hostnameport="},
		exporter.Apache:            {"SSLVerifyClient require", `Require expr %{SSL_CLIENT_M_SERIAL} == "F1A0B3C4D5E6F708" && %{SSL_CLIENT_I_DN} == "CN=WebSSLTestRoot,O=Stadgenoot"`},
		exporter.Nginx:             {`map "$ssl_client_i_dn|$ssl_client_serial"`, `"CN=WebSSLTestRoot,O=Stadgenoot|F1A0B3C4D5E6F708" 1;`, "ssl_verify_client on;"},
		exporter.ActiveDirectory:   {"X509:<I>O=Stadgenoot,CN=WebSSLTestRoot<SR>08F7E6D5C4B3A0F1\n", "X509:<SKI>abcd\n", "X509:<SHA1-PUKEY>" + c.SHA1() + "\n", "Set-ADUser -Identity 'certuser'"},
		exporter.ChromePolicy:      {`{"AutoSelectCertificateForUrls":["{\"pattern\":\"https://www.sslclientauth.local\",\"filter\":{\"ISSUER\":{\"CN\":\"WebSSLTestRoot\"}}}"]}`},
		exporter.ChromePolicyReg:   {"Windows Registry Editor Version 5.00\r\n", `[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Google\Chrome\AutoSelectCertificateForUrls]`, `[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Edge\AutoSelectCertificateForUrls]`, `"1"="{\"pattern\":\"https://www.sslclientauth.local\"`},
		exporter.ChromePolicyMacOS: {`defaults write com.google.Chrome AutoSelectCertificateForUrls -array-add -string '{"pattern":"https://www.sslclientauth.local"`},
		exporter.Java:              {"keytool -importcert -noprompt -alias 'client' -file 'client.pem' -keystore trust.p12 -storetype PKCS12"},
	} {
		text := snippet(t, f, c, exporter.Settings{URL: "https://www.sslclientauth.local"})
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q:\n%s", f, w, text)
			}
		}
		if strings.Contains(strings.ToLower(text), "appcmd") && f != exporter.IISManyToOneCmd {
			t.Errorf("%s speaks of AppCmd", f)
		}
		if strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s holds a key", f)
		}
	}
	for _, f := range exporter.Snippets {
		if f.Extension() == ".pem" || !f.Text() {
			t.Errorf("%s: extension %s, text %v", f, f.Extension(), f.Text())
		}
		if _, err := exporter.Public(f, []*certificate.Certificate{c, c}, nil, certtest.Now, exporter.Settings{}); !errors.Is(err, exporter.ErrOne) {
			t.Errorf("%s of two certificates: %v", f, err)
		}
	}
	// The pair that is documented for Active Directory.
	serial, _ := new(big.Int).SetString("2B0000000011AC0000000012", 16)
	ca := certtest.Root(t, "", subject(pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "com"}, {Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "contoso"},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "CONTOSO-DC-CA"}}}))
	ad := snippet(t, exporter.ActiveDirectory, certtest.Client(t, ca, "user", certtest.Serial(serial)).Certificate, exporter.Settings{})
	if !strings.Contains(ad, "X509:<I>DC=com,DC=contoso,CN=CONTOSO-DC-CA<SR>1200000000AC11000000002B\n") {
		t.Errorf("Active Directory:\n%s", ad)
	}
}

// TestHostileNames: names and settings stay where they belong.
func TestHostileNames(t *testing.T) {
	ca := certtest.Root(t, "", subject(pkix.Name{CommonName: nasty, Organization: []string{nasty}}))
	c := certtest.Client(t, ca, "", subject(pkix.Name{CommonName: "--> <x/> <!-- " + nasty, Organization: []string{nasty}})).Certificate
	s := exporter.Settings{Site: `A "site" & 'more' <x>`, Account: `DOMAIN\o'neil & "co"`}
	for _, f := range []exporter.Format{exporter.IISOneToOne, exporter.IISManyToOne, exporter.IISAuthorization} {
		text := snippet(t, f, c, s)
		var found, rules int
		for d := xml.NewDecoder(strings.NewReader(text)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s is not well-formed: %v\n%s", f, err, text)
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range e.Attr {
				switch {
				case a.Name.Local == "path" && a.Value == s.Site, (a.Name.Local == "userName" || a.Name.Local == "users") && a.Value == s.Account:
					found++
				case a.Name.Local == "certificate":
					if r := identify.Text(a.Value); r.Kind != identify.Certificate || !bytes.Equal(r.Certificates[0].Raw, c.Raw) || len(r.Problems) > 0 {
						t.Errorf("%s: the certificate is %q %v", f, r.Kind, r.Problems)
					}
				case a.Name.Local == "matchCriteria" && a.Value == nasty:
					rules++
				}
			}
		}
		if found != 2 || (f == exporter.IISManyToOne) != (rules == 3) {
			t.Errorf("%s: site and account %d, rules %d\n%s", f, found, rules, text)
		}
	}
	text := snippet(t, exporter.IISManyToOnePS, c, s)
	if want := "matchCriteria = '" + strings.NewReplacer("'", "''", "’", "’’").Replace(nasty) + "'"; !strings.Contains(text, want) {
		t.Errorf("PowerShell lacks %q:\n%s", want, text)
	}
	if _, err := exporter.Snippet(exporter.IISManyToOneCmd, c, exporter.Settings{}); !errors.Is(err, exporter.ErrAppCmd) {
		t.Errorf("AppCmd takes it: %v", err)
	}
	var policy struct{ AutoSelectCertificateForUrls []string }
	var filter struct{ Filter map[string]map[string]string }
	if err := json.Unmarshal([]byte(snippet(t, exporter.ChromePolicy, c, s)), &policy); err != nil || len(policy.AutoSelectCertificateForUrls) != 1 {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(policy.AutoSelectCertificateForUrls[0]), &filter); err != nil || filter.Filter["ISSUER"]["CN"] != nasty {
		t.Errorf("the filter is %v, %v", filter, err)
	}
	for _, bad := range []exporter.Settings{{Site: "a\nb"}, {Account: strings.Repeat("x", 600)}, {URL: "http://plain"}, {URL: "https://a b"}, {URL: "https://x\"y"}, {URL: "https://"}} {
		if _, err := exporter.Snippet(exporter.NetSh, c, bad); !errors.Is(err, exporter.ErrSettings) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	nobody := certtest.Client(t, certtest.Root(t, "", subject(pkix.Name{})), "").Certificate
	for _, f := range exporter.Snippets { // none may panic
		if _, err := exporter.Snippet(f, nobody, exporter.Settings{}); err != nil && !errors.Is(err, exporter.ErrNoRule) {
			t.Errorf("%s: %v", f, err)
		}
	}
	odd, _ := certtest.NegativeSerial()
	for _, f := range exporter.Snippets {
		if _, err := exporter.Snippet(f, certificate.Parse(odd), exporter.Settings{}); err != nil && !errors.Is(err, exporter.ErrNoRule) {
			t.Errorf("%s: %v", f, err)
		}
		_, _ = exporter.Snippet(f, certificate.Parse([]byte("nonsense")), exporter.Settings{})
	}
}

// TestJava runs the snippet and asks keytool what came of it.
func TestJava(t *testing.T) {
	if _, err := exec.LookPath("keytool"); err != nil {
		t.Skip("keytool is not installed; make test installs it")
	}
	c := example(t)
	dir := t.TempDir()
	run := exec.Command("sh", "-eu")
	run.Dir = dir
	script := strings.ReplaceAll(snippet(t, exporter.Java, c, exporter.Settings{}), "-storetype PKCS12\n", "-storetype PKCS12 -storepass changeit\n")
	run.Stdin = strings.NewReader(strings.ReplaceAll(script, "-keystore trust.p12\n", "-keystore trust.p12 -storepass changeit\n"))
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1 entry") || !strings.Contains(string(out), "client") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "trust.p12")); err != nil {
		t.Error(err)
	}
}

// TestChromeRegistry reads the .reg file as Windows would.
func TestChromeRegistry(t *testing.T) {
	ca := certtest.Root(t, "Üben & 😀 \"CA\"")
	text := snippet(t, exporter.ChromePolicyReg, certtest.Client(t, ca, "x").Certificate, exporter.Settings{})
	for _, r := range text {
		if r > 0x7e {
			t.Fatalf("a letter outside ASCII: %q", r)
		}
	}
	_, value, ok := strings.Cut(text, `"1"="`)
	value, _, _ = strings.Cut(value, "\"\r\n")
	var filter struct{ Filter map[string]map[string]string }
	if err := json.Unmarshal([]byte(strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(value)), &filter); !ok || err != nil || filter.Filter["ISSUER"]["CN"] != "Üben & 😀 \"CA\"" {
		t.Errorf("%v %v in %s", filter, err, value)
	}
}
