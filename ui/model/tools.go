package model

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"certdesk/certstore"
	"certdesk/internal/diagnose"
	"certdesk/internal/explain"
	"certdesk/internal/health"
	"certdesk/internal/identify"
	"certdesk/internal/outfile"
)

// Tools are what the window can find out about codes, pasted texts and whole
// stores. Its methods block; a view calls them in goroutines.
type Tools struct {
	Store    certstore.Store
	Snapshot *Snapshot // what the stores held when they were last read
	Now      time.Time
}

// An Explanation is what is known about the codes of a text.
type Explanation struct {
	explain.Result
	Outcomes []diagnose.Outcome // what is so on this computer
}

// Explain finds the codes in text and looks for their causes here.
func (t Tools) Explain(ctx context.Context, text string) (Explanation, error) {
	e := Explanation{Result: explain.Parse(text)}
	var err error
	if len(e.Matches) > 0 && t.Snapshot != nil {
		m := diagnose.Machine{Inventory: t.Snapshot.Inventory, Unread: t.Snapshot.Errors, Places: t.Snapshot.Places, Signer: diagnose.ProveWith(t.Store), Now: t.Now, Text: text}
		e.Outcomes, err = diagnose.Run(ctx, m, e.Result)
	}
	return e, err
}

// Report returns e as text for a mail.
func (e Explanation) Report() string {
	var b strings.Builder
	for _, m := range e.Matches {
		c := m.Code
		fmt.Fprintf(&b, "%s", c.ID)
		if c.Name != c.ID {
			fmt.Fprintf(&b, "  %s", c.Name)
		}
		fmt.Fprintf(&b, "\n%s\n", c.Meaning)
		for i, cause := range c.Causes {
			fmt.Fprintf(&b, "  %d. %s\n", i+1, cause)
		}
		b.WriteString("\n")
	}
	for _, o := range e.Outcomes {
		fmt.Fprintf(&b, "[%s] %s: %s\n", o.Status, o.Title, o.Message)
		for _, s := range o.Subjects {
			if s.Row != nil {
				fmt.Fprintf(&b, "    %s (%s/%s): %s\n", s.Row.Certificate.CommonName(), s.Row.Location, s.Row.Store, s.Detail)
			} else {
				fmt.Fprintf(&b, "    %s\n", s.Detail)
			}
		}
		if o.Fix != "" && o.Status != diagnose.Clear {
			fmt.Fprintf(&b, "    %s\n", o.Fix)
		}
	}
	return b.String()
}

// An Identity is what a pasted text is.
type Identity struct {
	identify.Report
	Found []identify.Match // in the stores
}

// Identify looks at a pasted text.
func (t Tools) Identify(text string) Identity {
	i := Identity{Report: identify.Typed(text)}
	if t.Snapshot != nil {
		i.Found = i.Find(t.Snapshot.Inventory)
	}
	return i
}

// Health looks at all stores.
func (t Tools) Health(ctx context.Context) (health.Report, error) {
	opt := health.Options{Now: t.Now, Unread: t.Snapshot.Errors}
	opt.Keys, _ = t.Store.(certstore.KeyLister)
	opt.Relinker, _ = t.Store.(certstore.Relinker)
	return health.Look(ctx, t.Snapshot.Inventory, opt)
}

// SaveHealth writes a report as a page and as CSV where people look for files,
// under names that are free, and returns the paths.
func (t Tools) SaveHealth(r health.Report) (paths []string, err error) {
	page, err := r.HTML()
	if err != nil {
		return nil, err
	}
	base := filepath.Join(outfile.Folder(), "certificate-health-"+r.At.Format(time.DateOnly))
	free := base
	for n := 2; outfile.Exists(free+".html") || outfile.Exists(free+".csv"); n++ {
		free = fmt.Sprintf("%s-%d", base, n)
	}
	for _, f := range []struct {
		ending string
		data   []byte
	}{{".html", page}, {".csv", r.CSV()}} {
		if err := write(free+f.ending, f.data, outfile.Public); err != nil {
			return paths, err
		}
		paths = append(paths, free+f.ending)
	}
	return paths, nil
}
