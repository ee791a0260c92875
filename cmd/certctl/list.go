package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/finding"
	"certdesk/internal/inventory"
	"certdesk/internal/placement"
)

func (a *app) listCommand() *cobra.Command {
	var loc, store, find string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the certificates of the user's and the machine's stores",
		Example: `  certctl list --location user --store my
  certctl list --find "00 f1 a0 b3"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := a.storeName(cmd.Context(), store)
			if err != nil {
				return err
			}
			inv, err := a.loadRows(cmd.Context(), loc, inventory.Options{Overview: true})
			if err != nil {
				return err
			}
			rows := slices.DeleteFunc(slices.Clone(inv.Rows), func(r *inventory.Row) bool {
				return name != "" && r.Store != name || !r.Matches(find)
			})
			if a.json {
				return a.printJSONList(rows)
			}
			a.table(rows)
			return nil
		},
	}
	cmd.Flags().StringVar(&loc, "location", "all", "user, machine or all")
	cmd.Flags().StringVar(&store, "store", "all", "my, ca, root, people, trustedpeople, disallowed or all")
	cmd.Flags().StringVar(&find, "find", "", "part of a name, serial number or thumbprint in any spelling")
	return cmd
}

// storeAliases are Windows' names for our stores.
var storeAliases = map[string]certstore.Name{"personal": certstore.My, "authroot": certstore.Root, "addressbook": certstore.People, "intermediate": certstore.CA, "untrusted": certstore.Disallowed}

// storeName reads a store's name, ours or Windows', also LocalMachine/My; ""
// stands for all.
func (a *app) storeName(ctx context.Context, s string) (certstore.Name, error) {
	l := strings.ToLower(s)
	if l == "" || l == "all" {
		return "", nil
	}
	if n, ok := storeAliases[l]; ok {
		return n, nil
	}
	if slices.Contains(placement.Names, certstore.Name(l)) {
		return certstore.Name(l), nil
	}
	store, err := a.open(ctx)
	if err != nil {
		return "", err
	}
	there := []string{"my", "ca", "root", "people", "trustedpeople", "disallowed"}
	for _, p := range store.Places(ctx) { // Windows has more
		if p.Name == certstore.Name(l) {
			return p.Name, nil
		}
		if !slices.Contains(there, string(p.Name)) {
			there = append(there, string(p.Name))
		}
	}
	last := len(there) - 1
	return "", usage("store %q: there are %s and %s", s, strings.Join(there[:last], ", "), there[last])
}

// table prints rows for people.
func (a *app) table(rows []*inventory.Row) {
	cells := [][]string{{"STORE", "NAME", "ISSUED BY", "EXPIRES", "KEY", "SERIAL", "SHA-1", "FINDINGS"}}
	for _, r := range rows {
		c := r.Certificate
		key := string(r.Key)
		if r.Key == certstore.KeyNone {
			key = "-"
		}
		cells = append(cells, []string{string(r.Location) + "/" + string(r.Store), cut(c.CommonName(), 36), cut(c.IssuerName(), 28), date(c.NotAfter),
			key, cut(fmt.Sprintf("%x", c.SerialNumber), 24), c.SHA1()[:16], summary(r.Findings)})
	}
	a.columns(cells)
	fmt.Fprintf(a.stderr, "%s\n", count(len(rows), "certificate"))
}

// count renders "1 certificate", "3 certificates".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func date(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return t.Format(time.DateOnly)
}

// summary names the findings that a person should look at.
func summary(fs []finding.Finding) string {
	var words []string
	for _, f := range fs {
		if f.Severity != finding.Info || f.ID == "C-05" { // a partner's has its key elsewhere, which is good to know
			words = append(words, f.ID+" "+finding.WordsOf(f).Short)
		}
	}
	return strings.Join(words, ", ")
}

func cut(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	return string(r[:width-1]) + "…"
}

// columns prints cells as aligned columns.
func (a *app) columns(cells [][]string) {
	var widths []int
	for _, row := range cells {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(c)))
		}
	}
	for _, row := range cells {
		var b strings.Builder
		for i, c := range row {
			b.WriteString(c)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-len([]rune(c))+2))
			}
		}
		fmt.Fprintln(a.stdout, strings.TrimRight(b.String(), " "))
	}
}
