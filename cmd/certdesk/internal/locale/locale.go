// Package locale lets the program start without a complaint where the locale
// is C or POSIX: the toolkit parses the variables in its own init and knows no
// such language. Import it before everything else, for its effect.
package locale

import (
	"os"
	"strings"
)

// The toolkit reads the first of these that is set.
func init() {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v, ok := os.LookupEnv(name); ok && neutral(v) {
			os.Setenv(name, "en_US.UTF-8")
		}
	}
	if os.Getenv("LC_ALL") == "" && os.Getenv("LC_MESSAGES") == "" && os.Getenv("LANG") == "" {
		os.Setenv("LANG", "en_US.UTF-8")
	}
}

// neutral reports whether a locale names no language.
func neutral(v string) bool {
	base, _, _ := strings.Cut(v, ".")
	return base == "C" || base == "POSIX"
}
