package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// Under Wine the scripts compare with the Linux host's own programs. Wine
// starts those, but gives no handle to wait with: a shell writes down what
// they say and how they end.

// hostPrograms are what the scripts call.
var hostPrograms = []string{"openssl", "pk12util", "certutil", "keytool", "certtool", "sh", "head", "cat", "grep", "pdftotext"}

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

// countKeys counts the key containers that the script made, where Wine keeps
// them.
func countKeys(ts *testscript.TestScript, machine bool) int {
	root := registry.CURRENT_USER
	if machine {
		root = registry.LOCAL_MACHINE
	}
	k, err := registry.OpenKey(root, `Software\Wine\Crypto\RSA`, registry.ENUMERATE_SUB_KEYS)
	if errors.Is(err, registry.ErrNotExist) {
		return 0
	}
	ts.Check(err)
	defer k.Close()
	names, err := k.ReadSubKeyNames(-1)
	ts.Check(err)
	n := 0
	for _, name := range names {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(ts.Getenv("CERTDESK_STORE_PREFIX"))) {
			n++
		}
	}
	return n
}
