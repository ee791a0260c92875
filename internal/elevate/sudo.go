package elevate

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/importer"
	"certdesk/internal/inventory"
	"certdesk/internal/shell"
)

// A Way is how a change can be made.
type Way int

// The ways.
const (
	Never  Way = iota // nobody can change this
	Direct            // with the rights that this program has
	Helper            // as administrator, after the system has asked
	Sudo              // as root, by certctl at a terminal
)

// WayTo returns how the stores of a place can be changed, whose ReadOnly is
// err. System is a runtime.GOOS, "" for this one.
func (e *Elevator) WayTo(loc certstore.Location, err error, system string) Way {
	if system == "" {
		system = runtime.GOOS
	}
	switch {
	case err == nil:
		return Direct
	case !refused(loc, err):
		return Never
	case e != nil && !e.Elevated():
		return Helper
	case system != "windows":
		return Sudo
	}
	return Never
}

// WayOf returns how a row can be changed in one of the places.
func (e *Elevator) WayOf(r *inventory.Row, places []certstore.Place, system string) Way {
	if r.Inherited || r.Provided != "" {
		return Never
	}
	if !r.ReadOnly {
		return Direct
	}
	for _, p := range places {
		if p.Location == r.Location && p.Name == r.Store && p.ReadOnly != nil {
			w := e.WayTo(p.Location, p.ReadOnly, system)
			if w == Sudo && r.Shipped { // the distribution's own: root cannot either
				return Never
			}
			return w
		}
	}
	return Never
}

// Commands are what a person can run at a terminal for a change that the
// window may not make. Lines are empty where certctl has no equivalent; Note
// says that, or what else there is to know, "" for nothing.
type Commands struct {
	Lines []string
	Note  string
}

// Text returns the lines, to be copied.
func (c Commands) Text() string { return strings.Join(c.Lines, "\n") }

const confirms = "certctl asks before it changes anything."

// ImportCommands are for an import.
func ImportCommands(p *importer.Plan) Commands {
	if p.Source.Path == "" {
		return Commands{Note: "What was pasted or dropped without a file has no path that certctl could read: save it to a file first."}
	}
	o := p.Options
	words := []string{"import", p.Source.Path}
	if o.Target != nil {
		words = append(words, "--target", string(o.Target.ID))
	} else {
		words = append(words, "--location", string(o.Location))
	}
	if !o.Exportable {
		words = append(words, "--exportable=false")
	}
	if o.FriendlyName != "" {
		words = append(words, "--friendly-name", o.FriendlyName)
	}
	c := Commands{Note: "certctl asks for the password of the file, shows the plan and asks before it changes anything."}
	some, all := false, true
	for _, it := range p.Items {
		if it.Store != certstore.Root {
			continue
		}
		if o.Trust[it.Certificate.Fingerprint()] {
			some = true
		} else {
			all = false
		}
	}
	if o.TrustRoots || some {
		words = append(words, "--trust-root")
		if !all && !o.TrustRoots {
			c.Note += " --trust-root trusts every root of the file, not only those ticked here."
		}
	}
	c.Lines = []string{SudoLine(Certctl(), words)}
	return c
}

// DeleteCommands are for deletions.
func DeleteCommands(rows []*inventory.Row) Commands {
	c := Commands{Note: confirms}
	for _, r := range rows {
		if r.Location == certstore.Machine {
			c.Lines = append(c.Lines, SudoLine(Certctl(), []string{"delete", r.Fingerprint().String(), "--location", string(r.Location), "--store", string(r.Store)}))
		}
	}
	return c
}

// atOnce is true of what asks nothing.
const atOnce = "certctl does that at once, and says how to take it back."

// MoveCommands are for moves.
func MoveCommands(moves []importer.Relocation) Commands {
	c := Commands{Note: atOnce}
	for _, m := range moves {
		if m.Row.Location != m.Location {
			return Commands{Note: "There is no command for this: run by sudo, certctl sees root's own stores and not yours. Export the certificate to a file; then sudo certctl import FILE --location machine."}
		}
		if m.Store == certstore.Root {
			c.Note = "certctl asks before it trusts a root."
		}
		c.Lines = append(c.Lines, SudoLine(Certctl(), []string{"move", m.Row.Fingerprint().String(), "--to", string(m.Store), "--location", string(m.Location), "--store", string(m.Row.Store)}))
	}
	return c
}

// TidyCommands are for tidying the machine's stores.
func TidyCommands() Commands {
	return Commands{Lines: []string{SudoLine(Certctl(), []string{"tidy", "--location", string(certstore.Machine)})}, Note: atOnce}
}

// RenameCommands are for another friendly name.
func RenameCommands() Commands {
	return Commands{Note: "There is no command for this: certctl does not change friendly names."}
}

// Certctl returns the path of certctl: beside this program, else where the
// shell finds it.
func Certctl() string {
	const name = "certctl"
	if exe, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(exe), name)
		if st, err := os.Stat(beside); err == nil && st.Mode().IsRegular() {
			return beside
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path // sudo has a PATH of its own
	}
	return name
}

// SudoLine is a command line to be run as root.
func SudoLine(exe string, args []string) string {
	return shell.Line(append([]string{"sudo", exe}, args...)...)
}
