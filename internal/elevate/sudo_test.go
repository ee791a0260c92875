package elevate

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"certdesk/certstore"
	"certdesk/internal/certtest"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/placement"
)

func TestWayOf(t *testing.T) {
	no := &Elevator{Elevated: func() bool { return false }}
	yes := &Elevator{Elevated: func() bool { return true }}
	place := func(l certstore.Location, err error) []certstore.Place {
		return []certstore.Place{{Location: certstore.Machine, Name: certstore.My}, {Location: l, Name: certstore.Root, ReadOnly: err}}
	}
	row := func(l certstore.Location, readOnly, shipped, inherited bool) *inventory.Row {
		return &inventory.Row{Entry: certstore.Entry{Location: l, Store: certstore.Root, ReadOnly: readOnly, Shipped: shipped, Inherited: inherited}}
	}
	other := errors.New("no such directory")
	for _, tt := range []struct {
		name   string
		e      *Elevator
		row    *inventory.Row
		err    error
		system string
		want   Way
	}{
		{"mine", no, row(certstore.User, false, false, false), nil, "windows", Direct},
		{"the machine's, seen by the user", no, row(certstore.User, true, false, true), nil, "windows", Never},
		{"Windows", no, row(certstore.Machine, true, false, false), certstore.ErrDenied, "windows", Helper},
		{"Windows, with the rights", yes, row(certstore.Machine, true, false, false), certstore.ErrDenied, "windows", Never},
		{"Windows without a helper", nil, row(certstore.Machine, true, false, false), certstore.ErrDenied, "windows", Never},
		{"Linux", nil, row(certstore.Machine, true, false, false), certstore.ErrDenied, "linux", Sudo},
		{"macOS", nil, row(certstore.Machine, true, false, false), certstore.ErrDenied, "darwin", Sudo},
		{"the distribution's own", nil, row(certstore.Machine, true, true, false), certstore.ErrDenied, "linux", Never},
		{"root, the distribution's own", nil, row(certstore.Machine, true, true, false), nil, "linux", Never},
		{"no such directory", nil, row(certstore.Machine, true, false, false), other, "linux", Never},
		{"the user's directory", nil, row(certstore.User, true, false, false), certstore.ErrDenied, "linux", Never},
		{"a group policy's", no, &inventory.Row{Entry: certstore.Entry{Location: certstore.Machine, Store: certstore.Root, ReadOnly: true, Provided: certstore.ByGroupPolicy}}, certstore.ErrDenied, "windows", Never},
	} {
		if got := tt.e.WayOf(tt.row, place(tt.row.Location, tt.err), tt.system); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// words are the words that a real shell makes of a command line.
func words(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", "printf '%s\\n' "+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

func TestCommands(t *testing.T) {
	root := certtest.Root(t, "Root")
	fp := root.Fingerprint().String()
	row := &inventory.Row{Entry: certstore.Entry{Location: certstore.Machine, Store: certstore.Root, DER: root.Raw}, Certificate: root.Certificate}
	plan := &importer.Plan{Source: importer.Source{Path: "/tmp/it's my file.pfx"}, Options: importer.Options{Location: certstore.Machine, FriendlyName: "$HOME", TrustRoots: true},
		Items: []placement.Item{{Certificate: root.Certificate, Store: certstore.Root}}}
	for want, c := range map[string]Commands{
		"sudo " + Certctl() + "|import|/tmp/it's my file.pfx|--location|machine|--exportable=false|--friendly-name|$HOME|--trust-root": ImportCommands(plan),
		"sudo " + Certctl() + "|delete|" + fp + "|--location|machine|--store|root":                                                     DeleteCommands([]*inventory.Row{row}),
		"sudo " + Certctl() + "|move|" + fp + "|--to|ca|--location|machine|--store|root":                                               MoveCommands([]importer.Relocation{{Row: row, Location: certstore.Machine, Store: certstore.CA}}),
		"sudo " + Certctl() + "|tidy|--location|machine":                                                                               TidyCommands(),
	} {
		if len(c.Lines) != 1 || strings.Replace(strings.Join(words(t, c.Lines[0]), "|"), "|", " ", 1) != want {
			t.Errorf("%q, want %q", c.Lines, want)
		}
	}
	// What certctl cannot do is said.
	plan.Source.Path = ""
	for name, c := range map[string]Commands{"pasted": ImportCommands(plan), "rename": RenameCommands(),
		"across": MoveCommands([]importer.Relocation{{Row: row, Location: certstore.User, Store: certstore.CA}})} {
		if len(c.Lines) != 0 || c.Note == "" {
			t.Errorf("%s: %q %q", name, c.Lines, c.Note)
		}
	}
}
