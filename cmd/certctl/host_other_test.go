//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func hostCommands() map[string]func() { return map[string]func(){} }

// served runs the scripts of dir with what start returns, which says where its
// servers are. scripts/windows.sh names a shell command that runs them under
// Wine instead, while the servers are this test's.
func served(t *testing.T, dir string, start func(*testing.T) map[string]string) {
	command := os.Getenv("CERTDESK_TEST_ON_WINE")
	if command == "" {
		testscript.Run(t, params(dir, start(t)))
		return
	}
	t.Cleanup(func() {
		if t.Skipped() {
			t.Error("scripts/setup.sh windows installs it")
		}
	})
	env, err := json.Marshal(start(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute) // before go test's own, which would leave the servers
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", command, "bash", t.Name())
	cmd.Env = append(os.Environ(), runServed+"="+string(env))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("under Wine: %v", err)
	}
}

// makeSample makes the sample PFX in dir.
func makeSample(dir string) error {
	if out, err := exec.Command("../../scripts/sample.sh", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("sample.sh: %w\n%s", err, out)
	}
	return nil
}

// countKeys counts the keys that certutil lists.
func countKeys(ts *testscript.TestScript, machine bool) int {
	db := "db"
	if machine {
		db = "machine"
	}
	_ = ts.Exec("certutil", "-K", "-d", "sql:"+ts.MkAbs(db)) // fails when there are none
	return strings.Count(ts.ReadFile("stdout"), "\n<")
}

// listStored is what certutil lists of the user's database.
func listStored(ts *testscript.TestScript) string {
	ts.Check(ts.Exec("certutil", "-L", "-d", "sql:"+ts.MkAbs("db")))
	return ts.ReadFile("stdout")
}
