package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	locked []string // flags that unlock the database, if it has a password
}

func newDesk(t testing.TB, locked bool) *desk {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("this works on an NSS database, which NSS's certutil then reads")
	}
	for _, tool := range []string{"certutil", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed; make test installs it")
		}
	}
	d := &desk{t: t, dir: t.TempDir(), sample: t.TempDir()}
	d.must(exec.Command("../../scripts/sample.sh", d.sample))
	d.must(exec.Command("mkdir", d.db()))
	if !locked {
		d.must(exec.Command("certutil", "-N", "-d", "sql:"+d.db(), "--empty-password"))
		return d
	}
	if err := os.WriteFile(d.dir+"/dbpass", []byte("of the database\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.must(exec.Command("certutil", "-N", "-d", "sql:"+d.db(), "-f", d.dir+"/dbpass"))
	d.locked = []string{"--store-password-file", d.dir + "/dbpass"}
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
	return d.certctl("import", d.sample+"/sample.pfx", "--password-file", d.sample+"/sample.pass", "--yes", "--trust-root", "--store-password-file", d.dir+"/dbpass")
}

func (d *desk) undo() *exec.Cmd { return d.certctl(append([]string{"undo"}, d.locked...)...) }

// state is what NSS's own tool says of the database: certificates with their
// trust, and keys.
func (d *desk) state() string {
	args := []string{"-K", "-d", "sql:" + d.db()}
	if d.locked != nil {
		args = append(args, "-f", d.dir+"/dbpass")
	}
	keys, _ := exec.Command("certutil", args...).CombinedOutput() // fails when there are none
	lines := strings.Split(d.must(exec.Command("certutil", "-L", "-d", "sql:"+d.db())), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n") + string(keys)
}

// TestKill kills an import at many moments. Whatever it left, undo leads back
// to what was there before, or says that nothing had begun.
func TestKill(t *testing.T)       { testKill(t, false) }
func TestKillLocked(t *testing.T) { testKill(t, true) }

func testKill(t *testing.T, locked bool) {
	d := newDesk(t, locked)
	d.must(exec.Command("certutil", "-A", "-d", "sql:"+d.db(), "-n", "mine", "-t", ",,", "-a", "-i", d.sample+"/inter.pem"))
	before := d.state()
	start := time.Now()
	d.must(d.importSample())
	whole := time.Since(start)
	d.must(d.undo())
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
		d.must(d.undo())
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
	d := newDesk(t, false)
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
		d.must(d.undo())
		if exec := d.newest(); exec == "done" {
			d.must(d.undo()) // the killed one had finished
		}
		if after := d.state(); after != before {
			t.Fatalf("run %d: undo left\n%s\nbefore\n%s", i, after, before)
		}
	}
}

// TestManyProcesses imports files of one issuer at the same time into a
// database that is not there yet: nothing is lost, the intermediate that all
// bring least of all.
func TestManyProcesses(t *testing.T) {
	const processes = 6
	d := newDesk(t, false)
	if err := os.WriteFile(d.dir+"/pw", []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := func(p int, ending string) string { return fmt.Sprintf("%s/%d.%s", d.dir, p, ending) }
	for p := range processes {
		d.must(exec.Command("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
			"-subj", fmt.Sprintf("/CN=many %d", p), "-keyout", file(p, "key"), "-out", file(p, "csr")))
		d.must(exec.Command("openssl", "x509", "-req", "-in", file(p, "csr"), "-CA", d.sample+"/inter.pem", "-CAkey", d.sample+"/inter.key",
			"-set_serial", fmt.Sprint(1000+p), "-days", "90", "-out", file(p, "pem")))
		d.must(exec.Command("openssl", "pkcs12", "-export", "-inkey", file(p, "key"), "-in", file(p, "pem"), "-certfile", d.sample+"/inter.pem", "-passout", "pass:x", "-out", file(p, "pfx")))
	}
	for round := range 4 {
		if err := os.RemoveAll(d.db()); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for p := range processes {
			group.Go(func() {
				if out, err := d.certctl("import", file(p, "pfx"), "--password-file", d.dir+"/pw", "--yes").CombinedOutput(); err != nil {
					t.Errorf("import: %v\n%s", err, out)
				}
			})
		}
		group.Wait()
		if s := d.state(); strings.Count(s, "u,u,u") != processes || !strings.Contains(s, "Sample Issuing CA 1") {
			t.Errorf("round %d: %d of %d are there:\n%s", round, strings.Count(s, "u,u,u"), processes, s)
		}
	}
}
