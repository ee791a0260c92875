package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/certificate"
	"certdesk/internal/inventory"
	"certdesk/internal/request"
	"certdesk/internal/whereused"
)

func (a *app) renewCommand() *cobra.Command {
	var key keyFlags
	var sameKey, status bool
	var lookIn []string
	cmd := &cobra.Command{
		Use:   "renew ID|FILE",
		Short: "request a certificate anew: same subject, names and purposes, new key",
		Long: `renew makes a request with the subject, alternative names and purposes of a
certificate, and a new key of the same kind. "certctl request complete" brings
the answer to it. The old certificate stays until you delete it;
"certctl renew ID --status" says what still uses it on this computer: entries
of the stores, configurations of web servers, on Windows the bindings of IIS
and http.sys, Remote Desktop, WinRM and SQL Server, and files in the folders
that --look-in names.`,
		Example: `  certctl renew 4ff4a1beb76c7f9bce9faf552cefbd10588bcea8 -o client.csr
  certctl renew 4ff4a1be --status --look-in /srv/app/config`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			inv, row, err := a.renewable(ctx, args[0])
			if err != nil {
				return err
			}
			if status {
				return a.renewalStatus(ctx, row, inv, lookIn)
			}
			o, notes := request.Renewal(row)
			if err := key.options(cmd.Flags(), &o); err != nil {
				return err
			}
			o.SameKey = sameKey
			spec, more := o.Spec.Prepare()
			if sameKey && key.keyType != "" {
				return usage("--key-type contradicts --same-key")
			}
			o.Spec = spec
			return a.makeRequest(ctx, o, append(notes, more...), key.generate)
		},
	}
	f := cmd.Flags()
	key.add(a, f)
	f.BoolVar(&sameKey, "same-key", false, "with the key of the old certificate, where the store can sign with it")
	f.BoolVar(&status, "status", false, "make nothing: say what still uses the certificate, and whether it is renewed")
	f.StringArrayVar(&lookIn, "look-in", nil, "folder or file to look in for what uses the certificate; may be repeated")
	a.password.add(f, "", "the password of FILE")
	return cmd
}

// renewable returns a row for a certificate of the stores or of a file.
func (a *app) renewable(ctx context.Context, arg string) (*inventory.Inventory, *inventory.Row, error) {
	inv, err := a.loadRows(ctx, "", inventory.Options{Bare: true})
	if err != nil {
		return nil, nil, err
	}
	if !isFile(arg) {
		rows, err := inv.Resolve(arg, nil)
		if err != nil {
			return nil, nil, err
		}
		return inv, withKey(rows), nil
	}
	_, contents, err := a.readFile(ctx, arg)
	if err != nil {
		return nil, nil, err
	}
	defer contents.Wipe()
	for _, x := range contents.Certificates {
		if len(contents.Certificates) == 1 || !x.Certificate.IsCA() {
			return inv, &inventory.Row{Entry: certstore.Entry{Location: certstore.User, DER: x.Certificate.Raw, Key: certstore.KeyNone}, Certificate: x.Certificate}, nil
		}
	}
	return nil, nil, fmt.Errorf("%s: %w", arg, request.ErrNoAnswer)
}

type jsonUses struct {
	SHA256  string      `json:"sha256"`
	SHA1    string      `json:"sha1"`
	Serial  string      `json:"serial"`
	Subject string      `json:"subject"`
	Entries []jsonEntry `json:"entries"`
	Files   []jsonUse   `json:"files"`
	Folders []string    `json:"folders"` // that were looked into
	Looked  int         `json:"looked"`  // files
	Denied  int         `json:"denied"`  // that could not be read
	Cut     bool        `json:"cut"`
	Renewed []jsonEntry `json:"renewedBy,omitempty"` // newer certificates of the same subject, with their key
	Waiting []string    `json:"waiting,omitempty"`   // requests that renew it
}

type jsonEntry struct {
	Location     certstore.Location `json:"location"`
	Store        certstore.Name     `json:"store"`
	FriendlyName string             `json:"friendlyName"`
	SHA256       string             `json:"sha256"`
	NotAfter     string             `json:"notAfter"`
}

type jsonUse struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
	By   string `json:"by"`
	Text string `json:"text"`
}

func entryOf(r *inventory.Row) jsonEntry {
	return jsonEntry{r.Location, r.Store, r.FriendlyName, r.Fingerprint().String(), rfc3339(r.Certificate.NotAfter)}
}

// uses looks for what uses a certificate on this computer.
func (a *app) uses(ctx context.Context, c *certificate.Certificate, inv *inventory.Inventory, folders []string) (*jsonUses, error) {
	rep, err := whereused.Find(ctx, c, inv, append(folders, whereused.Configurations...))
	if err != nil {
		return nil, err
	}
	j := &jsonUses{SHA256: c.Fingerprint().String(), SHA1: c.SHA1(), Serial: c.Serials().Windows, Subject: c.Subject().String(), Entries: []jsonEntry{},
		Files: []jsonUse{}, Folders: rep.Folders, Looked: rep.Looked, Denied: rep.Denied, Cut: rep.Cut}
	if j.Folders == nil {
		j.Folders = []string{}
	}
	for _, r := range rep.Entries {
		j.Entries = append(j.Entries, entryOf(r))
	}
	for _, u := range rep.Files {
		j.Files = append(j.Files, jsonUse{u.Path, u.Line, u.By, u.Words()})
	}
	return j, nil
}

func (a *app) renewalStatus(ctx context.Context, row *inventory.Row, inv *inventory.Inventory, lookIn []string) error {
	j, err := a.uses(ctx, row.Certificate, inv, lookIn)
	if err != nil {
		return err
	}
	for _, r := range inv.WithSubject(row.Certificate.RawSubject) {
		if r.Key != certstore.KeyNone && r.Fingerprint() != row.Fingerprint() && r.Certificate.NotAfter.After(row.Certificate.NotAfter) {
			j.Renewed = append(j.Renewed, entryOf(r))
		}
	}
	s, err := a.requests(ctx)
	if err != nil {
		return err
	}
	all, err := s.List()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Renews == j.SHA256 && r.Status == request.Pending {
			j.Waiting = append(j.Waiting, r.ID)
		}
	}
	if a.json {
		return a.printJSON(j)
	}
	a.printUses(j)
	return nil
}

// printUses says what uses an old certificate, and that it stays.
func (a *app) printUses(j *jsonUses) {
	out := a.stdout
	fmt.Fprintf(out, "the old certificate %s (%s), serial %s\n", j.Subject, j.SHA1, j.Serial)
	for _, e := range j.Renewed {
		fmt.Fprintf(out, "  renewed by     %s, until %s, in %s/%s\n", e.SHA256, e.NotAfter, e.Location, e.Store)
	}
	for _, id := range j.Waiting {
		fmt.Fprintf(out, "  waiting        request %s has no answer yet\n", id)
	}
	for _, e := range j.Entries {
		fmt.Fprintf(out, "  is in          %s/%s as %s\n", e.Location, e.Store, e.FriendlyName)
	}
	for _, u := range j.Files {
		where := u.Path
		if u.Line > 0 {
			where = fmt.Sprintf("%s:%d", u.Path, u.Line)
		}
		fmt.Fprintf(out, "  is used by     %s: %s\n", where, u.Text)
	}
	if len(j.Files) == 0 {
		fmt.Fprintf(out, "  no file uses it among the %d that were looked at", j.Looked)
		if len(j.Folders) == 0 {
			fmt.Fprint(out, "; --look-in FOLDER names some")
		}
		fmt.Fprintln(out)
	}
	if j.Denied > 0 || j.Cut {
		fmt.Fprintf(out, "  not looked at: %d files or folders that could not be read", j.Denied)
		if j.Cut {
			fmt.Fprintf(out, ", and all after the first %d files", whereused.MaxFiles)
		}
		fmt.Fprintln(out)
	}
	if len(j.Entries) > 0 {
		fmt.Fprintf(a.stderr, "The old certificate stays. When nothing needs it any more: certctl delete %s\n", j.SHA256)
	}
}
