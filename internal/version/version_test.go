package version_test

import (
	"os"
	"strings"
	"testing"

	"certdesk/internal/version"
)

// TestNumber compares with what the programs of Windows and macOS carry.
func TestNumber(t *testing.T) {
	for path, want := range map[string]string{
		"../../FyneApp.toml":               `Version = "` + version.Number + `"`,
		"../../bundling/darwin/Info.plist": "<string>" + version.Number + "</string>",
	} {
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not have %s: %v", path, want, err)
		}
	}
}
