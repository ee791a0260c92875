package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"certdesk/internal/certfile"
	"certdesk/internal/certtest"
)

// A waiting is certctl as a process that reads a pipe.
type waiting struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr bytes.Buffer
	pipe   *os.File // the end to write to
}

// startReading starts certctl and returns when it has opened the pipe at path.
func startReading(t *testing.T, path string, args ...string) *waiting {
	t.Helper()
	dir := t.TempDir()
	w := &waiting{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	w.cmd.Env = append(os.Environ(), runAsCertctl+"=1", "HOME="+dir, "XDG_STATE_HOME="+dir, "CERTDESK_USER_DB="+dir+"/db", "CERTDESK_MACHINE_DB="+dir+"/machine", "CERTCTL_PASSWORD=")
	w.cmd.Stderr = &w.stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	for deadline := time.Now().Add(time.Minute); w.pipe == nil; {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		switch {
		case err == nil:
			w.pipe = f
		case !errors.Is(err, syscall.ENXIO) || time.Now().After(deadline): // ENXIO: nobody reads it yet
			t.Fatalf("certctl %s does not read the pipe: %v", args, err)
		default:
			time.Sleep(5 * time.Millisecond)
		}
	}
	t.Cleanup(func() { w.pipe.Close() })
	return w
}

// ends wants the process to end by itself with exit code 1, and nothing of it
// to be left in the stores or the journal.
func (w *waiting) ends(sig os.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(sig); err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		w.t.Fatal("it goes on after the signal")
	}
	if code := w.cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(w.stderr.String(), "interrupted") {
		w.t.Errorf("exit code %d, %s", code, w.stderr.String())
	}
	home := strings.TrimPrefix(w.cmd.Env[len(w.cmd.Env)-5], "HOME=")
	_ = filepath.WalkDir(home, func(path string, d fs.DirEntry, _ error) error {
		if !d.IsDir() && !strings.Contains(path, "/.cache/") { // which certificates signed themselves may be remembered
			w.t.Errorf("%s is left", path)
		}
		return nil
	})
}

// TestInterrupted ends certctl with one signal while it waits for a pipe.
func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no pipes among its files, and Ctrl+C is no signal that a test could send")
	}
	dir := t.TempDir()
	pipe, second := filepath.Join(dir, "pipe"), filepath.Join(dir, "second")
	if out, err := exec.CommandContext(t.Context(), "mkfifo", pipe, second).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v: %s", err, out)
	}
	for _, args := range []string{
		"import PIPE --yes", "show PIPE", "check PIPE", "identify PIPE", "explain PIPE", "combine PIPE -o out.p12", "split PIPE -o out",
		"repair PIPE -o out.p12", "import x.pfx --password-file PIPE",
	} {
		t.Run(args, func(t *testing.T) {
			words := strings.Fields(strings.ReplaceAll(args, "PIPE", pipe))
			if words[1] == "x.pfx" {
				words[1] = filepath.Join(dir, "x.pfx")
				if err := os.WriteFile(words[1], []byte("anything"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			startReading(t, pipe, words...).ends(syscall.SIGTERM)
		})
	}
	// A pipe that nobody opens at the other end blocks before the first byte.
	t.Run("before it is open", func(t *testing.T) {
		w := startReading(t, pipe, "import", pipe, "--password-file", second)
		if _, err := io.WriteString(w.pipe, "anything"); err != nil {
			t.Fatal(err)
		}
		w.pipe.Close()
		w.ends(os.Interrupt)
	})
}

// TestInterruptedWriting ends certctl with one signal while it waits for
// somebody to read what it writes to a pipe.
func TestInterruptedWriting(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no pipes among its files, and Ctrl+C is no signal that a test could send")
	}
	certificate := certfile.EncodePEM([][]byte{certtest.Root(t, "Root").Raw})
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if text, err := exec.CommandContext(t.Context(), "mkfifo", in, out).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v: %s", err, text)
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		w := startReading(t, in, "export", in, "-o", out)
		if _, err := w.pipe.Write(certificate); err != nil {
			t.Fatal(err)
		}
		w.pipe.Close()
		w.waitsInOpen()
		w.ends(sig)
	}
	if st, err := os.Stat(out); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe became %v, %v", st, err)
	}
}

// waitsInOpen returns when a thread of the process stays in the system call
// that opens files. Where the system does not tell, it returns at once: the
// signal then comes a little sooner.
func (w *waiting) waitsInOpen() {
	w.t.Helper()
	calls := map[string]string{"amd64": "257 ", "arm64": "56 "} // openat
	prefix, before := calls[runtime.GOARCH], ""
	for deadline := time.Now().Add(time.Minute); prefix != "" && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", w.cmd.Process.Pid))
		now := ""
		for _, path := range threads {
			call, err := os.ReadFile(path)
			if err != nil {
				return
			}
			if strings.HasPrefix(string(call), prefix) {
				now = string(call)
			}
		}
		if len(threads) == 0 || now != "" && now == before {
			return
		}
		before = now
	}
	w.t.Error("it does not wait for a reader")
}

// TestEndless reads from what never ends: an error, soon.
func TestEndless(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("there is no /dev/zero")
	}
	for _, args := range []string{"import /dev/zero --yes", "show /dev/zero", "check /dev/zero", "identify /dev/zero", "explain /dev/zero", "combine /dev/zero -o out.p12", "import x --password-file /dev/zero"} {
		t.Run(args, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "x"), []byte("anything"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(args)...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), runAsCertctl+"=1", "HOME="+dir, "XDG_STATE_HOME="+dir, "CERTDESK_USER_DB="+dir+"/db", "CERTDESK_MACHINE_DB="+dir+"/machine")
			out, err := cmd.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() < 1 {
				t.Errorf("%v: %s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
