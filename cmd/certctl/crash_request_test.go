package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestKillRequest kills requests while their key is made. Every key that is
// left belongs to a record, and discarding the records deletes all of them.
func TestKillRequest(t *testing.T) {
	d := newDesk(t, false)
	keys := func() int {
		out, _ := exec.Command("certutil", "-K", "-d", "sql:"+d.db()).CombinedOutput() // fails when there are none
		return strings.Count(string(out), "certdesk-request-")
	}
	type record struct{ ID, Status, Container string }
	list := func() (rs []record) {
		out, err := d.certctl("request", "list", "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &rs); err != nil {
			t.Fatal(err)
		}
		return rs
	}
	start := time.Now()
	d.must(d.certctl("request", "--cn", "whole.example.test", "-o", d.dir+"/whole.csr"))
	whole := time.Since(start)
	d.must(d.certctl("request", "discard", "whole.example.test", "--yes"))
	if n := keys(); n != 0 {
		t.Fatalf("%d keys after discarding", n)
	}
	unfinished, orphans := 0, 0
	const runs = 16
	for i := range runs {
		cmd := d.certctl("request", "--cn", "killed.example.test", "-o", filepath.Join(d.dir, "killed.csr"), "--force")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i+2) / (runs + 2))
		cmd.Process.Kill()
		cmd.Wait()
		made := keys()
		rs := list()
		if made > len(rs) {
			t.Fatalf("run %d: %d keys and %d records", i, made, len(rs))
		}
		for _, r := range rs {
			if r.Status == "unfinished" {
				unfinished++
				orphans += made
			}
			d.must(d.certctl("request", "discard", r.ID, "--yes"))
		}
		if n := keys(); n != 0 {
			t.Fatalf("run %d: %d keys after discarding all", i, n)
		}
	}
	t.Logf("%d runs: %d killed before the request was written, %d of them after the key was made", runs, unfinished, orphans)
	if unfinished == 0 {
		t.Error("no run was killed in the middle: the test shows nothing")
	}
}

// TestKillKeyFile kills requests with a key file: that is never there in the
// clear, nor without a record, nor readable by others.
func TestKillKeyFile(t *testing.T) {
	d := newDesk(t, false)
	if err := os.WriteFile(d.dir+"/pw", []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		dir := t.TempDir()
		cmd := d.certctl("request", "--cn", "file.example.test", "--key-in", "file", "-o", dir+"/a.csr", "--new-password-file", d.dir+"/pw")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(time.Duration(i*70) * time.Millisecond); time.Now().Before(end); {
			look(t, dir)
		}
		cmd.Process.Kill()
		cmd.Wait()
		look(t, dir)
		out := d.must(d.certctl("request", "list", "--json"))
		var rs []struct{ ID string }
		if err := json.Unmarshal([]byte(out), &rs); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir + "/a.key"); err == nil && len(rs) == 0 {
			t.Errorf("run %d: a key file without a record", i)
		}
		for _, r := range rs {
			d.must(d.certctl("request", "discard", r.ID, "--yes"))
		}
		if _, err := os.Stat(dir + "/a.key"); err == nil {
			t.Errorf("run %d: discarding left the key file", i)
		}
	}
}

// look fails for a file that holds a key in the clear or that others may
// read.
func look(t *testing.T, dir string) {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		path := filepath.Join(dir, n.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it was renamed
		}
		st, err := os.Stat(path)
		if err != nil || !strings.Contains(string(data), "PRIVATE KEY") {
			continue
		}
		if st.Mode().Perm() != 0o600 || !strings.Contains(string(data), "ENCRYPTED PRIVATE KEY") {
			t.Fatalf("%s has mode %o", path, st.Mode().Perm())
		}
	}
}
