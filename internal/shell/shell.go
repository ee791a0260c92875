// Package shell writes command lines for people to paste into a POSIX shell.
package shell

import "strings"

const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@+"

// Line joins words into a command line, each quoted where it has to be.
func Line(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; w == "" || strings.Trim(w, safe) != "" {
			quoted[i] = Quote(w)
		}
	}
	return strings.Join(quoted, " ")
}

// Quote returns s in single quotes, whatever is in it.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
