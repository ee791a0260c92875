package shell_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"certdesk/internal/shell"
)

// TestLine lets a shell take lines apart again.
func TestLine(t *testing.T) {
	if got := shell.Line("openssl", "-in", "a b", "C:/x=1", ""); got != "openssl -in 'a b' C:/x=1 ''" {
		t.Error(got)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("needs sh")
	}
	words := []string{"plain", "", "it's", "$HOME `id` $(id)", "\\", "*", "~", "a\tb", "ü", "x;y&z", "!!", "-o", `"`}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf '%s\\n' "+shell.Line(words...)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); !slices.Equal(got, words) {
		t.Errorf("%q, want %q", got, words)
	}
}
