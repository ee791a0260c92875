package secret

import (
	"regexp"
	"testing"
)

func TestPassword(t *testing.T) {
	form := regexp.MustCompile(`^[a-km-zA-HJ-NP-Z2-9]{5}(-[a-km-zA-HJ-NP-Z2-9]{5}){3}$`)
	seen := map[string]bool{}
	letters := map[rune]int{}
	for range 1000 {
		p := string(Password())
		if !form.MatchString(p) || seen[p] {
			t.Fatalf("%q", p)
		}
		seen[p] = true
		for _, r := range p {
			letters[r]++
		}
	}
	for _, r := range alphabet { // 20,000 letters of 56: about 357 each
		if n := letters[r]; n < 230 || n > 500 {
			t.Errorf("%c stands there %d times", r, n)
		}
	}
}
