package testca

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/csr"
	"certdesk/internal/importer"
	"certdesk/internal/outfile"
)

// A File is one file of a demo.
type File struct {
	Name   string
	Data   []byte
	Secret bool // it holds a private key
	Holds  string
}

// A Demo is a root with a server's and a client's certificate, as the test
// set-up of a site with client certificates needs them. It replaces the
// makecert sequence of guides for IIS.
type Demo struct {
	Host           string
	Authority      *Authority
	Server, Client *Result
	Files          []File // what the servers below want
	All            []byte // server, client and root as one PKCS#12, to be imported here
	Folder         string // where the files were written, "" for nowhere yet
}

// Wipe overwrites the keys.
func (d *Demo) Wipe() {
	clear(d.Server.Key)
	clear(d.Client.Key)
	for _, f := range d.Files {
		if f.Secret {
			clear(f.Data)
		}
	}
}

// NewDemo makes an authority named after host, without intermediate, and
// issues a server certificate for host and one for a client. Password protects
// the authority's key and the PKCS#12 files. On an error no authority is left.
func NewDemo(dir Dir, host string, password []byte, now time.Time) (_ *Demo, err error) {
	name, _ := csr.CleanCommonName(host)
	if dns, ip := csr.HostName(name); !dns && !ip {
		return nil, fmt.Errorf("demo for %q: not a host name", host)
	}
	a, err := dir.Init(Spec{Name: FileName("demo-"+strings.ReplaceAll(name, "*", "any"), ""), Subject: csr.Subject{CommonName: "Demo " + name, Organization: "Certdesk demo"},
		Key: csr.RSA2048, Now: now}, password, nil, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(a.path))
		}
	}()
	signer, err := a.Signer(Root, password)
	if err != nil {
		return nil, err
	}
	d := &Demo{Host: name, Authority: a}
	issue := func(cn string, p csr.Purpose) (*Result, error) {
		return a.Issue(Request{Now: now, Spec: csr.Spec{Subject: csr.Subject{CommonName: cn, Organization: "Certdesk demo"}, Purposes: []csr.Purpose{p}, Key: csr.RSA2048}}, signer)
	}
	if d.Server, err = issue(name, csr.Server); err != nil {
		return nil, err
	}
	if d.Client, err = issue("Demo client", csr.Client); err != nil {
		return nil, err
	}
	return d, d.pack(password)
}

// DemoFolder proposes the name of a folder for the files of a demo.
func DemoFolder(host string) string {
	name, _ := csr.CleanCommonName(host)
	return FileName(name, "-demo")
}

// MakeDemo is [NewDemo] with the files written into folder, which is made or
// must be empty: else it fails with [ErrFolder]. On an error nothing is left.
func MakeDemo(dir Dir, host, folder string, password []byte, now time.Time) (_ *Demo, err error) {
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("write to %s: %w", folder, ErrFolder)
	}
	d, err := NewDemo(dir, host, password, now)
	if err != nil {
		return nil, err
	}
	var written []string
	defer func() {
		if err != nil {
			d.Wipe()
			for _, path := range written {
				err = errors.Join(err, os.Remove(path))
			}
			err = errors.Join(err, os.RemoveAll(d.Authority.path))
		}
	}()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("write to %s: %w", folder, err)
	}
	for _, f := range d.Files {
		path, mode := filepath.Join(folder, f.Name), outfile.Public
		if f.Secret {
			mode = outfile.Private
		}
		if err := outfile.Write(path, f.Data, mode); err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		written = append(written, path)
	}
	d.Folder = folder
	return d, nil
}

// Source is what an import of All comes from, for the journal.
func (d *Demo) Source() importer.Source {
	return importer.Source{Name: d.Authority.Name, Path: filepath.Join(d.Folder, d.Authority.Name), Data: d.All}
}

// DemoOptions are the options of a demo's import: its keys may leave the
// store again, its root is trusted only after a yes.
func DemoOptions(l certstore.Location) importer.Options {
	return importer.Options{Location: l, Exportable: true}
}

// pack makes the files.
func (d *Demo) pack(password []byte) error {
	root := d.Authority.Certificate(Root)
	entry := func(r *Result) certfile.KeyEntry {
		return certfile.KeyEntry{PKCS8: r.Key, Certificate: r.Certificate.Raw, FriendlyName: r.Certificate.CommonName()}
	}
	pfx := func(entries ...certfile.KeyEntry) ([]byte, error) {
		return certfile.EncodePKCS12(certfile.Bundle{Keys: entries, Certificates: [][]byte{root.Raw}}, password, certfile.Modern)
	}
	var err error
	if d.All, err = pfx(entry(d.Server), entry(d.Client)); err != nil {
		return err
	}
	server, err := pfx(entry(d.Server))
	if err != nil {
		return err
	}
	client, err := pfx(entry(d.Client))
	if err != nil {
		return err
	}
	var key bytes.Buffer
	if err := pem.Encode(&key, &pem.Block{Type: "PRIVATE KEY", Bytes: d.Server.Key}); err != nil {
		return err
	}
	d.Files = []File{
		{"root.pem", certfile.EncodePEM([][]byte{root.Raw}), false, "the root: what the server trusts client certificates from"},
		{"root.cer", root.Raw, false, "the same for Windows"},
		{"server.pem", certfile.EncodePEM([][]byte{d.Server.Certificate.Raw}), false, "the server's certificate, for nginx and Apache"},
		{"server.key", key.Bytes(), true, "its private key, NOT ENCRYPTED, for nginx and Apache"},
		{"server.pfx", server, true, "the server's certificate and key, for IIS"},
		{"client.pfx", client, true, "the client's certificate and key, for the browser"},
		{"client.txt", []byte(certfile.OneLineBase64(d.Client.Certificate.Raw)), false, "the client's certificate on one line, for IIS one-to-one mapping"},
	}
	return nil
}

// Hosts is the line for a hosts file that makes the host this computer.
func (d *Demo) Hosts() string { return "127.0.0.1 " + d.Host }

// Steps are what remains to be done on a server, with the files where they
// were written: one block of text for each kind of server.
func (d *Demo) Steps() []Step {
	join := func(name string) string { return d.Folder + "/" + name }
	thumb := d.Server.Certificate.SHA1()
	return []Step{
		{"hosts file, if the name is to mean this computer", []string{d.Hosts()}},
		{"IIS (PowerShell as administrator)", []string{
			`$pw = Read-Host -AsSecureString "Password"`,
			`Import-PfxCertificate server.pfx -CertStoreLocation Cert:\LocalMachine\My -Password $pw`,
			`Import-Certificate root.cer -CertStoreLocation Cert:\LocalMachine\Root`,
			`New-WebBinding -Name "Default Web Site" -Protocol https -Port 443 -HostHeader ` + d.Host + ` -SslFlags 1`,
			`(Get-WebBinding -Name "Default Web Site" -Protocol https -HostHeader ` + d.Host + `).AddSslCertificate("` + thumb + `", "My")`,
			`Set-WebConfigurationProperty -PSPath MACHINE/WEBROOT/APPHOST -Location "Default Web Site" -Filter system.webServer/security/access -Name sslFlags -Value "Ssl,SslNegotiateCert,SslRequireCert"`,
			`# One-to-one mapping: put the line of client.txt into iisClientCertificateMappingAuthentication (certctl export ID --format iis-one-to-one-powershell).`,
		}},
		{"nginx", []string{
			"server {",
			"    listen 443 ssl;",
			"    server_name " + d.Host + ";",
			"    ssl_certificate     " + join("server.pem") + ";",
			"    ssl_certificate_key " + join("server.key") + ";",
			"    ssl_client_certificate " + join("root.pem") + ";",
			"    ssl_verify_client on;",
			"}",
		}},
		{"Apache", []string{
			"<VirtualHost *:443>",
			"    ServerName " + d.Host,
			"    SSLEngine on",
			"    SSLCertificateFile    " + join("server.pem"),
			"    SSLCertificateKeyFile " + join("server.key"),
			"    SSLCACertificateFile  " + join("root.pem"),
			"    SSLVerifyClient require",
			"    SSLVerifyDepth 1",
			"</VirtualHost>",
		}},
		{"Try it", []string{"certctl probe https://" + d.Host + "/ --cert " + d.Client.SHA256[:16] + " --ca " + join("root.pem")}},
	}
}

// A Step is one block of what remains to be done.
type Step struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
}

// Text is the block, as it is copied.
func (s Step) Text() string { return strings.Join(s.Lines, "\n") + "\n" }
