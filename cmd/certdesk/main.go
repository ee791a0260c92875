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
	"flag"
	"fmt"
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
	"certdesk/ui"
)

const (
	appID   = "io.certdesk.Certdesk"
	version = "0.1.0"
)

func main() {
	attachConsole()
	flag.Usage = usage
	theme := flag.String("theme", "", "colours for this start: light or dark; the default is the system's or the last chosen")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println("certdesk", version)
		return
	}
	if *theme != "" && *theme != "light" && *theme != "dark" {
		fmt.Fprintf(os.Stderr, "certdesk: -theme %s: must be light or dark\n", *theme)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch strings.Join(flag.Args(), " ") {
	case "register":
		err = register()
	case "unregister":
		err = unregister()
	default:
		if code, done := startSafe(os.Args[1:]); done {
			os.Exit(code)
		}
		err = run(ctx, flag.Args(), *theme)
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
	fmt.Fprint(os.Stderr, text)
	tell(text)
	os.Exit(1)
}

func usage() {
	fmt.Fprintf(flag.CommandLine.Output(), `Usage: certdesk [-theme light|dark] [FILE...]
       certdesk register|unregister

Shows the certificate stores. A PFX file opens its import plan, a certificate
a viewer. The command for scripts is certctl. On Windows register makes
Certdesk a program that opens certificate files, for this user.

Example:
  certdesk client.pfx

`)
	flag.PrintDefaults()
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
