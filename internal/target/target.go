// Package target knows who uses certificates, and where each of them looks:
// "who will use this certificate?" is what people know, location and store is
// what follows. It is data, with its sources.
package target

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"certdesk/certstore"
)

// An ID names a target on the command line.
type ID string

// The targets.
const (
	Browser         ID = "browser"
	UserApp         ID = "user-app"
	BizTalkSendPort ID = "biztalk-send-port"
	BizTalkPartner  ID = "biztalk-partner"
	IISSite         ID = "iis-site"
	IISClientTrust  ID = "iis-client-trust"
	WindowsService  ID = "windows-service"
)

// IDs are all targets, of any system, in the order they are offered.
var IDs = []ID{Browser, UserApp, BizTalkSendPort, BizTalkPartner, IISSite, IISClientTrust, WindowsService}

// A Kind is what a target needs of a file.
type Kind int

// The kinds.
const (
	Keyed   Kind = iota // a certificate with its private key
	Partner             // somebody else's certificate, without a key
	Issuers             // CA certificates only
)

// A Target is one user of certificates on one system.
type Target struct {
	ID       ID
	Title    string // "Web browser"
	Line     string // what it is, in one line
	Kind     Kind
	Location certstore.Location
	Store    certstore.Name // of the certificate that it is about
	// KeySet is whose keys the key will be among, "" where none is kept.
	KeySet certstore.Location
	// Provider keeps the key, "" where none is kept. What is not
	// [certstore.ProviderCAPI] is the system's usual one.
	Provider    certstore.Provider
	ProviderWhy string // a full sentence; "" for the usual provider
	Reason      string // why this place, full sentences
	Source      string // the document that says so
	Todo        string // what else has to be done, full sentences, or ""
	// AsAccount says that it has to be imported by the account that will use
	// it; see [Target.Command].
	AsAccount bool
}

// For returns the targets that exist on a system (as runtime.GOOS names it),
// in the order they are offered.
func For(system string) []Target {
	switch system {
	case "windows":
		return slices.Clone(windows)
	case "darwin":
		return slices.Clone(macOS)
	}
	return slices.Clone(linux)
}

// An Error is a target that does not exist, or not on this system.
type Error struct {
	ID     string
	System string   // its name for people; "" when there is no such target at all
	There  []string // the ids there are
}

// Error says that there is none; the id is left to the caller.
func (e *Error) Error() string {
	if e.System == "" {
		return "there is no such target"
	}
	return "that target exists on Windows only, and this is " + e.System
}

// Advice says what to use instead.
func (e *Error) Advice() string {
	if e.System == "" {
		return "The targets here are " + strings.Join(e.There, ", ") + "."
	}
	return fmt.Sprintf("Here there are %s; for a service of this computer use --location machine instead, and for programs with files of their own (nginx, Apache, Java) certctl export.", strings.Join(e.There, " and "))
}

var systemNames = map[string]string{"linux": "Linux", "darwin": "macOS"}

// Find returns the target id of a system; its error is an [*Error].
func Find(id, system string) (Target, error) {
	e := &Error{ID: id}
	for _, t := range For(system) {
		if strings.EqualFold(string(t.ID), id) {
			return t, nil
		}
		e.There = append(e.There, string(t.ID))
	}
	if slices.ContainsFunc(IDs, func(known ID) bool { return strings.EqualFold(string(known), id) }) {
		if e.System = systemNames[system]; e.System == "" {
			e.System = system
		}
	}
	return Target{}, e
}

// Help is one line for each target, those of Windows on other systems too.
func Help(system string) string {
	var b strings.Builder
	for _, t := range windows {
		only := ", Windows only"
		if here, err := Find(string(t.ID), system); err == nil {
			t, only = here, ""
		}
		fmt.Fprintf(&b, "  %-18s %s (%s%s)\n", t.ID, t.Line, t.Place(), only)
	}
	return b.String()
}

// ForServices reports whether services of other accounts than the one that
// imports see what is in a location; their accounts may need the key.
func ForServices(l certstore.Location) bool { return l == certstore.Machine }

// Place is where the target's certificate goes: "machine/my".
func (t Target) Place() string { return string(t.Location) + "/" + string(t.Store) }

// Command returns the command that imports a file as another account, to be
// completed by a person; "" where the target does not need that.
func (t Target) Command(file string) string {
	exe, _ := os.Executable() // without it the name alone
	return t.command(exe, file)
}

// command is Command for a program: certctl.exe is beside it, and runas starts
// in a folder where nothing else would find it. cmd takes the outer of the
// quotes away.
func (t Target) command(exe, file string) string {
	if !t.AsAccount {
		return ""
	}
	return fmt.Sprintf(`runas /user:DOMAIN\ACCOUNT "cmd /k \"\"%scertctl.exe\" import \"%s\" --target %s\""`, exe[:strings.LastIndexAny(exe, `\/`)+1], file, t.ID)
}
