// Command certdesk shows the certificate stores of the user and the machine in
// a window.
//
//	certdesk              opens the window
//	certdesk FILE...      opens the import plan of a PFX file, or a viewer for certificates
//	certdesk register     Windows: becomes a program that opens certificate files, for this user
//	certdesk unregister   takes that back
//
// A second start hands its files to the window that is open.
package main

import (
	_ "certdesk/cmd/certdesk/internal/locale" // before the toolkit's init

	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"fyne.io/fyne/v2"

	"certdesk/certstore"
	"certdesk/internal/journal"
	"certdesk/internal/request"
	"certdesk/internal/signatures"
	"certdesk/internal/testca"
	"certdesk/internal/version"
	"certdesk/ui"
)

const appID = "io.certdesk.Certdesk"

func main() {
	attachConsole()
	flags := flag.NewFlagSet("certdesk", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	theme := flags.String("theme", "", "colours for this start: light or dark; the default is the system's or the last chosen")
	showVersion := flags.Bool("version", false, "print the version and exit")
	args := os.Args[1:]
	err := flags.Parse(args)
	words := flags.Args()
	switch {
	case errors.Is(err, flag.ErrHelp):
		say(os.Stdout, usage(flags), 0)
	case err == nil && *showVersion:
		say(os.Stdout, fmt.Sprintln("certdesk", version.Number), 0)
	case err == nil && *theme != "" && *theme != "light" && *theme != "dark":
		err = fmt.Errorf("-theme %s: must be light or dark", *theme)
	case err == nil && len(words) > 1 && (words[0] == "register" || words[0] == "unregister"):
		err = fmt.Errorf("%s takes no files", words[0])
	}
	if err != nil {
		say(os.Stderr, fmt.Sprintf("certdesk: %v\n\n%s", err, usage(flags)), 2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch strings.Join(words, " ") {
	case "register":
		if err = register(); err == nil {
			fmt.Println("Certdesk is offered for", endings(), "under \"Open with\" and in Default apps; certdesk unregister takes that back.")
		}
	case "unregister":
		if err = unregister(); err == nil {
			fmt.Println("Certdesk is not offered for certificate files any more.")
		}
	default:
		if code, done := startSafe(args); done {
			os.Exit(code)
		}
		err = run(ctx, words, *theme)
	}
	if err != nil {
		fail(err)
	}
}

// fail says what went wrong and ends the program.
func fail(err error) {
	text := fmt.Sprintln("certdesk:", err)
	if a := certstore.Advice(err); a != "" {
		text += fmt.Sprintln("hint:", a)
	}
	say(os.Stderr, text, 1)
}

// say ends the program with a text for whoever started it, who on Windows may
// have no console to read it.
func say(to io.Writer, text string, code int) {
	fmt.Fprint(to, text)
	tell(text, code != 0)
	os.Exit(code)
}

// usage describes the command line.
func usage(flags *flag.FlagSet) string {
	var b strings.Builder
	b.WriteString(`Usage: certdesk [-theme light|dark] [FILE...]
       certdesk register|unregister

Shows the certificate stores. A PFX file opens its import plan, a certificate
a viewer. The command for scripts is certctl. On Windows register makes
Certdesk a program that opens certificate files, for this user.

Example:
  certdesk client.pfx

`)
	flags.SetOutput(&b)
	flags.PrintDefaults()
	return b.String()
}

// run opens the window, or hands paths to the one that is open.
func run(ctx context.Context, args []string, theme string) error {
	paths := absolute(args)
	listener, handed, err := single(paths)
	if handed {
		return nil
	}
	var problems []error
	if err != nil {
		problems = append(problems, err)
	}
	asker := ui.NewAsker()
	store, err := certstore.Open(ctx, certstore.Options{Password: asker.Ask})
	if err != nil {
		return err
	}
	defer store.Close()
	var w *ui.Window
	services := ui.Services{Store: store, Asker: asker, Settings: loadSettings(), Contrast: highContrast(), Save: saveSettings, Picker: picker(func() *ui.Window { return w }), Problems: problems,
		Elevator: elevator(), Signatures: signatures.Open(signatures.DefaultPath(os.Getenv))}
	if dir, err := journal.DefaultPath(os.Getenv); err == nil {
		services.Journal = journal.Open(dir)
	} else {
		services.Problems = append(services.Problems, err)
	}
	if path, err := testca.DefaultPath(os.Getenv); err == nil {
		services.Authorities = testca.Open(path)
	} else {
		services.Problems = append(services.Problems, err)
	}
	if services.Requests, err = request.DefaultPath(os.Getenv); err != nil {
		services.Problems = append(services.Problems, err)
	}
	if theme != "" {
		services.Settings.Theme = theme
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	documents := make(chan []string)
	if err := openDocuments(func(paths []string) { documents <- paths }); err != nil {
		services.Problems = append(services.Problems, err)
	}
	a, err := newApp()
	if err != nil {
		return err
	}
	services.OpenFolder = openFolder(a)
	w = ui.New(ctx, a, services)
	if listener != nil {
		defer listener.Close()
		go listener.serve(func(paths []string) {
			w.Open(paths)
			w.Native(raise)
		})
	}
	a.Lifecycle().SetOnStarted(func() {
		w.Native(func(native any) { w.Fit(sizeOf(native)) })
		if len(paths) > 0 {
			w.Open(paths)
		}
		go func() { // those of macOS, which came while the window was made or come later
			for paths := range documents {
				w.Open(paths)
			}
		}()
		go func() { // a signal closes the window as a person would
			<-ctx.Done()
			fyne.Do(a.Quit)
		}()
	})
	w.Run()
	return nil
}

// absolute makes paths independent of the working directory: the window that
// opens them may have another.
func absolute(args []string) []string {
	var paths []string
	for _, a := range args {
		if p, err := filepath.Abs(a); err == nil {
			a = p
		}
		paths = append(paths, a)
	}
	return paths
}
