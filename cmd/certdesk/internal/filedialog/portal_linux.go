package filedialog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"certdesk/internal/outfile"
	"certdesk/ui"
)

// names of the desktop portal, see org.freedesktop.portal.FileChooser and
// org.freedesktop.portal.Request in the portal's documentation
const (
	portalName    = "org.freedesktop.portal.Desktop"
	portalPath    = "/org/freedesktop/portal/desktop"
	chooser       = "org.freedesktop.portal.FileChooser"
	request       = "org.freedesktop.portal.Request"
	answerTime    = 10 * time.Second // for the portal to start and to take a question; people may think as long as they like
	responseDone  = 0
	responseGiven = 1 // the person gave up
)

// Dialogs shows the desktop's own dialogs, which the XDG portal opens. Where
// it does not, because there is no session bus, no portal, or one without an
// answer, its methods fail with [errors.ErrUnsupported]. They block until the
// person chose.
//
// The portal is spoken to over a connection of its own for each question: when
// that ends, its dialog goes.
type Dialogs struct {
	// Parent returns the X11 window that a dialog stands over, 0 for none. It
	// is called off the UI goroutine and returns when ctx ends; may be nil.
	Parent func(ctx context.Context) uintptr

	wait time.Duration // instead of answerTime in tests
}

// Open implements [ui.Picker].
func (d *Dialogs) Open(q ui.FileQuestion) ([]string, error) {
	options := folderOption(q.Near)
	options["multiple"] = dbus.MakeVariant(q.Several)
	return d.ask("OpenFile", q, options)
}

// Save implements [ui.Picker].
func (d *Dialogs) Save(q ui.FileQuestion) (string, error) {
	options := folderOption(filepath.Dir(q.Near))
	options["current_name"] = dbus.MakeVariant(filepath.Base(q.Near))
	return first(d.ask("SaveFile", q, options))
}

// Folder implements [ui.Picker].
func (d *Dialogs) Folder(q ui.FileQuestion) (string, error) {
	options := folderOption(q.Near)
	options["directory"] = dbus.MakeVariant(true)
	return first(d.ask("OpenFile", q, options))
}

// folderOption returns the options of a dialog that begins at near, or at the
// nearest folder above it that is there; without near, where people look for
// files.
func folderOption(near string) map[string]dbus.Variant {
	options := map[string]dbus.Variant{}
	if near == "" {
		near = outfile.Folder()
	}
	for dir := near; filepath.IsAbs(dir); dir = filepath.Dir(dir) {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			options["current_folder"] = dbus.MakeVariant(append([]byte(dir), 0))
			break
		}
	}
	return options
}

// A portalFilter is a filter as the portal takes it, (sa(us)).
type portalFilter struct {
	Name  string
	Rules []portalRule
}

type portalRule struct {
	Kind    uint32 // 0: a pattern of a file name
	Pattern string
}

// filterOption returns filters with patterns for both cases: they are matched
// as they stand.
func filterOption(filters []ui.FileFilter) []portalFilter {
	var out []portalFilter
	for _, f := range filters {
		p := portalFilter{Name: f.Name}
		for _, e := range f.Extensions {
			p.Rules = append(p.Rules, portalRule{Pattern: "*" + e}, portalRule{Pattern: "*" + strings.ToUpper(e)})
		}
		if len(f.Extensions) == 0 {
			p.Rules = []portalRule{{Pattern: "*"}}
		}
		out = append(out, p)
	}
	return out
}

// unsupported says that this computer's portal shows no dialog.
func unsupported(err error) error {
	return fmt.Errorf("file dialog: %w: %w", errors.ErrUnsupported, err)
}

// ask shows a dialog and returns the chosen files, none if the person gave up.
func (d *Dialogs) ask(method string, q ui.FileQuestion, options map[string]dbus.Variant) ([]string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wait := d.wait
	if wait == 0 {
		wait = answerTime
	}
	late := time.AfterFunc(wait, cancel)
	bus, err := connect(ctx)
	if err != nil {
		return nil, unsupported(err)
	}
	defer bus.Close()
	signals := make(chan *dbus.Signal, 16)
	bus.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchInterface(request), dbus.WithMatchMember("Response")},
		{dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, portalName)},
	} {
		if err := bus.AddMatchSignalContext(ctx, match...); err != nil {
			return nil, unsupported(err)
		}
	}
	parent := ""
	if d.Parent != nil {
		if id := d.Parent(ctx); id != 0 {
			parent = fmt.Sprintf("x11:%x", id)
		}
	}
	options["handle_token"], options["modal"] = dbus.MakeVariant("certdesk"+rand.Text()), dbus.MakeVariant(true)
	if len(q.Filters) > 0 {
		options["filters"] = dbus.MakeVariant(filterOption(q.Filters))
	}
	var handle dbus.ObjectPath
	if err := bus.Object(portalName, portalPath).CallWithContext(ctx, chooser+"."+method, 0, parent, q.Title, options).Store(&handle); err != nil {
		return nil, unsupported(err)
	}
	if !late.Stop() {
		return nil, unsupported(context.DeadlineExceeded)
	}
	return answer(signals, handle)
}

// answer waits for the person, or for the portal's end. The signals end with
// the connection.
func answer(signals <-chan *dbus.Signal, handle dbus.ObjectPath) ([]string, error) {
	for s := range signals {
		if s.Name == "org.freedesktop.DBus.NameOwnerChanged" {
			var name, before, now string
			if dbus.Store(s.Body, &name, &before, &now) == nil && name == portalName && before != "" {
				return nil, unsupported(errors.New("the desktop portal ended"))
			}
			continue
		}
		if s.Name != request+".Response" || s.Path != handle {
			continue
		}
		var status uint32
		var results map[string]dbus.Variant
		if err := dbus.Store(s.Body, &status, &results); err != nil {
			return nil, unsupported(err)
		}
		switch status {
		case responseDone:
			uris, _ := results["uris"].Value().([]string)
			return paths(uris)
		case responseGiven:
			return nil, nil
		}
		return nil, unsupported(errors.New("the desktop portal could not show it"))
	}
	return nil, unsupported(errors.New("the session bus ended"))
}

// connect connects to the session bus, and starts none.
func connect(ctx context.Context) (*dbus.Conn, error) {
	type result struct {
		bus *dbus.Conn
		err error
	}
	done := make(chan result, 1)
	go func() { // what is at the other end may never answer
		bus, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx), dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
		if err == nil {
			if err = bus.Auth(nil); err == nil {
				err = bus.Hello()
			}
			if err != nil {
				bus.Close()
			}
		}
		done <- result{bus, err}
	}()
	select {
	case r := <-done:
		return r.bus, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// paths returns the paths of file URIs.
func paths(uris []string) ([]string, error) {
	var out []string
	for _, uri := range uris {
		u, err := url.Parse(uri)
		if err == nil && (u.Scheme != "file" || !filepath.IsAbs(u.Path)) {
			err = errors.New("not a file on this computer")
		}
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", uri, err)
		}
		out = append(out, filepath.Clean(u.Path))
	}
	return out, nil
}
