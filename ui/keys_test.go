package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestTextKeys checks that a key stands for one text everywhere: a translation
// has one for each.
func TestTextKeys(t *testing.T) {
	texts := map[string]string{}
	call := regexp.MustCompile("lang\\.[XN]+\\(\"([^\"]+)\",\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)")
	for _, pattern := range []string{"*.go", "*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range call.FindAllStringSubmatch(string(source), -1) {
				if before, ok := texts[m[1]]; ok && before != m[2] {
					t.Errorf("%s: %q is %s here and %s elsewhere", f, m[1], m[2], before)
				}
				texts[m[1]] = m[2]
			}
		}
	}
	if len(texts) < 100 {
		t.Errorf("only %d texts found", len(texts))
	}
}
