package finding

import (
	"maps"
	"strings"

	"certdesk/internal/action"
)

// Words are the English words of a finding; {name} is filled from Params,
// {value} from the evidence.
type Words struct {
	Short   string // one to three words, for a status column
	Title   string // one line
	Message string // one or two sentences: what is so and what follows
	Advice  string // what to do, a full sentence; may be empty
	Request string // the sentence to send to the CA; may be empty
}

// catalogue has the words of every finding.
var catalogue = func() map[string]Words {
	all := map[string]Words{}
	for _, part := range []map[string]Words{tlsWords, signWords, placeWords} {
		maps.Copy(all, part)
	}
	return all
}()

// WordsOf returns the words of f with its parameters filled in.
func WordsOf(f Finding) Words {
	w, ok := catalogue[f.ID]
	if !ok {
		return Words{Short: f.ID, Title: f.ID, Message: f.ID}
	}
	return Words{f.fill(w.Short), f.fill(w.Title), f.fill(w.Message), f.fill(action.Say(w.Advice)), f.fill(w.Request)}
}

// fill replaces the placeholders of text, {name} and {value}; other braces stay. Tables ask for it some hundred
// thousand times, and most texts have none.
func (f Finding) fill(text string) string {
	before, rest, found := strings.Cut(text, "{")
	if !found {
		return text
	}
	var b strings.Builder
	for found {
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		value, ok := f.Params[name]
		if name == "value" && !ok {
			value, ok = f.Evidence.Value, true
		}
		if closed && ok {
			b.WriteString(value)
		} else { // no placeholder
			b.WriteString("{")
			after = rest
		}
		before, rest, found = strings.Cut(after, "{")
	}
	b.WriteString(before)
	return b.String()
}

// IDs returns every id that has words.
func IDs() []string {
	ids := make([]string, 0, len(catalogue))
	for id := range catalogue {
		ids = append(ids, id)
	}
	return ids
}

// TitleOf returns the title of what is found under an id, "" where it depends
// on the certificate.
func TitleOf(id string) string {
	if w := catalogue[id]; !strings.Contains(w.Title, "{") {
		return w.Title
	}
	return ""
}
