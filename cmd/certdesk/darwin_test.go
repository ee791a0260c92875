//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// exports returns the compiled packages that args need, by import path. Those
// that do not compile are left out.
func exports(t *testing.T, env []string, args ...string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-export", "-deps", "-json=ImportPath,Export"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.Bytes())
	}
	list := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Export != "" {
			list[p.ImportPath] = p.Export
		}
	}
}

// TestDarwinTypes checks the types of the window's program as it is on macOS.
// It cannot be compiled here, as the toolkit needs Apple's SDK there: the
// toolkit and the views, which no system changes, are taken as they are on
// Linux, everything else as on macOS.
func TestDarwinTypes(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles packages for macOS")
	}
	packages := exports(t, nil, ".")
	darwin := []string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"}
	for path, file := range exports(t, darwin, "std", "certdesk/certstore", "certdesk/internal/...", "certdesk/cmd/certdesk/internal/opendoc") {
		packages[path] = file
	}
	if packages["fyne.io/fyne/v2"] == "" || packages["certdesk/cmd/certdesk/internal/opendoc"] == "" {
		t.Fatal("the toolkit or our package for macOS is missing")
	}
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = "darwin", "arm64", true
	p, err := ctx.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	seen := false
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		seen = seen || filepath.Base(name) == "open_darwin.go"
	}
	if !seen {
		t.Fatalf("open_darwin.go is not among %v", p.GoFiles)
	}
	conf := types.Config{
		Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
			if packages[path] == "" {
				return nil, fmt.Errorf("%s was not compiled", path)
			}
			return os.Open(packages[path])
		}),
		Error: func(err error) { t.Error(err) },
	}
	if _, err := conf.Check("certdesk/cmd/certdesk", fset, files, nil); err != nil {
		t.Log(err)
	}
}
