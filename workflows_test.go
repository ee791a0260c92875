package certdesk_test

import (
	"go/ast"
	"go/parser"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// A workflow is what hosted runners read, as far as ours go.
type workflow struct {
	Name        string            `yaml:"name"`
	On          []string          `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Env         map[string]string `yaml:"env"`
	Jobs        map[string]struct {
		Strategy struct {
			FailFast bool                `yaml:"fail-fast"`
			Matrix   map[string][]string `yaml:"matrix"`
		} `yaml:"strategy"`
		RunsOn    string `yaml:"runs-on"`
		Container string `yaml:"container"`
		Timeout   int    `yaml:"timeout-minutes"`
		Steps     []struct {
			Name  string            `yaml:"name"`
			Uses  string            `yaml:"uses"`
			With  map[string]any    `yaml:"with"`
			If    string            `yaml:"if"`
			Env   map[string]string `yaml:"env"`
			Shell string            `yaml:"shell"`
			Run   string            `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

var (
	scriptName = regexp.MustCompile(`(?:\.ci|scripts|bundling)/[\w./-]+`)
	testName   = regexp.MustCompile(`\bTest[A-Z]\w+`)
)

// TestWorkflows reads the workflow files: they are YAML with nothing in it
// that we do not know, every script and test that they name is there, and no
// registry or other host is.
func TestWorkflows(t *testing.T) {
	tests := map[string]bool{}
	sources(t, parser.SkipObjectResolution, func(path string, f *ast.File, _ []byte) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasSuffix(path, "_test.go") {
				tests[fn.Name.Name] = true
			}
		}
	})
	names := map[string]bool{}
	files, _ := filepath.Glob(".github/workflows/*.yml")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		d := yaml.NewDecoder(strings.NewReader(string(text)))
		d.KnownFields(true)
		if err := d.Decode(&w); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		names[w.Name] = true
		if strings.Contains(string(text), "://") || strings.Contains(string(text), "GOPROXY") {
			t.Errorf("%s names a host", path)
		}
		if w.Permissions["contents"] != "read" || len(w.Permissions) != 1 {
			t.Errorf("%s may do more than read: %v", path, w.Permissions)
		}
		for name, job := range w.Jobs {
			if job.RunsOn == "" || job.Timeout == 0 || len(job.Steps) == 0 {
				t.Errorf("%s: job %s has no runner, no limit or no steps", path, name)
			}
			for _, s := range job.Steps {
				if (s.Uses == "") == (s.Run == "") {
					t.Errorf("%s: the step %q uses and runs both or neither", path, s.Name)
				}
				checkRun(t, path, s.Shell, s.Run, tests)
			}
		}
	}
	for _, name := range []string{"Linux", "macOS", "Windows"} {
		if !names[name] {
			t.Errorf("there is no workflow %s", name)
		}
	}
	for _, script := range []string{"scripts/runner/darwin.sh", "scripts/runner/windows.ps1", "scripts/darwin.sh"} {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "://") {
			t.Errorf("%s names a host", script)
		}
		shell := ""
		if strings.HasSuffix(script, ".ps1") {
			shell = "pwsh"
		}
		checkRun(t, script, shell, string(text), tests)
	}
}

// checkRun looks at a script: the shell reads it, and what it names is there.
func checkRun(t *testing.T, path, shell, run string, tests map[string]bool) {
	t.Helper()
	for _, script := range scriptName.FindAllString(run, -1) {
		if st, err := os.Stat(strings.TrimSuffix(script, ".")); err != nil || st.IsDir() {
			t.Errorf("%s: there is no script %s", path, script)
		}
	}
	for _, name := range testName.FindAllString(run, -1) {
		if !tests[name] {
			t.Errorf("%s: there is no test %s", path, name)
		}
	}
	if bash, err := exec.LookPath("bash"); err == nil && shell != "pwsh" && run != "" {
		cmd := exec.Command(bash, "-n")
		cmd.Stdin = strings.NewReader(run)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: bash -n: %v: %s", path, err, out)
		}
	}
}
