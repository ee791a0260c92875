// Package action lets advice name what a person can do in the program at hand.
// A text of a service holds the action as data, «move ID --to root»: a command
// of certctl without its name. Each front end has its words for it: the command
// itself, or where the window does the same.
package action

import (
	"regexp"
	"strings"
)

var mark = regexp.MustCompile(`«([^»]*)»`)

// words are those of the front end that runs; the command line's, unless the
// window said otherwise.
var words = func(command string) string { return "certctl " + command }

// Use makes w the words for actions. A front end calls it once, before it asks
// a service for anything.
func Use(w func(command string) string) { words = w }

// Say returns text with its actions in the words of the front end.
func Say(text string) string {
	if !strings.Contains(text, "«") {
		return text // as most texts, which tables ask for by the hundred thousand
	}
	return mark.ReplaceAllStringFunc(text, func(m string) string { return words(mark.FindStringSubmatch(m)[1]) })
}
