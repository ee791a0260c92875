package main

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// Under Wine the scripts compare with the Linux host's own programs. Wine
// starts those, but gives no handle to wait with: a shell writes down what
// they say and how they end.

// hostPrograms are what the scripts call.
var hostPrograms = []string{"openssl", "pk12util", "certutil", "keytool", "certtool", "sh", "head", "cat", "grep", "stat", "pdftotext"}

func onWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

// hostCommands are the programs as commands of the test binary.
func hostCommands() map[string]func() {
	commands := map[string]func(){}
	if onWine() {
		for _, name := range hostPrograms {
			commands[name] = func() { os.Exit(host(append([]string{name}, os.Args[1:]...))) }
		}
	}
	commands["bind"] = func() {
		if err := bind(os.Args[1], os.Args[2:]...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	commands["lose-links"] = func() {
		if err := loseLinks(os.Getenv("CERTDESK_STORE_PREFIX") + "My"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	return commands
}

const hostScript = `d=$1; shift; "$@" >"$d/out" 2>"$d/err"; echo $? >"$d/code.new"; mv "$d/code.new" "$d/code"`

// host runs a program of the host and returns its exit code.
func host(args []string) int {
	dir, err := os.MkdirTemp("", "host")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 127
	}
	defer os.RemoveAll(dir)
	words := []string{`Z:\usr\bin\env`, "-u", "LD_PRELOAD", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "SAMPLE=" + hostPath(os.Getenv("SAMPLE")), "sh", "-c", hostScript, "sh", hostPath(dir)}
	for _, a := range args {
		words = append(words, hostPath(a))
	}
	_, _, err = syscall.StartProcess(words[0], words, &syscall.ProcAttr{Files: []uintptr{os.Stdin.Fd(), os.Stdout.Fd(), os.Stderr.Fd()}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		return 127
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(dir, "code"))
		if err != nil {
			continue
		}
		copyTo(os.Stdout, filepath.Join(dir, "out"))
		copyTo(os.Stderr, filepath.Join(dir, "err"))
		code := 127
		fmt.Sscan(string(text), &code)
		return code
	}
	fmt.Fprintln(os.Stderr, "host: no answer from", args[0])
	return 127
}

func copyTo(w io.Writer, path string) {
	if f, err := os.Open(path); err == nil {
		io.Copy(w, f)
		f.Close()
	}
}

var drive = regexp.MustCompile(`\b([A-Za-z]):[\\/]`)

// hostPath is a word of a command line with the paths that Linux knows.
func hostPath(word string) string {
	if !drive.MatchString(word) {
		return word
	}
	word = drive.ReplaceAllStringFunc(word, func(s string) string {
		if strings.EqualFold(s[:1], "z") {
			return "/"
		}
		return os.Getenv("WINEPREFIX") + "/dosdevices/" + strings.ToLower(s[:1]) + ":/"
	})
	return strings.ReplaceAll(word, `\`, "/")
}

// served runs the scripts of dir against servers that the same test of the
// host started, and said where.
func served(t *testing.T, dir string, _ func(*testing.T) map[string]string) {
	var env map[string]string
	if err := json.Unmarshal([]byte(os.Getenv(runServed)), &env); err != nil {
		t.Skip("the servers are programs of the Linux host: scripts/windows.sh commands starts them there, and then this test")
	}
	env["SAMPLE"] = "Z:" + env["SAMPLE"]
	testscript.Run(t, params(dir, env))
}

// makeSample makes the sample PFX in dir.
func makeSample(dir string) error {
	if !onWine() {
		return fmt.Errorf("the sample is made by a shell script: run the scripts under Wine, with make test-windows")
	}
	if code := host([]string{"bash", "../../scripts/sample.sh", dir}); code != 0 {
		return fmt.Errorf("sample.sh: exit code %d", code)
	}
	return nil
}

// countKeys counts the key containers that the script made.
func countKeys(ts *testscript.TestScript, machine bool) int {
	root := registry.CURRENT_USER
	if machine {
		root = registry.LOCAL_MACHINE
	}
	return len(containers(ts, root))
}

// containers returns the script's key containers, where Wine keeps them.
func containers(ts *testscript.TestScript, root registry.Key) []string {
	return subKeys(ts, root, `Software\Wine\Crypto\RSA`, ts.Getenv("CERTDESK_STORE_PREFIX"))
}

// subKeys returns the names below path that begin with prefix.
func subKeys(ts *testscript.TestScript, root registry.Key, path, prefix string) []string {
	k, err := registry.OpenKey(root, path, registry.ENUMERATE_SUB_KEYS)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	ts.Check(err)
	defer k.Close()
	names, err := k.ReadSubKeyNames(-1)
	ts.Check(err)
	return slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(strings.ToLower(name), strings.ToLower(prefix))
	})
}

// bind makes a binding of http.sys, as the registry has it, with the thumbprint
// in a file; without one it takes the binding away.
func bind(address string, file ...string) error {
	path := `SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo\` + address
	if len(file) == 0 {
		return registry.DeleteKey(registry.LOCAL_MACHINE, path)
	}
	text, err := os.ReadFile(file[0])
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, path, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	return k.SetBinaryValue("SslCertHash", hash)
}

const systemCertificates = `Software\Microsoft\SystemCertificates`

// loseLinks takes from the certificates of a store of the user's what leads to
// their keys, as programs do that store a certificate anew.
func loseLinks(store string) error {
	path := systemCertificates + `\` + store + `\Certificates`
	k, err := registry.OpenKey(registry.CURRENT_USER, path, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return err
	}
	defer k.Close()
	names, err := k.ReadSubKeyNames(-1)
	for _, name := range names {
		err = errors.Join(err, loseLink(path+`\`+name))
	}
	return err
}

func loseLink(path string) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, path, registry.QUERY_VALUE|registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	blob, _, err := k.GetBinaryValue("Blob")
	if err != nil {
		return err
	}
	var kept []byte
	for id, element := range elements(blob) {
		if id != 2 { // CERT_KEY_PROV_INFO_PROP_ID
			kept = append(kept, element...)
		}
	}
	return k.SetBinaryValue("Blob", kept)
}

// listStored reads the user's stores in the registry, each certificate a
// serialized one: common name, and u,u,u where it names a key container that
// there is.
func listStored(ts *testscript.TestScript) string {
	var b strings.Builder
	keys := containers(ts, registry.CURRENT_USER)
	for _, store := range subKeys(ts, registry.CURRENT_USER, systemCertificates, ts.Getenv("CERTDESK_STORE_PREFIX")) {
		path := systemCertificates + `\` + store + `\Certificates`
		for _, name := range subKeys(ts, registry.CURRENT_USER, path, "") {
			k, err := registry.OpenKey(registry.CURRENT_USER, path+`\`+name, registry.QUERY_VALUE)
			ts.Check(err)
			blob, _, err := k.GetBinaryValue("Blob")
			k.Close()
			ts.Check(err)
			trust := ",,"
			if slices.ContainsFunc(keys, func(key string) bool { return bytes.Contains(bytes.ToLower(blob), utf16z(strings.ToLower(key))) }) {
				trust = "u,u,u"
			}
			c, err := x509.ParseCertificate(serialized(blob))
			ts.Check(err)
			fmt.Fprintf(&b, "%s  %s\n", c.Subject.CommonName, trust)
		}
	}
	return b.String()
}

// elements goes through a serialized certificate: id, 1, length and value of
// each property, and of the certificate.
func elements(blob []byte) iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		for len(blob) >= 12 {
			n := min(12+int(binary.LittleEndian.Uint32(blob[8:])), len(blob))
			if !yield(binary.LittleEndian.Uint32(blob), blob[:n]) {
				return
			}
			blob = blob[n:]
		}
	}
}

// serialized returns the certificate of a serialized one.
func serialized(blob []byte) []byte {
	for id, element := range elements(blob) {
		if id == 32 { // CERT_CERT_PROP_ID
			return element[12:]
		}
	}
	return nil
}

// utf16z is s as Windows stores it, with its zero.
func utf16z(s string) []byte {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
