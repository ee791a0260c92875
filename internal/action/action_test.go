package action

import "testing"

func TestSay(t *testing.T) {
	const text = "Move it: «move ID --to ca»; or all: «tidy»."
	if got := Say(text); got != "Move it: certctl move ID --to ca; or all: certctl tidy." {
		t.Error(got)
	}
	defer Use(words)
	Use(func(string) string { return "the button" })
	if got := Say(text); got != "Move it: the button; or all: the button." {
		t.Error(got)
	}
}
