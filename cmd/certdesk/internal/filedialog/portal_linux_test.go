package filedialog

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"certdesk/ui"
)

// startBus starts a session bus of the test's own, which starts nothing by
// itself, and makes it that of the process.
func startBus(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		t.Skip("dbus-daemon is not installed: apt-get install dbus-daemon")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	text := `<busconfig><type>session</type><listen>unix:path=` + filepath.Join(dir, "bus") + `</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
}

// A portal answers as the desktop's would.
type portal struct {
	bus    *dbus.Conn
	refuse *dbus.Error // the answer to every question; nil: react is called
	react  func(handle dbus.ObjectPath)

	method, parent, title string
	options               map[string]dbus.Variant
}

func (p *portal) take(sender dbus.Sender, method, parent, title string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	p.method, p.parent, p.title, p.options = method, parent, title, options
	if p.refuse != nil {
		return "", p.refuse
	}
	token, _ := options["handle_token"].Value().(string)
	handle := dbus.ObjectPath(portalPath + "/request/" + strings.ReplaceAll(strings.TrimPrefix(string(sender), ":"), ".", "_") + "/" + token)
	p.react(handle)
	return handle, nil
}

func (p *portal) OpenFile(sender dbus.Sender, parent, title string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	return p.take(sender, "OpenFile", parent, title, options)
}

func (p *portal) SaveFile(sender dbus.Sender, parent, title string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	return p.take(sender, "SaveFile", parent, title, options)
}

// respond sends what a person chose. It may come before the handle does.
func (p *portal) respond(t *testing.T, handle dbus.ObjectPath, status uint32, uris ...string) {
	results := map[string]dbus.Variant{}
	if uris != nil {
		results["uris"] = dbus.MakeVariant(uris)
	}
	if err := p.bus.Emit(handle, request+".Response", status, results); err != nil {
		t.Error(err)
	}
}

// startPortal puts a portal on a bus.
func startPortal(t *testing.T) *portal {
	t.Helper()
	startBus(t)
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	p := &portal{bus: bus}
	if err := bus.Export(p, portalPath, chooser); err != nil {
		t.Fatal(err)
	}
	if reply, err := bus.RequestName(portalName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return p
}

var question = ui.FileQuestion{Title: "Choose", Filters: []ui.FileFilter{{Name: "Certificates", Extensions: []string{".pfx", ".p12"}}, {Name: "All files"}}}

func TestPortalOpen(t *testing.T) {
	p := startPortal(t)
	p.react = func(handle dbus.ObjectPath) {
		p.respond(t, handle+"x", 0, "file:///not/ours")
		p.respond(t, handle, 0, "file:///tmp/a%20b+c%25/%C3%A9.pfx", "file:///tmp/two.p12")
	}
	d := &Dialogs{Parent: func(context.Context) uintptr { return 0x2a0001 }}
	q, dir := question, t.TempDir()
	q.Several, q.Near = true, filepath.Join(dir, "gone", "old.pfx")
	paths, err := d.Open(q)
	if err != nil || !slices.Equal(paths, []string{"/tmp/a b+c%/é.pfx", "/tmp/two.p12"}) {
		t.Errorf("Open = %q, %v", paths, err)
	}
	if p.method != "OpenFile" || p.parent != "x11:2a0001" || p.title != "Choose" {
		t.Errorf("asked %s %q %q", p.method, p.parent, p.title)
	}
	var filters []portalFilter
	if err := p.options["filters"].Store(&filters); err != nil || !reflect.DeepEqual(filters, []portalFilter{
		{"Certificates", []portalRule{{0, "*.pfx"}, {0, "*.PFX"}, {0, "*.p12"}, {0, "*.P12"}}}, {"All files", []portalRule{{0, "*"}}}}) {
		t.Errorf("filters %v, %v", filters, err)
	}
	if got := p.options["current_folder"].Value(); string(got.([]byte)) != dir+"\x00" {
		t.Errorf("current_folder %q", got)
	}
	if p.options["multiple"].Value() != true || p.options["modal"].Value() != true {
		t.Errorf("options %v", p.options)
	}
}

func TestPortalSaveAndFolder(t *testing.T) {
	p := startPortal(t)
	p.react = func(handle dbus.ObjectPath) { go p.respond(t, handle, 0, "file:///tmp/new.pem") }
	path, err := (&Dialogs{}).Save(ui.FileQuestion{Title: "Save as", Near: "/tmp/proposed.pem"})
	if err != nil || path != "/tmp/new.pem" {
		t.Errorf("Save = %q, %v", path, err)
	}
	if p.method != "SaveFile" || p.parent != "" || p.options["current_name"].Value() != "proposed.pem" || string(p.options["current_folder"].Value().([]byte)) != "/tmp\x00" {
		t.Errorf("asked %s %q %v", p.method, p.parent, p.options)
	}
	if path, err = (&Dialogs{}).Folder(ui.FileQuestion{Near: "/tmp"}); err != nil || path != "/tmp/new.pem" || p.method != "OpenFile" || p.options["directory"].Value() != true {
		t.Errorf("Folder = %q, %v: %s %v", path, err, p.method, p.options)
	}
	p.react = func(handle dbus.ObjectPath) { p.respond(t, handle, 1) }
	if path, err = (&Dialogs{}).Save(question); err != nil || path != "" {
		t.Errorf("giving up: Save = %q, %v", path, err)
	}
	p.react = func(handle dbus.ObjectPath) { p.respond(t, handle, 0, "smb://server/file") }
	if paths, err := (&Dialogs{}).Open(question); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("no file: Open = %q, %v", paths, err)
	}
}

// TestNoPortal wants it said that there is no dialog, so that the toolkit's
// comes, however the portal fails.
func TestNoPortal(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T){
		"no bus": func(t *testing.T) {
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
		},
		"no portal": startBus,
		"a bus that never answers": func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bus")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
		},
		"no file chooser": func(t *testing.T) {
			p := startPortal(t)
			if err := p.bus.Export(nil, portalPath, chooser); err != nil {
				t.Fatal(err)
			}
		},
		"an error": func(t *testing.T) {
			startPortal(t).refuse = dbus.NewError("org.freedesktop.portal.Error.Failed", []any{"no backend"})
		},
		"a dialog that ends by itself": func(t *testing.T) {
			p := startPortal(t)
			p.react = func(handle dbus.ObjectPath) { p.respond(t, handle, 2) }
		},
		"a response that is none": func(t *testing.T) {
			p := startPortal(t)
			p.react = func(handle dbus.ObjectPath) {
				if err := p.bus.Emit(handle, request+".Response", "what"); err != nil {
					t.Error(err)
				}
			}
		},
		"a portal that ends": func(t *testing.T) {
			p := startPortal(t)
			p.react = func(dbus.ObjectPath) {
				go func() { _, _ = p.bus.ReleaseName(portalName) }()
			}
		},
		"a portal that never answers": func(t *testing.T) {
			p := startPortal(t)
			done := make(chan struct{})
			t.Cleanup(func() { close(done) })
			p.react = func(dbus.ObjectPath) { <-done }
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			d := &Dialogs{}
			if strings.Contains(name, "never answers") {
				d.wait = 100 * time.Millisecond
			}
			if paths, err := d.Open(question); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("Open = %q, %v", paths, err)
			}
		})
	}
}
