package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/diagnose"
	"certdesk/internal/explain"
)

func (a *app) explainCommand() *cobra.Command {
	noChecks := false
	cmd := &cobra.Command{
		Use:   "explain CODE|TEXT|FILE|-",
		Short: "say what an error code means, and which of its causes apply on this computer",
		Long: `explain takes a code in any spelling: IIS status and substatus (403.16), hex,
signed or unsigned decimal, name (CERT_E_UNTRUSTEDROOT, ERR_CERT_DATE_INVALID,
SEC_ERROR_UNKNOWN_ISSUER), Win32 number (1312), Schannel event or TLS alert. It
also takes a pasted message, a line of an IIS log or the text of an event, as
words, from a file or from standard input (-).

It says what the code means, what usually causes it, and looks at the stores of
this computer for those causes. Nothing is changed or sent.`,
		Example: `  certctl explain 403.16
  certctl explain -2146762487
  certctl explain keyset does not exist
  certctl explain - <event.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.pasted(args)
			if err != nil {
				return err
			}
			return a.explain(cmd.Context(), text, !noChecks)
		},
	}
	cmd.Flags().BoolVar(&noChecks, "no-checks", false, "only say what the code means; do not look at the stores")
	return cmd
}

// minus is a minus sign that no flag begins with.
const minus = "\u2212"

// negatives protects negative numbers, which are error codes and serial
// numbers, from being taken for flags: no flag is a digit.
func negatives(args []string) []string {
	args = slices.Clone(args)
	for i, w := range args {
		if len(w) > 1 && w[0] == '-' && strings.Trim(w[1:], "0123456789") == "" {
			args[i] = minus + w[1:]
		}
	}
	return args
}

// pasted returns the words of the command line, or the text of the file or
// standard input that they name. What is a code is no file.
func (a *app) pasted(args []string) (string, error) {
	if len(args) == 1 && (args[0] == "-" || len(explain.Parse(args[0]).Matches) == 0 && isFile(args[0])) {
		data, err := a.slurp(args[0], explain.MaxInput)
		if err != nil {
			return "", err
		}
		text, ok := certfile.Text(data)
		if !ok {
			return "", usage("explain %s: it is no text; certctl identify says what it is", args[0])
		}
		return text, nil
	}
	return strings.ReplaceAll(strings.Join(args, " "), minus, "-"), nil
}

// slurp reads at most limit bytes, and one more, of a file or of standard
// input (-).
func (a *app) slurp(name string, limit int64) ([]byte, error) {
	if name != "-" {
		return a.readPath(name, limit)
	}
	if a.terminal() {
		fmt.Fprintln(a.stderr, "Paste the text, then press Ctrl+D (Windows: Ctrl+Z and Enter).")
	}
	data, err := a.readStdin(limit)
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return data, nil
}

// jsonCode is one code; the first of a text is repeated at the top.
type jsonCode struct {
	Code      string       `json:"code"`
	Kind      explain.Kind `json:"kind"`
	Name      string       `json:"name"`
	Found     string       `json:"found"` // as the text spells it
	Spellings []string     `json:"spellings"`
	Text      string       `json:"text,omitempty"` // what the system says
	Meaning   string       `json:"meaning"`
	Causes    []string     `json:"causes"`
}

type jsonOutcome struct {
	ID       explain.Check   `json:"id"`
	Title    string          `json:"title"`
	Status   diagnose.Status `json:"status"`
	Message  string          `json:"message"`
	Subjects []jsonSubject   `json:"subjects"`
	More     int             `json:"more,omitempty"` // further subjects
	Fix      string          `json:"fix,omitempty"`
}

type jsonSubject struct {
	Subject  string             `json:"subject,omitempty"`
	SHA256   string             `json:"sha256,omitempty"`
	Location certstore.Location `json:"location,omitempty"`
	Store    certstore.Name     `json:"store,omitempty"`
	Detail   string             `json:"detail"`
}

type jsonExplanation struct {
	Query string `json:"query"`
	*jsonCode
	Codes       []jsonCode    `json:"codes"`
	Unknown     []string      `json:"unknown"` // looked like codes
	Suggestions []string      `json:"suggestions"`
	Checks      []jsonOutcome `json:"checks"`
}

func (a *app) explain(ctx context.Context, text string, look bool) error {
	r := explain.Parse(text)
	j := jsonExplanation{Query: cut(strings.TrimSpace(text), 2000), Codes: []jsonCode{}, Unknown: r.Unknown, Suggestions: r.Suggestions, Checks: []jsonOutcome{}}
	for _, m := range r.Matches {
		c := m.Code
		j.Codes = append(j.Codes, jsonCode{c.ID, c.Kind, c.Name, m.Found, c.Spellings(), c.Text, c.Meaning, c.Causes})
	}
	if len(j.Codes) > 0 {
		j.jsonCode = &j.Codes[0]
	}
	if r.Cut {
		a.warn(fmt.Errorf("explain: only the first %d bytes were looked at", explain.MaxInput))
	}
	if look && len(j.Codes) > 0 {
		outcomes, err := a.diagnose(ctx, text, r)
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			jo := jsonOutcome{o.Check, o.Title, o.Status, o.Message, []jsonSubject{}, o.More, o.Fix}
			for _, s := range o.Subjects {
				js := jsonSubject{Detail: s.Detail}
				if s.Row != nil {
					js.Subject, js.SHA256, js.Location, js.Store = s.Row.Certificate.Subject().String(), s.Row.Fingerprint().String(), s.Row.Location, s.Row.Store
				}
				jo.Subjects = append(jo.Subjects, js)
			}
			j.Checks = append(j.Checks, jo)
		}
	}
	if a.json {
		for _, list := range []*[]string{&j.Unknown, &j.Suggestions} {
			if *list == nil {
				*list = []string{}
			}
		}
		if err := a.printJSON(j); err != nil {
			return err
		}
	} else {
		a.printExplanation(j)
	}
	return r.Err(text)
}

// diagnose looks at the stores. That they cannot be opened at all is said,
// and no reason to keep the meaning of the code back.
func (a *app) diagnose(ctx context.Context, text string, r explain.Result) ([]diagnose.Outcome, error) {
	inv, err := a.load(ctx, "")
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	m := diagnose.Machine{Inventory: inv, Unread: a.unread, Now: a.now, Text: text}
	if err != nil {
		a.warn(err)
		m.Unread = append(m.Unread, err)
	}
	if a.store != nil {
		m.Places, m.Signer = a.store.Places(ctx), diagnose.ProveWith(a.store)
	}
	return diagnose.Run(ctx, m, r)
}

func (a *app) printExplanation(j jsonExplanation) {
	for i, c := range j.Codes {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		title := c.Code
		if c.Name != c.Code {
			title += "  " + c.Name
		}
		fmt.Fprintln(a.stdout, title)
		if c.Text != "" {
			fmt.Fprintf(a.stdout, "  %q\n", c.Text)
		}
		fmt.Fprintf(a.stdout, "  %s\n  Usual causes:\n", c.Meaning)
		for k, cause := range c.Causes {
			fmt.Fprintf(a.stdout, "    %d. %s\n", k+1, cause)
		}
	}
	for _, u := range j.Unknown {
		fmt.Fprintf(a.stderr, "certctl: %q looks like a code that is not known here\n", u)
	}
	if len(j.Checks) > 0 {
		fmt.Fprintln(a.stdout, "\nOn this computer:")
	}
	for _, o := range j.Checks {
		word := map[diagnose.Status]string{diagnose.Applies: "APPLIES", diagnose.Clear: "clear", diagnose.NotChecked: "not checked"}[o.Status]
		fmt.Fprintf(a.stdout, "  %-11s  %s\n", word, o.Title)
		fmt.Fprintf(a.stdout, "               %s\n", o.Message)
		for _, s := range o.Subjects {
			if s.SHA256 != "" {
				fmt.Fprintf(a.stdout, "                 %s  %s/%s  %s: %s\n", s.SHA256[:16], s.Location, s.Store, s.Subject, s.Detail)
			} else {
				fmt.Fprintf(a.stdout, "                 %s\n", s.Detail)
			}
		}
		if o.More > 0 {
			fmt.Fprintf(a.stdout, "                 and %d more\n", o.More)
		}
		if o.Fix != "" && o.Status != diagnose.Clear {
			fmt.Fprintf(a.stdout, "               %s\n", o.Fix)
		}
	}
}
