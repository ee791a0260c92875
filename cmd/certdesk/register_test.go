package main

import (
	"slices"
	"strings"
	"testing"
)

// TestRegistration looks at what register would write: every ending leads to
// a program identifier whose command is quoted, and nothing is written outside
// the keys that unregister knows.
func TestRegistration(t *testing.T) {
	const exe = `C:\Program Files\Certdesk\certdesk.exe`
	values := registration(exe)
	find := func(key, name string) string {
		i := slices.IndexFunc(values, func(v regValue) bool { return v.key == key && v.name == name })
		if i < 0 {
			t.Errorf("nothing is written to %s, %q", key, name)
			return ""
		}
		return values[i].text
	}
	for _, ending := range []string{".pfx", ".p12", ".cer", ".crt", ".der", ".p7b", ".p7c", ".pem"} {
		class := find(capabilitiesKey+`\FileAssociations`, ending)
		find(classesKey+ending+`\OpenWithProgids`, class)
		if got, want := find(classesKey+class+`\shell\open\command`, ""), `"`+exe+`" "%1"`; got != want {
			t.Errorf("%s opens with %s, want %s", ending, got, want)
		}
		if icon := find(classesKey+class+`\DefaultIcon`, ""); !strings.HasPrefix(icon, `"`+exe+`",`) {
			t.Errorf("%s has the icon %s", ending, icon)
		}
		find(classesKey+`Applications\certdesk.exe\SupportedTypes`, ending)
	}
	if got := find(registeredKey, "Certdesk"); got != capabilitiesKey {
		t.Errorf("registered applications lead to %s", got)
	}
	keys := keysOf(values)
	for i, k := range keys {
		parent := k[:strings.LastIndex(k, `\`)]
		if parent != "Software" && parent != `Software\Classes` && !slices.Contains(keys[:i], parent) {
			t.Errorf("%s comes before its parent", k)
		}
	}
}

// TestRegistered: the program without OpenGL registers the other, which
// decides at each start, unless it stands alone.
func TestRegistered(t *testing.T) {
	for _, tt := range []struct {
		exe    string
		beside bool
		want   string
	}{
		{`C:\Certdesk\certdesk.exe`, true, `C:\Certdesk\certdesk.exe`},
		{`C:\Certdesk\certdesk-safe.exe`, true, `C:\Certdesk\certdesk.exe`},
		{`C:\Certdesk\Certdesk-Safe.EXE`, true, `C:\Certdesk\certdesk.exe`},
		{`C:\Certdesk\certdesk-safe.exe`, false, `C:\Certdesk\certdesk-safe.exe`},
	} {
		if got := registered(tt.exe, func(string) bool { return tt.beside }); got != tt.want {
			t.Errorf("%s, beside the other: %v: %s, want %s", tt.exe, tt.beside, got, tt.want)
		}
	}
}

// TestProgramsIn wants the names that the program had when it registered.
func TestProgramsIn(t *testing.T) {
	created := keysOf(append(registration(`C:\Certdesk\certdesk.exe`), registration(`D:\cd 2.exe`)...))
	if got := programsIn(created); !slices.Equal(got, []string{"certdesk.exe", "cd 2.exe"}) {
		t.Errorf("programs %q of %q", got, created)
	}
}
