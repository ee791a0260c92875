package certstore_test

import (
	"bufio"
	"context"
	"crypto"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/certtest"
)

// importer is set in the processes that TestMain makes out of the test
// binary: the directory of the user's database they import into.
const importer = "CERTDESK_TEST_IMPORTER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(importer); dir != "" {
		os.Exit(importKeys(dir))
	}
	os.Exit(m.Run())
}

// importKeys imports keys read from standard input as two hexadecimal words a
// line, certificate and key, and prints a line after each.
func importKeys(dir string) int {

	s, err := certstore.Open(context.Background(), certstore.Options{Getenv: func(name string) string {
		if name == "CERTDESK_USER_DB" {
			return dir
		}
		return ""
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	in := bufio.NewReader(os.Stdin)
	for {
		var der, key []byte
		if _, err := fmt.Fscanf(in, "%x %x\n", &der, &key); err != nil {
			return 0
		}
		if err := s.Put(context.Background(), certstore.User, certstore.My, certstore.Item{DER: der, Key: key, Exportable: true}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("done")
	}
}

// startImporter starts a process that imports what is written to it.
func startImporter(t *testing.T, dir string) (*exec.Cmd, *bufio.Writer) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), importer+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewWriter(in)
}

func TestTwoProcesses(t *testing.T) {
	sc := newScratch(t)
	root := certtest.Root(t, "Root")
	const processes, each = 2, 8
	var all []certtest.Issuer
	var commands []*exec.Cmd
	for p := range processes { // both also race to make the database
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), importer+"="+sc.user)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for n := range each {
			leaf := certtest.Client(t, root, "Client "+strconv.Itoa(p)+"."+strconv.Itoa(n))
			all = append(all, leaf)
			fmt.Fprintf(in, "%x %x\n", leaf.Raw, leaf.PKCS8(t))
		}
		_ = in.Close()
		commands = append(commands, cmd)
	}
	for _, cmd := range commands {
		if err := cmd.Wait(); err != nil {
			t.Errorf("importer: %v", err)
		}
	}
	s := sc.open(t)
	for _, i := range all {
		key, err := s.Signer(t.Context(), certstore.Ref{Location: certstore.User, Store: certstore.My, Fingerprint: i.Fingerprint()})
		if err == nil {
			_, err = key.Sign(nil, make([]byte, 32), crypto.SHA256)
		}
		if err != nil {
			t.Errorf("%s: %v", i.CommonName(), err)
		}
	}
}

// TestKillDuringPut kills a process in the middle of Put, later and later,
// and restores what was there before: nothing.
func TestKillDuringPut(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 25 processes are started and killed, which takes seconds; cmd/certctl kills some in any case")
	}
	sc := newScratch(t)
	root := certtest.Root(t, "Root")
	s := sc.open(t)
	put(t, s, certstore.CA, certstore.Item{DER: root.Raw})
	pieces := 0
	for round := range 25 {
		leaf := certtest.Client(t, root, "Client "+strconv.Itoa(round))
		cmd, in := startImporter(t, sc.user)
		fmt.Fprintf(in, "%x %x\n", leaf.Raw, leaf.PKCS8(t))
		if err := in.Flush(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+2*round) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		st, err := s.State(t.Context(), certstore.User, leaf.Raw)
		if err != nil {
			t.Fatalf("State: %v", err)
		}
		if st.Certificate && !st.Key {
			t.Errorf("round %d: a certificate without its key: %+v", round, st)
		}
		if st.Key && !st.Certificate {
			pieces++
		}
		if err := s.Restore(t.Context(), certstore.User, leaf.Raw, certstore.State{}); err != nil {
			t.Fatalf("Restore: %v", err)
		}
		if st, err := s.State(t.Context(), certstore.User, leaf.Raw); err != nil || st != (certstore.State{}) {
			t.Errorf("round %d: State after Restore = %+v, %v", round, st, err)
		}
	}
	n := 0
	for e, err := range s.Entries(t.Context(), certstore.User) {
		if n++; err != nil || certificate.FingerprintOf(e.DER) != root.Fingerprint() {
			t.Errorf("left over: %q, %v", e.FriendlyName, err)
		}
	}
	if out := run(t, "certutil", "-L", "-d", "sql:"+sc.user); n != 1 {
		t.Errorf("%d entries, want the root only:\n%s", n, out)
	}
	t.Logf("%d of 25 kills left a key without its certificate", pieces)
}
