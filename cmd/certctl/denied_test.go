package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestDenied changes the machine's stores without the rights to, pastes what
// certctl prints into a shell that has them, and looks what became of it.
func TestDenied(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Wine's user may do everything, and there is no UAC; scripts/windows.sh elevate takes the rights away")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("setpriv is not installed")
	}
	d := newDesk(t, false)
	for dir := d.dir; dir != filepath.Clean(os.TempDir()) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // somebody else has to get in
			t.Fatal(err)
		}
	}
	shell := func(as, script string, args ...string) (string, error) {
		words := append(strings.Fields(as), append([]string{"sh", "-ec", script, "sh"}, args...)...)
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir = d.dir
		cmd.Env = append(os.Environ(), runAsCertctl+"=1", "PATH="+d.dir+"/bin:"+os.Getenv("PATH"), "HOME="+d.dir+"/"+as[:3], "XDG_STATE_HOME=", "XDG_CONFIG_HOME=",
			"CERTDESK_USER_DB="+d.dir+"/"+as[:3]+"/db", "CERTDESK_MACHINE_DB="+d.dir+"/machine", "CERTDESK_ANCHORS_DIR="+d.dir+"/anchors", "CERTDESK_ANCHORS_UPDATE=true")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	root := func(script string, args ...string) string {
		t.Helper()
		out, err := shell("env", script, args...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
		return out
	}
	// sudo does not have to be installed: we are root, and it keeps our stores.
	root(`mkdir bin anchors machine set env
cp "$1" bin/certctl
printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
chmod 755 bin bin/* anchors
chown nobody set
certctl import "$2/inter.pem" --location machine --yes
cp "$2/inter.pem" anchors/inter.crt
chmod -R a+rX machine anchors`, os.Args[0], d.sample)
	const nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
	if out, err := shell(nobody, "test -x bin/certctl"); err != nil {
		t.Skipf("nobody else can run what is in the temporary directory: %v: %s", err, out)
	}
	places := func() string {
		t.Helper()
		var in []string
		for _, m := range regexp.MustCompile(`"store": ?"(\w+)"`).FindAllStringSubmatch(root("certctl list --location machine --find 'Sample Issuing' --json"), -1) {
			in = append(in, m[1])
		}
		return strings.Join(in, " ")
	}
	if got := places(); got != "ca root" {
		t.Fatalf("it stands in %q: %s", got, root("certctl list --location machine --find Sample; ls -la machine anchors"))
	}
	if out, err := shell("env", "certctl move 0e44b17d9231 --to disallowed"); err == nil || !strings.Contains(out, "--store") {
		t.Errorf("which of the two is moved was not asked: %v\n%s", err, out)
	}
	// What root would do with its own stores instead is not offered.
	root(`cp "$1/leaf.pem" .; chmod 644 leaf.pem`, d.sample)
	if out, err := shell(nobody, "certctl import leaf.pem --yes && certctl move f1a0b3c4d5e6f708 --to people --location machine"); err == nil || strings.Contains(out, "sudo /") || !strings.Contains(out, "Export the certificate") {
		t.Errorf("from the user to the machine: %v\n%s", err, out)
	}
	sudo := regexp.MustCompile(`(?m)^hint: Run it as root: (sudo .*)$`)
	for _, tt := range []struct{ command, after string }{
		{"certctl move 0e44b17d9231 --to ca --store root", "ca"},
		{"certctl move 0e44b17d9231 --to disallowed", "disallowed"},
		{"certctl delete 0e44b17d9231 --yes", ""},
		{"certctl import inter.pem --location machine --yes", "ca"},
	} {
		root(`cp "$1/inter.pem" .; chmod 644 inter.pem`, d.sample)
		out, err := shell(nobody, tt.command)
		if e, ok := err.(*exec.ExitError); !ok || e.ExitCode() != exitDenied { //nolint:errorlint // it is as Run returns it
			t.Errorf("%s: %v\n%s", tt.command, err, out)
			continue
		}
		line := sudo.FindStringSubmatch(out)
		if line == nil {
			t.Errorf("%s: no command for root:\n%s", tt.command, out)
			continue
		}
		t.Log(line[1])
		out = root(line[1] + " <&-")
		if got := places(); got != tt.after {
			t.Errorf("%s\n%s: it stands in %q, want %q", line[1], out, got, tt.after)
		}
	}
}
