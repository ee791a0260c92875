package main

import (
	"errors"
	"strings"
)

// What "certdesk register" writes below HKEY_CURRENT_USER: file types that
// Certdesk can open, and its entry under "Default apps". Windows itself keeps
// which program a person chose; no program may change that.

const (
	classesKey      = `Software\Classes\`
	applicationsKey = classesKey + `Applications\`
	productKey      = `Software\Certdesk`
	capabilitiesKey = productKey + `\Capabilities`
	registeredKey   = `Software\RegisteredApplications`
)

// A fileType is one of the kinds of file that Certdesk opens.
type fileType struct {
	progID, name string
	endings      []string
}

var fileTypes = []fileType{
	{"Certdesk.PFX", "Certificate with private key (PKCS #12)", []string{".pfx", ".p12"}},
	{"Certdesk.Certificate", "Certificate", []string{".cer", ".crt", ".der", ".pem"}},
	{"Certdesk.Chain", "Certificates (PKCS #7)", []string{".p7b", ".p7c"}},
}

// A regValue is a text in the registry; the name "" is the key's default.
type regValue struct{ key, name, text string }

// errNoRegistry says that file types are registered in another way here.
var errNoRegistry = errors.New("file types are registered in this way on Windows only; on Linux run bundling/linux/install.sh")

// registered returns the program that opens files when exe registers:
// certdesk.exe beside certdesk-safe.exe, which it starts where it has to, else
// exe itself.
func registered(exe string, exists func(path string) bool) string {
	i := strings.LastIndexAny(exe, `\/`) + 1
	if beside := exe[:i] + "certdesk.exe"; strings.EqualFold(exe[i:], "certdesk-safe.exe") && exists(beside) {
		return beside
	}
	return exe
}

// registration returns all that register writes for the program exe.
func registration(exe string) []regValue {
	command := `"` + exe + `" "%1"`
	// The second icon of the program is a sheet of paper; certdesk.exe has it.
	paper := `"` + exe + `",1`
	app := applicationsKey + exe[strings.LastIndexAny(exe, `\/`)+1:]
	values := []regValue{
		{app, "FriendlyAppName", "Certdesk"},
		{app + `\DefaultIcon`, "", paper},
		{app + `\shell\open\command`, "", command},
		{capabilitiesKey, "ApplicationName", "Certdesk"},
		{capabilitiesKey, "ApplicationDescription", "Imports, shows and checks certificates"},
		{capabilitiesKey, "ApplicationIcon", `"` + exe + `",0`},
		{registeredKey, "Certdesk", capabilitiesKey},
	}
	for _, t := range fileTypes {
		class := classesKey + t.progID
		values = append(values, regValue{class, "", t.name}, regValue{class + `\DefaultIcon`, "", paper},
			regValue{class + `\shell\open\command`, "", command})
		for _, e := range t.endings {
			values = append(values, regValue{classesKey + e + `\OpenWithProgids`, t.progID, ""},
				regValue{app + `\SupportedTypes`, e, ""}, regValue{capabilitiesKey + `\FileAssociations`, e, t.progID})
		}
	}
	return values
}

// endings lists the kinds of file that Certdesk opens: ".pfx, .p12, ...".
func endings() string {
	var list []string
	for _, t := range fileTypes {
		list = append(list, t.endings...)
	}
	return strings.Join(list, ", ")
}

// programsIn returns the names of programs among the keys that register made:
// it may have had another name at an earlier time.
func programsIn(created []string) []string {
	var names []string
	for _, key := range created {
		if name, ok := strings.CutPrefix(key, applicationsKey); ok && !strings.Contains(name, `\`) {
			names = append(names, name)
		}
	}
	return names
}

// defaults are what register writes for endings that no program opens yet.
func defaults() []regValue {
	var values []regValue
	for _, t := range fileTypes {
		for _, e := range t.endings {
			values = append(values, regValue{classesKey + e, "", t.progID})
		}
	}
	return values
}

// keysOf returns the keys of values and their parents below top-level keys
// that every user has, parents first.
func keysOf(values []regValue) []string {
	var keys []string
	seen := map[string]bool{`Software`: true, `Software\Classes`: true}
	for _, v := range values {
		parts := strings.Split(v.key, `\`)
		for i := range parts {
			if k := strings.Join(parts[:i+1], `\`); !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	return keys
}
