// Command bench measures certctl against the tools people use instead, on the
// same files and databases, in turns, and prints medians and ratios. The
// ratios are what counts: the times are those of a noisy machine.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	count := flag.Int("certificates", 5000, "certificates in each database")
	sort := flag.String("sort", usual, "sorts of databases, or all; see TestFill of package certstore")
	rounds := flag.Int("rounds", 7, "rounds of each measurement")
	lists := flag.Int("lists", 5, "rounds of each list")
	patience := flag.Duration("patience", 20*time.Second, "after which no further round of a measurement begins: certutil takes minutes for some lists")
	keep := flag.Bool("keep", false, "keep the databases and files")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: bench [flags] path/to/certctl")
	}
	certctl, err := filepath.Abs(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp(memory(), "certdesk-bench-")
	if err != nil {
		log.Fatal(err)
	}
	b := &bench{dir: dir, keep: *keep, certctl: certctl, sort: *sort, rounds: *rounds, lists: *lists, patience: *patience}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		b.end(errors.New("interrupted"))
	}()
	b.end(b.run(*count))
}

// end ends the program, and takes away what it made.
func (b *bench) end(err error) {
	if b.keep {
		fmt.Println("kept", b.dir)
	} else {
		os.RemoveAll(b.dir)
	}
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(0)
}

// usual are the sorts of databases that differ in what takes the time.
const usual = "issued-ec,self-signed-ec,roots-ec,roots-rsa,trusted-roots-ec,trusted-people-ec,trusted-personal-ec,mixed"

type bench struct {
	dir, certctl  string
	keep          bool   // the directory
	sort          string // of databases, separated by commas
	rounds, lists int
	patience      time.Duration
}

// memory returns a directory that is kept in memory, where making a database
// does not wait for the disk after each certificate; "" for the usual one.
func memory() string {
	const dir = "/dev/shm"
	if f, err := os.CreateTemp(dir, ""); err == nil {
		f.Close()
		os.Remove(f.Name())
		return dir
	}
	return ""
}

func (b *bench) run(count int) error {
	dirs, err := b.prepare(count)
	if err != nil {
		return err
	}
	fmt.Printf("medians of up to %d rounds (lists: %d), tools in turns; ratio = peer / certctl, above 1 is faster\n", b.rounds, b.lists)
	fmt.Printf("cold: without the memory of verified self-signatures, as the first time; cpu: the ratio of the processors' time\n")
	fmt.Printf("%-34s %10s  %-22s %10s %7s %7s %7s\n", "what", "certctl", "peer", "peer", "ratio", "cpu", "rounds")
	for _, dir := range dirs {
		what := fmt.Sprintf("list %d %s", count, filepath.Base(dir))
		ours, peer := b.certctlCommand(dir, "list", "--json", "--location", "user"), []string{"certutil", "-L", "-d", "sql:" + dir}
		b.compare(b.lists, []string{what + ", cold", what}, func() error { return os.RemoveAll(b.path("cache")) }, ours, peer)
	}
	if err := b.show(count, dirs[0]); err != nil {
		return err
	}
	db := b.path("lists/none")
	fresh := func() error {
		for _, d := range []string{"a", "b"} {
			if err := os.RemoveAll(b.path(d)); err != nil {
				return err
			}
			if err := os.Mkdir(b.path(d), 0o700); err != nil {
				return err
			}
			if err := quiet("certutil", "-N", "-d", "sql:"+b.path(d), "--empty-password"); err != nil {
				return err
			}
		}
		return nil
	}
	b.compare(b.rounds, []string{"import one PFX"}, fresh,
		b.certctlCommand(b.path("a"), "import", b.path("sample.pfx"), "--password-file", b.path("sample.pass"), "--yes"),
		[]string{"pk12util", "-i", b.path("sample.pfx"), "-d", "sql:" + b.path("b"), "-w", b.path("sample.pass")})
	b.compare(b.rounds, []string{"read one PFX"}, nil,
		b.certctlCommand(db, "show", b.path("sample.pfx"), "--password-file", b.path("sample.pass"), "--json"),
		[]string{"openssl", "pkcs12", "-in", b.path("sample.pfx"), "-passin", "file:" + b.path("sample.pass"), "-nodes"})
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// certctlCommand runs certctl on a database, with state and cache of its own.
func (b *bench) certctlCommand(db string, args ...string) []string {
	return append([]string{"env", "CERTDESK_USER_DB=" + db, "XDG_STATE_HOME=" + b.path("state"), "XDG_CACHE_HOME=" + b.path("cache"), b.certctl}, args...)
}

// show compares showing one certificate of a database.
func (b *bench) show(count int, dir string) error {
	const name = "Certificate 000000"
	argv := b.certctlCommand(dir, "list", "--json", "--location", "user", "--find", name)
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	var rows []struct{ SHA256 string }
	if err := json.Unmarshal(out, &rows); err != nil {
		return err
	}
	if len(rows) != 1 {
		return fmt.Errorf("%d certificates are named %q", len(rows), name)
	}
	b.compare(b.rounds, []string{fmt.Sprintf("show one of %d", count)}, nil,
		b.certctlCommand(dir, "show", rows[0].SHA256, "--json"), []string{"certutil", "-L", "-d", "sql:" + dir, "-n", name})
	return nil
}

// compare runs both commands in turns and prints their medians; before runs
// before each turn. With several names ours runs that often in a turn, each
// time under the next of them.
func (b *bench) compare(rounds int, what []string, before func() error, ours, peer []string) {
	a, p := make([][]usage, len(what)), []usage(nil)
	for start := time.Now(); len(p) < rounds && (len(p) == 0 || time.Since(start) < b.patience); {
		if before != nil {
			if err := before(); err != nil {
				b.end(fmt.Errorf("%s: %w", what[0], err))
			}
		}
		for i := range what {
			a[i] = append(a[i], b.measured(what[i], ours))
		}
		p = append(p, b.measured(what[0], peer))
	}
	theirs := median(p)
	for i, name := range what {
		m := median(a[i])
		fmt.Printf("%-34s %8.1fms  %-22s %8.1fms %6.1fx %6.1fx %7d\n", name, ms(m.wall), strings.Join(peer[:2], " "), ms(theirs.wall),
			float64(theirs.wall)/float64(m.wall), float64(theirs.cpu)/float64(m.cpu), len(p))
	}
}

// A usage is what a command took: time, and time of processors.
type usage struct{ wall, cpu time.Duration }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// median returns the medians of both.
func median(all []usage) usage {
	of := func(part func(usage) time.Duration) time.Duration {
		var ds []time.Duration
		for _, u := range all {
			ds = append(ds, part(u))
		}
		slices.Sort(ds)
		return ds[len(ds)/2]
	}
	return usage{of(func(u usage) time.Duration { return u.wall }), of(func(u usage) time.Duration { return u.cpu })}
}

func (b *bench) measured(what string, argv []string) usage {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout = io.Discard
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	d := time.Since(start)
	if err != nil {
		b.end(fmt.Errorf("%s: %s: %w\n%s", what, strings.Join(argv, " "), err, stderr.String()))
	}
	return usage{d, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

func quiet(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// prepare makes databases of several sorts with the test that knows how
// (certutil would take half an hour), and a PFX with openssl. It returns the
// databases.
func (b *bench) prepare(count int) ([]string, error) {
	lists := b.path("lists")
	if err := os.Mkdir(lists, 0o700); err != nil {
		return nil, err
	}
	fmt.Printf("making databases of %d certificates each\n", count)
	cmd := exec.Command("go", "test", "./certstore", "-run", "^TestFill$", "-count", "1", "-timeout", "2h")
	cmd.Env = append(os.Environ(), "CERTDESK_BENCH="+lists, "CERTDESK_BENCH_SORT="+b.sort, fmt.Sprintf("CERTDESK_BENCH_COUNT=%d", count))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	dirs, err := filepath.Glob(filepath.Join(lists, "*"))
	if err == nil && len(dirs) == 0 {
		err = fmt.Errorf("no database was made; is there a sort %q?", b.sort)
	}
	if err != nil {
		return nil, err
	}
	return dirs, quiet("scripts/sample.sh", b.dir)
}
