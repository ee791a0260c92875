// Package whereused finds what names or holds a certificate on this computer:
// entries of the stores, text files such as configurations, in whatever
// spelling they name it, and on Windows the registry. It is asked before an old certificate is taken away.
package whereused

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
)

// How a file was found to use a certificate.
const (
	BySHA1     = "sha1"
	BySHA256   = "sha256"
	BySerial   = "serial"
	ByReversed = "serial-reversed" // as Active Directory writes it
	ByDecimal  = "serial-decimal"
	ByBase64   = "base64" // one line or PEM
	ByHolding  = "holds"  // a certificate file, in any form
	ByKeyID    = "pfx-key"
	ByPath     = "path" // a configuration names a file that holds it
)

// A Use is one file, or key of the registry, that uses a certificate.
type Use struct {
	Path string
	What string // of a registry key: whose it is, such as "Remote Desktop RDP-Tcp"
	Line int    // counts from 1; 0: the file as a whole
	By   string // one of the words above
	Text string // for By "path": the file that is named
}

// Bounds of a search.
const (
	MaxFiles = 20_000
	maxFile  = 1 << 20 // bytes; larger files are left out
	maxUses  = 200
)

// A Report is what was found, and what was looked at.
type Report struct {
	Entries []*inventory.Row
	Files   []Use
	Folders []string // that were looked into
	Looked  int      // files
	Keys    int      // of the registry that were looked at
	Denied  int      // files or folders that could not be read
	Cut     bool     // there are more than [MaxFiles] files or too many uses
}

// Used reports whether anything was found.
func (r Report) Used() bool { return len(r.Entries)+len(r.Files) > 0 }

// Configurations are the folders that are looked into without being named: on
// Windows that of IIS, which has applicationHost.config.
var Configurations = configurations(runtime.GOOS, os.Getenv)

func configurations(system string, getenv func(string) string) []string {
	if system != "windows" {
		return []string{"/etc/nginx", "/etc/apache2", "/etc/httpd", "/etc/haproxy", "/etc/stunnel", "/etc/postfix", "/etc/dovecot"}
	}
	if windir := getenv("windir"); filepath.IsAbs(windir) {
		return []string{filepath.Join(windir, "System32", "inetsrv", "config")}
	}
	return nil
}

// Find looks for c in the stores and in the files below folders. Links are
// not followed into folders; what cannot be read is counted.
func Find(ctx context.Context, c *certificate.Certificate, inv *inventory.Inventory, folders []string) (Report, error) {
	s := &search{names: namesOf(c), c: c, held: map[string]bool{}}
	s.r.Entries = inv.At(c.Fingerprint())
	for _, f := range folders {
		if st, err := os.Stat(f); err != nil || !st.IsDir() && !st.Mode().IsRegular() {
			continue
		}
		s.r.Folders = append(s.r.Folders, f)
		if err := filepath.WalkDir(f, func(path string, d fs.DirEntry, err error) error { return s.visit(ctx, path, d, err) }); err != nil && !s.r.Cut {
			return s.r, err
		}
	}
	return s.r, s.registry(ctx)
}

// names are the spellings of one certificate, lowercase and without
// separators.
type names struct {
	sha1, sha256, serial, reversed, decimal string
	base64                                  string
}

const minSerial = 8 // hex digits; shorter numbers stand everywhere

func namesOf(c *certificate.Certificate) names {
	n := names{sha1: c.SHA1(), sha256: c.Fingerprint().String(), base64: base64.StdEncoding.EncodeToString(c.Raw)}
	if hexa := strings.TrimLeft(hex.EncodeToString(c.SerialNumber), "0"); len(hexa) >= minSerial {
		n.serial, n.decimal = hexa, c.Serials().Decimal
		back := slices.Clone(c.SerialNumber)
		slices.Reverse(back)
		n.reversed = strings.TrimRight(hex.EncodeToString(back), "0")
	}
	return n
}

type search struct {
	names names
	c     *certificate.Certificate
	r     Report
	held  map[string]bool // files that were named, and whether they hold it
}

func (s *search) visit(ctx context.Context, path string, d fs.DirEntry, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.r.Denied++
		return nil
	case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
		return filepath.SkipDir
	case s.r.Looked >= MaxFiles || len(s.r.Files) >= maxUses:
		s.r.Cut = true
		return filepath.SkipAll
	case d.IsDir():
		return nil
	}
	data, err := readFile(path)
	if err != nil {
		s.r.Denied++
		return nil
	}
	s.r.Looked++
	s.file(path, data)
	return nil
}

// readFile returns the content of a regular file, nil of what is none or too
// large.
func readFile(path string) ([]byte, error) {
	st, err := os.Stat(path) // follows links to files, which nginx's sites-enabled are
	if err != nil || !st.Mode().IsRegular() || st.Size() > maxFile {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

func (s *search) file(path string, data []byte) {
	if by := s.holds(data); by != "" {
		s.r.Files = append(s.r.Files, Use{Path: path, By: by})
		return
	}
	text, ok := certfile.Text(data)
	if !ok {
		return
	}
	for i, line := range strings.Split(text, "\n") {
		if by, named := s.line(line, filepath.Dir(path)); by != "" {
			s.r.Files = append(s.r.Files, Use{Path: path, Line: i + 1, By: by, Text: named})
		}
	}
}

// holds reports how data holds the certificate, "" if it does not.
func (s *search) holds(data []byte) string {
	if bytes.Contains(data, s.c.Raw) {
		return ByHolding
	}
	if len(data) < 64 {
		return ""
	}
	if data[0] == 0x30 { // DER or BER: PKCS#7 and PKCS#12
		c, err := certfile.Inspect(data)
		if err != nil {
			return ""
		}
		defer c.Wipe()
		for _, x := range c.Certificates {
			if bytes.Equal(x.Certificate.Raw, s.c.Raw) {
				return ByHolding
			}
		}
		for _, k := range c.Keys {
			if hex.EncodeToString(k.LocalKeyID) == s.names.sha1 {
				return ByKeyID
			}
		}
		return ""
	}
	if bytes.Contains(data, []byte("-----BEGIN PKCS7-----")) || bytes.Contains(data, []byte("-----BEGIN CMS-----")) {
		if c, err := certfile.Inspect(data); err == nil {
			for _, x := range c.Certificates {
				if bytes.Equal(x.Certificate.Raw, s.c.Raw) {
					return ByHolding
				}
			}
		}
	}
	text, ok := certfile.Text(data)
	if !ok {
		return ""
	}
	if strings.Contains(squeeze.Replace(text), s.names.base64) {
		return ByBase64
	}
	return ""
}

// squeeze takes away what stands between the letters of base64.
var squeeze = strings.NewReplacer("\r", "", "\n", "", " ", "", "\t", "", `\r`, "", `\n`, "", `\/`, "/", "&#xD;", "", "&#xA;", "", "&#13;", "", "&#10;", "")

var (
	hexRun     = regexp.MustCompile(`[0-9a-f]{7,}`)
	spacedRun  = regexp.MustCompile(`[0-9a-f]{1,2}(?:[ :-][0-9a-f]{2}){3,}`)
	separators = strings.NewReplacer(" ", "", ":", "", "-", "", "\t", "")
	decimalRun = regexp.MustCompile(`[0-9]{9,}`)
	pathWord   = regexp.MustCompile(`(?i)\b(?:ssl_(?:client_|trusted_)?certificate|proxy_ssl_(?:trusted_)?certificate|grpc_ssl_certificate|SSLCertificate(?:Chain)?File|SSLCA(?:Certificate|DNRequest)File|SSLProxy(?:Machine|CA)Certificate(?:Chain)?File|crt|ca-file|cafile|cert|smtpd?_tls_cert_file|ssl_cert|keystoreFile|certificateKeystoreFile)\s*[=:]?\s*<?\s*["']?([^"'\s;]+)`)
	unseen     = strings.NewReplacer("\u200e", "", "\u200f", "", "\u00a0", " ", "0x", "", "0X", "")
)

// line reports how a line names the certificate.
func (s *search) line(line, folder string) (by, named string) {
	line = strings.TrimRight(unseen.Replace(line), "\r")
	if len(line) > 1<<16 {
		line = line[:1<<16]
	}
	low := strings.ToLower(line)
	switch joined := separators.Replace(low); {
	case strings.Contains(joined, s.names.sha256):
		return BySHA256, ""
	case strings.Contains(joined, s.names.sha1):
		return BySHA1, ""
	}
	if s.names.serial != "" {
		for _, run := range hexRun.FindAllString(low, 200) {
			switch {
			case strings.TrimLeft(run, "0") == s.names.serial:
				return BySerial, ""
			case len(run)%2 == 0 && strings.TrimRight(run, "0") == s.names.reversed:
				return ByReversed, ""
			}
		}
		for _, run := range spacedRun.FindAllString(low, 200) {
			if strings.Contains(separators.Replace(run), s.names.serial) {
				return BySerial, ""
			}
		}
	}
	if s.names.decimal != "" && slices.Contains(decimalRun.FindAllString(line, 200), s.names.decimal) {
		return ByDecimal, ""
	}
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return "", ""
	}
	if m := pathWord.FindStringSubmatch(line); m != nil {
		path := m[1]
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		if s.fileHolds(path) {
			return ByPath, path
		}
	}
	return "", ""
}

func (s *search) fileHolds(path string) bool {
	held, known := s.held[path]
	if !known {
		data, err := readFile(path)
		held = err == nil && s.holds(data) != ""
		if len(s.held) < MaxFiles {
			s.held[path] = held
		}
	}
	return held
}

// Words says in words how a use was found.
func (u Use) Words() string {
	switch u.By {
	case BySHA1, BySHA256:
		if u.What != "" {
			return u.What + " names it"
		}
	case ByBase64, ByHolding:
		return "holds the certificate"
	case ByKeyID:
		return "a PKCS#12 file with its key"
	case ByPath:
		return "names " + u.Text + ", which holds it"
	}
	return "names its " + map[string]string{BySHA1: "SHA-1 thumbprint", BySHA256: "SHA-256 thumbprint", BySerial: "serial number",
		ByReversed: "serial number, reversed", ByDecimal: "serial number, decimal"}[u.By]
}

// String returns path and line.
func (u Use) String() string {
	if u.Line == 0 {
		return u.Path
	}
	return fmt.Sprintf("%s:%d", u.Path, u.Line)
}
