//go:build !windows

package main

import (
	"fmt"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func hostCommands() map[string]func() { return map[string]func(){} }

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
