// Package shell writes command lines for people to paste into the shell of
// this computer: cmd on Windows, else one of POSIX.
package shell

import (
	"runtime"
	"strings"
)

const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+"

// Line joins words into a command line, each quoted where it has to be.
func Line(words ...string) string { return line(runtime.GOOS, words) }

func line(system string, words []string) string {
	plain, quote := safe, Quote
	if system == "windows" {
		plain, quote = safe+`\`, quoteWindows
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; w == "" || strings.Trim(w, plain) != "" {
			quoted[i] = quote(w)
		}
	}
	return strings.Join(quoted, " ")
}

// Remove is the command that deletes a file, such as "rm FILE".
func Remove(file string) string { return remove(runtime.GOOS, file) }

func remove(system, file string) string {
	name := "rm"
	if system == "windows" {
		name = "del"
	}
	return line(system, []string{name, file})
}

// quoteWindows returns s in double quotes, as programs of Windows take their
// arguments apart: before a quote, backslashes count double. cmd still puts
// variables in, where s has two percent signs around the name of one.
func quoteWindows(s string) string {
	var b strings.Builder
	slashes := 0
	for i := range len(s) {
		switch s[i] {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteByte(s[i])
	}
	return `"` + b.String() + strings.Repeat(`\`, slashes) + `"`
}

// Quote returns s in single quotes for a shell of POSIX, whatever is in it.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
