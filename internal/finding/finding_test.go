package finding_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"certdesk/internal/finding"
)

// TestWording wants words for every finding that the rules make, a line in
// the manual for each, and none for what no rule makes.
func TestWording(t *testing.T) {
	manual, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, dir := range []string{"keyusage", "placement", "inventory", "certfile", "check", "chain", "tlsprobe", "online"} {
		files, err := filepath.Glob("../" + dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"([CSMXDAGNPKTFR]-\d\d[abc]?)"`).FindAllSubmatch(src, -1) {
				made[string(m[1])] = true
			}
		}
	}
	if len(made) < 80 {
		t.Fatalf("found %d ids in the rules only", len(made))
	}
	known := finding.IDs()
	for id := range made {
		if !slices.Contains(known, id) {
			t.Errorf("%s has no words", id)
		}
		if !strings.Contains(string(manual), id) {
			t.Errorf("%s is not in docs/findings.md", id)
		}
	}
	for _, id := range known {
		if !made[id] {
			t.Errorf("%s has words and no rule", id)
		}
	}
}

func TestSort(t *testing.T) {
	fs := []finding.Finding{{ID: "N-03", Severity: finding.Info}, {ID: "S-20", Severity: finding.Warning}, {ID: "C-06", Severity: finding.Error}, {ID: "C-01", Severity: finding.Error}}
	finding.Sort(fs)
	var ids []string
	for _, f := range fs {
		ids = append(ids, f.ID)
	}
	if want := []string{"C-01", "C-06", "S-20", "N-03"}; !slices.Equal(ids, want) {
		t.Errorf("sorted %v, want %v", ids, want)
	}
	if w := finding.Worst(fs[2:]); w != finding.Warning {
		t.Errorf("worst %s", w)
	}
	if w := finding.Worst(nil); w != "" {
		t.Errorf("worst of none %q", w)
	}
}
