// Command certctl does on the command line what Certdesk does in its window:
// it lists, imports, moves, exports and judges certificates of the user's and
// the machine's stores.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/advice"
	"certdesk/internal/certfile"
	"certdesk/internal/elevate"
	"certdesk/internal/explain"
	"certdesk/internal/exporter"
	"certdesk/internal/identify"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/journal"
	"certdesk/internal/request"
	"certdesk/internal/signatures"
	"certdesk/internal/testca"
	"certdesk/internal/version"
)

// Exit codes, a contract with scripts.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitPassword = 3
	exitNotFound = 4
	exitDenied   = 5
	exitCheck    = 6
)

func main() {
	debug.SetGCPercent(400) // a run is short, and gives its memory back by ending
	os.Exit(run(os.Args[1:]))
}

// run is main for one command line; tests call it in their own process.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the program at once, should something not listen
	out := &output{f: os.Stdout}
	a := &app{stdin: os.Stdin, stdout: out, stderr: os.Stderr, getenv: os.Getenv, now: time.Now(), args: args, interrupted: ctx.Done()}
	defer a.close()
	cmd := a.root()
	cmd.SetArgs(negatives(args))
	err := cmd.ExecuteContext(ctx)
	if err == nil || errors.Is(err, errVerdict) {
		err = cmp.Or(out.err, err)
	}
	return a.report(err)
}

// An output is standard output that remembers the first failure, so that a
// table which nobody got is no success.
type output struct {
	f   *os.File
	err error
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.f.Write(b)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("write standard output: %w", err)
	}
	return n, err
}

// An app is one run of the program.
type app struct {
	stdin          *os.File
	stdout, stderr io.Writer
	getenv         func(string) string
	now            time.Time
	args           []string
	interrupted    <-chan struct{} // closed when the program is told to end

	json, yes             bool
	password, newPassword passwordFlags
	storePasswordFile     string
	store                 certstore.Store
	fromStdin             []byte   // the passwords that standard input held
	started               bool     // the command line was understood
	more                  []string // flags that this command line lacks to mean the same as root
	notRoot               string   // why it would mean something else
	unread                []error  // what of the stores could not be read
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "certctl",
		Short: "certificates of the user's and the machine's stores: list, import, move, export, judge",
		Long: `certctl does what the Certdesk window does: it lists, imports, moves, exports
and judges the certificates of the user's and the machine's stores.

Exit codes: 0 done; 1 failed; 2 usage; 3 wrong or missing password;
4 not found or ambiguous; 5 access denied; 6 the certificate will not work.

Passwords are never given on the command line: use --password-stdin,
--password-file, CERTCTL_PASSWORD, or the prompt.`,
		Version:       version.Number,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun:  func(*cobra.Command, []string) { a.started = true },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetVersionTemplate("certctl {{.Version}}\n")
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print one JSON document")
	f.BoolVar(&a.yes, "yes", false, "answer every confirmation with yes; import trusts a root only with --trust-root")
	f.StringVar(&a.storePasswordFile, "store-password-file", "", "file with the password of the certificate store itself")
	root.AddCommand(
		a.listCommand(), a.elevatedCommand(), a.showCommand(), a.importCommand(), a.undoCommand(), a.moveCommand(), a.tidyCommand(), a.deleteCommand(),
		a.exportCommand(), a.checkCommand(),
		a.keyCommand(),
		a.caCommand(), a.issueCommand(), a.handoverCommand(),
		a.combineCommand(), a.splitCommand(), a.repairCommand(), a.changePasswordCommand(),
		a.explainCommand(), a.identifyCommand(), a.healthCommand(),
	)
	root.AddCommand(a.probeCommand())
	root.AddCommand(a.requestCommand(), a.renewCommand())
	return root
}

// open opens the stores once.
func (a *app) open(ctx context.Context) (certstore.Store, error) {
	if a.store != nil {
		return a.store, nil
	}
	s, err := certstore.Open(ctx, certstore.Options{Password: a.askStorePassword, Getenv: a.getenv})
	a.store = s
	return s, err
}

func (a *app) close() {
	if a.store != nil {
		a.store.Close()
	}
}

func (a *app) importer(ctx context.Context) (*importer.Service, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	path, err := journal.DefaultPath(a.getenv)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	imp := &importer.Service{Store: s, Journal: journal.Open(path), Now: func() time.Time { return a.now }}
	_, err = request.Open(imp, a.getenv, runtime.GOOS) // an import completes the requests it holds the answers of
	return imp, err
}

// load reads both locations, or the one named; the inventory is never nil. What cannot be read is said
// on stderr; it is an error only when a location was named and nothing of it
// could be read.
func (a *app) load(ctx context.Context, location string) (*inventory.Inventory, error) {
	return a.loadRows(ctx, location, inventory.Options{})
}

// loadRows is load with options.
func (a *app) loadRows(ctx context.Context, location string, opt inventory.Options) (*inventory.Inventory, error) {
	nothing := &inventory.Inventory{}
	s, err := a.open(ctx)
	if err != nil {
		return nothing, err
	}
	if opt.Locations, err = locations(location); err != nil {
		return nothing, err
	}
	a.printUnfinished()
	opt.Now, opt.Signatures = a.now, signatures.Open(signatures.DefaultPath(a.getenv))
	inv, errs := inventory.Load(ctx, s, opt)
	if len(errs) > 0 && len(inv.Rows) == 0 {
		return inv, errors.Join(errs...)
	}
	a.unread = errs
	for _, err := range errs {
		a.warn(err)
	}
	return inv, ctx.Err()
}

// A usageError is a command line that makes no sense.
type usageError struct {
	text string
	hint string // what to do; "" for the help
}

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...), ""} }

// errVerdict makes the program end with exit code 6; the report has been
// printed.
var errVerdict = errors.New("the certificate will not work for the purpose asked")

// errDeclined is the answer no to a question.
var errDeclined = errors.New("not confirmed; nothing was changed")

// errLocked makes it end with exit code 3 after what could be read of a file
// was printed.
var errLocked = fmt.Errorf("the rest is protected: %w", certfile.ErrNoPassword)

func (a *app) report(err error) int {
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errVerdict) && !errors.Is(err, errNoConnection) {
		a.warn(err)
	}
	switch {
	case errors.Is(err, errVerdict):
		return exitCheck
	case !a.started || isUsage(err):
		return exitUsage
	case errors.Is(err, exporter.ErrPassword):
		return exitUsage
	case errors.Is(err, certfile.ErrPassword), errors.Is(err, certstore.ErrPassword), errors.Is(err, certstore.ErrLocked):
		return exitPassword
	case errors.Is(err, certstore.ErrDenied), errors.Is(err, fs.ErrPermission):
		return exitDenied
	case errors.Is(err, inventory.ErrNotFound), errors.Is(err, inventory.ErrAmbiguous), errors.Is(err, certstore.ErrNotFound), errors.Is(err, certstore.ErrNoAccount),
		errors.Is(err, journal.ErrNotFound), errors.Is(err, importer.ErrNothingToUndo),
		errors.Is(err, testca.ErrNotFound), errors.Is(err, testca.ErrNoSerial),
		errors.Is(err, request.ErrNotFound), errors.Is(err, request.ErrAmbiguous), errors.Is(err, request.ErrNoRequest):
		return exitNotFound
	}
	if _, ok := errors.AsType[*explain.UnknownError](err); ok || errors.Is(err, identify.ErrNothing) {
		return exitNotFound
	}
	return exitFailed
}

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}

// warn prints an error and its advice.
func (a *app) warn(err error) {
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		text = strings.ReplaceAll(text, context.Canceled.Error(), "interrupted")
	}
	fmt.Fprintf(a.stderr, "certctl: %s\n", text)
	advice := a.advice(err)
	if advice != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", advice)
	}
}

func (a *app) advice(err error) string {
	u, _ := errors.AsType[usageError](err)
	switch {
	case u.hint != "":
		return u.hint
	case isUsage(err) || !a.started:
		return "Run certctl --help, or certctl COMMAND --help for an example."
	case errors.Is(err, certstore.ErrDenied) && runtime.GOOS != "windows" && a.notRoot != "":
		return a.notRoot
	case errors.Is(err, certstore.ErrDenied) && runtime.GOOS != "windows":
		if e, ok := errors.AsType[*certstore.Error](err); ok && e.Location == certstore.User {
			return "The directory belongs to somebody else or is read-only; make it writable for you."
		}
		return "Run it as root: " + a.sudo()
	}
	return advice.For(err)
}

// sudo is this command line, to be run as root.
func (a *app) sudo() string {
	exe, err := os.Executable()
	if err != nil {
		exe = "certctl"
	}
	return elevate.SudoLine(exe, append(slices.Clone(a.args), a.more...))
}

func locations(s string) ([]certstore.Location, error) {
	switch strings.ToLower(s) {
	case "", "all":
		return nil, nil
	}
	l, err := location(s)
	return []certstore.Location{l}, err
}

// location reads a location's name: ours, or Windows'.
func location(s string) (certstore.Location, error) {
	switch strings.ToLower(s) {
	case "user", "currentuser":
		return certstore.User, nil
	case "machine", "localmachine":
		return certstore.Machine, nil
	}
	return "", usage("--location %s: there are user and machine (list also takes all)", s)
}
