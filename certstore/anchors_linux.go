package certstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"certdesk/internal/certificate"
)

// maxAnchorFile bounds what is read of a bundle, in bytes; the largest known
// has half a megabyte.
const maxAnchorFile = 64 << 20

// An anchorLayout is how a family of distributions keeps trust anchors.
type anchorLayout struct {
	dir     string   // where the administrator's go, one per file
	suffix  string   // the names that are taken
	update  []string // makes the bundle
	rebuild []string // the same after a removal
	bundle  string   // all of them, the distribution's included
}

// layouts are told apart by their directories; p11-kit's own files differ
// from one distribution to the next too much to go by.
var layouts = []anchorLayout{
	{ // Debian, Ubuntu, Alpine: update-ca-certificates(8)
		"/usr/local/share/ca-certificates", ".crt",
		[]string{"update-ca-certificates"}, []string{"update-ca-certificates", "--fresh"},
		"/etc/ssl/certs/ca-certificates.crt",
	},
	{ // Fedora, RHEL: update-ca-trust(8)
		"/etc/pki/ca-trust/source/anchors", ".crt",
		[]string{"update-ca-trust", "extract"}, []string{"update-ca-trust", "extract"},
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	},
	{ // openSUSE
		"/etc/pki/trust/anchors", ".crt",
		[]string{"update-ca-certificates"}, []string{"update-ca-certificates"},
		"/var/lib/ca-certificates/ca-bundle.pem",
	},
	{ // Arch
		"/etc/ca-certificates/trust-source/anchors", ".crt",
		[]string{"trust", "extract-compat"}, []string{"trust", "extract-compat"},
		"/etc/ca-certificates/extracted/tls-ca-bundle.pem",
	},
}

// anchors are the trust anchors of the system.
type anchors struct {
	anchorLayout
	changing chan struct{} // holds a token while this program changes them
}

func newAnchors(getenv func(string) string) *anchors {
	a := &anchors{anchorLayout: layouts[0], changing: make(chan struct{}, 1)}
	for _, l := range layouts {
		if isDir(l.dir) {
			a.anchorLayout = l
			break
		}
	}
	if dir := getenv("CERTDESK_ANCHORS_DIR"); dir != "" {
		a.anchorLayout = anchorLayout{dir: dir, suffix: ".crt"} // no bundle: the system's own does not follow
	}
	if bundle := getenv("CERTDESK_ANCHORS_BUNDLE"); bundle != "" {
		a.bundle = bundle
	}
	if update := strings.Fields(getenv("CERTDESK_ANCHORS_UPDATE")); len(update) > 0 {
		a.update, a.rebuild = update, update
	}
	return a
}

// readOnly returns why no anchor can be added, or nil.
func (a *anchors) readOnly() error {
	err := unix.Access(a.dir, unix.W_OK)
	if err == nil {
		return nil
	}
	err = &fs.PathError{Op: "write", Path: a.dir, Err: err}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &because{ErrDenied, err}
	case errors.Is(err, fs.ErrNotExist):
		return &because{ErrUnavailable, err}
	}
	return err
}

// entries returns all anchors: the administrator's, which may be changed, and
// those of the bundle.
func (a *anchors) entries() ([]Entry, error) {
	own, err := a.own()
	seen := map[certificate.Fingerprint]bool{}
	var list []Entry
	add := func(der []byte, origin string, readOnly, shipped bool) {
		if fp := certificate.FingerprintOf(der); !seen[fp] {
			seen[fp] = true
			list = append(list, Entry{Location: Machine, Store: Root, DER: der, Key: KeyNone, Trusted: true, Origin: origin, ReadOnly: readOnly, Shipped: shipped})
		}
	}
	locked := a.readOnly() != nil
	for _, f := range own {
		for _, der := range f.certificates {
			add(der, f.path, locked, false)
		}
	}
	if a.bundle == "" {
		return list, err
	}
	bundle, bundleErr := readAnchors(a.bundle)
	for _, der := range bundle {
		add(der, a.bundle, true, true)
	}
	if errors.Is(bundleErr, fs.ErrNotExist) { // no ca-certificates: there are no anchors then
		bundleErr = nil
	}
	return list, errors.Join(err, bundleErr)
}

// An anchorFile is a file of the administrator's directory.
type anchorFile struct {
	path         string
	certificates [][]byte
}

// own reads the administrator's directory.
func (a *anchors) own() ([]anchorFile, error) {
	dir, err := os.ReadDir(a.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var files []anchorFile
	for _, e := range dir {
		if e.IsDir() || a.suffix == ".crt" && a.update != nil && a.update[0] == "update-ca-certificates" && !strings.HasSuffix(e.Name(), a.suffix) {
			continue
		}
		path := filepath.Join(a.dir, e.Name())
		ders, readErr := readAnchors(path)
		if readErr != nil {
			err = errors.Join(err, readErr)
			continue
		}
		if len(ders) > 0 {
			files = append(files, anchorFile{path, ders})
		}
	}
	return files, err
}

// readAnchors returns the certificates of a PEM or DER file.
func readAnchors(path string) ([][]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxAnchorFile {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a file of certificates")}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list [][]byte
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE":
			list = append(list, block.Bytes)
		case "TRUSTED CERTIFICATE": // OpenSSL's: the certificate, then its trust settings
			list = append(list, firstElement(block.Bytes))
		}
	}
	if len(list) == 0 && len(data) > 0 && data[0] == 0x30 { // a DER SEQUENCE
		list = append(list, data)
	}
	return list, nil
}

// find returns the anchor with a fingerprint.
func (a *anchors) find(fp certificate.Fingerprint) (c *certificate.Certificate, found bool, err error) {
	list, err := a.entries()
	for _, e := range list {
		if e.Fingerprint() == fp {
			return certificate.Parse(e.DER), true, nil
		}
	}
	return nil, false, err
}

// holds reports where c is an anchor: among the administrator's, or among
// those shipped only.
func (a *anchors) holds(c *certificate.Certificate) (own, shipped bool, err error) {
	list, err := a.entries()
	for _, e := range list {
		if bytes.Equal(e.DER, c.Raw) {
			own = filepath.Dir(e.Origin) == filepath.Clean(a.dir)
			return own, !own, nil
		}
	}
	return false, false, err
}

// removable returns why c cannot be removed, or nil.
func (a *anchors) removable(c *certificate.Certificate) error {
	own, _, err := a.holds(c)
	if err != nil {
		return err
	}
	if !own {
		return &impossible{"the system ships it", "To distrust it, put a ! before its line in /etc/ca-certificates.conf and run update-ca-certificates (Debian, Ubuntu), or put it into the blocklist directory and run update-ca-trust (Fedora)."}
	}
	return a.readOnly()
}

// change runs f alone and makes the bundle anew.
func (a *anchors) change(ctx context.Context, f func() error) error {
	select {
	case a.changing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-a.changing }()
	return f()
}

// put makes c an anchor: a file of its own, then the bundle. Programs that
// make bundles answer success for files that they skip, so the bundle is read
// again afterwards.
func (a *anchors) put(ctx context.Context, c *certificate.Certificate) error {
	if err := holds(Root, c, false); err != nil {
		return err
	}
	if err := a.readOnly(); err != nil {
		return err
	}
	return a.change(ctx, func() error {
		own, shipped, err := a.holds(c)
		if err != nil {
			return err
		}
		if own || shipped {
			return ErrExists
		}
		path := filepath.Join(a.dir, a.fileName(c))
		if err := writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})); err != nil {
			return err
		}
		if err = a.run(ctx, a.update); err == nil {
			err = a.arrived(path, c)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(path))
			_ = a.run(context.WithoutCancel(ctx), a.rebuild) // the first error says it all
		}
		return err
	})
}

// arrived verifies that c is where programs look for it.
func (a *anchors) arrived(path string, c *certificate.Certificate) error {
	if a.bundle != "" {
		path = a.bundle
	}
	list, err := readAnchors(path)
	if err != nil {
		return err
	}
	for _, der := range list {
		if bytes.Equal(der, c.Raw) {
			return nil
		}
	}
	return fmt.Errorf("%s did not take it into %s", strings.Join(a.update, " "), path)
}

// fileName returns a name that every update command takes: CN and the first
// 8 digits of the SHA-256.
func (a *anchors) fileName(c *certificate.Certificate) string {
	const maxName = 64 // of the CN, in bytes
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, c.CommonName())
	name = strings.Trim(name[:min(len(name), maxName)], "-")
	if name == "" {
		name = "ca"
	}
	fp := c.Fingerprint()
	return name + "-" + hex.EncodeToString(fp[:4]) + a.suffix
}

// writeFile writes a file that is either complete or not there.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".certdesk-*") // no suffix that is taken
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// remove deletes the administrator's file of c and makes the bundle anew. A
// file that holds other certificates as well is written without c.
func (a *anchors) remove(ctx context.Context, c *certificate.Certificate) error {
	if err := a.removable(c); err != nil {
		return err
	}
	return a.change(ctx, func() error {
		files, err := a.own()
		if err != nil {
			return err
		}
		for _, f := range files {
			var rest bytes.Buffer
			found := false
			for _, der := range f.certificates {
				if bytes.Equal(der, c.Raw) {
					found = true
				} else if err := pem.Encode(&rest, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
					return err
				}
			}
			switch {
			case !found:
			case rest.Len() == 0:
				err = os.Remove(f.path)
			default:
				err = writeFile(f.path, rest.Bytes())
			}
			if err != nil {
				return err
			}
		}
		return a.run(ctx, a.rebuild)
	})
}

// run runs an update command; its own words are the error.
func (a *anchors) run(ctx context.Context, command []string) error {
	if len(command) == 0 {
		return nil
	}
	name, err := exec.LookPath(command[0])
	if err != nil {
		sbin := filepath.Join("/usr/sbin", command[0]) // not in the PATH of users
		if _, statErr := os.Stat(sbin); statErr != nil || strings.Contains(command[0], "/") {
			return &because{ErrUnavailable, err}
		}
		name = sbin
	}
	out, err := exec.CommandContext(ctx, name, command[1:]...).CombinedOutput()
	if err == nil {
		return nil
	}
	if text := strings.TrimSpace(string(out)); text != "" {
		lines := strings.Split(text, "\n")
		return fmt.Errorf("%s: %w: %s", command[0], err, lines[len(lines)-1])
	}
	return fmt.Errorf("%s: %w", command[0], err)
}

// firstElement returns the first DER element of data.
func firstElement(data []byte) []byte {
	if len(data) > 4 && data[0] == 0x30 && data[1] == 0x82 {
		if n := 4 + int(data[2])<<8 + int(data[3]); n <= len(data) {
			return data[:n]
		}
	}
	return data
}
