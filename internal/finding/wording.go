package finding

import (
	"maps"
	"strings"
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
	pairs := make([]string, 0, 2*len(f.Params)+2)
	for k, v := range f.Params {
		pairs = append(pairs, "{"+k+"}", v)
	}
	pairs = append(pairs, "{value}", f.Evidence.Value)
	r := strings.NewReplacer(pairs...)
	return Words{r.Replace(w.Short), r.Replace(w.Title), r.Replace(w.Message), r.Replace(w.Advice), r.Replace(w.Request)}
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
