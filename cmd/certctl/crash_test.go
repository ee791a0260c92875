package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A desk is a scratch environment in which certctl runs as a process of its
// own, so that it can be killed.
type desk struct {
	t      testing.TB
	dir    string
	sample string
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	for _, tool := range []string{"certutil", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed; make test installs it")
		}
	}
	d := &desk{t: t, dir: t.TempDir(), sample: t.TempDir()}
	d.must(exec.Command("../../scripts/sample.sh", d.sample))
	d.must(exec.Command("mkdir", d.db()))
	d.must(exec.Command("certutil", "-N", "-d", "sql:"+d.db(), "--empty-password"))
	return d
}

func (d *desk) db() string { return filepath.Join(d.dir, "db") }

func (d *desk) must(cmd *exec.Cmd) string {
	d.t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

func (d *desk) certctl(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), runAsCertctl+"=1", "HOME="+d.dir, "CERTDESK_USER_DB="+d.db(), "CERTDESK_MACHINE_DB="+d.dir+"/machine",
		"CERTDESK_ANCHORS_DIR="+d.dir+"/anchors", "CERTDESK_ANCHORS_UPDATE=true", "XDG_STATE_HOME="+d.dir+"/state")
	return cmd
}

func (d *desk) importSample() *exec.Cmd {
	return d.certctl("import", d.sample+"/sample.pfx", "--password-file", d.sample+"/sample.pass", "--yes", "--trust-root")
}

// state is what NSS's own tool says of the database: certificates with their
// trust, and keys.
func (d *desk) state() string {
	keys, _ := exec.Command("certutil", "-K", "-d", "sql:"+d.db()).CombinedOutput() // fails when there are none
	lines := strings.Split(d.must(exec.Command("certutil", "-L", "-d", "sql:"+d.db())), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n") + string(keys)
}

// TestKill kills an import at many moments. Whatever it left, undo leads back
// to what was there before, or says that nothing had begun.
func TestKill(t *testing.T) {
	d := newDesk(t)
	d.must(exec.Command("certutil", "-A", "-d", "sql:"+d.db(), "-n", "mine", "-t", ",,", "-a", "-i", d.sample+"/inter.pem"))
	before := d.state()
	start := time.Now()
	d.must(d.importSample())
	whole := time.Since(start)
	d.must(d.certctl("undo"))
	if after := d.state(); after != before {
		t.Fatalf("undo of a whole import left\n%s\nbefore\n%s", after, before)
	}
	runs := 24
	if testing.Short() {
		runs = 8
	}
	unfinished, finished := 0, 0
	for i := range runs {
		cmd := d.importSample()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(float64(whole) * (0.2 + 0.9*float64(i)/float64(runs)) * (0.9 + 0.2*rand.Float64())))
		cmd.Process.Kill()
		cmd.Wait()
		switch status := d.newest(); status {
		case "unfinished", "running": // running: its lock goes with the process, a moment later
			unfinished++
			if out := d.must(d.certctl("list", "--location", "user")); !strings.Contains(out, "did not finish: undo it with certctl undo") {
				t.Fatalf("run %d: the next start does not report it:\n%s", i, out)
			}
		case "done":
			finished++
		case "undone", "":
			if after := d.state(); after != before {
				t.Fatalf("run %d: no record, but\n%s", i, after)
			}
			continue
		default:
			t.Fatalf("run %d: status %s", i, status)
		}
		d.must(d.certctl("undo"))
		if after := d.state(); after != before {
			t.Fatalf("run %d: undo left\n%s\nbefore\n%s", i, after, before)
		}
	}
	t.Logf("%d runs: %d killed in the middle, %d finished before", runs, unfinished, finished)
	if unfinished == 0 {
		t.Error("no run was killed in the middle: the test shows nothing")
	}
}

// newest returns the status of the newest journal record.
func (d *desk) newest() string {
	out, err := d.certctl("undo", "--list", "--json").Output()
	if err != nil {
		d.t.Fatal(err)
	}
	var records []struct{ Status string }
	if err := json.Unmarshal(out, &records); err != nil {
		d.t.Fatal(err)
	}
	if len(records) == 0 {
		return ""
	}
	return records[0].Status
}

// TestKillThenImport finishes an import that was killed by importing again;
// undo then takes back all of it.
func TestKillThenImport(t *testing.T) {
	d := newDesk(t)
	before := d.state()
	for i := range 6 {
		cmd := d.importSample()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+15*i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		d.must(d.importSample())
		if s := d.state(); !strings.Contains(s, "u,u,u") {
			t.Fatalf("after the second import:\n%s", s)
		}
		d.must(d.certctl("undo"))
		if exec := d.newest(); exec == "done" {
			d.must(d.certctl("undo")) // the killed one had finished
		}
		if after := d.state(); after != before {
			t.Fatalf("run %d: undo left\n%s\nbefore\n%s", i, after, before)
		}
	}
}

// TestTwoProcesses imports different files at the same time; nothing is lost.
func TestTwoProcesses(t *testing.T) {
	d := newDesk(t)
	const processes, files = 2, 5
	for p := range processes {
		for f := range files {
			name := fmt.Sprintf("%d-%d", p, f)
			d.must(exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
				"-subj", "/CN=two "+name, "-keyout", d.dir+"/"+name+".key", "-out", d.dir+"/"+name+".pem"))
			d.must(exec.Command("openssl", "pkcs12", "-export", "-inkey", d.dir+"/"+name+".key", "-in", d.dir+"/"+name+".pem", "-passout", "pass:x", "-out", d.dir+"/"+name+".pfx"))
		}
	}
	if err := os.WriteFile(d.dir+"/pw", []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for p := range processes {
		group.Go(func() {
			for f := range files {
				if out, err := d.certctl("import", fmt.Sprintf("%s/%d-%d.pfx", d.dir, p, f), "--password-file", d.dir+"/pw", "--yes").CombinedOutput(); err != nil {
					t.Errorf("import: %v\n%s", err, out)
				}
			}
		})
	}
	group.Wait()
	if s := d.state(); strings.Count(s, "u,u,u") != processes*files {
		t.Errorf("%d of %d are there:\n%s", strings.Count(s, "u,u,u"), processes*files, s)
	}
}
