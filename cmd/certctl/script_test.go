package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"certdesk/internal/certtest"
)

// runAsCertctl in the environment makes the test binary the program itself,
// as a process that can be killed.
const runAsCertctl = "CERTDESK_TEST_RUN"

// runServed in the environment is what the scripts of the test need of servers
// that run already, as a JSON object.
const runServed = "CERTDESK_TEST_SERVED"

func TestMain(m *testing.M) {
	if os.Getenv(runAsCertctl) != "" {
		main()
	}
	commands := hostCommands()
	commands["certctl"] = main
	testscript.Main(m, commands)
}

// TestScripts runs testdata/*.txtar: one page for each command, which is the
// manual's examples too. They work on NSS databases of their own and compare
// with certutil, pk12util and openssl.
func TestScripts(t *testing.T) {
	tools := []string{"certutil", "pk12util", "openssl"}
	if runtime.GOOS == "windows" {
		tools = nil // Wine runs the host's
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed; make test installs it")
		}
	}
	sample := t.TempDir()
	if err := makeSample(sample); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, params("testdata", map[string]string{"SAMPLE": sample}))
}

// params are for the scripts of dir; env is added to their environment.
func params(dir string, env map[string]string) testscript.Params {
	run := strconv.FormatInt(time.Now().UnixNano(), 36) // Windows keeps the stores: every run has its own
	return testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			w := e.WorkDir
			for k, v := range map[string]string{
				"HOME": w, "CERTDESK_USER_DB": w + "/db", "CERTDESK_MACHINE_DB": w + "/machine", "CERTDESK_ANCHORS_DIR": w + "/anchors",
				"CERTDESK_STORE_PREFIX": "Test" + run + "-" + filepath.Base(w) + "-", "WINEPREFIX": os.Getenv("WINEPREFIX"),
				"CERTDESK_ANCHORS_UPDATE": "true", "XDG_STATE_HOME": w + "/state", "XDG_CONFIG_HOME": w + "/config", "LC_ALL": "C.UTF-8",
			} {
				e.Setenv(k, v)
			}
			for k, v := range env {
				e.Setenv(k, v)
			}
			return os.Mkdir(filepath.Join(w, "anchors"), 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"json": jsonCommand, "code": codeCommand, "oddcert": oddCommand, "keys": keysCommand, "stored": storedCommand},
	}
}

// jsonCommand checks a value of the JSON document that the last command
// printed: json .items[0].store my. A path that ends in .len gives a length.
// ! json PATH holds when there is no such value.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc); err != nil {
		ts.Fatalf("stdout is not one JSON document: %v", err)
	}
	got, ok := lookup(doc, args[0])
	if neg && len(args) == 1 {
		if ok && got != nil {
			ts.Fatalf("%s is %v", args[0], got)
		}
		return
	}
	if !ok {
		ts.Fatalf("there is no %s", args[0])
	}
	if len(args) == 1 {
		return // there is a value, whatever it is
	}
	text := fmt.Sprint(got)
	if f, isNumber := got.(float64); isNumber {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if want := strings.Join(args[1:], " "); (text == want) == neg {
		ts.Fatalf("%s is %q, want %q (negated: %v)", args[0], text, want, neg)
	}
}

func lookup(v any, path string) (any, bool) {
	path = strings.NewReplacer("[", ".", "]", "").Replace(path)
	for _, key := range strings.Split(strings.Trim(path, "."), ".") {
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[key]; !ok {
				return nil, false
			}
		case []any:
			if key == "len" {
				return float64(len(x)), true
			}
			if i, err := strconv.Atoi(key); err == nil {
				if i < 0 || i >= len(x) {
					return nil, false
				}
				v = x[i]
				continue
			}
			var all []string // the field of every element
			for _, e := range x {
				if m, ok := e.(map[string]any); ok {
					all = append(all, fmt.Sprint(m[key]))
				}
			}
			v = strings.Join(all, " ")
		default:
			return nil, false
		}
	}
	return v, true
}

// codeCommand runs a command and checks its exit code: code 3 certctl import x.pfx.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command [args]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(*exec.ExitError) //nolint:errorlint // Exec returns it as it is
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if want, _ := strconv.Atoi(args[0]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// oddCommand writes a certificate that Go's parser refuses (its serial number
// is negative) to a file: oddcert file.der.
func oddCommand(ts *testscript.TestScript, _ bool, args []string) {
	der, err := certtest.NegativeSerial()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), der, 0o600))
}

// keysCommand counts the private keys of a location with the system's own
// tool: keys 1, keys machine 0.
func keysCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: keys [machine] N")
	}
	if got, want := countKeys(ts, len(args) > 1), args[len(args)-1]; strconv.Itoa(got) != want {
		ts.Fatalf("%d keys, want %s", got, want)
	}
}

// storedCommand looks for lines in what another program than ours finds in the
// user's stores: NSS's certutil, or on Windows the registry. Each is a name,
// and u,u,u where the key is there. Those with an exclamation mark must not be
// there.
func storedCommand(ts *testscript.TestScript, _ bool, args []string) {
	out := listStored(ts)
	for _, a := range args {
		pattern, absent := strings.CutPrefix(a, "!")
		if regexp.MustCompile(pattern).MatchString(out) == absent {
			ts.Fatalf("%s: the stores hold\n%s", a, out)
		}
	}
}
