package certdesk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "certdesk/"

// sources calls visit for every Go file of the module.
func sources(t *testing.T, mode parser.Mode, visit func(path string, f *ast.File, src []byte)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bin" || d.Name() == "out") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, mode)
		if err != nil {
			return err
		}
		n++
		visit(filepath.ToSlash(path), f, src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 50 {
		t.Fatalf("looked at %d files only", n)
	}
}

// TestImports keeps the arrows of docs/architecture.md pointing one way. It
// reads the files itself: go list would see those of one system only, and the
// test cache would not notice that they changed.
func TestImports(t *testing.T) {
	rules := []struct {
		dir, mayNotImport, why string
		except                 []string // of what is forbidden, this is allowed
	}{
		{"certstore/", module + "internal/", "the store knows nothing of what is built on it", []string{module + "internal/certificate", module + "internal/certfile"}},
		{"certstore/", "fyne.io/", "the command line links the store without a GUI", nil},
		{"internal/", "fyne.io/", "both front ends use the services", nil},
		{"internal/", module + "ui", "a front end calls the services, never the reverse", nil},
		{"internal/", module + "cmd", "a front end calls the services, never the reverse", nil},
		{"internal/certificate/", module, "the leaf that everything may import imports nothing of ours", nil},
		{"internal/certfile/", module, "a file is read without a store", []string{module + "internal/blockcipher", module + "internal/certificate"}},
		{"internal/keyusage/", module + "certstore", "a certificate is judged without a store", nil},
		{"internal/certfile/", "os", "a file is read from bytes", nil},
		{"internal/target/", module, "who uses certificates is data", []string{module + "certstore"}},
		{"internal/action/", module, "what a person can do next is words", nil},
		{"internal/explain/", module, "codes are data: they know nothing of certificates", nil},
		{"internal/identify/", module + "certstore", "a text is read without a store", nil},
		{"internal/diagnose/", "os", "a diagnosis looks at the stores only", nil},
		{"internal/diagnose/", "net", "a diagnosis asks nobody", nil},
		{"internal/placement/", "os", "placement looks at nothing but its arguments", nil},
		{"internal/csr/", "os", "a request is made from what was typed", nil},
		{"internal/request/", "net", "a request reaches the CA by a person's hand", nil},
		{"internal/combiner/", "os", "the front ends read and write the files", nil},
		{"internal/importer/", "os", "the front ends read the files", nil},
		{"internal/inventory/", "os", "an inventory comes from the stores", nil},
		{"internal/chain/", "net/http", "chains are built from what is at hand", nil},
		{"internal/chain/", "os", "chains are built from what is at hand", nil},
		{"internal/tlsprobe/", module + "certstore", "the probe signs with a key it is given, wherever that is", nil},
		{"ui/", "fyne.io/fyne/v2/app", "only cmd links a driver, so ui is tested without cgo", nil},
		{"ui/", "os", "the window reads files through fyne/storage or a service", nil},
		{"ui/", "net", "the window makes no connection of its own", nil},
		{"ui/model/", "fyne.io/fyne/v2/widget", "a model knows no widget", nil},
		{"ui/model/", "fyne.io/fyne/v2/canvas", "a model knows no widget", nil},
		{"ui/model/", "fyne.io/fyne/v2/container", "a model knows no widget", nil},
		{"ui/", module + "certstore/internal", "only certstore calls an operating system", nil},
		{"ui/", "github.com/miekg/pkcs11", "only certstore calls an operating system", nil},
		{"internal/", "github.com/miekg/pkcs11", "only certstore calls an operating system", nil},
		{"cmd/", "github.com/miekg/pkcs11", "only certstore calls an operating system", nil},
		{"internal/", "github.com/google/certtostore", "only certstore calls an operating system", nil},
		{"ui/", "github.com/google/certtostore", "only certstore calls an operating system", nil},
		{"cmd/", "github.com/google/certtostore", "only certstore calls an operating system", nil},
		{"internal/", "github.com/ebitengine/purego", "only certstore calls an operating system", nil},
		{"ui/", "github.com/ebitengine/purego", "only certstore calls an operating system", nil},
		{"cmd/certctl/", "github.com/ebitengine/purego", "only certstore calls an operating system", nil},
		{"cmd/certctl/", "fyne.io/", "the command line has no GUI", nil},
		{"cmd/certctl/", module + "ui", "the command line has no GUI", nil},
	}
	used := make([]bool, len(rules))
	sources(t, parser.ImportsOnly, func(path string, f *ast.File, _ []byte) {
		test := strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/")
		for i, r := range rules {
			if !strings.HasPrefix(path, r.dir) {
				continue
			}
			used[i] = true
			for _, imp := range f.Imports {
				p, _ := strconv.Unquote(imp.Path.Value)
				std := !strings.Contains(r.mayNotImport, "/") && !strings.Contains(r.mayNotImport, ".")
				if test && (std || strings.HasPrefix(p, module)) {
					continue // tests use files, and make what they need
				}
				hit := p == strings.TrimSuffix(r.mayNotImport, "/") || strings.HasPrefix(p, strings.TrimSuffix(r.mayNotImport, "/")+"/")
				if hit && !slices.Contains(r.except, p) && !strings.HasPrefix(p, module+strings.TrimSuffix(r.dir, "/")) {
					t.Errorf("%s imports %s: %s", path, p, r.why)
				}
			}
		}
	})
	for i, r := range rules {
		if !used[i] {
			t.Errorf("no file under %s: the rule about %s checks nothing", r.dir, r.mayNotImport)
		}
	}
}

// TestKeychainPolicy keeps the bindings of macOS loadable only where they are
// wanted: the adapter's files compile everywhere, and only those of macOS and
// of tests link the library that loads the frameworks.
func TestKeychainPolicy(t *testing.T) {
	const loader = module + "certstore/internal/keychain/dylib"
	n := 0
	sources(t, parser.ImportsOnly, func(path string, f *ast.File, _ []byte) {
		for _, imp := range f.Imports {
			if p, _ := strconv.Unquote(imp.Path.Value); p != loader {
				continue
			}
			n++
			if !strings.HasSuffix(path, "_darwin.go") && !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "certstore/internal/keychain/standin/") {
				t.Errorf("%s imports %s: other systems' programs would link it", path, loader)
			}
		}
	})
	if n < 3 {
		t.Errorf("found %d files that load the frameworks", n)
	}
}

// TestBuildConstraints keeps the operating system out of the core: systems
// differ in certstore, at the doors of cmd/certdesk, and where a file is
// locked.
func TestBuildConstraints(t *testing.T) {
	allowed := func(path string) bool {
		return strings.HasPrefix(path, "certstore/") || strings.HasPrefix(path, "cmd/certdesk/") || strings.HasPrefix(path, "internal/journal/lock_") || strings.HasPrefix(path, "internal/elevate/door_") || strings.HasPrefix(path, "internal/pipe/pipe_") || strings.HasPrefix(path, "internal/outfile/private_") || strings.HasPrefix(path, "internal/whereused/registry_") || strings.HasSuffix(path, "_test.go")
	}
	sources(t, parser.ParseComments, func(path string, f *ast.File, src []byte) {
		if allowed(path) {
			return
		}
		for _, suffix := range []string{"_windows.go", "_linux.go", "_darwin.go", "_unix.go"} {
			if strings.HasSuffix(path, suffix) {
				t.Errorf("%s is for one system only", path)
			}
		}
		if strings.HasPrefix(string(src), "//go:build") || strings.Contains(string(src), "\n//go:build") {
			t.Errorf("%s has a build constraint", path)
		}
	})
}

// TestPackageDocs wants exactly one package comment for each package, and no
// file that nobody can take in.
func TestPackageDocs(t *testing.T) {
	docs := map[string][]string{}
	sources(t, parser.ParseComments, func(path string, f *ast.File, src []byte) {
		if lines := strings.Count(string(src), "\n"); lines > 500 {
			t.Errorf("%s has %d lines: split it by what it is about", path, lines)
		}
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		dir := filepath.Dir(path)
		if f.Doc != nil {
			docs[dir] = append(docs[dir], path)
		} else if _, ok := docs[dir]; !ok {
			docs[dir] = nil
		}
	})
	for dir, files := range docs {
		if len(files) != 1 {
			t.Errorf("package in %s has %d package comments: %v", dir, len(files), files)
		}
	}
}
