package whereused

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"certdesk/internal/certtest"
	"certdesk/internal/inventory"
)

// TestRegistry finds a certificate where http.sys, Remote Desktop, WinRM, SQL
// Server and IIS name it, and another one nowhere. It writes what a real
// server would read, so it runs under Wine only.
func TestRegistry(t *testing.T) {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("this writes bindings of http.sys: Wine only")
	}
	root := certtest.Root(t, "Root")
	c, other := certtest.Client(t, root, "Bound"), certtest.Client(t, root, "Not bound")
	sha1, _ := hex.DecodeString(c.SHA1())
	sha256 := c.Fingerprint()
	want := map[string]string{}
	for _, v := range []struct {
		path, name, what string
		value            any
	}{
		{`SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo\0.0.0.0:44399`, "SslCertHash", "the binding of http.sys and IIS 0.0.0.0:44399", sha1},
		{`SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslSniBindingInfo\www.example.test:44399`, "SslCertHash", "the binding of http.sys and IIS by host name www.example.test:44399", sha256[:]},
		{`SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Test`, "SSLCertificateSHA1Hash", "Remote Desktop RDP-Test", sha1},
		{`SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Listener\*+HTTPS-Test`, "certThumbprint", "the listener of WinRM *+HTTPS-Test", strings.ToUpper(c.SHA1())},
		{`SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL99.TEST\MSSQLServer\SuperSocketNetLib`, "Certificate", "SQL Server SuperSocketNetLib", c.SHA1()},
	} {
		k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, v.path, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		switch x := v.value.(type) {
		case []byte:
			err = k.SetBinaryValue(v.name, x)
		case string:
			err = k.SetStringValue(v.name, x)
		}
		k.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { registry.DeleteKey(registry.LOCAL_MACHINE, v.path) })
		want[`HKLM\`+v.path] = v.what + " names it"
	}
	dir := Configurations[0]
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "applicationHost.config")
	mapping := `<oneToOneMappings><add enabled="true" userName="u" certificate="` + namesOf(c.Certificate).base64 + `" /></oneToOneMappings>`
	if err := os.WriteFile(config, []byte(mapping), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(config) })
	want[config] = "holds the certificate"

	r, err := Find(t.Context(), c.Certificate, &inventory.Inventory{}, Configurations)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range r.Files {
		if want[u.Path] != u.Words() {
			t.Errorf("%s: %q, want %q", u.Path, u.Words(), want[u.Path])
		}
		delete(want, u.Path)
	}
	for path := range want {
		t.Errorf("%s was not found", path)
	}
	if r.Keys < 5 {
		t.Errorf("looked at %d keys", r.Keys)
	}
	if r, err = Find(t.Context(), other.Certificate, &inventory.Inventory{}, Configurations); err != nil || len(r.Files) != 0 {
		t.Errorf("another certificate: %v, %v", r.Files, err)
	}
}
