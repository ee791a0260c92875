package explain

import (
	"cmp"
	"slices"
	"strings"
)

const (
	maxSuggestions = 5
	maxWord        = 64 // letters of a query that are compared
)

// suggest returns the codes that are nearest to words.
func suggest(words []string) []string {
	type candidate struct {
		code *Code
		cost int
	}
	var list []candidate
	query := fold(strings.Join(words[:min(len(words), 8)], ""))
	query = query[:min(len(query), maxWord)]
	if query == "" {
		return nil
	}
	said := map[string]bool{}
	for _, w := range words[:min(len(words), 40)] {
		if f := fold(w); len(f) > 3 {
			said[f] = true
		}
	}
	for _, c := range codes {
		best := 1000
		for _, name := range c.Spellings() {
			f := fold(name)
			d := distance(query, f[:min(len(f), maxWord)])
			switch {
			case d <= max(1, len(query)/4):
				best = min(best, d)
			case len(query) >= 4 && strings.Contains(f, query), len(f) >= 6 && strings.Contains(query, f):
				best = min(best, 8)
			}
			if status, _, ok := strings.Cut(f, "."); ok && c.Kind == HTTP && strings.HasPrefix(query, status+".") {
				best = min(best, 9)
				if slices.ContainsFunc(c.Checks, func(k Check) bool { return k == Client || k == Trust || k == Validity || k == Revocation }) {
					best = min(best, 6) // about the certificate
				}
			}
		}
		if shared := sharedWords(said, c); shared > 0 && 2*shared >= len(said) {
			best = min(best, 30-shared)
		}
		if best < 1000 {
			list = append(list, candidate{c, best})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(a.cost, b.cost) })
	var out []string
	for _, c := range list[:min(len(list), maxSuggestions)] {
		s := c.code.ID
		if c.code.Name != "" && c.code.Name != s && !strings.Contains(s, c.code.Name) {
			s += " " + c.code.Name
		}
		out = append(out, s)
	}
	return out
}

func sharedWords(said map[string]bool, c *Code) int {
	n := 0
	seen := map[string]bool{}
	for _, w := range strings.Fields(c.Text + " " + c.Name) {
		if f := fold(w); said[f] && !seen[f] {
			seen[f] = true
			n++
		}
	}
	return n
}

// distance is the Levenshtein distance of two short strings.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
