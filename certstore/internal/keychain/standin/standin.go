//go:build linux

// Package standin builds and loads a small C library with the prototypes and
// the ownership rules of Apple's Security and CoreFoundation frameworks, for
// tests on Linux. It keeps everything in memory; its signatures and PKCS#12
// files are OpenSSL's.
//
// What passes on it proves the shape of our calls, who releases what, and
// what becomes of errors. It proves nothing about macOS.
package standin

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ebitengine/purego"

	"certdesk/certstore/internal/keychain"
	"certdesk/certstore/internal/keychain/dylib"
)

//go:embed c
var source embed.FS

// A Library is the stand-in, for one test.
type Library struct {
	*keychain.Library
	t testing.TB
}

// The stand-in's own functions.
var (
	createKeychain func(path, password string)
	setDefault     func(path string)
	lockKeychain   func(path string)
	fail           func(function string, status keychain.Status, after int32)
	set            func(knob string, value int32)
	live           func() int
	forbidThread   func(on bool)
	takeFaults     func(out *byte, n uint32)
)

// load builds the library once for the process.
var load = sync.OnceValues(func() (lib *keychain.Library, err error) {
	dir, err := os.MkdirTemp("", "certdesk-standin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path, err := Build(dir)
	if err != nil {
		return nil, err
	}
	if lib, err = dylib.Load(path, path); err != nil {
		return nil, err
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	for name, f := range map[string]any{
		"standin_create_keychain": &createKeychain, "standin_set_default": &setDefault, "standin_lock_keychain": &lockKeychain,
		"standin_fail": &fail, "standin_set": &set, "standin_live": &live, "standin_forbid_thread": &forbidThread, "standin_take_faults": &takeFaults,
	} {
		purego.RegisterLibFunc(f, handle, name)
	}
	return lib, nil
})

// Build compiles the library into dir and returns its path. Options go to the
// compiler.
func Build(dir string, options ...string) (string, error) {
	files, err := fs.Glob(source, "c/*")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "standin.so")
	args := append([]string{"-Wall", "-Werror", "-O1", "-g", "-shared", "-fPIC", "-Wl,-Bsymbolic", "-o", out}, options...)
	for _, name := range files {
		text, err := source.ReadFile(name)
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", err
		}
		if strings.HasSuffix(path, ".c") {
			args = append(args, path)
		}
	}
	if text, err := exec.Command("gcc", append(args, "-lcrypto")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("gcc: %w: %s", err, text)
	}
	return out, nil
}

// Skip skips a test where the library cannot be built.
func Skip(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed, which builds the stand-in for macOS; make test installs it")
	}
	if _, err := os.Stat("/usr/include/openssl/evp.h"); err != nil {
		t.Skip("libssl-dev is not installed, which the stand-in for macOS is built with; make test installs it")
	}
}

// Load returns the stand-in. At the end of the test it fails it for every
// object that is left, released twice, or used after its release.
func Load(t testing.TB) *Library {
	t.Helper()
	Skip(t)
	lib, err := load()
	if err != nil {
		t.Fatal(err)
	}
	before := live()
	t.Cleanup(func() {
		if faults := Faults(); faults != "" {
			t.Errorf("macOS would have crashed:\n%s", faults)
		}
		if n := live() - before; n != 0 {
			t.Errorf("%d objects were not released", n)
		}
		fail("", 0, 0)
	})
	private := *lib // a test may replace functions
	return &Library{&private, t}
}

// Faults returns what went wrong since it was called last, a line each.
func Faults() string {
	buffer := make([]byte, 8192)
	takeFaults(&buffer[0], uint32(len(buffer)))
	runtime.KeepAlive(buffer)
	text, _, _ := strings.Cut(string(buffer), "\x00")
	return text
}

// Live returns the number of objects that were not released.
func Live() int { return live() }

// Keychain makes an empty keychain in a temporary directory.
func (l *Library) Keychain(password string) string {
	l.t.Helper()
	path := filepath.Join(l.t.TempDir(), "test.keychain-db")
	if err := os.WriteFile(path, nil, 0o600); err != nil { // whether it can be written is the file's to say
		l.t.Fatal(err)
	}
	createKeychain(path, password)
	return path
}

// Default makes the keychain at path the user's default one, "" none.
func (l *Library) Default(path string) { setDefault(path) }

// Lock locks a keychain.
func (l *Library) Lock(path string) { lockKeychain(path) }

// ForbidThread makes every call of Security on the caller's thread a fault
// until the end of the test. The caller has locked its goroutine to it.
func (l *Library) ForbidThread() {
	forbidThread(true)
	l.t.Cleanup(func() { forbidThread(false) })
}

// Fail makes a call of function fail with status, the first or a later one.
func (l *Library) Fail(function string, status keychain.Status, after int) {
	fail(function, status, int32(after))
}

// Set turns a peculiarity of keys on for the rest of the test: "no PSS", "no
// raw RSA" or "no extractable attribute".
func (l *Library) Set(knob string) {
	set(knob, 1)
	l.t.Cleanup(func() { set(knob, 0) })
}
